/** GMs that restarted, or that the agent does not reach: they cannot acknowledge, and nothing of that is the KS's. */
import { everyOneOfThem } from '../events/counted.ts';
import {
  among,
  type Asked,
  between,
  betweenMinutes,
  type Candidate,
  claimed,
  devicesOf,
  GM_CHECKS,
  goingOn,
  lastLook,
  list,
  devicesWith,
  nextLook,
  sorted,
} from './candidate.ts';
import {
  askedInVainMs,
  givesNoAnswer,
  type GmFacts,
  type GroupFacts,
  isHeard,
  isMute,
  isUnregistered,
} from './group-facts.ts';
import type { ExplanationCause } from './explanation.ts';
import { ACKS_MISSED_CRITICAL } from './acks-missed.ts';
import { isUnread } from './ks-silence.ts';
import { missingAcks } from './lost-rekey.ts';
import { GO_TOGETHER_MS, nothingSeen, nothingSeenSince } from './nothing-seen.ts';
import { showNothing } from './shows-nothing.ts';
import { clockTime, gmsNamed, minuteTime, verb } from './said.ts';
import type { EpochMs } from '../seen/instant.ts';
import { CLOCKS_MS, RECENT_MS, type Symptom } from './symptom.ts';

/** A GM registers within about half a minute after its boot; a look later it is seen. */
const BOOT_TO_REGISTRATION_MS = 180_000;
/** The reloads of one storm or upgrade are over within this. */
const LONGEST_GO_MS = 3_600_000;
/** A boot longer ago than this explains nothing that is seen now. */
const LONGEST_NEWS_MS = 86_400_000;
/** Fewer than this many are not called a common outage. */
const COMMON_FROM = 3;

export function gmsReloaded({ facts, open, last }: Asked): Candidate | null {
  const { gms, nowMs } = facts;
  const countsMs = Math.min(LONGEST_NEWS_MS, Math.max(RECENT_MS, facts.tekLifetimeMs)) + facts.pollIntervalMs;
  const since = (ms: number) => gms.filter((gm) => isHeard(gm) && nowMs - (bootedMs(gm) ?? -Infinity) <= ms);
  const lately = since(countsMs);
  if (lately.length === 0) return null;
  const fresh = inOneGo(since(Math.max(countsMs, LONGEST_GO_MS)), nowMs).filter((gm) => !isSaidBoot(gm, last));
  const booted = [...new Set([...fresh, ...lately])];
  const registering = new Set(
    booted.filter((gm) => nowMs - (bootedMs(gm) ?? 0) <= BOOT_TO_REGISTRATION_MS).map(({ device }) => device),
  );
  const justBooted = new Set(fresh.map(({ device }) => device));
  const forThat = new Set(
    booted
      .filter((gm) => (gm.lastReregistration?.atMs ?? 0) - (bootedMs(gm) ?? nowMs) <= BOOT_TO_REGISTRATION_MS)
      .map(({ device }) => device),
  );
  const claims = claimed(
    open,
    { checks: ['rekeys_acknowledged'], of: new Set(booted.filter(gotNoRekeySince).map(({ device }) => device)) },
    { checks: ['reregistrations'], of: forThat },
    { checks: ['kek_matches_ks', 'tek_matches_ks'], of: justBooted },
    { checks: ['registered', 'kek_present', 'tek_remaining'], of: registering },
  );
  const concerned = new Set([...justBooted, ...claims.flatMap(({ device }) => device ?? [])]);
  const reloaded = booted.filter(({ device }) => concerned.has(device));
  const names = sorted(reloaded.map(({ device }) => device));
  if (claims.length === 0 && fresh.length === 0) return null;
  const boots = reloaded.flatMap((gm) => bootedMs(gm) ?? []);
  const alsoDown = sorted(downWith(boots, facts).map(({ device }) => device));
  const waiting = sorted(reloaded.filter(isUnregistered).map(({ device }) => device));
  const together = names.length >= COMMON_FROM && Math.max(...boots) - Math.min(...boots) <= GO_TOGETHER_MS;
  return {
    phase: 'present',
    status: alsoDown.length > 0 || notShownSince(reloaded, nowMs) ? 'warning' : 'ok',
    sinceMs: Math.min(...boots),
    summary: `${gmsNamed(names, gms.length)} reloaded and came up ${betweenMinutes(Math.min(...boots), Math.max(...boots))}${together ? ' (a power cut, or an upgrade?)' : ''}; ${whetherRegistered(reloaded, waiting)}${alsoDown.length === 0 ? '' : `; ${gmsNamed(alsoDown)} went silent with them and ${verb(alsoDown.length, 'does', 'do')} not answer yet`}`,
    consequence: null,
    deadlineMs: null,
    confidence: 'certain',
    knownAtMs: waiting.length + alsoDown.length === 0 ? null : nextLook(among(gms, [...waiting, ...alsoDown]), nowMs),
    firstStep: `show version on ${names.length === 1 ? 'it' : 'them'}: read the reload reason`,
    scope: sorted([...names, ...alsoDown]),
    evidence: reloaded
      .slice(0, 8)
      .map((gm) => `${gm.device}: up since ${minuteTime(bootedMs(gm) ?? nowMs)} by its uptime`),
    claims: [...claims, ...claimed(open, { checks: ['reachable', ...GM_CHECKS], of: new Set(alsoDown) })],
  };
}

