/** What comments and pages cite exists: rows of the on-call catalogue, documents by their names, headings, files. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { CAUSES } from '../../src/gdoi/events/event.ts';
import { CITING, commentsOf, FILES, filesIn, headingsIn, isThere, rowsIn } from './citations.ts';
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

describe('headings', () => {
  const lostIn = (text: string) =>
    headingsIn(text).filter(({ page: name, heading }) =>
      [...anchorsOf(page(name))].every((anchor) => !anchor.split('-').includes(heading.toLowerCase())),
    );

  it('exist wherever they are cited', () => {
    const citing = CITING.filter(({ at }) => !at.startsWith('test/docs/'));
    expect(citing.flatMap(({ at, text }) => lostIn(text).map(({ heading }) => `${at}: ${heading}`))).toEqual([]);
    expect(citing.flatMap(({ text }) => headingsIn(text)).length).toBeGreaterThan(3);
  });

  it('that are not there are found', () => {
    expect(lostIn('GETVPN facts, table of causes; GETVPN facts, timers')).toEqual([]);
    expect(lostIn('GETVPN facts, weather; row 3 of it: on-call catalogue, row 3')).toEqual([
      { page: 'getvpn.md', heading: 'weather' },
    ]);
  });
});

describe('files', () => {
  /** Of other projects; made for a release; or for the reader to write. */
  const ELSEWHERE = new Set([
    'web-configuration.md',
    'npm-shrinkwrap.json',
    'sbom.json',
    'credentials.yml',
    'gm1.txt',
    'mine.yaml',
    'sites/taipei.yml',
    'sites/tokyo.yml',
    'web.yml',
  ]);
  /** Left open in a template: `docs/decisions/NAME.md`. */
  const OPEN = /(?:^|\/)(?:NAME|COMMAND|FILE)\.\w+$/;
  const lostIn = (text: string, at = 'src/probe.ts') =>
    filesIn(text).filter((name) => !ELSEWHERE.has(name) && !isThere(name, at) && !OPEN.test(name));

  it('exist wherever they are named', () => {
    // The tests of this very test name files that are not there.
    const citing = CITING.filter(({ at }) => !at.startsWith('test/docs/'));
    expect(citing.flatMap(({ at, text }) => lostIn(text, at).map((name) => `${at}: ${name}`))).toEqual([]);
  });

  it('that are not there are found', () => {
    const comment = commentsOf(
      'probe.ts',
      "/** As `domain.md` has it. */\nconst a = 'not/a/comment.md'; // see gone.ts",
    );
    expect(lostIn(comment)).toEqual(['domain.md', 'gone.ts']);
    expect(lostIn('windows of `kek-window.ts` (docs/getvpn.md)')).toEqual([]);
    expect(lostIn('gdoi/keys/kek-window.ts, keys/kek-window.ts, rules.yml, no.yml')).toEqual([
      'keys/kek-window.ts',
      'no.yml',
    ]);
    expect(lostIn('../keys/kek-window.ts', 'src/gdoi/seen/README.md')).toEqual([]);
  });
});

describe('docs/getvpn.md', () => {
  it('has every cause', () => {
    expect(termsUnder('Causes')).toEqual([...CAUSES]);
  });

  it('explains each word once, and only words that the code uses', () => {
    const sources = FILES.filter((path) => /^src\/.*\.tsx?$/.test(path)).map((path) =>
      readFileSync(join(ROOT, path), 'utf8'),
    );
    const used = new Set(sources.flatMap((source) => source.match(/[a-z]+/g) ?? []));
    const words = termsUnder('Words of the code');
    expect(words.length).toBeGreaterThan(25);
    expect(words.filter((word, index) => !used.has(word) || words.indexOf(word) !== index)).toEqual([]);
  });
});
