/**
 * Rekeys that do not arrive: one GM's path, what stands in front of the KS, or a signature that no GM accepts.
 *
 * How many missed a rekey is known only when those who can have missed it were looked at after it was due. Until then one
 * GM that misses it is not yet a path.
 */
import { everyOneOfThem } from '../events/counted.ts';
import {
  among,
  type Asked,
  type Candidate,
  claimed,
  devicesOf,
  explainedBefore,
  type Episode,
  firstOf,
  lastLook,
  nextLook,
  GM_CHECKS,
  goingOn,
  list,
  named,
  sorted,
  trafficStops,
  whenTheyRegister,
  whenTheyRegisterAgain,
  whenRegistered,
  REGISTERING_MS,
  wasPresentLately,
} from './candidate.ts';
import type { ExplanationCause } from './explanation.ts';
import {
  type GmFacts,
  givesNoAnswer,
  gmsBeyond,
  type GroupFacts,
  hasCoop,
  holdsOtherKeys,
  isHeard,
  isMulticast,
  isSeenSince,
  isSilent,
  isUnregistered,
  hasTriedInVain,
  triesInVain,
} from './group-facts.ts';
import {
  CHECK_ACK_PATH,
  CHECK_DROPPED,
  CHECK_LIST,
  CHECK_OLD_KEK,
  CHECK_REKEY_PATH,
  firstStepBy,
} from '../events/first-steps.ts';
import type { LoggedReason } from '../log/logged-reason.ts';
import { lastRekey, lostKey, type LostKey, lostRekeys, missedIt, missedOneOf, missingAcks } from './lost-rekey.ts';
import { healedDueMs, NEWER_BY_MS, rekeyReached, tekDueMs } from './rekey-reached.ts';
import { clockTime, gmCount, gmsNamed, ksNamed, verb } from './said.ts';
import type { EpochMs } from '../seen/instant.ts';
import { isReachedSince, RECENT_MS, type Symptom } from './symptom.ts';

const LOSS_CHECKS = GM_CHECKS.filter((check) => check !== 'registered');
const MISSED_CAUSES = new Set(['kek_missed_rekey', 'kek_expired', 'tek_expired']);
/** On-call catalogue, row 5: over 10 % of a group with unacknowledged rekeys, or over 20 % behind, is the KS's side. */
const KS_SHARE_UNACKNOWLEDGED = 0.1;
const KS_SHARE_BEHIND = 0.2;
/** In a group smaller than this a share says little: there most GMs have to miss it. */
const SMALL_GROUP = 20;
/** Row 6: the KS drops a GM at three. */
const EJECTED_AT_MISSED = 3;
const CRITICAL_AT_MISSED = 2;

const CHECK_KS_SIDE =
  'show crypto gdoi ks rekey and ks members on the KS: does it send, and who acknowledges? Then what stands in front of it: firewall and ACL for UDP 848, fragmentation of large rekeys, control-plane policing';

const CHECK_KS_MULTICAST =
  'show crypto gdoi ks rekey on the KS: does it send? Then the multicast that carries its rekeys: source and group address, RPF and PIM at its first hop (show ip mroute), firewall and ACL for UDP 848, fragmentation of large rekeys';

const CHECK_RSA = 'show crypto key mypubkey rsa on every KS: the rekey key must be the same one on all of them';

interface Loss {
  readonly missed: readonly string[];
  readonly unacknowledged: readonly string[];
  readonly got: readonly string[];
  /** All that have it, polled or known by their KS. */
  readonly gotCount: number;
  /** Those whose keys are from a registration since: they miss nothing now, and say nothing of the rekey. */
  readonly registeredCount: number;
  /** Not looked at since the rekey was due, or with older keys: whether they got it is open. */
  readonly undecided: readonly GmFacts[];
  readonly traces: readonly Symptom[];
  readonly key: LostKey;
  /** Those of them that worked with a replaced KEK until they registered: what else came meanwhile they could not read. */
  readonly heldOld: ReadonlySet<string>;
}

/** As nearly always: nothing is open, and nothing was lost before. */
function hasNoTrace({ open, last }: Asked): boolean {
  return open.length === 0 && last === null;
}

