/** A plain ssh2 client for tests: types, reads, waits for what must come. */
import ssh2, { type ClientChannel, type ConnectConfig } from 'ssh2';
import { PATIENCE } from '../builders/patience.ts';

export interface Terminal extends AsyncDisposable {
  /** Everything received so far. */
  readonly text: string;
  type(text: string): void;
  /** Wait until all received text after `from` matches; gives the text. Fails when the connection ends first. */
  until(pattern: RegExp, from?: number): Promise<string>;
  /** The channel and the connection are closed. */
  readonly closed: Promise<void>;
}

/** Log in and open a shell; fails with the client's error. */
export async function openTerminal(config: ConnectConfig): Promise<Terminal> {
  const client = await login(config);
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    client.shell({ cols: 511, rows: 1000, term: 'vt100' }, (error, stream) => {
      if (error) reject(error);
      else resolve(stream);
    });
  });
  let text = '';
  let ended = false;
  const watchers = new Set<() => void>();
  const notify = () => {
    for (const watcher of watchers) watcher();
  };
  channel.on('data', (data: Buffer) => {
    text += data.toString('latin1');
    notify();
  });
  const closed = new Promise<void>((resolve) => {
    client.on('close', () => {
      ended = true;
      notify();
      resolve();
    });
  });
  client.on('error', () => client.end());
  return {
    get text() {
      return text;
    },
    type: (typed) => channel.write(typed),
    until: (pattern, from = 0) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const part = text.slice(from);
          if (pattern.test(part)) resolve(part);
          else if (ended) reject(new Error(`connection ended before ${pattern}: ${JSON.stringify(part.slice(-300))}`));
          else return;
          watchers.delete(check);
        };
        watchers.add(check);
        check();
      }),
    closed,
    async [Symbol.asyncDispose]() {
      client.end();
      await closed;
    },
  };
}

export function login(config: ConnectConfig): Promise<ssh2.Client> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.on('ready', () => resolve(client));
    client.on('error', reject);
    // Without it Nagle's algorithm and delayed acknowledgements cost 40 ms for each small packet.
    client.on('connect', () => client.setNoDelay(true));
    client.on('close', () => reject(new Error('closed before ready')));
    client.connect({ readyTimeout: PATIENCE.timeout, ...config });
  });
}
