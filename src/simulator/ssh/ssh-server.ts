/**
 * SSH in front of a simulated fleet: one listener per device on loopback, behaving like IOS.
 *
 * The fleet is advanced to the clock's wall time when a command is complete, and answers for that instant. A device
 * that is down accepts no connection; a session from before a reload ends with its next command.
 */
import { createHash } from 'node:crypto';
import { type Socket, type Server as TcpServer, createServer } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2';
import type { Clock } from '../../kernel/clock.ts';
import type { SimulatedFleet } from '../fleet/fleet.ts';
import { DEFAULT_MANNERS, type Manners } from './manners.ts';
import { Shell, type ShellCredentials, type ShellLink } from './ssh-shell.ts';
import { newEd25519KeyPair } from './ed25519-key.ts';
import { NO_KEEPALIVES } from './no-keepalives.ts';

interface SimulatedSshCredentials extends ShellCredentials {
  /** OpenSSH public key that may log in (`publickey` manner). */
  readonly publicKey?: string | undefined;
}

export interface SimulatedSshOptions {
  readonly fleet: SimulatedFleet;
  readonly clock: Clock;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Address by device, instead of one for all. */
  readonly hostFor?: (device: string) => string;
  readonly credentials: SimulatedSshCredentials;
  /** Manners by device, over the defaults. */
  readonly mannersFor?: (device: string) => Partial<Manners>;
  /** Port by device; default 0 (any free one). */
  readonly portFor?: (device: string) => number;
}

export interface SimulatedSsh extends AsyncDisposable {
  readonly host: string;
  readonly ports: ReadonlyMap<string, number>;
  /** Changes the given manners; others stay. Host key and algorithms apply from the next connection on. */
  setManners(device: string, manners: Partial<Manners>): void;
  /** `SHA256:...` of the present host key, as `ssh-keygen -l` prints it. */
  hostKeyFingerprint(device: string): string;
  /** Host key as in known_hosts: `ssh-ed25519 AAAA...`. */
  hostPublicKey(device: string): string;
  /** TCP connections open now. */
  openConnections(device: string): number;
  /** Logins and refused attempts since the start. */
  logins(device: string): { readonly accepted: number; readonly refused: number };
}

interface Listener {
  readonly device: string;
  readonly hostname: string;
  readonly tcp: TcpServer;
  readonly sockets: Set<Socket>;
  manners: Manners;
  /** For the algorithms and host key of the present manners. */
  ssh: { readonly profile: string; readonly server: ssh2.Server } | null;
  accepted: number;
  refused: number;
}

const LEGACY_ALGORITHMS: ssh2.Algorithms = {
  kex: ['diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1'],
  cipher: ['aes128-cbc'],
  serverHostKey: ['ssh-rsa'],
  hmac: ['hmac-sha1'],
};
/** The identification string of IOS. */
const IDENT = 'Cisco-1.25';

interface HostKey {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** Keys are made once per process: they are the costly part of a fleet's start. */
const hostKeys = new Map<string, HostKey>();

function hostKeyOf(manners: Manners): HostKey {
  const name = `${manners.algorithms} ${manners.hostKey}`;
  const known = hostKeys.get(name);
  if (known !== undefined) return known;
  const pair =
    manners.algorithms === 'legacy' ? ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 }) : newEd25519KeyPair();
  const key: HostKey = { privateKey: pair.private, publicKey: pair.public.split(' ').slice(0, 2).join(' ') };
  hostKeys.set(name, key);
  return key;
}

