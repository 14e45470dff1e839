/**
 * Why did this GM register again?
 *
 * Decides from the interval in which the registration certainly began, the keys and the countdown of the last answer
 * before it, the keys after it, and log messages. A cause is named when its window, and no other one's, fits; otherwise
 * the answer is `unknown` with what there is. Reload and clear are decided before (counters, uptime): not here.
 */
import type { Cause } from '../events/event.ts';
import { instant } from '../events/instant-text.ts';
import { type Interval, intersection, middleMs, overlaps, widened } from '../seen/interval.ts';
import {
  isAttempt,
  isOfPeer,
  type LogMark,
  intervalOfMark,
  marksIn,
  quotedMark,
  quotedLink,
} from '../log/log-evidence.ts';
import { givesReason, keepsRekeysAway, type KsSaid, quotedKs, type ReasonGiven } from '../log/ks-marks.ts';
import { isOfOtherIke } from '../log/message-facts.ts';
import { registeredWith } from '../memory/snmp-look.ts';
import type { RegistrationFacts } from '../memory/registration-facts.ts';
import { longestLived } from '../keys/tek-identity.ts';
import { KEY_MADE_SLACK_MS, LONGEST_LEAD_MS, oddKek, oddKeyBesideTek } from './odd-key.ts';
import {
  decidingWindow,
  kekCanHaveCome,
  possibleWindows,
  tekCanBe,
  type TimerChoice,
  timerDue,
  type Window,
} from './timer-choice.ts';
import { kekExpiryWindow, kekMissedWindow } from '../keys/timer-windows.ts';
import type { HeldView } from '../memory/tracker-state.ts';

export interface CauseDecision {
  readonly cause: Cause;
  readonly evidence: readonly string[];
  /** The start, as narrow as the decision makes it. */
  readonly start: Interval;
  /** The message in which a router states the reason. */
  readonly stated?: ReasonGiven;
}

/** A KEK is deleted at its expiry; the message about it may take a little longer. */
const DELETION_SLACK_MS = 5000;

/** Which of two timers fired is chance; that the KEK rekey was missed is not. */
const EITHER_TIMER = 'inside the TEK’s window as well: no TEK rekey came either, and either timer may have fired first';

const REPLACED_AFTER_REKEY = 'the KS had replaced its KEK long before it was due, and after the last rekey that came';

const ORDER_OR_EXPIRY = 'the KEK had run out after the order of the KS: either makes a GM register: not decided';

const END_OR_ORDER = 'its end or the order of the KS can have made the GM register: not decided';

const PERHAPS_RENEWED =
  'a rekey came in between, and it can have been the one with the KEK held since: then no timer of the one before fired';

const LINK_OR_TIMER = 'the interface had come back before that timer was due: either makes a GM register: not decided';

const ORDER_OR_LINK = 'the interface had come back after the order of the KS: either makes a GM register: not decided';

const AFTER_ITS_END = 'complete only after that KEK had ended: it brought another one';

/** The KEK ran out either way. */
const UNSEEN_SAME_KEK =
  'a registration before, in the KEK’s window, that brought the same KEK would not be seen: then the KS is an old one';

export function causeOfReregistration(facts: RegistrationFacts): CauseDecision {
  const { before } = facts;
  if (facts.forced !== null) return ordered(facts, facts.forced);
  const recovery = recovered(facts);
  if (recovery !== null) return recovery;
  const decision = before === null ? failoverOr(facts, []) : byTimer(facts, before);
  const strange = [
    ...deletionsBefore(facts, decision),
    ...departuresBefore(facts, decision),
    ...strangePackets(facts, decision),
  ];
  return withReason(withReason(decision, strange, facts), refusalsOf(facts), facts);
}

