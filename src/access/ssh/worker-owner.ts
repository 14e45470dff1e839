/** The owner of this worker: the main thread, or the process that forked this one. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { DEFAULT_BOUNDS } from './answer-reader.ts';
import { hearEach, SaidInATurn } from './said-in-a-turn.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './worker-messages.ts';

export interface WorkerOwner {
  readonly settings: WorkerSettings;
  say(message: FromWorker): void;
  /** Until the owner lets it end, or is gone. */
  listen(hear: (message: ToWorker) => void): void;
}

export function workerOwner(): WorkerOwner {
  return parentPort === null ? owningProcess() : owningThread(parentPort);
}

function owningThread(port: MessagePort): WorkerOwner {
  const settings: WorkerSettings | null = workerData;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
  const said = new SaidInATurn<FromWorker>((messages) => port.postMessage(messages));
  return {
    settings: settings ?? { bounds: DEFAULT_BOUNDS },
    say: (message) => said.say(message),
    listen: (hear) => void port.on('message', (messages: readonly ToWorker[]) => hearEach(messages, hear)),
  };
}

/**
 * Signals that stop or reload the agent are for the owner to obey: it hangs up politely first, and then ends this
 * process.
 */
const OWNERS_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function owningProcess(): WorkerOwner {
  if (process.send === undefined) throw new Error('this is neither a worker thread nor a forked process');
  const settings: WorkerSettings = JSON.parse(process.argv[2] ?? 'null') ?? { bounds: DEFAULT_BOUNDS };
  // An owner that is gone receives nothing, and this process ends.
  const said = new SaidInATurn<FromWorker>((messages) => {
    process.send?.(messages, undefined, undefined, () => undefined);
  });
  return {
    settings,
    say: (message) => said.say(message),
    listen(hear) {
      for (const signal of OWNERS_SIGNALS) process.on(signal, () => undefined);
      process.on('disconnect', () => process.exit());
      process.on('message', (messages: readonly ToWorker[]) => hearEach(messages, hear));
    },
  };
}
