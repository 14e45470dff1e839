/**
 * SSH servers that do harm, one manner each: they log a client in as far as they must, and then send what no router sends.
 * Every flood respects the TCP window, as an attacker's kernel would, and stops when the connection is closed.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import { hostKeys } from '../access/scripted-ios.ts';

/** What a manner gets hold of. */
interface Stage {
  readonly socket: Socket;
  readonly connection: ssh2.Connection;
}

interface Terminal extends Stage {
  readonly channel: ssh2.ServerChannel;
}

export interface HostileManner {
  /** As soon as TCP is open; true: nothing else is served. */
  readonly atConnect?: (socket: Socket) => true;
  /** When keys are agreed. */
  readonly atHandshake?: (stage: Stage) => void;
  /** When the first prompt is out. */
  readonly atPrompt?: (terminal: Terminal) => void;
  /** In place of the answer to a show command. */
  readonly atCommand?: (terminal: Terminal) => void;
  /** Between two polls: after an answer and its prompt. */
  readonly whenIdle?: (terminal: Terminal) => void;
  /** It is a jump host that is asked for a channel to a device. */
  readonly atChannel?: (stage: Stage, accept: () => ssh2.ServerChannel, reject: () => void) => void;
}

/** Parts of ssh2's server that its types leave out. */
interface WireProtocol {
  ping(): void;
  channelWindowAdjust(channel: number, octets: number): void;
  authBanner?(text: string): void;
  requestSuccess?(): void;
}

function wire(connection: ssh2.Connection): WireProtocol {
  return (connection as unknown as { readonly _protocol: WireProtocol })._protocol;
}

/** What a flood writes to has this much unsent: it waits until that went. */
const ENOUGH_UNSENT = 256 * 1024;

/**
 * Do it again and again, a burst a turn, as long as the connection lives and takes it. `channel`: what is sent is its text,
 * which waits for the SSH window too.
 */
function flood({ socket, channel }: Partial<Terminal> & Pick<Stage, 'socket'>, send: () => void, burst = 200): void {
  const turn = (): void => {
    if (socket.destroyed || !socket.writable) return;
    try {
      for (let sent = 0; sent < burst; sent += 1) send();
    } catch {
      return;
    }
    if (socket.writableLength > ENOUGH_UNSENT) socket.once('drain', () => setImmediate(turn));
    else if (channel !== undefined && channel.writableNeedDrain) channel.once('drain', () => setImmediate(turn));
    else if (channel !== undefined && channel.stderr.writableNeedDrain)
      channel.stderr.once('drain', () => setImmediate(turn));
    else setImmediate(turn);
  };
  turn();
}

export const MANNERS: Readonly<Record<string, HostileManner>> = {
  'talks without end before SSH begins': {
    atConnect: (socket) => {
      flood({ socket }, () => socket.write(`${'x'.repeat(200)}\r\n`), 50);
      return true;
    },
  },
  'sends keepalive requests before the login is over': {
    atHandshake: (stage) => flood(stage, () => wire(stage.connection).ping()),
  },
  'sends keepalive requests after the prompt': {
    atPrompt: (terminal) => flood(terminal, () => wire(terminal.connection).ping()),
  },
  'sends keepalive requests in an answer': {
    atCommand: (terminal) => flood(terminal, () => wire(terminal.connection).ping()),
  },
  'sends keepalive requests between polls': {
    whenIdle: (terminal) => flood(terminal, () => wire(terminal.connection).ping()),
  },
  'sends window adjustments between polls': {
    whenIdle: (terminal) => flood(terminal, () => wire(terminal.connection).channelWindowAdjust(0, 0)),
  },
  'answers in packets of one character without end': {
    atCommand: (terminal) => flood(terminal, () => terminal.channel.write('x'), 100),
  },
  'prints packets of one character between polls': {
    whenIdle: (terminal) => flood(terminal, () => terminal.channel.write('x'), 100),
  },
  'prints on the error channel without end': {
    atCommand: (terminal) => flood(terminal, () => terminal.channel.stderr.write('x'), 100),
  },
  'answers lines without end': {
    atCommand: (terminal) => flood(terminal, () => terminal.channel.write(`${'y'.repeat(70)}\r\n`.repeat(100)), 5),
  },
  'answers one line without end': {
    atCommand: (terminal) => flood(terminal, () => terminal.channel.write('z'.repeat(8_000)), 5),
  },
  'prints prompts without end': {
    atPrompt: (terminal) => flood(terminal, () => terminal.channel.write('\r\nGM1#'), 100),
  },
  'pages without end': {
    atCommand: (terminal) => {
      terminal.channel.write('show crypto gdoi\r\n');
      terminal.channel.on('data', () => terminal.channel.write('\r\nline\r\n --More-- '));
      terminal.channel.write(' --More-- ');
    },
  },
  'exchanges keys again and again': {
    whenIdle: ({ connection, socket }) => {
      const again = (): void => {
        if (!socket.destroyed) connection.rekey(() => setImmediate(again));
      };
      again();
    },
  },
  'says nothing': { atConnect: () => true },
  'hangs in an answer': { atCommand: () => undefined },
  'hangs up in an answer': { atCommand: ({ socket }) => socket.destroy() },
};

