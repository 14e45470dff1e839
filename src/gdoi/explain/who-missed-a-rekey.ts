/**
 * Who missed a rekey, who got it, and for whom that is still open: by what GMs show and KSs count, without those whose
 * missed rekey has another known reason.
 */
import { everyOneOfThem } from '../events/counted.ts';
import type { EpochMs } from '../seen/instant.ts';
import {
  among,
  type Asked,
  claimed,
  devicesOf,
  type Episode,
  explainedAtLastLook,
  explainedBefore,
  GM_CHECKS,
  goingOn,
  list,
  devicesWith,
} from './candidate.ts';
import type { ExplanationCause } from './explanation.ts';
import {
  givesNoAnswer,
  type GmFacts,
  gmsBeyond,
  type GroupFacts,
  holdsOtherKeys,
  isHeard,
  isGroupByMulticast,
  isKeyless,
  isUnregistered,
  triesInVain,
} from './group-facts.ts';
import { lastRekey, type LostKey, lostKey, missingAcks } from './lost-rekey.ts';
import { rekeyReached, SEEN_WITHIN_MS } from './rekey-reached.ts';
import { RECENT_MS, registeredForMissedRekey, type Symptom } from './symptom.ts';

/** Causes of a rekey that was sent and did not come. */
export const LOSSES: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>(['path_loss', 'ks_rekeys_lost']);
/** What a GM shows that missed one. */
export const LOSS_CHECKS = GM_CHECKS.filter((check) => check !== 'registered');

/** Causes that say nothing of why a rekey was missed. */
export const IN_PASSING: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>([
  'ejected',
  'old_kek_in_use',
  'keys_differ',
  'without_kek',
  'reregistered',
]);

/**
 * What it says of its GMs is why they missed a rekey: their registration failed for long, or they refused what came.
 */
const OTHER_REASONS: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>([
  'not_registered',
  'unauthorized',
  'registration_refused',
  'clock',
  'rekeys_refused',
]);

/** A rekey that some did not get, with its traces: by name, unless told. */
export interface Loss {
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
  /** GMs of `missed` that registered for it. */
  readonly healed: readonly GmFacts[];
  /**
   * GMs of `missed` that worked with a replaced KEK until they registered: they could not read what else came
   * meanwhile.
   */
  readonly heldOld: ReadonlySet<string>;
}

/** Nothing is open and nothing was lost before, as nearly always. */
export function hasNoTrace({ open, last }: Asked): boolean {
  return open.length === 0 && last === null;
}

/** What of this look is a lost rekey; without any `missed` is empty. */
export function lossOf(asked: Asked): Loss {
  const { facts, said } = asked;
  const { gms, nowMs } = facts;
  const explained = missedForOtherReasons(said, nowMs);
  const missedOne = registeredForOne(asked, explained);
  const traces = tracesOf(asked, explained, missedOne);
  // A re-registration without a stated reason counts as part of the loss, but is no loss by itself.
  const isLeft = traces.every(({ check, device }) => check === 'reregistrations' && !missedOne.has(device ?? ''));
  const missed = isLeft ? [] : devicesWith(traces, ...LOSS_CHECKS);
  const heldOld = new Set(heldOldKek(said, nowMs));
  const ofOldKek = missed.length > 0 && missed.every((name) => heldOld.has(name));
  const isMissed = new Set(missed);
  // Their KS sends no KEK rekey ahead: that says nothing of the rekeys that it does send.
  const waiting = new Set((facts.mixed?.sending.length ?? 0) > 0 ? facts.mixed?.affectedGms : []);
  const others = gms.filter(
    (gm) =>
      isHeard(gm) &&
      gm.registered !== false &&
      !isMissed.has(gm.device) &&
      !holdsOtherKeys(gm) &&
      // Another cause says why these lack it.
      (!gm.rekeyOverdue || waiting.has(gm.device)) &&
      !explained.has(gm.device),
  );
  const key = ofOldKek ? 'KEK' : lostKey(traces, facts);
  // One that another cause explains was for an earlier rekey.
  const reregistered = new Set(devicesWith(traces, 'reregistrations'));
  const healed = gms.filter(
    (gm) => isMissed.has(gm.device) && reregistered.has(gm.device) && registeredForMissedRekey(gm, nowMs),
  );
  const reachedBy = rekeyReached(facts, isMissed, { healed, key });
  const got = others.filter((gm) => reachedBy(gm) === 'got');
  return {
    missed,
    unacknowledged: devicesWith(traces, 'rekeys_acknowledged'),
    got: got.map(({ device }) => device),
    gotCount: got.length + facts.acknowledging,
    registeredCount: others.filter((gm) => reachedBy(gm) === 'registered').length,
    undecided: others.filter((gm) => reachedBy(gm) === 'open'),
    traces,
    key,
    healed,
    heldOld,
  };
}

/** Who registered for want of a key, for no reason that was told of another cause. */
function registeredForOne({ facts, said }: Asked, explained: ReadonlySet<string>): ReadonlySet<string> {
  const { gms, nowMs } = facts;
  const isOld = explainedBefore(said, (cause) => !LOSSES.has(cause) && !IN_PASSING.has(cause));
  return new Set(
    gms
      .filter(
        (gm) =>
          registeredForMissedRekey(gm, nowMs) &&
          !explained.has(gm.device) &&
          !isOld(gm.device, gm.lastReregistration?.atMs ?? nowMs),
      )
      .map(({ device }) => device),
  );
}

