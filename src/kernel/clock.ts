/**
 * The clock every edge room asks for, so that `--speed`, replay and tests decide what time is.
 *
 * Wall time is for what people read and for key expiry; it may step. Monotonic time is for durations, timeouts and
 * pacing; it never steps. Both are in milliseconds.
 */

/** Milliseconds since the Unix epoch. */
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

/**
 * A clock that runs `speed` times as fast as the machine's, starting at the machine's wall time.
 * `speed` 1 follows the machine's wall clock with its steps; other speeds are derived from the monotonic clock.
 */
export function createSystemClock(speed = 1): Clock {
  const wallStartMs = Date.now();
  const monoStartMs = performance.now();
  const elapsedMs = () => (performance.now() - monoStartMs) * speed;
  return {
    wallMs: speed === 1 ? Date.now : () => Math.round(wallStartMs + elapsedMs()),
    monoMs: elapsedMs,
    sleep: (ms, signal, options) => sleepReal(ms / speed, signal, options?.unref ?? false),
    yieldToIo: () => new Promise((resolve) => setImmediate(resolve)),
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

function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('aborted');
}
