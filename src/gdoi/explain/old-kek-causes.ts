/** A GM of a release without KEK timer that works with a KEK which its KS has replaced: nothing makes it register. */
import { CHECK_OLD_KEK, firstStepBy } from '../events/first-steps.ts';
import {
  among,
  type Asked,
  type Candidate,
  claimed,
  devicesOf,
  devicesWith,
  REGISTERING_MS,
  sorted,
  trafficStops,
  wasPresentLately,
  whenRegistered,
  whenTheyRegisterAgain,
} from './candidate.ts';
import { isGroupByMulticast } from './group-facts.ts';
import { clockTime, gmsNamed, verb } from './said.ts';
import { RECENT_MS } from './symptom.ts';
import { IN_PASSING, LOSS_CHECKS, LOSSES } from './who-missed-a-rekey.ts';

/** A GM without a KEK timer did not get the new KEK: it works with one that its KS has replaced. */
export function oldKekInUse({ facts, open, last, said }: Asked): Candidate | null {
  const { gms, nowMs } = facts;
  const holding = gms.filter((gm) => gm.kekExpiredInUse);
  if (holding.length === 0) return newKekAtLast({ facts, open, last, said });
  const names = sorted(holding.map(({ device }) => device));
  const changedMs = Math.min(...facts.kss.flatMap(({ kekSinceMs }) => kekSinceMs ?? []), nowMs);
  return {
    phase: 'present',
    status: 'critical',
    sinceMs: changedMs,
    summary: `${gmsNamed(names, gms.length)} did not get the new KEK and ${verb(names.length, 'works', 'work')} with the one that the KS replaced before ${clockTime(changedMs)}: no rekey reaches ${verb(names.length, 'it', 'them')} any more (a release without KEK timer)`,
    ...trafficStops(holding, nowMs, whenTheyRegisterAgain),
    confidence: 'certain',
    knownAtMs: null,
    firstStep: `${firstStepBy(isGroupByMulticast(facts), CHECK_OLD_KEK)}. Only a new registration heals it`,
    scope: names,
    evidence: holding.map(
      (gm) =>
        `${gm.device}: its rekey counter stood still when the KS changed the KEK${gm.lastRekeyMs === null ? '' : `; last rekey at ${clockTime(gm.lastRekeyMs)}`}`,
    ),
    claims: claimed(open, { checks: LOSS_CHECKS, of: new Set(names) }),
  };
}

/**
 * The GM registered because its TEKs ran out. If a reason is known why the new KEK did not reach it (such as its
 * interface), that is reported; otherwise its path drops rekeys and must be fixed.
 */
function newKekAtLast({ facts, open, last, said }: Pick<Asked, 'facts' | 'open' | 'last' | 'said'>): Candidate | null {
  const { gms, nowMs } = facts;
  if (!wasPresentLately(last, nowMs)) return null;
  const keptAway = said.filter(
    ({ cause, sinceMs, endedMs, presentSinceMs }) =>
      !LOSSES.has(cause) &&
      !IN_PASSING.has(cause) &&
      presentSinceMs !== null &&
      sinceMs <= last.sinceMs + RECENT_MS &&
      (endedMs ?? nowMs) >= last.sinceMs - RECENT_MS,
  );
  const away = new Set(keptAway.flatMap(devicesOf));
  const of = new Set(devicesOf(last).filter((name) => away.has(name)));
  const registered = claimed(open, { checks: ['reregistrations'], of, fromMs: last.sinceMs }).filter(
    ({ sinceMs }) => sinceMs <= (last.endedMs ?? nowMs) + REGISTERING_MS,
  );
  const names = devicesWith(registered, 'reregistrations');
  if (names.length === 0) return null;
  // Until the KS's list is read again it counts what they could not acknowledge.
  const claims = [...registered, ...claimed(open, { checks: ['rekeys_acknowledged'], of: new Set(names) })];
  return {
    ...last.said,
    phase: 'over',
    status: 'warning',
    scope: names,
    summary: `${gmsNamed(names, gms.length)} worked with a KEK that the KS had replaced before ${clockTime(last.sinceMs)}, until ${verb(names.length, 'it', 'they')} registered again ${whenRegistered(among(gms, names), nowMs)}`,
    consequence: { what: 'traffic goes on; the next KEK rekey may be lost as well', unless: null },
    deadlineMs: null,
    knownAtMs: null,
    confidence: 'likely',
    firstStep: firstStepBy(isGroupByMulticast(facts), CHECK_OLD_KEK),
    claims,
  };
}
