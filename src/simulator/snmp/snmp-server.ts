/**
 * SNMP in front of a simulated fleet: one UDP port per device on loopback, answering SNMPv2c and SNMPv3 from the state
 * machines at the instant of the request, behaving like IOS or worse. A device that is down is silent.
 */
import { type RemoteInfo, type Socket, createSocket } from 'node:dgram';
import type { Clock } from '../../kernel/clock.ts';
import type { SimulatedFleet } from '../fleet/fleet.ts';
import { LIFETIME_COLUMNS } from '../snmp-wire/mib-objects.ts';
import type { ManagedObjects } from '../render/render-mib.ts';
import { answerRequest, failure, nextObject } from './snmp-answer.ts';
import { type EngineCounters, SnmpEngine, type SnmpCredentials } from './snmp-engine.ts';
import { DEFAULT_SNMP_MANNERS, type SnmpManners } from './snmp-manners.ts';
import { type Oid, isWithin } from '../snmp-wire/oid.ts';
import { ERROR_STATUS, type Pdu, type SnmpValue, type Varbind } from '../snmp-wire/pdu.ts';
import type { EngineInstant } from '../snmp-wire/usm.ts';

export interface SimulatedSnmpOptions {
  readonly fleet: SimulatedFleet;
  readonly clock: Clock;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Address by device, instead of one for all. */
  readonly hostFor?: (device: string) => string;
  readonly credentials: SnmpCredentials;
  /** Manners by device, over the defaults. */
  readonly mannersFor?: (device: string) => Partial<SnmpManners>;
  /** Port by device; default 0 (any free one). */
  readonly portFor?: (device: string) => number;
}

export interface SimulatedSnmp extends AsyncDisposable {
  readonly ports: ReadonlyMap<string, number>;
  /** Changes the given manners; others stay. */
  setManners(device: string, manners: Partial<SnmpManners>): void;
  /** Counts of the device since the start. */
  counters(device: string): Readonly<EngineCounters>;
}

interface Agent {
  readonly device: string;
  readonly socket: Socket;
  readonly engine: SnmpEngine;
  readonly firstBoots: number;
  manners: SnmpManners;
  received: number;
  /** Boots that a `restless` engine has made up. */
  inventedBoots: number;
}

export async function startSimulatedSnmp(options: SimulatedSnmpOptions): Promise<SimulatedSnmp> {
  const { fleet, clock } = options;
  const stop = new AbortController();
  const agents = new Map<string, Agent>();
  const ports = new Map<string, number>();
  const close = async () => {
    stop.abort(new Error('simulated SNMP stopped'));
    await Promise.all([...agents.values()].map(({ socket }) => closed(socket)));
  };
  try {
    for (const { name } of fleet.devices) {
      const agent = newAgent(name, options);
      agents.set(name, agent);
      const host = options.hostFor?.(name) ?? options.host ?? '127.0.0.1';
      ports.set(name, await bind(agent.socket, options.portFor?.(name) ?? 0, host));
      agent.socket.on('message', (datagram, from) =>
        receive(agent, datagram, from, { fleet, clock, signal: stop.signal }),
      );
    }
  } catch (error) {
    await close();
    throw error;
  }
  const agentOf = (device: string): Agent => {
    const agent = agents.get(device);
    if (agent === undefined) throw new Error(`no simulated device ${device}`);
    return agent;
  };
  return {
    ports,
    setManners(device, manners) {
      const agent = agentOf(device);
      agent.manners = { ...agent.manners, ...manners };
    },
    counters: (device) => agentOf(device).engine.counters,
    [Symbol.asyncDispose]: close,
  };
}