/** Of jump hosts: each logs the agent in, and does harm when it is asked for a channel. */
export const JUMP_MANNERS: Readonly<Record<string, HostileManner>> = {
  'never answers a request for a channel': { atChannel: () => undefined },
  'hangs up at each request for a channel': { atChannel: ({ socket }) => socket.destroy() },
  'closes each channel that it opened': { atChannel: (_stage, accept) => accept().close() },
  'opens channels and says nothing in them': { atChannel: (_stage, accept) => void accept().resume() },
  'refuses every channel': { atChannel: (_stage, _accept, reject) => reject() },
  'sends keepalive requests once it is asked for a channel': {
    atChannel: (stage) => flood(stage, () => wire(stage.connection).ping()),
  },
  'sends keepalive requests beside an open channel': {
    atChannel(stage, accept) {
      accept().resume();
      flood(stage, () => wire(stage.connection).ping());
    },
  },
  'talks without end in a channel': {
    atChannel(stage, accept) {
      const channel = accept();
      channel.on('error', () => undefined);
      flood({ ...stage, channel }, () => channel.write('x'.repeat(2_000)), 20);
    },
  },
  'asks for channels of its own without end': {
    atChannel: (stage) =>
      flood(stage, () => stage.connection.forwardOut('127.0.0.1', 1, '127.0.0.1', 2, () => undefined), 20),
  },
  'exchanges keys again and again': {
    atChannel({ connection, socket }) {
      const again = (): void => {
        if (!socket.destroyed) connection.rekey(() => setImmediate(again));
      };
      again();
    },
  },
};

export class HostileSsh implements AsyncDisposable {
  readonly #manner: HostileManner;
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();
  connections = 0;
  /** Connections that agreed on keys: what costs both sides. */
  logins = 0;
  /** Channels that it was asked for as a jump host. */
  channels = 0;

  constructor(manner: HostileManner) {
    this.#manner = manner;
    this.#listener = createServer((socket) => this.#connected(socket));
  }

  get openNow(): number {
    return this.#sockets.size;
  }

  async listen(): Promise<number> {
    this.#listener.listen(0, '127.0.0.1');
    await once(this.#listener, 'listening');
    const address = this.#listener.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP address');
    return address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#listener.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #connected(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    if (this.#manner.atConnect?.(socket) === true) {
      socket.resume();
      return;
    }
    const server = new ssh2.Server({ hostKeys: [hostKeys().ed25519] }, (connection) =>
      this.#serve({ socket, connection }),
    );
    server.injectSocket(socket);
  }

  #serve(stage: Stage): void {
    const { connection } = stage;
    connection.on('error', () => undefined);
    connection.once('handshake', () => {
      this.logins += 1;
    });
    connection.on('handshake', () => this.#manner.atHandshake?.(stage));
    connection.on('authentication', (context) => {
      if (context.method === 'password') context.accept();
      else context.reject(['password']);
    });
    connection.on('tcpip', (accept, reject) => {
      this.channels += 1;
      this.#manner.atChannel?.(stage, accept, reject);
    });
    connection.on('ready', () => {
      connection.on('session', (accept) => {
        const session = accept();
        session.on('pty', (acceptPty) => acceptPty?.());
        session.on('shell', (acceptShell) => this.#shell({ ...stage, channel: acceptShell() }));
      });
    });
  }

  #shell(terminal: Terminal): void {
    const { channel } = terminal;
    const manner = this.#manner;
    let line = '';
    let taken = false;
    channel.on('error', () => undefined);
    channel.write('\r\nGM1#');
    manner.atPrompt?.(terminal);
    channel.on('data', (data: Buffer) => {
      if (taken) return;
      for (const character of data.toString('latin1')) {
        if (character !== '\n' && character !== '\r') {
          line += character;
          continue;
        }
        const command = line;
        line = '';
        if (command.startsWith('show ') && manner.atCommand !== undefined) {
          taken = true;
          channel.write(`${command}\r\n`);
          manner.atCommand(terminal);
          return;
        }
        channel.write(command.startsWith('show ') ? `${command}\r\nan answer\r\nGM1#` : `${command}\r\nGM1#`);
        if (command.startsWith('show ')) manner.whenIdle?.(terminal);
      }
    });
  }
}
