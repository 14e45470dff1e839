/** Some KSs of several are gone: another one is primary and the keys go on, or none is. */
import { CHECK_COOP, CHECK_KS } from '../events/first-steps.ts';
import { over, REGISTERS_AGAIN_MS, TRACES_MS } from './after-its-end.ts';
import {
  among,
  type Asked,
  type Candidate,
  claimed,
  devicesOf,
  type Episode,
  GM_CHECKS,
  goingOn,
  lastLook,
  list,
  devicesWith,
  sorted,
  trafficStops,
  whenRegistered,
} from './candidate.ts';
import {
  askedInVainMs,
  COOP_JOINS_MS,
  type GroupFacts,
  isHidden,
  isSilent,
  type KsFacts,
  lastAnswerMs,
} from './group-facts.ts';
import {
  COOP_SETTLES_MS,
  hasNotAnswered,
  ifSo,
  isKsGone,
  isPrimaryElsewhere,
  lostOrDown,
  servedMs,
  servedSince,
  silenceText,
  slackMs,
  wasAskedAlready,
} from './ks-silence.ts';
import { clockTime, gmsNamed, ksNamed, verb } from './said.ts';
import { LOSSES } from './who-missed-a-rekey.ts';
import type { EpochMs } from '../seen/instant.ts';

/** Some KSs answer, and none of them is primary. */
export function noPrimary({ facts, open, before }: Asked): Candidate | null {
  const { kss, gms, nowMs } = facts;
  const silent = kss.filter((ks) => isSilent(ks) || isKsGone(facts, ks));
  const answering = kss.filter((ks) => ks.failure === null && !silent.includes(ks));
  const noneLeft =
    silent.some(({ failure }) => failure === null) && answering.every(({ role }) => role === 'secondary');
  if (!facts.primaryMissing && !(noneLeft && answering.length > 0)) return null;
  // The primary works, and only the agent does not see it.
  if (silent.some((ks) => isPrimaryElsewhere(facts, ks))) return null;
  // Where none answers, nobody is known to be secondary now.
  if (answering.length === 0) return null;
  const secondaries = sorted(answering.map(({ device }) => device));
  const gone = sorted(silent.map(({ device }) => device));
  const sinceMs = before?.sinceMs ?? Math.min(nowMs, ...silent.map((ks) => askedInVainMs(ks, nowMs)));
  const established = nowMs - sinceMs >= COOP_SETTLES_MS + facts.pollIntervalMs;
  return {
    phase: established ? 'present' : 'unclear',
    status: established ? 'critical' : 'warning',
    sinceMs,
    summary: established
      ? whyNone(facts.group, { sinceMs, secondaries, gone })
      : mayBePrimary({ sinceMs, secondaries, gone }),
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
      ...silent.map((ks) => silenceText(ks, nowMs)),
    ],
    claims: claimed(
      open,
      { checks: ['coop_role', 'coop_peers', 'members'] },
      { checks: ['reachable'], of: new Set(silent.map(({ device }) => device)) },
      { checks: GM_CHECKS, fromMs: sinceMs - slackMs(facts) },
    ),
  };
}

interface WithoutPrimary {
  readonly sinceMs: EpochMs;
  readonly secondaries: readonly string[];
  /** They do not answer. */
  readonly gone: readonly string[];
}

function whyNone(group: string, { sinceMs, secondaries, gone }: WithoutPrimary): string {
  const silent = gone.length === 0 ? '' : `, ${ksNamed(gone)} ${verb(gone.length, 'does', 'do')} not answer`;
  return `No KS of ${group} is primary since ${clockTime(sinceMs)}: ${ksNamed(secondaries)} ${verb(secondaries.length, 'is', 'are')} secondary${silent}`;
}

/** A secondary takes over within a minute, and may have since it was asked. */
function mayBePrimary({ sinceMs, secondaries, gone }: WithoutPrimary): string {
  const were = verb(secondaries.length, 'was secondary when it was', 'were secondary when they were');
  const silent = gone.length === 0 ? '' : `${ksNamed(gone)} gave no answer at ${clockTime(sinceMs)}, and `;
  return `${silent}${ksNamed(secondaries)} ${were} asked last: whether a KS is primary is not yet clear`;
}

