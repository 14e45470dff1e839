/**
 * What a GM suffers for a reason of its own: its interface went down, its policy is not installed, its clock is wrong,
 * or it drops packets. Neither the path of the rekeys nor the KS is to blame, and no advice about them is given.
 */
import {
  among,
  type Asked,
  between,
  type Candidate,
  claimed,
  devicesOf,
  GM_CHECKS,
  list,
  devicesWith,
  nextLook,
  OF_MISSING_TEK,
  sorted,
  trafficStops,
  whenTheyRegister,
  REGISTERING_MS,
  registrationKnownMs,
  wasPresentLately,
  whoOfLate,
} from './candidate.ts';
import { type GmFacts, isHeard, isKeyless, isUnregistered, type KsFacts } from './group-facts.ts';
import { durationText } from '../events/duration-text.ts';
import {
  CHECK_CERTIFICATE,
  CHECK_DROPS,
  CHECK_IN_CLEAR,
  CHECK_INSTALL,
  CHECK_INTERFACE,
  CHECK_REPLAY,
  CHECK_TEKLESS,
} from '../events/first-steps.ts';
import { recentOf } from './recent-reasons.ts';
import { clockTime, gmsNamed, verb } from './said.ts';
import type { EpochMs } from '../seen/instant.ts';
import { reregistrationKnownMs } from './symptom.ts';
import type { ReasonKind } from '../log/message-meaning.ts';

const NOTHING = { consequence: null, deadlineMs: null, knownAtMs: null } as const;

/** From the interface's return to the registration and the look that shows it. */
const FLAP_SETTLES_MS = 180_000;

/** The interface that holds a GM's keys is down, or was and the GM registers now that it is back. */
export function interfaceFlap({ facts, open, before }: Asked): Candidate | null {
  const { gms, nowMs, pollIntervalMs } = facts;
  const off = gms.filter((gm) => gm.linkDown !== undefined && (flappedAtMs(gm) ?? 0) < gm.linkDown.sinceMs);
  const down = off.filter(({ linkDown }) => linkDown?.backMs === null);
  const registering = off.filter(({ linkDown }) => nowMs - (linkDown?.backMs ?? -Infinity) <= FLAP_SETTLES_MS);
  const isOff = new Set([...down, ...registering].map(({ device }) => device));
  const back = whoOfLate(
    gms.filter(({ device }) => !isOff.has(device)),
    (gm) => (flappedAtMs(gm) === null ? null : reregistrationKnownMs(gm)),
    { before, nowMs },
  );
  const names = sorted([...isOff, ...back.map(({ device }) => device)]);
  if (names.length === 0) return registeredJustNow({ facts, open, before });
  const fromMs = Math.min(
    before?.sinceMs ?? Infinity,
    ...[...down, ...registering].map(({ linkDown }) => linkDown?.sinceMs ?? nowMs),
    ...back.map((gm) => flappedAtMs(gm) ?? nowMs),
  );
  const claims = claimed(open, {
    checks: GM_CHECKS,
    of: new Set(names),
    fromMs: fromMs - pollIntervalMs - FLAP_SETTLES_MS,
  });
  const waiting = sorted(isOff);
  // A GM that could not register before has another reason.
  const without = among(gms, waiting).filter(
    (gm) => gm.tekMissing || (isUnregistered(gm) && (gm.unregisteredSinceMs ?? nowMs) >= fromMs - pollIntervalMs),
  );
  return {
    ...NOTHING,
    phase: 'present',
    status: waiting.length === 0 ? 'ok' : without.length === 0 ? 'warning' : 'critical',
    sinceMs: fromMs,
    summary: flapSummary({ down, registering, back }, facts),
    consequence:
      down.length === 0
        ? null
        : {
            what: `no traffic of ${gmsNamed(sorted(down.map(({ device }) => device)))} over it; ${verb(down.length, 'it registers', 'each registers')} again when it is up`,
            unless: null,
          },
    knownAtMs: waiting.length === 0 ? null : nextLook(among(gms, waiting), nowMs),
    confidence: 'certain',
    firstStep: CHECK_INTERFACE,
    scope: names,
    evidence: [
      ...among(gms, waiting).flatMap(({ device, linkDown }) =>
        (linkDown?.evidence ?? []).map((line) => `${device} ${line}`),
      ),
      ...back.map(
        (gm) => `${gm.device}: registered at ${clockTime(flappedAtMs(gm) ?? nowMs)}, as its interface came back`,
      ),
    ],
    claims,
  };
}

/**
 * Its message says that it registered, and the answer that shows why has not come yet: that alone does not end the
 * flap.
 */
