/**
 * Lines that the console broke off for a message. It begins a line of its own then, so that `86`, message, `258` is what
 * is left of 86258: the rest is no line by itself, and joined they are one. Half a value is no value.
 */
import type { Answer, CommandGrammar, Reading } from './text/answer.ts';

/** What a debug prints on the console: a stamp, and no tag of a message. */
const DEBUGGING = /^[*.]?[A-Z][a-z]{2} {1,2}\d{1,2} (?:\d{4} )?\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?: [A-Za-z]{1,5})?: \S/;

/** `Associated Trustpoints: GETVPN-TP`: a line of its own, which fits behind any free text as well. */
const LABELLED = /^[A-Za-z][\w #()/.-]{0,48} ?:/;

interface Halves {
  /** Indexes of the two lines; a message stood between them. */
  readonly half: number;
  readonly rest: number;
}

/** The answer without what is left of such lines, which are then broken ones; null: there are none. */
export function withoutBrokenOff(
  command: string,
  grammar: CommandGrammar,
  answer: Answer,
  reading: Reading,
): Answer | null {
  const isProof = grammar.ofLog !== true && grammar.freeText !== true;
  const cut = isProof ? halvesCut(command, grammar, answer, reading) : [];
  return cut.length === 0 ? null : withBroken(answer, cut);
}

/** Indexes of the first halves. */
function halvesCut(command: string, grammar: CommandGrammar, answer: Answer, { unknown }: Reading): readonly number[] {
  const halves = unknown.length === 0 ? [] : halvesIn(answer, unknown);
  if (halves.length === 0) return [];
  const rests = new Set(halves.map(({ rest }) => rest));
  const cut = new Set<number>();
  for (const glue of ['', ' ']) {
    const joined = answer.lines.slice();
    for (const { half, rest } of halves) joined[half] = `${joined[half] ?? ''}${glue}${joined[rest] ?? ''}`;
    const kept = joined.flatMap((line, index) => (rests.has(index) ? [] : [{ line, index }]));
    const reading = grammar.read({ ...answer, lines: kept.map(({ line }) => line) }, command);
    const unread = new Set(reading.unknown.map((at) => kept[at]?.index));
    for (const { half } of halves) if (!unread.has(half)) cut.add(half);
  }
  return halves.flatMap(({ half }) => (cut.has(half) ? [half] : []));
}

function halvesIn({ lines, landed }: Answer, unknown: readonly number[]): readonly Halves[] {
  const unread = new Set(unknown);
  const isDebugging = (index: number) => unread.has(index) && DEBUGGING.test(lines[index] ?? '');
  return unknown.flatMap((rest) => {
    if (isDebugging(rest) || LABELLED.test(lines[rest] ?? '')) return [];
    let half = rest - 1;
    while (isDebugging(half)) half -= 1;
    return half >= 0 && !unread.has(half) && (landed.has(rest) || half < rest - 1) ? [{ half, rest }] : [];
  });
}

/** `broken`: indexes of lines, in order. Nothing is read out of them. */
function withBroken(answer: Answer, broken: readonly number[]): Answer {
  const gone = new Set(broken);
  const lines: string[] = [];
  /** By the index of a line, where it stands among those that are left. */
  const moved = new Map<number, number>();
  for (const [index, line] of answer.lines.entries()) {
    moved.set(index, lines.length);
    if (!gone.has(index)) lines.push(line);
  }
  const placeOf = (index: number) => moved.get(index) ?? lines.length;
  const before = answer.brokenLines.map((line) => ({ ...line, before: placeOf(line.before) }));
  const more = broken.map((index) => ({ text: answer.lines[index] ?? '', before: placeOf(index) }));
  return {
    ...answer,
    lines,
    landed: new Set(),
    remarks: new Set([...answer.remarks].filter((index) => !gone.has(index)).map(placeOf)),
    brokenLines: [...before, ...more].toSorted((a, b) => a.before - b.before),
  };
}
