/**
 * No KS of a group answers. That the agent gets no answer is not yet that it is down: its GMs tell, where they are
 * asked.
 */
import { everyOne } from '../events/counted.ts';
import { CHECK_KS, CHECK_REGISTRATION } from '../events/first-steps.ts';
import type { EpochMs } from '../seen/instant.ts';
import { over, REGISTERS_AGAIN_MS, TRACES_MS } from './after-its-end.ts';
import {
  among,
  type Asked,
  type Candidate,
  claimed,
  type Episode,
  GM_CHECKS,
  lastLook,
  list,
  devicesWith,
  sorted,
  explainedAtLastLook,
  trafficStops,
} from './candidate.ts';
import {
  askedInVainMs,
  givesNoAnswer,
  type GmFacts,
  type GroupFacts,
  hasCoop,
  isHeard,
  isSilent,
  isUnregistered,
  type KsFacts,
  lastAnswerMs,
} from './group-facts.ts';
import { ALL_CHECKS, nothingSeen, nothingSeenSince } from './nothing-seen.ts';
import {
  hasNotAnswered,
  ifSo,
  isUnread,
  LOGS_IN_AGAIN_MS,
  lostOrDown,
  servedSince,
  silenceText,
  slackMs,
  wasAskedAlready,
} from './ks-silence.ts';
import { clockTime, gmsNamed, ksNamed, verb } from './said.ts';
import { CLOCKS_MS, RECENT_MS, type Symptom } from './symptom.ts';

/** What GMs show whose KS gives them neither rekeys nor registrations. */
const LACKING_A_KS = ['registered', 'kek_present', 'kek_remaining', 'tek_remaining'] as const;

/** No KS of the group answers: each look at them failed, or has not ended while GMs suffer. */
export function ksDown(asked: Asked): Candidate | null {
  const { facts, before } = asked;
  const { kss, gms, nowMs } = facts;
  const silent = kss.filter((ks) => givesNoAnswer(ks, nowMs));
  if (kss.length === 0 || silent.length < kss.length) return ksBack(asked);
  const askedMs = Math.max(...silent.map((ks) => askedInVainMs(ks, nowMs)));
  const unseenMs = nothingSeenSince(facts);
  if (unseenMs !== null) return allSilent(asked, unseenMs, askedMs);
  // It served someone while looks at it failed: it was up between two of them, and may have gone again.
  const servedMs = servedSince(gms, askedMs)?.atMs ?? null;
  if (servedMs !== null && !failsSince(silent, servedMs, facts)) return ksBack(asked);
  // It may have died right after its last answer; what its GMs lack since then is its own. Once said, the instant stays.
  const sinceMs = before?.sinceMs ?? servedMs ?? Math.max(...silent.map((ks) => lastAnswerMs(ks, facts)));
  const names = silent.map(({ device }) => device);
  const claims = lackingAnyKs(asked, silent, sinceMs);
  const isOther = hasOtherCause(asked.said);
  const lacking = before?.presentSinceMs == null ? claims.filter((symptom) => !isOther(symptom)) : claims;
  const suffering = sorted(among(gms, devicesWith(lacking, ...LACKING_A_KS)).map(({ device }) => device));
  const failing = silent.every(isSilent);
  if (!failing && suffering.length === 0 && before === null) return ksBack(asked);
  if (servedMs !== null && suffering.length * 2 < Math.max(1, gms.length)) return ksBack(asked);
  if (suffering.length === 0 && wasAskedAlready(asked, silent)) return null;
  if (mayBeServedElsewhere(facts, suffering)) return ksBack(asked);
  const established =
    before?.presentSinceMs != null || (failing && isEstablished(silent, suffering.length, gms.length));
  // The agent gets no answer: until a GM lacks what a KS gives, it may be the agent's own way to it.
  const ifDown = `if ${verb(names.length, 'it is', 'they are')} down`;
  return {
    phase: established ? 'present' : 'unclear',
    status: established ? 'critical' : 'warning',
    sinceMs,
    summary: established
      ? `${silentNamed(facts, names)} ${hasNotAnswered(silent, sinceMs)}${thoughHeard(silent)}: ${suffering.length === 0 ? `${ifDown}, ` : ''}${whatEnds(facts, suffering)}`
      : `${silentNamed(facts, names)} ${failing ? lostAnswer(silent, askedMs) : lookHangs(silent, sinceMs)}`,
    ...ifSo(
      established && suffering.length > 0 ? null : ifDown,
      trafficStops(gms, nowMs, () => `${kss.length === 1 ? 'it comes' : 'one of them comes'} back before`),
    ),
    confidence: established ? (suffering.length > 0 ? 'certain' : 'likely') : 'possible',
    knownAtMs: established ? null : lastLook(silent, nowMs),
    firstStep: CHECK_KS,
    scope: sorted([...names, ...gms.map(({ device }) => device)]),
    evidence: [
      ...silent.map((ks) => silenceText(ks, nowMs)),
      ...(suffering.length === 0 ? [] : [`${list(suffering)}: not registered, or a rekey is overdue`]),
    ],
    claims,
  };
}

