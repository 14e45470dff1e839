/**
 * KSs that are gone, split, or out of the agent's sight. That a KS does not answer the agent is not yet that it is down:
 * its GMs and peers tell, where they are asked.
 */
import {
  among,
  type Asked,
  type Candidate,
  claimed,
  type Episode,
  GM_CHECKS,
  lastLook,
  list,
  named,
  nextLook,
  sorted,
  trafficStops,
} from './candidate.ts';
import type { Explanation } from './explanation.ts';
import {
  askedInVainMs,
  givesNoAnswer,
  hasCoop,
  isHeard,
  isMute,
  isRefused,
  isSilent,
  isUnregistered,
  lastAnswerMs,
  type GmFacts,
  type GroupFacts,
  type KsFacts,
} from './group-facts.ts';
import { everyOne } from '../events/counted.ts';
import { CHECK_COOP, CHECK_KS, CHECK_REGISTRATION, CHECK_SHOWN, CHECK_SPLIT } from '../events/first-steps.ts';
import { clockTime, gmsNamed, ksNamed, naturalOrder, verb } from './said.ts';
import type { EpochMs } from '../seen/instant.ts';
import { RECENT_MS, type Symptom } from './symptom.ts';

/** COOP itself needs up to two refreshes of 20 s, and 30 s of the secondary's watchdog, to settle. */
const COOP_SETTLES_MS = 50_000;
/** A GM that lost its registration tries again within about a minute; it takes a look to see that it succeeded. */
const REGISTERS_AGAIN_MS = 180_000;
/** What follows from a cause is seen for about this long after its end: a KEK window and a look. */
const TRACES_MS = 900_000;
/** Figures of two devices are not compared closer than this. */
const CLOCKS_MS = 5000;

export function loginRefused({ facts, open }: Asked): Candidate | null {
  const members = [...facts.kss, ...facts.gms].filter(isRefused);
  if (members.length === 0) return null;
  const devices = sorted(members.map(({ device }) => device));
  const changed = members.some(({ failure }) => failure?.result === 'host_key');
  const sinceMs = Math.min(...members.map(({ failure }) => failure?.sinceMs ?? facts.nowMs));
  return {
    phase: 'present',
    status: changed ? 'critical' : 'warning',
    sinceMs,
    summary: changed
      ? `${list(devices)} ${verb(devices.length, 'shows', 'show')} another SSH host key than the known one: no password was sent`
      : `${list(devices)} ${verb(devices.length, 'does', 'do')} not let the agent in: the credential is refused`,
    consequence: { what: `what is known of ${list(devices)} is old and grows older`, unless: null },
    deadlineMs: null,
    confidence: 'certain',
    knownAtMs: null,
    firstStep: changed
      ? 'Was the device replaced or its key made anew? Confirm the new fingerprint out of band before accepting it'
      : 'Was the password rotated? Compare with AAA; do not retry by hand in a loop',
    scope: devices,
    evidence: members.map(
      ({ device, failure }) => `${device}: ${failure?.result ?? ''} since ${clockTime(failure?.sinceMs ?? 0)}`,
    ),
    claims: claimed(open, { checks: ['reachable'], of: new Set(devices) }),
  };
}

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
  return {
    phase: established ? 'present' : 'unclear',
    status: established ? 'critical' : 'warning',
    sinceMs,
    summary: established
      ? `KSs ${list(primaries)} are both primary since ${clockTime(sinceMs)}: COOP is split`
      : `KSs ${list(primaries)} both say that they are primary since ${clockTime(sinceMs)}: a split, or COOP that settles`,
    ...splitConsequence(facts, primaries),
    confidence: established ? 'certain' : 'possible',
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

/**
 * A set of KSs of which one is not seen: its GMs tell a split by their keys. All GMs of one KS hold other TEKs than those
 * of the others, and no GM stands on both sides. One GM alone is no side, unless its KS is dead for those that are seen.
 */
function splitSeenByGms({ facts, open, before }: Asked): Candidate | null {
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
      const apart = sides.map(
        (ks) => `${list(gmsWith(gms, ks).map(({ device }) => device)) || 'GMs'} with ${ks.device}`,
      );
      return {
        consequence: {
          what: `the two give out different TEKs: traffic between ${apart.join(' and ')} is dropped`,
          unless: null,
        },
        deadlineMs: null,
      };
    }
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

/** KSs that agree again hear each other within minutes; a GM that was served since shows nothing of the split any more. */
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
    // What a list counts of it is of the split until the list is read again.
    const isRead = check !== 'rekeys_acknowledged' || kss.some(({ readMs }) => readMs > lastMs + rekeyTakesMs);
    return lastMs <= endedMs + CLOCKS_MS || !isRead;
  };
}