interface Surroundings {
  readonly fleet: SimulatedFleet;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

function newAgent(device: string, options: SimulatedSnmpOptions): Agent {
  const { fleet, clock, credentials } = options;
  const engine = new SnmpEngine(
    {
      engineId: fleet.engineId(device),
      credentials,
      instant: () => told(agent, fleet.engineInstant(device)),
      answer: (request, octets) => answer(agent, request, octets, options),
    },
    clock.wallMs(),
  );
  const agent: Agent = {
    device,
    socket: createSocket({ type: 'udp4' }),
    engine,
    firstBoots: fleet.engineInstant(device).boots,
    manners: { ...DEFAULT_SNMP_MANNERS, ...options.mannersFor?.(device) },
    received: 0,
    inventedBoots: 0,
  };
  return agent;
}

/** What the engine shows of its boots and time. */
function told(agent: Agent, at: EngineInstant): EngineInstant {
  switch (agent.manners.engine) {
    case 'normal':
      return at;
    case 'boots-frozen':
      return { ...at, boots: agent.firstBoots };
    case 'restless':
      return { ...at, boots: at.boots + agent.inventedBoots };
    default:
      return agent.manners.engine satisfies never;
  }
}

function receive(agent: Agent, datagram: Buffer, from: RemoteInfo, around: Surroundings): void {
  const { fleet, clock, signal } = around;
  fleet.advance(clock.wallMs());
  if (signal.aborted || !fleet.isUp(agent.device)) return;
  const { manners } = agent;
  agent.received += 1;
  if (manners.answer === 'silent' || (manners.dropEvery > 0 && agent.received % manners.dropEvery === 0)) return;
  if (manners.engine === 'restless') agent.inventedBoots += 1;
  const reply = agent.engine.receive(datagram, manners.packetOctets);
  if (reply === null) return;
  if (manners.delayMs === 0) {
    send(agent, reply, from);
    return;
  }
  clock.sleep(manners.delayMs, signal).then(
    () => send(agent, reply, from),
    () => undefined,
  );
}

function send(agent: Agent, reply: Buffer, to: RemoteInfo): void {
  switch (agent.manners.answer) {
    case 'truncated':
      agent.socket.send(reply.subarray(0, reply.length >> 1), to.port, to.address);
      return;
    case 'garbage':
      agent.socket.send(Buffer.from('% SNMP agent not enabled\r\n'), to.port, to.address);
      return;
    case 'other-port': {
      const other = createSocket('udp4');
      other.send(reply, to.port, to.address, () => other.close());
      return;
    }
    case 'silent':
      return;
    case 'normal':
    case 'wrong-request-id':
    case 'empty':
    case 'error':
      agent.socket.send(reply, to.port, to.address);
      return;
    default:
      agent.manners.answer satisfies never;
  }
}

function answer(agent: Agent, request: Pdu, octets: number, { fleet }: SimulatedSnmpOptions): Pdu | null {
  const { manners } = agent;
  const managed = spoiled(
    fleet.managedObjects(agent.device, {
      ...(manners.objects === 'release' ? {} : { revision: manners.objects }),
      at: told(agent, fleet.engineInstant(agent.device)),
    }),
    manners,
  );
  const reply = answerRequest(request, managed, { octets, next: (oid) => nextFor(oid, managed, manners) });
  switch (manners.answer) {
    case 'wrong-request-id':
      return { ...reply, requestId: reply.requestId ^ 1 };
    case 'empty':
      return { ...reply, varbinds: [] };
    case 'error':
      return failure(request, ERROR_STATUS.genErr, 1);
    case 'normal':
    case 'silent':
    case 'garbage':
    case 'truncated':
    case 'other-port':
      return reply;
    default:
      return manners.answer satisfies never;
  }
}

function nextFor(oid: Oid, managed: ManagedObjects, manners: SnmpManners): Varbind | null {
  switch (manners.walk) {
    case 'normal':
      return nextObject(managed.objects, oid);
    case 'endless':
      return { oid: [...oid.slice(0, -1), ((oid.at(-1) ?? 0) + 1) % MAX_PART], value: { type: 'integer', value: 1 } };
    case 'backward':
      return managed.objects[0] ?? null;
    case 'stuck':
      return { oid, value: { type: 'integer', value: 1 } };
    default:
      return manners.walk satisfies never;
  }
}

const MAX_PART = 4_294_967_296;

function spoiled(managed: ManagedObjects, manners: SnmpManners): ManagedObjects {
  if (!manners.zeroedLifetimes && manners.wrongType.length === 0) return managed;
  const objects = managed.objects.map(({ oid, value }) => {
    if (manners.wrongType.some((subtree) => isWithin(subtree, oid))) return { oid, value: otherType(value) };
    const zeroed = manners.zeroedLifetimes && LIFETIME_COLUMNS.some((column) => isWithin(column, oid));
    return { oid, value: zeroed ? ({ type: 'unsigned32', value: 0 } as const) : value };
  });
  return { ...managed, objects };
}

function otherType(value: SnmpValue): SnmpValue {
  return value.type === 'octets' ? { type: 'integer', value: 7 } : { type: 'octets', value: Buffer.from('seven') };
}

function bind(socket: Socket, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, () => {
      socket.off('error', reject);
      // A destination that is gone comes back as an error of the socket; a router ignores it too.
      socket.on('error', () => undefined);
      resolve(socket.address().port);
    });
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve());
  });
}
