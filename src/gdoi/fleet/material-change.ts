/**
 * Did a member change in anything by which the group is judged, or was it only read once more? At most polls nothing
 * happened: countdowns ran on, and instants moved by what reading them takes. Then the group need not be judged again,
 * nor the record stored at once.
 */
import { type FleetGm, type FleetKs, type FleetState, SAME_EXPIRY_MS } from './fleet-state.ts';
import { gmInGroup, type Yardstick } from './yardstick.ts';
import type { Failure, MemberContext } from '../explain/group-facts.ts';
import { tekWindowSecondsBeforeExpiry } from '../keys/kek-window.ts';
import { SAME_BOOT_MS } from '../seen/device-facts.ts';
import type { EpochMs } from '../seen/instant.ts';

/** An expiry is read in whole seconds, and with what reading takes. */
const EXPIRY_READ_MS = 5000;
/** A TEK with less than this left had no rekey: GMs re-register before (TEK window). */
const TEK_OVERDUE_MS = tekWindowSecondsBeforeExpiry(0).to * 1000;

/** A GM's record after another; null: it was, or is, none. `yardstick`: what both are judged by. */
export function gmChanged(before: FleetGm | null, now: FleetGm | null, yardstick: Yardstick): boolean {
  if (before === now) return false;
  if (before === null || now === null) return true;
  return (
    GM_FIELDS.some((field) => before[field] !== now[field]) ||
    tekOverdue(before) !== tekOverdue(now) ||
    before.counters.received !== now.counters.received ||
    before.counters.succeeded !== now.counters.succeeded ||
    before.lastReregistration?.atMs !== now.lastReregistration?.atMs ||
    before.lastReregistration?.cause !== now.lastReregistration?.cause ||
    differentTexts(before.keyServers, now.keyServers) ||
    teksChanged(before, now) ||
    differentTexts(before.newerTeks ?? [], now.newerTeks ?? []) ||
    contextChanged(before.context, now.context) ||
    judgedDifferently(before, now, yardstick)
  );
}

const GM_FIELDS = [
  'address',
  'host',
  'identity',
  'reachable',
  'registered',
  'keyServer',
  'behavior',
  'version',
  'registeredSinceMs',
  'kek',
  'kekSinceMs',
  'rekeyOverdue',
] as const satisfies readonly (keyof FleetGm)[];

function judgedDifferently(before: FleetGm, now: FleetGm, yardstick: Yardstick): boolean {
  const [was, is] = [gmInGroup(before, yardstick), gmInGroup(now, yardstick)];
  return VERDICTS.some((verdict) => was[verdict] !== is[verdict]);
}

const VERDICTS = ['kekMatchesKs', 'tekMatchesKs', 'divergent', 'kekExpiredInUse', 'listedByKs', 'acksMissed'] as const;

/** Its longest-lived TEK is nearer to its end than any rekey leaves it. */
export function tekOverdue({ teks, receivedAtMs }: FleetGm): boolean {
  const expiryMs = teks?.[0]?.expiryMs ?? null;
  return expiryMs !== null && expiryMs - receivedAtMs <= TEK_OVERDUE_MS;
}

function spisOf({ teks }: FleetGm): readonly string[] {
  return (teks ?? []).map(({ spi }) => spi);
}

/**
 * Other TEKs than before, beside those whose time was over. That an old one runs out at its end is expected: taken as a
 * change, it would have a group of thousands judged, and all their records written, for an interval after each rekey.
 */
function teksChanged(before: FleetGm, now: FleetGm): boolean {
  if (!differentTexts(spisOf(before), spisOf(now))) return false;
  // A GM without any is another matter, whatever became of the last one.
  if (spisOf(before).length === 0 || spisOf(now).length === 0) return true;
  const endMs = now.receivedAtMs + EXPIRY_READ_MS;
  const over = new Set(
    [...(before.teks ?? []), ...(now.teks ?? [])].flatMap(({ spi, expiryMs }) =>
      expiryMs !== null && expiryMs <= endMs ? [spi] : [],
    ),
  );
  const left = (gm: FleetGm) => spisOf(gm).filter((spi) => !over.has(spi));
  return differentTexts(left(before), left(now));
}

/** A KS's record after another; null: it was, or is, none. */
export function ksChanged(before: FleetKs | null, now: FleetKs | null): boolean {
  if (before === now) return false;
  if (before === null || now === null) return true;
  return (
    KS_FIELDS.some((field) => before[field] !== now[field]) ||
    before.kek?.spi !== now.kek?.spi ||
    before.kek?.sinceMs !== now.kek?.sinceMs ||
    moved(before.nextRekeyMs, now.nextRekeyMs, SAME_EXPIRY_MS) ||
    before.said?.length !== now.said?.length ||
    before.said?.at(-1)?.atMs !== now.said?.at(-1)?.atMs ||
    differentTexts(
      before.currentTeks.map(({ spi }) => spi),
      now.currentTeks.map(({ spi }) => spi),
    ) ||
    differentTexts(before.liveSpis, now.liveSpis) ||
    differentTexts(peersOf(before), peersOf(now)) ||
    differentRows(before.memberRows, now.memberRows) ||
    contextChanged(before.context, now.context)
  );
}

