/** Configuration files made to hurt: each ends in findings, however large, deep or entangled it is. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load/load.ts';
import { half } from '../builders/half.ts';

const KB = 1024;

const FILES: Readonly<Record<string, () => string>> = {
  'ten thousand unknown keys': () => Array.from({ length: 10_000 }, (_, n) => `k${n}: 1\n`).join(''),
  'one key again and again': () => 'devices: 1\n'.repeat(10_000),
  'brackets in brackets': () => `a: ${'['.repeat(20 * KB)}`,
  'dashes in dashes': () => '- '.repeat(20 * KB),
  'questions in questions': () => '? '.repeat(20 * KB),
  'mappings in mappings': () => Array.from({ length: 2_000 }, (_, n) => `${' '.repeat(n)}a:\n`).join(''),
  'aliases of aliases of aliases': () =>
    Array.from(
      { length: 30 },
      (_, n) =>
        `a${n}: &a${n} [${
          n === 0
            ? 'x'
            : Array(10)
                .fill(`*a${n - 1}`)
                .join(', ')
        }]\n`,
    ).join(''),
  'an alias of what it is in': () => 'a: &a [*a, {b: *a}]\n',
  'anchors before nothing': () => '&a '.repeat(20 * KB),
  'a tag without end': () => `!<${'x'.repeat(1024 * KB)}`,
  'a text without end': () => `a: "${'x\n'.repeat(20 * KB)}`,
  'escaped line ends without end': () => `a: "${'\\\n'.repeat(5 * KB)}"`,
  'directives without end': () => '%TAG ! x\n'.repeat(20 * KB),
  'documents without end': () => '---\n'.repeat(20 * KB),
  'nothing but remarks': () => '# x\n'.repeat(20 * KB),
  'octets that are no text': () => '\u0000\u0001\u0007\uFFFF'.repeat(KB),
};

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-hostile-config-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function findingsOf(path: string): Promise<readonly string[]> {
  const loaded = await loadConfig(path, { env: {} });
  if (loaded.kind === 'ok') throw new Error('it was taken');
  return loaded.findings.map(({ message }) => message);
}

describe('a file with', () => {
  test.each(half(Object.entries(FILES)))('%s is refused with findings', async (_, text) => {
    const path = join(directory, 'gdoiwatch.yml');
    await writeFile(path, text());
    const messages = await findingsOf(path);
    expect(messages.length).toBeGreaterThan(0);
    for (const message of messages.slice(0, 100)) expect(message).toMatch(/^\P{Cc}+$/u);
  });
});

describe('include:', () => {
  test.each([
    ['itself', 'main.yml', 'includes itself'],
    ['a symbolic link to itself', 'link.yml', 'includes itself'],
    ['a symbolic link that leads nowhere but to itself', 'round.yml', 'too many symbolic links'],
    [
      'itself through a directory that is in itself',
      'inside/main.yml',
      /more than 256 files|too many symbolic links|name is too long/,
    ],
    ['a directory', 'inside', 'it is a directory'],
    ['what never ends', '/dev/zero', 'a pipe, a socket or a device'],
  ])('of %s ends, and is told', async (what, included, words) => {
    const folder = join(directory, what.replaceAll(' ', '-'));
    await mkdir(folder);
    await symlink('.', join(folder, 'inside'));
    await symlink('main.yml', join(folder, 'link.yml'));
    await symlink('round.yml', join(folder, 'round.yml'));
    await writeFile(join(folder, 'main.yml'), `include: [${JSON.stringify(included)}]\ndevices: []\n`);
    expect((await findingsOf(join(folder, 'main.yml'))).join('\n')).toMatch(words);
  });
});
