/** The URL at which the other agents of a cluster reach this one. */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { isAnyAddress, isLoopback } from '../kernel/loopback.ts';

/** Before the server listens: as it is configured, which names no port where any will do. */
export function configuredUrl({ listen, web }: Pick<ResolvedConfig, 'listen' | 'web'>): string {
  const host = isIPv6(listen.host) ? `[${listen.host}]` : listen.host;
  return `${web.tls === null ? 'http' : 'https'}://${host}:${listen.port}`;
}

interface Host {
  readonly host: string;
  readonly port: number;
}

/**
 * `listening`: the URL of the server. If it listens on all addresses, the result has the address by which this machine
 * reaches the database, or, if that is on this machine, the first address that is not loopback.
 */
export async function urlForOthers(listening: string, databases: readonly Host[]): Promise<string> {
  const url = new URL(listening);
  if (!isAnyAddress(url.hostname)) return url.origin;
  const address = (await addressTowards(databases)) ?? firstAddress();
  if (address !== null) url.hostname = isIPv6(address) ? `[${address}]` : address;
  return url.origin;
}

/** Sends nothing: the system only chooses a source address. Null: none that another machine could use. */
async function addressTowards(databases: readonly Host[]): Promise<string | null> {
  for (const { host, port } of databases) {
    if (host.startsWith('/')) continue;
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    try {
      await connected(socket, { host, port });
      const { address } = socket.address();
      if (!isLoopback(address)) return address;
    } catch {
      // That host is unknown, or there is no way to it: another one may work.
    } finally {
      socket.close();
    }
  }
  return null;
}

function connected(socket: Socket, { host, port }: Host): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, host, resolve);
  });
}

function firstAddress(): string | null {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const shared = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  return (shared.find(({ family }) => family === 'IPv4') ?? shared[0])?.address ?? null;
}
