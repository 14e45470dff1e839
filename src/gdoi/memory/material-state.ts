/**
 * Did a device's state change in anything that must not be lost, or was the device only read once more? Most polls only
 * move instants and narrow estimates: a stored state that is some minutes behind in that leads to the same events, in
 * wider intervals.
 */
import { COUNTER_NAMES } from '../seen/counters.ts';
import { SAME_BOOT_MS } from '../seen/device-facts.ts';
import type { Episodes, GroupState, HeldView, TrackerState } from './tracker-state.ts';

/** `before` null: the device was never seen. */
export function stateChanged(before: TrackerState | null, now: TrackerState): boolean {
  if (before === now) return false;
  return (
    before === null ||
    before.isKs !== now.isKs ||
    before.clockSteps !== now.clockSteps ||
    before.backInTime?.count !== now.backInTime?.count ||
    before.emittedBoot?.toMs !== now.emittedBoot?.toMs ||
    before.failures?.firstMs !== now.failures?.firstMs ||
    before.failures?.unreachable !== now.failures?.unreachable ||
    bootMoved(before.boot, now.boot) ||
    // Old lines of the log that are read again are no news: where the log ended is stored with each answer that had new
    // ones.
    (before.logTail !== now.logTail && before.logTail?.hashes.join() !== now.logTail?.hashes.join()) ||
    before.ksMarks.length !== now.ksMarks.length ||
    before.ksMarks.at(-1)?.mark.atMs !== now.ksMarks.at(-1)?.mark.atMs ||
    before.groups.size !== now.groups.size ||
    anyGroupChanged(before, now)
  );
}

function anyGroupChanged(before: TrackerState, now: TrackerState): boolean {
  for (const [name, group] of now.groups) if (groupChanged(before.groups.get(name) ?? null, group)) return true;
  return false;
}

function bootMoved(before: TrackerState['boot'], now: TrackerState['boot']): boolean {
  if (before === null || now === null) return before !== now;
  return Math.abs(before.at.toMs - now.at.toMs) > SAME_BOOT_MS;
}

function groupChanged(before: GroupState | null, now: GroupState): boolean {
  if (before === now) return false;
  return (
    before === null ||
    GROUP_FIELDS.some((field) => before[field] !== now[field]) ||
    COUNTER_NAMES.some((counter) => before.counters[counter] !== now.counters[counter]) ||
    EPISODES.some((episode) => before.episodes[episode] !== now.episodes[episode]) ||
    before.epoch.id !== now.epoch.id ||
    before.pending !== now.pending ||
    (before.unregistered === null) !== (now.unregistered === null) ||
    (before.trying === undefined) !== (now.trying === undefined) ||
    before.failingFor?.reason !== now.failingFor?.reason ||
    (before.withoutTek === null) !== (now.withoutTek === null) ||
    before.forced?.atMs !== now.forced?.atMs ||
    before.marks.length !== now.marks.length ||
    before.marks.at(-1)?.atMs !== now.marks.at(-1)?.atMs ||
    before.replayErrors?.count !== now.replayErrors?.count ||
    before.dataplaneErrors?.count !== now.dataplaneErrors?.count ||
    before.tally.expected !== now.tally.expected ||
    before.tally.unexpected !== now.tally.unexpected ||
    before.tally.last?.atMs !== now.tally.last?.atMs ||
    (before.problems !== now.problems && problemsOf(before) !== problemsOf(now)) ||
    (before.snmp === null) !== (now.snmp === null) ||
    (before.snmp?.sign == null) !== (now.snmp?.sign == null) ||
    viewChanged(before.view, now.view)
  );
}

const GROUP_FIELDS = [
  'identity',
  'registered',
  'emitted',
  'everRegistered',
  'countsRekeys',
  'legacyKek',
  'failedBefore',
  'counted',
] as const satisfies readonly (keyof GroupState)[];

const EPISODES = [
  'overdueKek',
  'kekMissing',
  'registrationLost',
  'registrationFailed',
  'tekMissing',
  'overdueTek',
  'replayErrors',
] as const satisfies readonly (keyof Episodes)[];

function problemsOf({ problems }: GroupState): string {
  return problems.map(({ kind }) => kind).join();
}

function viewChanged(before: HeldView | null, now: HeldView | null): boolean {
  if (before === null || now === null) return before !== now;
  return (
    before.keyServer !== now.keyServer ||
    before.kek?.anchor !== now.kek?.anchor ||
    before.kekShown !== now.kekShown ||
    before.timerOf !== now.timerOf ||
    before.teks.length !== now.teks.length ||
    before.teks.some(({ spi }, index) => spi !== now.teks[index]?.spi)
  );
}
