/** What the pages say is there: links lead somewhere, names exist, samples are good, commands run. */
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { findingLine } from '../../src/config/finding.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { configSchema } from '../../src/config/schema.ts';
import type { ReadFile } from '../../src/config/read-file.ts';
import { CAUSES } from '../../src/gdoi/events/event.ts';
import { missing, RULES_FILE, run } from '../dashboards/promtool.ts';
import { polledGm, serve } from '../http/served.ts';
import { commandHelps } from './commands-reference.ts';
import { anchorsOf, BLOCKS, DOCUMENTS, linksOf, ROOT } from './documents.ts';
import { metricsReference } from './metrics-reference.ts';

const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');

describe.each(DOCUMENTS)('$path', ({ path, text: page }) => {
  const links = linksOf(page).filter((link) => !/^https?:/.test(link));

  it('links to files and headings that are there', () => {
    const broken = links.filter((link) => {
      const [target = '', anchor] = link.split('#', 2);
      const file = target === '' ? path : normalize(join(dirname(path), target));
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && file.endsWith('.md') && !anchorsOf(text(file)).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names no path of a machine', () => {
    expect(page).not.toMatch(/\/(?:work|root|tmp)\//);
  });
});

/** Made from the code themselves; the contract also has names that are only reserved. */
const LISTS = ['docs/metrics.md', 'docs/contract.md'];

describe('names in the pages', () => {
  let metrics: string;
  beforeAll(async () => {
    metrics = await metricsReference();
  });

  it('are those of metrics', () => {
    // A name that ends in `_` stands for several.
    const unknown = mentions(/\bgdoi_[a-z0-9_]+/g).filter(({ name }) =>
      name.endsWith('_') ? !metrics.includes(`\`${name}`) : !metrics.includes(`\`${name}\``),
    );
    expect(unknown).toEqual([]);
  });

  it('are those of alerts', () => {
    const rules = text('dashboards/prometheus/rules.yml');
    const unknown = mentions(/\bGdoi[A-Z]\w+/g).filter(({ name }) => !rules.includes(`alert: ${name}\n`));
    expect(unknown).toEqual([]);
  });

  it('are those of causes, in the README', () => {
    const [, named = ''] = /^Causes are ([^]*?)\. /m.exec(text('README.md')) ?? [];
    const causes = Array.from(named.matchAll(/`(\w+)`/g), ([, cause]) => cause);
    // The first registration is none again.
    expect(new Set(causes)).toEqual(new Set(CAUSES.filter((cause) => cause !== 'initial')));
  });

  it('are those of decisions, as each has it over itself', () => {
    const links = text('docs/decisions/README.md').matchAll(/^- \[(.+)\]\(([^)]+)\)/gm);
    const titles = Array.from(links, ([, title, file = '']) => ({ file, title }));
    expect(titles.length).toBeGreaterThan(0);
    const own = titles.map(({ file }) => ({ file, title: /^# (.+)/.exec(text(`docs/decisions/${file}`))?.[1] }));
    expect(titles).toEqual(own);
  });

  function mentions(pattern: RegExp): readonly { readonly path: string; readonly name: string }[] {
    return DOCUMENTS.filter(({ path }) => !LISTS.includes(path)).flatMap(({ path, text: page }) =>
      // Recording rules are named `level:metric:operation`.
      Array.from(page.replaceAll(/\w+:gdoi\w+:\w+/g, '').matchAll(pattern), ([name]) => ({ path, name })),
    );
  }
});

describe('configuration samples', () => {
  const samples = BLOCKS.filter(({ language, text: block }) => language === 'yaml' && /^# gdoiwatch\.yml/m.test(block));

  it('are found', () => {
    expect(samples.length).toBeGreaterThan(0);
  });

  test.each(samples)('$at is good', async ({ text: sample }) => {
    // A part of a file is completed with what every file needs.
    const rest = 'credentials: { main: { username: monitor, password_env: PASSWORD } }\ndevices: []\n';
    const file = /^devices:/m.test(sample) ? sample : `${sample}\n${rest}`;
    const loaded = await loadConfig('gdoiwatch.yml', {
      env: { PASSWORD: 'secret', ROUTER_PASSWORD: 'secret' },
      readFile: sampleFiles(file),
    });
    expect(loaded.kind === 'ok' ? [] : loaded.findings.map(findingLine)).toEqual([]);
  });

  /** Secrets that the sample names are there; other files are the pages' own samples of them. */
  function sampleFiles(config: string): ReadFile {
    const security = BLOCKS.filter(({ at }) => at.startsWith('docs/security.md'));
    const named: Readonly<Record<string, string | undefined>> = {
      'gdoiwatch.yml': config,
      'web.yml': security
        .find(({ text: block }) => block.startsWith('tls_server_config'))
        ?.text.replace(/^tls.*\n/, ''),
      tokens: security.find(({ text: block }) => block.startsWith('prometheus read '))?.text,
    };
    return async (path) => {
      const name = path.slice(path.lastIndexOf('/') + 1);
      return { bytes: Buffer.from(named[name] ?? 'long enough'), mode: 0o600 };
    };
  }
});

describe('Prometheus samples', () => {
  const samples = BLOCKS.filter(
    ({ language, text: block }) => language === 'yaml' && /^# prometheus\.yml/m.test(block),
  );

  test.skipIf(missing('promtool')).each(samples)('$at is good', async ({ text: sample }) => {
    const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-docs-'));
    try {
      await writeFile(join(directory, 'prometheus.yml'), sample);
      await copyFile(RULES_FILE, join(directory, 'rules.yml'));
      const checked = await run('promtool', ['check', 'config', join(directory, 'prometheus.yml')]);
      expect(checked.output).toMatch(/SUCCESS: \d\d rules found/);
      expect(checked.status).toBe(0);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe('commands', () => {
  const lines = BLOCKS.filter(({ language }) => language === 'sh').flatMap(({ at, text: block }) =>
    block.split('\n').map((line) => ({ at, line: line.replace(/\s+#.*$/, '') })),
  );

  it('of gdoiwatch have the flags that are written', () => {
    const helps = commandHelps();
    const wrong = lines.flatMap(({ at, line }) => {
      const [, called] = /(?:^|\| |npx |=\S+ )(gdoiwatch .*)$/.exec(line) ?? [];
      if (called === undefined) return [];
      const help = helps.find(({ command }) => called.startsWith(command));
      if (help === undefined) return [`${at}: ${called}`];
      const flags = called.match(/--[a-z-]+/g) ?? [];
      return flags.filter((flag) => !help.flags.has(flag)).map((flag) => `${at}: ${help.command} has no ${flag}`);
    });
    expect(wrong).toEqual([]);
  });

  it('of npm are scripts of the package', () => {
    const { scripts } = JSON.parse(text('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
    const named = DOCUMENTS.flatMap(({ text: page }) =>
      Array.from(page.matchAll(/npm run ([\w:-]+)/g), ([, name]) => name),
    );
    expect(named.filter((name = '') => !(name in scripts))).toEqual([]);
    expect(scripts).toMatchObject({ demo: expect.any(String), test: expect.any(String) });
  });

  it('are the two that the project promises', () => {
    expect(text('README.md')).toContain('npm ci && npm run demo');
    expect(text('README.md')).toContain('npm ci && npm test');
  });
});

test('the limits that README.md names are the defaults of the configuration', () => {
  const { ssh, limits } = configSchema.parse({ devices: [] });
  const said = text('README.md').replaceAll(/\s+/g, ' ');
  expect(said).toContain(
    `Logins are limited over the fleet (${ssh.logins_per_second} a second, ${ssh.max_handshakes} at once), polls too (${limits.concurrent_polls} at once)`,
  );
});

test('figures of accuracy are those that were measured', () => {
  const figures = DOCUMENTS.flatMap(({ text: page }) => page.match(/\b\d+\.\d\d(?=\s%)/g) ?? []);
  const measured = text('docs/accuracy.md');
  expect(figures.length).toBeGreaterThan(7);
  expect(figures.filter((figure) => !measured.includes(`${figure}%`))).toEqual([]);
});

describe('docs/http-api.md', () => {
  const guide = text('docs/http-api.md');

  it('has every path of the OpenAPI document, and no other', async () => {
    await using served = await serve();
    const { paths } = await served.json<{ readonly paths: Readonly<Record<string, unknown>> }>('/api/openapi.json');
    const written = Array.from(guide.matchAll(/`(\/api\/v1[^`?]*)/g), ([, path]) => path);
    expect(Object.keys(paths).filter((path) => path.startsWith('/api/v1') && !written.includes(path))).toEqual([]);
    expect(written.filter((path = '') => !(path in paths))).toEqual([]);
  });

  it('asks for what is there', async () => {
    await using served = await serve();
    served.fleet.set(polledGm('gm1'));
    const asked = Array.from(
      guide.matchAll(/^curl -s[N]? "?http:\/\/127\.0\.0\.1:9848(\/[^\s"]*)/gm),
      ([, path]) => path,
    );
    expect(asked.length).toBeGreaterThan(2);
    for (const path of asked) {
      const stop = new AbortController();
      const response = await served.get(path ?? '', { signal: stop.signal });
      expect({ path, status: response.status }).toEqual({ path, status: 200 });
      stop.abort();
    }
  });
});
