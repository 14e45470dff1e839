/** A KS of the old KEK behaviour with GMs of the new one: nothing is broken tonight, and it comes back in every cycle. */
import { among, type Asked, butMissingTeks, type Candidate, claimed, GM_CHECKS, list, sorted } from './candidate.ts';
import type { GmFacts } from './group-facts.ts';
import { gmsNamed, ksNamed, verb } from './said.ts';
import type { EpochMs } from '../seen/instant.ts';
import { RECENT_MS } from './symptom.ts';

/** The GM's last re-registration was of this cause, just now. */
function isProof({ lastReregistration: last }: GmFacts, nowMs: EpochMs): boolean {
  return last?.cause === 'legacy_ks' && nowMs - last.atMs <= RECENT_MS;
}

/** A KEK that came by registering is in its place since then, give or take an answer. */
const SAME_KEK_MS = 120_000;

/** It got its KEK that way, and none by a rekey since: what is known where no KS says of which release it is. */
function isOldProof({ lastReregistration: last, kekSinceMs }: GmFacts): boolean {
  return last?.cause === 'legacy_ks' && kekSinceMs <= last.atMs + SAME_KEK_MS;
}

/** Its last re-registration was for a KEK whose successor had not come. */
function ofMissedKek({ lastReregistration: last }: GmFacts, nowMs: EpochMs): boolean {
  return (
    last !== null &&
    (last.cause === 'kek_missed_rekey' || last.cause === 'kek_expired') &&
    nowMs - last.atMs <= RECENT_MS
  );
}

export function legacyKs({ facts, open }: Asked): Candidate | null {
  const { mixed, gms, kss, nowMs } = facts;
  const releaseShown = kss.some(({ behavior }) => behavior !== 'unknown');
  const proven = gms.filter((gm) => isProof(gm, nowMs) || (!releaseShown && isOldProof(gm)));
  const upgraded = kss.length > 0 && kss.every(({ behavior }) => behavior === 'timer');
  if (mixed === null && proven.length === 0) return null;
  const over = mixed === null && upgraded;
  const affected = sorted(mixed?.affectedGms ?? proven.map(({ device }) => device));
  const legacy = sorted(mixed?.legacyKss.map(({ device }) => device) ?? []);
  // What one GM proved holds for all with a KEK timer: the KS sends none of them a KEK rekey ahead.
  const others = over ? [] : gms.filter(({ behavior }) => behavior === 'timer');
  const waitingInVain = others.filter(({ rekeyOverdue }) => rekeyOverdue);
  const waitedInVain = releaseShown ? [] : others.filter((gm) => ofMissedKek(gm, nowMs));
  const claims = butMissingTeks(
    claimed(
      open,
      { checks: ['mixed_versions'] },
      { checks: GM_CHECKS, of: new Set(affected) },
      { checks: ['kek_remaining'], of: new Set(waitingInVain.map(({ device }) => device)) },
      { checks: ['reregistrations'], of: new Set(waitedInVain.map(({ device }) => device)) },
    ),
    gms,
  );
  if (over && claims.length === 0) return null;
  const server = legacy.length === 0 ? 'The KS' : ksNamed(legacy);
  return {
    phase: over ? 'over' : 'present',
    status: over ? 'ok' : 'warning',
    sinceMs: Math.min(nowMs, ...among(gms, affected).map(({ kekSinceMs }) => kekSinceMs)),
    summary: over
      ? `The KSs are upgraded; ${gmsNamed(affected, gms.length)} re-registered for the last time because of their old release`
      : `${server} ${verb(Math.max(1, legacy.length), 'sends', 'send')} no KEK rekey before expiry (release older than 15.2(1)T / XE 3.5S): ${gmsNamed(affected, gms.length)} ${verb(affected.length, 're-registers', 're-register')} twice in every KEK cycle`,
    consequence: over
      ? null
      : {
          what: `two re-registrations of ${affected.length === 1 ? 'it' : 'each of them'} around every KEK expiry; traffic goes on, and nothing has to be done tonight`,
          unless: null,
        },
    deadlineMs: null,
    confidence: mixed === null ? 'likely' : 'certain',
    knownAtMs: null,
    firstStep: over
      ? null
      : `Plan the upgrade of ${legacy.length === 0 ? 'the KS' : ksNamed(legacy)} to 15.2(1)T / XE 3.5S or later (show version there)`,
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
