/**
 * A group in which nothing is wrong, nothing was, and nothing happened lately that anything could follow from. Most
 * groups are so at most looks, and then no rule is asked: each goes through all members.
 */
import type { Episode } from './candidate.ts';
import { givesNoAnswer, type GmFacts, type GroupFacts, type KsFacts, type MemberContext } from './group-facts.ts';
import type { EpochMs } from '../seen/instant.ts';
import type { Symptom } from './symptom.ts';

/** What happened longer ago and left no symptom is not explained. */
const LATELY_MS = 3_600_000;

/** `said`: at the last look. */
export function isQuiet(said: readonly Episode[], symptoms: readonly Symptom[], facts: GroupFacts): boolean {
  const { gms, kss, nowMs, pollIntervalMs } = facts;
  if (said.length + symptoms.length > 0 || facts.ofOtherGroup !== null) return false;
  const isLately = (ms: EpochMs | null) => ms !== null && Math.abs(nowMs - ms) <= LATELY_MS + pollIntervalMs;
  return kss.every((ks) => isQuietKs(ks, nowMs, isLately)) && gms.every((gm) => isQuietGm(gm, nowMs, isLately));
}

function isQuietKs(ks: KsFacts, nowMs: EpochMs, isLately: (ms: EpochMs | null) => boolean): boolean {
  // However long ago that was: a GM that was refused may be refused still.
  const { unread, reasons, roleChanges } = ks;
  const isSettled = !isLately(roleChanges?.at(-1)?.atMs ?? null);
  return unread === undefined && reasons.length === 0 && isSettled && isUneventful(ks, nowMs, isLately);
}

function isQuietGm(gm: GmFacts, nowMs: EpochMs, isLately: (ms: EpochMs | null) => boolean): boolean {
  const { reasons, lastReregistration: last, kekExpiredInUse } = gm;
  return (
    !kekExpiredInUse &&
    !isLately(last?.atMs ?? null) &&
    !reasons.some(({ atMs }) => isLately(atMs)) &&
    isUneventful(gm, nowMs, isLately)
  );
}

function isUneventful(member: MemberContext, nowMs: EpochMs, isLately: (ms: EpochMs | null) => boolean): boolean {
  const { forced, bootMs, failedAttempts, linkDown, failingFor, clock } = member;
  return (
    !isLately(forced?.atMs ?? null) &&
    !isLately(bootMs) &&
    (failedAttempts ?? 0) === 0 &&
    linkDown === undefined &&
    failingFor === undefined &&
    clock === undefined &&
    !givesNoAnswer(member, nowMs)
  );
}
