/**
 * How a worker is started: as a thread of this process, or as a process of its own, which may open as many files again.
 * Both run the same module and receive the same messages; a message to a process is copied through a socket, and costs
 * more.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { hearEach, SaidInATurn } from './said-in-a-turn.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './worker-messages.ts';

export type WorkerKind = 'thread' | 'process';

export interface WorkerStart {
  /** For people. */
  readonly name: string;
  /** What it runs, compiled: it calls `holdConversations`. */
  readonly url: URL;
  readonly settings: WorkerSettings;
  readonly onMessage: (message: FromWorker) => void;
  /** Called once or more often when it has ended unexpectedly. */
  readonly onEnd: (why: string) => void;
}

export interface StartedWorker {
  say(message: ToWorker): void;
  /** Keeps this process alive as long as the worker. */
  ref(): void;
  unref(): void;
  /** Resolves when it is gone; nothing is reported of it from now on. */
  terminate(): Promise<void>;
}

export function startWorker(kind: WorkerKind, start: WorkerStart): StartedWorker {
  return kind === 'thread' ? startThread(start) : startProcess(start);
}

function startThread({ name, url, settings, onMessage, onEnd }: WorkerStart): StartedWorker {
  // No environment and no arguments: the thread needs none, and they may contain secrets.
  const worker = new Worker(url, { env: {}, argv: [], execArgv: [], name, workerData: settings });
  worker.on('message', (messages: readonly FromWorker[]) => hearEach(messages, onMessage));
  worker.on('error', (error) => onEnd(error.message));
  worker.on('exit', (code) => onEnd(`exit status ${code}`));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
  const said = new SaidInATurn<ToWorker>((messages) => worker.postMessage(messages));
  return {
    say: (message) => said.say(message),
    ref: () => worker.ref(),
    unref: () => worker.unref(),
    async terminate() {
      worker.removeAllListeners();
      await worker.terminate();
    },
  };
}

function startProcess({ url, settings, onMessage, onEnd }: WorkerStart): StartedWorker {
  const child = fork(fileURLToPath(url), [JSON.stringify(settings)], {
    env: {},
    execArgv: [],
    // Like between threads: values that JSON cannot express pass too.
    serialization: 'advanced',
    // V8's last words belong where our own log goes.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child.on('message', (messages: readonly FromWorker[]) => hearEach(messages, onMessage));
  child.on('error', (error) => onEnd(error.message));
  child.on('exit', (code, signal) => onEnd(code === null ? `ended by ${signal}` : `exit status ${code}`));
  const said = new SaidInATurn<ToWorker>((messages) => {
    // One that has ended, or could not be started, receives nothing: `exit` or `error` reports its end.
    if (child.connected) child.send(messages, () => undefined);
  });
  return {
    say: (message) => said.say(message),
    ref() {
      child.ref();
      child.channel?.ref();
    },
    unref() {
      child.unref();
      child.channel?.unref();
    },
    async terminate() {
      child.removeAllListeners();
      child.on('error', () => undefined);
      // A process that could not be started has no end.
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