/** Its GMs neither: what they showed last is no sign of their KSs. */
function allSilent({ facts, open, before }: Asked, unseenMs: EpochMs, askedMs: EpochMs): Candidate {
  const established = before?.presentSinceMs != null || facts.kss.every(({ failure }) => failure?.established === true);
  return {
    ...nothingSeen(facts, unseenMs),
    phase: established ? 'present' : 'unclear',
    status: established ? 'critical' : 'warning',
    sinceMs: before?.sinceMs ?? askedMs,
    ...(established ? { knownAtMs: null } : {}),
    claims: claimed(open, { checks: ALL_CHECKS }),
  };
}

/** What is lacking while no KS answers. */
function lackingAnyKs(
  { facts, open, before, last }: Asked,
  silent: readonly KsFacts[],
  sinceMs: EpochMs,
): readonly Symptom[] {
  return claimed(
    open,
    { checks: ['reachable'], of: new Set(silent.map(({ device }) => device)) },
    { checks: ['coop_peers', 'coop_role', 'members'] },
    // A KS that never answered may have been gone for long.
    { checks: GM_CHECKS, ...(silent.some(isUnread) ? {} : { fromMs: sinceMs - slackMs(facts) }) },
    // Re-registrations of the outage before this one are no loss on the way.
    ...(last?.presentSinceMs == null
      ? []
      : [{ checks: ['reregistrations'] as const, fromMs: last.sinceMs - slackMs(facts) }]),
    { checks: ['reregistrations'], of: explainedTo(before, 'reregistrations') },
  );
}

function silentNamed(facts: GroupFacts, names: readonly string[]): string {
  const isOnly = facts.kss.length === 1 && !hasCoop(facts) && facts.otherServers?.length === 0;
  return `${ksNamed(names)}${isOnly ? ', the only KS,' : ''}`;
}

/** It may be up, and serve nobody; or another one writes in its name. */
function thoughHeard(silent: readonly KsFacts[]): string {
  const heard = silent.filter(({ failure }) => failure?.heardMs !== undefined);
  if (heard.length === 0) return '';
  const lastMs = Math.max(...heard.map(({ failure }) => failure?.heardMs ?? 0));
  const whose = silent.length === 1 ? 'its name' : `the name of ${ksNamed(sorted(heard.map(({ device }) => device)))}`;
  return `, though a message in ${whose} came at ${clockTime(lastMs)}`;
}

function lostAnswer(silent: readonly KsFacts[], askedMs: EpochMs): string {
  return `did not answer at ${clockTime(askedMs)}: ${lostOrDown(silent.length)}`;
}

function lookHangs(silent: readonly KsFacts[], sinceMs: EpochMs): string {
  const [it, isDown] = [verb(silent.length, 'it', 'them'), verb(silent.length, 'it is', 'they are')];
  return `${hasNotAnswered(silent, sinceMs)}, and the look at ${it} has not ended: whether ${isDown} down is not yet clear`;
}

/** What another cause explained is no sign of this one: beside an old KS GMs lack a KEK in each of its cycles. */
function hasOtherCause(said: Asked['said']): (symptom: Symptom) => boolean {
  const isExplained = explainedAtLastLook(said, (cause) => cause !== 'ks_down');
  const isOld = said.some(
    ({ cause, presentSinceMs, endedMs }) => cause === 'legacy_ks' && presentSinceMs !== null && endedMs === null,
  );
  return (symptom) =>
    isExplained(symptom) || (isOld && (symptom.check === 'kek_present' || symptom.check === 'kek_remaining'));
}

/** Enough looks failed; or two of each, while half of the GMs say the same. */
function isEstablished(silent: readonly KsFacts[], suffering: number, gms: number): boolean {
  if (silent.every(({ failure }) => failure?.established === true)) return true;
  return suffering > 0 && suffering * 2 >= gms && silent.every(({ failure }) => (failure?.inARow ?? 0) > 1);
}

/**
 * KSs that nobody polls may go on serving: that none does is said when at least half of the GMs lack what a KS gives.
 */
function mayBeServedElsewhere({ otherServers, gms }: GroupFacts, suffering: readonly string[]): boolean {
  return otherServers?.length !== 0 && suffering.length * 2 < Math.max(1, gms.length);
}

