/**
 * What the Dockerfile makes, without Docker: the same files with the same dependencies, started as its entry point
 * does, asked as its health check does.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { PATIENCE } from '../builders/patience.ts';
import { run } from '../dashboards/promtool.ts';
import { Gdoiwatch } from '../e2e/gdoiwatch.ts';
import { readText, ROOT, temporaryDirectory } from './repository.ts';

let dockerfile: string;
beforeAll(async () => {
  dockerfile = (await readText('deploy/Dockerfile')).replaceAll('\\\n', ' ');
});

/** The arguments of an instruction, wherever it stands. */
function instructions(name: string): string[] {
  return Array.from(dockerfile.matchAll(new RegExp(`^${name} +(.+)$`, 'gm')), ([, rest = '']) => rest.trim());
}

/** Files and folders of the repository that go into the image or its build; `*` is the only pattern used. */
function copied(): string[] {
  return instructions('COPY')
    .filter((rest) => !rest.startsWith('--from'))
    .flatMap((rest) => rest.split(/ +/).slice(0, -1));
}

function matches(pattern: string, file: string): boolean {
  const [start = '', end] = pattern.split('*');
  return end === undefined ? file === start : file.startsWith(start) && file.endsWith(end);
}

describe('the Dockerfile', () => {
  test('copies what is there and in the build context', async () => {
    const ignored = await readText('deploy/Dockerfile.dockerignore');
    expect(copied()).toContain('src');
    expect(copied().filter((source) => !ignored.includes(`\n!${source}\n`))).toEqual([]);
    const files = await readdir(ROOT);
    expect(copied().filter((source) => !files.some((file) => matches(source, file)))).toEqual([]);
  });

  test('is for the platforms that it names: the one native package has its binary in the lock file for each', async () => {
    const [, platforms = ''] = /--platform (\S+)/.exec(dockerfile) ?? [];
    const { packages } = JSON.parse(await readText('package-lock.json')) as {
      readonly packages: Readonly<
        Record<string, { readonly cpu?: readonly string[]; readonly os?: readonly string[] }>
      >;
    };
    const cpus = platforms.split(',').map((platform) => platform.replace('linux/', '').replace('amd64', 'x64'));
    expect(cpus.toSorted()).toEqual(['arm64', 'x64']);
    for (const cpu of cpus) {
      // The image is Debian's: the C library is glibc.
      const binary = packages[`node_modules/@libsql/linux-${cpu}-gnu`];
      expect(binary).toMatchObject({ cpu: [cpu], os: ['linux'] });
    }
    // Nothing in it is said of one platform only.
    expect(
      instructions('RUN')
        .join()
        .match(/amd64|x86_64|arm64|aarch64/g),
    ).toBeNull();
    // The compiler runs once; what is native is installed for each.
    expect(instructions('FROM')).toEqual([
      '--platform=$BUILDPLATFORM ${NODE_IMAGE} AS build',
      '${NODE_IMAGE} AS dependencies',
      '${NODE_IMAGE}',
    ]);
  });

  test('is built on one image of Node.js 24, named by its digest', () => {
    const [image = '', ...others] = instructions('ARG');
    expect(others).toEqual([]);
    expect(image).toMatch(/^NODE_IMAGE=node:24\.\d+\.\d+-bookworm-slim@sha256:[\da-f]{64}$/);
  });

  test('copies all that the build script names', async () => {
    const { scripts } = JSON.parse(await readText('package.json')) as { readonly scripts: { readonly build: string } };
    const named = scripts.build.split(/[\s'"]+/).map((word) => word.replace(/^\.\//, '').split('/')[0] ?? '');
    // What it makes is not copied.
    const files = (await readdir(ROOT)).filter((file) => named.includes(file) && file !== 'dist');
    expect(files).toContain('.config');
    expect(files.filter((file) => !copied().some((source) => matches(source, file)))).toEqual([]);
  });

  test('runs as a user without rights, by number, so that Kubernetes can check it', () => {
    expect(instructions('USER')).toEqual(['1000:1000']);
  });

  test('starts the agent with options that Node.js takes', () => {
    const [entry = '[]'] = instructions('ENTRYPOINT');
    const command = JSON.parse(entry) as readonly string[];
    expect(command.at(0)).toBe('node');
    expect(command.at(-1)).toBe('/app/dist/cli/main.js');
    const { status, stderr } = spawnSync(process.execPath, [...command.slice(1, -1), '--eval', ''], {
      encoding: 'utf8',
      timeout: PATIENCE.timeout,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('asks the agent with Node.js for its health: there is no curl in the image', () => {
    expect(instructions('HEALTHCHECK').join()).toMatch(/CMD \["node", "-e"/);
  });
});

test('the packed package with its dependencies runs the demo, and the health check finds it well', async () => {
  await using image = await temporaryDirectory();
  const packed = await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', image.path]);
  const [tarball = ''] = (await readdir(image.path)).filter((name) => name.endsWith('.tgz'));
  expect({ packed, tarball }).toMatchObject({ packed: { status: 0 }, tarball: /^gdoiwatch-.*\.tgz$/ });
  const app = join(image.path, 'app');
  await mkdir(app);
  await run('tar', ['-xzf', join(image.path, tarball), '--strip-components=1', '-C', app]);
  await linkProduction(join(app, 'node_modules'));

  const small = ['--scenario', 'healthy', '--gms', '1', '--kss', '1'];
  await using demo = new Gdoiwatch(['demo', '--listen', '127.0.0.1:0', ...small], {
    main: join(app, 'dist/cli/main.js'),
    cwd: '/',
    // Each package finds only those beside it here.
    env: { NODE_OPTIONS: '--preserve-symlinks' },
  });
  const [, url = ''] = await demo.printed(/gdoiwatch demo is running: (\S+)\//);
  const [check = ''] = instructions('HEALTHCHECK').map((rest) => rest.replace(/^.*?CMD /, ''));
  const [, ...args] = JSON.parse(check) as string[];
  const health = (at: string) =>
    spawnSync(process.execPath, args, { env: { GDOIWATCH_HEALTH_URL: at }, timeout: PATIENCE.timeout }).status;
  expect(health(`${url}/-/healthy`)).toBe(0);
  expect(health(`${url}/nothing-here`)).toBe(1);
  expect(health('http://127.0.0.1:9/-/healthy')).toBe(1);
});

/**
 * The packages that `npm ci --omit=dev` installs: those that the lock file does not call `dev`, as `npm ci` has
 * installed them for the tests. Installing them again took 9 s of CPU.
 */
async function linkProduction(modules: string): Promise<void> {
  const { packages } = JSON.parse(await readText('package-lock.json')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  const [, ...production] = Object.keys(packages).filter((path) => packages[path]?.dev !== true);
  for (const name of production.map((path) => path.replace('node_modules/', ''))) {
    const isNested = name.includes('/node_modules/');
    // Binaries for other machines are in the lock file only.
    if (isNested || !existsSync(join(ROOT, 'node_modules', name))) continue;
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), join(modules, name));
  }
}
