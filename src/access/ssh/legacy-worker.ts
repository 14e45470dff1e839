/**
 * The worker thread for devices with old key exchanges: ssh2 runs here, so that a handshake of 49 ms (group1) or more
 * stalls no one else. Decisions (host key, deadlines, limits) stay in the main thread.
 */
import { parentPort } from 'node:worker_threads';
import { createSystemClock } from '../../kernel/clock.ts';
import { systemRandom } from '../../kernel/random.ts';
import { type Shell, type ShellLogin, TransportError } from './shell-transport.ts';
import { createSsh2Transport } from './ssh2-transport.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

interface Connection {
  readonly abort: AbortController;
  shell: Shell | null;
  go: () => void;
  verdict: (accepted: boolean) => void;
}

const jumpKeyQuestions = new Map<number, (problem: string | null) => void>();
let nextQuestion = 1;

const transport = createSsh2Transport({
  clock: createSystemClock(),
  random: systemRandom,
  verifyJumpKey: (jump, key) =>
    new Promise((resolve) => {
      const id = nextQuestion;
      nextQuestion += 1;
      jumpKeyQuestions.set(id, resolve);
      say({ type: 'jump_key', id, jump, key: key.toString('base64') });
    }),
});
const connections = new Map<number, Connection>();

function say(message: FromWorker): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
  parentPort?.postMessage(message);
}

async function open(id: number, login: ShellLogin): Promise<void> {
  const connection: Connection = {
    abort: new AbortController(),
    shell: null,
    go: () => undefined,
    verdict: () => undefined,
  };
  connections.set(id, connection);
  try {
    connection.shell = await transport.open(
      login,
      {
        beforeHandshake: () => {
          say({ type: 'connected', id });
          return new Promise((resolve) => {
            connection.go = resolve;
          });
        },
        verifyHostKey: (key) => {
          say({ type: 'host_key', id, key: key.toString('base64') });
          return new Promise((resolve) => {
            connection.verdict = resolve;
          });
        },
        onOctets: (received, sent) => say({ type: 'octets', id, received, sent }),
        onData: (chunk) => say({ type: 'data', id, chunk }),
        onClose: (reason, flooded = false) => {
          connections.delete(id);
          say({ type: 'closed', id, reason, flooded });
        },
      },
      connection.abort.signal,
    );
    say({ type: 'opened', id, negotiated: connection.shell.negotiated });
  } catch (error) {
    connections.delete(id);
    if (error instanceof TransportError) {
      say({ type: 'failed', id, kind: error.kind, operation: error.operation, message: error.message });
    } else if (!connection.abort.signal.aborted) {
      // A bug: let it end the worker, where the main thread sees it.
      throw error;
    }
  }
}

function hear(message: ToWorker): void {
  if (message.type === 'open') {
    void open(message.id, message.login); // answers by message; what it throws is a bug and ends the worker
    return;
  }
  if (message.type === 'jump_key_verdict') {
    jumpKeyQuestions.get(message.id)?.(message.problem);
    jumpKeyQuestions.delete(message.id);
    return;
  }
  const connection = connections.get(message.id);
  if (connection === undefined) return;
  switch (message.type) {
    case 'go':
      connection.go();
      return;
    case 'host_key_verdict':
      connection.verdict(message.accepted);
      return;
    case 'write':
      connection.shell?.write(message.text);
      return;
    case 'end':
      connection.shell?.end();
      return;
    case 'destroy':
      connections.delete(message.id);
      // Whatever it waits for ends here; an open shell is cut.
      connection.abort.abort(new Error('given up'));
      connection.go();
      connection.verdict(false);
      connection.shell?.destroy();
      return;
    default:
      message satisfies never;
  }
}

parentPort?.on('message', hear);