/** No KS of the group answers: each look at them failed, or has not ended while GMs suffer. */
export function ksDown(asked: Asked): Candidate | null {
  const { facts, open, before, last } = asked;
  const { kss, gms, nowMs } = facts;
  const silent = kss.filter((ks) => givesNoAnswer(ks, nowMs));
  if (kss.length === 0 || silent.length < kss.length) return ksBack(asked);
  const askedMs = Math.max(...silent.map((ks) => askedInVainMs(ks, nowMs)));
  // It served someone while looks at it failed: it was up between two of them, and may have gone again.
  const servedMs = lastServedMs(gms, askedMs);
  if (servedMs !== null && !failsSince(silent, servedMs, facts)) return ksBack(asked);
  // It may have died right after its last answer; what its GMs lack since then is its own. Once said, the instant stays.
  const sinceMs = before?.sinceMs ?? servedMs ?? Math.max(...silent.map((ks) => lastAnswerMs(ks, facts)));
  const names = silent.map(({ device }) => device);
  const claims = claimed(
    open,
    { checks: ['reachable'], of: new Set(names) },
    { checks: ['coop_peers', 'coop_role', 'members'] },
    // Who never answered may have been gone for long.
    { checks: GM_CHECKS, ...(silent.some(isUnread) ? {} : { fromMs: sinceMs - slackMs(facts) }) },
    // Those of the outage before this one are no loss on the way.
    ...(last?.presentSinceMs == null
      ? []
      : [{ checks: ['reregistrations'] as const, fromMs: last.sinceMs - slackMs(facts) }]),
    { checks: ['reregistrations'], of: explainedTo(before, 'reregistrations') },
  );
  const suffering = sorted(among(gms, named(claims, ...LACKING_A_KS)).map(({ device }) => device));
  const failing = silent.every(isSilent);
  if (!failing && suffering.length === 0 && before === null) return ksBack(asked);
  if (servedMs !== null && suffering.length * 2 < Math.max(1, gms.length)) return ksBack(asked);
  if (suffering.length === 0 && wasAskedAlready(asked, silent)) return null;
  if (mayBeServedElsewhere(facts, suffering)) return ksBack(asked);
  const established =
    before?.presentSinceMs != null || (failing && isEstablished(silent, suffering.length, gms.length));
  const only = kss.length === 1 && !hasCoop(facts) && facts.otherServers?.length === 0 ? ', the only KS,' : '';
  return {
    phase: established ? 'present' : 'unclear',
    status: established ? 'critical' : 'warning',
    sinceMs,
    summary: `${ksNamed(names)}${only} ${
      established
        ? `${hasNotAnswered(silent, sinceMs)}: ${whatEnds(facts, suffering)}`
        : failing
          ? `did not answer at ${clockTime(askedMs)}: a lost answer, or it is down`
          : `${hasNotAnswered(silent, sinceMs)}, and the look at ${verb(names.length, 'it', 'them')} has not ended: whether ${verb(names.length, 'it is', 'they are')} down is not yet clear`
    }`,
    ...ifSo(
      established ? null : `if ${verb(names.length, 'it is', 'they are')} down`,
      trafficStops(gms, nowMs, () => `${kss.length === 1 ? 'it comes' : 'one of them comes'} back before`),
    ),
    confidence: established ? (suffering.length > 0 ? 'certain' : 'likely') : 'possible',
    knownAtMs: established ? null : lastLook(silent, nowMs),
    firstStep: CHECK_KS,
    scope: sorted([...names, ...gms.map(({ device }) => device)]),
    evidence: [
      ...silent.map((ks) => silenceOf(ks, nowMs)),
      ...(suffering.length === 0 ? [] : [`${list(suffering)}: not registered, or a rekey is overdue`]),
    ],
    claims,
  };
}

function isUnread({ unread }: KsFacts): boolean {
  return unread === true;
}

