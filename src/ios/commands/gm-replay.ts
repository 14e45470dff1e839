/**
 * `show crypto gdoi gm replay`: time-based anti-replay of each group, or `is not enabled` on a line of its own.
 *
 * The error history has no fixed form and holds nothing that the counters do not: its lines are known and unread.
 */
import { emptyGmSnapshot, type GmReplay, type GmSnapshot } from '../../gdoi/seen/snapshot.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { collapseBlanks, parseCount } from '../text/device-values.ts';
import { findRule, type LabelRule, labelTable, pairsOf, unused } from '../text/label-table.ts';

interface ReplayDraft {
  readonly group: string;
  enabled: boolean | null;
  inputErrors: number | null;
  outputErrors: number | null;
  timeSyncErrors: number | null;
  maxTimeDeltaSeconds: number | null;
  inHistory: boolean;
}

// Anti-replay Information For Group bw600:
const GROUP_HEADING = /^Anti-replay Information For Group (\S{1,128}?) ?:$/i;
// is not enabled
const NOT_ENABLED = /^is not enabled$/i;
// TBAR Error History (sampled at 10pak/min):
const HISTORY = /^TBAR Error History\b/i;
// 3611735.21 secs / 0.00 secs
const DECIMAL_SECONDS = /^(\d{1,12}(?:\.\d{1,6})?) secs?$/;

type CountField = 'inputErrors' | 'outputErrors' | 'timeSyncErrors';

function count(field: CountField): LabelRule<ReplayDraft> {
  return (draft, value) => {
    draft.enabled = true;
    draft[field] = parseCount(value);
    return draft[field] !== null;
  };
}

const LABELS = labelTable<ReplayDraft>([
  [['Timebased Replay', 'Time based Replay'], unused],
  [
    'Replay Value',
    (draft) => {
      draft.enabled = true;
      return true;
    },
  ],
  [['Input Packets', 'Output Packets'], unused],
  ['Input Error Packets', count('inputErrors')],
  ['Output Error Packets', count('outputErrors')],
  ['Time Sync Error', count('timeSyncErrors')],
  [
    'Max time delta',
    (draft, value) => {
      const seconds = DECIMAL_SECONDS.exec(value)?.[1];
      draft.maxTimeDeltaSeconds = seconds === undefined ? null : Number(seconds);
      return seconds !== undefined;
    },
  ],
]);

function readReplay(answer: Answer): Reading {
  const groups: ReplayDraft[] = [];
  const unknown: number[] = [];
  for (let i = 0; i < answer.lines.length; i++) {
    if (!readLine(groups, collapseBlanks(answer.lines[i] ?? ''))) unknown.push(i);
  }
  return {
    snapshots: groups.map(replaySnapshot),
    unknown,
    recognised: unknown.length < answer.lines.length,
    missing: answer.ending === 'prompt' ? null : missingIn(groups),
  };
}

function readLine(groups: ReplayDraft[], line: string): boolean {
  const name = GROUP_HEADING.exec(line)?.[1];
  if (name !== undefined) {
    groups.push({
      group: name,
      enabled: null,
      inputErrors: null,
      outputErrors: null,
      timeSyncErrors: null,
      maxTimeDeltaSeconds: null,
      inHistory: false,
    });
    return true;
  }
  const draft = groups.at(-1);
  if (draft === undefined) return false;
  if (NOT_ENABLED.test(line)) {
    draft.enabled = false;
    return true;
  }
  if (HISTORY.test(line)) {
    draft.inHistory = true;
    return true;
  }
  if (draft.inHistory) return true;
  const pairs = pairsOf(line);
  let known = pairs.length > 0;
  for (const { label, value } of pairs) known = (findRule(LABELS, label)?.(draft, value) ?? false) && known;
  return known;
}

/** An enabled group is whole with its time delta; whether its error history is whole is nobody's loss. */
function missingIn(groups: readonly ReplayDraft[]): string | null {
  const last = groups.at(-1);
  if (last === undefined) return 'the groups';
  if (last.enabled === null) return `the replay state of ${last.group}`;
  return last.enabled && last.maxTimeDeltaSeconds === null ? `the replay counters of ${last.group}` : null;
}

function replaySnapshot(draft: ReplayDraft): GmSnapshot {
  const replay: GmReplay = {
    enabled: draft.enabled,
    inputErrors: draft.inputErrors,
    outputErrors: draft.outputErrors,
    timeSyncErrors: draft.timeSyncErrors,
    maxTimeDeltaSeconds: draft.maxTimeDeltaSeconds,
  };
  return { ...emptyGmSnapshot(draft.group), replay };
}

export const gmReplay: CommandGrammar = {
  names: ['show crypto gdoi gm replay'],
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