function byTimer(facts: RegistrationFacts, before: HeldView): CauseDecision {
  const { start } = facts;

  const choice = possibleWindows(facts, before);
  // No timer was due yet, also where a KEK had run out before: the interface came back, and the GM registered at once.
  const flapped = choice.isEarly ? interfaceFlap(facts, before, choice.evidence) : null;
  if (flapped !== null) return flapped;
  const deleted = deletionOf(before, facts.marks);
  if (deleted !== null && intervalOfMark(deleted).fromMs <= start.toMs) {
    // One registration, a KEK deleted at its expiry and a new one now: it came after. A KEK that is gone came before.
    const afterIt = intersection(start, { fromMs: intervalOfMark(deleted).fromMs, toMs: Infinity });
    if (afterIt !== null && (facts.kekAfter === 'new' || intervalOfMark(deleted).toMs <= start.fromMs)) {
      return expiredKek(facts, before, afterIt, [quotedMark(deleted)]);
    }
  }

  const { windows, start: narrowed } = choice;
  const failed = rekeysKeptAway(facts, before);
  if (choice.perhapsRenewed) {
    const evidence = [...choice.evidence, ...failed.map(saidIn), PERHAPS_RENEWED];
    return statedBy(failed, { cause: 'unknown', start, evidence });
  }
  const only = decidingWindow(choice, facts, before);
  const eitherTimer = only !== undefined && only !== 'tek' && windows.includes('tek');
  const evidence = [...choice.evidence, ...failed.map(saidIn), ...(eitherTimer ? [EITHER_TIMER] : [])];
  const odd = isAtCountdown(choice, facts, before) ? null : oddKeyOf(only, facts, before);
  if (odd !== null) return statedBy(failed, { cause: 'unknown', start, evidence: [...evidence, odd] });
  const flap = only === undefined ? null : flapBeforeTimer(facts, before, narrowed);
  if (flap !== null) return statedBy(failed, { cause: 'unknown', start, evidence: [...evidence, ...flap] });
  switch (only) {
    case 'kek_missed':
      return statedBy(
        failed,
        missedKek(facts, before, {
          start: narrowed,
          evidence,
          failed: failed.some(({ ks }) => ks === null),
          deletedAfter: deletedAfter(deleted, facts),
        }),
      );
    case 'kek_expiry':
      return statedBy(failed, expiredKek(facts, before, narrowed, evidence));
    case 'tek':
      return statedBy(
        failed,
        withFailover(facts, { cause: 'tek_expired', start: narrowed, evidence: [...evidence, noTekRekey(facts)] }),
      );
    case undefined:
      return statedBy(
        failed,
        windows.length > 1
          ? { cause: 'unknown', start, evidence: [...evidence, 'more than one timer can have made it: not decided'] }
          : (interfaceFlap(facts, before, evidence) ??
              orderedByKs(facts, before, choice.evidence) ??
              // At the end of its own countdown it was a timer, whichever: no order.
              (choice.byCountdown ? failoverOr(facts, evidence) : replacedOr(facts, before, evidence))),
      );
    default:
      return only satisfies never;
  }
}

/** A beginning that is known less exactly, as without a message, coincides with too much. */
const COINCIDES_WITHIN_MS = 5000;

/**
 * The registration began exactly when the countdown ran out that the GM showed before any newer key was made. An order
 * of the KS would not coincide with it: after an order the GM shows a new countdown.
 */
function isAtCountdown({ byCountdown }: TimerChoice, facts: RegistrationFacts, { sentMs }: HeldView): boolean {
  const { start, kekMade, tekMade } = facts;
  const isNewer = [kekMade, tekMade].every((made) => made === null || made.fromMs > sentMs);
  return byCountdown && isNewer && start.toMs - start.fromMs <= COINCIDES_WITHIN_MS;
}

function oddKeyOf(only: Window | undefined, facts: RegistrationFacts, before: HeldView): string | null {
  if (only === 'tek') return oddKeyBesideTek(facts, before);
  return only === 'kek_missed' ? oddKek(facts, before) : null;
}

/**
 * Two registrations of one interval that covers the whole of a KEK's end: both re-registrations of a cycle with a KS
 * that waits for the expiry. Null: not that.
 */