function hasNotAnswered(kss: readonly KsFacts[], sinceMs: EpochMs): string {
  const has = verb(kss.length, 'has', 'have');
  // Of which release it is says who answered something.
  return kss.every((ks) => isUnread(ks) && ks.version === null)
    ? `${has} not answered yet, asked since ${clockTime(sinceMs)}`
    : `${has} not answered since ${clockTime(sinceMs)}`;
}

/** KSs that nobody polls may go on serving: that none does is said when at least half of the GMs lack what a KS gives. */
function mayBeServedElsewhere({ otherServers, gms }: GroupFacts, suffering: readonly string[]): boolean {
  return otherServers?.length !== 0 && suffering.length * 2 < Math.max(1, gms.length);
}

function whatEnds({ group, otherServers, gms }: GroupFacts, suffering: readonly string[]): string {
  if (otherServers?.length === 0) return `no GM of ${group} can register or get a rekey`;
  const what = `${gmsNamed(sorted(suffering), gms.length)} ${verb(suffering.length, 'gets', 'get')} neither rekey nor registration`;
  return otherServers === null ? what : `${what}, from ${ksNamed(otherServers)} neither, which nobody polls`;
}

function explainedTo(episode: Episode | null, check: Symptom['check']): ReadonlySet<string> {
  return new Set(episode?.said.explains.find((each) => each.check === check)?.devices);
}

/** One look failed, as one did a short time ago that came to nothing: only a second one in a row makes it a question again. */
function wasAskedAlready({ before, last }: Asked, silent: readonly KsFacts[]): boolean {
  return (
    before === null &&
    last !== null &&
    last.presentSinceMs === null &&
    silent.every(({ failure }) => failure?.inARow === 1 && !failure.established)
  );
}

/** What follows, if what is not yet clear turns out to be so; `condition` null: it is. */
function ifSo(
  condition: string | null,
  { consequence, deadlineMs }: Pick<Candidate, 'consequence' | 'deadlineMs'>,
): Pick<Candidate, 'consequence' | 'deadlineMs'> {
  if (condition === null || consequence === null) return { consequence, deadlineMs };
  return { consequence: { ...consequence, what: `${condition}, ${consequence.what}` }, deadlineMs };
}

/** What GMs show whose KS gives them neither rekeys nor registrations. */
const LACKING_A_KS = ['registered', 'kek_present', 'kek_remaining', 'tek_remaining'] as const;

/** Enough looks failed; or two of each, while half of the GMs say the same. */
function isEstablished(silent: readonly KsFacts[], suffering: number, gms: number): boolean {
  if (silent.every(({ failure }) => failure?.established === true)) return true;
  return suffering > 0 && suffering * 2 >= gms && silent.every(({ failure }) => (failure?.inARow ?? 0) > 1);
}

function silenceOf({ device, address, unread, failure, readMs, nextLookMs }: KsFacts, nowMs: EpochMs): string {
  if (unread === true) {
    return `${device}${address === null ? '' : ` (${address})`}: GMs name it as their KS; ${failure?.result ?? 'no answer'}${(failure?.inARow ?? 1) === 1 ? '' : ` ${failure?.inARow} times in a row`} since ${clockTime(failure?.sinceMs ?? nowMs)}; it has shown nothing of the group since the agent began to ask`;
  }
  return failure === null
    ? `${device}: last answer at ${clockTime(readMs)}; no answer yet to the look of ${clockTime(nextLookMs ?? nowMs)}`
    : `${device}: ${failure.result}${failure.inARow === 1 ? '' : ` ${failure.inARow} times in a row`} since ${clockTime(failure.sinceMs)}; last answer at ${clockTime(readMs)}`;
}

