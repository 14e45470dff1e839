import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { gdoiwatch } from '../e2e/gdoiwatch.ts';

/** What bash offers for a line with the cursor at its end. */
async function offered(...words: string[]): Promise<readonly string[]> {
  const { stdout: script } = await gdoiwatch(['completion', 'bash']);
  const line = ['gdoiwatch', ...words].map((word) => `'${word}'`).join(' ');
  const ask = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _gdoiwatch; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', ask], { encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.trim().split('\n');
}

describe('completion in bash', () => {
  test('offers commands, their parts, their flags and the values of a flag', async () => {
    expect(await offered('')).toEqual(expect.arrayContaining(['run', 'check', 'config', 'completion']));
    expect(await offered('ch')).toEqual(['check']);
    expect(await offered('config', '')).toEqual(['check', '--help']);
    expect(await offered('config', 'check', '--')).toEqual(['--config', '--help']);
    expect(await offered('check', '--host-k')).toEqual(['--host-keys']);
    expect(await offered('check', '--host-keys', '')).toEqual(['strict', 'accept-new']);
    expect(await offered('completion', 'bash', '--')).toEqual(['--help']);
  });

  test('offers files where a flag takes one', async () => {
    expect(await offered('run', '--config', 'package.js')).toEqual(['package.json']);
  });
});

test.each(['zsh', 'fish'] as const)('the script for %s names every command and every flag', async (shell) => {
  const { stdout, status } = await gdoiwatch(['completion', shell]);
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
  const { stdout } = await gdoiwatch(['completion', 'man']);
  expect(stdout).toMatch(/^\.TH GDOIWATCH 1 "" "gdoiwatch \d/);
  expect(stdout).toContain('.SS "gdoiwatch config check"');
  expect(stdout).toContain(String.raw`\fB\-\-host\-keys <policy>\fR`);
  // A request that roff does not know would stand at the start of a line.
  for (const line of stdout.split('\n')) expect(line).toMatch(/^(?:[^.']|\.(?:TH|SH|SS|TP|br)\b|$)/);
});

test('a shell that it does not know is one clear line', async () => {
  const { status, stderr } = await gdoiwatch(['completion', 'tcsh']);
  expect(status).toBe(2);
  expect(stderr).toContain('bash, zsh, fish');
});
