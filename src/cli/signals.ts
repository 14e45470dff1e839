/** Signals as an operator means them: the first one stops in order, a second one at once, SIGHUP reloads. */
import type { InternalErrors } from '../kernel/internal-errors.ts';

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process at once. */
export function stopRequested(onHangup: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (signal: NodeJS.Signals) => {
      if (asked) process.exit(130);
      asked = true;
      resolve(signal);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    process.on('SIGHUP', onHangup);
  });
}

/**
 * The last boundary: what no nearer one caught is logged, counted and survived, since whoever watches a hundred routers
 * must not die of one. Until it is disposed of.
 */
export function keepRunning(errors: InternalErrors): Disposable {
  const caught = (error: unknown) => errors.caught('process', error);
  process.on('uncaughtException', caught);
  return {
    [Symbol.dispose]() {
      process.off('uncaughtException', caught);
    },
  };
}