function lossOf(asked: Asked): Loss {
  const { facts, open, said } = asked;
  const { gms, nowMs } = facts;
  const explained = missedForOtherReasons(said, nowMs);
  const isOld = explainedBefore(said, (cause) => !LOSSES.has(cause) && !IN_PASSING.has(cause));
  const missedOne = new Set(
    gms
      .filter(
        (gm) =>
          missedCause(gm, nowMs) &&
          !explained.has(gm.device) &&
          !isOld(gm.device, gm.lastReregistration?.atMs ?? nowMs),
      )
      .map(({ device }) => device),
  );
  const hanging = new Set(gms.filter((gm) => givesNoAnswer(gm, nowMs)).map(({ device }) => device));
  const unregistered = new Set(gms.filter(cannotTakeRekeys).map(({ device }) => device));
  const ofOtherKeys = otherKeysOf(asked);
  // Who was found to lose rekeys goes on losing them, whether it is a path then or the KS's side.
  const losses = goingOn(said, LOSSES);
  const losing = new Set(losses.flatMap((episode) => episode.said.scope));
  const answering = open.filter(
    (symptom) =>
      !ofOtherKeys(symptom) &&
      (symptom.check !== 'rekeys_acknowledged' ||
        losing.has(symptom.device ?? '') ||
        !(
          hanging.has(symptom.device ?? '') ||
          unregistered.has(symptom.device ?? '') ||
          explained.has(symptom.device ?? '')
        )),
  );
  const traces = claimed(
    // Who gives the agent no answer may be unable to acknowledge: the look at it tells. Who is not
    // registered gets no rekey, and its KS counts that until its list is read again.
    answering,
    { checks: LOSS_CHECKS.filter((check) => check !== 'reregistrations') },
    { checks: ['reregistrations'], of: missedOne },
    // It may register for a reason that its figures leave open.
    {
      checks: ['reregistrations'],
      of: losing,
      fromMs: Math.min(...losses.map(({ sinceMs }) => sinceMs)) - SEEN_WITHIN_MS,
    },
  );
  const unacknowledged = named(traces, 'rekeys_acknowledged');
  // A re-registration for a reason that is not shown goes with a loss, and is none that is left alone.
  const isLeft = traces.every(({ check, device }) => check === 'reregistrations' && !missedOne.has(device ?? ''));
  const missed = isLeft ? [] : named(traces, ...LOSS_CHECKS);
  const heldOld = new Set(heldOldKek(said, nowMs));
  const ofOldKek = missed.length > 0 && missed.every((name) => heldOld.has(name));
  const isMissed = new Set(missed);
  const others = gms.filter(
    (gm) => isHeard(gm) && gm.registered !== false && !isMissed.has(gm.device) && !holdsOtherKeys(gm),
  );
  const key = ofOldKek ? 'KEK' : lostKey(traces, facts);
  const healed = gms.filter((gm) => isMissed.has(gm.device) && missedCause(gm, nowMs));
  const reachedBy = rekeyReached(facts, isMissed, { healed, key });
  const got = others.filter((gm) => reachedBy(gm) === 'got');
  return {
    missed,
    unacknowledged,
    got: got.map(({ device }) => device),
    gotCount: got.length + facts.acknowledging,
    registeredCount: others.filter((gm) => reachedBy(gm) === 'registered').length,
    undecided: others.filter((gm) => reachedBy(gm) === 'open'),
    traces,
    key,
    heldOld,
  };
}

/** Keys that are no older ones: no rekey that was lost leaves them, and who holds them can acknowledge none. */
function otherKeysOf({ facts, said }: Asked): (symptom: Symptom) => boolean {
  const { gms } = facts;
  const losing = new Set(goingOn(said, LOSSES).flatMap(devicesOf));
  // Who was found to lose rekeys goes on losing them when its KS is gone.
  const beyond = new Set([...gmsBeyond(facts)].filter((name) => !losing.has(name)));
  const behind = new Map(gms.map((gm) => [gm.device, gm]));
  return ({ check, device }) => {
    const gm = behind.get(device ?? '');
    if (gm === undefined) return false;
    if (check === 'kek_matches_ks') return !gm.kekBehind;
    if (check === 'tek_matches_ks') return !gm.teksBehind;
    return check === 'rekeys_acknowledged' && (beyond.has(gm.device) || holdsOtherKeys(gm));
  };
}

function heldOldKek(said: readonly Episode[], nowMs: EpochMs): readonly string[] {
  const episode = said.find(({ cause }) => cause === 'old_kek_in_use');
  if (episode === undefined || episode.presentSinceMs === null) return [];
  return nowMs - (episode.endedMs ?? nowMs) <= RECENT_MS ? devicesOf(episode) : [];
}

/** Not registered, or registering in vain: no rekey comes to it that it could acknowledge. */
function cannotTakeRekeys(gm: GmFacts): boolean {
  return isUnregistered(gm) || triesInVain(gm);
}

/** Causes that say nothing of why a rekey was missed. */
const IN_PASSING: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>([
  'ejected',
  'old_kek_in_use',
  'keys_differ',
  'without_kek',
  'reregistered',
]);

/** What it says of its GMs is why they missed a rekey: their registration failed for long, or they refused what came. */
const OTHER_REASONS: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>(['not_registered', 'rekeys_refused']);

/** Whose missed rekey has another reason that was told: that it is missing is no news, and no loss on the way. */
function missedForOtherReasons(said: readonly Episode[], nowMs: EpochMs): ReadonlySet<string> {
  const episodes = said.filter(
    ({ cause, presentSinceMs, endedMs }) =>
      OTHER_REASONS.has(cause) && presentSinceMs !== null && nowMs - (endedMs ?? nowMs) <= RECENT_MS,
  );
  return new Set(episodes.flatMap(devicesOf));
}

function missedCause(gm: GmFacts, nowMs: EpochMs): boolean {
  const { lastReregistration: last } = gm;
  return (
    !isReachedSince(gm) && last !== null && MISSED_CAUSES.has(last.cause) && Math.abs(nowMs - last.atMs) <= RECENT_MS
  );
}

/** A GM without a KEK registers within this of the KEK's end (`timer-windows.ts`). */
const REGISTERS_AFTER_END_MS = 80_000;

/** From a GM's re-registration to the look that tells whether it brought another KEK. */
const SEEN_WITHIN_MS = 60_000;

/**
 * Whether a rekey is due at all depends on the KS's release. While no KS has said of which one it is, and no GM has a newer
 * KEK, an overdue KEK alone is not yet a lost rekey: whether the GM's re-registration brings another KEK will tell.
 */
