/**
 * SSH servers that do harm, one manner each: they log a client in as far as they must, and then send what no router
 * sends. Every flood respects the TCP window, as an attacker's kernel would, and stops when the connection is closed.
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
  /** At each try of a method; true: it is answered. */
  readonly atAuthentication?: (stage: Stage, context: ssh2.AuthContext) => boolean;
  /** The terminal is asked for; true: it gets no answer. */
  readonly atTerminal?: (stage: Stage) => boolean;
  /** When keys are agreed. */
  readonly atHandshake?: (stage: Stage) => void;
  /** When the first prompt is out. */
  readonly atPrompt?: (terminal: Terminal) => void;
  /** A show command is not echoed. */
  readonly withoutEcho?: true;
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
  channelOpenConfirm(theirs: number, ours: number, window: number, packet: number): void;
  channelEOF(channel: number): void;
  readonly _cipher: { encrypt(packet: Buffer): void };
  readonly _packetRW: {
    readonly write: { readonly allocStart: number; alloc(octets: number): Buffer; finalize(packet: Buffer): Buffer };
  };
  requestSuccess?(): void;
}

function wire(connection: ssh2.Connection): WireProtocol {
  return (connection as unknown as { readonly _protocol: WireProtocol })._protocol;
}

/** A message of any type and octets. */
function message(connection: ssh2.Connection, type: number, octets: Uint8Array): void {
  const { _cipher: cipher, _packetRW: packets } = wire(connection);
  const payload = Buffer.concat([Buffer.from([type]), octets]);
  const packet = packets.write.alloc(payload.length);
  payload.copy(packet, packets.write.allocStart);
  cipher.encrypt(packets.write.finalize(packet));
}

const USERAUTH_BANNER = 53;
const CHANNEL_DATA = 94;

function banner(connection: ssh2.Connection, text: string): void {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  message(connection, USERAUTH_BANNER, Buffer.concat([length, Buffer.from(text), Buffer.alloc(4)]));
}

/** What a flood writes to has this much unsent: it waits until that went. */
const ENOUGH_UNSENT = 256 * 1024;

/**
 * Do it again and again, a burst a turn, as long as the connection lives and takes it. `channel`: what is sent is its
 * text, which waits for the SSH window too.
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

/** A piece now and then: never silent, never done. */
function drip(socket: Socket, send: (drop: number) => void): void {
  let drop = 0;
  const timer = setInterval(() => send(drop++), DRIP_MS);
  socket.once('close', () => clearInterval(timer));
}

const DRIP_MS = 50;

/** Channels are opened with a window and packets of these sizes. */
function opensChannelsWith(
  sizes: { readonly window?: number; readonly packet?: number },
  asJumpHost = false,
): HostileManner {
  return {
    ...(asJumpHost
      ? {
          atChannel(_stage, accept) {
            const channel = accept();
            channel.on('error', () => undefined);
            // As a router does, so that its client begins to write.
            channel.write('SSH-2.0-Cisco-1.25\r\n');
            channel.resume();
          },
        }
      : {}),
    atHandshake({ connection }) {
      const protocol = wire(connection);
      const confirm = protocol.channelOpenConfirm.bind(protocol);
      protocol.channelOpenConfirm = (theirs, ours, window, packet) =>
        confirm(theirs, ours, sizes.window ?? window, sizes.packet ?? packet);
    },
  };
}

