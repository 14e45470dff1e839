/**
 * The clock every edge room asks for, so that `--speed`, replay and tests decide what time is.
 *
 * Wall time is for what people read and for key expiry; it may step. Monotonic time is for durations, timeouts and
 * pacing; it never steps. Both are in milliseconds.
 */

import { abortReason } from './abort-reason.ts';

/**
 * Milliseconds since the Unix epoch. The core has a type of its own (`gdoi/seen/instant.ts`): it imports nothing of this
 * room.
 */
export type EpochMs = number;

export interface Clock {
  /** Wall time now. */
  readonly wallMs: () => EpochMs;
  /** Monotonic time now; only differences mean anything. */
  readonly monoMs: () => number;
  /**
   * Resolve after `ms` of this clock's monotonic time; reject with the signal's reason when it aborts first.
   * A pending sleep keeps the process alive unless `unref` is true.
   */
  readonly sleep: (ms: number, signal?: AbortSignal, options?: { readonly unref?: boolean }) => Promise<void>;
  /** Let pending I/O run before going on: what long synchronous work calls in between. */
  readonly yieldToIo: () => Promise<void>;
}

/** Longest delay a Node timer takes; longer sleeps are cut into pieces. */
const MAX_TIMER_MS = 2_147_483_647;

/** How often a fast clock reads the machine's time even when nobody asks it. */
const TICK_MS = 10;

/**
 * The most machine time that a fast clock counts between two readings: more means that the process did not get to run.
 */
const LONGEST_STEP_MS = 25;

/**
 * A clock that runs `speed` times as fast as the machine's, starting at the machine's wall time. `speed` 1 follows the
 * machine's wall clock with its steps. Other speeds are derived from the monotonic clock and do not run ahead of the
 * process: time in which the machine gave it no turn is not counted. Devices and agent on such a clock become slow
 * together on a busy machine; a poll never takes simulated minutes because a core was missing.
 */
export function createSystemClock(speed = 1): Clock {
  return speed === 1 ? machineClock : createFastClock(speed);
}

const yieldToIo: Clock['yieldToIo'] = () => new Promise((resolve) => setImmediate(resolve));

const machineClock: Clock = {
  wallMs: Date.now,
  monoMs: () => performance.now(),
  sleep: (ms, signal, options) => sleepReal(ms, signal, options?.unref ?? false),
  yieldToIo,
};

function createFastClock(speed: number): Clock {
  const wallStartMs = Date.now();
  let lookedAtMs = performance.now();
  let elapsedMs = 0;
  const monoMs = () => {
    const nowMs = performance.now();
    elapsedMs += Math.min(nowMs - lookedAtMs, LONGEST_STEP_MS) * speed;
    lookedAtMs = nowMs;
    return elapsedMs;
  };
  setInterval(monoMs, TICK_MS).unref();
  return {
    wallMs: () => Math.round(wallStartMs + monoMs()),
    monoMs,
    async sleep(ms, signal, options) {
      const wakeMs = monoMs() + ms;
      let leftMs = ms;
      do {
        await sleepReal(leftMs / speed, signal, options?.unref ?? false);
        leftMs = wakeMs - monoMs();
      } while (leftMs > 0);
    },
    yieldToIo,
  };
}

function sleepReal(ms: number, signal: AbortSignal | undefined, unref: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortReason(signal));
      return;
    }
    let timer: NodeJS.Timeout;
    let leftMs = Math.max(0, ms);
    const onAbort = () => {
      clearTimeout(timer);
      reject(abortReason(signal));
    };
    const arm = () => {
      const partMs = Math.min(leftMs, MAX_TIMER_MS);
      leftMs -= partMs;
      timer = setTimeout(() => {
        if (leftMs > 0) {
          arm();
          return;
        }
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, partMs);
      if (unref) timer.unref();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    arm();
  });
}