/** The symptoms of a lost rekey. */
function tracesOf(asked: Asked, explained: ReadonlySet<string>, missedOne: ReadonlySet<string>): readonly Symptom[] {
  const { facts, open, said } = asked;
  const { gms, nowMs } = facts;
  const hanging = new Set(gms.filter((gm) => givesNoAnswer(gm, nowMs)).map(({ device }) => device));
  const unregistered = new Set(gms.filter(cannotTakeRekeys).map(({ device }) => device));
  const ofOtherKeys = otherKeysOf(asked);
  const endedBeforeRekey = keksEndedBeforeRekey(facts);
  // A GM that was found to lose rekeys goes on losing them, whether on its path or on the KS's side.
  const losses = goingOn(said, LOSSES);
  const losing = new Set(losses.flatMap((episode) => episode.said.scope));
  const answering = open.filter(
    (symptom) =>
      !ofOtherKeys(symptom) &&
      !endedBeforeRekey.has(symptom.device ?? '') &&
      (symptom.check !== 'rekeys_acknowledged' ||
        losing.has(symptom.device ?? '') ||
        !(
          hanging.has(symptom.device ?? '') ||
          unregistered.has(symptom.device ?? '') ||
          explained.has(symptom.device ?? '')
        )),
  );
  return claimed(
    // A GM that gives the agent no answer may be unable to acknowledge: the poll of it tells. One without a registration
    // gets no rekey, and its KS counts that until its list is read again.
    answering,
    { checks: LOSS_CHECKS.filter((check) => check !== 'reregistrations') },
    { checks: ['reregistrations'], of: missedOne },
    // A GM may register for a reason that its figures leave open.
    {
      checks: ['reregistrations'],
      of: losing,
      fromMs: Math.min(...losses.map(({ sinceMs }) => sinceMs)) - SEEN_WITHIN_MS,
    },
  );
}

/**
 * Their KS sends no KEK rekey before the KEK's end: who holds none has lost no rekey, and what comes until it registers
 * cannot reach it.
 */
function keksEndedBeforeRekey({ gms, mixed }: GroupFacts): ReadonlySet<string> {
  if (mixed === null || mixed.sending.length === 0) return new Set();
  const affected = new Set(mixed.affectedGms);
  return new Set(gms.filter(({ device, kek }) => kek === 'absent' && affected.has(device)).map(({ device }) => device));
}

const KEY_CHECKS = ['kek_matches_ks', 'tek_matches_ks'] as const;

/** Keys that are no older ones: no rekey that was lost leaves them, and who holds them can acknowledge none. */
function otherKeysOf({ facts, said }: Asked): (symptom: Symptom) => boolean {
  const { gms } = facts;
  const losing = new Set(goingOn(said, LOSSES).flatMap(devicesOf));
  // A GM that was found to lose rekeys goes on losing them when its KS is gone.
  const beyond = new Set([...gmsBeyond(facts)].filter((name) => !losing.has(name)));
  const behind = new Map(gms.map((gm) => [gm.device, gm]));
  // Found to be older ones beside the KS that had given them out: beside another one they do not become others.
  const isLost = explainedAtLastLook(said, (cause) => LOSSES.has(cause));
  const wasBehind = (device: string) => KEY_CHECKS.some((check) => isLost({ check, device, sinceMs: facts.nowMs }));
  return ({ check, device }) => {
    const gm = behind.get(device ?? '');
    if (gm === undefined || wasBehind(gm.device)) return false;
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

/** Not registered, registering in vain, or without any key: no rekey comes to it that it could acknowledge. */
export function cannotTakeRekeys(gm: GmFacts): boolean {
  return isUnregistered(gm) || triesInVain(gm) || isKeyless(gm);
}

/** GMs whose missed rekey another cause explains: it is neither news nor a loss on the way. */
function missedForOtherReasons(said: readonly Episode[], nowMs: EpochMs): ReadonlySet<string> {
  const episodes = said.filter(
    ({ cause, presentSinceMs, endedMs }) =>
      OTHER_REASONS.has(cause) && presentSinceMs !== null && nowMs - (endedMs ?? nowMs) <= RECENT_MS,
  );
  return new Set(episodes.flatMap(devicesOf));
}

/** What a KS counts is all that there is of it. */
export function hasOnlyAcks({ traces }: Loss): boolean {
  return traces.every(({ check }) => check === 'rekeys_acknowledged');
}

/** Lines for people: who missed it, who got it, for whom it is open, who did not acknowledge. */
export function evidenceOf(loss: Loss, facts: GroupFacts): readonly string[] {
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
    ...(kss.length === 0 && !isGroupByMulticast(facts) ? ['no KS is polled: who acknowledged is not known'] : []),
    ...(keyServer != null && others.length === 0 && sharing.length > 1
      ? [`${everyOneOfThem(sharing.length)} are registered with KS ${keyServer}`]
      : []),
  ];
}
