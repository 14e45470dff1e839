/**
 * What the answers of KS and GM about time-based anti-replay have in common: a heading a group, whether it is enabled,
 * and below it labels that each of the two has of its own.
 */
import { type Answer, UNNAMED } from '../text/answer.ts';
import { readByGroup } from '../text/group-sketches.ts';
import { type LabelTable, type Pair, pairsOf, takePairs } from '../text/label-table.ts';
import type { LinesRead } from '../text/line-tally.ts';

export interface ReplayGroup {
  readonly group: string;
  /** null: not said yet. */
  enabled: boolean | null;
}

export interface ReplayLayout<Sketch extends ReplayGroup> {
  readonly newSketch: (group: string) => Sketch;
  /** The line that says so. */
  readonly notEnabled: RegExp;
  readonly labels: LabelTable<Sketch>;
  /** A line that is no heading, and no labels with values: `known`, or the label and value that it means. */
  readonly unlabelled: (sketch: Sketch, line: string) => 'known' | Pair | null;
}

// Anti-replay Information For Group WAN:
const GROUP_HEADING = /^Anti-replay Information For Group (\S{1,128}?) ?:$/i;

export function readReplayGroups<Sketch extends ReplayGroup>(
  answer: Answer,
  layout: ReplayLayout<Sketch>,
): { readonly groups: readonly Sketch[]; readonly read: LinesRead } {
  return readByGroup(answer, {
    headingBegins: 'Anti-replay ',
    heading: GROUP_HEADING,
    newSketch: layout.newSketch,
    take: (sketch, line) => readLine(sketch, line, layout),
    unnamed: () => layout.newSketch(UNNAMED),
  });
}

function readLine<Sketch extends ReplayGroup>(
  sketch: Sketch,
  line: string,
  layout: ReplayLayout<Sketch>,
): boolean | "another's" {
  if (layout.notEnabled.test(line)) {
    if (sketch.enabled === true) return "another's";
    sketch.enabled = false;
    return true;
  }
  const meant = layout.unlabelled(sketch, line);
  if (meant === 'known') return true;
  // a group without it has nothing to show
  if (sketch.enabled === false) return "another's";
  return takePairs(layout.labels, sketch, meant === null ? pairsOf(line) : [meant]);
}
