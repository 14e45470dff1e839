/**
 * Which connections may stay when there are too many: clients that open many and send little, or ask and do not read,
 * lose theirs first, so that others (above all a liveness probe) are answered.
 *
 * A connection waits (for its first or next request) or is busy with one. Above the limit for one network, the one
 * longest in that state is closed, unless it is younger than a second: its request may still be in the kernel. Above
 * the limit for all, it is taken from the network that has most, in the state of which that has most. Long-lived
 * connections (event streams) have their own limit.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpCounters } from '../base/counters.ts';
import { clientNetwork } from './client-network.ts';

export interface ConnectionBounds {
  /** From one address (IPv6: one /64). */
  readonly waitingOfOne: number;
  readonly busyOfOne: number;
  /** All but long-lived ones. */
  readonly all: number;
}

export const CONNECTION_BOUNDS: ConnectionBounds = { waitingOfOne: 256, busyOfOne: 128, all: 1024 };

/** Old enough for its request to be here, or its answer to be on the way. */
const YOUNG_MS = 1_000;

/** Requests under way on one connection: a client that asks again before the answer loses its connection. */
const MAX_PIPELINED = 2;

interface Connection {
  /** Its key among the open ones: a closed socket no longer tells its address. */
  readonly end: string;
  readonly socket: Socket;
  readonly client: Client;
  readonly sinceMs: number;
  /** Requests under way. */
  requests: number;
  longLived: boolean;
}

/** One network's connections, in the order in which they began to wait or to be busy. */
interface Client {
  readonly network: string;
  readonly waiting: Set<Connection>;
  readonly busy: Set<Connection>;
}

export class Connections {
  readonly #bounds: ConnectionBounds;
  readonly #monoMs: () => number;
  readonly #counters: HttpCounters;
  /** By the client's end, which a TLS socket and the TCP socket below it share. */
  readonly #open = new Map<string, Connection>();
  readonly #clients = new Map<string, Client>();
  #longLived = 0;

  constructor(bounds: ConnectionBounds, monoMs: () => number, counters: HttpCounters) {
    this.#bounds = bounds;
    this.#monoMs = monoMs;
    this.#counters = counters;
  }

  watch(server: Server): void {
    server.on('connection', (socket: Socket) => this.#opened(socket));
  }

  /** A request begins; false: its connection was closed, so the request is void. */
  begins(request: IncomingMessage, response: ServerResponse): boolean {
    const connection = this.#open.get(clientEnd(request.socket));
    if (connection === undefined) return false;
    connection.requests += 1;
    this.#sort(connection);
    response.once('close', () => {
      connection.requests -= 1;
      this.#sort(connection);
    });
    if (connection.requests > MAX_PIPELINED) {
      this.#evict(connection);
      return false;
    }
    const { busy } = connection.client;
    if (busy.size > this.#bounds.busyOfOne) this.#evict(this.#oldestOf(busy));
    return true;
  }

  /** The answer to this socket's request never ends. */
  livesLong(socket: Socket): void {
    const connection = this.#open.get(clientEnd(socket));
    if (connection === undefined || connection.longLived) return;
    connection.longLived = true;
    this.#longLived += 1;
    this.#sort(connection);
  }

  #opened(socket: Socket): void {
    const end = clientEnd(socket);
    const client = this.#clientOf(socket.remoteAddress ?? '');
    const connection: Connection = { end, socket, client, sinceMs: this.#monoMs(), requests: 0, longLived: false };
    this.#open.set(end, connection);
    this.#sort(connection);
    socket.once('close', () => this.#closed(connection));
    if (client.waiting.size > this.#bounds.waitingOfOne) this.#evict(this.#oldestOf(client.waiting));
    if (this.#open.size - this.#longLived > this.#bounds.all) this.#evict(this.#leastUseful());
  }

  #clientOf(address: string): Client {
    const network = clientNetwork(address);
    const known = this.#clients.get(network);
    if (known !== undefined) return known;
    const client: Client = { network, waiting: new Set(), busy: new Set() };
    this.#clients.set(network, client);
    return client;
  }

  /** Null: all are young. */
  #oldestOf(connections: ReadonlySet<Connection>): Connection | null {
    const [first] = connections;
    return first !== undefined && this.#monoMs() - first.sinceMs > YOUNG_MS ? first : null;
  }

  #leastUseful(): Connection | null {
    let most: ReadonlySet<Connection> = new Set();
    for (const { waiting, busy } of this.#clients.values()) {
      if (waiting.size > most.size) most = waiting;
      if (busy.size > most.size) most = busy;
    }
    const [first] = most;
    return first ?? null;
  }

  #evict(connection: Connection | null): void {
    if (connection === null) return;
    this.#counters.connectionsEvicted += 1;
    connection.socket.destroy();
    // At once, not at its `close`: the next connection must find the room.
    this.#closed(connection);
  }

  #closed(connection: Connection): void {
    if (this.#open.get(connection.end) === connection) this.#open.delete(connection.end);
    if (connection.longLived) this.#longLived -= 1;
    connection.longLived = false;
    this.#sort(connection);
  }

  /** Puts the connection where it belongs, as the latest one there. */
  #sort(connection: Connection): void {
    const { client } = connection;
    const open = this.#open.get(connection.end) === connection;
    client.waiting.delete(connection);
    client.busy.delete(connection);
    if (open && !connection.longLived) (connection.requests > 0 ? client.busy : client.waiting).add(connection);
    if (client.waiting.size + client.busy.size === 0) this.#clients.delete(client.network);
    else this.#clients.set(client.network, client);
  }
}

function clientEnd({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? 0}`;
}
