/**
 * Was a key that a registration brought made at a time when no KS makes one by itself? Then an order of the KS (`clear
 * crypto gdoi ks members`) may have made the GM register, though a timer of the GM fits as well: neither is named.
 *
 * When a key was made is its expiry less the lifetime that the KS shows; without that, only a KEK that replaced one
 * with enough time left is odd.
 */
import { instant } from '../events/instant-text.ts';
import { LEAD_FLOOR_SECONDS } from '../keys/kek-window.ts';
import { longestLived } from '../keys/tek-identity.ts';
import { tekWindow } from '../keys/timer-windows.ts';
import type { RegistrationFacts } from '../memory/registration-facts.ts';
import type { HeldView } from '../memory/tracker-state.ts';
import { type Interval, middleMs } from '../seen/interval.ts';

/** Whole seconds of lifetimes, twice handed over. */
export const KEY_MADE_SLACK_MS = 20_000;

/** A KS renews a KEK this long before its expiry at most: the floor, and as much again for a unicast batch. */
export const LONGEST_LEAD_MS = 300_000;
/** And a TEK: 90 s and the same for a batch; of lifetimes over half an hour 5 % instead of the 90 s. */
const LONGEST_TEK_LEAD_MS = 190_000;
const TEK_LEAD_SHARE = 0.05;
/** The part of that lead which is for retransmission and batches. */
const LONGEST_BATCH_MS = 100_000;

/** Evidence that the KEK brought was made at an odd time; null: it was not, or it began nothing. */
export function oddKek(facts: RegistrationFacts, { kek }: HeldView): string | null {
  const { kekMade, tekMade, start, tekLifetimeSeconds } = facts;
  // An order makes a TEK as well, and that is the longest-lived one then.
  const isKekAlone = tekMade === null && tekLifetimeSeconds !== null;
  if (kekMade === null || kek === null || isKekAlone || !canHaveBegun(kekMade, start)) return null;
  const isEarly = kekMade.toMs < kek.expiry.fromMs - LONGEST_LEAD_MS;
  // Too late for the rekey of a new release, and before the expiry that an old one waits for.
  const isBetween =
    kekMade.fromMs > kek.expiry.toMs - LEAD_FLOOR_SECONDS * 1000 + KEY_MADE_SLACK_MS &&
    kekMade.toMs < kek.expiry.fromMs - KEY_MADE_SLACK_MS;
  return isEarly || isBetween ? madeWhen('KEK', kekMade, 'the timer after a missed rekey') : null;
}

/** The same of a TEK, or of the KEK beside a timer of the TEK. */
export function oddKeyBesideTek(facts: RegistrationFacts, before: HeldView): string | null {
  const { kekMade, tekMade, start } = facts;
  if (isReplacedEarly(facts, before)) return REPLACED_OR_TEK;
  if (oddKek(facts, before) !== null && kekMade !== null) return madeWhen('KEK', kekMade, 'the timer of the TEK');
  const tek = longestLived(before.teks);
  if (tekMade === null || tek === null || facts.kekAfter === 'same' || !canHaveBegun(tekMade, start)) return null;
  const leadMs = Math.max(
    LONGEST_TEK_LEAD_MS,
    (facts.tekLifetimeSeconds ?? 0) * TEK_LEAD_SHARE * 1000 + LONGEST_BATCH_MS,
  );
  return tekMade.toMs < tek.expiry.fromMs - leadMs ? madeWhen('TEK', tekMade, 'the timer of the TEK') : null;
}

const REPLACED_OR_TEK =
  'the KS had replaced its KEK long before it was due: its order, or the timer of the TEK: not decided';

/**
 * No KS tells when the KEK was made, but that was before the one held was due. A GM whose attempts had failed, or whose
 * TEK's timer had run out by the last answer, was registering for that already.
 */
function isReplacedEarly(facts: RegistrationFacts, { kek, teks, sentMs }: HeldView): boolean {
  const { kekAfter, kekMade, completed, rekeysBetween, tekLifetimeSeconds } = facts;
  if (facts.begunByKek === null && !facts.quick) return false;
  const tek = longestLived(teks);
  const wasDue = tek !== null && sentMs >= tekWindow(tek.expiry, tekLifetimeSeconds).toMs;
  if (kekAfter !== 'new' || kekMade !== null || (rekeysBetween ?? 0) > 0 || wasDue) return false;
  return kek !== null && completed.toMs < kek.expiry.fromMs - LONGEST_LEAD_MS;
}

/**
 * An order shows in the next answer, since it cuts the TEKs; and a key that was made after the registration began did
 * not cause it.
 */
function canHaveBegun(made: Interval, start: Interval): boolean {
  return made.toMs + KEY_MADE_SLACK_MS >= start.fromMs && made.fromMs <= start.toMs;
}

function madeWhen(key: 'KEK' | 'TEK', made: Interval, timer: string): string {
  return `the ${key} held since was made at ${instant(middleMs(made))}, when none was due: an order of the KS, or ${timer}: not decided`;
}
