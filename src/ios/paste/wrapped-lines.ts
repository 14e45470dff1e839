/**
 * Lines that a terminal of few columns, or a mail program, has broken in two. Which lines those are is not certain, so
 * several ways to join them are offered; the parser takes the one that leaves the fewest lines unknown.
 */
import { WRAPPED_MARK } from '../text/debris.ts';
import { isMark, type PastedLine } from './pasted-line.ts';

/** Terminals have 80 columns and more, mail programs break at 72 and more, and at 80 at most. */
const LEAST_WIDTH = 60;
const MOST_WIDTH = { hard: 200, soft: 80 };
/**
 * Widths of terminals and printers, besides the round ones. At another width one broken line proves nothing: any text
 * has a longest line, and what follows it is seldom its rest.
 */
const USUAL_WIDTHS: ReadonlySet<number> = new Set([72, 76, 78, 79, 132]);
const ROUND_WIDTH = 10;
const LEAST_JOINED_AT_ODD_WIDTH = 2;
/** A line that is broken at a blank is at least so long, and lacks a word of at most so many characters. */
const LEAST_BROKEN = 48;
const LONGEST_WORD = 24;
/** A line wraps into so many at most. */
const MAX_PARTS = 6;

/** `hard`: broken at the last column, inside a word too; `soft`: at a blank. */
export type Wrap = 'hard' | 'soft';

/**
 * The lines with those joined that may have been one; null: none may. `suspect`: lines, trimmed, that the parser did
 * not know or that may go on (a log message); a line is joined to the next where one of the two is suspect, and the
 * next to the one after it.
 */
export function joinWrapped(
  lines: readonly PastedLine[],
  wrap: Wrap,
  suspect: ReadonlySet<string>,
): readonly PastedLine[] | null {
  const width = longest(lines);
  if (width < LEAST_WIDTH || width > MOST_WIDTH[wrap]) return null;
  const joined: PastedLine[] = [];
  let parts = 1;
  let broken = 0;
  for (const [index, pasted] of lines.entries()) {
    const before = lines[index - 1];
    if (
      before !== undefined &&
      parts < MAX_PARTS &&
      mayFollow(before, pasted, {
        wrap,
        width,
        suspect: parts > 1 ? null : suspect,
      })
    ) {
      const at = joined.length - parts;
      const head = joined[at];
      if (head !== undefined) {
        joined[at] = {
          ...head,
          text: joinedText(head.text, pasted.text, wrap),
        };
        joined.push({ text: WRAPPED_MARK, line: pasted.line });
        if (parts === 1) broken += 1;
        parts += 1;
        continue;
      }
    }
    parts = 1;
    joined.push(pasted);
  }
  const isUsual = wrap === 'soft' || width % ROUND_WIDTH === 0 || USUAL_WIDTHS.has(width);
  return broken >= (isUsual ? 1 : LEAST_JOINED_AT_ODD_WIDTH) ? joined : null;
}

function longest(lines: readonly PastedLine[]): number {
  return lines.reduce((width, pasted) => (isMark(pasted) ? width : Math.max(width, pasted.text.trimEnd().length)), 0);
}

function joinedText(head: string, rest: string, wrap: Wrap): string {
  return wrap === 'hard' ? head + rest : `${head.trimEnd()} ${rest.trim()}`;
}

// remaining life(sec) : 787: a pair of its own, known or not, whatever stood before it
const LABELLED = /^\s*[A-Za-z#][^:]{1,40}:(?:\s|$)/;

function mayFollow(
  before: PastedLine,
  pasted: PastedLine,
  how: {
    readonly wrap: Wrap;
    readonly width: number;
    readonly suspect: ReadonlySet<string> | null;
  },
): boolean {
  if (isMark(before) || isMark(pasted) || pasted.text.trim() === '') return false;
  const suspect = how.suspect?.has(before.text.trim()) !== false || how.suspect.has(pasted.text.trim());
  if (!suspect) return false;
  const length = before.text.trimEnd().length;
  if (how.wrap === 'hard') return before.text.length === how.width || length === how.width;
  if (LABELLED.test(pasted.text)) return false;
  const [word = ''] = pasted.text.trim().split(' ', 1);
  return length + 1 + word.length > how.width && length >= Math.max(LEAST_BROKEN, how.width - LONGEST_WORD);
}