/** Its KS counts the rekeys that a GM missed while it was down until the next one is acknowledged. */
function gotNoRekeySince(gm: GmFacts): boolean {
  return gm.lastRekeyMs === null || gm.lastRekeyMs < (bootedMs(gm) ?? 0);
}

/**
 * By its uptime a boot is known to the minute, and better with each answer: seen some seconds later it is the same one.
 */
function isSaidBoot(gm: GmFacts, last: Asked['last']): boolean {
  if (last === null || last.endedMs === null) return false;
  return (bootedMs(gm) ?? Number.POSITIVE_INFINITY) <= last.endedMs && devicesOf(last).includes(gm.device);
}

/** Whether it is registered, by what it showed since it booted; null: it showed nothing of that. */
function registeredSinceBoot(gm: GmFacts): boolean | null {
  return gm.readMs >= (bootedMs(gm) ?? gm.readMs) ? gm.registered : null;
}

function whetherRegistered(reloaded: readonly GmFacts[], waiting: readonly string[]): string {
  if (waiting.length > 0)
    return `${reloaded.length === 1 ? 'it is' : `${gmsNamed(waiting)} ${verb(waiting.length, 'is', 'are')}`} not registered yet`;
  const notShown = sorted(reloaded.filter((gm) => registeredSinceBoot(gm) === null).map(({ device }) => device));
  if (notShown.length === 0) {
    return `${reloaded.length === 1 ? 'it is' : `${everyOneOfThem(reloaded.length)} are`} registered`;
  }
  // Over SNMP a GM without keys shows nothing of its group.
  return `whether ${reloaded.length === 1 ? 'it is' : `${gmsNamed(notShown)} ${verb(notShown.length, 'is', 'are')}`} registered again is not shown`;
}

/** Long enough that it should have. */
function notShownSince(reloaded: readonly GmFacts[], nowMs: EpochMs): boolean {
  return reloaded.some(
    (gm) => registeredSinceBoot(gm) === null && nowMs - (bootedMs(gm) ?? nowMs) > BOOT_TO_REGISTRATION_MS,
  );
}

/**
 * Of GMs that go down together some are up again before the others: those reload too, until they take longer than that.
 */
function downWith(boots: readonly EpochMs[], { gms, nowMs }: GroupFacts): readonly GmFacts[] {
  if (boots.length < 2) return [];
  const silent = gms.filter((gm) => {
    if (!givesNoAnswer(gm, nowMs)) return false;
    const sinceMs = askedInVainMs(gm, nowMs);
    // A GM that does not answer is asked at growing intervals: it may be up since the last time.
    const downMs = (gm.failure?.lastMs ?? nowMs) - sinceMs;
    return (
      downMs <= BOOT_TO_REGISTRATION_MS &&
      nowMs - sinceMs <= GO_TOGETHER_MS &&
      boots.some((ms) => Math.abs(ms - sinceMs) <= GO_TOGETHER_MS)
    );
  });
  // Beside two that came up one lost answer is no third.
  const [one, ...others] = silent;
  const isOneAnswer = others.length === 0 && boots.length < COMMON_FROM && (one?.failure?.inARow ?? 1) < 2;
  return isOneAnswer ? [] : silent;
}

/** Those that booted lately, and those that booted with them: one happening does not shrink while it is said. */
function inOneGo(booted: readonly GmFacts[], nowMs: EpochMs): readonly GmFacts[] {
  const latestFirst = booted.toSorted((a, b) => (bootedMs(b) ?? 0) - (bootedMs(a) ?? 0));
  const rest = latestFirst.findIndex((gm, index) => {
    const atMs = bootedMs(gm) ?? 0;
    const next = latestFirst[index - 1];
    return nowMs - atMs > RECENT_MS && (next === undefined || (bootedMs(next) ?? 0) - atMs > GO_TOGETHER_MS);
  });
  return rest === -1 ? latestFirst : latestFirst.slice(0, rest);
}

