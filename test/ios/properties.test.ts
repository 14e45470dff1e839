/** Properties that hold for every layout, whatever the terminal, the pager or the console did to the text. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCapturedText } from '../../src/ios/captured-text.ts';
import { parseCommandOutput } from '../../src/ios/parse.ts';
import type { ParseResult } from '../../src/ios/text/parse-result.ts';
import { goldenText, wholeGoldenTexts } from './golden-texts.ts';
import { anyCodePoint } from '../builders/any-code-point.ts';

const texts = wholeGoldenTexts();
const MOST_CUTS = 350;

function snapshots(text: string): unknown {
  return ofCommands(parseCapturedText(text)).map((result) =>
    result.kind === 'parsed' ? result.snapshots : result.reason,
  );
}

/** Anything inserted into a log is part of its content. */
function isLog(name: string): boolean {
  return name.startsWith('show-logging/');
}

/** Leaves out the results for text around the answers. */
function ofCommands(results: readonly ParseResult[]): readonly ParseResult[] {
  const answers = results.filter(({ command }) => command !== null);
  return answers.length === 0 ? results : answers;
}

/** Every value in `part` must equal the value at the same place in `whole`; null (absent) is allowed. */
function contradictions(part: unknown, whole: unknown, path = ''): string[] {
  if (part === null || part === undefined || part === whole) return [];
  if (Array.isArray(part)) {
    // a list or an object that the whole text lacks at that place is invented
    return part.flatMap((item, i) =>
      contradictions(item, Array.isArray(whole) ? whole[i] : undefined, `${path}[${String(i)}]`),
    );
  }
  if (typeof part === 'object' && typeof whole === 'object' && whole !== null) {
    return Object.entries(part).flatMap(([key, value]) =>
      // the text of the last log message is cut along with the log
      key === 'text' ? [] : contradictions(value, (whole as Record<string, unknown>)[key], `${path}.${key}`),
    );
  }
  return [`${path}: ${JSON.stringify(part)} instead of ${JSON.stringify(whole)}`];
}

function parsedOnly(results: readonly ParseResult[]): unknown[] {
  return ofCommands(results).map((result) => (result.kind === 'parsed' ? result.snapshots : null));
}