function registeredJustNow({ facts, open, before }: Pick<Asked, 'facts' | 'open' | 'before'>): Candidate | null {
  if (before === null || before.said.knownAtMs === null) return null;
  const { nowMs, pollIntervalMs } = facts;
  if (nowMs > before.said.knownAtMs + pollIntervalMs) return null;
  const { cause: _, explains: __, ...said } = before.said;
  const fromMs = before.sinceMs - pollIntervalMs - FLAP_SETTLES_MS;
  return { ...said, claims: claimed(open, { checks: GM_CHECKS, of: new Set(said.scope), fromMs }) };
}

function flapSummary(
  flapped: {
    readonly down: readonly GmFacts[];
    readonly registering: readonly GmFacts[];
    readonly back: readonly GmFacts[];
  },
  { gms, nowMs }: Asked['facts'],
): string {
  const { down, registering, back } = flapped;
  const of = (some: readonly GmFacts[]) => gmsNamed(sorted(some.map(({ device }) => device)), gms.length);
  if (down.length > 0) {
    const sinceMs = Math.min(...down.map(({ linkDown }) => linkDown?.sinceMs ?? nowMs));
    return `The ${verb(down.length, 'interface that holds', 'interfaces that hold')} the keys of ${of(down)} ${verb(down.length, 'is', 'are')} down since ${clockTime(sinceMs)}`;
  }
  if (registering.length > 0) {
    const backMs = Math.max(...registering.map(({ linkDown }) => linkDown?.backMs ?? nowMs));
    return `The ${verb(registering.length, 'interface that holds', 'interfaces that hold')} the keys of ${of(registering)} ${verb(registering.length, 'was down and is', 'were down and are')} up since ${clockTime(backMs)}; ${verb(registering.length, 'it registers', 'they register')} again`;
  }
  const [fromMs, toMs] = span(back.map((gm) => flappedAtMs(gm) ?? nowMs));
  return `${of(back)} registered again ${between(fromMs, toMs)}: the ${verb(back.length, 'interface that holds its', 'interfaces that hold their')} keys went down and came back`;
}

function span(instants: readonly EpochMs[]): [from: EpochMs, to: EpochMs] {
  return [Math.min(...instants), Math.max(...instants)];
}

/** When it registered because of the flap; null: its last registration had another cause. */
function flappedAtMs({ lastReregistration: last }: GmFacts): EpochMs | null {
  return last?.cause === 'interface' ? last.atMs : null;
}

/** Registered, and no TEK is installed: the KS serves it, and its own platform or policy does not take it. */
export function withoutTek({ facts, open, before, last }: Asked): Candidate | null {
  const { gms, nowMs } = facts;
  const missing = gms.filter((gm) => gm.tekMissing && isHeard(gm));
  const claims = claimed(
    open,
    { checks: OF_MISSING_TEK, of: new Set(missing.map(({ device }) => device)) },
    { checks: ['rekeys_acknowledged'], of: new Set(missing.filter(isKeyless).map(({ device }) => device)) },
  );
  const names = devicesWith(claims, 'tek_remaining');
  if (names.length === 0) return teksAgain(facts, open, last);
  const suffering = among(gms, names);
  const sinceMs = before?.sinceMs ?? Math.min(...suffering.map(({ readMs }) => readMs));
  const said = suffering.flatMap((gm) => recentOf(gm, 'not_installed', nowMs).map((reason) => ({ gm, reason })));
  if (said.length === 0 && suffering.every(({ registered }) => registered === null)) {
    return keyless({ facts, before }, { names, sinceMs, claims });
  }
  const because =
    said.length > 0
      ? `${verb(names.length, 'its log says', 'their logs say')} why`
      : 'is the downloaded policy installed?';
  return {
    ...NOTHING,
    phase: 'present',
    status: 'critical',
    sinceMs,
    summary: `${gmsNamed(names, gms.length)} ${verb(names.length, 'is', 'are')} registered and ${verb(names.length, 'holds', 'hold')} no TEK since ${clockTime(sinceMs)}: ${because}`,
    ...trafficStops(suffering, nowMs, whenTheyRegister),
    confidence: said.length > 0 ? 'certain' : 'likely',
    firstStep: CHECK_INSTALL,
    scope: names,
    evidence: [
      ...said.slice(-4).map(({ gm, reason }) => `${gm.device}, ${clockTime(reason.atMs)}: ${reason.text}`),
      `${list(names)}: Registered, and no TEK is shown`,
    ],
    claims,
  };
}