export async function startSimulatedSsh(options: SimulatedSshOptions): Promise<SimulatedSsh> {
  const host = options.host ?? '127.0.0.1';
  const stop = new AbortController();
  const listeners = new Map<string, Listener>();
  const running = new Set<Promise<void>>();
  const context: ServerContext = { ...options, signal: stop.signal, running };
  for (const { name, hostname } of options.fleet.devices) {
    const listener: Listener = {
      device: name,
      hostname,
      tcp: createServer({ noDelay: true }),
      sockets: new Set(),
      manners: { ...DEFAULT_MANNERS, ...options.mannersFor?.(name) },
      ssh: null,
      accepted: 0,
      refused: 0,
    };
    listener.tcp.on('connection', (socket) => accept(listener, socket, context));
    listeners.set(name, listener);
  }
  const close = async () => {
    stop.abort(new Error('simulated SSH stopped'));
    await Promise.all(
      [...listeners.values()].map(({ tcp, sockets }) => {
        for (const socket of sockets) socket.destroy();
        return new Promise<void>((resolve) => {
          tcp.close(() => resolve());
        });
      }),
    );
    await Promise.allSettled(running);
  };
  const ports = new Map<string, number>();
  try {
    for (const { device, tcp } of listeners.values()) {
      ports.set(device, await listen(tcp, options.portFor?.(device) ?? 0, options.hostFor?.(device) ?? host));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const listenerOf = (device: string): Listener => {
    const listener = listeners.get(device);
    if (listener === undefined) throw new Error(`no simulated device ${device}`);
    return listener;
  };
  const hostPublicKey = (device: string) => hostKeyOf(listenerOf(device).manners).publicKey;
  return {
    host,
    ports,
    setManners(device, manners) {
      const listener = listenerOf(device);
      listener.manners = { ...listener.manners, ...manners };
    },
    hostKeyFingerprint(device) {
      const blob = Buffer.from(hostPublicKey(device).split(' ')[1] ?? '', 'base64');
      return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=$/u, '')}`;
    },
    hostPublicKey,
    openConnections: (device) => listenerOf(device).sockets.size,
    logins(device) {
      const { accepted, refused } = listenerOf(device);
      return { accepted, refused };
    },
    [Symbol.asyncDispose]: close,
  };
}

interface ServerContext extends SimulatedSshOptions {
  readonly signal: AbortSignal;
  readonly running: Set<Promise<void>>;
}

function listen(tcp: TcpServer, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    tcp.once('error', reject);
    tcp.listen(port, host, () => {
      tcp.off('error', reject);
      const address = tcp.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function accept(listener: Listener, socket: Socket, context: ServerContext): void {
  const { fleet, clock, signal } = context;
  fleet.advance(clock.wallMs());
  socket.on('error', () => socket.destroy());
  if (signal.aborted || !fleet.isUp(listener.device) || listener.sockets.size >= listener.manners.vtyLines) {
    socket.resetAndDestroy();
    return;
  }
  listener.sockets.add(socket);
  socket.on('close', () => listener.sockets.delete(socket));
  if (listener.manners.connect === 'silent') {
    socket.resume();
    return;
  }
  sshServer(listener, context).injectSocket(socket);
}

function sshServer(listener: Listener, context: ServerContext): ssh2.Server {
  const { manners } = listener;
  const profile = `${manners.algorithms} ${manners.hostKey} ${manners.banner ?? ''}`;
  if (listener.ssh?.profile === profile) return listener.ssh.server;
  const server = new ssh2.Server(
    {
      hostKeys: [hostKeyOf(manners).privateKey],
      ident: IDENT,
      ...NO_KEEPALIVES,
      ...(manners.algorithms === 'legacy' ? { algorithms: LEGACY_ALGORITHMS } : {}),
      ...(manners.banner === null ? {} : { banner: manners.banner }),
    },
    (connection, info) => {
      const socket = [...listener.sockets].find((open) => open.remotePort === info.port);
      serve(listener, connection, context, () => socket?.resetAndDestroy());
    },
  );
  listener.ssh = { profile, server };
  return server;
}

function serve(listener: Listener, connection: Connection, context: ServerContext, drop: () => void): void {
  const { fleet } = context;
  const bootedAtMs = fleet.bootedAtMs(listener.device);
  connection.on('error', () => connection.end());
  connection.on('authentication', (auth) => authenticate(listener, auth, context.credentials));
  connection.on('session', (acceptSession) => {
    const session = acceptSession();
    let used = false;
    session.on('pty', (acceptPty) => acceptPty?.());
    session.on('window-change', (acceptChange) => acceptChange?.());
    session.on('shell', (acceptShell, reject) => {
      if (used) {
        reject();
        return;
      }
      used = true;
      const { shell, channel } = startShell(acceptShell(), { listener, connection, context, bootedAtMs, drop });
      own(
        context,
        shell.run().finally(() => leave(channel)),
      );
    });
    session.on('exec', (acceptExec, reject, info) => {
      if (used || listener.manners.exec === 'refused') {
        reject();
        return;
      }
      used = true;
      const { shell, channel } = startShell(acceptExec(), { listener, connection, context, bootedAtMs, drop });
      own(
        context,
        // IOS closes the connection after its one exec.
        shell.runOnce(info.command).finally(() => leave(channel)),
      );
    });
  });
}

/** The server waits for it at stop. */
function own(context: ServerContext, work: Promise<void>): void {
  const done: Promise<void> = work.finally(() => context.running.delete(done));
  context.running.add(done);
}

function startShell(
  channel: ServerChannel,
  options: {
    readonly listener: Listener;
    readonly connection: Connection;
    readonly context: ServerContext;
    readonly bootedAtMs: number;
    /** Cut the TCP connection. */
    readonly drop: () => void;
  },
): { readonly shell: Shell; readonly channel: ServerChannel } {
  const { listener, connection, context, bootedAtMs, drop } = options;
  const { fleet, clock, signal, credentials } = context;
  const link: ShellLink = {
    write: (text) => channel.write(Buffer.from(text, 'latin1')),
    drained: () =>
      new Promise((resolve) => {
        channel.once('drain', resolve);
      }),
    end: () => leave(channel),
    drop,
  };
  const shell = new Shell({
    link,
    clock,
    signal,
    hostname: listener.hostname,
    credentials,
    manners: () => listener.manners,
    answer: (command) => {
      const nowMs = clock.wallMs();
      fleet.advance(nowMs);
      const same = fleet.isUp(listener.device) && fleet.bootedAtMs(listener.device) === bootedAtMs;
      return same ? fleet.answer(listener.device, command, nowMs) : null;
    },
    logLine: () =>
      fleet.logNow(listener.device, 'SYS-5-CONFIG_I', 'Configured from console by admin on vty1 (192.0.2.77)'),
  });
  channel.on('data', (data: Buffer) => shell.feed(data.toString('latin1')));
  channel.on('error', () => shell.close());
  channel.on('close', () => {
    shell.close();
    // Only now: a peer that reads the disconnection first discards what it has not printed yet.
    connection.end();
  });
  connection.on('close', () => shell.close());
  return { shell, channel };
}

/** Exit status, end of data, close; the connection ends when the peer has closed the channel too. */
function leave(channel: ServerChannel): void {
  if (!channel.writable) return;
  channel.exit(0);
  channel.end();
  channel.close();
}

function authenticate(listener: Listener, auth: AuthContext, credentials: SimulatedSshCredentials): void {
  const offered = [...listener.manners.auth];
  const decide = (right: boolean) => {
    if (right) {
      listener.accepted += 1;
      auth.accept();
    } else {
      listener.refused += 1;
      auth.reject(offered);
    }
  };
  switch (auth.method) {
    case 'none':
    case 'hostbased':
      auth.reject(offered);
      return;
    case 'password':
      if (!offered.includes('password')) auth.reject(offered);
      else decide(auth.username === credentials.username && auth.password === credentials.password);
      return;
    case 'keyboard-interactive':
      if (!offered.includes('keyboard-interactive')) {
        auth.reject(offered);
        return;
      }
      auth.prompt([{ prompt: 'Password: ', echo: false }], (answers) => {
        decide(auth.username === credentials.username && answers[0] === credentials.password);
      });
      return;
    case 'publickey': {
      const allowed = credentials.publicKey === undefined ? null : ssh2.utils.parseKey(credentials.publicKey);
      const key = allowed instanceof Error ? null : allowed;
      const known =
        offered.includes('publickey') &&
        key !== null &&
        auth.username === credentials.username &&
        key.getPublicSSH().equals(auth.key.data);
      if (!known) {
        auth.reject(offered);
      } else if (auth.signature === undefined || auth.blob === undefined) {
        auth.accept();
      } else {
        decide(key.verify(auth.blob, auth.signature, auth.hashAlgo));
      }
    }
  }
}
