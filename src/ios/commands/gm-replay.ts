/**
 * `show crypto gdoi gm replay`: time-based anti-replay of each group, or `is not enabled` on a line of its own.
 *
 * The error history holds nothing that the counters do not: its lines are known and unread.
 */
import { emptyGmSnapshot, type GmReplay, type GmSnapshot } from '../../gdoi/seen/snapshot.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { parseCount } from '../text/device-values.ts';
import { type LabelRule, labelTable, unused } from '../text/label-table.ts';
import { readReplayGroups, type ReplayGroup, type ReplayLayout } from './replay-groups.ts';

interface ReplaySketch extends ReplayGroup {
  inputErrors: number | null;
  outputErrors: number | null;
  timeSyncErrors: number | null;
  maxTimeDeltaSeconds: number | null;
  inHistory: boolean;
}

// is not enabled
const NOT_ENABLED = /^is not enabled$/i;
// TBAR Error History (sampled at 10pak/min):
const HISTORY = /^TBAR Error History\b/i;
// No TBAR errors detected / 19:27:16.095 EST Tue Jan 5 2010: src=10.1.1.1; my_pst=10.25 / columns of numbers
const HISTORY_LINE =
  /^(?:No TBAR errors detected|[*.]?\d{1,2}:\d{2}:\d{2}\b.{0,200}|.{0,80}\b(?:src|dst|pst|my_pst|peer_pst|pseudotime|timestamp)\b.{0,200}|[\d.:/ -]{1,200})$/i;
// 2840917.36 secs / 0.00 secs
const DECIMAL_SECONDS = /^(\d{1,12}(?:\.\d{1,6})?) secs?$/;

type CountField = 'inputErrors' | 'outputErrors' | 'timeSyncErrors';

function count(field: CountField): LabelRule<ReplaySketch> {
  return (sketch, value) => {
    const shown = parseCount(value);
    if (sketch[field] !== null && sketch[field] !== shown) return false;
    sketch.enabled = true;
    sketch[field] = shown;
    return shown !== null;
  };
}

const LABELS = labelTable<ReplaySketch>([
  [['Timebased Replay', 'Time based Replay'], unused],
  [
    'Replay Value',
    (sketch) => {
      sketch.enabled = true;
      return true;
    },
  ],
  [['Input Packets', 'Output Packets'], unused],
  ['Input Error Packets', count('inputErrors')],
  ['Output Error Packets', count('outputErrors')],
  ['Time Sync Error', count('timeSyncErrors')],
  [
    'Max time delta',
    (sketch, value) => {
      const seconds = DECIMAL_SECONDS.exec(value)?.[1];
      sketch.maxTimeDeltaSeconds = seconds === undefined ? null : Number(seconds);
      return seconds !== undefined;
    },
  ],
]);

const LAYOUT: ReplayLayout<ReplaySketch> = {
  newSketch,
  notEnabled: NOT_ENABLED,
  labels: LABELS,
  unlabelled: (sketch, line) => {
    const isHeading = HISTORY.test(line);
    if (isHeading) sketch.inHistory = true;
    return isHeading || (sketch.inHistory && HISTORY_LINE.test(line)) ? 'known' : null;
  },
};

function readReplay(answer: Answer): Reading {
  const { groups, read } = readReplayGroups(answer, LAYOUT);
  return {
    snapshots: groups.map(replaySnapshot),
    ...read,
    recognised: read.known > 0,
    missing: answer.ending === 'prompt' ? null : missingIn(groups),
  };
}

function newSketch(group: string): ReplaySketch {
  return {
    group,
    enabled: null,
    inputErrors: null,
    outputErrors: null,
    timeSyncErrors: null,
    maxTimeDeltaSeconds: null,
    inHistory: false,
  };
}

/** An enabled group is whole with its time delta; whether its error history is whole is nobody's loss. */
function missingIn(groups: readonly ReplaySketch[]): string | null {
  const last = groups.at(-1);
  if (last === undefined) return 'the groups';
  if (last.enabled === null) return `the replay state of ${last.group}`;
  return last.enabled && last.maxTimeDeltaSeconds === null ? `the replay counters of ${last.group}` : null;
}

function replaySnapshot(sketch: ReplaySketch): GmSnapshot {
  const replay: GmReplay = {
    enabled: sketch.enabled,
    inputErrors: sketch.inputErrors,
    outputErrors: sketch.outputErrors,
    timeSyncErrors: sketch.timeSyncErrors,
    maxTimeDeltaSeconds: sketch.maxTimeDeltaSeconds,
  };
  return { ...emptyGmSnapshot(sketch.group), replay };
}

export const gmReplay: CommandGrammar = {
  names: ['show crypto gdoi gm replay', 'show crypto gdoi gm replay counters'],
  recognisedBy: [/^Anti-replay Information For Group /i],
  closedLines: [
    // is not enabled
    NOT_ENABLED,
    // Time Sync Error : 0 Max time delta : 0.00 secs
    /^Time Sync Error *: *\d{1,10} +Max time delta *: *\d{1,12}\.\d\d +secs$/,
    // No TBAR errors detected
    /^No TBAR errors detected$/i,
  ],
  read: readReplay,
};