/** That it registered for want of TEKs is no separate trouble. */
function teksAgain({ gms, nowMs }: Asked['facts'], open: Asked['open'], last: Asked['last']): Candidate | null {
  if (!wasPresentLately(last, nowMs)) return null;
  const claims = claimed(open, { checks: ['reregistrations'], of: new Set(devicesOf(last)), fromMs: last.sinceMs });
  // A GM that no longer answers is left out: its state is not known.
  const names = among(gms, devicesWith(claims, 'reregistrations')).flatMap(({ device, failure, tekMissing }) =>
    failure === null && !tekMissing ? [device] : [],
  );
  if (names.length === 0) return null;
  return {
    ...last.said,
    ...NOTHING,
    phase: 'over',
    status: 'ok',
    summary: `${gmsNamed(names, gms.length)} showed no TEK from ${clockTime(last.sinceMs)} on, registered again and ${verb(names.length, 'holds', 'hold')} TEKs since ${clockTime(last.endedMs ?? nowMs)}`,
    confidence: 'likely',
    firstStep: null,
    scope: names,
    claims,
  };
}

/**
 * SNMP shows keys and no registration: without a TEK there is no traffic, and one look may fall into a registration.
 */
function keyless(
  { facts, before }: Pick<Asked, 'facts' | 'before'>,
  known: Pick<Candidate, 'claims' | 'sinceMs'> & { readonly names: readonly string[] },
): Candidate {
  const { names, sinceMs, claims } = known;
  const { gms, nowMs } = facts;
  const suffering = among(gms, names);
  const established =
    before?.presentSinceMs != null || suffering.some(({ readMs }) => readMs - sinceMs >= REGISTERING_MS);
  const withKek = sorted(suffering.filter(({ kek }) => kek === 'shown').map(({ device }) => device));
  const shown = `${gmsNamed(names, gms.length)} ${verb(names.length, 'shows', 'show')} no TEK since ${clockTime(sinceMs)}`;
  return {
    ...NOTHING,
    phase: established ? 'present' : 'unclear',
    status: established ? 'critical' : 'warning',
    sinceMs,
    summary: established
      ? `${shown}: ${verb(names.length, 'it is', 'they are')} not registered, or the policy is not installed; SNMP does not show which`
      : `${shown}; whether ${verb(names.length, 'it registers', 'they register')} at this moment is not yet clear`,
    ...(established ? trafficStops(suffering, nowMs, whenTheyRegister) : {}),
    confidence: established ? 'likely' : 'possible',
    knownAtMs: established ? null : registrationKnownMs(suffering, sinceMs, nowMs),
    firstStep: CHECK_TEKLESS,
    scope: names,
    evidence: [
      `no TEK is shown: ${list(names)}`,
      ...(withKek.length === 0 ? [] : [`a KEK is shown: ${list(withKek)}`]),
    ],
    claims,
  };
}

/** Certificates that are not valid yet by a router's own time: its clock, or that of its KS, is wrong. */
export function clockWrong({ facts, open }: Asked): Candidate | null {
  const { gms, kss, nowMs } = facts;
  const failing = gms.filter((gm) => isHeard(gm) && (isUnregistered(gm) || (gm.failedAttempts ?? 0) > 0));
  const reasons = [...failing, ...kss].flatMap((router) =>
    recentOf(router, 'certificate_too_early', nowMs).map((reason) => ({ device: router.device, reason })),
  );
  if (reasons.length === 0 || failing.length === 0) return null;
  const saying = new Set(reasons.map(({ device }) => device));
  // A KS that finds certificates too early refuses every GM; a GM speaks of itself.
  const ofKs = kss.some(({ device }) => saying.has(device));
  const names = sorted(failing.map(({ device }) => device).filter((device) => ofKs || saying.has(device)));
  const suffering = among(gms, names);
  const off = suffering.filter(isUnregistered).map(({ device }) => device);
  const first = Math.min(...reasons.map(({ reason }) => reason.atMs));
  const wrong = sorted([...suffering, ...kss].flatMap(({ device, clock }) => (clock === undefined ? [] : [device])));
  return {
    phase: 'present',
    status: off.length > 0 ? 'critical' : 'warning',
    sinceMs: first,
    summary: `${gmsNamed(names, gms.length)} ${verb(names.length, 'does', 'do')} not register since ${clockTime(first)}: for ${list(saying)} a certificate is not valid yet, so ${wrong.length === 0 ? 'a clock is wrong there or at the other end' : `look at the clock of ${list(wrong)}`}`,
    ...trafficStops(suffering, nowMs, whenTheyRegister),
    confidence: 'likely',
    knownAtMs: null,
    firstStep:
      wrong.length === 0
        ? CHECK_CERTIFICATE
        : `show ntp associations on ${list(wrong)}: is a time server reachable, and does the router follow it? Then show crypto pki certificates: valid from when?`,
    scope: sorted([...saying, ...names, ...wrong]),
    evidence: [
      ...reasons.slice(-4).map(({ device, reason }) => `${device}, ${clockTime(reason.atMs)}: ${reason.text}`),
      ...among([...suffering, ...kss], wrong).map(clockShown),
    ],
    claims: claimed(open, { checks: ['registered', 'rekeys_acknowledged'], of: new Set(names) }),
  };
}