function bootedMs({ bootMs, lastReregistration: last }: GmFacts): EpochMs | null {
  if (bootMs !== null) return bootMs;
  return last !== null && last.cause === 'reload' ? last.atMs : null;
}

/** GMs that give no answer, and those that answer and show nothing of the group. */
export function gmsUnreachable(asked: Asked): Candidate | null {
  const silent = silentGms(asked);
  const { facts, open } = asked;
  const unexplained = new Set(devicesWith(open, 'reachable'));
  const mute = facts.gms.filter((gm) => isMute(gm) && gm.failure?.established === true && unexplained.has(gm.device));
  if (mute.length === 0) return silent;
  const nothing = showingNothing(facts, mute, open);
  // That one look failed can wait for what is known.
  if (silent === null || silent.phase === 'unclear') return nothing;
  return {
    ...silent,
    sinceMs: Math.min(silent.sinceMs, nothing.sinceMs),
    summary: `${silent.summary}; ${nothing.summary}`,
    scope: sorted([...silent.scope, ...nothing.scope]),
    evidence: [...silent.evidence, ...nothing.evidence],
    claims: [...silent.claims, ...nothing.claims],
  };
}

/** It is there: what its login may see, or what its image has, decides what it shows. */
function showingNothing(
  { group, gms, nowMs }: GroupFacts,
  mute: readonly GmFacts[],
  open: readonly Symptom[],
): Candidate {
  const names = sorted(mute.map(({ device }) => device));
  const sinceMs = Math.min(...mute.map(({ failure }) => failure?.sinceMs ?? nowMs));
  const still = mute.some(isUnread) ? '' : 'still ';
  const has = verb(names.length, `it ${still}has`, `they ${still}have`);
  const { does, firstStep } = showNothing(mute, group);
  return {
    phase: 'present',
    status: 'warning',
    sinceMs,
    summary: `${gmsNamed(names, gms.length)} ${does} since ${clockTime(sinceMs)}: whether ${has} keys is not seen`,
    consequence: null,
    deadlineMs: null,
    confidence: 'certain',
    knownAtMs: null,
    firstStep,
    scope: names,
    evidence: among(mute, names).map(
      ({ device, failure }) => `${device}: ${failure?.result ?? ''} since ${clockTime(failure?.sinceMs ?? nowMs)}`,
    ),
    claims: claimed(open, { checks: ['reachable', ...GM_CHECKS], of: new Set(names) }),
  };
}

