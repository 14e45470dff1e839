/**
 * A KS of the old KEK behaviour with GMs of the new one: nothing is broken tonight, and it comes back in every cycle.
 */
import {
  among,
  type Asked,
  butMissingTeks,
  devicesOf,
  type Candidate,
  claimed,
  explainedBefore,
  GM_CHECKS,
  list,
  REGISTERING_MS,
  sorted,
} from './candidate.ts';
import { ACKS_MISSED_CRITICAL } from './acks-missed.ts';
import { type GmFacts, type GroupFacts, isMute, isUnregistered, triesInVain } from './group-facts.ts';
import { gmsNamed, ksNamed, verb } from './said.ts';
import type { EpochMs } from '../seen/instant.ts';
import { CLOCKS_MS, kekByRegisteringMs, reregisteredLately, type Symptom } from './symptom.ts';

/** The GM's last re-registration was of this cause, just now. */
function isProof(gm: GmFacts, nowMs: EpochMs): boolean {
  return gm.lastReregistration?.cause === 'legacy_ks' && reregisteredLately(gm, nowMs);
}

/** Its KEK came by registering, or has ended without another: no rekey has shown since that its KS sends one ahead. */
function hasNoRekeySince(gm: GmFacts): boolean {
  const { lastReregistration: last, kek, kekSinceMs } = gm;
  return last !== null && (kek === 'absent' || kekSinceMs <= kekByRegisteringMs(gm, last));
}

/** Its last re-registration was for a KEK whose successor had not come. */
function ofMissedKek(gm: GmFacts, nowMs: EpochMs): boolean {
  const cause = gm.lastReregistration?.cause;
  return (cause === 'kek_missed_rekey' || cause === 'kek_expired') && reregisteredLately(gm, nowMs);
}

function isUpgraded({ kss }: GroupFacts): boolean {
  return kss.length > 0 && kss.every(({ behavior }) => behavior === 'timer');
}

/** GMs whose re-registrations show that their KS sends no KEK rekey ahead. */
function provenBy({ facts, last, before }: Asked): readonly GmFacts[] {
  const { gms, kss, nowMs } = facts;
  const told = new Set(isUpgraded(facts) && last?.presentSinceMs != null ? devicesOf(last) : []);
  // A clear, or a TEK that ran out, does not make its KS another one.
  const proofs = new Set(before !== null && before.said.confidence !== 'possible' ? devicesOf(before) : []);
  const releaseShown = kss.some(({ behavior }) => behavior !== 'unknown');
  return gms.filter((gm) => {
    if (isProof(gm, nowMs)) return true;
    // SNMP does not show which of the two it was.
    if (told.has(gm.device) && gm.uncounted === true && ofMissedKek(gm, nowMs)) return true;
    // What is known where no KS says of which release it is.
    const isKnown = gm.lastReregistration?.cause === 'legacy_ks' || proofs.has(gm.device);
    return !releaseShown && isKnown && hasNoRekeySince(gm);
  });
}

type ByRelease = Pick<Candidate, 'summary' | 'consequence' | 'firstStep'>;

function afterUpgrade(_legacy: readonly string[], affected: readonly string[], gms: readonly GmFacts[]): ByRelease {
  return {
    summary: `The KSs are upgraded; ${gmsNamed(affected, gms.length)} re-registered for the last time because of their old release`,
    consequence: null,
    firstStep: null,
  };
}

function untilUpgrade(legacy: readonly string[], affected: readonly string[], gms: readonly GmFacts[]): ByRelease {
  const server = legacy.length === 0 ? 'The KS' : ksNamed(legacy);
  const sends = verb(Math.max(1, legacy.length), 'sends', 'send');
  const each = affected.length === 1 ? 'it' : 'each of them';
  return {
    summary: `${server} ${sends} no KEK rekey before expiry (release older than 15.2(1)T / XE 3.5S): ${gmsNamed(affected, gms.length)} ${verb(affected.length, 're-registers', 're-register')} twice in every KEK cycle`,
    consequence: {
      what: `two re-registrations of ${each} around every KEK expiry; traffic goes on, and nothing has to be done tonight`,
      unless: null,
    },
    firstStep: `Plan the upgrade of ${legacy.length === 0 ? 'the KS' : ksNamed(legacy)} to 15.2(1)T / XE 3.5S or later (show version there)`,
  };
}