/** After its end: what the GMs still show of it. */
function ksBack({ facts, open, last, said }: Omit<Asked, 'before'>): Candidate | null {
  if (last === null || last.presentSinceMs === null) return null;
  const { nowMs, gms } = facts;
  const endedMs = last.endedMs ?? nowMs;
  if (nowMs - endedMs > Math.max(TRACES_MS, facts.tekLifetimeMs + RECENT_MS)) return null;
  const registering = nowMs - endedMs <= REGISTERS_AGAIN_MS;
  const kss = last.said.scope.filter((name) => facts.kss.some(({ device }) => device === name));
  const traces = claimed(
    open,
    {
      checks: GM_CHECKS.filter((check) => registering || check !== 'registered'),
      fromMs: last.sinceMs - slackMs(facts),
    },
    // A GM may show that it is served before the look at its KS has ended, or the next one is due.
    { checks: registering ? ['reachable'] : [], of: new Set(kss) },
  ).filter(isOfBefore(said, facts, endedMs));
  const unlisted = new Set(gms.filter(({ listedByKs }) => listedByKs === false).map(({ device }) => device));
  const unknownToIt = named(traces, 'rekeys_acknowledged').filter((name) => unlisted.has(name));
  // A KS that restarted knows no GM until it registers again, which it does when its keys end.
  if (traces.length === 0 || (nowMs - endedMs > TRACES_MS && unknownToIt.length === 0)) return null;
  const waiting = sorted([...named(traces, 'registered'), ...unknownToIt]);
  const was = `${ksNamed(kss)} did not answer from ${clockTime(last.sinceMs)} to ${clockTime(endedMs)} and ${verb(kss.length, 'is', 'are')} back`;
  return over(last.said, traces, {
    summary:
      waiting.length === 0
        ? gms.some(isUnregistered)
          ? was
          : `${was}; ${gms.length === 1 ? 'its GM is' : `${everyOne(gms.length, 'polled GM')} are`} registered`
        : `${was}; ${notRegisteredAgain(waiting, gms.length)}${unknownToIt.length === 0 ? '' : `, and until then ${verb(waiting.length, 'gets', 'get')} no rekey`}`,
    status: waiting.length === 0 ? 'ok' : 'warning',
    // They try again by themselves: only who does not succeed needs anyone.
    ...(waiting.length === 0 ? {} : { firstStep: stepAfterReturn(named(traces, 'registered'), endedMs, nowMs) }),
  });
}

/** A rekey that was due after the return, and who registers for it, are troubles of their own. */
function isOfBefore(said: Asked['said'], { gms, leadMs }: GroupFacts, endedMs: EpochMs): (symptom: Symptom) => boolean {
  const dueSince = new Set(
    gms.flatMap(({ device, kekExpiryMs }) =>
      kekExpiryMs !== null && kekExpiryMs - leadMs > endedMs + CLOCKS_MS ? [device] : [],
    ),
  );
  const losing = new Set(
    said.flatMap(({ cause, endedMs: overMs, presentSinceMs, said: last }) =>
      cause === 'path_loss' && overMs === null && presentSinceMs !== null ? last.scope : [],
    ),
  );
  return ({ check, device }) => {
    if (device === null) return true;
    return check === 'reregistrations' ? !losing.has(device) : check !== 'kek_remaining' || !dueSince.has(device);
  };
}

function notRegisteredAgain(names: readonly string[], all: number): string {
  return all > 2 && names.length === all
    ? `none of the ${all} polled GMs is registered again yet`
    : `${gmsNamed(names, all)} ${verb(names.length, 'is', 'are')} not registered again yet`;
}

function stepAfterReturn(unregistered: readonly string[], endedMs: EpochMs, nowMs: EpochMs): string {
  if (unregistered.length === 0)
    return 'show crypto gdoi on one of these GMs: Reregisters in tells when it registers again, by itself';
  const untilMs = endedMs + REGISTERS_AGAIN_MS;
  return nowMs > untilMs
    ? CHECK_REGISTRATION
    : `GMs try again about once a minute. Of one that is still not registered at ${clockTime(untilMs)}: ${CHECK_REGISTRATION}`;
}

