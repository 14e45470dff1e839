/** Observations of one GM that name only what matters, and a tracker that is fed with them. Instants are seconds. */
import type { ControlProcessor, LogMessage } from '../../src/gdoi/seen/device-facts.ts';
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import type { GdoiTrapName } from '../../src/gdoi/seen/gdoi-trap.ts';
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import {
  emptyGmSnapshot,
  type GmSnapshot,
  type GroupSnapshot,
  type GroupType,
  type KsRole,
} from '../../src/gdoi/seen/snapshot.ts';
import { settle, track, type TrackOptions } from '../../src/gdoi/tracker/tracker.ts';
import { initialTrackerState, type TrackerState } from '../../src/gdoi/memory/tracker-state.ts';
import { aGm, aKek, aKs, aKsKey, aTek, rekeysReceived } from './snapshots.ts';

export const T0 = Date.UTC(2026, 0, 1) / 1000;

/** Instants (`...At`) are seconds after T0; null: not shown. */
export interface GmSketch {
  readonly group?: string;
  readonly identity?: string | null;
  readonly groupType?: GroupType | null;
  readonly registered?: boolean;
  readonly succeeded?: number;
  readonly attempted?: number;
  readonly received?: number | null;
  readonly since?: number | null;
  readonly rekeyAt?: number | null;
  readonly kekAt?: number | null;
  readonly kekZero?: boolean;
  /** A KEK block without a lifetime, as old releases print it. */
  readonly kekWithoutLifetime?: boolean;
  readonly teks?: Readonly<Record<string, number>>;
  readonly timerAt?: number | null;
  readonly keyServer?: string | null;
  readonly keyServers?: readonly string[];
  readonly address?: string;
  readonly interface?: string;
}

function sketchedGm(at: number, sketch: GmSketch): GmSnapshot {
  const succeeded = sketch.succeeded ?? 1;
  const registered = sketch.registered ?? true;
  const left = (instant: number) => Math.floor(instant - at);
  const kekSeconds = sketch.kekZero === true ? 0 : sketch.kekAt == null ? null : left(sketch.kekAt);
  const hasKek = kekSeconds !== null || sketch.kekWithoutLifetime === true;
  return aGm({
    group: sketch.group ?? 'G1',
    identity: sketch.identity === undefined ? '3333' : sketch.identity,
    groupType: sketch.groupType ?? null,
    address: sketch.address ?? null,
    keyServers: sketch.keyServers ?? null,
    status: registered ? 'Registered' : 'Registering',
    registered,
    keyServer: sketch.keyServer === undefined ? '10.1.11.2' : sketch.keyServer,
    reregistersInSeconds: sketch.timerAt == null ? null : left(sketch.timerAt),
    registrations: { succeeded, attempted: sketch.attempted ?? succeeded },
    rekeys: rekeysReceived(sketch.received === undefined ? 3 : sketch.received, {
      sinceRegistration: sketch.since === undefined ? 0 : sketch.since,
      lastAgeSeconds: sketch.rekeyAt == null ? null : Math.floor(at - sketch.rekeyAt),
    }),
    kek: hasKek ? aKek(kekSeconds) : null,
    teks: Object.entries(sketch.teks ?? { '0x00000001': 90_000 }).map(([spi, expiryAt]) =>
      aTek(left(expiryAt), { interface: sketch.interface ?? 'Serial1/0', spi }),
    ),
  });
}

export function gmAnswer(at: number, ...sketches: readonly GmSketch[]): Observation {
  return answer(
    at,
    sketches.map((sketch) => sketchedGm(at, sketch)),
  );
}

/** A KS of G1, its primary unless the test says otherwise. */
export function ksAnswer(
  at: number,
  { role = 'primary', kekAt = null }: { readonly role?: KsRole; readonly kekAt?: number | null } = {},
): Observation {
  const kek = kekAt === null ? null : aKsKey(Math.floor(kekAt - at));
  return answer(at, [aKs({ localRole: role, kek })]);
}

/** `show crypto gdoi`, in a fifth of a second. */
function answer(at: number, snapshots: readonly GroupSnapshot[]): Observation {
  return {
    kind: 'groups',
    origin: 'cli',
    device: 'gm1',
    command: 'show crypto gdoi',
    sentAtMs: (T0 + at) * 1000 - 100,
    receivedAtMs: (T0 + at) * 1000 + 100,
    snapshots,
    unknownLines: 0,
  };
}

