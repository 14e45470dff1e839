/**
 * A recorded timeline through the same tracker as live polling: what it shows is what production did, or would do.
 *
 * Lines of one device that follow each other are one poll, as they were recorded; its groups hear of it when the poll is
 * over. Polls of several devices overlap, so lines are in order for each device only. Nothing is looked up and no clock runs: the only instants are those of the lines.
 */
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import { trackFleet } from '../../gdoi/fleet/fleet.ts';
import { type FleetState, initialFleetState } from '../../gdoi/fleet/fleet-state.ts';
import { DEFAULT_FLEET_SETTINGS, type FleetView } from '../../gdoi/fleet/fleet-view.ts';
import type { Observation } from '../../gdoi/seen/observation.ts';
import type { EpochMs, ReadAt } from '../../gdoi/seen/instant.ts';
import { settle, track } from '../../gdoi/tracker/tracker.ts';
import { initialTrackerState, type TrackerState } from '../../gdoi/memory/tracker-state.ts';
import type { Varbind } from '../../gdoi/seen/varbind.ts';
import { parseLogMessage } from '../../ios/log/log-message.ts';
import { parseCommandOutput } from '../../ios/parse.ts';
import { decodeGdoi } from '../../mib/decode-gdoi.ts';
import { decodeTrap } from '../../mib/decode-trap.ts';
import { NOTHING_LEARNT, rememberReply, type SnmpMemory } from '../../mib/snmp-memory.ts';
import { type DeviceView, newDeviceView, observe } from '../../model/device-view.ts';
import { membershipChanges, trackingOf, trackOptions } from '../../model/group-tracking.ts';
import { observationsOf, observationsOfReading, readingResult } from '../poll/observations.ts';
import { isMainCommand } from '../../access/show-command.ts';
import { TRAP_OID_INSTANCE, varbindsOf } from './recorded-values.ts';

/** Longest line read: a KS with 8,000 members fits. */
const MAX_LINE_CHARS = 32 * 1024 * 1024;
/** Recorded details count this long without an answer. */
const PART_LIFETIME_MS = 900_000;

/** One line, read. */
type Recorded = ReadAt & { readonly device: string } & (
    | { readonly kind: 'output'; readonly command: string; readonly output: string }
    | { readonly kind: 'syslog'; readonly message: string }
    | { readonly kind: 'snmp'; readonly varbinds: readonly Varbind[] }
    | { readonly kind: 'error'; readonly error: string }
  );

export type ReplayStep =
  | { readonly kind: 'events'; readonly events: readonly GdoiEvent[] }
  /** The line is no line of a timeline; the rest goes on. */
  | { readonly kind: 'bad'; readonly reason: string };

export class Replay {
  readonly #trackers = new Map<string, TrackerState>();
  readonly #views = new Map<string, DeviceView>();
  readonly #snmpMemories = new Map<string, SnmpMemory>();
  readonly #polledByCli = new Set<string>();
  readonly #fleets = new Map<string, FleetState>();
  readonly #fleetViews = new Map<string, FleetView>();
  readonly #options = trackOptions((group) => this.#fleetViews.get(group) ?? null);
  readonly #told = new Set<string>();
  /** The poll under way: whose, and its view before it. */
  #poll: { readonly device: string; readonly before: DeviceView; main: boolean; atMs: EpochMs } | null = null;

