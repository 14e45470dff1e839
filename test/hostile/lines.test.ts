/**
 * Answers of devices with lines that a pattern could stumble over for ever: one character again and again, and then one
 * that does not fit. A parser that is held up by one of them does not come to the end of this test.
 */
import { expect, test } from 'vitest';
import { parseCapturedText } from '../../src/ios/captured-text.ts';
import { parseLogMessage } from '../../src/ios/log/log-message.ts';
import { allGoldenTexts } from '../ios/golden-texts.ts';

const REPEATED = [
  '-',
  '=',
  '*',
  '.',
  ':',
  '0',
  'A',
  'a ',
  '- ',
  '1.',
  'ab:',
  '|',
  '> ',
  ' ',
  '\t',
  '%',
  '(',
  '"',
  ', ',
];

function runs(length: number): readonly string[] {
  return REPEATED.map((text) => text.repeat(length / text.length));
}

const HOSTILE: Readonly<Record<string, (lines: readonly string[]) => readonly string[]>> = {
  'between its lines': (lines) =>
    lines.flatMap((line, index) => (index % 8 === 3 ? [line, ...runs(600).map((run) => `${run}!`)] : [line])),
  'in place of what its lines end with': (lines) =>
    lines.map((line, index) => {
      const run = runs(300)[index % REPEATED.length] ?? '';
      return `${line.slice(0, Math.ceil(line.length / 2))}${run}!`;
    }),
  'behind its lines': (lines) =>
    lines.map((line, index) => `${line}${runs(400)[(index * 7) % REPEATED.length] ?? ''}!`),
  'before its lines': (lines) => lines.map((line, index) => `${runs(400)[(index * 5) % REPEATED.length] ?? ''}${line}`),
};

const texts = allGoldenTexts();

test.each(Object.entries(HOSTILE))('an answer with endless repetitions %s is read or refused', (_, made) => {
  for (const { text } of texts) {
    const results = parseCapturedText(made(text.split('\n').slice(0, 200)).join('\n'));
    expect(results.length).toBeGreaterThan(0);
  }
});

test('so is a log message', () => {
  const stamps = ['', '<189>45: ', '*Mar  1 00:00:01.000: ', '%GDOI-5-GM_REGS_COMPL: '];
  for (const stamp of stamps) {
    for (const run of runs(4_000)) expect(() => parseLogMessage(`${stamp}${run}!`)).not.toThrow();
  }
});

test('a pasted document with more texts than a call has arguments is read or refused', () => {
  const pasted = Array.from({ length: 150_000 }, () => 'gm1#show crypto gdoi\nGROUP INFORMATION');
  expect(parseCapturedText(JSON.stringify(pasted)).length).toBeGreaterThan(0);
});

test('so is a page with more lines than a call has arguments', () => {
  expect(parseCapturedText(`<pre>${'junk<br>'.repeat(150_000)}</pre>`).length).toBeGreaterThan(0);
});

test('so are more log messages before an answer than a call has arguments', () => {
  const text = `${'%A-1-B: c\n'.repeat(150_000)}gm1#show clock\n14:25:36.204 UTC Sun Mar 1 2026\ngm1#`;
  expect(parseCapturedText(text).length).toBeGreaterThan(0);
});
