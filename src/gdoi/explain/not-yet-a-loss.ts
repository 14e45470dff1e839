/**
 * Why a rekey that did not come is not yet called lost: an old KS sends none, or nobody who can tell was looked at
 * since it was due. Or it came, and was refused.
 */
import type { EpochMs } from '../seen/instant.ts';
import { among, type Asked, firstOf, goingOn } from './candidate.ts';
import {
  answeredLastMs,
  givesNoAnswer,
  type GmFacts,
  type GroupFacts,
  hasCoop,
  isSeenSince,
  LOOK_TAKES_MS,
  type KsFacts,
} from './group-facts.ts';
import { recentOf } from './recent-reasons.ts';
import { DUE_WITHIN_MS, healedDueMs, lastOfKeksMs, SEEN_WITHIN_MS, tekDueMs } from './rekey-reached.ts';
import type { Symptom } from './symptom.ts';
import { hasOnlyAcks, type Loss, LOSSES } from './who-missed-a-rekey.ts';

/** A GM without a KEK registers within this of the KEK's end (`timer-windows.ts`). */
const REGISTERS_AFTER_END_MS = 80_000;

/**
 * Whether a rekey is due at all depends on the KS's release. While no KS has said of which one it is, and no GM has a
 * newer KEK, an overdue KEK alone is not yet a lost rekey: whether the GM's re-registration brings another KEK will
 * tell.
 */
export function mayBeOldKs(asked: Asked, { traces }: Loss): boolean {
  const { facts, said } = asked;
  if (facts.kss.some(({ behavior }) => behavior !== 'unknown')) return false;
  if (goingOn(said, LOSSES).length > 0) return false;
  const waiting = facts.gms.filter(({ rekeyOverdue }) => rekeyOverdue);
  const lastsBeyondMs = lastOfKeksMs(waiting);
  const sentAhead = facts.gms.some(({ kekExpiryMs }) => (kekExpiryMs ?? 0) > lastsBeyondMs);
  if (Number.isFinite(lastsBeyondMs) && sentAhead) return false;
  const shows = new Map(facts.gms.map((gm) => [gm.device, gm]));
  const isOfKek = ({ check, device }: Symptom) =>
    check === 'kek_remaining' || (check === 'kek_present' && shows.get(device ?? '')?.uncounted === true);
  return traces.every(isOfKek) && facts.nowMs < releaseKnownMs(asked);
}

/** When `mayBeOldKs` is decided: by the registration that follows, and the look after it. */
export function releaseKnownMs({ facts, said }: Asked): EpochMs {
  const since = said.flatMap(({ cause, endedMs, sinceMs }) => (LOSSES.has(cause) && endedMs === null ? [sinceMs] : []));
  const sinceMs = Math.min(facts.nowMs, ...since);
  const waiting = facts.gms.filter((gm) => gm.rekeyOverdue || (gm.uncounted === true && gm.kek === 'absent'));
  // SNMP shows no registration that brings the same KEK: what it registers for when that has ended tells.
  const uncounted = waiting.filter((gm) => gm.uncounted === true);
  if (uncounted.length > 0) {
    const ends = uncounted.map(({ kekExpiryMs, kekSinceMs }) => kekExpiryMs ?? kekSinceMs);
    return Math.max(...ends) + REGISTERS_AFTER_END_MS + SEEN_WITHIN_MS + facts.pollIntervalMs;
  }
  const first = firstOf(waiting, ({ reregistersAtMs }) => reregistersAtMs);
  if (first === null) return sinceMs + SEEN_WITHIN_MS;
  const { reregistersAtMs, readMs, nextLookMs } = first;
  const registersAtMs = reregistersAtMs ?? sinceMs;
  // Without extra polls the look that follows is the next regular one.
  const lookMs = readMs < registersAtMs && nextLookMs !== null ? nextLookMs + LOOK_TAKES_MS : registersAtMs;
  return Math.max(registersAtMs + SEEN_WITHIN_MS, lookMs);
}

/** KSs that should have sent a rekey, and gave no answer since. */
export interface Unseen {
  readonly kss: readonly KsFacts[];
  /** They answered while it was on its way. */
  readonly answeredMeanwhile: boolean;
  /** An answer before this instant decides nothing. */
  readonly untilMs: EpochMs;
}

/**
 * No KS that should have sent the rekey was seen since it can have been sent to all: whether it sent it, or died before
 * it had, is for its next answer. Who has the rekey shows only that sending began. Where no look at it is planned,
 * nothing is waited for. null: one was seen.
 */
