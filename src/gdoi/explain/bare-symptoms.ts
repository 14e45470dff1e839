/** Symptoms that nothing explains stand alone: what is wrong is said, and that its cause is not known. */
import { counted } from '../events/counted.ts';
import {
  among,
  type Asked,
  type Candidate,
  type Claim,
  claimed,
  devicesOf,
  type Episode,
  explainedBefore,
  GM_CHECKS,
  lastLook,
  list,
  devicesWith,
  nextLook,
  registrationKnownMs,
  sorted,
  trafficStops,
  whenTheyRegister,
  whenRegistered,
  REGISTERING_MS,
  wasPresentLately,
} from './candidate.ts';
import {
  answeredLastMs,
  COOP_JOINS_MS,
  type GmFacts,
  gmsBeyond,
  type GroupFacts,
  hasCoop,
  isGroupByMulticast,
  isSeenSince,
  isUnregistered,
  type KnownReregistration,
  triesInVain,
  LOOK_TAKES_MS,
} from './group-facts.ts';
import { firstStepOf, ordinal, type Stated, whyReregistered } from '../events/gdoi-events.ts';
import {
  CHECK_COOP,
  CHECK_KS,
  CHECK_REGISTRATION,
  CHECK_REKEY_PATH,
  CHECK_VANISHED,
  checkPeer,
  firstStepBy,
} from '../events/first-steps.ts';
import { clockTime, gmsNamed, ksNamed, verb } from './said.ts';
import type { Symptom, SymptomCheck } from './symptom.ts';
import type { EpochMs } from '../seen/instant.ts';

/** Member lists of two KSs are read minutes apart, and GMs come and go between. */
const LISTS_DIFFER_MS = 600_000;
/** After its KEK's expiry a GM is without one for up to 80 s by design. */
const WITHOUT_KEK_MS = 90_000;

const NOTHING = { consequence: null, deadlineMs: null, knownAtMs: null } as const;

export function notRegistered({ facts, open, before, last }: Asked): Candidate | null {
  const off = new Set(claimed(open, { checks: ['registered'] }).flatMap(({ device }) => device ?? []));
  const gms = facts.gms.filter((gm) => (isUnregistered(gm) || triesInVain(gm)) && off.has(gm.device));
  const trying = gms.filter(triesInVain);
  // A GM without a registration acknowledges no rekey.
  const unrenewed = new Set(facts.gms.filter(triesInVain).map(({ device }) => device));
  const claims = claimed(
    open,
    { checks: ['registered', 'rekeys_acknowledged'], of: off },
    // Nobody renews its keys.
    { checks: GM_CHECKS, of: unrenewed },
    ...ofThoseBack(before, off),
  );
  if (gms.length === 0) return registeredAgain(facts, open, last);
  const { nowMs } = facts;
  const names = sorted(gms.map(({ device }) => device));
  const sinceMs = Math.min(...gms.map((gm) => gm.unregisteredSinceMs ?? gm.readMs));
  const established =
    trying.length > 0 ||
    gms.some((gm) => gm.vanishedSinceMs !== undefined || isOffFor(gm, REGISTERING_MS)) ||
    before?.presentSinceMs != null;
  const shown = gms.filter(({ vanishedSinceMs }) => vanishedSinceMs === undefined);
  const failed = shown.filter(({ failedAttempts }) => (failedAttempts ?? 0) > 0);
  const everyone = names.length > 1 && names.length === facts.gms.length;
  const stated = everyone ? null : reasonOfAll(gms);
  const because = stated === null || names.length > 1 ? '' : `: ${stated.reason}`;
  const vanished = gms.every(({ vanishedSinceMs }) => vanishedSinceMs !== undefined);
  return {
    phase: established ? 'present' : 'unclear',
    status: established ? 'critical' : 'warning',
    sinceMs: Math.min(before?.sinceMs ?? sinceMs, sinceMs),
    summary: vanished
      ? vanishedFrom(facts, gms)
      : trying.length > 0
        ? `${inVain(facts, gms, sinceMs)}${because}`
        : established
          ? `${gmsNamed(names, facts.gms.length)} ${verb(names.length, 'is', 'are')} not registered since ${clockTime(sinceMs)}${everyone ? ofTheirKss(facts, gms, sinceMs) : because}`
          : `${gmsNamed(names, facts.gms.length)} ${verb(names.length, 'registers', 'register')} since ${clockTime(sinceMs)}; whether it succeeds is not yet clear`,
    ...(established ? trafficStops(gms, nowMs, whenTheyRegister) : NOTHING),
    confidence: established ? 'certain' : 'possible',
    knownAtMs: established ? null : registrationKnownMs(gms, sinceMs, nowMs),
    firstStep: vanished
      ? CHECK_VANISHED
      : everyone && !facts.kss.some((ks) => isSeenSince(ks, sinceMs, nowMs))
        ? 'Is their KS up (console, its site’s power and WAN), and does UDP 848 reach it? Then show logging on one of these GMs'
        : everyone
          ? 'show crypto gdoi ks and show logging on the KS: does it take registrations (IKE, certificates, authorization, CPU)?'
          : (stated?.firstStep ?? CHECK_REGISTRATION),
    scope: names,
    evidence: [
      ...gms.flatMap(({ device, vanishedSinceMs: goneMs }) =>
        goneMs === undefined
          ? []
          : [`${device}: show crypto gdoi shows no group ${facts.group} any more since ${clockTime(goneMs)}`],
      ),
      ...(failed.length === 0
        ? sorted(shown.map(({ device }) => device)).map((name) => `${name}: Registration status is not Registered`)
        : failed.map((gm) => `${gm.device}: ${counted(gm.failedAttempts ?? 0, 'attempt')} seen to fail`)),
      ...gms.flatMap(({ device, failingFor }) =>
        failingFor === undefined ? [] : [`${device}, by ${logOf(failingFor)}: ${failingFor.reason}`],
      ),
    ],
    claims,
  };
}

