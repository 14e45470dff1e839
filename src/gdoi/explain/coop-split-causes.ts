/** Two KSs that both give out keys: by their own word, or by the keys of their GMs. */
import { CHECK_SPLIT } from '../events/first-steps.ts';
import type { EpochMs } from '../seen/instant.ts';
import { over, REGISTERS_AGAIN_MS, TRACES_MS } from './after-its-end.ts';
import { type Asked, type Candidate, claimed, GM_CHECKS, goingOn, list, sorted } from './candidate.ts';
import type { ExplanationCause } from './explanation.ts';
import { answeredLastMs, type GmFacts, type GroupFacts, isHeard, isSilent, type KsFacts } from './group-facts.ts';
import { COOP_SETTLES_MS, hasNotAnswered, ifSo } from './ks-silence.ts';
import { clockTime, gmsNamed, ksNamed, naturalOrder, verb } from './said.ts';
import { CLOCKS_MS, type Symptom } from './symptom.ts';

/** By their own word, as both are primary; else as their GMs show it, or what is left of it. */
export function coopSplit(asked: Asked): Candidate | null {
  const { facts, open, before } = asked;
  const { split } = facts;
  const claims = (fromMs: EpochMs) =>
    claimed(
      open,
      { checks: ['coop_split', 'coop_peers', 'coop_role', 'members'] },
      { checks: GM_CHECKS.filter((check) => check !== 'reregistrations') },
      { checks: ['reregistrations'], fromMs },
    );
  if (split === null) {
    return splitSeenByGms(asked) ?? splitOver(asked, claims);
  }
  const primaries = sorted(split.primaries);
  // During a failover the old primary does not answer; while COOP merges, the two hear each other.
  const deaf = primaries.every((name) => facts.peers.some(({ device, lost }) => device === name && lost === true));
  const established = deaf || split.forMs >= COOP_SETTLES_MS || before?.presentSinceMs != null;
  const sinceMs = before?.sinceMs ?? split.sinceMs;
  // What one of them showed last may be so no more: it died, or only the agent does not see it.
  const gone = facts.kss.filter(
    (ks) => primaries.includes(ks.device) && isSilent(ks) && ks.failure?.established === true,
  );
  return {
    phase: established ? 'present' : 'unclear',
    status: established ? 'critical' : 'warning',
    sinceMs,
    summary: established
      ? `KSs ${list(primaries)} ${gone.length === 0 ? `are both primary since ${clockTime(sinceMs)}: COOP is split` : `were both primary from ${clockTime(sinceMs)} on: COOP was split; ${ksNamed(sorted(gone.map(({ device }) => device)))} ${hasNotAnswered(gone, Math.min(...gone.map(answeredLastMs)))}`}`
      : `KSs ${list(primaries)} both say that they are primary since ${clockTime(sinceMs)}: a split, or COOP that settles`,
    ...ifSo(gone.length === 0 ? null : 'if they still are', splitConsequence(facts, primaries)),
    confidence: !established ? 'possible' : gone.length === 0 ? 'certain' : 'likely',
    knownAtMs: established ? null : sinceMs + COOP_SETTLES_MS,
    firstStep: CHECK_SPLIT,
    scope: primaries,
    evidence: [
      ...primaries.map(
        (device) =>
          `${device}: Local KS Role: Primary${split.forMs < 1000 ? '' : `, at every answer over ${Math.round(split.forMs / 1000)} s`}`,
      ),
      ...(deaf ? [`${list(primaries)} call each other dead`] : []),
    ],
    claims: claims(split.sinceMs),
  };
}

const ORDERS: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>(['ks_forced']);

/**
 * A set of KSs of which one is not seen: its GMs tell a split by their keys. All GMs of one KS hold other TEKs than
 * those of the others, and no GM stands on both sides. One GM alone is no side, unless its KS is dead for those that
 * are seen.
 */