/** A KS of several is gone, and another one is primary: the keys go on. */
export function redundancyLost(asked: Asked): Candidate | null {
  const { facts, open, before } = asked;
  const { kss, nowMs } = facts;
  const gone = kss.filter((ks) => isKsGone(facts, ks));
  const left = kss.filter((ks) => ks.failure === null && !gone.includes(ks));
  const primary = left.find(({ role }) => role === 'primary');
  const unseen = sorted([
    ...(facts.otherServers ?? []),
    ...kss.filter((ks) => isOutOfSight(facts, ks)).map(({ device }) => device),
  ]);
  const mayBeOthers = unseen.length > 0 || facts.otherServers === null;
  if (gone.length > 0 && left.length === 0 && mayBeOthers) return onlyUnseenLeft(asked, { gone, unseen });
  if (gone.length === 0) return redundancyBack(asked);
  if (primary === undefined) return whilePrimaryIsUnseen(asked, gone);
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
      ? `${ksNamed(names)} ${hasNotAnswered(gone, silentSinceMs(gone, sinceMs, facts))}; ${does} and serves the GMs`
      : failing
        ? `${ksNamed(names)} did not answer at ${clockTime(Math.min(...gone.map((ks) => askedInVainMs(ks, nowMs))))}: ${lostOrDown(gone.length)}; KS ${primary.device} is primary`
        : `${ksNamed(names)} ${has} not answered since ${clockTime(sinceMs)}, and ${verb(names.length, 'its', 'their')} peers call ${it} dead; the look at ${it} has not ended; KS ${primary.device} is primary`,
    ...ifSo(established ? null : `if ${verb(names.length, 'it is', 'they are')} down`, {
      consequence: {
        what: whoIsLeft(facts, left, primary),
        unless: null,
      },
      deadlineMs: null,
    }),
    confidence: established ? 'likely' : 'possible',
    knownAtMs: established ? null : lastLook(gone, nowMs),
    firstStep: CHECK_KS,
    scope: names,
    evidence: [...gone.map((ks) => silenceText(ks, nowMs)), `${primary.device}: Local KS Role: Primary`],
    claims: claimed(
      open,
      { checks: ['reachable'], of: new Set(names) },
      { checks: ['coop_peers', 'members'] },
      { checks: ['registered', 'reregistrations'], of: new Set(gmsOf(facts, gone)), fromMs: sinceMs - slackMs(facts) },
    ),
  };
}

/** Peers that nobody polls, or whose session was not understood, may be left beside those that answer. */
function whoIsLeft({ peers }: GroupFacts, left: readonly KsFacts[], primary: KsFacts): string {
  const others = peers.filter(({ device, lost }) => device === null && lost !== true);
  const alive = others.filter(({ lost }) => lost === false).length;
  if (left.length + alive > 1) return `${left.length + alive} KSs are left`;
  if (others.length === 0 && left.every(({ peersUnread }) => peersUnread !== true))
    return `no redundancy is left: without KS ${primary.device} rekeys and registrations end`;
  return `KS ${primary.device} alone is seen to be left: without another one rekeys and registrations would end with it`;
}

