/**
 * Text that is not ours is not in the project: no passage of a capture with a figure of its own, no name of a group in
 * one, no sentence of the documents that lie beside the repository. Captures are not in the repository: they lie beside
 * it (`../shared/samples`), or where GDOIWATCH_SAMPLES points.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './documents.ts';
import { Passages, wordsOf } from './passages.ts';

const BESIDE = join(ROOT, '../shared');
const CAPTURES = process.env['GDOIWATCH_SAMPLES'] ?? join(BESIDE, 'samples');

const TEXTS: ReadonlySet<string> = new Set(['.ts', '.tsx', '.md', '.txt', '.json', '.yml', '.yaml', '.mjs', '.sh']);

function textsBelow(folder: string, wanted: (path: string) => boolean): readonly { path: string; text: string }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => TEXTS.has(extname(path)) && wanted(path))
    .map((path) => ({ path: join(folder, path), text: readFileSync(join(folder, path), 'utf8') }));
}

/** It holds what the parser makes of the captures themselves. */
const ABOUT_CAPTURES = 'test/ios/samples.test.ts';

const OURS = [
  ...['src', 'test', 'docs', 'dashboards', 'deploy', '.config'].flatMap((folder) =>
    textsBelow(join(ROOT, folder), () => true),
  ),
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'].map((name) => ({
    path: join(ROOT, name),
    text: readFileSync(join(ROOT, name), 'utf8'),
  })),
]
  .map(({ path, text }) => ({ path: path.slice(ROOT.length), text }))
  .filter(({ path }) => path !== ABOUT_CAPTURES);

/**
 * Figures that any device prints: ports, sizes of keys and of RSA signatures, default lifetimes and buffers, the usual
 * configuration register, years, a product. Also addresses of documentation, wildcard masks, and versions.
 */
const USUAL =
  /^(?:0+|179|514|848|(?:128|192|256|512|1024|2048|4096|8192|16384)|(?:294|2352)|(?:3600|7200|86400)|255k|32768k|0x2102|4500|(?:1986-)?(?:19|20)\d\d|(?:0|10)(?:\.(?:0|255)){3}|(?:192\.0\.2|198\.51\.100|203\.0\.113)\.[\d/]+|\d+(?:\.\d+){1,2})$/;

/** Three digits or more of a count, a size, a time, an address or a key. */
function telling(word: string): boolean {
  if (!/^(?:0x[\da-f]+|\d[\da-f.:/k-]*)$/.test(word) || USUAL.test(word)) return false;
  return word.replaceAll(/\D/g, '').length >= 3;
}

const captures = textsBelow(CAPTURES, (path) => path.endsWith('.txt')).map(({ text }) => text);

/** Of our texts, the passages for which `found` holds, with their files. */
const passagesIn = (passages: Passages, found: (passage: readonly string[]) => boolean) =>
  OURS.flatMap(({ path, text }) =>
    passages
      .sharedWith(text)
      .filter(found)
      .map((passage) => `${path}: ${passage.join(' ')}`),
  );

describe.skipIf(captures.length === 0)('compared with captures of real devices,', () => {
  it('no passage of four words with a figure of its own is in ours', () => {
    expect(passagesIn(new Passages(4, captures), (passage) => passage.some(telling))).toEqual([]);
  });

  it('no name of a group is in ours', () => {
    const named = (words: readonly string[]) =>
      words.filter(
        (word, at) => /^[a-z]+\d[\w-]*$/.test(word) && /group(?: name)?$/.test(words.slice(at - 2, at).join(' ')),
      );
    const names = new Set(captures.flatMap((text) => named(wordsOf(text))).filter((name) => name.length > 3));
    expect(names.size).toBeGreaterThan(0);
    const used = OURS.flatMap(({ path, text }) =>
      [...new Set(wordsOf(text))].filter((word) => names.has(word)).map((word) => `${path}: ${word}`),
    );
    expect(used).toEqual([]);
  });
});

/** The contract is left out: its names are ours to the letter. */
const documents = textsBelow(BESIDE, (path) => /^(?!contract)[\w-]+\.md$/.test(path)).map(({ text }) => text);

describe.skipIf(documents.length === 0)('compared with the documents beside the repository,', () => {
  it('no passage of eleven words is in ours', () => {
    expect(passagesIn(new Passages(11, documents), () => true)).toEqual([]);
  });
});

describe('the comparison', () => {
  it('finds a passage across lines, quotation marks and escapes, and no shorter one', () => {
    const passages = new Passages(4, ['Ann msgs sent:  731\nAnn msgs recv: 12']);
    expect(passages.sharedWith("  'ann msgs\\nsent: 731',")).toEqual([['ann', 'msgs', 'sent', '731']]);
    expect(passages.sharedWith('msgs sent: 731')).toEqual([]);
  });

  it.each([
    ['1234', true],
    ['00:12:34', true],
    ['0xabc123', true],
    ['17k/234k', true],
    ['99', false],
    ['esp-sha256-hmac', false],
    ['86400', false],
    ['192.0.2.17', false],
  ])('the figure %s tells of one device: %s', (word, expected) => {
    expect(telling(word)).toBe(expected);
  });
});