export function facts(at: number, uptimeSeconds: number, processor?: ControlProcessor): Observation {
  return {
    kind: 'facts',
    device: 'gm1',
    sentAtMs: (T0 + at) * 1000 + 200,
    receivedAtMs: (T0 + at) * 1000 + 300,
    facts: {
      role: 'device',
      hostname: 'GM1',
      software: 'ios',
      version: '15.6(3)M2',
      platform: null,
      uptimeSeconds: Math.floor(uptimeSeconds / 60) * 60,
      reloadReason: null,
      ...(processor === undefined ? {} : { processor }),
    },
  };
}

export function log(at: number, mnemonic: string, text = 'group G1'): Observation {
  const [facility, severity, name] = mnemonic.split('-');
  const message: LogMessage = {
    facility: facility ?? 'GDOI',
    severity: Number(severity),
    mnemonic: name ?? '',
    text,
    timestamp: `at ${at}`,
    sequence: null,
  };
  const atMs = (T0 + at) * 1000;
  return { kind: 'log', device: 'gm1', sentAtMs: atMs, receivedAtMs: atMs, messages: [message], pushed: true };
}

/**
 * Lines of the log buffer as a reading at `at` finds them; `stampAt`: the device's clock, seconds after T0 and
 * `aheadBy`.
 */
export interface BufferLine {
  readonly stampAt: number | null;
  readonly mnemonic: string;
  readonly text?: string;
  readonly sequence?: number;
}

