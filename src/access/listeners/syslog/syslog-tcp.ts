/**
 * The TCP side of the syslog listener: the connections, their number and idle times.
 *
 * A sender above its rate is not read for a while, so that TCP slows it down; only what had already come is dropped. A
 * line without an end is taken as a message after a moment: IOS puts nothing between two.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Clock } from '../../../kernel/clock.ts';
import { plainAddress } from '../../../kernel/plain-address.ts';
import { type ListenerAddress, listenError } from '../listen-address.ts';
import { type FramesRead, SyslogFrames } from './syslog-frames.ts';
import type { SyslogBounds, SyslogDrop } from './syslog-bounds.ts';
import type { SyslogServer } from './syslog-server.ts';

/** How often connections are checked for being quiet, idle, or ready to be read again. */
const LOOK_EVERY_MS = 250;
/** Far above the gap between two segments of one message, far below what a poll waits for. */
const QUIET_MS = 500;
const PROBE_AFTER_MS = 60_000;

export interface SyslogTcpOptions {
  readonly clock: Clock;
  readonly bounds: SyslogBounds;
  readonly onFrame: (octets: Buffer, host: string) => 'taken' | SyslogDrop;
  readonly onTooLong: (count: number, host: string) => void;
  readonly onDrop: (reason: SyslogDrop, host: string) => void;
}

interface Connection {
  readonly socket: Socket;
  readonly host: string;
  readonly frames: SyslogFrames;
  heardMonoMs: number;
}

export async function openSyslogTcp(listen: ListenerAddress, options: SyslogTcpOptions): Promise<SyslogServer> {
  const { bounds } = options;
  const connections = new Set<Connection>();
  const stop = new AbortController();
  const server = createServer({ keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS });
  server.maxConnections = bounds.connections;
  server.on('drop', (refused) => options.onDrop('connection_limit', plainAddress(refused?.remoteAddress ?? 'unknown')));
  server.on('connection', (socket) => accept(socket, connections, options));
  try {
    server.listen(listen.port, listen.host);
    await once(server, 'listening');
  } catch (error) {
    throw listenError(listen, error);
  }
  server.on('error', () => options.onDrop('accept_failed', 'unknown'));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  const looking = lookAfter(connections, options, stop.signal);
  return {
    port: address.port,
    // TCP loses nothing: a full buffer slows the sender down.
    kernelDrops: () => ({}),
    async close() {
      stop.abort();
      const closed = once(server, 'close');
      server.close();
      for (const { socket } of connections) socket.destroy();
      await closed;
      await looking;
    },
  };
}

function accept(socket: Socket, connections: Set<Connection>, options: SyslogTcpOptions): void {
  const host = plainAddress(socket.remoteAddress ?? 'unknown');
  // A reset is an end like any other; `close` follows.
  socket.on('error', () => undefined);
  const ofSource = [...connections].filter((other) => other.host === host).length;
  if (ofSource >= options.bounds.connectionsOfSource) {
    options.onDrop('source_connection_limit', host);
    socket.destroy();
    return;
  }
  const connection: Connection = {
    socket,
    host,
    frames: new SyslogFrames(options.bounds.messageOctets),
    heardMonoMs: options.clock.monoMs(),
  };
  connections.add(connection);
  socket.on('data', (chunk: Buffer) => {
    connection.heardMonoMs = options.clock.monoMs();
    read(connection, connection.frames.push(chunk), options);
  });
  socket.on('close', () => {
    connections.delete(connection);
    read(connection, connection.frames.rest('left'), options);
    if (connection.frames.holding) options.onDrop('incomplete', host);
  });
}

function read(connection: Connection, { frames, tooLong }: FramesRead, options: SyslogTcpOptions): void {
  if (tooLong > 0) options.onTooLong(tooLong, connection.host);
  for (const frame of frames) {
    const outcome = options.onFrame(frame, connection.host);
    if (outcome === 'source_rate' || outcome === 'overall_rate' || outcome === 'queue_full') connection.socket.pause();
  }
}

async function lookAfter(
  connections: ReadonlySet<Connection>,
  options: SyslogTcpOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock, bounds } = options;
  while (!signal.aborted) {
    try {
      await clock.sleep(LOOK_EVERY_MS, signal, { unref: true });
    } catch {
      return;
    }
    const nowMs = clock.monoMs();
    for (const connection of connections) {
      const quietMs = nowMs - connection.heardMonoMs;
      if (connection.frames.holding && quietMs >= QUIET_MS) read(connection, connection.frames.rest('quiet'), options);
      if (connection.socket.isPaused()) connection.socket.resume();
      if (quietMs < bounds.idleMs) continue;
      options.onDrop('idle_connection', connection.host);
      connection.socket.destroy();
    }
  }
}
