/**
 * A GM's history as it is drawn: one line for each thing that is seen, at an instant that has a name.
 *
 *     window opens - 20   ${answers(before)}
 *     window opens + 71   ${registers}
 *     expiry              ${logs('GDOI-5-GM_DELETE_EXPIRED_KEK')}
 *     expiry + 10         ${answers({ succeeded: 2, kekZero: true })}
 *
 * The lines are in order of time: a drawing in which they are not is no timeline.
 */
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import { facts, failure, gmAnswer, type GmSketch, log } from './tracker-builders.ts';

/** Seconds after T0 at which the KEK expires that the GM holds at first. */
const EXPIRY = 1000;

/** Seconds after T0 at which the TEK expires that an old GM, which shows nothing of its KEK, holds at first. */
const TEK_EXPIRY = 340;

/** The instants of these keys (GETVPN facts), in seconds after T0. */
const NAMED: ReadonlyMap<string, number> = new Map([
  ['start', 0],
  /** A KS that renews its KEK ahead makes the next one here. */
  ['rekey due', EXPIRY - 235],
  ['window opens', EXPIRY - 190],
  ['window closes', EXPIRY - 40],
  ['expiry', EXPIRY],
  /** A GM that deleted its KEK at the expiry registers until here. */
  ['timer ends', EXPIRY + 80],
  /** Of a TEK of 600 s: the KS makes the next one here, and a GM to which it did not come registers at its timer. */
  ['tek rekey due', TEK_EXPIRY - 126],
  ['tek timer', TEK_EXPIRY - 65],
  ['tek expiry', TEK_EXPIRY],
]);

/** `expiry`, `expiry + 40`, `window opens - 20`: seconds after T0. */
export function at(instant: string): number {
  const drawnAt = instant.trim();
  const [, name = '', sign, seconds] = /^([a-z ]{1,40}?)(?: ([+-]) (\d{1,6}))?$/.exec(drawnAt) ?? [];
  const named = NAMED.get(name);
  if (named === undefined) throw new Error(`"${drawnAt}" is no instant: ${[...NAMED.keys()].join(', ')}`);
  return named + (sign === '-' ? -1 : 1) * Number(seconds ?? 0);
}

/** An observation, once its time is known. */
export type Seen = (at: number) => Observation;

/** An answer to `show crypto gdoi`. */
export const answers =
  (...sketches: readonly GmSketch[]): Seen =>
  (seconds) =>
    gmAnswer(seconds, ...sketches);

/** A log message that the GM sends. */
export const logs =
  (mnemonic: string, text?: string): Seen =>
  (seconds) =>
    log(seconds, mnemonic, text);

/** An answer to `show version`. */
export const up =
  (uptimeSeconds: number): Seen =>
  (seconds) =>
    facts(seconds, uptimeSeconds);

export const answersNothing: Seen = (seconds) => failure(seconds);

export const reregisters = logs('GDOI-4-GM_RE_REGISTER', 'The IPSec SA created for group G1 may have expired');
export const registers = logs(
  'GDOI-5-GM_REGS_COMPL',
  'Registration to KS 10.1.11.2 complete for group G1 using address 10.1.13.2',
);
export const deletesExpiredKek = logs('GDOI-5-GM_DELETE_EXPIRED_KEK', 'KEK expired for group G1 and was deleted');
export const isCleared = logs('GDOI-5-GM_CLEAR_REGISTER', 'Config: GM clears registration for group G1 by operator');

export function drawn(instants: TemplateStringsArray, ...seen: readonly Seen[]): readonly Observation[] {
  const seconds = seen.map((_, line) => at((instants[line] ?? '').split('\n').at(-1) ?? ''));
  seconds.forEach((second, line) => {
    const before = seconds[line - 1] ?? second;
    if (second < before)
      throw new Error(`line ${line + 1} of the timeline is ${before - second} s before the one above`);
  });
  return seen.map((see, line) => see(seconds[line] ?? 0));
}
