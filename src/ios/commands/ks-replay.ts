/**
 * `show crypto gdoi ks replay`: the pseudotime that a KS gives its group for time-based anti-replay.
 *
 * Heading and first lines are those of `show crypto gdoi gm replay`; the rest follows the vendor's description of the
 * command, since no capture of it is at hand. A KS has no packet counters, so no GM is made of its answer.
 */
import { emptyKsSnapshot, type KsReplay, type KsSnapshot } from '../../gdoi/seen/snapshot.ts';
import { type Answer, type CommandGrammar, type Reading, UNNAMED } from '../text/answer.ts';
import { collapseBlanks } from '../text/device-values.ts';
import { readEach } from '../text/line-tally.ts';
import { findRule, type LabelRule, labelTable, pairsOf, unused } from '../text/label-table.ts';

interface ReplayDraft {
  readonly group: string;
  enabled: boolean | null;
  pseudotimeSeconds: number | null;
  syncRemainingSeconds: number | null;
}

// Anti-replay Information For Group bw600:
const GROUP_HEADING = /^Anti-replay Information For Group (\S{1,128}?) ?:$/i;
// is not enabled / Timebased Replay is not enabled
const NOT_ENABLED = /^(?:Time-? ?based Replay:? )?is not enabled$/i;
// 621390.02 secs / 1210 secs
const SECONDS = /^(\d{1,12}(?:\.\d{1,6})?)(?: secs?)?$/;
// Replay Value 621390.02 secs
const BARE_VALUE = /^Replay Value (\d{1,12}(?:\.\d{1,6})? secs?)$/i;

function seconds(field: 'pseudotimeSeconds' | 'syncRemainingSeconds'): LabelRule<ReplayDraft> {
  return (draft, value) => {
    const shown = SECONDS.exec(value)?.[1];
    draft.enabled = true;
    draft[field] = shown === undefined ? null : Number(shown);
    return shown !== undefined;
  };
}

const LABELS = labelTable<ReplayDraft>([
  [['Timebased Replay', 'Time based Replay', 'Time-based Replay'], unused],
  [['Replay Value', 'Pseudotime', 'Pseudo time'], seconds('pseudotimeSeconds')],
  [['Remaining sync time', 'Time to sync', 'Next sync in'], seconds('syncRemainingSeconds')],
  [['Replay Window Size', 'Replay method', 'Sync interval'], unused],
]);

function readReplay(answer: Answer): Reading {
  const groups: ReplayDraft[] = answer.filter === null ? [] : [newDraft(UNNAMED)];
  const read = readEach(answer.lines, (line) => readLine(groups, collapseBlanks(line)));
  const last = groups.at(-1);
  return {
    snapshots: groups.map(replaySnapshot),
    ...read,
    recognised: read.known > 0,
    missing: last === undefined ? 'the groups' : last.enabled === null ? `the replay state of ${last.group}` : null,
  };
}

function readLine(groups: ReplayDraft[], line: string): boolean {
  const name = GROUP_HEADING.exec(line)?.[1];
  if (name !== undefined) {
    groups.push(newDraft(name));
    return true;
  }
  const draft = groups.at(-1);
  if (draft === undefined) return false;
  if (NOT_ENABLED.test(line)) {
    draft.enabled = false;
    return true;
  }
  const bare = BARE_VALUE.exec(line)?.[1];
  const pairs = bare === undefined ? pairsOf(line) : [{ label: 'Replay Value', value: bare }];
  let known = pairs.length > 0;
  for (const { label, value } of pairs) known = (findRule(LABELS, label)?.(draft, value) ?? false) && known;
  return known;
}

function newDraft(group: string): ReplayDraft {
  return {
    group,
    enabled: null,
    pseudotimeSeconds: null,
    syncRemainingSeconds: null,
  };
}

function replaySnapshot({ group, ...shown }: ReplayDraft): KsSnapshot {
  const replay: KsReplay = shown;
  return { ...emptyKsSnapshot(group), replay };
}

export const ksReplay: CommandGrammar = {
  names: ['show crypto gdoi ks replay'],
  // its heading is that of `gm replay`: see `recognise`
  recognisedBy: [/^Remaining sync time ?:/i],
  closedLines: [
    NOT_ENABLED,
    // Remaining sync time      : 1210 secs
    /^[A-Za-z -]{1,80}(?:: *)?\d{1,12}(?:\.\d{1,6})? +secs$/,
  ],
  read: readReplay,
};
