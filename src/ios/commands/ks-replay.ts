/**
 * `show crypto gdoi ks replay`: the pseudotime that a KS gives its group for time-based anti-replay.
 *
 * Heading and first lines are those of `show crypto gdoi gm replay`; the rest follows the vendor's description of the
 * command, since no capture of it is at hand. A KS has no packet counters, so no GM is made of its answer.
 */
import { emptyKsSnapshot, type KsReplay, type KsSnapshot } from '../../gdoi/seen/snapshot.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { type LabelRule, labelTable, unused } from '../text/label-table.ts';
import { readReplayGroups, type ReplayGroup, type ReplayLayout } from './replay-groups.ts';

interface ReplaySketch extends ReplayGroup {
  pseudotimeSeconds: number | null;
  syncRemainingSeconds: number | null;
}

// is not enabled / Timebased Replay is not enabled
const NOT_ENABLED = /^(?:Time-? ?based Replay:? )?is not enabled$/i;
// 418068.29 secs / 2417 secs
const SECONDS = /^(\d{1,12}(?:\.\d{1,6})?)(?: secs?)?$/;
// Replay Value 418068.29 secs
const BARE_VALUE = /^Replay Value (\d{1,12}(?:\.\d{1,6})? secs?)$/i;

function seconds(field: 'pseudotimeSeconds' | 'syncRemainingSeconds'): LabelRule<ReplaySketch> {
  return (sketch, value) => {
    const shown = SECONDS.exec(value)?.[1];
    sketch.enabled = true;
    sketch[field] = shown === undefined ? null : Number(shown);
    return shown !== undefined;
  };
}

const LABELS = labelTable<ReplaySketch>([
  [['Timebased Replay', 'Time based Replay', 'Time-based Replay'], unused],
  [['Replay Value', 'Pseudotime', 'Pseudo time'], seconds('pseudotimeSeconds')],
  [['Remaining sync time', 'Time to sync', 'Next sync in'], seconds('syncRemainingSeconds')],
  [['Replay Window Size', 'Replay method', 'Sync interval'], unused],
]);

const LAYOUT: ReplayLayout<ReplaySketch> = {
  newSketch,
  notEnabled: NOT_ENABLED,
  labels: LABELS,
  unlabelled: (_sketch, line) => {
    const value = BARE_VALUE.exec(line)?.[1];
    return value === undefined ? null : { label: 'Replay Value', value };
  },
};

function readReplay(answer: Answer): Reading {
  const { groups, read } = readReplayGroups(answer, LAYOUT);
  const last = groups.at(-1);
  return {
    snapshots: groups.map(replaySnapshot),
    ...read,
    recognised: read.known > 0,
    missing: last === undefined ? 'the groups' : last.enabled === null ? `the replay state of ${last.group}` : null,
  };
}

function newSketch(group: string): ReplaySketch {
  return {
    group,
    enabled: null,
    pseudotimeSeconds: null,
    syncRemainingSeconds: null,
  };
}

function replaySnapshot({ group, ...shown }: ReplaySketch): KsSnapshot {
  const replay: KsReplay = shown;
  return { ...emptyKsSnapshot(group), replay };
}

export const ksReplay: CommandGrammar = {
  names: ['show crypto gdoi ks replay'],
  // its heading is that of `gm replay`: see `recognise`
  recognisedBy: [/^Remaining sync time ?:/i],
  closedLines: [
    NOT_ENABLED,
    // Remaining sync time      : 2417 secs
    /^[A-Za-z -]{1,80}(?:: *)?\d{1,12}(?:\.\d{1,6})? +secs$/,
  ],
  read: readReplay,
};
