/**
 * Countdowns from instants on the device's clock.
 *
 * The model's remaining lifetimes count from an instant that stands beside them (the birth of the key, the last
 * registration), not from now. So what is left is that instant, plus the seconds, less the device's own time of the
 * answer: its `Date` header (RFC 9110, section 6.6.1), in whole seconds. No clock of ours takes part.
 */
import type { EpochMs } from '../gdoi/seen/instant.ts';
import type { Leaves } from './leaves.ts';

/** Two whole-second figures, and a document that took a while. */
const SAME_SECONDS = 3;

/** A device's whole seconds until `endMs`; negative: past. */
export function secondsUntil(endMs: EpochMs, deviceNowMs: EpochMs): number {
  return Math.floor((endMs - deviceNowMs) / 1000);
}

/**
 * `orig-life`. No key lives 0 s: `show crypto gdoi rekey sa detail`, the CLI's view of the same table, shows a KEK in use
 * with `orig life(sec) : 0`, where the lifetime was never filled in.
 */
export function lifetimeOf(key: Leaves): number | null {
  return key.count('orig-life') || null;
}

/** The figures of one key: when it was made, how long it lives, and the two countdowns. */
export interface KeyTimes {
  readonly bornMs: EpochMs | null;
  readonly lifetimeSeconds: number | null;
  readonly remainingSeconds: number | null;
  readonly timeToRekeySeconds: number | null;
}

/**
 * What is left of a key and until its rekey, in seconds from now.
 *
 * `remaining` counts from the key's birth, as the model says. A device that counts down to now all the same gives
 * itself away: its figure is exactly what is left of the whole lifetime. Then both of its countdowns are from now.
 */
export function keyCountdowns(
  times: KeyTimes,
  deviceNowMs: EpochMs | null,
): { readonly remainingSeconds: number | null; readonly timeToRekeySeconds: number | null } {
  const { bornMs, lifetimeSeconds, remainingSeconds, timeToRekeySeconds } = times;
  if (bornMs === null || deviceNowMs === null) return { remainingSeconds: null, timeToRekeySeconds: null };
  const ageSeconds = secondsUntil(deviceNowMs, bornMs);
  const leftOfWhole = lifetimeSeconds === null ? null : lifetimeSeconds - ageSeconds;
  const countsFromNow =
    remainingSeconds !== null &&
    leftOfWhole !== null &&
    ageSeconds > SAME_SECONDS &&
    Math.abs(remainingSeconds - leftOfWhole) <= SAME_SECONDS;
  const left = (seconds: number | null) => {
    if (seconds === null) return null;
    return countsFromNow ? seconds : seconds - ageSeconds;
  };
  return {
    remainingSeconds: notBelowZero(left(remainingSeconds) ?? leftOfWhole),
    timeToRekeySeconds: notBelowZero(left(timeToRekeySeconds)),
  };
}

function notBelowZero(seconds: number | null): number | null {
  return seconds === null ? null : Math.max(0, seconds);
}
