/** docs/security.md states what holds, and a test proves each sentence and row of it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './documents.ts';
import { CLAIMS, type Claim } from './security-claims.ts';
import { testTitles } from './test-titles.ts';

const text = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
const claims = claimsOf(text);

/** Sentences of paragraphs and lists, rows of tables; headings, heads of tables and fenced blocks claim nothing. */
function claimsOf(page: string): readonly string[] {
  const blocks = page
    .replaceAll(/^```[\s\S]*?^```$/gm, '')
    .replaceAll(/^#.*$/gm, '')
    .replaceAll(/^\|.*\|\n\| --- .*$/gm, '')
    .replaceAll(/^- /gm, '\n')
    .split(/\n{2,}/);
  return blocks.flatMap((block) =>
    block.trim().startsWith('|')
      ? block.trim().split('\n').map(rowOf)
      : sentencesOf(block.replaceAll(/\s+/g, ' ').replaceAll('**', '').trim()),
  );
}

function rowOf(line: string): string {
  return line.replace(/^\| /, '').replace(/ \|$/, '');
}

function sentencesOf(paragraph: string): readonly string[] {
  return paragraph.split(/(?<=[.!?]) (?=[A-Z`])/).filter((sentence) => sentence !== '');
}

function rowsOf(claim: string): readonly Claim[] {
  return CLAIMS.filter(({ begins }) => claim.startsWith(begins));
}

describe('the claims of a page', () => {
  it('are its sentences and the rows of its tables, and nothing else', () => {
    const page = [
      '# Title',
      '',
      'One sentence, of `a.b`. Another\none: with [a link](x.md). **And a loud one.**',
      '',
      '| what | bound |',
      '| --- | --- |',
      '| HTTP | 10 s. Then it ends |',
      '| SSH | |',
      '',
      '```yaml',
      'a: b. C.',
      '```',
      '- First: of a list. Second of\n  it.',
      '- Third.',
    ].join('\n');
    expect(claimsOf(page)).toEqual([
      'One sentence, of `a.b`.',
      'Another one: with [a link](x.md).',
      'And a loud one.',
      'HTTP | 10 s. Then it ends',
      'SSH |',
      'First: of a list.',
      'Second of it.',
      'Third.',
    ]);
  });
});

describe('the titles of a file of tests', () => {
  it('are those of the tests that run, after those of the groups they are in', () => {
    const file = [
      "describe('a', () => { test('b', () => it.server.say('no title')); describe.each(rows)('%s', () => it.each([1])('c', f)); });",
      "test.skipIf(without)('d', f); test.skip('e', f); it.todo('f'); test(`g`, f); test(`h${i}`, f);",
    ].join('\n');
    expect(testTitles('some.test.ts', file)).toEqual(['a > b', 'a > %s > c', 'd', 'g']);
  });
});

describe('docs/security.md', () => {
  it.each(claims)('has one row of the table for: %s', (claim) => {
    expect(rowsOf(claim).map(({ begins }) => begins)).toHaveLength(1);
  });

  it.each(CLAIMS.map(({ begins }) => begins))('has one claim that begins: %s', (begins) => {
    expect(claims.filter((claim) => claim.startsWith(begins))).toHaveLength(1);
  });
});

const proved = CLAIMS.filter((claim) => 'provedBy' in claim);

describe('the proof of a claim', () => {
  it.each(proved)('is there: $begins', ({ provedBy }) => {
    expect(provedBy.flatMap(([, ...titles]) => titles)).not.toEqual([]);
    const missing = provedBy.flatMap(([file, ...titles]) => {
      const known = existsSync(join(ROOT, 'test', file))
        ? testTitles(file, readFileSync(join(ROOT, 'test', file), 'utf8'))
        : [];
      return titles.filter((title) => !known.includes(title)).map((title) => `${file}: ${title}`);
    });
    expect(missing).toEqual([]);
  });

  it.each(proved.filter(({ figures }) => figures !== undefined))(
    'has the figures of the code: $begins',
    ({ begins, figures = [] }) => {
      const [claim = ''] = claims.filter((each) => each.startsWith(begins));
      const stale = figures.filter(
        ([said, file, code]) => !claim.includes(said) || !readFileSync(join(ROOT, file), 'utf8').includes(code),
      );
      expect(stale).toEqual([]);
    },
  );
});

it('few sentences are advice, and each says why it needs no proof', () => {
  const unproved = CLAIMS.filter((claim) => 'needsNoProof' in claim);
  expect(unproved.filter(({ needsNoProof }) => needsNoProof.length < 10)).toEqual([]);
  expect(unproved.length * 5).toBeLessThan(CLAIMS.length);
});