export function legacyPair(
  facts: RegistrationFacts,
): { readonly first: CauseDecision; readonly second: CauseDecision } | null {
  const { before, start, kekAfter } = facts;
  if (before === null || before.kek === null || facts.forced !== null) return null;
  // The second one, after the expiry, brings another KEK: without one it has not come yet.
  if (kekAfter === 'same' || kekAfter === 'gone') return null;
  const missed = intersection(start, kekMissedWindow(before.kek.expiry));
  const expired = intersection(start, kekExpiryWindow(before.kek.expiry));
  if (missed === null || expired === null) return null;
  // A KS that waits for the expiry makes the new KEK then: a later one is of a later cycle, whose first re-registration the
  // second one may be. Without its lifetime a TEK must not explain the second one.
  if (facts.kekMade !== null) {
    if (!overlaps(facts.kekMade, widened(before.kek.expiry, KEY_MADE_SLACK_MS))) return null;
  } else if (tekCanBe(start, facts, before) || kekCanHaveCome(facts, before)) {
    return null;
  }
  const timer = before.timer === null || (facts.rekeysBetween ?? 0) > 0 ? null : timerDue(before.timer, 0);
  if (timer !== null && !overlaps(timer, missed)) return null;
  const evidence = [
    'two registrations in one KEK cycle',
    `KEK expired at ${instant(middleMs(before.kek.expiry))}: one fits [expiry - 190 s, expiry - 40 s], one [expiry, expiry + 80 s]`,
  ];
  const narrowed = timer === null ? null : intersection(missed, timer);
  return {
    first: { cause: 'legacy_ks', evidence, start: narrowed ?? missed },
    second: { cause: 'legacy_ks', evidence, start: expired },
  };
}

function missedKek(
  facts: RegistrationFacts,
  before: HeldView,
  what: {
    readonly start: Interval;
    readonly evidence: readonly string[];
    /** A rekey came and could not be used, by the GM's own word. */
    readonly failed: boolean;
    /** The KEK that it brought ran out. */
    readonly deletedAfter: LogMark | null;
  },
): CauseDecision {
  const { start, evidence, deletedAfter: deleted } = what;
  const expiry = before.kek === null ? start : before.kek.expiry;
  const lines = [
    ...evidence,
    ...quotedIf(deleted),
    `KEK held before ended at ${instant(middleMs(expiry))}: inside [expiry - 190 s, expiry - 40 s]`,
  ];
  const kekAfter = deleted !== null && facts.kekAfter === 'unknown' ? 'gone' : facts.kekAfter;
  // Complete after the expiry it cannot have brought the old one.
  if (kekAfter === 'gone' && facts.completed.fromMs > expiry.toMs) {
    return withFailover(facts, { cause: 'kek_missed_rekey', start, evidence: [...lines, AFTER_ITS_END] });
  }
  switch (kekAfter) {
    case 'same':
      return withFailover(facts, {
        cause: 'legacy_ks',
        start,
        evidence: [...lines, 'the KEK afterwards is the same: the KS had not changed it'],
      });
    case 'gone':
      return withFailover(facts, {
        cause: 'legacy_ks',
        start,
        evidence: [...lines, 'the KEK it brought expired with the old one: it was the same'],
      });
    case 'new':
      return isPerhapsSecond(facts, expiry)
        ? { cause: 'unknown', start, evidence: [...lines, UNSEEN_SAME_KEK] }
        : withFailover(facts, {
            cause: 'kek_missed_rekey',
            start,
            evidence: [
              ...lines,
              isMadeAfter(facts, start) && !what.failed
                ? MADE_AFTERWARDS
                : `a new KEK afterwards: the KS had sent a rekey that this GM ${what.failed ? 'could not use' : 'did not get'}`,
            ],
          });
    case 'unknown':
      return { cause: 'unknown', start, evidence: [...lines, 'the KEK it brought was not seen: not decided'] };
    default:
      return kekAfter satisfies never;
  }
}

const MADE_AFTERWARDS =
  'a new KEK afterwards, made only after this registration had begun: no rekey had brought it before';

/** Lifetimes are handed over in whole seconds, so that a KEK seems to be made too early, and never too late. */
function isMadeAfter({ kekMade }: RegistrationFacts, start: Interval): boolean {
  return kekMade !== null && kekMade.fromMs > start.toMs;
}

/** Without counters: complete after that KEK had run out, and held until then, it may be the second with an old KS. */
function isPerhapsSecond({ begunByKek, completed }: RegistrationFacts, expiry: Interval): boolean {
  return begunByKek !== null && completed.fromMs > expiry.toMs && begunByKek.toMs >= expiry.fromMs;
}

function expiredKek(
  facts: RegistrationFacts,
  before: HeldView,
  start: Interval,
  evidence: readonly string[],
): CauseDecision {
  const expiry = before.kek === null ? '' : `KEK expired at ${instant(middleMs(before.kek.expiry))}`;
  if (before.kek !== null && facts.legacyKek === before.kek.anchor) {
    const lines = [...evidence, `${expiry}: second re-registration of this KEK cycle`];
    return withFailover(facts, { cause: 'legacy_ks', start, evidence: lines });
  }
  const unseen = facts.begunByKek === null ? [] : [UNSEEN_SAME_KEK];
  return withFailover(facts, {
    cause: 'kek_expired',
    start,
    evidence: [...evidence, `${expiry}: inside [expiry, expiry + 80 s]`, ...unseen],
  });
}

