/** What comments and pages cite exists: rows of the on-call catalogue, documents by their names, files, words. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { CAUSES } from '../../src/gdoi/events/event.ts';
import { CITING, commentsOf, FILES, filesIn, isThere, rowsIn } from './citations.ts';
import { anchorsOf, ROOT } from './documents.ts';

const page = (name: string) => readFileSync(join(ROOT, 'docs', name), 'utf8');

/** Numbers of the catalogue's rows, in order. */
const ROWS = Array.from(page('on-call.md').matchAll(/^\| (\d{1,2}) \|/gm), ([, row]) => Number(row));

/** First cells of the table under a heading. */
function termsUnder(heading: string): readonly string[] {
  const [, part = ''] = page('getvpn.md').split(`\n## ${heading}\n`);
  const [table = ''] = part.split('\n## ');
  return Array.from(table.matchAll(/^\| `?([\w -]+?)`? \|/gm), ([, term = '']) => term).slice(2);
}

describe('rows of the on-call catalogue', () => {
  it('are numbered without a gap', () => {
    expect(ROWS).toEqual(ROWS.map((_, index) => index + 1));
    expect(ROWS.length).toBeGreaterThan(30);
  });

  it('exist wherever they are cited', () => {
    const lost = CITING.flatMap(({ at, text }) =>
      rowsIn(text)
        .filter((row) => !ROWS.includes(row))
        .map((row) => `${at}: row ${row}`),
    );
    expect(lost).toEqual([]);
  });

  it('are cited, each way in which a comment does it', () => {
    expect(rowsIn('On-call catalogue, row 27: ...')).toEqual([27]);
    expect(rowsIn('Row 2 and 3: attempts')).toEqual([2, 3]);
    expect(rowsIn('rows 34 to 38')).toEqual([34, 35, 36, 37, 38]);
    expect(rowsIn('rows 4, 12 and 14')).toEqual([4, 12, 14]);
    expect(rowsIn('a row of the table')).toEqual([]);
    expect(CITING.flatMap(({ text }) => rowsIn(text)).length).toBeGreaterThan(15);
  });
});

test.each([
  ['the contract', 'docs/contract.md'],
  ['on-call catalogue', 'docs/on-call.md'],
  ['GETVPN facts', 'docs/getvpn.md'],
])('%s is a document here: %s', (words, path) => {
  expect(FILES).toContain(path);
  expect(CITING.some(({ text }) => text.toLowerCase().includes(words.toLowerCase()))).toBe(true);
});

describe('files', () => {
  /** Of other projects, and samples that a page lets the reader write. */
  const ELSEWHERE = new Set(['web-configuration.md']);
  /** Left open in a template: `docs/decisions/NAME.md`. */
  const OPEN = /(?:^|\/)(?:NAME|COMMAND|FILE)\.(?:md|ts)$/;
  const lostIn = (text: string) =>
    filesIn(text).filter((name) => !ELSEWHERE.has(name) && !isThere(name) && !OPEN.test(name));

  it('exist wherever they are named', () => {
    // The tests of this very test name files that are not there.
    const citing = CITING.filter(({ at }) => !at.startsWith('test/docs/'));
    expect(citing.flatMap(({ at, text }) => lostIn(text).map((name) => `${at}: ${name}`))).toEqual([]);
  });

  it('that are not there are found', () => {
    const comment = commentsOf(
      'probe.ts',
      "/** As `domain.md` has it. */\nconst a = 'not/a/comment.md'; // see gone.ts",
    );
    expect(lostIn(comment)).toEqual(['domain.md', 'gone.ts']);
    expect(lostIn('windows of `kek-window.ts` (docs/getvpn.md)')).toEqual([]);
  });
});

describe('docs/getvpn.md', () => {
  it('has every cause', () => {
    expect(termsUnder('Causes')).toEqual([...CAUSES]);
  });

  it('has the headings that comments cite', () => {
    expect(anchorsOf(page('getvpn.md'))).toContain('causes');
  });

  it('explains only words that the code uses', () => {
    const sources = FILES.filter((path) => /^src\/.*\.tsx?$/.test(path)).map((path) =>
      readFileSync(join(ROOT, path), 'utf8'),
    );
    const code = sources.join('\n').toLowerCase();
    const words = termsUnder('Words of the code');
    expect(words.length).toBeGreaterThan(8);
    expect(words.filter((word) => !code.includes(word))).toEqual([]);
  });
});