function mayBeOldKs(asked: Asked, { traces }: Loss): boolean {
  const { facts, said } = asked;
  if (facts.kss.some(({ behavior }) => behavior !== 'unknown')) return false;
  if (goingOn(said, LOSSES).length > 0) return false;
  const waiting = facts.gms.filter(({ rekeyOverdue }) => rekeyOverdue);
  const oldExpiries = waiting.flatMap(({ kekExpiryMs }) => kekExpiryMs ?? []);
  const sentAhead = facts.gms.some(({ kekExpiryMs }) => (kekExpiryMs ?? 0) > Math.max(...oldExpiries) + NEWER_BY_MS);
  if (oldExpiries.length > 0 && sentAhead) return false;
  const shows = new Map(facts.gms.map((gm) => [gm.device, gm]));
  const isOfKek = ({ check, device }: Symptom) =>
    check === 'kek_remaining' || (check === 'kek_present' && shows.get(device ?? '')?.uncounted === true);
  return traces.every(isOfKek) && facts.nowMs < releaseKnownMs(asked);
}

const LOSSES: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>(['path_loss', 'ks_rekeys_lost']);

function releaseKnownMs({ facts, said }: Asked): EpochMs {
  const since = said.flatMap(({ cause, endedMs, sinceMs }) => (LOSSES.has(cause) && endedMs === null ? [sinceMs] : []));
  const sinceMs = Math.min(facts.nowMs, ...since);
  const waiting = facts.gms.filter((gm) => gm.rekeyOverdue || (gm.uncounted === true && gm.kek === 'absent'));
  // SNMP shows no registration that brings the same KEK: what it registers for when that has ended tells.
  const uncounted = waiting.filter((gm) => gm.uncounted === true);
  if (uncounted.length > 0) {
    const ends = uncounted.map(({ kekExpiryMs, kekSinceMs }) => kekExpiryMs ?? kekSinceMs);
    return Math.max(...ends) + REGISTERS_AFTER_END_MS + SEEN_WITHIN_MS + facts.pollIntervalMs;
  }
  const first = firstOf(waiting, ({ reregistersAtMs }) => reregistersAtMs);
  return (first?.reregistersAtMs ?? sinceMs) + SEEN_WITHIN_MS;
}

/**
 * No KS that should have sent the rekey was seen since it was due: whether it sent it, or is up at all, is for its next
 * answer. Where no look at it is planned, nothing is waited for; a GM that has the rekey shows that it was sent.
 */
function isKsUnseen({ kss, gms, leadMs, nowMs }: GroupFacts, { missed, gotCount }: Loss): boolean {
  if (kss.length === 0) return false;
  if (kss.every((ks) => givesNoAnswer(ks, nowMs))) return true;
  if (gotCount > 0) return false;
  const missing = among(gms, missed);
  const due = [
    ...missing.flatMap(({ rekeyOverdue, kekExpiryMs }) =>
      rekeyOverdue && kekExpiryMs !== null ? [kekExpiryMs - leadMs] : [],
    ),
    ...tekDueMs(missing, kss),
    ...healedDueMs(missing.filter((gm) => missedCause(gm, nowMs))),
  ];
  if (due.length === 0) return false;
  const dueMs = Math.min(...due);
  const primaries = kss.filter(({ role }) => role === 'primary');
  const senders = primaries.length > 0 ? primaries : kss;
  return senders.every((ks) => givesNoAnswer(ks, nowMs) || (ks.nextLookMs !== null && !isSeenSince(ks, dueMs, nowMs)));
}

/**
 * What a KS counts says nothing of where its rekeys went: whether the GM was there to take them, and has the keys, shows its
 * next answer. One that the agent cannot ask is not waited for.
 */
function isGmUnseen({ gms, kss }: GroupFacts, loss: Loss): boolean {
  if (!hasOnlyAcks(loss)) return false;
  const countedMs = Math.max(...kss.map(({ readMs }) => readMs));
  return among(gms, loss.missed).some(({ failure, sentMs }) => failure === null && sentMs < countedMs);
}

/** `pathsKnown`: it was found to be single paths; only who was not looked at since would make it the KS's side. */
function isMany(
  { missed, unacknowledged, gotCount, registeredCount, undecided }: Loss,
  members: number,
  pathsKnown: boolean,
): boolean {
  if (missed.length < 2 || members === 0) return false;
  const have = gotCount + registeredCount;
  if (members < SMALL_GROUP) return missed.length > have + (pathsKnown ? undecided.length : 0);
  return unacknowledged.length / members > KS_SHARE_UNACKNOWLEDGED || missed.length / members > KS_SHARE_BEHIND;
}