/** Some KSs answer, and none of them is primary. */
export function noPrimary({ facts, open, before }: Asked): Candidate | null {
  const { kss, gms, nowMs } = facts;
  const silent = kss.filter((ks) => isSilent(ks) || isGone(facts, ks));
  const answering = kss.filter((ks) => ks.failure === null && !silent.includes(ks));
  const noneLeft =
    silent.some(({ failure }) => failure === null) && answering.every(({ role }) => role === 'secondary');
  if (!facts.primaryMissing && !(noneLeft && answering.length > 0)) return null;
  // The primary works, and only the agent does not see it.
  if (silent.some((ks) => isPrimaryElsewhere(facts, ks))) return null;
  const secondaries = sorted(answering.map(({ device }) => device));
  const sinceMs = before?.sinceMs ?? Math.min(nowMs, ...silent.map((ks) => askedInVainMs(ks, nowMs)));
  const established = nowMs - sinceMs >= COOP_SETTLES_MS + facts.pollIntervalMs;
  return {
    phase: established ? 'present' : 'unclear',
    status: established ? 'critical' : 'warning',
    sinceMs,
    summary: `No KS of ${facts.group} is primary since ${clockTime(sinceMs)}: ${ksNamed(secondaries)} ${verb(secondaries.length, 'is', 'are')} secondary${silent.length === 0 ? '' : `, ${ksNamed(sorted(silent.map(({ device }) => device)))} ${verb(silent.length, 'does', 'do')} not answer`}`,
    ...ifSo(
      established ? null : 'if it stays so',
      trafficStops(gms, nowMs, () => 'a KS becomes primary before'),
    ),
    confidence: established ? 'certain' : 'possible',
    knownAtMs: established ? null : sinceMs + COOP_SETTLES_MS + facts.pollIntervalMs,
    firstStep: CHECK_COOP,
    scope: sorted(kss.map(({ device }) => device)),
    evidence: [
      ...secondaries.map((device) => `${device}: Local KS Role: Secondary`),
      ...silent.map((ks) => silenceOf(ks, nowMs)),
    ],
    claims: claimed(
      open,
      { checks: ['coop_role', 'coop_peers', 'members'] },
      { checks: ['reachable'], of: new Set(silent.map(({ device }) => device)) },
      { checks: GM_CHECKS, fromMs: sinceMs - slackMs(facts) },
    ),
  };
}

/** A KS of several is gone, and another one is primary: the keys go on. */
export function redundancyLost(asked: Asked): Candidate | null {
  const { facts, open, before } = asked;
  const { kss, nowMs } = facts;
  const gone = kss.filter((ks) => isGone(facts, ks));
  const left = kss.filter((ks) => ks.failure === null && !gone.includes(ks));
  const primary = left.find(({ role }) => role === 'primary');
  const unseen = sorted([
    ...(facts.otherServers ?? []),
    ...kss.filter((ks) => isMute(ks) || isRefused(ks)).map(({ device }) => device),
  ]);
  const mayBeOthers = unseen.length > 0 || facts.otherServers === null;
  if (gone.length > 0 && left.length === 0 && mayBeOthers) return onlyUnseenLeft(asked, { gone, unseen });
  if (gone.length === 0 || primary === undefined) return redundancyBack(asked);
  if (wasAskedAlready(asked, gone)) return null;
  const names = sorted(gone.map(({ device }) => device));
  const sinceMs = before?.sinceMs ?? Math.max(...gone.map((ks) => lastAnswerMs(ks, facts)));
  const failing = gone.some(isSilent);
  const established = gone.some(({ failure }) => failure?.established === true) || before?.presentSinceMs != null;
  const tookOver = primary.roleSinceMs >= sinceMs - slackMs(facts);
  const [has, it] = [verb(names.length, 'has', 'have'), verb(names.length, 'it', 'them')];
  const does = `KS ${primary.device} ${tookOver ? 'took over as' : 'is'} primary`;
  return {
    phase: established ? 'present' : 'unclear',
    status: 'warning',
    sinceMs,
    summary: established
      ? `${ksNamed(names)} ${hasNotAnswered(gone, sinceMs)}; ${does} and serves the GMs`
      : failing
        ? `${ksNamed(names)} did not answer at ${clockTime(Math.min(...gone.map((ks) => askedInVainMs(ks, nowMs))))}: a lost answer, or it is down; KS ${primary.device} is primary`
        : `${ksNamed(names)} ${has} not answered since ${clockTime(sinceMs)}, and ${verb(names.length, 'its', 'their')} peers call ${it} dead; the look at ${it} has not ended; KS ${primary.device} is primary`,
    ...ifSo(established ? null : `if ${verb(names.length, 'it is', 'they are')} down`, {
      consequence: {
        what:
          left.length === 1
            ? `no redundancy is left: without KS ${primary.device} rekeys and registrations end`
            : `${left.length} KSs are left`,
        unless: null,
      },
      deadlineMs: null,
    }),
    confidence: established ? 'likely' : 'possible',
    knownAtMs: established ? null : lastLook(gone, nowMs),
    firstStep: CHECK_KS,
    scope: names,
    evidence: [...gone.map((ks) => silenceOf(ks, nowMs)), `${primary.device}: Local KS Role: Primary`],
    claims: claimed(
      open,
      { checks: ['reachable'], of: new Set(names) },
      { checks: ['coop_peers', 'members'] },
      { checks: ['registered', 'reregistrations'], of: new Set(gmsOf(facts, gone)), fromMs: sinceMs - slackMs(facts) },
    ),
  };
}

