/** Signals as an operator means them: the first one stops in order, a second one at once, SIGHUP reloads. */
import type { InternalErrors } from '../kernel/internal-errors.ts';

/** The user ended the command before it was done: not an error. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

export interface Signals extends Disposable {
  /** Aborted by the first SIGINT or SIGTERM, with `Stopped` as its reason. A second one ends the process at once. */
  readonly stop: AbortSignal;
  /** Which signal it was. */
  readonly stopped: Promise<NodeJS.Signals>;
  /** Called for each SIGHUP, and at once if one came before anybody listened. */
  onHangup(listener: () => void): void;
}

/** From here on signals are handled, even during the start: none of them kills what is half made. */
export function takeSignals(): Signals {
  const stopping = new AbortController();
  let hungUp = false;
  let onHangup: (() => void) | null = null;
  let resolveStopped: (signal: NodeJS.Signals) => void;
  const stopped = new Promise<NodeJS.Signals>((resolve) => {
    resolveStopped = resolve;
  });
  const stop = (signal: NodeJS.Signals) => {
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort(new Stopped(`stopped by ${signal}`));
    resolveStopped(signal);
  };
  const hangUp = () => {
    if (onHangup === null) hungUp = true;
    else onHangup();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', hangUp);
  return {
    stop: stopping.signal,
    stopped,
    onHangup(listener) {
      onHangup = listener;
      if (hungUp) listener();
      hungUp = false;
    },
    // SIGHUP stays handled: by default it would kill what is still closing.
    [Symbol.dispose]() {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}

/**
 * The last boundary: an error that nothing else caught is logged, counted and survived, because an agent that watches a
 * hundred routers must not die of one. Until it is disposed.
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