describe('an answer that is cut off anywhere', () => {
  it.each(texts)('$name gives no value that differs from the whole answer', ({ text }) => {
    const whole = parsedOnly(parseCapturedText(text));
    // One `expect` for all cuts: one per cut would take as long as the parsing.
    const wrong: string[] = [];
    // A long answer is cut at other places in each run: parsing all of its cuts takes time quadratic in its length.
    const step = Math.ceil(text.length / MOST_CUTS);
    const [first = 0] = fc.sample(fc.nat(step - 1), 1);
    for (let length = first; length < text.length; length += step) {
      const part = parsedOnly(parseCapturedText(text.slice(0, length)));
      for (const value of contradictions(part, whole)) {
        wrong.push(`cut after ${length} characters: ${text.slice(Math.max(0, length - 40), length)}: ${value}`);
      }
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  it('fails to parse when a GM is cut before its last TEK ends, so that no GM is reported without its TEKs', () => {
    const text = goldenText('show-crypto-gdoi/xe17-unicast-two-teks.txt');
    const end = text.lastIndexOf('Anti-Replay(Counter Based)');
    for (let length = 'branch-7#show crypto gdoi\n'.length; length < end; length++) {
      expect(parseCommandOutput('show crypto gdoi', text.slice(0, length))).toMatchObject({ kind: 'failed' });
    }
  });

  it('counts as whole if the session saw the prompt behind it', () => {
    const text = 'Group Name: a\n ACL Configured Locally:';
    expect(parseCommandOutput('show crypto gdoi gm acl', text, 'prompt').kind).toBe('parsed');
  });
});

describe('snapshots do not change by what a terminal does to the text', () => {
  it.each(texts)('$name: lines that end with CR LF', ({ text }) => {
    const crlf = text.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n');
    expect(snapshots(crlf)).toEqual(snapshots(text));
  });

  it.each(texts)('$name: any indentation and trailing blanks', ({ text }) => {
    const whole = snapshots(text);
    fc.assert(
      fc.property(fc.array(fc.constantFrom('', ' ', '   ', '\t', '        '), { minLength: 4 }), (blanks) => {
        const lines = text.split('\n');
        const moved = lines.map((line, i) => {
          const indent = blanks[i % blanks.length] ?? '';
          const trailing = i === lines.length - 1 ? '' : (blanks[(i + 1) % blanks.length] ?? '');
          return `${indent}${line.trim()}${trailing}`;
        });
        expect(snapshots(moved.join('\n'))).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  it.each(texts)('$name: runs of inner blanks squeezed to one', ({ name, text }) => {
    // the timestamp of a log message is kept as printed, with its blanks
    if (isLog(name) || text.includes('%GDOI')) return;
    const squeezed = text.replaceAll('\b', '\u0008').replace(/(\S) {2,}(?=\S)/g, '$1 ');
    expect(snapshots(squeezed)).toEqual(snapshots(text));
  });

  it.each(texts)('$name: runs of inner blanks stretched', ({ name, text }) => {
    if (isLog(name) || text.includes('%GDOI')) return;
    const whole = snapshots(text);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), (extra) => {
        const stretched = text.replace(/(\S) {2,}(?=\S)/g, (run) => `${run}${' '.repeat(extra)}`);
        expect(snapshots(stretched)).toEqual(whole);
      }),
      { numRuns: 5 },
    );
  });

  it.each(texts)('$name: a pager prompt before any line', ({ text }) => {
    const whole = snapshots(text);
    const lines = text.split('\n');
    const last = lines.length - 1;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: last }), (at) => {
        const more = ` --More-- ${'\b'.repeat(9)}${' '.repeat(8)}${'\b'.repeat(9)}`;
        // a prompt right behind the pager means something else: the user left the answer there
        if (/^\s*(?:\S+#|$)/.test(lines.slice(at).join('\n'))) return;
        const paged = lines.map((line, i) => (i === at ? `${more}${line}` : line)).join('\n');
        expect(snapshots(paged)).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });

  it.each(texts)('$name: a log message between any two lines', ({ name, text }) => {
    if (isLog(name)) return;
    const whole = snapshots(text);
    const lines = text.split('\n');
    const message = fc.constantFrom(
      '*Mar  1 01:12:10.919: %CRYPTO-5-GM_REGSTER: Start registration to KS 10.0.0.1 for group g using address 10.0.0.2',
      '031402: Jun 19 06:17:42: %LINEPROTO-5-UPDOWN: Line protocol on Interface Gi0/3, changed state to down',
      '%GDOI-5-SA_KEK_UPDATED: SA KEK was updated',
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: lines.length - 1 }), message, (at, log) => {
        const noisy = [...lines.slice(0, at), log, ...lines.slice(at)].join('\n');
        expect(snapshots(noisy)).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });

  it.each(texts)('$name: an unknown line after any line', ({ name, text }) => {
    // it would separate the halves of a wrapped line
    if (name.includes('wrapped')) return;
    // in a log the line would become the rest of a message
    if (isLog(name)) return;
    const whole = snapshots(text);
    const lines = text.split('\n');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: lines.length - 1 }), (at) => {
        const noisy = [...lines.slice(0, at), 'Unheard-of thing : 17 apples', ...lines.slice(at)].join('\n');
        if (noisy.includes('Error History')) return;
        expect(snapshots(noisy)).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });
});

describe('text that no device wrote', () => {
  const garbage = fc.string({ unit: anyCodePoint, maxLength: 400 });

  it('gets one result, which says that no command printed it', () => {
    fc.assert(
      fc.property(garbage, (text) => {
        expect(parseCapturedText(text)).toMatchObject([
          { kind: 'failed', command: null, message: expect.stringMatching(/^(?:the text is empty|no known command)/) },
        ]);
      }),
    );
  });

  it('may stand anywhere in a real answer without making a parser throw', () => {
    const gm = goldenText('show-crypto-gdoi/xe17-unicast-two-teks.txt');
    fc.assert(
      fc.property(fc.nat(gm.length), garbage, (at, noise) => {
        expect(() => parseCapturedText(`${gm.slice(0, at)}${noise}${gm.slice(at)}`)).not.toThrow();
      }),
    );
  });

  it('never makes a parser throw as the answer to a command', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('show crypto gdoi', 'show version', 'show logging', 'show nothing'),
        garbage,
        (c, t) => {
          expect(() => parseCommandOutput(c, t)).not.toThrow();
        },
      ),
    );
  });
});