function silentGms({ facts, open, said }: Asked): Candidate | null {
  const { gms, nowMs } = facts;
  const silent = gms.filter((gm) => givesNoAnswer(gm, nowMs));
  const unexplained = new Set(devicesWith(open, 'reachable'));
  const gone = silent.filter(({ device, failure }) => failure?.established === true && unexplained.has(device));
  const all = new Set(silent.map(({ device }) => device));
  // Also of those that failed only once so far, or are being asked: their figures are old. That its KS dropped one that
  // has never answered is another matter.
  const dropped = new Set(facts.unacknowledged.flatMap(({ device, goneMs }) => (goneMs === undefined ? [] : [device])));
  const ofThem = claimed(open, { checks: GM_CHECKS, of: all }).filter(({ device }) => !dropped.has(device));
  if (gone.length === 0) {
    // Why their KS lacks acknowledgements of these was found: one lost answer makes nothing of it unclear.
    const known = new Set(goingOn(said, LOSING).flatMap(devicesOf));
    return notYetGone(
      facts,
      silent,
      ofThem.filter(({ device }) => !known.has(device ?? '')),
    );
  }
  const names = sorted(gone.map(({ device }) => device));
  const claims = [...claimed(open, { checks: ['reachable'], of: new Set(names) }), ...ofThem];
  const unseenMs = gms.length < COMMON_FROM || gone.length < gms.length ? null : nothingSeenSince(facts);
  if (unseenMs !== null) {
    const unseen = nothingSeen(facts, unseenMs);
    return { ...unseen, phase: 'present', status: 'warning', sinceMs: unseenMs, knownAtMs: null, claims };
  }
  const acknowledging = gone.filter((gm) => acknowledgedMs(facts, gm) !== null);
  if (acknowledging.length === gone.length) return outOfReach(facts, gone, claims);
  if (gone.some(isUnread)) return neverAnswered(facts, gone, claims);
  const since = gone.map(({ failure }) => failure?.sinceMs ?? nowMs);
  const together = names.length >= COMMON_FROM && Math.max(...since) - Math.min(...since) <= GO_TOGETHER_MS;
  return {
    phase: 'present',
    status: 'warning',
    sinceMs: Math.min(...since),
    summary: `${gmsNamed(names, gms.length)} stopped answering ${between(Math.min(...since), Math.max(...since))}${together ? ': power or WAN of a site, or they reload' : `: ${verb(names.length, 'it reloads', 'they reload')}, or the agent’s path to ${verb(names.length, 'it', 'them')} is broken`}`,
    consequence: {
      what: `whether ${verb(names.length, 'it', 'they')} still ${verb(names.length, 'has', 'have')} traffic is not known`,
      unless: null,
    },
    deadlineMs: null,
    confidence: acknowledging.length > 0 ? 'likely' : 'certain',
    knownAtMs: null,
    firstStep: together
      ? 'What do these GMs have in common: a site, a provider, a power supply? Then the path to one of them'
      : `Check the path to ${verb(names.length, 'the device, and the device itself', 'these devices, and the devices themselves')}`,
    scope: names,
    evidence: [
      `no answer from ${list(names)}`,
      ...acknowledging.map((gm) => acknowledgement(facts, gm)),
      ...gone.flatMap(({ device, failure }) =>
        failure?.heardMs === undefined
          ? []
          : [`${device}: a message in its name came at ${clockTime(failure.heardMs)}`],
      ),
    ],
    claims,
  };
}

/** Some of them have shown nothing since the agent began to ask: when they stopped, if they ever answered, is not known. */
function neverAnswered(facts: GroupFacts, gone: readonly GmFacts[], claims: Candidate['claims']): Candidate {
  const { gms, nowMs, unacknowledged } = facts;
  const names = sorted(gone.map(({ device }) => device));
  const never = sorted(gone.filter(isUnread).map(({ device }) => device));
  const acks = missingAcks(facts, devicesWith(claims, 'rekeys_acknowledged'));
  const isNear = unacknowledged.some(
    ({ device, acksMissed, goneMs }) =>
      goneMs === undefined && acksMissed >= ACKS_MISSED_CRITICAL && never.includes(device ?? ''),
  );
  const stopped = gone.filter((gm) => !isUnread(gm));
  const sinceMs = Math.min(...gone.map((gm) => gm.failure?.sinceMs ?? nowMs));
  const [it, has] = [verb(names.length, 'it', 'they'), verb(names.length, 'has', 'have')];
  return {
    phase: 'present',
    status: isNear ? 'critical' : 'warning',
    sinceMs,
    summary: [
      ...(stopped.length === 0
        ? []
        : [
            `${gmsNamed(sorted(stopped.map(({ device }) => device)), gms.length)} stopped answering ${betweenTheir(stopped, nowMs)}`,
          ]),
      `${gmsNamed(never, gms.length)} ${verb(never.length, 'has', 'have')} not answered yet, asked since ${clockTime(askedSinceMs(gone.filter(isUnread), nowMs))}`,
      ...(acks === null
        ? []
        : [
            `${acks}: ${verb(names.length, 'it is down, or neither rekeys nor the agent reach it', 'they are down, or neither rekeys nor the agent reach them')}`,
          ]),
    ].join('; '),
    consequence: { what: `whether ${it} ${has} traffic is not known`, unless: null },
    deadlineMs: null,
    confidence: 'certain',
    knownAtMs: null,
    firstStep: `Check the path from the agent to ${verb(names.length, 'the device, and the device itself', 'these devices, and the devices themselves')}; of one that has not answered yet also the address and port at which it is asked`,
    scope: names,
    evidence: [...gone.map((gm) => silenceOfGm(gm, nowMs)), ...(acks === null ? [] : [acks])],
    claims,
  };
}

function betweenTheir(gms: readonly GmFacts[], nowMs: EpochMs): string {
  const since = gms.map(({ failure }) => failure?.sinceMs ?? nowMs);
  return between(Math.min(...since), Math.max(...since));
}

function askedSinceMs(gms: readonly GmFacts[], nowMs: EpochMs): EpochMs {
  return Math.min(...gms.map(({ failure }) => failure?.sinceMs ?? nowMs));
}