/** Rekeys come, and GMs do not accept them: another RSA key signs them. */
export function rekeysRefused({ facts, open, before, last }: Asked): Candidate | null {
  const { gms, kss, nowMs } = facts;
  const isRecent = ({ atMs }: LoggedReason) => Math.abs(nowMs - atMs) <= RECENT_MS;
  const refused = gms.flatMap((gm) =>
    gm.reasons
      .filter((reason) => reason.kind === 'rekey_refused' && isRecent(reason))
      .map((reason) => ({ device: gm.device, reason })),
  );
  const keyless = kss.flatMap((ks) =>
    ks.reasons
      .filter((reason) => reason.kind === 'no_rsa_key' && isRecent(reason))
      .map((reason) => ({ device: ks.device, reason })),
  );
  if (refused.length + keyless.length === 0) return acceptedAgain(facts, open, last);
  const names = sorted(refused.map(({ device }) => device));
  const servers = sorted(keyless.map(({ device }) => device));
  // The first messages grow old while it goes on.
  const first = Math.min(before?.sinceMs ?? nowMs, ...[...refused, ...keyless].map(({ reason }) => reason.atMs));
  const suffering = new Set(names.length > 0 ? names : gms.map(({ device }) => device));
  return {
    phase: 'present',
    status: 'critical',
    sinceMs: first,
    summary:
      servers.length > 0
        ? `${ksNamed(servers)} ${verb(servers.length, 'has', 'have')} no RSA key to sign rekeys with, by the log since ${clockTime(first)}`
        : `${gmsNamed(names, gms.length)} ${verb(names.length, 'receives', 'receive')} rekeys and ${verb(names.length, 'refuses', 'refuse')} them since ${clockTime(first)}: their signature or content does not fit`,
    ...trafficStops(
      gms.filter(({ device }) => suffering.has(device)),
      nowMs,
      whenTheyRegisterAgain,
    ),
    confidence: 'certain',
    knownAtMs: null,
    firstStep: hasCoop(facts)
      ? CHECK_RSA
      : 'show crypto key mypubkey rsa on the KS: is the rekey key there, and the one the GMs learnt at registration?',
    scope: sorted([...servers, ...names]),
    evidence: [...keyless, ...refused]
      .slice(-6)
      .map(({ device, reason }) => `${device}, ${clockTime(reason.atMs)}: ${reason.text}`),
    claims: claimed(open, { checks: LOSS_CHECKS, of: suffering }),
  };
}

/** That they registered for the rekeys which they refused is no trouble of its own. */
function acceptedAgain({ gms, nowMs }: GroupFacts, open: Asked['open'], last: Asked['last']): Candidate | null {
  if (!wasPresentLately(last, nowMs)) return null;
  const claims = claimed(open, { checks: ['reregistrations'], of: new Set(devicesOf(last)) });
  if (claims.length === 0) return null;
  const names = named(claims, 'reregistrations');
  return {
    ...last.said,
    phase: 'over',
    status: 'ok',
    summary: `${gmsNamed(names, gms.length)} refused rekeys from ${clockTime(last.sinceMs)} on, registered for them and ${verb(names.length, 'has', 'have')} refused none since`,
    consequence: null,
    deadlineMs: null,
    knownAtMs: null,
    claims,
  };
}

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
    firstStep: `${firstStepBy(isMulticast(facts), CHECK_OLD_KEK)}. Only a new registration heals it`,
    scope: names,
    evidence: holding.map(
      (gm) =>
        `${gm.device}: its rekey counter stood still when the KS changed the KEK${gm.lastRekeyMs === null ? '' : `; last rekey at ${clockTime(gm.lastRekeyMs)}`}`,
    ),
    claims: claimed(open, { checks: LOSS_CHECKS, of: new Set(names) }),
  };
}

/**
 * It registered for want of TEKs. Why the new KEK did not come to it is told with what kept it away, as its interface; where
 * nothing is known to, its path drops rekeys, and that has to be mended.
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
  const names = named(registered, 'reregistrations');
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
    firstStep: firstStepBy(isMulticast(facts), CHECK_OLD_KEK),
    claims,
  };
}

/** Many GMs miss a rekey at once: the KS, or what stands in front of it. */
export function ksRekeysLost(asked: Asked): Candidate | null {
  if (hasNoTrace(asked)) return null;
  const { facts, before } = asked;
  const { gms, kss, members, nowMs } = facts;
  const loss = lossOf(asked);
  const was = before !== null && before.presentSinceMs !== null;
  const same = was && loss.missed.length > 0 && isWithin(loss.missed, before.said.scope);
  const pathsKnown = goingOn(asked.said, LOSSES).some(({ cause }) => cause === 'path_loss');
  const many = isMany(loss, members, pathsKnown);
  if (loss.missed.length === 0) return whileRegistering(asked, loss);
  if ((!many && !same) || mayBeOldKs(asked, loss)) return null;
  if (!was && (isKsUnseen(facts, loss) || isGmUnseen(facts, loss))) return null;
  const servers = sorted(kss.filter(({ failure }) => failure === null).map(({ device }) => device));
  const from = servers.length === 0 ? 'the KS' : kss.length === 1 ? `KS ${servers[0] ?? ''}` : 'the primary KS';
  const names = sorted([...(same ? among(gms, before.said.scope).map(({ device }) => device) : []), ...loss.missed]);
  const concerned = new Set(names);
  const got = many ? loss.got.filter((name) => !concerned.has(name)) : [];
  const failing = loss.traces.some(({ check }) => check === 'tek_remaining' || check === 'kek_present');
  const { key } = loss;
  const waiting = among(gms, loss.missed).filter((gm) => gm.rekeyOverdue);
  return {
    phase: 'present',
    // Once all have registered again, nothing is in danger until the next rekey of this kind.
    status: waiting.length > 0 || failing || loss.unacknowledged.length > 0 ? 'critical' : 'warning',
    sinceMs: before?.sinceMs ?? nowMs,
    summary: `${lostRekeys(key)} of ${from} do not arrive${mayRefuse(loss, facts) ? ', or are refused' : ''}: ${gmsNamed(names, members)} ${missedOneOf(key, hasOnlyAcks(loss))}${got.length === 0 ? '' : `, only ${list(got)} got it`}`,
    ...whatFollows(
      loss,
      facts,
      failing
        ? trafficStops(among(gms, loss.missed), nowMs, whenTheyRegister)
        : {
            consequence: {
              what: `they keep their traffic by registering again; the next ${key === 'KEK' || key === 'TEK' ? `${key} rekey` : 'rekey'} will be lost as well`,
              unless: 'what drops them is mended before',
            },
            deadlineMs: null,
          },
    ),
    confidence: loss.undecided.length === 0 ? 'certain' : 'likely',
    knownAtMs: null,
    firstStep: orRefused(isMulticast(facts) ? CHECK_KS_MULTICAST : CHECK_KS_SIDE, mayRefuse(loss, facts)),
    scope: sorted([...servers, ...names]),
    evidence: evidenceOf(loss, facts),
    claims: [...loss.traces, ...registering(asked, loss)],
  };
}