function isOffFor({ readMs, unregisteredSinceMs }: GmFacts, atLeastMs: number): boolean {
  return readMs - (unregisteredSinceMs ?? readMs) >= atLeastMs;
}

/** The group, or its crypto map, is configured on them no more. */
function vanishedFrom({ group, gms: all }: GroupFacts, gms: readonly GmFacts[]): string {
  const names = sorted(gms.map(({ device }) => device));
  const sinceMs = Math.min(...gms.map(({ vanishedSinceMs, readMs }) => vanishedSinceMs ?? readMs));
  return `${gmsNamed(names, all.length)} ${verb(names.length, 'shows', 'show')} no group ${group} any more since ${clockTime(sinceMs)} and ${verb(names.length, 'is', 'are')} not registered in it`;
}

/** While others still try, what made those register that are back is no trouble of its own. */
function ofThoseBack(before: Asked['before'], off: ReadonlySet<string>): readonly Claim[] {
  if (before === null || before.presentSinceMs === null) return [];
  return ofThose(new Set(devicesOf(before).filter((device) => !off.has(device))), before.sinceMs);
}

function ofThose(back: ReadonlySet<string>, sinceMs: EpochMs): readonly Claim[] {
  return [
    { checks: ['reregistrations'], of: back, fromMs: sinceMs - REGISTERING_MS },
    // Until the KS's list is read again it counts what they could not acknowledge.
    { checks: ['rekeys_acknowledged'], of: back },
  ];
}

/** What a router said of each of them, where it is the same of all. */
function reasonOfAll(gms: readonly GmFacts[]): Stated | null {
  const [first, ...others] = gms.map(({ failingFor }) => failingFor);
  return first !== undefined && others.every((each) => each?.reason === first.reason && each.by === first.by)
    ? first
    : null;
}

function logOf({ by }: Stated): string {
  return by === undefined ? 'its log' : `the log of ${by}`;
}

/** Some of them, or all, are still registered with keys that nobody renews. */
function inVain({ gms: all }: GroupFacts, gms: readonly GmFacts[], sinceMs: EpochMs): string {
  const names = sorted(gms.map(({ device }) => device));
  const since = `${gmsNamed(names, all.length)} ${verb(names.length, 'has', 'have')} tried in vain to register since ${clockTime(sinceMs)}`;
  const trying = gms.filter(triesInVain);
  const holding = sorted(trying.filter(({ tekMissing }) => !tekMissing).map(({ device }) => device));
  if (holding.length === 0) return `${since}; ${verb(trying.length, 'its last TEK has', 'their last TEKs have')} ended`;
  const those =
    holding.length === names.length
      ? verb(holding.length, 'it is', 'they are')
      : `${gmsNamed(holding)} ${verb(holding.length, 'is', 'are')}`;
  return `${since}; ${those} still registered until ${verb(holding.length, 'its', 'their')} last TEK ends`;
}