/** All that show something are gone; `unseen` are not polled, or show nothing: they may serve the group, or not. */
function onlyUnseenLeft(
  asked: Asked,
  { gone, unseen }: { readonly gone: readonly KsFacts[]; readonly unseen: readonly string[] },
): Candidate | null {
  const { facts, open, before } = asked;
  const { gms, nowMs } = facts;
  if (wasAskedAlready(asked, gone)) return null;
  const names = sorted(gone.map(({ device }) => device));
  const sinceMs = before?.sinceMs ?? Math.max(...gone.map((ks) => lastAnswerMs(ks, facts)));
  const established = before?.presentSinceMs != null || gone.every(({ failure }) => failure?.established === true);
  const [others, serve] =
    unseen.length === 0 ? ['another KS', 'serves'] : [ksNamed(unseen), verb(unseen.length, 'serves', 'serve')];
  return {
    phase: established ? 'present' : 'unclear',
    status: 'warning',
    sinceMs,
    summary: `${ksNamed(names)} ${hasNotAnswered(gone, sinceMs)}; whether ${others}, of which the agent sees nothing, ${serve} the GMs is not known before a rekey is due`,
    ...ifSo(
      'if none does',
      trafficStops(gms, nowMs, () => 'a KS serves them before'),
    ),
    confidence: 'possible',
    knownAtMs: established ? null : lastLook(gone, nowMs),
    firstStep: CHECK_KS,
    scope: names,
    evidence: [
      ...gone.map((ks) => silenceOf(ks, nowMs)),
      ...(unseen.length === 0
        ? []
        : [`of the group, and not polled or without an answer that shows it: ${list(unseen)}`]),
    ],
    claims: claimed(
      open,
      { checks: ['reachable'], of: new Set(names) },
      { checks: ['coop_peers', 'members'] },
      { checks: ['registered', 'reregistrations'], of: new Set(gmsOf(facts, gone)), fromMs: sinceMs - slackMs(facts) },
    ),
  };
}

/** It was primary when it was seen last, and its peers or GMs show that it lives. */
function isPrimaryElsewhere(facts: GroupFacts, ks: KsFacts): boolean {
  return ks.role === 'primary' && aliveMs(facts, ks) !== null;
}

/** It fails and nothing shows it alive; or the look at it has not ended, and a peer calls it dead. */
function isGone(facts: GroupFacts, ks: KsFacts): boolean {
  if (isSilent(ks)) return aliveMs(facts, ks) === null;
  return givesNoAnswer(ks, facts.nowMs) && isCalledDead(facts, ks);
}

/** By a peer that was read after it. */
function isCalledDead({ peers }: GroupFacts, { address, readMs }: KsFacts): boolean {
  return peers.some((peer) => peer.address === address && peer.lost === true && peer.readMs > readMs);
}

function redundancyBack({ facts, open, last }: Pick<Asked, 'facts' | 'open' | 'last'>): Candidate | null {
  if (last === null || last.presentSinceMs === null) return null;
  const { nowMs } = facts;
  const endedMs = last.endedMs ?? nowMs;
  if (nowMs - endedMs > TRACES_MS) return null;
  const traces = claimed(
    open,
    { checks: ['members', 'coop_peers'] },
    { checks: ['reregistrations'], fromMs: last.sinceMs - slackMs(facts) },
  );
  if (traces.length === 0) return null;
  return over(last.said, traces, {
    summary: `${ksNamed(last.said.scope)} did not answer from ${clockTime(last.sinceMs)} to ${clockTime(endedMs)} and ${verb(last.said.scope.length, 'is', 'are')} back; the KSs still compare their members`,
    status: 'ok',
  });
}

/** Who has just come back may refuse the first logins. */
const LOGS_IN_AGAIN_MS = 60_000;

