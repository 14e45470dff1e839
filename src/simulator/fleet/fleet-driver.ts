/** Advances a fleet with a clock, so that log messages and deaths happen even if nobody asks. */
import type { Clock } from '../../kernel/clock.ts';
import type { SimulatedFleet } from './fleet.ts';

/** Advances the fleet to the clock's wall time every `everyMs` of the clock (default 500) until disposed. */
export function driveFleet(fleet: SimulatedFleet, clock: Clock, everyMs = 500): AsyncDisposable {
  const stop = new AbortController();
  const run = async () => {
    while (!stop.signal.aborted) {
      fleet.advance(clock.wallMs());
      await clock.sleep(everyMs, stop.signal, { unref: true });
    }
  };
  const running = run().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('fleet driver stopped'));
      await running;
    },
  };
}