/** All GMs at once: what is known of those that should register them. */
function ofTheirKss({ kss, nowMs }: GroupFacts, gms: readonly GmFacts[], sinceMs: EpochMs): string {
  if (kss.some((ks) => isSeenSince(ks, sinceMs, nowMs))) return ', though a KS answers';
  const unseen = kss.filter(({ failure }) => failure === null);
  if (unseen.length > 0) {
    const last = Math.max(...unseen.map(answeredLastMs));
    return `; ${ksNamed(sorted(unseen.map(({ device }) => device)))} answered last at ${clockTime(last)}, before that`;
  }
  const servers = sorted(gms.flatMap(({ keyServer }) => keyServer ?? []));
  return `: ${servers.length === 0 ? 'their KS' : ksNamed(servers)} ${servers.length > 1 ? 'are' : 'is'} down, or cut off from them`;
}

/** What they missed meanwhile made them register: that is no trouble of its own. */
function registeredAgain({ gms, nowMs }: GroupFacts, open: Asked['open'], last: Asked['last']): Candidate | null {
  if (!wasPresentLately(last, nowMs)) return null;
  // A GM that no longer answers is left out: its state is not known.
  const names = among(gms, devicesOf(last)).flatMap(({ device, failure, registered }) =>
    failure === null && registered !== false ? [device] : [],
  );
  const claims = claimed(open, ...ofThose(new Set(names), last.sinceMs));
  if (claims.length === 0) return null;
  return {
    ...last.said,
    ...NOTHING,
    phase: 'over',
    status: 'ok',
    summary: `${gmsNamed(names, gms.length)} could not register from ${clockTime(last.sinceMs)} on and ${verb(names.length, 'is', 'are')} registered again since ${clockTime(last.endedMs ?? nowMs)}`,
    confidence: 'likely',
    firstStep: null,
    claims,
  };
}

export function withoutKek(asked: Asked): Candidate | null {
  const { facts, open } = asked;
  const without = new Set(devicesWith(open, 'kek_present'));
  return standing(asked, {
    checks: ['kek_present'],
    also: claimed(open, { checks: ['kek_matches_ks', 'tek_remaining', 'tek_matches_ks'], of: without }),
    holdMs: WITHOUT_KEK_MS,
    summary: (names) =>
      `${gmsNamed(names, facts.gms.length)} ${verb(names.length, 'is', 'are')} registered and ${verb(names.length, 'holds', 'hold')} no KEK: no rekey reaches ${verb(names.length, 'it', 'them')}`,
    firstStep: firstStepBy(isGroupByMulticast(facts), CHECK_REKEY_PATH),
  });
}

/** Keys that are no older ones: who holds older ones missed a rekey, and is told as such. */
export function keysDiffer(asked: Asked): Candidate | null {
  const { facts, open } = asked;
  const differing = devicesWith(claimed(open, { checks: ['kek_matches_ks', 'tek_matches_ks'] }), ...OTHER_KEYS);
  const onlyKek = !open.some(({ check }) => check === 'tek_matches_ks');
  const than = facts.kss.length === 1 ? `KS ${facts.kss[0]?.device ?? ''}` : 'the group';
  const found = standing(asked, {
    checks: OTHER_KEYS,
    // A GM that holds other keys acknowledges no rekey of these.
    also: claimed(open, { checks: ['rekeys_acknowledged'], of: new Set(differing) }),
    holdMs: facts.rekeyTakesMs + facts.pollIntervalMs,
    summary: (names, established) =>
      `${gmsNamed(names, facts.gms.length)} ${verb(names.length, 'holds', 'hold')} ${onlyKek ? 'another KEK' : 'other TEKs'} than ${than}${established ? ', for longer than a rekey takes' : ''}, and ${onlyKek ? 'it is no older one' : 'they are no older ones'}${servedBy(facts, names)}${established ? '' : '; whether a rekey is under way is not yet clear'}`,
    firstStep: hasCoop(facts)
      ? `With which KS did each of these GMs register? ${CHECK_COOP}`
      : 'show crypto gdoi on the GM: with which KS did it register, and is that one of this group? Then show crypto gdoi ks policy and show version on the KS: did it restart, or was its policy replaced?',
  });
  if (found !== null) return { ...found, ...apart(differing, than, onlyKek) };
  return asked.before !== null && isStillApart(asked.before, facts) ? { ...asked.before.said, claims: [] } : null;
}