/** An old KS that is secondary sends nothing, so that nothing comes of its release until it is primary. */
function onceItSends(legacy: readonly string[], affected: readonly string[], gms: readonly GmFacts[]): ByRelease {
  const each = affected.length === 1 ? 'it' : 'each of them';
  return {
    summary: `${ksNamed(legacy)} would send no KEK rekey before expiry as primary (release older than 15.2(1)T / XE 3.5S): ${gmsNamed(affected, gms.length)} would then re-register twice in every KEK cycle`,
    consequence: {
      what: `once ${legacy.length === 1 ? 'it' : 'one of them'} is primary, two re-registrations of ${each} around every KEK expiry; traffic goes on, and nothing has to be done tonight`,
      unless: null,
    },
    firstStep: `Plan the upgrade of ${ksNamed(legacy)} to 15.2(1)T / XE 3.5S or later (show version there)`,
  };
}

/** From the end of a KEK on a GM is without one for up to 80 s, and then registers. */
const WITHOUT_KEK_MS = 80_000 + REGISTERING_MS;

/** Was it at this instant about the end of a KEK that no rekey replaced before? */
function isAboutKekEnd({ kek, kekExpiryMs, kekSinceMs }: GmFacts, atMs: EpochMs, leadMs: number): boolean {
  if (kek === 'absent') return atMs - kekSinceMs <= WITHOUT_KEK_MS;
  // While it registers it shows none.
  if (kekExpiryMs === null) return true;
  return kekExpiryMs - atMs <= leadMs || kekSinceMs >= atMs - CLOCKS_MS;
}

/** A GM that registers shows no KEK: its KSs tell, or nobody does. */
function isAboutKekEndOf(kss: GroupFacts['kss'], atMs: EpochMs, leadMs: number): boolean {
  const shown = kss.filter(({ kekExpiryMs }) => kekExpiryMs !== null);
  return (
    shown.length === 0 ||
    shown.some(
      ({ kekExpiryMs, kekSinceMs }) =>
        (kekExpiryMs ?? 0) - atMs <= leadMs || (kekSinceMs ?? 0) >= atMs - WITHOUT_KEK_MS,
    )
  );
}

/**
 * Which symptoms of a GM can come of a KS that sends no KEK rekey ahead: those about the end of a KEK, and none that
 * outlasts the two registrations. A GM that stays without a registration, or lost a rekey of a TEK in between, has
 * another reason.
 */
function comesOfRelease({ gms, kss, nowMs, leadMs, listAgeMs }: GroupFacts): (symptom: Symptom) => boolean {
  const shows = new Map(gms.map((gm) => [gm.device, gm]));
  return ({ check, device, sinceMs }) => {
    const gm = shows.get(device ?? '');
    if (gm === undefined) return true;
    switch (check) {
      case 'kek_remaining':
        return true;
      case 'registered':
        return (
          isUnregistered(gm) &&
          !triesInVain(gm) &&
          nowMs - sinceMs <= REGISTERING_MS &&
          isAboutKekEndOf(kss, sinceMs, leadMs)
        );
      case 'rekeys_acknowledged':
        // What came while it held no KEK, until its KS's list is read again.
        return (
          gm.listedByKs !== false &&
          (gm.acksMissed ?? 0) < ACKS_MISSED_CRITICAL &&
          isAboutKekEnd(gm, nowMs - listAgeMs, leadMs)
        );
      default:
        return isAboutKekEnd(gm, sinceMs, leadMs);
    }
  };
}

/** Whose registration was told as its doing while it sent the rekeys, before another KS took over. */
function registeredForIt({ facts: { gms, kss, nowMs }, said }: Asked): readonly GmFacts[] {
  const wasExplained = explainedBefore(said, (cause) => cause === 'legacy_ks');
  const takenOverMs = kss
    .filter(({ role, failure }) => role === 'primary' && failure === null)
    .reduce((earliest, { roleSinceMs }) => Math.min(earliest, roleSinceMs), nowMs);
  return gms.filter(
    ({ device, lastReregistration: last }) =>
      last !== null && last.atMs <= takenOverMs + CLOCKS_MS && wasExplained(device, last.atMs),
  );
}