  line(text: string): ReplayStep {
    const recorded = readLine(text);
    if (typeof recorded === 'string') return { kind: 'bad', reason: recorded };
    const events: GdoiEvent[] = [];
    const main = recorded.kind === 'output' && isMainCommand(recorded.command);
    if (this.#poll !== null && (this.#poll.device !== recorded.device || (main && this.#poll.main))) {
      events.push(...this.#pollOver());
    }
    this.#poll ??= {
      device: recorded.device,
      before: this.#viewOf(recorded.device),
      main: false,
      atMs: recorded.receivedAtMs,
    };
    this.#poll.main ||= main;
    this.#poll.atMs = recorded.receivedAtMs;
    if (recorded.kind === 'output') this.#polledByCli.add(recorded.device);
    const observations = recorded.kind === 'snmp' ? this.#observationsOfSnmp(recorded) : observationsOfLine(recorded);
    for (const observation of observations) events.push(...this.#observe(observation));
    return { kind: 'events', events: this.#fresh(events) };
  }

  /** The timeline is over: what still waited for an answer is told on what there is. */
  end(): readonly GdoiEvent[] {
    const events = this.#poll === null ? [] : [...this.#pollOver()];
    for (const state of this.#trackers.values()) events.push(...settle(state).events);
    return this.#fresh(events);
  }

  /** A notification, or what a poll read; names and facts of keys come from earlier lines. */
  #observationsOfSnmp(recorded: Extract<Recorded, { kind: 'snmp' }>): readonly Observation[] {
    const { device, sentAtMs, receivedAtMs, varbinds } = recorded;
    const trapOid = varbinds.find(({ oid }) => oid === TRAP_OID_INSTANCE)?.value;
    if (typeof trapOid === 'string') {
      const trap = decodeTrap(trapOid, varbinds);
      return trap === null ? [] : [{ kind: 'trap', device, sentAtMs, receivedAtMs, trap }];
    }
    const reply = { sentAtMs, receivedAtMs, varbinds, emptyColumns: [], engine: null };
    const memory = rememberReply(this.#snmpMemories.get(device) ?? NOTHING_LEARNT, reply);
    this.#snmpMemories.set(device, memory);
    const reading = decodeGdoi(reply, memory);
    const result = readingResult(reading);
    if (result === 'ok') {
      const observations = observationsOfReading(reading, recorded);
      // As live: what the device is and since when, its CLI says where there is one.
      return this.#polledByCli.has(device) ? observations.filter(({ kind }) => kind !== 'facts') : observations;
    }
    return [{ kind: 'failure', device, sentAtMs, receivedAtMs, result }];
  }

  #observe(observation: Observation): readonly GdoiEvent[] {
    const { device } = observation;
    const tracked = track(this.#trackers.get(device) ?? initialTrackerState(device), observation, this.#options);
    this.#trackers.set(device, tracked.state);
    const seen = observe(this.#viewOf(device), observation, PART_LIFETIME_MS);
    this.#views.set(device, { ...seen, lastPollAtMs: observation.receivedAtMs });
    return tracked.events;
  }

  #pollOver(): readonly GdoiEvent[] {
    const poll = this.#poll;
    this.#poll = null;
    const state = poll === null ? undefined : this.#trackers.get(poll.device);
    if (poll === null || state === undefined) return [];
    const seen = this.#viewOf(poll.device);
    const after = { ...seen, tracking: trackingOf(seen, state, (group) => this.#fleetViews.get(group) ?? null) };
    this.#views.set(poll.device, after);
    const events: GdoiEvent[] = [];
    for (const [group, facts] of membershipChanges(poll.before, after, state, poll.atMs)) {
      const before = this.#fleets.get(group) ?? initialFleetState(group);
      const tracked = trackFleet(before, [facts], DEFAULT_FLEET_SETTINGS);
      this.#fleets.set(group, tracked.state);
      this.#fleetViews.set(group, tracked.view);
      events.push(...tracked.events);
    }
    return events;
  }

  #viewOf(device: string): DeviceView {
    return this.#views.get(device) ?? newDeviceView({ device, host: device });
  }

  #fresh(events: readonly GdoiEvent[]): readonly GdoiEvent[] {
    return events.filter(({ id }) => {
      if (this.#told.has(id)) return false;
      this.#told.add(id);
      return true;
    });
  }
}

function observationsOfLine(recorded: Exclude<Recorded, { kind: 'snmp' }>): readonly Observation[] {
  const { device, sentAtMs, receivedAtMs } = recorded;
  const base = { device, sentAtMs, receivedAtMs };
  switch (recorded.kind) {
    case 'output': {
      const parsed = parseCommandOutput(recorded.command, recorded.output, 'prompt');
      if (parsed.kind === 'parsed') return observationsOf(parsed, base);
      // A detail that does not parse costs only itself, as it does live.
      return isMainCommand(recorded.command) ? [{ ...base, kind: 'failure', result: 'parse' }] : [];
    }
    case 'syslog': {
      const message = parseLogMessage(recorded.message);
      return message === null ? [] : [{ ...base, kind: 'log', messages: [message], pushed: true }];
    }
    case 'error':
      return [{ ...base, kind: 'failure', result: recorded.error }];
    default:
      return recorded satisfies never;
  }
}

/** The line, or what is wrong with it. */
function readLine(text: string): Recorded | string {
  if (text.length > MAX_LINE_CHARS) return 'it is longer than 32 MiB';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return 'it is not a JSON object';
  const field = (name: string): unknown => Reflect.get(value, name);
  const device = field('device');
  if (typeof device !== 'string' || device === '') return '"device" is missing';
  const receivedAtMs = instantOf(field('at'));
  if (receivedAtMs === null) return '"at" is neither ISO 8601 nor epoch seconds';
  const sentAtMs = Math.min(instantOf(field('sent_at')) ?? receivedAtMs, receivedAtMs);
  const base = { device, sentAtMs, receivedAtMs };
  const [command, output, syslog, error] = [field('command'), field('output'), field('syslog'), field('error')];
  if (typeof command === 'string' && typeof output === 'string') return { ...base, kind: 'output', command, output };
  if (typeof syslog === 'string') return { ...base, kind: 'syslog', message: syslog };
  if (typeof error === 'string') return { ...base, kind: 'error', error };
  const snmp = field('snmp');
  if (typeof snmp === 'object' && snmp !== null) {
    const varbinds = varbindsOf(snmp);
    return varbinds === null
      ? '"snmp" holds something that is no OID with a value'
      : { ...base, kind: 'snmp', varbinds };
  }
  return 'it has none of "command" with "output", "syslog", "snmp", "error"';
}

function instantOf(value: unknown): EpochMs | null {
  if (typeof value === 'number' && Number.isFinite(value)) return value * 1000;
  if (typeof value !== 'string') return null;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? null : ms;
}