/** No timer explains it: the KS replaced its keys before they were due, or another KS answered. */
function replacedOr(facts: RegistrationFacts, before: HeldView, evidence: readonly string[]): CauseDecision {
  const { start, kekAfter } = facts;
  const sameKs = before.keyServer === null || facts.keyServerAfter === before.keyServer;
  const tek = longestLived(before.teks);
  const teksEarly = facts.teksReplaced === true && tek !== null && start.toMs < tek.expiry.fromMs - LONGEST_LEAD_MS;
  // An order shows in the next answer, since it cuts the TEKs: a GM that went on for a look was not ordered.
  const wasSeenAfter = kekMadeMs(facts) + KEY_MADE_SLACK_MS < before.sentMs;
  const kekEarly =
    kekAfter === 'new' && !wasSeenAfter && isLongBeforeExpiry(Math.min(start.toMs, kekMadeMs(facts)), before);
  // A registration that took some attempts, or of which no counter tells, may have begun for anything else before.
  const wasQuick = facts.begunByKek === null && facts.quick;
  const notByRekey = facts.rekeysBetween === 0 || facts.rekeyBroughtTek;
  if (
    sameKs &&
    wasQuick &&
    notByRekey &&
    (kekEarly || (before.kek === null && teksEarly && facts.rekeysBetween === 0))
  ) {
    const early = kekEarly ? 'KEK long before it was due' : 'TEKs long before they were due';
    return {
      cause: 'ks_forced',
      start,
      evidence: [
        ...evidence,
        facts.rekeyBroughtTek ? REPLACED_AFTER_REKEY : `the KS had replaced its ${early}, and no rekey told this GM`,
      ],
    };
  }
  return failoverOr(facts, evidence);
}

function kekMadeMs({ kekMade }: RegistrationFacts): number {
  return kekMade?.toMs ?? Infinity;
}

function isLongBeforeExpiry(atMs: number, { kek }: HeldView): boolean {
  return kek !== null && atMs < kek.expiry.fromMs - LONGEST_LEAD_MS;
}

function failoverOr(facts: RegistrationFacts, evidence: readonly string[]): CauseDecision {
  const from = facts.before?.keyServer ?? null;
  const { keyServerAfter, start } = facts;
  if (from !== null && keyServerAfter !== null && from !== keyServerAfter) {
    return { cause: 'ks_failover', start, evidence: [...evidence, registeredWith(from, keyServerAfter)] };
  }
  return { cause: 'unknown', start, evidence };
}

function withFailover(facts: RegistrationFacts, decision: CauseDecision): CauseDecision {
  const from = facts.before?.keyServer ?? null;
  const to = facts.keyServerAfter;
  if (from === null || to === null || from === to) return decision;
  return { ...decision, evidence: [...decision.evidence, registeredWith(from, to)] };
}

/** A message with its writer; `ks` null: the GM itself. */
interface Said {
  readonly ks: string | null;
  readonly mark: LogMark;
}

function byItself(mark: LogMark): Said {
  return { ks: null, mark };
}

function saidIn({ ks, mark }: Said): string {
  return ks === null ? quotedMark(mark) : quotedKs({ ks, mark });
}

function reasonIn({ ks, mark }: Said): ReasonGiven {
  return { mnemonic: mark.mnemonic, ks };
}

/** Why no rekey renewed the keys since they came: it could not use one, by its own word, or its KS sent none. */
function rekeysKeptAway({ marks, start, ksSaid }: RegistrationFacts, { keysCame }: HeldView): readonly Said[] {
  if (marks.length === 0 && ksSaid.length === 0) return [];
  const since = { fromMs: keysCame?.fromMs ?? -Infinity, toMs: start.toMs };
  const own = marksIn(marks, 'rekey_failed', since).slice(-1).map(byItself);
  return [...own, ...ksSaid.filter((said) => keepsRekeysAway(said) && isWithin(said, since)).slice(-1)];
}

function isWithin({ mark }: KsSaid, { fromMs, toMs }: Interval): boolean {
  return mark.atMs >= fromMs && mark.fromMs <= toMs;
}