/** The agent gets no answer, but GMs or peers do. */
export function ksOutOfSight({ facts, open, before, now }: Asked): Candidate | null {
  const { kss, nowMs } = facts;
  const mute = kss.filter((ks) => isMute(ks) && !isOldAndKnown(facts, ks));
  if (mute.length > 0) return showsNothing(facts, mute, open);
  const down = new Set(
    now.flatMap(({ cause, phase, scope }) => (cause === 'ks_down' && phase !== 'over' ? scope : [])),
  );
  const alive = kss
    .filter((ks) => isSilent(ks) && !down.has(ks.device))
    .filter((ks) => aliveMs(facts, ks) !== null && (ks.failure?.established === true || isPrimaryElsewhere(facts, ks)));
  if (alive.length === 0) return null;
  const names = sorted(alive.map(({ device }) => device));
  const failsSinceMs = Math.min(...alive.map(({ failure }) => failure?.sinceMs ?? nowMs));
  const livesMs = (ks: KsFacts) => aliveMs(facts, ks) ?? nowMs;
  const triedMs = (ks: KsFacts) => ks.failure?.lastMs ?? 0;
  // It served someone after the agent's last try: it may be back, which tries begun since then tell. One alone may be lost.
  const firstMs = before?.sinceMs ?? Math.min(...alive.map(livesMs));
  const lastMs = clockTime(Math.max(...alive.map(livesMs)));
  const common = {
    status: 'warning',
    sinceMs: firstMs,
    deadlineMs: null,
    scope: names,
    claims: claimed(
      open,
      { checks: ['reachable'], of: new Set(names) },
      { checks: alive.some((ks) => isPrimaryElsewhere(facts, ks)) ? ['coop_role'] : [] },
    ),
  } as const;
  const [has, it] = [verb(names.length, 'has', 'have'), verb(names.length, 'it', 'them')];
  if (!alive.some((ks) => triedMs(ks) > firstMs + Math.max(facts.pollIntervalMs, LOGS_IN_AGAIN_MS))) {
    return {
      ...common,
      phase: 'unclear',
      summary: `${ksNamed(names)} did not answer from ${clockTime(failsSinceMs)} on and served GMs or peers at ${lastMs}: ${verb(names.length, 'it is', 'they are')} back, or only the agent’s path to ${it} is broken`,
      consequence: null,
      confidence: 'possible',
      knownAtMs: nextLook(alive, nowMs),
      firstStep: null,
      evidence: alive.map(
        (ks) =>
          `${ks.device}: served a GM or a peer at ${clockTime(livesMs(ks))}, ${triedMs(ks) > firstMs ? `no answer at ${clockTime(triedMs(ks))}` : 'not tried since'}`,
      ),
    };
  }
  return {
    ...common,
    phase: 'present',
    // What is up between two outages, and is looked at in none of its pauses, looks the same.
    summary: `${ksNamed(names)} ${has} not answered the agent since ${clockTime(failsSinceMs)}, but served GMs or peers at ${lastMs}: the agent’s path to ${it} is broken, or ${verb(names.length, 'it goes down and comes', 'they go down and come')} back`,
    consequence: {
      what: `the agent does not see what ${list(names)} ${verb(names.length, 'says', 'say')} of the group`,
      unless: null,
    },
    confidence: 'likely',
    knownAtMs: null,
    firstStep:
      'The path from the agent to the KS (SSH or SNMP, management VRF, vty lines). If that is well: show version on the KS, did it restart?',
    evidence: alive.map(
      (ks) =>
        `${ks.device}: ${ks.failure?.result ?? 'no answer'} since ${clockTime(ks.failure?.sinceMs ?? failsSinceMs)}, and at ${clockTime(livesMs(ks))} a GM got a rekey or registered, or a peer called it alive`,
    ),
  };
}

/** Its release is known, and with it why its GMs register: that a cause of its own says. */
function isOldAndKnown({ mixed }: GroupFacts, { device }: KsFacts): boolean {
  return mixed !== null && mixed.legacyKss.some((ks) => ks.device === device);
}

/** They answer, and what they show is nothing of the group. */
function showsNothing({ group, nowMs }: GroupFacts, mute: readonly KsFacts[], open: readonly Symptom[]): Candidate {
  const names = sorted(mute.map(({ device }) => device));
  const sinceMs = Math.min(...mute.map(({ failure }) => failure?.sinceMs ?? nowMs));
  const established = mute.some(({ failure }) => failure?.established === true);
  const what = mute.every(isUnread) ? `nothing of ${group}` : `nothing of ${group} any more`;
  return {
    phase: established ? 'present' : 'unclear',
    status: 'warning',
    sinceMs,
    summary: `${ksNamed(names)} ${verb(names.length, 'answers', 'answer')} and ${verb(names.length, 'shows', 'show')} ${what} since ${clockTime(sinceMs)}: what ${verb(names.length, 'it does', 'they do')} for its GMs is not seen`,
    consequence: null,
    deadlineMs: null,
    confidence: 'certain',
    knownAtMs: established ? null : nextLook(mute, nowMs),
    firstStep: CHECK_SHOWN,
    scope: names,
    evidence: mute.map(
      ({ device, failure }) => `${device}: ${failure?.result ?? ''} since ${clockTime(failure?.sinceMs ?? nowMs)}`,
    ),
    claims: claimed(open, { checks: ['reachable'], of: new Set(names) }),
  };
}

