/** A countdown of whole seconds that a device printed, and what has become of it since. */
import { type EpochMs, expiryMs, type ReadAt } from './instant.ts';

/** Longest lifetime that can be configured is 30 days; ten times that is no countdown. */
const LONGEST_SECONDS = 300 * 86_400;

/** A countdown that a device could have printed; anything else is not shown. */
export function shownSeconds(seconds: number | null | undefined): number | null {
  return typeof seconds === 'number' && seconds >= 0 && seconds <= LONGEST_SECONDS ? seconds : null;
}

/** The longest of the countdowns shown; null: none is. */
export function longestSeconds(all: Iterable<number | null>): number | null {
  let longest: number | null = null;
  for (const one of all) longest = longer(longest, shownSeconds(one));
  return longest;
}

function longer(a: number | null, b: number | null): number | null {
  return a === null || (b !== null && b > a) ? b : a;
}

/** What is left of the longest-lived TEK; null: none is shown. */
export function longestTekSeconds(teks: readonly { readonly remainingSeconds: number | null }[] | null): number | null {
  let longest: number | null = null;
  for (const { remainingSeconds } of teks ?? []) longest = longer(longest, shownSeconds(remainingSeconds));
  return longest;
}

/** Whole seconds that are left at `atMs` of `seconds` read at `at`; never below 0. */
export function secondsLeft(at: ReadAt, seconds: number, atMs: EpochMs): number {
  // The device truncates: what it printed is the least that was left.
  return Math.max(0, Math.floor((expiryMs(at, seconds) - 500 - atMs) / 1000));
}

/** Of `Reregisters in`, in whole seconds. One that is not shown does not run. */
export function isCountdownOver(seconds: number | null): boolean {
  return seconds === null || seconds <= 1;
}