export function unseenSenders({ kss, gms, leadMs, rekeyTakesMs, nowMs }: GroupFacts, loss: Loss): Unseen | null {
  if (kss.length === 0) return null;
  if (kss.every((ks) => givesNoAnswer(ks, nowMs))) return { kss, answeredMeanwhile: false, untilMs: nowMs };
  const missing = among(gms, loss.missed);
  const begun = [...keksDueMs(missing, kss, leadMs), ...teksMadeMs(missing, kss)];
  const over = [...tekDueMs(missing, kss), ...healedDueMs(loss.healed)];
  const dueMs = Math.min(...begun, ...over);
  if (!Number.isFinite(dueMs)) return null;
  // One that died before it sent it again has sent it to all once: if nobody has it, that is no reason.
  const sentMs = loss.gotCount === 0 ? dueMs : Math.min(...begun.map((ms) => ms + rekeyTakesMs), ...over);
  const primaries = kss.filter(({ role }) => role === 'primary');
  // One that took over since did not send it.
  const before = primaries.filter(({ roleSinceMs }) => roleSinceMs < dueMs);
  const senders = before.length > 0 ? before : primaries.length > 0 ? primaries : kss;
  // It sent it to some, and lived on: it registered a GM.
  const servedSince = ({ address }: KsFacts) =>
    loss.gotCount > 0 && gms.some((gm) => gm.keyServer === address && (gm.lastReregistration?.atMs ?? 0) > sentMs);
  const isUnseen = (ks: KsFacts) =>
    givesNoAnswer(ks, nowMs) || (ks.nextLookMs !== null && !isSeenSince(ks, sentMs, nowMs) && !servedSince(ks));
  if (!senders.every(isUnseen)) return null;
  return { kss: senders, answeredMeanwhile: senders.some((ks) => answeredLastMs(ks) >= dueMs), untilMs: sentMs };
}

/** When the KEKs were due that these GMs lack: by the old one's end, or by the KS's first answer with the new one. */
function keksDueMs(missing: readonly GmFacts[], kss: GroupFacts['kss'], leadMs: number): readonly EpochMs[] {
  return missing.flatMap(({ rekeyOverdue, kekExpiryMs, kekMatchesKs, kekBehind }) => {
    if (rekeyOverdue && kekExpiryMs !== null) return [kekExpiryMs - leadMs];
    return kekMatchesKs === false && kekBehind ? kss.flatMap(({ kekSinceMs }) => kekSinceMs ?? []) : [];
  });
}

/** When a KS made the TEKs that these GMs lack. */
function teksMadeMs(missing: readonly GmFacts[], kss: GroupFacts['kss']): readonly EpochMs[] {
  const isBehind = missing.some(({ tekMatchesKs, teksBehind }) => tekMatchesKs === false && teksBehind);
  return isBehind ? kss.flatMap(({ tekMadeMs }) => tekMadeMs ?? []) : [];
}

/**
 * What a KS counts says nothing of where its rekeys went: whether the GM was there to take them, and has the keys,
 * shows its next answer. One that the agent cannot ask is not waited for.
 */
export function isGmUnseen({ gms, kss }: GroupFacts, loss: Loss): boolean {
  if (!hasOnlyAcks(loss)) return false;
  const countedMs = Math.max(...kss.map(({ readMs }) => readMs));
  return among(gms, loss.missed).some(({ failure, sentMs }) => failure === null && sentMs < countedMs);
}

/**
 * KSs may sign with different RSA keys, and then GMs refuse what comes (on-call catalogue, row 19). Their logs alone
 * tell it: where none comes to the agent, a rekey that was refused looks like one that was lost. A GM that is registered
 * with the same KS as one that got it has the same key. If it is with the same KS as one that refuses, its own message
 * may just be lost (syslog is UDP).
 */
export function mayRefuse(loss: Loss, facts: GroupFacts): boolean {
  const { missed, got } = loss;
  const { kss, otherServers } = facts;
  const several = hasCoop(facts) || kss.length === 0 || otherServers === null || otherServers.length > 0;
  // SNMP's table shows the KS that a GM tries.
  const registeredWith = ({ keyServer, uncounted }: GmFacts) => (uncounted === true ? null : keyServer);
  const serversOf = (gms: readonly GmFacts[]) => new Set(gms.map(registeredWith).filter((server) => server !== null));
  const accepted = serversOf(among(facts.gms, got));
  const refused = serversOf(facts.gms.filter((gm) => recentOf(gm, 'rekey_refused', facts.nowMs).length > 0));
  return (
    several &&
    among(facts.gms, missed).every((gm) => {
      const server = registeredWith(gm) ?? '';
      return !accepted.has(server) && (refused.has(server) || !wouldHaveSaid(gm, loss, facts));
    })
  );
}

/** Its log came before the rekey can have: as far back as a TEK lifetime, where nothing tells when it was sent. */
function wouldHaveSaid(
  { device, logHeardSinceMs, rekeyOverdue, kekExpiryMs }: GmFacts,
  { healed }: Loss,
  { leadMs, tekLifetimeMs, nowMs }: GroupFacts,
): boolean {
  if (logHeardSinceMs === undefined) return false;
  if (rekeyOverdue && kekExpiryMs !== null) return logHeardSinceMs <= kekExpiryMs - leadMs;
  const registeredMs = healed.find((gm) => gm.device === device)?.lastReregistration?.atMs;
  return logHeardSinceMs <= (registeredMs === undefined ? nowMs - tekLifetimeMs : registeredMs - DUE_WITHIN_MS);
}