/** The same cause after its end, with what it still explains. */
function over(
  said: Explanation,
  traces: readonly Symptom[],
  now: Pick<Candidate, 'summary' | 'status'> & Partial<Pick<Candidate, 'firstStep'>>,
): Candidate {
  return {
    ...said,
    // What was to be done about the cause is done.
    firstStep: now.status === 'ok' ? null : CHECK_REGISTRATION,
    ...now,
    phase: 'over',
    consequence: null,
    deadlineMs: null,
    confidence: 'likely',
    knownAtMs: null,
    claims: traces,
  };
}

/** What is read of the GMs lags the cause by a look. */
function slackMs({ pollIntervalMs }: GroupFacts): number {
  return pollIntervalMs + CLOCKS_MS;
}

/** When a GM last got a rekey or a registration; null: none after this instant. */
function lastServedMs(gms: readonly GmFacts[], sinceMs: EpochMs): EpochMs | null {
  const lastMs = Math.max(...gms.map((gm) => Math.max(gm.lastRekeyMs ?? 0, gm.lastReregistration?.atMs ?? 0)));
  return lastMs > sinceMs + CLOCKS_MS ? lastMs : null;
}

/** A look at each of them failed later than one that just came back may refuse. */
function failsSince(silent: readonly KsFacts[], servedMs: EpochMs, { pollIntervalMs }: GroupFacts): boolean {
  return silent.every(({ failure }) => (failure?.lastMs ?? 0) > servedMs + Math.max(pollIntervalMs, LOGS_IN_AGAIN_MS));
}

function gmsWith(gms: readonly GmFacts[], ks: KsFacts): readonly GmFacts[] {
  return gms.filter((gm) => gm.keyServer !== null && gm.keyServer === ks.address);
}

/** GMs that were served by one of these, or moved away from it. */
function gmsOf({ gms }: GroupFacts, kss: readonly KsFacts[]): readonly string[] {
  const addresses = new Set(kss.map(({ address }) => address));
  return gms
    .filter(
      (gm) => addresses.has(gm.keyServer) || gm.lastReregistration?.cause === 'ks_failover' || gm.registered === false,
    )
    .map(({ device }) => device);
}

/** When it was last seen to work since it went silent: a peer called it alive, or it served a GM; null: it was not. */
function aliveMs({ peers, gms, kss }: GroupFacts, ks: KsFacts): EpochMs | null {
  const failedMs = ks.failure?.sinceMs ?? 0;
  // Its peers' word is better than what a GM shows of the KS it tries.
  if (peers.some(({ address, lost, readMs }) => address === ks.address && lost === true && readMs > failedMs))
    return null;
  const instants = [
    ...peers.flatMap(({ address, lost, readMs }) =>
      address === ks.address && lost === false && readMs > failedMs + COOP_SETTLES_MS ? [readMs] : [],
    ),
    // SNMP shows no registration: the KS in its table may be one that it tries.
    ...gmsWith(gms, ks).flatMap(({ lastReregistration: last, lastRekeyMs, sentMs, registered }) =>
      registered !== true
        ? []
        : [
            // With whom it registered is for an answer after it; between two looks it may have been at the end as well.
            ...(last === null || sentMs <= last.atMs + CLOCKS_MS ? [] : [last.betweenMs?.[1] ?? last.atMs]),
            // In a COOP set a rekey comes from the primary, whoever registered the GM.
            ...(lastRekeyMs === null || kss.length > 1 || peers.length > 0 ? [] : [lastRekeyMs]),
          ],
    ),
  ].filter((ms) => ms > failedMs + CLOCKS_MS);
  return instants.length === 0 ? null : Math.max(...instants);
}

function gmNames(symptoms: readonly Symptom[], { gms }: GroupFacts): readonly string[] {
  const names = new Set(symptoms.map(({ device }) => device));
  return gms.flatMap(({ device }) => (names.has(device) ? [device] : []));
}