/** Who waits for the rekey re-registers when its countdown ends; without any, `otherwise`. */
function whatFollows(
  loss: Loss,
  { gms, nowMs }: GroupFacts,
  otherwise: Pick<Candidate, 'consequence' | 'deadlineMs'>,
): Pick<Candidate, 'consequence' | 'deadlineMs'> {
  const waiting = among(gms, loss.missed).filter((gm) => gm.rekeyOverdue && (gm.reregistersAtMs ?? 0) > nowMs);
  const first = firstOf(waiting, ({ reregistersAtMs }) => reregistersAtMs);
  if (first === null) return otherwise;
  const names = sorted(waiting.map(({ device }) => device));
  return {
    consequence: {
      what: `${gmCount(names)} ${verb(names.length, 're-registers', `re-register, ${first.device} first`)}`,
      unless: 'the rekey comes before',
    },
    deadlineMs: first.reregistersAtMs,
  };
}

/** One GM, or few of many: their paths. */
export function pathLoss(asked: Asked): Candidate | null {
  if (hasNoTrace(asked)) return null;
  const { facts } = asked;
  const { gms, kss, members, nowMs } = facts;
  const loss = lossOf(asked);
  if (loss.missed.length === 0) return whileRegistering(asked, loss);
  const mine = among(gms, loss.missed);
  const worst = missedInARow(loss, facts);
  const releaseUnknown = mayBeOldKs(asked, loss);
  const isNew = asked.before?.presentSinceMs == null;
  if (isNew && !releaseUnknown && isGmUnseen(facts, loss)) return unacknowledgedOnly(loss, facts);
  const unseen = isNew && isKsUnseen(facts, loss);
  // No KS and no GM shows that it was sent at all.
  const unsent = isNew && kss.length === 0 && loss.gotCount === 0;
  const unclear = releaseUnknown || unseen || unsent || (isNew && loss.gotCount === 0 && loss.undecided.length > 0);
  const healed = mine.filter((gm) => missedCause(gm, nowMs));
  const onlyAcks = hasOnlyAcks(loss);
  const { key } = loss;
  const holding =
    onlyAcks && !lackedKeys(asked.before) && mine.length > 0 && mine.every((gm) => gm.kekMatchesKs === true);
  const dangerous = worst >= CRITICAL_AT_MISSED;
  return {
    phase: unclear ? 'unclear' : 'present',
    status: dangerous ? 'critical' : 'warning',
    sinceMs:
      asked.before?.sinceMs ?? Math.min(nowMs, ...healed.map(({ lastReregistration: last }) => last?.atMs ?? nowMs)),
    summary: releaseUnknown
      ? `No new KEK has come to ${gmsNamed(loss.missed, members)} though the old one ${mine.some(({ kek }) => kek === 'absent') ? 'has ended' : 'expires soon'}; whether the KS sends it before expiry, or is of an old release, is not yet clear`
      : unseen
        ? `${gmsNamed(loss.missed, members)} did not get a rekey, and ${ksNamed(sorted(kss.map(({ device }) => device)))} ${kss.every(isSilent) ? `${verb(kss.length, 'does', 'do')} not answer` : `gave no answer since it was due`}: whether it was sent is not yet clear`
        : unclear
          ? `${gmsNamed(loss.missed, members)} did not get the rekey that is due; ${loss.undecided.length > 0 ? 'whether the others did is not yet clear' : 'no KS is polled, and no other GM shows that it was sent'}`
          : pathSummary(loss, {
              from: kss.length === 1 ? `KS ${kss[0]?.device ?? ''}` : 'the KS',
              members,
              worst,
              again: healed.length === 0 ? '' : ` and re-registered ${whenRegistered(healed, nowMs)}`,
              holding,
              refused: mayRefuse(loss, facts),
              what: missedIt(key, onlyAcks),
            }),
    ...whatFollows(
      loss,
      facts,
      dangerous
        ? {
            consequence: {
              what: `at ${EJECTED_AT_MISSED} in a row the KS drops ${gmCount(loss.missed)}`,
              unless: 'the next one is acknowledged',
            },
            deadlineMs: nextRekey(facts),
          }
        : {
            consequence:
              healed.length === 0
                ? null
                : { what: 'traffic goes on; the next rekey of this kind may be lost as well', unless: null },
            deadlineMs: null,
          },
    ),
    confidence: unclear ? 'possible' : 'likely',
    knownAtMs: releaseUnknown ? releaseKnownMs(asked) : unclear ? lastLook(unseen ? kss : loss.undecided, nowMs) : null,
    firstStep: holding
      ? CHECK_ACK_PATH
      : orRefused(firstStepBy(isMulticast(facts), CHECK_REKEY_PATH), mayRefuse(loss, facts)),
    scope: loss.missed,
    evidence: evidenceOf(loss, facts),
    claims: [...loss.traces, ...registering(asked, loss)],
  };
}

