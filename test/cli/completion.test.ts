import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { told } from './told.ts';

/** What bash offers for a line with the cursor at its end. */
function offered(script: string, words: readonly string[]): readonly string[] {
  const line = ['gdoiwatch', ...words].map((word) => `'${word}'`).join(' ');
  const ask = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _gdoiwatch; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', ask], { encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.trim().split('\n');
}

describe('completion in bash', () => {
  let script = '';
  beforeAll(async () => {
    ({ stdout: script } = await told(['completion', 'bash']));
  });

  test('offers commands, their parts, their flags and the values of a flag', () => {
    expect(offered(script, [''])).toEqual(expect.arrayContaining(['run', 'check', 'config', 'completion']));
    expect(offered(script, ['ch'])).toEqual(['check']);
    expect(offered(script, ['config', ''])).toEqual(['check', '--help']);
    expect(offered(script, ['config', 'check', '--'])).toEqual(['--config', '--help']);
    expect(offered(script, ['check', '--host-k'])).toEqual(['--host-keys']);
    expect(offered(script, ['check', '--host-keys', ''])).toEqual(['strict', 'accept-new']);
    expect(offered(script, ['completion', 'bash', '--'])).toEqual(['--help']);
  });

  test('offers files for a flag that takes one', () => {
    expect(offered(script, ['run', '--config', 'package.js'])).toEqual(['package.json']);
  });
});

test.each(['zsh', 'fish'] as const)('the script for %s names every command and every flag', async (shell) => {
  const { stdout, status } = await told(['completion', shell]);
  expect(status).toBe(0);
  for (const word of [
    'demo',
    'run',
    'check',
    'events',
    'incidents',
    'parse',
    'replay',
    'simulate',
    'config',
    'store',
  ]) {
    expect(stdout).toMatch(new RegExp(`\\b${word}\\b`));
  }
  for (const flag of ['host-keys', 'log-format', 'perfdata']) expect(stdout).toContain(flag);
  expect(stdout).toContain('strict accept-new');
});

test('the manual page has every command with its flags, and is one to man', async () => {
  const { stdout } = await told(['completion', 'man']);
  expect(stdout).toMatch(/^\.TH GDOIWATCH 1 "" "gdoiwatch \d/);
  expect(stdout).toContain('.SS "gdoiwatch config check"');
  expect(stdout).toContain(String.raw`\fB\-\-host\-keys <policy>\fR`);
  // A request that roff does not know would stand at the start of a line.
  for (const line of stdout.split('\n')) expect(line).toMatch(/^(?:[^.']|\.(?:TH|SH|SS|TP|br)\b|$)/);
});

test('a shell that it does not know is one clear line', async () => {
  const { status, stderr } = await told(['completion', 'tcsh']);
  expect(status).toBe(2);
  expect(stderr).toContain('bash, zsh, fish');
});
