/**
 * The parser drops nothing silently, however the text was damaged: every line is understood, ignored for a listed
 * reason, or reported as unknown, and every group named in the text shows up in a snapshot, in an unknown line or in a
 * failed answer.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCapturedText } from '../../src/ios/captured-text.ts';
import { parseCommandOutput } from '../../src/ios/parse.ts';
import type { LineTally } from '../../src/ios/text/line-tally.ts';
import type { ParseResult } from '../../src/ios/text/parse-result.ts';
import { allGoldenTexts, goldenText } from './golden-texts.ts';

const here = dirname(fileURLToPath(import.meta.url));
const shared = join(here, '../../../shared');

function textsOf(folder: string, depth: number): { name: string; text: string }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return depth > 0 ? textsOf(path, depth - 1) : [];
    return entry.name.endsWith('.txt') ? [{ name: entry.name, text: readFileSync(path, 'utf8') }] : [];
  });
}

/** They lie outside the repository: read only if they are present. */
const samples = [
  ...textsOf(process.env['GDOIWATCH_SAMPLES'] ?? join(shared, 'samples'), 1),
  ...textsOf(join(shared, 'field'), 0),
];
const texts = [...allGoldenTexts(), ...samples];

/** Counts lines independently of the parser. */
function linesOf(text: string): number {
  const plain = text.replace(/\r+\n|\n\r|[\r\f\v]/g, '\n');
  const count = plain.split('\n').length - (plain.endsWith('\n') || plain === '' ? 1 : 0);
  return count;
}

function sumOf({ understood, ignored, unknown }: LineTally): number {
  return Object.values(ignored).reduce((sum, lines) => sum + lines, understood + unknown);
}

function accounted(text: string): number {
  return parseCapturedText(text).reduce((sum, { lines }) => sum + sumOf(lines), 0);
}

/**
 * How many lines are missing from the tally (negative: it has too many). A pager prompt in the middle of a line is
 * removed, and may leave two lines: one before it and one after it.
 */
function missingLines(text: string): number {
  const pagers = text.split(/--[ ]?More/i).length - 1;
  const counted = accounted(text);
  const missing = linesOf(text) - counted;
  // Only the first line of a timeline tells what it is: behind another one its strings are taken for printed text.
  if (linesOf(withPrintedBreaks(text)) === counted) return 0;
  return missing < 0 ? Math.min(0, missing + 2 * pagers) : missing;
}

/** `b'gm1#show clock\\r\\n10:11...'`: a program printed the breaks of a router's text. */
function withPrintedBreaks(text: string): string {
  return text.replace(/^.*\\n.*\\n.*$/gm, (line) => line.replace(/(?:\\r)?\\n/g, '\n'));
}

describe.each(texts)('$name', ({ text }) => {
  it('counts every line as understood, ignored or unknown', () => {
    expect(missingLines(text)).toBe(0);
  });

  it('still counts every line when it is cut, has lost or repeated lines, or contains an unknown line', () => {
    const lines = text.split('\n');
    const mutation = fc.record({
      from: fc.nat(lines.length),
      to: fc.nat(lines.length),
      lost: fc.array(fc.nat(lines.length), { maxLength: 4 }),
      unheard: fc.option(fc.nat(lines.length), { nil: null }),
      doubled: fc.option(fc.nat(lines.length), { nil: null }),
      cut: fc.option(fc.nat(text.length), { nil: null }),
    });
    fc.assert(
      fc.property(mutation, ({ from, to, lost, unheard, doubled, cut }) => {
        const part = lines.slice(Math.min(from, to), Math.max(from, to));
        const kept = part.filter((_, index) => !lost.includes(index));
        if (unheard !== null) kept.splice(unheard, 0, 'Unheard-of thing : 17 apples');
        if (doubled !== null && kept.length > 0) kept.splice(doubled, 0, kept[doubled % kept.length] ?? '');
        const mutated = cut === null ? kept.join('\n') : kept.join('\n').slice(0, cut);
        expect(missingLines(mutated)).toBe(0);
      }),
      { numRuns: 12 },
    );
  });
});