/** A KS lacks acknowledgements, and nobody was looked at since. */
function unacknowledgedOnly(loss: Loss, facts: GroupFacts): Candidate {
  const { kss, members, nowMs } = facts;
  const worst = missedInARow(loss, facts);
  const [server, ...others] = kss;
  const from = server === undefined || others.length > 0 ? 'The KS' : `KS ${server.device}`;
  return {
    phase: 'unclear',
    status: 'warning',
    sinceMs: nowMs,
    summary: `${from} has no acknowledgement of the last ${worst < CRITICAL_AT_MISSED ? 'rekey' : `${worst} rekeys`} from ${gmsNamed(loss.missed, loss.missed.length > 1 ? members : null)}; whether ${verb(loss.missed.length, 'it was there to get it', 'they were there to get it')} is not yet clear`,
    consequence: null,
    deadlineMs: null,
    confidence: 'possible',
    knownAtMs: lastLook(among(facts.gms, loss.missed), nowMs),
    firstStep: null,
    scope: loss.missed,
    evidence: evidenceOf(loss, facts),
    claims: loss.traces,
  };
}

/**
 * KSs may sign with different RSA keys, and then GMs refuse what comes (on-call catalogue, row 19). Their logs alone tell it:
 * where none comes to the agent, a rekey that was refused looks like one that was lost. Who registered with the same KS as
 * one that got it has the same key.
 */
function mayRefuse({ missed, got }: Loss, facts: GroupFacts): boolean {
  const { kss, otherServers } = facts;
  const several = hasCoop(facts) || kss.length === 0 || otherServers === null || otherServers.length > 0;
  // SNMP's table shows the KS that a GM tries.
  const registeredWith = ({ keyServer, uncounted }: GmFacts) => (uncounted === true ? null : keyServer);
  const accepted = new Set(
    among(facts.gms, got)
      .map(registeredWith)
      .filter((server) => server !== null),
  );
  return (
    several && among(facts.gms, missed).every((gm) => gm.logHeard !== true && !accepted.has(registeredWith(gm) ?? ''))
  );
}

function orRefused(step: string, refused: boolean): string {
  return refused ? `${step}. Or show logging on the GM: does it refuse them? Then ${CHECK_RSA}` : step;
}

/** At the look before they lacked keys: those that they show now may be from a registration, which proves no path back. */
function lackedKeys(before: Asked['before']): boolean {
  return before?.presentSinceMs != null && before.said.explains.some(({ check }) => OF_KEYS.has(check));
}

const OF_KEYS: ReadonlySet<Symptom['check']> = new Set<Symptom['check']>([
  'kek_present',
  'kek_remaining',
  'kek_matches_ks',
  'tek_remaining',
  'tek_matches_ks',
]);

/** The most rekeys in a row of which their KS lacks the acknowledgement, of those who could give one. */
function missedInARow({ missed, heldOld }: Loss, { gms, kss, unacknowledged }: GroupFacts): number {
  const off = among(gms, missed).filter((gm) => cannotTakeRekeys(gm) || isListedBefore(gm, kss));
  const counted = new Set(missed);
  for (const name of [...off.map(({ device }) => device), ...heldOld]) counted.delete(name);
  return unacknowledged.reduce(
    (most, { device, address, acksMissed }) => (counted.has(device ?? address) ? Math.max(most, acksMissed) : most),
    0,
  );
}

function pathSummary(
  { missed, gotCount }: Loss,
  known: {
    readonly from: string;
    readonly members: number;
    readonly worst: number;
    /** ` and re-registered at ...`, or nothing. */
    readonly again: string;
    /** They have the current keys: only their acknowledgements are missing. */
    readonly holding: boolean;
    /** Whether they refuse it would not be seen. */
    readonly refused: boolean;
    /** `missed the last KEK rekey`. */
    readonly what: string;
  },
): string {
  const { from, members, worst, again, holding, refused } = known;
  const whom = gmsNamed(missed, missed.length > 1 ? members : null);
  const it = verb(missed.length, 'it', 'they');
  // Without their number, which changes with each look.
  const others = gotCount === 0 ? '' : `; ${members - missed.length === 1 ? 'the other one' : 'others'} got it`;
  if (holding) {
    return `Acknowledgements of ${whom} do not reach ${from}, ${worst === 1 ? 'that of the last rekey is missing' : `those of the last ${worst} rekeys are missing`}, though ${it} ${verb(missed.length, 'has', 'have')} the current keys: the path back drops them`;
  }
  const what = worst >= CRITICAL_AT_MISSED ? `did not acknowledge the last ${worst} rekeys` : known.what;
  const why = refused ? `, or ${it} ${verb(missed.length, 'refuses', 'refuse')} them` : '';
  return `The path from ${from} to ${whom} drops rekeys${why}: ${it} ${what}${again}${others}`;
}