/** A client is asked by keyboard-interactive, which it is told first. */
function asksWith(prompts: readonly ssh2.Prompt[]): HostileManner {
  return {
    atAuthentication(_stage, context) {
      if (context.method !== 'keyboard-interactive') {
        context.reject(['keyboard-interactive']);
        return true;
      }
      const again = (): void => context.prompt([...prompts], () => setImmediate(again));
      again();
      return true;
    },
  };
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
  'drips its identification': {
    atConnect: (socket) => {
      socket.write('SSH-2.0-');
      drip(socket, () => socket.write('x'));
      return true;
    },
  },
  'drips lines before its identification': {
    atConnect: (socket) => {
      drip(socket, () => socket.write('Welcome\r\n'));
      return true;
    },
  },
  'drips its key exchange': {
    atConnect: (socket) => {
      // A packet of 32 KiB that begins a key exchange.
      socket.write(Buffer.concat([Buffer.from('SSH-2.0-Cisco-1.25\r\n'), Buffer.from([0, 0, 0x80, 0, 4, 20])]));
      drip(socket, () => socket.write('x'));
      return true;
    },
  },
  'announces a packet of two gigabytes': {
    atConnect: (socket) => {
      socket.write(
        Buffer.concat([Buffer.from('SSH-2.0-Cisco-1.25\r\n'), Buffer.from([0x7f, 0xff, 0xff, 0xff, 4, 20])]),
      );
      return true;
    },
  },
  'never answers to a password': { atAuthentication: (_stage, { method }) => method === 'password' },
  'sends banners without end before it answers to a password': {
    atAuthentication(stage, { method }) {
      if (method !== 'password') return false;
      flood(stage, () => banner(stage.connection, 'Authorised use only\r\n'.repeat(20)), 20);
      return true;
    },
  },
  'drips banners before it answers to a password': {
    atAuthentication(stage, { method }) {
      if (method !== 'password') return false;
      drip(stage.socket, () => banner(stage.connection, 'wait\r\n'));
      return true;
    },
  },
  'asks nothing by keyboard-interactive, again and again': asksWith([]),
  'sends messages of no known type': {
    atPrompt: (terminal) => flood(terminal, () => message(terminal.connection, 201, Buffer.alloc(8))),
  },
  'sends a text that is longer than its message': {
    atCommand: ({ connection }) =>
      message(connection, CHANNEL_DATA, Buffer.from([0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 1])),
  },
  'sends text for channels that nobody opened': {
    atCommand: (terminal) =>
      flood(terminal, () => message(terminal.connection, CHANNEL_DATA, Buffer.from([0, 0, 0, 9, 0, 0, 0, 1, 65]))),
  },
  'never gives a terminal': { atTerminal: () => true },
  'opens a channel that takes nothing': opensChannelsWith({ window: 0 }),
  'opens a channel that takes an octet at a time': opensChannelsWith({ window: 1 }),
  'opens a channel for packets of no octet': opensChannelsWith({ packet: 0 }),
  'ends an answer without closing the channel': {
    atCommand: ({ channel, connection }) => {
      channel.write('half an answer\r\n');
      wire(connection).channelEOF(0);
    },
  },
  'drips an answer': {
    atCommand: ({ socket, channel }) => drip(socket, () => channel.write('z\r\n')),
  },
  'drips prompts of other names in an answer': {
    atCommand: ({ socket, channel }) => drip(socket, (drop) => channel.write(`\r\nR${drop}#`)),
  },
  'answers blank lines without end': {
    atCommand: (terminal) => flood(terminal, () => terminal.channel.write('\r\n'.repeat(4_000)), 5),
  },
  'answers without an echo': {
    withoutEcho: true,
    atCommand: ({ channel }) => channel.write('Group Name : G1\r\nGM1#'),
  },
  'answers what another command shows': {
    withoutEcho: true,
    atCommand: ({ channel }) => channel.write('show version\r\nCisco IOS Software\r\nGM1#'),
  },
  'echoes the command a letter at a time, each erased': {
    atCommand: ({ socket, channel }) => drip(socket, () => channel.write('s\b \b')),
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
  'opens channels for packets of no octet': opensChannelsWith({ packet: 0 }, true),
  'opens channels that take nothing': opensChannelsWith({ window: 0 }, true),
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
      if (this.#manner.atAuthentication?.(stage, context) === true) return;
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
        session.on('pty', (acceptPty) => {
          if (this.#manner.atTerminal?.(stage) !== true) acceptPty?.();
        });
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
          if (manner.withoutEcho !== true) channel.write(`${command}\r\n`);
          manner.atCommand(terminal);
          return;
        }
        channel.write(command.startsWith('show ') ? `${command}\r\nan answer\r\nGM1#` : `${command}\r\nGM1#`);
        if (command.startsWith('show ')) manner.whenIdle?.(terminal);
      }
    });
  }
}