function silenceOfGm({ device, address, unread, failure }: GmFacts, nowMs: EpochMs): string {
  const failed = `${failure?.result ?? 'no answer'} since ${clockTime(failure?.sinceMs ?? nowMs)}`;
  return unread === true
    ? `${device} (${address ?? ''}): a KS of the group listed that address; ${failed}; it has shown nothing since the agent began to ask`
    : `${device}: ${failed}`;
}

/** Their KS shows that they live: it is the agent that does not reach them. */
function outOfReach(facts: GroupFacts, gone: readonly GmFacts[], claims: Candidate['claims']): Candidate {
  const names = sorted(gone.map(({ device }) => device));
  const [it, its, has] = gone.length === 1 ? ['it', 'its', 'has'] : ['them', 'their', 'have'];
  const since = gone.map(({ failure }) => failure?.sinceMs ?? facts.nowMs);
  const lastMs = Math.max(...gone.map((gm) => acknowledgedMs(facts, gm) ?? 0));
  return {
    phase: 'present',
    status: 'warning',
    sinceMs: Math.min(...since),
    summary: `${gmsNamed(names, facts.gms.length)} ${has} not answered ${gone.some(isUnread) ? `yet, asked since ${clockTime(Math.min(...since))}` : `the agent since ${clockTime(Math.max(...since))}`}, and acknowledged the rekey of ${clockTime(lastMs)}, as ${its} KS counts: the agent’s path to ${it} is broken, or ${it === 'it' ? 'it' : 'they'} went down since`,
    consequence: {
      what: `the agent does not see what ${list(names)} ${verb(gone.length, 'shows', 'show')}`,
      unless: null,
    },
    deadlineMs: null,
    confidence: 'likely',
    knownAtMs: null,
    firstStep: CHECK_PATH_OF_AGENT,
    scope: names,
    evidence: [`no answer from ${list(names)}`, ...gone.map((gm) => acknowledgement(facts, gm))],
    claims,
  };
}

const CHECK_PATH_OF_AGENT =
  'The path from the agent to these GMs (SSH or SNMP, management VRF, vty lines): what does it share, where rekeys take another one?';

function acknowledgement(facts: GroupFacts, gm: GmFacts): string {
  return `${gm.device}: its KS misses no acknowledgement of the rekey of ${clockTime(acknowledgedMs(facts, gm) ?? facts.nowMs)}`;
}

/** The rekey that it acknowledged since it gave no answer, as the KS that sends them counts; null: none is known. */
function acknowledgedMs(
  { kss, listAgeMs, rekeyTakesMs }: GroupFacts,
  { acksMissed, failure }: GmFacts,
): EpochMs | null {
  if (acksMissed !== 0 || failure === null) return null;
  const rekeys = kss.flatMap(({ role, failure: fails, tekMadeMs, readMs }) =>
    role !== 'secondary' && fails === null && tekMadeMs != null && readMs - listAgeMs >= tekMadeMs + rekeyTakesMs
      ? [tekMadeMs]
      : [],
  );
  const lastMs = Math.max(...rekeys, 0);
  return lastMs > failure.sinceMs + CLOCKS_MS ? lastMs : null;
}

const LOSING: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>(['path_loss', 'ks_rekeys_lost', 'ejected']);

/** Their KS misses acknowledgements of GMs that are being asked: a rekey may be lost, or they reload. */
function notYetGone(
  { gms, nowMs }: GroupFacts,
  silent: readonly GmFacts[],
  claims: readonly Symptom[],
): Candidate | null {
  const names = devicesWith(claims, 'rekeys_acknowledged');
  if (names.length === 0) return null;
  const concerned = new Set(names);
  const asked = among(silent, names);
  const since = asked.map((gm) => askedInVainMs(gm, nowMs));
  return {
    phase: 'unclear',
    status: 'warning',
    sinceMs: Math.min(...since),
    summary: `${gmsNamed(names, gms.length)} gave no answer ${between(Math.min(...since), Math.max(...since))} and did not acknowledge a rekey: whether ${verb(names.length, 'it reloads', 'they reload')}, or the rekey was lost, is not yet clear`,
    consequence: null,
    deadlineMs: null,
    confidence: 'possible',
    knownAtMs: lastLook(asked, nowMs),
    firstStep: 'Check the path to the device, and the device itself',
    scope: names,
    evidence: [`no answer yet from ${list(names)}`],
    claims: claims.filter(({ device }) => device !== null && concerned.has(device)),
  };
}
