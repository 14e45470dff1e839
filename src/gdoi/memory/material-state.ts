/**
 * Did a device's state change in anything that must not be lost, or was the device only read once more? Most polls only
 * move instants and narrow estimates: a stored state that is some minutes behind in that leads to the same events, in
 * wider intervals.
 */
import { COUNTER_NAMES } from '../seen/counters.ts';
import { SAME_BOOT_MS } from '../seen/device-facts.ts';
import { changesBy, changesOfOptional } from '../seen/material-fields.ts';
import type { Named } from '../seen/named.ts';
import type { Episodes, ErrorCount, GroupState, HeldView, DataProblem, Tally, TrackerState } from './tracker-state.ts';

const viewChanged = changesOfOptional<HeldView, null>({
  sentMs: 'never',
  receivedMs: 'never',
  keyServer: 'always',
  kek: (before, now) => before?.anchor !== now?.anchor,
  kekShown: 'always',
  teks: (before, now) => before.length !== now.length || before.some(({ spi }, index) => spi !== now[index]?.spi),
  interfaces: 'never',
  keysCame: 'never',
  timer: 'never',
  timerAfterKek: 'never',
  timerBeforeTek: 'never',
  timerOf: 'always',
  clockSet: 'never',
});

const episodesChanged = changesBy<Episodes>({
  overdueKek: 'always',
  kekMissing: 'always',
  registrationLost: 'always',
  registrationFailed: 'always',
  tekMissing: 'always',
  overdueTek: 'always',
  replayErrors: 'always',
});

const tallyChanged = changesBy<Tally>({
  expected: 'always',
  unexpected: 'always',
  last: (before, now) => before?.atMs !== now?.atMs,
  recent: 'never',
  lastUnexpected: 'never',
});

const groupFieldsChanged = changesBy<GroupState>({
  seen: 'never',
  sameBootMs: 'never',
  identity: 'always',
  registered: 'always',
  multicast: 'always',
  unregistered: begunOrEnded,
  trying: begunOrEnded,
  retrying: (before, now) => before?.attempts !== now?.attempts,
  failingFor: (before, now) => before?.reason !== now?.reason,
  vanished: (before, now) => before?.answers !== now?.answers || before?.knownMs !== now?.knownMs,
  counters: (before, now) => COUNTER_NAMES.some((counter) => before[counter] !== now[counter]),
  epoch: (before, now) => before.id !== now.id,
  emitted: 'always',
  everRegistered: 'always',
  countsRekeys: 'always',
  countsTekRekeys: 'always',
  uncountedTek: begunOrEnded,
  view: viewChanged,
  tekLifetimeSeconds: 'never',
  legacyKek: 'always',
  forced: (before, now) => before?.atMs !== now?.atMs,
  marks: differentMarks,
  pending: 'always',
  episodes: episodesChanged,
  withoutTek: begunOrEnded,
  replayErrors: differentCount,
  dataplaneErrors: differentCount,
  failedBefore: 'always',
  problems: (before, now) => kindsOf(before) !== kindsOf(now),
  tally: tallyChanged,
  counted: 'always',
  snmp: (before, now) => begunOrEnded(before, now) || begunOrEnded(before?.sign, now?.sign),
});

const deviceFieldsChanged = changesBy<TrackerState>({
  device: 'never',
  answered: 'never',
  answeredBySnmp: 'never',
  answeredBefore: 'never',
  answeringSinceMs: 'never',
  answeredBeforeSinceMs: 'never',
  primaryKeks: 'never',
  oldBootAnsweredMs: 'never',
  latestSentMs: 'never',
  factsSentMs: 'never',
  backInTime: (before, now) => before?.count !== now?.count,
  clockSteps: 'always',
  boot: (before, now) => before === null || now === null || Math.abs(before.at.toMs - now.at.toMs) > SAME_BOOT_MS,
  emittedBoot: (before, now) => before?.toMs !== now?.toMs,
  failures: (before, now) => before?.firstMs !== now?.firstMs || before?.unreachable !== now?.unreachable,
  isKs: 'always',
  logClock: 'never',
  // Old lines of the log that are read again are no news: where the log ended is stored with each answer that had new
  // ones.
  logTail: (before, now) => before?.hashes.join() !== now?.hashes.join(),
  groups: anyGroupChanged,
  ksMarks: (before, now) => before.length !== now.length || before.at(-1)?.mark.atMs !== now.at(-1)?.mark.atMs,
});

/** `before` null: the device was never seen. */
export function stateChanged(before: TrackerState | null, now: TrackerState): boolean {
  return before === null || deviceFieldsChanged(before, now);
}

function anyGroupChanged(before: Named<GroupState>, now: Named<GroupState>): boolean {
  if (before.size !== now.size) return true;
  for (const [name, group] of now) {
    const was = before.get(name);
    if (was === undefined || groupFieldsChanged(was, group)) return true;
  }
  return false;
}

function begunOrEnded(before: object | null | undefined, now: object | null | undefined): boolean {
  return (before ?? null) === null ? (now ?? null) !== null : (now ?? null) === null;
}

function differentMarks(before: GroupState['marks'], now: GroupState['marks']): boolean {
  return before.length !== now.length || before.at(-1)?.atMs !== now.at(-1)?.atMs;
}

function differentCount(before: ErrorCount | null, now: ErrorCount | null): boolean {
  return before?.count !== now?.count;
}

function kindsOf(problems: readonly DataProblem[]): string {
  return problems.map(({ kind }) => kind).join();
}
