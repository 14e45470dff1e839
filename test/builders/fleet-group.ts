/** A group for fleet tests: devices by the few facts that matter, and a fleet that remembers its events. */
import {
  FLEET_STATE_FORMAT,
  groupPart,
  memberPart,
  readFleetState,
  type StoredPart,
} from '../../src/gdoi/fleet/fleet-state-format.ts';
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import { trackFleet } from './track-fleet.ts';
import { type FleetState, initialFleetState, type MemberFacts } from '../../src/gdoi/fleet/fleet-state.ts';
import { DEFAULT_FLEET_SETTINGS, type FleetSettings } from '../../src/gdoi/fleet/fleet-settings.ts';
import type { GroupView } from '../../src/gdoi/fleet/group-view.ts';
import type { Incident } from '../../src/gdoi/incidents/incident.ts';
import { type KsPeer, type KsRole } from '../../src/gdoi/seen/snapshot.ts';
import { aGm, aKek, aKs, aKsKey, aKsMember, aTek, rekeysReceived } from './snapshots.ts';

export const START = 1_800_000_000_000;

/** Seconds since `START`: when it was asked and answered. */
function at(second: number): { sentAtMs: number; receivedAtMs: number } {
  return { sentAtMs: START + second * 1000, receivedAtMs: START + second * 1000 + 200 };
}

export interface GmOptions {
  readonly device?: string;
  readonly identity?: string;
  readonly address?: string;
  readonly keyServer?: string | null;
  readonly keyServers?: readonly string[];
  readonly registered?: boolean;
  readonly presence?: MemberFacts['presence'];
  readonly version?: string;
  /** Seconds after START at which the KEK expires; null: a GM without a KEK timer. */
  readonly kekExpiry?: number | null;
  /** SPI -> seconds after START at which it expires. */
  readonly teks?: Readonly<Record<string, number>> | null;
  /** null: not shown. */
  readonly transport?: 'unicast' | 'multicast' | null;
  readonly received?: number;
  readonly succeeded?: number;
  readonly lastAge?: number | null;
  /** KS of the last rekey. */
  readonly lastFrom?: string;
  /** Rekeys since the registration. */
  readonly since?: number;
  readonly change?: Partial<MemberFacts>;
}

/** What the fleet knows of a GM at this second. */
export function gm(second: number, options: GmOptions = {}): MemberFacts {
  const kekExpiry = options.kekExpiry === undefined ? 80_000 : options.kekExpiry;
  const teks = options.teks === undefined ? { '0x0000000A': 3000 } : options.teks;
  return {
    device: options.device ?? 'gm1',
    atMs: at(second).receivedAtMs,
    presence: options.presence ?? 'present',
    gm: {
      at: at(second),
      snapshot: {
        ...aGm({ status: null }),
        identity: options.identity ?? null,
        address: options.address ?? '10.0.0.1',
        registered: options.registered ?? true,
        keyServer: options.keyServer === undefined ? '10.1.0.1' : options.keyServer,
        keyServers: options.keyServers ?? ['10.1.0.1'],
        registrations: { succeeded: options.succeeded ?? 1, attempted: options.succeeded ?? 1 },
        rekeys: rekeysReceived(options.received ?? 5, {
          sinceRegistration: options.since ?? null,
          acksSent: null,
          lastFrom: options.lastFrom ?? null,
          lastAgeSeconds: options.lastAge ?? null,
        }),
        kek: aKek(kekExpiry === null ? null : Math.max(0, kekExpiry - second), {
          transport: options.transport === undefined ? 'unicast' : options.transport,
        }),
        teks:
          teks === null
            ? null
            : Object.entries(teks).map(([spi, expiry]) => aTek(Math.max(0, expiry - second), { spi })),
      },
    },
    ks: null,
    kekBehavior: kekExpiry === null ? 'legacy' : 'timer',
    version: options.version ?? (kekExpiry === null ? '15.1(4)M8' : '17.6.3'),
    ...options.change,
  };
}

