/**
 * Label tables: what a line's label means, as rows of data. A new release's spelling is a new row.
 *
 * A line is dispatched by the text before its first colon. The spelling as printed is looked up first, by length and
 * two of its characters, without making a string of it; only when that misses, once more without regard to case and
 * runs of blanks. So the usual line costs one small lookup.
 */
import { collapseBlanks, parseCount, skipBlanks } from './device-values.ts';

/** Takes the value into the sketch; false when the value is not of the form this label has: the line is then unknown. */
export type LabelRule<Sketch> = (sketch: Sketch, value: string) => boolean;

interface Row<Sketch> {
  readonly label: string;
  readonly rule: LabelRule<Sketch>;
  /** The next row of the same slot. */
  readonly next: Row<Sketch> | null;
}

export interface LabelTable<Sketch> {
  readonly printed: ReadonlyArray<Row<Sketch> | null>;
  readonly folded: ReadonlyMap<string, LabelRule<Sketch>>;
}

export function labelTable<Sketch>(
  rows: ReadonlyArray<readonly [labels: string | readonly string[], rule: LabelRule<Sketch>]>,
): LabelTable<Sketch> {
  const printed = Array.from({ length: SLOTS }, (): Row<Sketch> | null => null);
  const folded = new Map<string, LabelRule<Sketch>>();
  for (const [labels, rule] of rows) {
    for (const label of typeof labels === 'string' ? [labels] : labels) {
      const slot = slotOf(label, label.length);
      printed[slot] = { label, rule, next: printed[slot] ?? null };
      folded.set(foldLabel(label), rule);
    }
  }
  return { printed, folded };
}

/** The rule for the label before the line's first colon, spelled as in a row; undefined when no row has it. */
export function findPrintedRule<Sketch>(
  table: LabelTable<Sketch>,
  line: string,
  colon: number,
): LabelRule<Sketch> | undefined {
  const end = labelEnd(line, colon);
  if (end === 0) return undefined;
  for (let row = table.printed[slotOf(line, end)] ?? null; row !== null; row = row.next) {
    if (row.label.length === end && line.slice(0, end) === row.label) return row.rule;
  }
  return undefined;
}

/** The same without regard to case and to the number of blanks inside. */
export function findFoldedRule<Sketch>(
  table: LabelTable<Sketch>,
  line: string,
  colon: number,
): LabelRule<Sketch> | undefined {
  return table.folded.get(foldLabel(line.slice(0, labelEnd(line, colon))));
}

export function findRule<Sketch>(table: LabelTable<Sketch>, label: string): LabelRule<Sketch> | undefined {
  return findPrintedRule(table, label, label.length) ?? findFoldedRule(table, label, label.length);
}

function labelEnd(line: string, colon: number): number {
  let end = colon;
  while (end > 0 && line.charCodeAt(end - 1) === CODE_BLANK) end -= 1;
  return end;
}

/** What follows the colon. */
export function valueAfter(line: string, colon: number): string {
  return line.slice(skipBlanks(line, colon + 1));
}

/** A number that a group shows once: a second value that differs is another group's. */
export function countOnce<Field extends string>(field: Field): LabelRule<Record<Field, number | null>> {
  return (sketch, value) => {
    const shown = parseCount(value);
    if (sketch[field] !== null && sketch[field] !== shown) return false;
    sketch[field] = shown;
    return shown !== null;
  };
}

/**
 * A group shows each value once. Another one under the same label is of a section whose heading is not understood: what
 * is known stays, and the line is unknown.
 */
export function takeOnce<Sketch, Field extends keyof Sketch>(
  sketch: Sketch,
  field: Field,
  value: Sketch[Field],
): boolean {
  const before = sketch[field];
  if (before !== null && before !== value) return false;
  sketch[field] = value;
  return true;
}

/** A known label whose value nobody needs. */
export const unused = (): boolean => true;

const MAX_LABEL_WORDS = 5;
const MAX_LABEL_LENGTH = 80;

/** In what follows an unused label another one stands, whose value is needed: the line is not understood as it is. */
export function hidesLabel<Sketch>(table: LabelTable<Sketch>, line: string, colon: number): boolean {
  for (let next = line.indexOf(':', colon + 1); next >= 0; next = line.indexOf(':', next + 1)) {
    const words = line
      .slice(Math.max(colon + 1, next - MAX_LABEL_LENGTH), next)
      .trim()
      .split(/ {1,64}/);
    for (let from = Math.max(0, words.length - MAX_LABEL_WORDS); from < words.length; from += 1) {
      const rule = findRule(table, words.slice(from).join(' '));
      if (rule !== undefined && rule !== unused) return true;
    }
  }
  return false;
}

const SLOTS = 1024;

/** Length, first and last character tell nearly all labels apart. */
function slotOf(text: string, length: number): number {
  return (length * 31 + text.charCodeAt(0) * 7 + text.charCodeAt(length - 1)) & (SLOTS - 1);
}

const CODE_BLANK = 32;

function foldLabel(label: string): string {
  return collapseBlanks(label.toLowerCase());
}

export interface Pair {
  readonly label: string;
  readonly value: string;
}

/**
 * `Group member : 2001:DB8::1   vrf: None` -> two pairs. Devices separate pairs of one line by blanks only (or by a
 * comma), so a value that is followed by another label is one word; the last value is the rest of the line.
 */
export function pairsOf(line: string): Pair[] {
  const pairs: Pair[] = [];
  let rest = line;
  while (rest !== '' && pairs.length < MAX_PAIRS_IN_LINE) {
    const colon = rest.indexOf(':');
    if (colon < 0) break;
    const label = rest.slice(0, colon).trimEnd();
    const value = rest.slice(colon + 1).trimStart();
    const blank = value.indexOf(' ');
    const next = blank < 0 ? '' : value.slice(blank).trimStart().replace(LEADING_COMMA, '');
    if (blank < 0 || !NEXT_LABEL.test(next)) {
      pairs.push({ label, value });
      break;
    }
    pairs.push({
      label,
      value: value.slice(0, blank).replace(TRAILING_COMMA, ''),
    });
    rest = next;
  }
  return pairs;
}

/** Gives each pair to the rule of its label, also behind one that is not known. True: there are some, all known. */
export function takePairs<Sketch>(table: LabelTable<Sketch>, sketch: Sketch, pairs: readonly Pair[]): boolean {
  let known = pairs.length > 0;
  for (const { label, value } of pairs) known = (findRule(table, label)?.(sketch, value) ?? false) && known;
  return known;
}

const MAX_PAIRS_IN_LINE = 4;
// `, Local KS Status: Alive`
const LEADING_COMMA = /^, ?/;
const TRAILING_COMMA = /,$/;
// `vrf: None`, `Seq num : 0`, `#pkts untagged (rcv)     : 0`: words, then a colon
const NEXT_LABEL = /^[A-Za-z#][^:]{0,60}:/;
