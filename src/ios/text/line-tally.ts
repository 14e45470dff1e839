/**
 * The account of an answer's lines: each is understood, ignored for a reason that stands here, or unknown. Nothing is
 * lost in silence: the three sums make all lines of the text, and a property test holds it to that.
 */

/** Why a line is left out on purpose. */
const IGNORED_KINDS = [
  'blank',
  /** `GM1#show version`, and the prompt after an answer. */
  'prompt',
  /** The command once more, without a prompt. */
  'echo',
  /** ` --More-- ` and what wiped it out. */
  'pager',
  /** What `terminal exec prompt timestamp` prints before every answer. */
  'execTimestamp',
  /** A heading of `show tech-support`. */
  'heading',
  /** What a person wrote beside the output, `<=== expires soon`. */
  'remark',
  /** Tags, fences and rules of a page around the text. */
  'markup',
  /** The rest of the line before, which a terminal or a mail broke: read with it. */
  'wrapped',
  /** A line of a log buffer that is no message: the rest of one, debugging output, what the ring has cut. */
  'logText',
] as const;
export type IgnoredKind = (typeof IGNORED_KINDS)[number];

export interface LineTally {
  /** Lines a rule knew, and lines that hold a log message. */
  readonly understood: number;
  readonly ignored: Readonly<Record<IgnoredKind, number>>;
  readonly unknown: number;
}

export function noneIgnored(): Record<IgnoredKind, number> {
  return {
    blank: 0,
    prompt: 0,
    echo: 0,
    pager: 0,
    execTimestamp: 0,
    heading: 0,
    remark: 0,
    markup: 0,
    wrapped: 0,
    logText: 0,
  };
}

export function sumOfIgnored(a: LineTally['ignored'], b: LineTally['ignored']): Record<IgnoredKind, number> {
  const sum = noneIgnored();
  for (const kind of IGNORED_KINDS) sum[kind] = a[kind] + b[kind];
  return sum;
}

export interface LinesRead {
  readonly known: number;
  /** Indexes of the lines that `take` did not know. */
  readonly unknown: readonly number[];
}

/** Gives each line to `take`, which says whether it knows it: so none is passed over. */
export function readEach(lines: readonly string[], take: (line: string, index: number) => boolean): LinesRead {
  const unknown: number[] = [];
  const { length } = lines;
  for (let index = 0; index < length; index++) {
    if (!take(lines[index] ?? '', index)) unknown.push(index);
  }
  return { known: length - unknown.length, unknown };
}
