/** A listener on a free port, what it handed on, and real programs that send to it. */
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { expect, vi } from 'vitest';
import type { SnmpCredential } from '../../src/access/device-snmp.ts';
import type { SyslogBounds } from '../../src/access/listeners/syslog/syslog-bounds.ts';
import { startSyslogListener } from '../../src/access/listeners/syslog/syslog-listener.ts';
import type { RateBounds } from '../../src/access/listeners/rate-limit.ts';
import { startTrapListener } from '../../src/access/listeners/traps/trap-listener.ts';
import type { Listener, PushedSyslog, PushedTrap } from '../../src/access/pushed.ts';
import { type Clock, createSystemClock } from '../../src/kernel/clock.ts';
import type { KnownSecrets } from '../../src/kernel/known-secrets.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { PATIENCE } from '../builders/patience.ts';

export interface UnderTest<Message> extends AsyncDisposable {
  readonly listener: Listener;
  readonly port: number;
  readonly logger: MemoryLogger;
  readonly messages: Message[];
  /** What came, once there are so many. */
  arrived(count: number): Promise<readonly Message[]>;
  /** Reasons with their counts, without those that did not occur; once all of `count` messages are counted. */
  dropped(count: number): Promise<Readonly<Record<string, number>>>;
}

function underTest<Message>(listener: Listener, messages: Message[], logger: MemoryLogger): UnderTest<Message> {
  const dropped = () => Object.fromEntries(Object.entries(listener.status().dropped).filter(([, count]) => count > 0));
  return {
    listener,
    port: Number(new URL(listener.url).port),
    logger,
    messages,
    async arrived(count) {
      await vi.waitFor(() => expect(messages.length).toBeGreaterThanOrEqual(count), PATIENCE);
      return messages;
    },
    async dropped(count) {
      const sum = () => Object.values(dropped()).reduce((total, one) => total + one, 0);
      await vi.waitFor(() => expect(sum()).toBeGreaterThanOrEqual(count), PATIENCE);
      return dropped();
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

export async function syslogUnderTest(
  protocol: 'udp' | 'tcp',
  options: {
    host?: string;
    bounds?: Partial<SyslogBounds>;
    clock?: Clock;
    onMessage?: () => void;
    secrets?: KnownSecrets;
  } = {},
): Promise<UnderTest<PushedSyslog>> {
  const messages: PushedSyslog[] = [];
  const logger = new MemoryLogger();
  const listener = await startSyslogListener({
    listen: { protocol, host: options.host ?? '127.0.0.1', port: 0 },
    clock: options.clock ?? createSystemClock(),
    logger,
    onMessage: (message) => {
      messages.push(message);
      options.onMessage?.();
    },
    ...(options.bounds === undefined ? {} : { bounds: options.bounds }),
    ...(options.secrets === undefined ? {} : { secrets: options.secrets }),
  });
  return underTest(listener, messages, logger);
}

export const COMMUNITY = 'planted-community';
export const AUTH_PASSWORD = 'planted-auth-password';
export const PRIVACY_PASSWORD = 'planted-privacy-password';

export function v3User(
  auth: NonNullable<Extract<SnmpCredential, { version: 3 }>['auth']>['protocol'] | null,
  privacy: 'aes128' | 'aes192' | 'aes256' | null,
  username = 'monitor',
): SnmpCredential {
  return {
    version: 3,
    username,
    auth: auth === null ? null : { protocol: auth, password: new Secret(AUTH_PASSWORD) },
    privacy: privacy === null ? null : { protocol: privacy, password: new Secret(PRIVACY_PASSWORD) },
  };
}

export async function trapsUnderTest(
  credentials: readonly SnmpCredential[] = [{ version: '2c', community: new Secret(COMMUNITY) }],
  options: { clock?: Clock; rate?: RateBounds; onMessage?: () => void } = {},
): Promise<UnderTest<PushedTrap>> {
  const messages: PushedTrap[] = [];
  const logger = new MemoryLogger();
  const listener = await startTrapListener({
    listen: { protocol: 'udp', host: '127.0.0.1', port: 0 },
    credentials,
    clock: options.clock ?? createSystemClock(),
    logger,
    onMessage: (message) => {
      messages.push(message);
      options.onMessage?.();
    },
    ...(options.rate === undefined ? {} : { rate: options.rate }),
  });
  return underTest(listener, messages, logger);
}

/** Runs a program to its end; rejects where it fails. */
export async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(program, [...args], {
    env: { ...process.env, ...env },
    timeout: PATIENCE.timeout,
  });
  return stdout;
}

/** All of them before the event loop turns. */
export async function sendUdp(port: number, ...datagrams: ReadonlyArray<string | Uint8Array>): Promise<void> {
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  await Promise.all(
    datagrams.map(
      (datagram) =>
        new Promise<void>((resolve, reject) => {
          socket.send(datagram, (error) => (error === null ? resolve() : reject(error)));
        }),
    ),
  );
  await new Promise<void>((resolve) => {
    socket.close(resolve);
  });
}

export async function connectTcp(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.setNoDelay(true);
  return socket;
}