const GROUP_LINE =
  /^\s*(?:Group Name\s*: ?|Group Member Information For Group |Crypto Gdoi Group Name ?:|For group )(\S+)/gim;

function namesIn(text: string): string[] {
  return [...text.matchAll(GROUP_LINE)].map((match) => (match[1] ?? '').replace(/[,:]$/, ''));
}

function told(result: ParseResult, name: string): boolean {
  if (result.kind === 'failed') return true;
  return JSON.stringify(result).includes(JSON.stringify(name).slice(1, -1));
}

describe('a known group', () => {
  const withGroups = texts.filter(({ text }) => namesIn(text).length > 0);

  it.each(withGroups)(
    'in $name never disappears without an error or an unknown line when lines are lost',
    ({ text }) => {
      const lines = text.split('\n');
      fc.assert(
        fc.property(fc.nat(lines.length), fc.nat(lines.length), (a, b) => {
          const part = lines.toSpliced(Math.min(a, b), Math.abs(a - b) % 12).join('\n');
          const results = parseCapturedText(part);
          for (const name of namesIn(part)) {
            const shown = results.some((result) => told(result, name));
            const noSnapshot = results.some((result) => result.kind === 'parsed' && result.nothing === 'no-snapshot');
            expect(shown || noSnapshot, `${name} of\n${part}`).toBe(true);
          }
        }),
        { numRuns: 15 },
      );
    },
  );

  it('is reported as an unknown line, not as a GM, when its block shows neither a GM nor a KS', () => {
    const result = parseCommandOutput('show crypto gdoi', 'GROUP INFORMATION\n\n Group Name : WAN\n', 'prompt');
    expect(result).toMatchObject({ kind: 'parsed', snapshots: [], unknownLines: ['Group Name : WAN'] });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('is parsed even if its name is %s', (name) => {
    const text = goldenText('show-crypto-gdoi/xe17-unicast-two-teks.txt').replaceAll('BRANCHES', name);
    const renamed = text.replace(/(Group Name +: )\S+/, `$1${name}`).replace(/(For Group )\S+:/, `$1${name}:`);
    expect(parseCapturedText(renamed)).toMatchObject([{ kind: 'parsed', snapshots: [{ group: name }] }]);
  });
});

describe('an unknown line', () => {
  const unheard = 'Brand new line of release 18';

  it.each<[place: string, text: string]>([
    ['at the start of an answer', `R1#show crypto gdoi gm rekey\n${unheard}\nGroup G (Unicast)\nR1#\n`],
    ['in `show version`', goldenText('show-version/xe17.txt').replace('\n', `\n${unheard}\n`)],
    [
      'in place of the hardware in `show version`',
      goldenText('show-version/xe17.txt')
        .replace(/^cisco \S+ \(.*$/m, `cisco ISR4331/K9 (1RU) processor: ${unheard}`)
        .concat('R1#\n'),
    ],
    ['after the last section', goldenText('gm-replay/enabled-and-not.txt').replace(/\n*$/, `\n${unheard}\n`)],
    ['between the KEK and the TEKs', goldenText('ks-policy/xe17-two-teks.txt').replace('TEK POLICY', `${unheard}\n$&`)],
    [
      'in the answer to a command that gives no snapshot',
      `R1#show crypto gdoi ks coop version\nClient : X Version : 1.0.1\n${unheard}\nR1#\n`,
    ],
    ['next to "not configured"', `R1#show crypto gdoi\n% GDOI is not configured\n${unheard}\nR1#\n`],
    [
      'at the end of a long remark',
      `R1#show clock\n10:00:00.000 UTC Mon Jan 1 2024 <=== now\na\nb\nc\n${unheard}\nR1#\n`,
    ],
  ])('is reported when it stands %s', (_, text) => {
    const results = parseCapturedText(text);
    const reported = results.flatMap((result) => (result.kind === 'parsed' ? result.unknownLines : [result.message]));
    expect(reported.join('\n')).toContain(unheard);
  });
});
