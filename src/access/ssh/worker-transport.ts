/**
 * The shell transport as a proxy: one worker thread runs ssh2 for all its connections. Started with the first one,
 * started anew after it died (its shells end as closed), kept from holding the process when it has none.
 */
import { Worker } from 'node:worker_threads';
import {
  type Shell,
  type ShellHooks,
  type ShellLogin,
  type ShellTransport,
  TransportError,
  type VerifyJumpKey,
} from './shell-transport.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

export function createWorkerTransport(workerUrl: URL, verifyJumpKey: VerifyJumpKey): ShellTransport {
  return new WorkerTransport(workerUrl, verifyJumpKey);
}

interface Connection {
  readonly hooks: ShellHooks;
  readonly opened: (shell: Shell) => void;
  readonly failed: (error: Error) => void;
  open: boolean;
}

class WorkerTransport implements ShellTransport {
  readonly #url: URL;
  readonly #verifyJumpKey: VerifyJumpKey;
  readonly #connections = new Map<number, Connection>();
  #worker: Worker | null = null;
  #nextId = 1;

  constructor(url: URL, verifyJumpKey: VerifyJumpKey) {
    this.#url = url;
    this.#verifyJumpKey = verifyJumpKey;
  }

  open(login: ShellLogin, hooks: ShellHooks, signal: AbortSignal): Promise<Shell> {
    signal.throwIfAborted();
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise<Shell>((resolve, reject) => {
      const onAbort = () => {
        this.#drop(id);
        const reason: unknown = signal.reason;
        reject(reason instanceof Error ? reason : new Error('aborted'));
      };
      const done = () => signal.removeEventListener('abort', onAbort);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#connections.set(id, {
        hooks,
        opened: (shell) => {
          done();
          resolve(shell);
        },
        failed: (error) => {
          done();
          reject(error);
        },
        open: false,
      });
      this.#say({ type: 'open', id, login });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    this.#connections.clear();
    if (worker !== null) {
      worker.removeAllListeners();
      await worker.terminate();
    }
  }

  #say(message: ToWorker): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
    this.#running().postMessage(message);
  }

  #running(): Worker {
    if (this.#worker === null) {
      // No environment and no arguments: the worker needs none, and secrets may stand in them.
      const worker = new Worker(this.#url, { env: {}, argv: [], execArgv: [], name: 'ssh legacy' });
      worker.on('message', (message: FromWorker) => this.#hear(message));
      worker.on('error', (error) => this.#died(worker, error.message));
      worker.on('exit', (code) => this.#died(worker, `exit status ${code}`));
      this.#worker = worker;
    }
    this.#worker.ref();
    return this.#worker;
  }

  #hear(message: FromWorker): void {
    const { id } = message;
    if (message.type === 'jump_key') {
      // What cannot be verified is refused; why is logged where it is decided.
      this.#verifyJumpKey(message.jump, Buffer.from(message.key, 'base64')).then(
        (problem) => this.#say({ type: 'jump_key_verdict', id, problem }),
        () => this.#say({ type: 'jump_key_verdict', id, problem: 'its host key cannot be verified' }),
      );
      return;
    }
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    switch (message.type) {
      case 'connected':
        this.#answer(id, connection, async () => {
          await connection.hooks.beforeHandshake();
          return { type: 'go', id };
        });
        return;
      case 'host_key':
        this.#answer(id, connection, async () => {
          const accepted = await connection.hooks.verifyHostKey(Buffer.from(message.key, 'base64'));
          return { type: 'host_key_verdict', id, accepted };
        });
        return;
      case 'opened':
        connection.open = true;
        connection.opened({
          negotiated: message.negotiated,
          write: (text) => {
            if (this.#connections.has(id)) this.#say({ type: 'write', id, text });
          },
          end: () => {
            if (this.#connections.has(id)) this.#say({ type: 'end', id });
          },
          destroy: () => this.#drop(id),
        });
        return;
      case 'failed':
        this.#forget(id);
        connection.failed(new TransportError(message.kind, message.operation, message.message));
        return;
      case 'octets':
        connection.hooks.onOctets?.(message.received, message.sent);
        return;
      case 'data':
        connection.hooks.onData(message.chunk);
        return;
      case 'closed':
        this.#forget(id);
        connection.hooks.onClose(message.reason, message.flooded);
        return;
      default:
        message satisfies never;
    }
  }

  /** Ask the owner and tell the worker; an owner that throws gives the connection up. */
  #answer(id: number, connection: Connection, ask: () => Promise<ToWorker>): void {
    const asked = async (): Promise<void> => {
      const message = await ask();
      if (this.#connections.has(id)) this.#say(message);
    };
    asked().catch((error: unknown) => {
      this.#drop(id);
      connection.failed(error instanceof Error ? error : new Error(String(error)));
    });
  }

  #drop(id: number): void {
    if (!this.#connections.has(id)) return;
    this.#say({ type: 'destroy', id });
    this.#forget(id);
  }

  #forget(id: number): void {
    this.#connections.delete(id);
    if (this.#connections.size === 0) this.#worker?.unref();
  }

  #died(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    const orphans = [...this.#connections.values()];
    this.#connections.clear();
    for (const { hooks, failed, open } of orphans) {
      if (open) hooks.onClose(`the SSH worker ended: ${why}`);
      else failed(new TransportError('closed', 'connect', `the SSH worker for legacy devices ended: ${why}`));
    }
  }
}