/**
 * What a router says about why the rekey is missing goes with the cause that the timers show; the GM's own word comes
 * first.
 */
function statedBy([said]: readonly Said[], decision: CauseDecision): CauseDecision {
  const hasOther = decision.cause === 'legacy_ks' || decision.cause === 'interface' || decision.cause === 'ks_forced';
  return said === undefined || hasOther || decision.stated !== undefined
    ? decision
    : { ...decision, stated: reasonIn(said) };
}

/** A KS forgets a GM that it revokes or deletes, and tells it so. */
const PUT_OUT: ReadonlySet<string> = new Set(['KS_GM_REVOKED', 'GM_DELETE']);
/** The GM registers when the lifetimes that were cut have run out. */
const AFTER_PUT_OUT_MS = 600_000;

/** No timer was due, and its KS says that it removed this GM. */
function orderedByKs(facts: RegistrationFacts, before: HeldView, evidence: readonly string[]): CauseDecision | null {
  const { start, ksSaid } = facts;
  const since = {
    fromMs: Math.max(before.keysCame?.fromMs ?? -Infinity, start.fromMs - AFTER_PUT_OUT_MS),
    toMs: start.toMs,
  };
  const said = ksSaid.findLast((each) => PUT_OUT.has(each.mark.mnemonic) && isWithin(each, since));
  if (said === undefined) return null;
  const begun = intersection(start, { fromMs: said.mark.fromMs, toMs: Infinity }) ?? start;
  const ordered: CauseDecision = { cause: 'ks_forced', start: begun, evidence: [...evidence, quotedKs(said)] };
  return withFailover(facts, { ...ordered, stated: reasonIn(said) });
}

/** What kept the GM from registering, or from using what it got, between the last answer and the registration. */
function refusalsOf({ marks, before, start, completed, ...facts }: RegistrationFacts): readonly Said[] {
  const { keyServers, ksSaid } = facts;
  if (marks.length === 0 && ksSaid.length === 0) return [];
  const since = { fromMs: Math.min(before?.sentMs ?? start.fromMs, start.fromMs), toMs: completed.toMs };
  const own = [...marksIn(marks, 'refused', since), ...marksIn(marks, 'ike_failed', since)].filter((mark) =>
    isOfPeer(mark, keyServers),
  );
  const byKs = ksSaid.filter((said) => said.mark.proof !== 'ejected' && isWithin(said, since));
  return [...own.map(byItself), ...byKs];
}

/** That a KEK ran out, where the KEK that was seen gives no such instant. */
function deletionsBefore({ marks, start, before }: RegistrationFacts, { cause }: CauseDecision): readonly Said[] {
  if (marks.length === 0 || cause !== 'unknown') return [];
  return marksIn(marks, 'kek_deleted', { fromMs: before?.sentMs ?? start.fromMs, toMs: start.toMs }).map(byItself);
}

/** It said that it left the group, and nothing else explains that it registers again. */
function departuresBefore({ marks, start, before }: RegistrationFacts, { cause }: CauseDecision): readonly Said[] {
  if (marks.length === 0 || cause !== 'unknown') return [];
  return marksIn(marks, 'left', { fromMs: before?.sentMs ?? start.fromMs, toMs: start.toMs })
    .filter(({ mnemonic }) => mnemonic === LEFT)
    .map(byItself);
}

/** The other message of that kind, of a clean-up, gives no reason. */
const LEFT = 'GM_UNREGISTER';

/** Packets under a TEK that it does not hold, where no message says that it registered because of them. */
function strangePackets({ marks, start }: RegistrationFacts, { cause }: CauseDecision): readonly Said[] {
  if (marks.length === 0 || (cause !== 'unknown' && cause !== 'ks_failover')) return [];
  return marksIn(marks, 'invalid_spi', { fromMs: start.fromMs - RECOVERY_MS, toMs: start.toMs }).map(byItself);
}

function withReason(
  decision: CauseDecision,
  reasons: readonly Said[],
  { groupType }: Pick<RegistrationFacts, 'groupType'>,
): CauseDecision {
  if (reasons.length === 0) return decision;
  const evidence = [...decision.evidence, ...reasons.slice(-2).map(saidIn)];
  const last = reasons.findLast(({ ks, mark }) =>
    ks === null ? !isOfOtherIke(mark.mnemonic, groupType) : givesReason({ ks, mark }),
  );
  return last !== undefined && decision.cause === 'unknown' && decision.stated === undefined
    ? { ...decision, evidence, stated: reasonIn(last) }
    : { ...decision, evidence };
}