function splitSeenByGms({ facts, open, before, said }: Asked): Candidate | null {
  const { gms, kss, nowMs, peers } = facts;
  const seen = new Set(kss.flatMap(({ failure, address }) => (failure === null && address !== null ? [address] : [])));
  const holding = gms.filter(
    (gm) => isHeard(gm) && gm.registered === true && gm.keyServer !== null && gm.tekSpis.length > 0,
  );
  const differing = holding.filter((gm) => gm.divergent);
  const apart = new Set(differing.map(({ keyServer }) => keyServer ?? ''));
  const together = holding.filter((gm) => !gm.divergent);
  const whole = apart.size > 0 && together.length > 0 && together.every(({ keyServer }) => !apart.has(keyServer ?? ''));
  // A rekey of one side is no agreement: that is a TEK which both sides hold.
  const goesOn = before !== null && shareNoTek(holding);
  if (!whole && !goesOn) return null;
  const sides = devicesByKs(holding);
  const cutOff = peers.some(({ address, lost }) => lost === true && sides.has(address) && !seen.has(address));
  if (!goesOn && differing.some(({ teksBehind }) => teksBehind)) return null;
  if (!goesOn && !cutOff && onlyMissedARekey(differing, together, facts)) return null;
  // Whom an order of the KS did not reach holds the old keys until it registers.
  if (!goesOn && !cutOff && goingOn(said, ORDERS).length > 0) return null;
  const several = cutOff || [...sides.values()].some(({ length }) => length > 1);
  if (sides.size < 2 || !several || [...sides.keys()].every((address) => seen.has(address))) return null;
  const sinceMs = before?.sinceMs ?? nowMs;
  // While a rekey is under way, or GMs register, some have the new keys and others not yet.
  const settlesMs = sinceMs + facts.rekeyTakesMs + facts.pollIntervalMs;
  const established = before?.presentSinceMs != null || cutOff || nowMs >= settlesMs;
  const named = [...sides].toSorted(([a], [b]) => naturalOrder(a, b));
  return {
    phase: established ? 'present' : 'unclear',
    status: established ? 'critical' : 'warning',
    sinceMs,
    summary: !established
      ? `GMs of ${named.length} KSs hold different TEKs since ${clockTime(sinceMs)}; a rekey that is under way, or a split of COOP, is not yet clear`
      : `GMs of ${named.length} KSs hold different TEKs since ${clockTime(sinceMs)}: COOP between KS ${named.map(([address]) => address).join(' and KS ')} is split, or one of them gives out old keys`,
    consequence: {
      what: `traffic between ${named.map(([address, devices]) => `${list(sorted(devices))} with ${address}`).join(' and ')} is dropped`,
      unless: null,
    },
    deadlineMs: null,
    confidence: established ? 'likely' : 'possible',
    knownAtMs: established ? null : settlesMs,
    firstStep: CHECK_SPLIT,
    scope: sorted(holding.map(({ device }) => device)),
    evidence: named.map(([address, devices]) => `registered with ${address}: ${list(sorted(devices))}`),
    claims: claimed(
      open,
      { checks: GM_CHECKS.filter((check) => check !== 'reregistrations') },
      { checks: cutOff ? ['coop_peers', 'members'] : [] },
    ),
  };
}

/** Their keys are older than those of the others: a rekey that did not reach them makes no second set of keys. */
function onlyMissedARekey(
  differing: readonly GmFacts[],
  together: readonly GmFacts[],
  { rekeyTakesMs }: GroupFacts,
): boolean {
  const servedMs = (gm: GmFacts) => Math.max(gm.lastRekeyMs ?? 0, gm.lastReregistration?.atMs ?? 0);
  const others = together.map(servedMs).filter((ms) => ms > 0);
  if (others.length === 0) return differing.length < 2;
  return differing.some((gm) => servedMs(gm) < Math.min(...others) - rekeyTakesMs - CLOCKS_MS);
}

function devicesByKs(holding: readonly GmFacts[]): ReadonlyMap<string, readonly string[]> {
  const sides = new Map<string, string[]>();
  for (const { keyServer, device } of holding) {
    const side = sides.get(keyServer ?? '');
    if (side === undefined) sides.set(keyServer ?? '', [device]);
    else side.push(device);
  }
  return sides;
}

/** No two GMs of different KSs hold a TEK in common. */
function shareNoTek(holding: readonly GmFacts[]): boolean {
  const serverOf = new Map<string, string | null>();
  for (const { keyServer, tekSpis } of holding) {
    for (const spi of tekSpis) {
      const known = serverOf.get(spi);
      if (known !== undefined && known !== keyServer) return false;
      serverOf.set(spi, keyServer);
    }
  }
  return serverOf.size > 0;
}

/** As long as both give out the same keys, their GMs can talk; from the next rekey on they cannot. */
function splitConsequence(
  { kss, gms, nowMs }: GroupFacts,
  primaries: readonly string[],
): Pick<Candidate, 'consequence' | 'deadlineMs'> {
  const sides = primaries.flatMap((name) => kss.filter(({ device }) => device === name));
  const [a, b] = sides;
  if (a !== undefined && b !== undefined && a.tekSpis.length > 0 && b.tekSpis.length > 0) {
    if (!a.tekSpis.some((spi) => b.tekSpis.includes(spi))) {
      return {
        consequence: { what: `the two give out different TEKs: ${whoCannotTalk(gms, a, b)}`, unless: null },
        deadlineMs: null,
      };
    }
  }
  // The lists of the KSs are older than what a GM shows.
  const apart = sorted(gms.filter((gm) => isHeard(gm) && gm.divergent).map(({ device }) => device));
  if (apart.length > 0) {
    const [hold, them] = [verb(apart.length, 'holds', 'hold'), verb(apart.length, 'it', 'them')];
    const what = `${list(apart)} ${hold} other TEKs than the group: traffic with ${them} is dropped`;
    return { consequence: { what, unless: null }, deadlineMs: null };
  }
  const ahead = sides.flatMap(({ nextRekeyMs }) => (nextRekeyMs === null || nextRekeyMs <= nowMs ? [] : [nextRekeyMs]));
  return {
    consequence: {
      what: 'GMs of the two sides cannot talk any more',
      unless: 'COOP is whole again before the next rekey',
    },
    deadlineMs: ahead.length === 0 ? null : Math.min(...ahead),
  };
}