function nextRekey({ kss, nowMs }: GroupFacts): EpochMs | null {
  return earliest(
    kss.map(({ nextRekeyMs }) => nextRekeyMs),
    nowMs,
  );
}

/** A list that lacks a GM is read again after this long before it is more than a moment's. */
const NOT_LISTED_MS = 30_000;

/** A KS dropped the GM, which believes that it is registered. */
export function ejected({ facts, open, before, last, said }: Asked): Candidate | null {
  const { gms, kss, unacknowledged, nowMs } = facts;
  const dropped = [
    ...gms.filter((gm) => isHeard(gm) && gm.listedByKs === false).map(({ device }) => device),
    ...unacknowledged
      .filter(({ acksMissed }) => acksMissed >= EJECTED_AT_MISSED)
      .map(({ device, address }) => device ?? address),
  ];
  const names = named(claimed(open, { checks: ['rekeys_acknowledged'], of: new Set(dropped) }), 'rekeys_acknowledged');
  if (names.length === 0) return listedAgain({ facts, open, last, said });
  const claims = claimed(open, { checks: LOSS_CHECKS, of: new Set(names) });
  const members = among(gms, names);
  // Who had missed two acknowledgements was dropped for the third. Others may register anew at this moment, or were cleared on the KS.
  const losing = new Set(
    said
      .filter(
        ({ cause, worst, said: known }) =>
          (cause === 'ejected' && known.firstStep === CHECK_DROPPED) || (LOSSES.has(cause) && worst === 'critical'),
      )
      .flatMap((episode) => devicesOf(episode)),
  );
  const counted = new Set(
    unacknowledged
      .filter(({ acksMissed }) => acksMissed >= EJECTED_AT_MISSED)
      .map(({ device, address }) => device ?? address),
  );
  const forAcks = names.filter((name) => losing.has(name) || counted.has(name));
  const sinceMs = before?.sinceMs ?? nowMs;
  const readAgain = kss.some(({ readMs }) => readMs >= sinceMs + NOT_LISTED_MS);
  const established = forAcks.length > 0 || readAgain || before?.presentSinceMs != null;
  const [is, it] = [verb(names.length, 'is', 'are'), verb(names.length, 'it', 'them')];
  const whom = gmsNamed(names, facts.members);
  if (isMulticast(facts)) return unlistedByMulticast(facts, { names, sinceMs, established, claims });
  return {
    phase: established ? 'present' : 'unclear',
    status: established ? 'critical' : 'warning',
    sinceMs,
    summary: !established
      ? `${whom} ${is} not on the KS’s list; whether the KS dropped ${it}, or ${verb(names.length, 'it registers', 'they register')} anew, is not yet clear`
      : forAcks.length === names.length
        ? `${whom} ${is} no longer on the KS’s list: it dropped ${it} after three rekeys without acknowledgement, and sends ${it} no more`
        : `${whom} ${is} registered, and no KS that answers lists ${it}: the KS dropped ${it}, or lost its list, and sends ${it} no rekey any more`,
    ...trafficStops(members, nowMs, whenTheyRegisterAgain),
    confidence: established ? 'likely' : 'possible',
    knownAtMs: established ? null : readAgainMs(facts, sinceMs),
    firstStep: !established || forAcks.length < names.length ? CHECK_LIST : CHECK_DROPPED,
    scope: names,
    evidence: names.map((name) =>
      counted.has(name)
        ? `${name}: three acknowledgements missed, as the KS counts`
        : `${name}: Registered, and not listed by any KS that answers`,
    ),
    claims,
  };
}

/** The next look at a list that is late enough: one that comes sooner decides nothing, and the regular one follows it. */
function readAgainMs({ kss, nowMs, pollIntervalMs }: GroupFacts, sinceMs: EpochMs): EpochMs | null {
  const nextMs = nextLook(kss, nowMs);
  return nextMs === null || nextMs >= sinceMs + NOT_LISTED_MS ? nextMs : nextMs + pollIntervalMs;
}

/** Multicast rekeys reach all that hold the KEK, listed or not: that the list lacks a GM takes no rekey from it. */
function unlistedByMulticast(
  facts: GroupFacts,
  known: Pick<Candidate, 'claims' | 'sinceMs'> & { readonly names: readonly string[]; readonly established: boolean },
): Candidate {
  const { names, sinceMs, established, claims } = known;
  const [is, it] = [verb(names.length, 'is', 'are'), verb(names.length, 'it', 'them')];
  return {
    phase: established ? 'present' : 'unclear',
    status: 'warning',
    sinceMs,
    summary: `${gmsNamed(names, facts.members)} ${is} registered, and no KS that answers lists ${it}; multicast rekeys go out all the same`,
    consequence: null,
    deadlineMs: null,
    confidence: established ? 'likely' : 'possible',
    knownAtMs: established ? null : readAgainMs(facts, sinceMs),
    firstStep: firstStepBy(true, CHECK_LIST),
    scope: names,
    evidence: names.map((name) => `${name}: Registered, and not listed by any KS that answers`),
    claims: claims.filter(({ check }) => check === 'rekeys_acknowledged'),
  };
}