/**
 * While a rekey is under way nobody is compared; who shares no TEK with the rest is still apart, or with the KSs where
 * the rest shows none, as over RESTCONF.
 */
function isStillApart({ said, presentSinceMs }: Episode, { gms, kss }: GroupFacts): boolean {
  if (presentSinceMs === null) return false;
  const scope = new Set(said.scope);
  // A GM that lost its registration holds what is left of its keys: that is told as a cause of its own.
  if (gms.some((gm) => scope.has(gm.device) && isUnregistered(gm))) return false;
  const ofGms = gms.filter(({ device }) => !scope.has(device)).flatMap(({ tekSpis }) => tekSpis);
  const rest = new Set(ofGms.length > 0 ? ofGms : kss.flatMap(({ tekSpis }) => tekSpis));
  const spis = gms.filter(({ device }) => scope.has(device)).flatMap(({ tekSpis }) => tekSpis);
  return rest.size > 0 && spis.length > 0 && !spis.some((spi) => rest.has(spi));
}

const OTHER_KEYS = ['kek_matches_ks', 'tek_matches_ks'] as const;

/** KSs that nobody polls, and from which they have their keys. */
function servedBy({ kss, gms }: GroupFacts, names: readonly string[]): string {
  const polled = new Set(kss.map(({ address }) => address));
  const servers = among(gms, names).flatMap(({ keyServer }) => keyServer ?? []);
  const others = sorted(servers.filter((address) => !polled.has(address)));
  if (others.length === 0) return '';
  return `: ${verb(names.length, 'it is', 'they are')} registered with ${ksNamed(others)}`;
}

/** A GM with other TEKs cannot talk with the rest; one with only another KEK gets no more rekeys of that KS. */
function apart(
  names: readonly string[],
  than: string,
  onlyKek: boolean,
): Pick<Candidate, 'consequence' | 'deadlineMs'> {
  const what = onlyKek
    ? `rekeys of ${than} do not reach ${gmsNamed(names)}`
    : `traffic between ${list(names)} and the GMs with the TEKs of ${than} is dropped`;
  return { consequence: { what, unless: null }, deadlineMs: null };
}

function standing(
  { facts, open, before }: Asked,
  what: {
    readonly checks: readonly SymptomCheck[];
    /** What follows from them. */
    readonly also?: readonly Symptom[];
    /** Until a look after this time it may be a rekey, or another passing state. */
    readonly holdMs: number;
    readonly summary: (names: readonly string[], established: boolean) => string;
    readonly firstStep: string;
  },
): Candidate | null {
  const { nowMs } = facts;
  const claims = claimed(open, { checks: what.checks });
  if (claims.length === 0) return null;
  const names = sorted(claims.flatMap(({ device }) => device ?? []));
  const gms = among(facts.gms, names);
  const sinceMs = before?.sinceMs ?? Math.min(...claims.map((claim) => claim.sinceMs));
  const established = before?.presentSinceMs != null || newestRead(gms) - sinceMs >= what.holdMs;
  return {
    phase: established ? 'present' : 'unclear',
    status: established ? 'critical' : 'warning',
    sinceMs,
    summary: what.summary(names, established),
    ...trafficStops(gms, nowMs, whenTheyRegister),
    confidence: established ? 'likely' : 'possible',
    knownAtMs: established ? null : lastLook(gms, nowMs),
    firstStep: what.firstStep,
    scope: names,
    evidence: [`${list(names)}: as ${verb(names.length, 'it shows', 'they show')} since ${clockTime(sinceMs)}`],
    claims: [...claims, ...(what.also ?? [])],
  };
}