export function legacyKs(asked: Asked): Candidate | null {
  const { facts, open } = asked;
  const { mixed, gms, kss, nowMs } = facts;
  const upgraded = isUpgraded(facts);
  const releaseShown = kss.some(({ behavior }) => behavior !== 'unknown');
  const proven = provenBy(asked);
  if (mixed === null && proven.length === 0) return releaseShown ? null : heldToItsEnd(asked);
  const over = mixed === null && upgraded;
  const affected = sorted(mixed?.affectedGms ?? proven.map(({ device }) => device));
  const legacy = sorted(mixed?.legacyKss.map(({ device }) => device) ?? []);
  const sends = mixed === null || mixed.sending.length > 0;
  const concerned = sends ? affected : sorted([...proven, ...registeredForIt(asked)].map(({ device }) => device));
  // What one GM proved holds for all with a KEK timer: the KS sends none of them a KEK rekey ahead.
  const others = over || !sends ? [] : gms.filter(({ behavior }) => behavior === 'timer');
  const waitingInVain = others.filter(({ rekeyOverdue }) => rekeyOverdue);
  const waitedInVain = releaseShown ? [] : others.filter((gm) => ofMissedKek(gm, nowMs));
  const claims = butMissingTeks(
    claimed(
      open,
      { checks: ['mixed_versions'] },
      { checks: GM_CHECKS, of: new Set(concerned) },
      // Its image has no GDOI MIB, or not what the agent asks for.
      { checks: ['reachable'], of: new Set(kss.filter(isMute).map(({ device }) => device)) },
      { checks: ['kek_remaining'], of: new Set(waitingInVain.map(({ device }) => device)) },
      { checks: ['reregistrations'], of: new Set(waitedInVain.map(({ device }) => device)) },
    ),
    gms,
  ).filter(comesOfRelease(facts));
  if (over && claims.length === 0) return null;
  return {
    phase: over ? 'over' : 'present',
    status: over ? 'ok' : 'warning',
    sinceMs: Math.min(nowMs, ...among(gms, affected).map(({ kekSinceMs }) => kekSinceMs)),
    ...(over ? afterUpgrade : sends ? untilUpgrade : onceItSends)(legacy, affected, gms),
    deadlineMs: null,
    confidence: mixed === null ? 'likely' : 'certain',
    knownAtMs: null,
    scope: sorted([...legacy, ...affected]),
    evidence: [
      ...(mixed?.legacyKss ?? []).map(
        ({ device, version }) => `${device}: release ${version ?? 'not known'}, without KEK rekey before expiry`,
      ),
      ...(proven.length === 0 ? [] : [`${list(proven.map(({ device }) => device))}: re-registered for this cause`]),
    ],
    claims,
  };
}

/**
 * A GM whose KEK rekey is lost registers before its KEK ends, and gets another KEK. These held theirs to its end: a KS
 * that sends none before, or none that took their registrations. SNMP shows no registration that brings the same KEK.
 */
function heldToItsEnd({ facts, open, before }: Asked): Candidate | null {
  const { gms, nowMs } = facts;
  if (gms.some(({ lastReregistration: last }) => last !== null && last.cause === 'kek_missed_rekey')) return null;
  const held = gms.filter(
    (gm) =>
      gm.uncounted === true &&
      gm.behavior === 'timer' &&
      gm.lastReregistration?.cause === 'kek_expired' &&
      hasNoRekeySince(gm),
  );
  const waiting = gms.filter((gm) => gm.uncounted === true && gm.behavior === 'timer');
  const claims = claimed(
    open,
    { checks: ['reregistrations'], of: new Set(held.map(({ device }) => device)) },
    { checks: ['kek_remaining', 'kek_present'], of: new Set(waiting.map(({ device }) => device)) },
  );
  const isNew = claims.some(({ check }) => check === 'reregistrations');
  if (held.length === 0 || (before === null && !isNew)) return null;
  const names = sorted(held.map(({ device }) => device));
  const [they, were] = names.length === 1 ? ['it', 'it was'] : (['they', 'they were'] as const);
  return {
    phase: 'present',
    status: 'warning',
    sinceMs: before?.sinceMs ?? Math.min(nowMs, ...held.map(({ kekSinceMs }) => kekSinceMs)),
    summary: `${gmsNamed(names, gms.length)} held ${names.length === 1 ? 'its' : 'their'} KEK to its end and registered after it: the KS sends no KEK rekey before expiry (release older than 15.2(1)T / XE 3.5S), or took no registration in the three minutes before; SNMP does not show which`,
    consequence: {
      what: `traffic goes on; if the KS is of an old release, ${they} ${verb(names.length, 'registers', 'register')} twice around every KEK expiry`,
      unless: null,
    },
    deadlineMs: null,
    confidence: 'possible',
    knownAtMs: null,
    firstStep:
      'show version on the KS: is it older than 15.2(1)T / XE 3.5S? If not, show crypto gdoi ks rekey and ks members there: was it up, and did it take registrations?',
    scope: names,
    evidence: [`${list(names)}: no other KEK before the old one ended, and another one after ${were} without any`],
    claims,
  };
}
