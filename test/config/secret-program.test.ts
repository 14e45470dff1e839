import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findingLine } from '../../src/config/finding.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { MAX_PROGRAM_BYTES, runProgram } from '../../src/config/run-program.ts';
import { type Clock, createSystemClock } from '../../src/kernel/clock.ts';
import { PATIENCE } from '../builders/patience.ts';
import { errorsOf } from './given-config.ts';

describe('a program that prints a secret', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gdoiwatch-program-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const script = (name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o700);
    return name;
  };
  const load = async (credential: string, env: Record<string, string> = {}) => {
    const file = join(folder, 'gdoiwatch.yml');
    writeFileSync(file, `credentials: { main: { username: u, ${credential} } }\ndevices: [{ name: a, host: h }]\n`);
    const loaded = await loadConfig(file, { env: { PATH: process.env['PATH'], ...env } });
    if (loaded.kind === 'ok') return { password: loaded.config.devices[0]?.ssh?.password?.reveal(), errors: [] };
    return { password: null, errors: loaded.findings.map((f) => findingLine(f).replaceAll(`${folder}/`, '')) };
  };

  it('is found beside the configuration or in PATH, and its line end is no part of the secret', async () => {
    script('vault', 'echo "hunter2 with spaces"');
    expect(await load('password_command: [./vault]')).toMatchObject({ password: 'hunter2 with spaces' });
    expect(await load('password_command: [printf, "%s", from-path]')).toMatchObject({ password: 'from-path' });
  });

  it('gets its arguments unchanged: no shell reads them', async () => {
    script('vault', 'printf "%s|" "$@"');
    const argument = '$HOME;`id` > x *';
    expect(await load(`password_command: [./vault, ${JSON.stringify(argument)}, ""]`)).toMatchObject({
      password: `${argument}||`,
    });
    expect(existsSync(join(folder, 'x'))).toBe(false);
  });

  it('has the environment of the agent, its own directory, and nothing to read', async () => {
    script('vault', 'read answer; echo "$VAULT_ADDR:$(pwd):$answer:"');
    const { password } = await load('password_command: [./vault]', { VAULT_ADDR: 'https://vault.example' });
    expect(password).toMatch(/^https:\/\/vault\.example:.*gdoiwatch-program-.*::$/);
  });

  it('is run once for all settings that name it', async () => {
    script('vault', `echo x >> ${folder}/runs; echo secret`);
    const { errors } = await load('password_command: [./vault], enable_password_command: [./vault]');
    expect(errors).toEqual([]);
    expect(readFileSync(join(folder, 'runs'), 'utf8')).toBe('x\n');
  });

  const WHERE = 'gdoiwatch.yml:1:55: credentials.main.password_command: ';
  it.each([
    ['fails', 'echo s3cr3t >&2; exit 3', '"./vault" ended with status 3; run it by hand to see why'],
    ['is killed', 'kill -9 $$', '"./vault" was killed by SIGKILL; run it by hand to see why'],
    ['prints nothing', 'true', 'what "./vault" prints is empty'],
    ['prints two lines', 'echo a; echo b', 'what "./vault" prints has more than one line'],
    ['prints binary data', "printf '\\377'", 'what "./vault" prints is not UTF-8 text'],
    ['prints without end', 'while :; do echo s3cr3t; done', `"./vault" printed more than ${MAX_PROGRAM_BYTES} bytes`],
  ])('that %s is an error in one line, without what it said', async (_what, text, message) => {
    script('vault', text);
    expect(await load('password_command: [./vault]')).toEqual({ password: null, errors: [`${WHERE}${message}`] });
  });

  it('that is not there, or may not be run, is an error', async () => {
    writeFileSync(join(folder, 'plain'), 'no program');
    expect(await load('password_command: [./nowhere]')).toMatchObject({
      errors: [`${WHERE}"./nowhere" cannot be run: no such program`],
    });
    expect(await load('password_command: [./plain]')).toMatchObject({
      errors: [`${WHERE}"./plain" cannot be run: permission denied`],
    });
  });

  it(
    'that does not end is killed with all it started after ten seconds',
    async () => {
      const vault = join(folder, script('vault', `sleep 600 & echo $! > ${folder}/child; wait`));
      let late = (): void => undefined;
      const clock: Clock = {
        ...createSystemClock(),
        sleep: (ms) => new Promise((resolve) => (late = () => ms === 10_000 && resolve())),
      };
      const answer = runProgram([vault], { clock, directory: folder, env: process.env });
      await vi.waitFor(() => expect(readFileSync(join(folder, 'child'), 'utf8')).toMatch(/\n/), PATIENCE);
      late();
      expect(await answer).toEqual({ kind: 'failed', reason: 'did not end within 10 s' });
      const child = Number(readFileSync(join(folder, 'child'), 'utf8'));
      await vi.waitFor(() => expect(isRunning(child)).toBe(false), PATIENCE);
    },
    PATIENCE.timeout,
  );
});

/** A killed process that nobody has waited for yet does not run. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('a command line in the configuration', () => {
  const credential = (text: string) => ({ text: `credentials: { c: { ${text} } }\ndevices: []\n` });
  const WANTED = 'a list of a program and its arguments ([program, args...]), at most 64';

  it.each([
    [
      'one text, which a shell would have to take apart',
      'username: u, password_command: vault read x',
      `the value is not ${WANTED}`,
    ],
    ['an empty list', 'username: u, password_command: []', `needs ${WANTED}`],
  ])('is refused where it is %s', async (_what, text, message) => {
    expect(await errorsOf(credential(text))).toEqual([
      expect.stringMatching(new RegExp(`^gdoiwatch\\.yml:1:\\d+: credentials\\.c\\.password_command(\\[0\\])?: `)),
    ]);
    expect((await errorsOf(credential(text)))[0]).toContain(message);
  });

  it('of a service is not repeated either', async () => {
    const text = 'alertmanager: { urls: ["http://a"], username: u, password_command: hunter2 }\ndevices: []\n';
    expect(await errorsOf({ text })).toContain(
      `gdoiwatch.yml:1:68: alertmanager.password_command: the value (not shown) is not ${WANTED}`,
    );
  });

  it('excludes a file or a variable', async () => {
    const text = 'username: u, password_command: [vault], password_file: pw';
    expect(await errorsOf(credential(text))).toContain(
      'gdoiwatch.yml:1:19: credentials.c: either password_file or password_command, not both',
    );
  });
});