export function buffer(at: number, lines: readonly BufferLine[]): Observation {
  const messages = lines.map(({ stampAt, mnemonic, text = 'group G1', sequence = null }): LogMessage => {
    const [facility = 'GDOI', severity, name = ''] = mnemonic.split('-');
    const timestamp = stampAt === null ? null : stampOf(stampAt);
    return { facility, severity: Number(severity), mnemonic: name, text, timestamp, sequence };
  });
  const atMs = (T0 + at) * 1000;
  return { kind: 'log', device: 'gm1', sentAtMs: atMs - 50, receivedAtMs: atMs + 50, messages, pushed: false };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Jan  1 00:14:40.000`: without a year, as routers print it. */
function stampOf(at: number): string {
  const date = new Date((T0 + at) * 1000);
  const day = String(date.getUTCDate()).padStart(2, ' ');
  return `${MONTHS[date.getUTCMonth()]} ${day} ${date.toISOString().slice(11, 23)}`;
}

/** `show clock` of a device whose clock is `aheadSeconds` before the agent's. */
export function clock(at: number, aheadSeconds = 0, zone = 'UTC'): Observation {
  const atMs = (T0 + at) * 1000;
  return {
    kind: 'clock',
    device: 'gm1',
    sentAtMs: atMs - 50,
    receivedAtMs: atMs + 50,
    clock: { role: 'clock', epochMs: zone === 'UTC' ? atMs + aheadSeconds * 1000 : null, zone, synchronised: true },
  };
}

export function trap(at: number, name: GdoiTrapName, groupIdentity: string | null = '3333'): Observation {
  const atMs = (T0 + at) * 1000;
  return {
    kind: 'trap',
    device: 'gm1',
    sentAtMs: atMs,
    receivedAtMs: atMs,
    trap: {
      name,
      groupIdentity,
      groupName: null,
      gmAddress: null,
      keyServer: '10.1.11.2',
      peer: null,
      keyServerRole: null,
      rekeySequence: null,
    },
  };
}

export interface SnmpSketch {
  /** Number that names the KEK; null: no KEK row. */
  readonly kek?: number | null;
  readonly kekAt?: number;
  readonly sequence?: number | null;
  readonly teks?: Readonly<Record<string, number>>;
  readonly keyServer?: string | null;
}

export function snmpSnapshot(at: number, sketch: SnmpSketch): GmSnapshot {
  const kek = sketch.kek === undefined ? 1 : sketch.kek;
  const base = sketchedGm(at, { kekAt: kek === null ? null : (sketch.kekAt ?? 1000), ...pick(sketch) });
  return {
    ...base,
    status: null,
    registered: null,
    reregistersInSeconds: null,
    registrations: { succeeded: null, attempted: null },
    rekeys: rekeysReceived(null, { lastSequence: sketch.sequence === undefined ? 5 : sketch.sequence }),
    kek: base.kek === null ? null : { ...base.kek, spi: `0x${String(kek).padStart(32, '0')}` },
  };
}

function pick({ teks, keyServer }: SnmpSketch): GmSketch {
  return { ...(teks === undefined ? {} : { teks }), ...(keyServer === undefined ? {} : { keyServer }) };
}

export function snmpAnswer(at: number, sketch: SnmpSketch = {}): Observation {
  return {
    kind: 'groups',
    origin: 'snmp',
    device: 'gm1',
    command: 'CISCO-GDOI-MIB',
    sentAtMs: (T0 + at) * 1000 - 50,
    receivedAtMs: (T0 + at) * 1000 + 50,
    snapshots: [snmpSnapshot(at, sketch)],
    unknownLines: 0,
  };
}

export function failure(at: number, result = 'timeout'): Observation {
  return { kind: 'failure', device: 'gm1', sentAtMs: (T0 + at) * 1000, receivedAtMs: (T0 + at) * 1000 + 50, result };
}

export function shiftedBy(observation: Observation, seconds: number): Observation {
  return {
    ...observation,
    sentAtMs: observation.sentAtMs + seconds * 1000,
    receivedAtMs: observation.receivedAtMs + seconds * 1000,
  };
}

export interface History {
  readonly state: TrackerState;
  readonly events: readonly GdoiEvent[];
}

/** All observations in order, and what was still waiting at the end. */
export function history(observations: readonly Observation[], options: TrackOptions = {}): History {
  const told = fed(initialTrackerState('gm1'), observations, options);
  const end = settle(told.state);
  return { state: end.state, events: [...told.events, ...end.events] };
}

/** Without the settling at the end. */
export function fed(from: TrackerState, observations: readonly Observation[], options: TrackOptions = {}): History {
  let state = from;
  const events: GdoiEvent[] = [];
  for (const observation of observations) {
    const tracked = track(state, observation, options);
    state = tracked.state;
    events.push(...tracked.events);
  }
  return { state, events };
}

export function reregistrations(told: History): readonly GdoiEvent[] {
  return told.events.filter(({ type }) => type === 'reregistration');
}

export function causes(told: History): readonly (string | null)[] {
  return reregistrations(told).map(({ cause }) => cause);
}

export function types(told: History): readonly string[] {
  return told.events.map(({ type }) => type);
}

/** Counters of `show crypto gdoi gm replay` and `gm dataplane counters`, as answers of their own. */
export function packetErrors(
  at: number,
  shown: { readonly input?: number; readonly delta?: number; readonly dataplane?: Readonly<Record<string, number>> },
): Observation {
  const replay = {
    enabled: true,
    inputErrors: shown.input ?? 0,
    outputErrors: 0,
    timeSyncErrors: 0,
    maxTimeDeltaSeconds: shown.delta ?? 0,
  };
  return {
    kind: 'groups',
    origin: 'cli',
    device: 'gm1',
    command: shown.dataplane === undefined ? 'show crypto gdoi gm replay' : 'show crypto gdoi gm dataplane counters',
    sentAtMs: (T0 + at) * 1000 - 100,
    receivedAtMs: (T0 + at) * 1000 + 100,
    snapshots: [
      {
        ...emptyGmSnapshot('G1'),
        ...(shown.input === undefined ? {} : { replay }),
        ...(shown.dataplane === undefined
          ? {}
          : { dataplane: { encrypted: null, decrypted: null, errors: shown.dataplane } }),
      },
    ],
    unknownLines: 0,
  };
}

/** Figures of a GM that has been up for long, and of the same one after a reload. */
export const LONG_UP: GmSketch = { succeeded: 3, received: 9, kekAt: 50_000, timerAt: 40_000 };
export const BOOTED: GmSketch = { succeeded: 1, received: 0, kekAt: 50_000, timerAt: 45_000 };

/**
 * Reloaded twice between two answers, at 60 s and 330 s: traps tell of the first registration while the device gives no
 * answer, and only of the end of the second one, whose start's trap was lost.
 */
export function reloadedTwice(): readonly Observation[] {
  return [
    gmAnswer(0, LONG_UP),
    facts(2, 900_000),
    gmAnswer(60, LONG_UP),
    trap(100, 'GmRegister'),
    trap(102, 'GmRegistrationComplete'),
    ...[110, 140, 170].map((at) => failure(at)),
    trap(300, 'GmRegistrationComplete'),
    gmAnswer(330, BOOTED),
    facts(330, 59),
  ];
}