function newestRead(gms: readonly GmFacts[]): EpochMs {
  return gms.reduce((newest, { readMs }) => Math.max(newest, readMs), 0);
}

/** As those say that call it dead. */
function ikeWith(name: string, dead: GroupFacts['peers']): string {
  const ike = dead.find(({ device, address }) => (device ?? address) === name)?.ike ?? [];
  const shown = sorted(ike.flatMap((each) => each ?? []));
  return shown.length === 0 ? '' : `, IKE status ${shown.join(' or ')}`;
}

/** Who says so, where another one that was read since hears it. */
function deadSince(dead: GroupFacts['peers'], { group, kss }: GroupFacts, sinceMs: EpochMs): string {
  const peer = list(dead.map(({ device, address }) => device ?? address));
  const alive = among(
    kss,
    dead.flatMap(({ aliveFor }) => aliveFor ?? []),
  ).filter(({ readMs }) => readMs >= sinceMs - LOOK_TAKES_MS);
  const since = `since ${clockTime(sinceMs)}`;
  if (alive.length === 0) return `peer ${peer} of ${group} is dead for its peers ${since}`;
  const deadFor = sorted(dead.flatMap((each) => each.deadFor ?? []));
  return `peer ${peer} of ${group} is dead for ${list(deadFor)} ${since}, and alive for ${list(sorted(alive.map(({ device }) => device)))}`;
}

/** A primary that answers hears these, and those for which they are dead: it shares its keys with all of them. */
function isHeardByPrimary(dead: GroupFacts['peers'], { kss, peers }: GroupFacts): boolean {
  const others = [...new Set(dead.flatMap(({ deadFor }) => deadFor ?? []))];
  const isAliveFor = (primary: string, peer: GroupFacts['peers'][number] | undefined) =>
    peer?.aliveFor?.includes(primary) === true;
  return kss.some(
    ({ device, role, failure }) =>
      role === 'primary' &&
      failure === null &&
      dead.every((peer) => isAliveFor(device, peer)) &&
      others.every((name) =>
        isAliveFor(
          device,
          peers.find((peer) => peer.device === name),
        ),
      ),
  );
}

export function coopPeerLost({ facts, open, before }: Asked): Candidate | null {
  const lost = claimed(open, { checks: ['coop_peers'] });
  if (lost.length === 0) return null;
  const claims = [...lost, ...claimed(open, { checks: ['rekeys_acknowledged'], of: gmsBeyond(facts) })];
  const names = sorted(lost.flatMap(({ device }) => device ?? []));
  const dead = facts.peers.filter((peer) => peer.lost === true && names.includes(peer.device ?? peer.address));
  const sinceMs = before?.sinceMs ?? Math.min(...lost.map((claim) => claim.sinceMs));
  // A peer that is dead for the others, and was not looked at since, may be down: then its keys are not the question.
  const unseen = among(facts.kss, names).filter(
    (ks) =>
      !isSeenSince(ks, sinceMs - LOOK_TAKES_MS, facts.nowMs) ||
      facts.nowMs - (ks.bootMs ?? Number.NEGATIVE_INFINITY) <= COOP_JOINS_MS,
  );
  const established = unseen.length === 0 && (before?.presentSinceMs != null || facts.nowMs - sinceMs >= 60_000);
  return {
    ...NOTHING,
    phase: established ? 'present' : 'unclear',
    status: 'warning',
    sinceMs,
    summary: `COOP ${names.length === 1 ? deadSince(dead, facts, sinceMs) : `peers ${list(names)} of ${facts.group} are dead for each other since ${clockTime(sinceMs)}`}${unseen.length === 0 ? '' : '; whether it is down, or only the path between them is cut, is not yet clear'}`,
    consequence:
      unseen.length === 0 && !isHeardByPrimary(dead, facts)
        ? { what: 'the KSs no longer share keys: if this lasts, each becomes primary of its side', unless: null }
        : null,
    confidence: established ? 'certain' : 'possible',
    knownAtMs: nextLook(unseen, facts.nowMs),
    firstStep:
      unseen.length === 0
        ? checkPeer(
            dead.flatMap(({ ike }) => ike),
            CHECK_COOP,
          )
        : CHECK_KS,
    scope: names,
    evidence: names.map((name) => `peer ${name}: status Dead${ikeWith(name, dead)}`),
    claims,
  };
}

