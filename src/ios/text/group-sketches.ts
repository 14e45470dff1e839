/**
 * Answers that go group by group: a heading opens a group, and what follows is that group's.
 *
 * A heading that is not understood must not leave its lines to the group before it. So a line that may be one, unknown
 * or broken by a log message, closes the group that is open, and so does a line that contradicts what the group has
 * said: what follows is nobody's until the next heading. No more groups are taken than a device may have: a heading
 * repeated without end costs no memory, and its lines belong to nobody.
 */
import { BoundedList } from '../../gdoi/seen/bounded-list.ts';
import { MOST_GROUPS } from '../../gdoi/seen/row-bounds.ts';
import type { Answer } from './answer.ts';
import { collapseBlanks } from './device-values.ts';
import { type LinesRead, readEach } from './line-tally.ts';

export interface GroupGrammar<Sketch extends object> {
  /** How its headings begin, `For group `. */
  readonly headingBegins: string;
  /** A line that belongs to no group. */
  readonly title?: RegExp;
  /** The whole of one, with single blanks; it captures the group, and what `newSketch` takes besides. */
  readonly heading: RegExp;
  readonly newSketch: (group: string, ...captured: readonly string[]) => Sketch;
  /** Whether the line is known; `another's`: it cannot be this group's. */
  readonly take: (sketch: Sketch, line: string) => boolean | "another's";
  /** For lines before the first heading, which a filter may have taken away; null: without it they say nothing. */
  readonly unnamed: (() => Sketch) | null;
}

/** The groups in the answer's order; of a filtered answer the first one is unnamed. Lines come with single blanks. */
export function readByGroup<Sketch extends object>(
  answer: Answer,
  grammar: GroupGrammar<Sketch>,
): { readonly groups: readonly Sketch[]; readonly read: LinesRead } {
  const groups = new BoundedList<Sketch>(MOST_GROUPS);
  let open: Sketch | null = answer.filter === null || grammar.unnamed === null ? null : grammar.unnamed();
  if (open !== null) groups.add(open);
  const broken = answer.brokenLines.filter(({ text }) => mayBeHeading(text, grammar));
  let passed = 0;
  const read = readEach(answer.lines, (printed, index) => {
    for (; (broken[passed]?.before ?? Infinity) <= index; passed += 1) open = null;
    const line = collapseBlanks(printed);
    if (grammar.title?.test(line) === true) return true;
    const [, name, ...captured] = grammar.heading.exec(line) ?? [];
    if (name !== undefined) {
      const opened = grammar.newSketch(name, ...captured);
      open = groups.add(opened) ? opened : null;
      return open !== null;
    }
    const known = open === null ? false : grammar.take(open, line);
    if (known === "another's" || (!known && mayBeHeading(line, grammar))) open = null;
    return known === true;
  });
  return { groups: groups.rows, read };
}

const NAMES_GROUP = /group/i;

/** A broken line may have its first letters only. */
function mayBeHeading<Sketch extends object>(line: string, { headingBegins }: GroupGrammar<Sketch>): boolean {
  const length = Math.min(line.length, headingBegins.length);
  return NAMES_GROUP.test(line) || line.slice(0, length).toLowerCase() === headingBegins.slice(0, length).toLowerCase();
}