/** It registered for want of rekeys that no KS sent it: no rekey was lost on the way. What it was dropped for goes on. */
function listedAgain({ facts, open, last, said }: Pick<Asked, 'facts' | 'open' | 'last' | 'said'>): Candidate | null {
  // By multicast they were sent it all the same.
  if (isMulticast(facts)) return null;
  const { gms, nowMs } = facts;
  if (last === null || nowMs - (last.endedMs ?? nowMs) > RECENT_MS) return null;
  const claims = claimed(open, {
    checks: ['reregistrations'],
    of: new Set(devicesOf(last)),
    // Of one look alone only what came later than a registration takes: else the list lacked it since it was registering.
    fromMs: last.presentSinceMs === null ? last.sinceMs + NOT_LISTED_MS : last.sinceMs - REGISTERING_MS,
  });
  const names = named(claims, 'reregistrations');
  if (names.length === 0) return null;
  const losing = new Set(
    said.flatMap((episode) => (LOSSES.has(episode.cause) && episode.worst === 'critical' ? devicesOf(episode) : [])),
  );
  const again = names.some((name) => losing.has(name));
  const [was, it, gets] = names.length === 1 ? ['was', 'it', 'gets'] : (['were', 'they', 'get'] as const);
  return {
    ...last.said,
    phase: 'over',
    status: again ? 'warning' : 'ok',
    summary: `${gmsNamed(names, gms.length)} ${was} on no KS’s list from ${clockTime(last.sinceMs)} on and registered again ${whenRegistered(among(gms, names), nowMs)}: ${it} ${gets} rekeys again`,
    consequence: again
      ? {
          what: `the KS drops ${verb(names.length, 'it', 'them')} again`,
          unless: `${verb(names.length, 'its', 'their')} acknowledgements arrive`,
        }
      : null,
    deadlineMs: null,
    knownAtMs: null,
    confidence: 'likely',
    firstStep: again ? CHECK_DROPPED : null,
    claims,
  };
}

/** A GM that lost a rekey is seen without a registration for some seconds while it registers for it. */
function registering({ facts, open, before }: Asked, { missed }: Loss): readonly Symptom[] {
  const failing = new Set(facts.gms.filter(hasTriedInVain).map(({ device }) => device));
  const of = new Set([...missed, ...(before?.said.scope ?? [])].filter((device) => !failing.has(device)));
  return claimed(open, { checks: ['registered'], of, fromMs: facts.nowMs - REGISTERING_MS });
}

/** It shows nothing of the loss while it registers for it; then the reason is there. */
function whileRegistering(asked: Asked, loss: Loss): Candidate | null {
  const { before, facts } = asked;
  if (before === null || before.presentSinceMs === null) return null;
  const claims = [...loss.traces, ...registering(asked, loss)];
  return claims.length === 0 && !among(facts.gms, before.said.scope).some(hasKekJustNow)
    ? null
    : { ...before.said, claims };
}

/** Over SNMP this look showed the KEK first, and the next one tells whether a registration brought it. */
function hasKekJustNow({ uncounted, kek, kekSinceMs, readMs, lastReregistration: last }: GmFacts): boolean {
  return uncounted === true && kek === 'shown' && kekSinceMs === readMs && (last?.atMs ?? 0) < readMs - SEEN_WITHIN_MS;
}

/** Its KS's list was read before it registered: what that counts of it counts no more. */
function isListedBefore({ lastReregistration: last }: GmFacts, kss: GroupFacts['kss']): boolean {
  return last !== null && kss.every(({ readMs }) => readMs < last.atMs);
}

function isWithin(names: readonly string[], all: readonly string[]): boolean {
  const known = new Set(all);
  return names.every((name) => known.has(name));
}

function earliest(instants: readonly (EpochMs | null)[], nowMs: EpochMs): EpochMs | null {
  const ahead = instants.flatMap((ms) => (ms === null || ms <= nowMs ? [] : [ms]));
  return ahead.length === 0 ? null : Math.min(...ahead);
}

function hasOnlyAcks({ traces }: Loss): boolean {
  return traces.every(({ check }) => check === 'rekeys_acknowledged');
}

function evidenceOf(loss: Loss, facts: GroupFacts): readonly string[] {
  const { gms, kss } = facts;
  const sharing = among(gms, loss.missed);
  const [keyServer, ...others] = new Set(sharing.map((gm) => gm.keyServer));
  const acks = missingAcks(facts, loss.unacknowledged);
  return [
    // What a KS counts is a line of its own: it counts the rekey that came last, of whatever key.
    ...(hasOnlyAcks(loss) ? [] : [`missed ${lastRekey(loss.key)}: ${list(loss.missed)}`]),
    ...(loss.got.length === 0 ? [] : [`got it: ${list(loss.got)}`]),
    ...(loss.undecided.length === 0
      ? []
      : [`not known to have it: ${list(loss.undecided.map(({ device }) => device))}`]),
    ...(acks === null ? [] : [acks]),
    ...(kss.length === 0 && !isMulticast(facts) ? ['no KS is polled: who acknowledged is not known'] : []),
    ...(keyServer != null && others.length === 0 && sharing.length > 1
      ? [`${everyOneOfThem(sharing.length)} are registered with KS ${keyServer}`]
      : []),
  ];
}