/** The start of a recovery registration is drawn at random within some minutes of its message. */
const RECOVERY_MS = 300_000;

/** The GM says so itself: a packet came under a TEK that it does not hold. */
function recovered(facts: RegistrationFacts): CauseDecision | null {
  const { marks, start, before } = facts;
  if (marks.length === 0) return null;
  const since = { fromMs: start.fromMs - RECOVERY_MS, toMs: start.toMs };
  const said = marksIn(marks, 'recovery', since).findLast(
    (mark) => !marks.some(({ proof, fromMs }) => proof === 'complete' && fromMs > mark.atMs && fromMs < start.fromMs),
  );
  if (said === undefined) return null;
  const packets = marksIn(marks, 'invalid_spi', { fromMs: said.fromMs - RECOVERY_MS, toMs: start.toMs });
  const begun = intersection(start, { fromMs: said.fromMs, toMs: Infinity }) ?? start;
  const decision: CauseDecision = { cause: 'recovery', start: begun, evidence: [...packets, said].map(quotedMark) };
  return before === null ? decision : withFailover(facts, decision);
}

/** A GM registers at once when the interface that holds its keys comes back. */
const AFTER_LINK_MS = 120_000;

function interfaceFlap(facts: RegistrationFacts, before: HeldView, evidence: readonly string[]): CauseDecision | null {
  const { marks, start } = facts;
  if (marks.length === 0) return null;
  // The keys are there already: a registration since the link came back was the one that the link caused.
  const keysCameMs = before.keysCame?.toMs ?? -Infinity;
  const since = { fromMs: Math.max(keysCameMs, start.fromMs - AFTER_LINK_MS), toMs: start.toMs };
  const up = marksIn(marks, 'interface_up', since).at(-1);
  const down = marksIn(marks, 'interface_down', { fromMs: -Infinity, toMs: up?.atMs ?? start.toMs }).at(-1);
  if (up !== undefined && hasFollowed(up, marks, start)) return null;
  // A link that is down and not back causes no registration, unless the message that it is back was lost.
  if (up === undefined && (down === undefined || !overlaps(intervalOfMark(down), since))) return null;
  const begun = intersection(start, { fromMs: (up ?? down)?.fromMs ?? start.fromMs, toMs: Infinity }) ?? start;
  const decision: CauseDecision = {
    cause: 'interface',
    start: begun,
    evidence: [...evidence, ...quotedLink(down, up)],
  };
  return withFailover(facts, decision);
}

function ordered(facts: RegistrationFacts, order: NonNullable<RegistrationFacts['forced']>): CauseDecision {
  const { before, start, marks } = facts;
  const [message] = marksIn(marks, 'forced', { fromMs: order.atMs, toMs: order.atMs }).slice(-1).map(byItself);
  const inItsWords = message === undefined ? {} : { stated: reasonIn(message) };
  const byOrder: CauseDecision = { cause: 'ks_forced', evidence: [order.evidence], start, ...inItsWords };
  if (before === null) return byOrder;
  const deleted = deletionOf(before, marks);
  if (deleted !== null && deleted.fromMs > order.atMs && intervalOfMark(deleted).toMs <= start.toMs)
    return { cause: 'unknown', evidence: [order.evidence, quotedMark(deleted), ORDER_OR_EXPIRY], start };
  const flap = marks.length === 0 ? null : flapBesideOrder(facts, before, order.atMs);
  if (flap !== null) return flap;
  const ended = endBesideOrder(facts, before);
  return ended === null ? byOrder : { cause: 'unknown', evidence: [order.evidence, ended], start };
}

/** The KEK's end can have made it begin as well, by the countdown where one holds; null: it cannot. */
function endBesideOrder(facts: RegistrationFacts, before: HeldView): string | null {
  const { kek } = before;
  if (kek === null) return null;
  const { windows, perhapsRenewed } = possibleWindows(facts, before);
  const canBeExpiry = perhapsRenewed
    ? overlaps(facts.start, kekExpiryWindow(kek.expiry))
    : windows.includes('kek_expiry');
  if (!canBeExpiry) return null;
  return `KEK held before ended at ${instant(middleMs(kek.expiry))}: ${END_OR_ORDER}`;
}

