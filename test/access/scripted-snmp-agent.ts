/**
 * An SNMP agent for tests that behaves as the test says: a table of its own behind the simulator's engine, and a hook
 * between the engine and the wire, where answers can be lost, held back, broken, doubled or forged.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { answerRequest, nextObject } from '../../src/simulator/snmp/snmp-answer.ts';
import { SnmpEngine } from '../../src/simulator/snmp/snmp-engine.ts';
import { compareOids, type Oid, oidOf } from '../../src/simulator/snmp-wire/oid.ts';
import type { Pdu, SnmpValue, Varbind } from '../../src/simulator/snmp-wire/pdu.ts';
import type { SnmpUser } from '../../src/simulator/snmp-wire/usm.ts';
import { AUTH_PASSWORD, COMMUNITY, PRIVACY_PASSWORD } from './snmp-under-test.ts';

const USERS: readonly SnmpUser[] = [
  { name: 'plain' },
  { name: 'auth', auth: { protocol: 'sha', password: AUTH_PASSWORD } },
  {
    name: 'priv',
    auth: { protocol: 'sha256', password: AUTH_PASSWORD },
    privacy: { protocol: 'aes128', password: PRIVACY_PASSWORD },
  },
  {
    name: 'long',
    auth: { protocol: 'sha', password: AUTH_PASSWORD },
    privacy: { protocol: 'aes256', password: PRIVACY_PASSWORD },
  },
];

const ENGINE_ID = Buffer.from('8000000903000001', 'hex');

export class ScriptedSnmpAgent implements AsyncDisposable {
  readonly #socket: Socket = createSocket('udp4');
  readonly requests: Pdu[] = [];
  /** Datagrams as received. */
  readonly datagrams: Buffer[] = [];
  client: RemoteInfo | null = null;
  table: Varbind[] = [];
  boots = 7;
  timeSeconds = 1_000;
  users: readonly SnmpUser[] = USERS;
  engineId: Buffer = ENGINE_ID;
  packetOctets = 1_500;
  #engine: SnmpEngine | null = null;
  #closed = false;
  /** How a walk goes on. */
  next: (oid: Oid) => Varbind | null = (oid) => nextObject(this.table, oid);
  /** The answer to a request; null: none. */
  answer: (request: Pdu) => Pdu | null = (request) => this.usual(request);
  /** What is sent for an answer; the default sends it. */
  deliver: (answer: Buffer, number: number) => void = (answer) => this.send(answer);

  /** Rows as text, OIDs in any order. */
  serve(rows: Iterable<readonly [oid: string, value: SnmpValue | number]>): this {
    this.table = [...rows].map(([oid, value]) => ({
      oid: oidOf(oid),
      value: typeof value === 'number' ? { type: 'unsigned32', value } : value,
    }));
    this.table.sort((left, right) => compareOids(left.oid, right.oid));
    return this;
  }

  async listen(): Promise<number> {
    this.#socket.on('message', (datagram, from) => {
      this.client = from;
      this.datagrams.push(datagram);
      const answer = this.#engineNow().receive(datagram, this.packetOctets);
      if (answer !== null) this.deliver(answer, this.datagrams.length);
    });
    this.#socket.on('error', () => undefined);
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
    return this.#socket.address().port;
  }

  /** As a router answers. */
  usual(request: Pdu): Pdu {
    const managed = { objects: this.table, columns: [] };
    return answerRequest(request, managed, { octets: 1_400, next: (oid) => this.next(oid) });
  }

  send(datagram: Buffer): void {
    if (this.client !== null && !this.#closed) this.#socket.send(datagram, this.client.port, this.client.address);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    return new Promise((resolve) => {
      this.#socket.close(() => resolve());
    });
  }

  /** Another device in its place, with an engine of its own. */
  replace(engineId: Buffer): void {
    this.engineId = engineId;
    this.#engine = null;
  }

  #engineNow(): SnmpEngine {
    this.#engine ??= new SnmpEngine(
      {
        engineId: this.engineId,
        credentials: { communities: [COMMUNITY], users: this.users },
        instant: () => ({ boots: this.boots, timeSeconds: this.timeSeconds }),
        answer: (request) => {
          this.requests.push(request);
          return this.answer(request);
        },
      },
      0,
    );
    return this.#engine;
  }
}

export async function scriptedAgent(
  rows: Iterable<readonly [oid: string, value: SnmpValue | number]> = [],
): Promise<{ readonly agent: ScriptedSnmpAgent; readonly port: number } & AsyncDisposable> {
  const agent = new ScriptedSnmpAgent().serve(rows);
  const port = await agent.listen();
  return { agent, port, [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose]() };
}