export interface KsOptions {
  readonly device?: string;
  readonly identity?: string;
  /** null: it shows none. */
  readonly address?: string | null;
  /** As it is configured. */
  readonly host?: string;
  readonly presence?: MemberFacts['presence'];
  readonly behavior?: MemberFacts['kekBehavior'];
  readonly version?: string;
  readonly role?: KsRole | null;
  readonly kekExpiry?: number | null;
  /** Seconds that its KEK lasts in all. */
  readonly kekLifetime?: number;
  readonly kekSpi?: string | null;
  readonly teks?: Readonly<Record<string, number>> | null;
  /** Seconds that its TEKs last in all. */
  readonly tekLifetime?: number;
  readonly peers?: Readonly<Record<string, string>> | null;
  /** IKE status with each of them; absent: not shown. */
  readonly ike?: string;
  /** As the KS shows it; absent: it does not. */
  readonly transport?: 'unicast' | 'multicast';
  /** Address -> acknowledgements missed. */
  readonly members?: Readonly<Record<string, number>> | null;
  /** Lines of the list were not understood. */
  readonly membersUnread?: true;
}

/** What the fleet knows of a KS at this second. */
export function ks(second: number, options: KsOptions = {}): MemberFacts {
  const kekExpiry = options.kekExpiry === undefined ? 80_000 : options.kekExpiry;
  const teks = options.teks === undefined ? { '0x0000000A': 3000 } : options.teks;
  const peers = options.peers ?? null;
  const members = options.members ?? null;
  return {
    device: options.device ?? 'ks1',
    atMs: at(second).receivedAtMs,
    presence: options.presence ?? 'present',
    gm: null,
    ks: {
      at: at(second),
      snapshot: {
        ...aKs(),
        identity: options.identity ?? null,
        localAddress: options.address === undefined ? '10.1.0.1' : options.address,
        localRole: options.role === undefined ? 'primary' : options.role,
        transport: options.transport ?? null,
        kek:
          kekExpiry === null
            ? null
            : aKsKey(kekExpiry - second, {
                spi: options.kekSpi ?? null,
                lifetimeSeconds: options.kekLifetime ?? 86_400,
              }),
        retransmit: { periodSeconds: 10, attempts: 2 },
        teks:
          teks === null
            ? null
            : Object.entries(teks).map(([spi, expiry]) =>
                aKsKey(Math.max(0, expiry - second), { spi, lifetimeSeconds: options.tekLifetime ?? 3600 }),
              ),
        peers:
          peers &&
          Object.entries(peers).map(
            ([address, status]): KsPeer => ({
              address,
              role: 'secondary',
              status,
              ...(options.ike === undefined ? {} : { ike: options.ike }),
            }),
          ),
        memberDetails:
          members &&
          Object.entries(members).map(([address, missed]) => aKsMember(address, missed, { keyServer: '10.1.0.1' })),
        ...(options.membersUnread === true ? { membersUnread: true } : {}),
      },
    },
    kekBehavior: options.behavior ?? 'timer',
    version: options.version ?? '17.6.3',
    ...(options.host === undefined ? {} : { host: options.host }),
  };
}

/** The same answer, with another latency. */
export function answered(facts: MemberFacts, latencyMs: number): MemberFacts {
  const late = <Read extends { readonly at: { readonly sentAtMs: number } }>(read: Read | null) =>
    read && { ...read, at: { sentAtMs: read.at.sentAtMs, receivedAtMs: read.at.sentAtMs + latencyMs } };
  return { ...facts, gm: late(facts.gm), ks: late(facts.ks) };
}

/** The state after its parts went through JSON, as through the store. */
export function throughStore(state: FleetState): FleetState {
  const stored = (part: object): StoredPart => ({
    format: FLEET_STATE_FORMAT,
    state: JSON.parse(JSON.stringify(part)),
  });
  const members = [...new Set([...state.gms.keys(), ...state.kss.keys()])].map(
    (device) => [device, stored(memberPart(state, device) ?? {})] as const,
  );
  const read = readFleetState(state.group, stored(groupPart(state)), members);
  if (read === null || read.outdated) throw new Error('a state that was just written is read as it is');
  return read.state;
}

export class Fleet {
  state: FleetState = initialFleetState('G1');
  readonly events: GdoiEvent[] = [];
  readonly incidents: Incident[] = [];
  readonly #settings: FleetSettings;

  constructor(settings: Partial<FleetSettings> = {}) {
    this.#settings = { ...DEFAULT_FLEET_SETTINGS, ...settings };
  }

  /** The state goes through JSON each time, as through the store. */
  see(...changes: MemberFacts[]): GroupView {
    const next = trackFleet(this.state, changes, this.#settings);
    this.state = throughStore(next.state);
    this.events.push(...next.events);
    this.incidents.push(...next.incidents);
    return next.view;
  }

  types(): string[] {
    return this.events.map((event) => event.type);
  }
}