/** It is there, as it shows itself or its peers and GMs do, and shows the agent nothing. */
function isOutOfSight(facts: GroupFacts, ks: KsFacts): boolean {
  return isHidden(ks) || (isSilent(ks) && servedMs(facts, ks) !== null);
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
  const [others, serve] =
    unseen.length === 0 ? ['another KS', 'serves'] : [ksNamed(unseen), verb(unseen.length, 'serves', 'serve')];
  const served = servedSince(gms, Math.max(...gone.map((ks) => askedInVainMs(ks, nowMs))), gone);
  // Devices that come back do so one after the other: who serves is seen before the looks at the others.
  const isTriedSince = gone.some(({ failure }) => (failure?.lastMs ?? 0) > (served?.atMs ?? 0));
  const established =
    before?.presentSinceMs != null ||
    (gone.every(({ failure }) => failure?.established === true) && (served === null || isTriedSince));
  const from = served?.from == null ? '' : `, from ${fromUnseen(facts, served.from, unseen)}`;
  return {
    phase: established ? 'present' : 'unclear',
    status: 'warning',
    sinceMs,
    summary: `${ksNamed(names)} ${hasNotAnswered(gone, silentSinceMs(gone, sinceMs, facts))}; ${
      served === null
        ? `whether ${others}, of which the agent sees nothing, ${serve} the GMs is not known before a rekey is due`
        : `a rekey or registration came to GMs ${served.at} ${clockTime(served.atMs)}${from}`
    }`,
    ...(served === null
      ? ifSo(
          'if none does',
          trafficStops(gms, nowMs, () => 'a KS serves them before'),
        )
      : { consequence: { what: `the agent sees no KS that serves ${facts.group}`, unless: null }, deadlineMs: null }),
    confidence: served === null ? 'possible' : 'likely',
    knownAtMs: established ? null : lastLook(gone, nowMs),
    firstStep: CHECK_KS,
    scope: names,
    evidence: [
      ...gone.map((ks) => silenceText(ks, nowMs)),
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

/** A GM shows the address: of a KS that is polled its name is better known. */
function fromUnseen({ kss }: GroupFacts, address: string, unseen: readonly string[]): string {
  const name = kss.find((ks) => ks.address === address)?.device ?? address;
  return `KS ${name}${unseen.includes(name) ? ', of which the agent sees nothing' : ''}`;
}

/**
 * A look at the primary fails as well, or none is: what was known of those that are gone stays, until that is clear.
 */
function whilePrimaryIsUnseen({ facts, open, before, now }: Asked, gone: readonly KsFacts[]): Candidate | null {
  if (before === null || before.presentSinceMs === null) return null;
  const known = new Set(before.said.scope);
  const isTold = now.some(({ cause, phase }) => phase === 'present' && (cause === 'ks_down' || cause === 'no_primary'));
  const missing = gone.filter(({ device }) => known.has(device));
  if (isTold || missing.length === 0) return null;
  // Who served the GMs may do so still where it is only not seen; one that answers, and is secondary, does not.
  const isHidden = facts.kss.some(({ device, failure }) => !known.has(device) && failure !== null);
  return {
    ...before.said,
    ...(isHidden
      ? {}
      : {
          summary: `${ksNamed(sorted(known))} ${hasNotAnswered(missing, silentSinceMs(missing, before.sinceMs, facts))}; no KS that answers says that it is primary`,
          consequence: null,
          evidence: missing.map((ks) => silenceText(ks, facts.nowMs)),
        }),
    claims: claimed(open, { checks: ['reachable'], of: known }, { checks: ['coop_peers', 'members'] }),
  };
}

function redundancyBack({ facts, open, last, said }: Asked): Candidate | null {
  if (last === null || last.presentSinceMs === null) return null;
  const { kss, nowMs } = facts;
  const endedMs = last.endedMs ?? nowMs;
  const back = kss.filter(({ device }) => last.said.scope.includes(device));
  // One that left the configuration is not seen to be back.
  const isEachBack = back.length === last.said.scope.length && back.every(({ failure }) => failure === null);
  if (nowMs - endedMs > TRACES_MS || !isEachBack) return null;
  const traces = claimed(
    open,
    { checks: ['members'] },
    // Of another peer only until those that are back have heard from it.
    { checks: ['coop_peers'], ...(nowMs - endedMs > COOP_JOINS_MS ? { of: new Set(last.said.scope) } : {}) },
    { checks: ['reregistrations'], of: madeToRegister(facts, last, said), fromMs: last.sinceMs - slackMs(facts) },
  ).filter(({ check, sinceMs }) => check !== 'reregistrations' || sinceMs <= endedMs + REGISTERS_AGAIN_MS);
  if (traces.length === 0) return null;
  const dead = sorted(devicesWith(traces, 'coop_peers'));
  const again = sorted(devicesWith(traces, 'reregistrations'));
  const still = [
    ...(dead.length === 0 ? [] : [`a peer’s last answer still calls ${list(dead)} dead`]),
    ...(traces.some(({ check }) => check === 'members') ? ['the KSs know different numbers of GMs'] : []),
    ...(again.length === 0
      ? []
      : [`${gmsNamed(again, facts.gms.length)} re-registered ${whenRegistered(among(facts.gms, again), nowMs)}`]),
  ];
  return over(last.said, traces, {
    summary: `${ksNamed(last.said.scope)} did not ${last.said.scope.length > 1 ? 'all answer' : 'answer'} from ${clockTime(last.sinceMs)} to ${clockTime(endedMs)} and ${verb(last.said.scope.length, 'is', 'are')} back; ${still.join('; ')}`,
    status: 'ok',
  });
}

/**
 * Whom the outage can have made register: the GMs of those that were gone, or all if another one had to take over.
 * Whoever was found to lose rekeys goes on losing them.
 */
function madeToRegister(facts: GroupFacts, { said: told, sinceMs }: Episode, said: Asked['said']): ReadonlySet<string> {
  const { kss, gms } = facts;
  const tookOver = kss.some(({ role, roleSinceMs }) => role === 'primary' && roleSinceMs >= sinceMs - slackMs(facts));
  const theirs = tookOver ? gms.map(({ device }) => device) : gmsOf(facts, among(kss, told.scope));
  const losing = new Set(goingOn(said, LOSSES).flatMap(devicesOf));
  return new Set(theirs.filter((device) => !losing.has(device)));
}

/** It began with the first of them; all have been silent only since the last one answered. */
function silentSinceMs(gone: readonly KsFacts[], beganMs: EpochMs, facts: GroupFacts): EpochMs {
  return gone.length === 1 ? beganMs : Math.max(beganMs, ...gone.map((ks) => lastAnswerMs(ks, facts)));
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