/**
 * By the keys that GMs hold: in a split a rekey of the other side may be the last that came. Without them by their KS.
 */
function whoCannotTalk(gms: readonly GmFacts[], a: KsFacts, b: KsFacts): string {
  const [ofA, ofB] = [holdersOf(gms, a, b), holdersOf(gms, b, a)];
  if (ofA.length > 0 && ofB.length > 0)
    return `traffic between ${list(ofA)} with ${a.device} and ${list(ofB)} with ${b.device} is dropped`;
  const [held, other, names] = ofA.length > 0 ? [a, b, ofA] : [b, a, ofB];
  return names.length === 0
    ? `traffic between GMs with ${a.device} and GMs with ${b.device} is dropped`
    : `${list(names)} ${verb(names.length, 'holds', 'hold')} those of ${held.device}, and cannot talk with a GM that takes those of ${other.device}`;
}

function holdersOf(gms: readonly GmFacts[], own: KsFacts, other: KsFacts): readonly string[] {
  const holds = (gm: GmFacts, ks: KsFacts) => gm.tekSpis.some((spi) => ks.tekSpis.includes(spi));
  const shows = (gm: GmFacts) => holds(gm, own) || holds(gm, other);
  return sorted(
    gms
      .filter((gm) =>
        shows(gm) ? holds(gm, own) && !holds(gm, other) : gm.keyServer !== null && gm.keyServer === own.address,
      )
      .map(({ device }) => device),
  );
}

function splitOver({ facts, last }: Asked, claims: (fromMs: EpochMs) => readonly Symptom[]): Candidate | null {
  const { nowMs, gms } = facts;
  if (last === null || last.presentSinceMs === null || nowMs - (last.endedMs ?? nowMs) > TRACES_MS) return null;
  const endedMs = last.endedMs ?? nowMs;
  const traces = claims(last.sinceMs).filter(isOfSplit(facts, endedMs));
  if (traces.length === 0) return null;
  const behind = sorted(gmNames(traces, facts));
  const primaries = last.said.scope.filter((name) => facts.kss.some(({ device }) => device === name));
  return over(last.said, traces, {
    summary: `${primaries.length === 0 ? 'The GMs hold the same TEKs' : `KSs ${list(primaries)} agree on one primary`} again since ${clockTime(endedMs)}${behind.length === 0 ? '' : `; ${gmsNamed(behind, gms.length)} still ${verb(behind.length, 'shows', 'show')} traces of the split`}`,
    status: endedMs + REGISTERS_AGAIN_MS < nowMs ? 'warning' : 'ok',
  });
}

/**
 * KSs that agree again hear each other within minutes; a GM that was served since shows nothing of the split any more.
 */
function isOfSplit({ gms, kss, nowMs, rekeyTakesMs }: GroupFacts, endedMs: EpochMs): (symptom: Symptom) => boolean {
  const settles = nowMs - endedMs <= REGISTERS_AGAIN_MS;
  const servedMs = new Map(
    gms.map(({ device, lastRekeyMs, lastReregistration: last }) => [
      device,
      Math.max(lastRekeyMs ?? 0, last?.atMs ?? 0),
    ]),
  );
  return ({ check, device, sinceMs }) => {
    if (check === 'reregistrations') return sinceMs <= endedMs + TRACES_MS;
    const lastMs = servedMs.get(device ?? '');
    if (settles || lastMs === undefined) return settles;
    // A member list read during the split does not count until it is read again.
    const isRead = check !== 'rekeys_acknowledged' || kss.some(({ readMs }) => readMs > lastMs + rekeyTakesMs);
    return lastMs <= endedMs + CLOCKS_MS || !isRead;
  };
}

function gmNames(symptoms: readonly Symptom[], { gms }: GroupFacts): readonly string[] {
  const names = new Set(symptoms.map(({ device }) => device));
  return gms.flatMap(({ device }) => (names.has(device) ? [device] : []));
}