function whatEnds({ group, otherServers, gms }: GroupFacts, suffering: readonly string[]): string {
  if (otherServers?.length === 0) return `no GM of ${group} can register or get a rekey`;
  const what = `${gmsNamed(sorted(suffering), gms.length)} ${verb(suffering.length, 'gets', 'get')} neither rekey nor registration`;
  return otherServers === null
    ? what
    : `${what}, from ${ksNamed(otherServers)} neither, of which the agent sees nothing`;
}

function explainedTo(episode: Episode | null, check: Symptom['check']): ReadonlySet<string> {
  return new Set(episode?.said.explains.find((each) => each.check === check)?.devices);
}

/** Polls of each KS still failed after the time a restarted KS may refuse logins. */
function failsSince(silent: readonly KsFacts[], servedMs: EpochMs, { pollIntervalMs }: GroupFacts): boolean {
  return silent.every(({ failure }) => (failure?.lastMs ?? 0) > servedMs + Math.max(pollIntervalMs, LOGS_IN_AGAIN_MS));
}

/** After its end: what the GMs still show of it. */
function ksBack({ facts, open, last, said }: Omit<Asked, 'before'>): Candidate | null {
  if (last === null || last.presentSinceMs === null) return null;
  const { nowMs, gms } = facts;
  const endedMs = last.endedMs ?? nowMs;
  if (nowMs - endedMs > Math.max(TRACES_MS, facts.tekLifetimeMs + RECENT_MS)) return null;
  const registering = nowMs - endedMs <= REGISTERS_AGAIN_MS;
  const kss = last.said.scope.filter((name) => facts.kss.some(({ device }) => device === name));
  // They left the configuration: whether they are back will not be seen, and what GMs lack is told as it is.
  if (kss.length === 0) return null;
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
  const unknownToIt = devicesWith(traces, 'rekeys_acknowledged').filter((name) => unlisted.has(name));
  // A KS that restarted knows no GM until it registers again, which it does when its keys end.
  if (traces.length === 0 || (nowMs - endedMs > TRACES_MS && unknownToIt.length === 0)) return null;
  const waiting = sorted([...devicesWith(traces, 'registered'), ...unknownToIt]);
  const was = whatEnded(facts, kss, { sinceMs: last.sinceMs, endedMs });
  return over(last.said, traces, {
    summary:
      waiting.length === 0
        ? `${was}${registeredNow(gms)}`
        : `${was}; ${notRegisteredAgain(waiting, gms.length)}${unknownToIt.length === 0 ? '' : `, and until then ${verb(waiting.length, 'gets', 'get')} no rekey`}`,
    status: waiting.length === 0 ? 'ok' : 'warning',
    // They try again by themselves: only who does not succeed needs anyone.
    ...(waiting.length === 0 ? {} : { firstStep: stepAfterReturn(devicesWith(traces, 'registered'), endedMs, nowMs) }),
  });
}

/** Of those that give no answer it is not known; empty: one is not registered, or nothing tells of any. */
function registeredNow(gms: readonly GmFacts[]): string {
  const known = gms.filter((gm) => isHeard(gm) && gm.registered === true).length;
  if (known === 0 || gms.some(isUnregistered)) return '';
  if (known < gms.length) {
    const are = verb(known, 'is', 'are');
    return `; ${known} of ${gms.length} polled GMs ${are} registered, of the ${verb(gms.length - known, 'other', 'others')} that is not known`;
  }
  return `; ${known === 1 ? 'its GM is' : `${everyOne(known, 'polled GM')} are`} registered`;
}

/** What ended the outage: a KS that answers again. Of one that does not, a GM may show that it is served. */
function whatEnded(
  { kss, gms, otherServers, nowMs }: GroupFacts,
  names: readonly string[],
  { sinceMs, endedMs }: { readonly sinceMs: EpochMs; readonly endedMs: EpochMs },
): string {
  const silent = kss.filter((ks) => names.includes(ks.device) && givesNoAnswer(ks, nowMs));
  const answering = names.filter((name) => silent.every(({ device }) => device !== name));
  if (answering.length === 0) {
    const served = servedSince(gms, sinceMs);
    const by = kss.length === 1 && otherServers?.length === 0 ? 'it serves its GMs again' : 'another KS serves its GMs';
    const then =
      served === null
        ? `whether ${by} is not known`
        : `GMs are served again, a rekey or registration came ${served.at} ${clockTime(served.atMs)}`;
    return `${ksNamed(names)} ${hasNotAnswered(silent, sinceMs)}; ${then}`;
  }
  return `${ksNamed(answering)} did not answer from ${clockTime(sinceMs)} to ${clockTime(endedMs)} and ${verb(answering.length, 'is', 'are')} back`;
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