export function memberCountsDiffer({ facts, open, before }: Asked): Candidate | null {
  const claims = claimed(open, { checks: ['members'] });
  if (claims.length === 0) return null;
  const { nowMs, kss } = facts;
  const counting = kss.filter(({ failure, members }) => failure === null && members !== null);
  const sinceMs = before?.sinceMs ?? nowMs;
  const established = before?.presentSinceMs != null || nowMs - sinceMs >= LISTS_DIFFER_MS;
  return {
    ...NOTHING,
    phase: established ? 'present' : 'unclear',
    status: established ? 'warning' : 'ok',
    sinceMs,
    summary: `The KSs of ${facts.group} know different numbers of GMs: ${list(counting.map(({ device, members }) => `${device} ${members}`))}`,
    confidence: established ? 'certain' : 'possible',
    firstStep: 'show crypto gdoi ks coop on every KS: are announcements dropped (MTU)?',
    scope: sorted(counting.map(({ device }) => device)),
    evidence: counting.map(({ device, members }) => `${device}: ${counted(members ?? 0, 'member')}`),
    claims,
  };
}

export function ksFailover({ facts, open }: Asked): Candidate | null {
  const moved = facts.gms.filter(({ lastReregistration: last }) => last?.cause === 'ks_failover');
  const claims = claimed(open, { checks: ['reregistrations'], of: new Set(moved.map(({ device }) => device)) });
  if (claims.length === 0) return null;
  const names = sorted(claims.flatMap(({ device }) => device ?? []));
  return {
    ...NOTHING,
    phase: 'present',
    status: 'ok',
    sinceMs: Math.min(...claims.map(({ sinceMs }) => sinceMs)),
    summary: `${gmsNamed(names, facts.gms.length)} registered with another KS at ${clockTime(Math.min(...claims.map(({ sinceMs }) => sinceMs)))}`,
    confidence: 'certain',
    firstStep: 'show crypto gdoi ks coop on the KSs: was one of them down or cut off?',
    scope: names,
    evidence: moved.map((gm) => `${gm.device}: registered with ${gm.keyServer ?? 'another KS'}`),
    claims,
  };
}

export function reregistered({ facts, open, said }: Asked): Candidate | null {
  const isOld = explainedBefore(said, (cause) => cause !== 'reregistered');
  const claims = claimed(open, { checks: ['reregistrations'] }).filter(
    ({ device, sinceMs }) => device === null || !isOld(device, sinceMs),
  );
  if (claims.length === 0) return null;
  const names = sorted(claims.flatMap(({ device }) => device ?? []));
  const sinceMs = Math.min(...claims.map((claim) => claim.sinceMs));
  const gms = among(facts.gms, names);
  const causes = new Set(gms.flatMap(({ lastReregistration: last }) => last?.cause ?? []));
  const when = whenRegistered(gms, facts.nowMs);
  const metOtherKeys = causes.size === 1 && causes.has('recovery');
  return {
    ...NOTHING,
    phase: 'present',
    // On-call catalogue, row 1. One that is explained is as bad as its cause.
    status: gms.some(({ lastReregistration: last }) => last?.repeated !== undefined) ? 'critical' : 'warning',
    sinceMs,
    summary: metOtherKeys
      ? `${gmsNamed(names, facts.gms.length)} re-registered ${when} after meeting a TEK that ${verb(names.length, 'it does', 'they do')} not hold: are there two sets of keys in ${facts.group}?`
      : `${gmsNamed(names, facts.gms.length)} re-registered unexpectedly ${when}, and nothing that was seen explains it`,
    confidence: 'possible',
    firstStep: firstStepOf(
      causes.size === 1 ? ([...causes][0] ?? 'unknown') : 'unknown',
      null,
      isGroupByMulticast(facts),
    ),
    scope: names,
    evidence: gms.map(({ device, lastReregistration: last }) => `${device}: ${whyAgain(last)}`),
    claims,
  };
}

function whyAgain(last: KnownReregistration | null): string {
  const why = whyReregistered(last?.cause ?? 'unknown', last?.configuredAgain);
  return last?.repeated === undefined
    ? why
    : `${why}, ${ordinal(last.repeated)} unexpected registration within an hour`;
}