/**
 * The registration of a link that came back follows within seconds (simulated: 4 s; a GM's own pause is left a margin).
 */
const AT_ONCE_MS = 10_000;

/** Leaves the TEKs 90 s at least, and the GM registers only near their end. */
const ORDER_WITH_RESPITE = 'GM_RECV_DELETE';

/**
 * The interface went down after the order and came back, or the order leaves more time: a GM that registered at once.
 */
function flapBesideOrder(facts: RegistrationFacts, before: HeldView, orderedMs: number): CauseDecision | null {
  const { marks, start } = facts;
  const atOnce = { fromMs: start.fromMs - AT_ONCE_MS, toMs: start.toMs };
  const up = marksIn(marks, 'interface_up', atOnce).at(-1);
  const down = marksIn(marks, 'interface_down', { fromMs: -Infinity, toMs: start.toMs }).at(-1);
  if (up === undefined || down === undefined) return null;
  const order = marksIn(marks, 'forced', { fromMs: orderedMs, toMs: orderedMs }).at(-1);
  if (order === undefined) return null;
  const isTooSoon = order.mnemonic === ORDER_WITH_RESPITE && orderedMs > start.toMs - AT_ONCE_MS;
  if (down.fromMs > orderedMs || isTooSoon) return interfaceFlap(facts, before, []);
  if (up.fromMs < orderedMs) return null;
  return { cause: 'unknown', evidence: [quotedMark(order), ...quotedLink(down, up), ORDER_OR_LINK], start };
}

/**
 * The interface came back in the time in which the registration began or just before, and before the timer was due:
 * which made it is not seen, but where the GM says that its keys ran out.
 */
function flapBeforeTimer(
  { marks, start }: RegistrationFacts,
  before: HeldView,
  due: Interval,
): readonly string[] | null {
  if (marks.length === 0) return null;
  const sinceMs = Math.max(start.fromMs - AT_ONCE_MS, before.keysCame?.toMs ?? -Infinity);
  const up = marksIn(marks, 'interface_up', { fromMs: sinceMs, toMs: due.toMs }).at(-1);
  if (up === undefined || up.fromMs < sinceMs || up.atMs > due.toMs) return null;
  if (up.fromMs < start.fromMs && isExplainedSince(up, marks, start)) return null;
  const down = marksIn(marks, 'interface_down', { fromMs: -Infinity, toMs: up.atMs }).at(-1);
  return down === undefined ? null : [...quotedLink(down, up), LINK_OR_TIMER];
}

/** A registration has followed the link, or a notice says that this one followed a timer. */
function isExplainedSince(up: LogMark, marks: readonly LogMark[], start: Interval): boolean {
  return hasFollowed(up, marks, start) || marksIn(marks, 'start', start).some((mark) => !isAttempt(mark));
}

/** A registration was complete between the link's return and the beginning of this one. */
function hasFollowed(up: LogMark, marks: readonly LogMark[], start: Interval): boolean {
  return marks.some(({ proof, fromMs, atMs }) => proof === 'complete' && fromMs > up.atMs && atMs < start.fromMs);
}

function noTekRekey(facts: RegistrationFacts): string {
  const tek = longestLived(facts.before?.teks ?? []);
  return tek === null
    ? 'no TEK rekey came'
    : `longest-lived TEK ${tek.spi} ended at ${instant(middleMs(tek.expiry))}, and no TEK rekey came`;
}

/** A KEK that ran out after the registration was complete is the one that it had brought. */
function deletedAfter(deleted: LogMark | null, { completed }: RegistrationFacts): LogMark | null {
  return deleted !== null && intervalOfMark(deleted).fromMs > completed.toMs ? deleted : null;
}

function quotedIf(mark: LogMark | null): readonly string[] {
  return mark === null ? [] : [quotedMark(mark)];
}

/** The message that says that this very KEK ran out: it comes at its expiry, so that is when it was written. */
function deletionOf({ kek }: HeldView, marks: readonly LogMark[]): LogMark | null {
  if (kek === null) return null;
  const atExpiry = widened(kek.expiry, DELETION_SLACK_MS);
  const deleted = marksIn(marks, 'kek_deleted', atExpiry).at(-1);
  const written = deleted === undefined ? null : intersection(intervalOfMark(deleted), atExpiry);
  return deleted === undefined || written === null ? null : { ...deleted, fromMs: written.fromMs, atMs: written.toMs };
}