const KS_FIELDS = [
  'address',
  'identity',
  'reachable',
  'behavior',
  'version',
  'role',
  'roleSinceMs',
  'kekLifetimeSeconds',
  'tekLifetimeSeconds',
  'members',
  'membersUnread',
] as const satisfies readonly (keyof FleetKs)[];

function peersOf({ peers }: FleetKs): readonly string[] {
  return (peers ?? []).map(({ address, role, status }) => `${address} ${role} ${status}`);
}

function differentRows(before: FleetKs['memberRows'], now: FleetKs['memberRows']): boolean {
  if (before === now) return false;
  if (before === null || now === null || before.length !== now.length) return true;
  return now.some(({ address, acksMissed }, index) => {
    const was = before[index];
    return was?.address !== address || was.acksMissed !== acksMissed;
  });
}

function contextChanged(before: MemberContext, now: MemberContext): boolean {
  return (
    FAILURE_FIELDS.some((field) => before.failure?.[field] !== now.failure?.[field]) ||
    before.forced?.atMs !== now.forced?.atMs ||
    before.linkDown?.sinceMs !== now.linkDown?.sinceMs ||
    before.linkDown?.backMs !== now.linkDown?.backMs ||
    before.dropping !== now.dropping ||
    before.failingFor?.reason !== now.failingFor?.reason ||
    before.clock?.synchronised !== now.clock?.synchronised ||
    inMinutes(before.clock) !== inMinutes(now.clock) ||
    before.unregisteredSinceMs !== now.unregisteredSinceMs ||
    before.failedAttempts !== now.failedAttempts ||
    before.reasons.length !== now.reasons.length ||
    before.reasons.at(-1) !== now.reasons.at(-1) ||
    moved(before.bootMs, now.bootMs, SAME_BOOT_MS)
  );
}

const FAILURE_FIELDS = [
  'sinceMs',
  'inARow',
  'result',
  'established',
  'answersBy',
  'heardMs',
  'answeredMs',
] as const satisfies readonly (keyof Failure)[];

/** A clock that is off stays so, give or take the latency of an answer. */
function inMinutes(clock: MemberContext['clock']): number | null {
  return clock === undefined || clock.aheadSeconds === null ? null : Math.round(clock.aheadSeconds / 60);
}

function moved(before: EpochMs | null, now: EpochMs | null, within: number): boolean {
  return before === null || now === null ? before !== now : Math.abs(before - now) > within;
}

function differentTexts(before: readonly string[], now: readonly string[]): boolean {
  return before.length !== now.length || before.some((text, index) => text !== now[index]);
}

/** Has the group's own part changed in anything that is told of it? `before` null: there was none. */
export function groupPartChanged(before: FleetState | null, now: FleetState): boolean {
  if (before === null) return true;
  return (
    before.kekGeneration?.ks !== now.kekGeneration?.ks ||
    before.kekGeneration?.spi !== now.kekGeneration?.spi ||
    before.kekGeneration?.changedBetweenMs?.[1] !== now.kekGeneration?.changedBetweenMs?.[1] ||
    // At most steps they are the same objects.
    (before.heard !== now.heard && differentTexts(heardOf(before), heardOf(now))) ||
    (before.occurrences !== now.occurrences && differentTexts(occurrencesOf(before), occurrencesOf(now))) ||
    (before.said !== now.said && differentTexts(saidOf(before), saidOf(now)))
  );
}

function heardOf({ heard }: FleetState): readonly string[] {
  return (heard ?? []).map(({ device, said }) => `${device} ${said.length} ${said.at(-1)?.atMs ?? ''}`);
}

function occurrencesOf({ occurrences }: FleetState): readonly string[] {
  return Array.from(
    occurrences,
    ([key, { sinceMs, told, clearSinceMs }]) => `${key} ${sinceMs} ${told} ${clearSinceMs ?? ''}`,
  );
}

/** A deadline in its words is read again with each answer and moves by some seconds. */
function saidOf({ said }: FleetState): readonly string[] {
  return said.map(
    ({ cause, sinceMs, presentSinceMs, endedMs, worst, said: { status, summary } }) =>
      `${cause} ${sinceMs} ${presentSinceMs ?? ''} ${endedMs ?? ''} ${worst} ${status} ${summary}`,
  );
}