/** `gm1: show clock at 03:00:20 UTC marks its time as not synchronised, and is 3 h 2 min behind the agent’s clock`. */
function clockShown({ device, clock }: GmFacts | KsFacts): string {
  if (clock === undefined) return `${device}: its clock was not seen`;
  const { readMs, synchronised, aheadSeconds } = clock;
  const marked = synchronised === false ? ['marks its time as not synchronised (* or .)'] : [];
  const off =
    aheadSeconds === null
      ? []
      : [`is ${durationText(Math.abs(aheadSeconds))} ${aheadSeconds > 0 ? 'ahead of' : 'behind'} the agent’s clock`];
  return `${device}: show clock at ${clockTime(readMs)} ${[...marked, ...off].join(', and ')}`;
}

const OF_PACKETS: readonly ReasonKind[] = ['replay', 'replay_by_time', 'pseudotime', 'in_clear'];

/** Packets that GMs drop: their registrations and keys may all be well. */
export function replayErrors({ facts, open, before }: Asked): Candidate | null {
  const { gms, nowMs } = facts;
  const claims = claimed(open, { checks: ['packets_dropped'] });
  const names = devicesWith(claims, 'packets_dropped');
  if (names.length === 0) return null;
  const said = among(gms, names).flatMap((gm) =>
    OF_PACKETS.flatMap((kind) => recentOf(gm, kind, nowMs))
      .toSorted((a, b) => a.atMs - b.atMs)
      .map((reason) => ({ gm, reason })),
  );
  // A message is there before the answer that shows it in the counters.
  const begunMs = [...claims.map((claim) => claim.sinceMs), ...said.map(({ reason }) => reason.atMs)];
  const sinceMs = before?.sinceMs ?? Math.min(...begunMs);
  const inClear = said.length > 0 && said.every(({ reason }) => reason.kind === 'in_clear');
  // A pseudotime that is off drops nothing by itself.
  const offTime = said.length > 0 && said.every(({ reason }) => reason.kind === 'pseudotime');
  const byTime = said.some(({ reason }) => reason.kind === 'pseudotime' || reason.kind === 'replay_by_time');
  const has = offTime
    ? `${verb(names.length, 'has a pseudotime', 'have pseudotimes')} far from that of ${verb(names.length, 'its', 'their')} KS`
    : `${verb(names.length, 'drops', 'drop')} packets`;
  const why = offTime
    ? ''
    : byTime
      ? ': pseudotimes lie further apart than the anti-replay window'
      : inClear
        ? ': some came in clear that should be encrypted'
        : ' (anti-replay or data plane)';
  const otherwise = among(gms, names).every(areKeysWell)
    ? `; ${verb(names.length, 'its keys and registration are', 'their keys and registrations are')} not the reason`
    : '';
  return {
    ...NOTHING,
    phase: 'present',
    status: 'warning',
    sinceMs,
    summary: `${gmsNamed(names, gms.length)} ${has} since ${clockTime(sinceMs)}${why}${otherwise}`,
    consequence: {
      what: `a part of the traffic ${said.length === 0 ? 'to or from' : 'to'} ${gmsNamed(names)} ${offTime ? 'may be' : 'is'} lost`,
      unless: null,
    },
    confidence: byTime ? 'certain' : 'likely',
    firstStep: inClear ? CHECK_IN_CLEAR : said.length === 0 ? CHECK_DROPS : CHECK_REPLAY,
    scope: names,
    evidence: [
      ...said.slice(-4).map(({ gm, reason }) => `${gm.device}, ${clockTime(reason.atMs)}: ${reason.text}`),
      ...(said.length > 0 ? [] : names.map((name) => `${name}: its counters of dropped packets rise`)),
    ],
    claims,
  };
}

/** The GM is registered, with the keys of its group and time left on them. */
function areKeysWell(gm: GmFacts): boolean {
  const holdsThem = gm.registered === true && gm.kek === 'shown' && !gm.tekMissing && !gm.divergent;
  const areTheirs = gm.kekMatchesKs !== false && gm.tekMatchesKs !== false;
  return holdsThem && areTheirs && !gm.rekeyOverdue && !gm.tekOverdue && gm.unregisteredSinceMs === null;
}
