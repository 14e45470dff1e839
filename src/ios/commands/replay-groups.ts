/**
 * What the answers of KS and GM about time-based anti-replay have in common: a heading a group, whether it is enabled,
 * and below it labels that each of the two has of its own.
 */
import { type Answer, UNNAMED } from '../text/answer.ts';
import { readByGroup } from '../text/group-drafts.ts';
import { type LabelTable, type Pair, pairsOf, takePairs } from '../text/label-table.ts';
import type { LinesRead } from '../text/line-tally.ts';

export interface ReplayGroup {
  readonly group: string;
  /** null: not said yet. */
  enabled: boolean | null;
}

export interface ReplayLayout<Draft extends ReplayGroup> {
  readonly newDraft: (group: string) => Draft;
  /** The line that says so. */
  readonly notEnabled: RegExp;
  readonly labels: LabelTable<Draft>;
  /** A line that is no heading, and no labels with values: `known`, or the label and value that it means. */
  readonly unlabelled: (draft: Draft, line: string) => 'known' | Pair | null;
}

// Anti-replay Information For Group WAN:
const GROUP_HEADING = /^Anti-replay Information For Group (\S{1,128}?) ?:$/i;

export function readReplayGroups<Draft extends ReplayGroup>(
  answer: Answer,
  layout: ReplayLayout<Draft>,
): { readonly groups: readonly Draft[]; readonly read: LinesRead } {
  return readByGroup(answer, {
    headingBegins: 'Anti-replay ',
    heading: GROUP_HEADING,
    newDraft: layout.newDraft,
    take: (draft, line) => readLine(draft, line, layout),
    unnamed: () => layout.newDraft(UNNAMED),
  });
}

function readLine<Draft extends ReplayGroup>(
  draft: Draft,
  line: string,
  layout: ReplayLayout<Draft>,
): boolean | "another's" {
  if (layout.notEnabled.test(line)) {
    if (draft.enabled === true) return "another's";
    draft.enabled = false;
    return true;
  }
  const meant = layout.unlabelled(draft, line);
  if (meant === 'known') return true;
  // a group without it has nothing to show
  if (draft.enabled === false) return "another's";
  return takePairs(layout.labels, draft, meant === null ? pairsOf(line) : [meant]);
}
