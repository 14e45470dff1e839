/**
 * Runs a recorded timeline through the fleet's step: the result is what production concluded, or would conclude.
 *
 * The lines of a poll become its report again, and the report takes the same step as live, under the settings in the
 * recording (else those that are given, else the defaults). Nothing is looked up and no clock runs: the only instants
 * are those of the lines, which are in order only for each device, since polls of several devices overlap.
 */
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import type { Incident } from '../../gdoi/incidents/incident.ts';
import { DEFAULT_FLEET_SETTINGS } from '../../gdoi/fleet/fleet-settings.ts';
import type { EpochMs } from '../../gdoi/seen/instant.ts';
import { inCell } from '../../gdoi/seen/cell.ts';
import type { Observation } from '../../gdoi/seen/observation.ts';
import { parseLogMessage } from '../../ios/log/log-message.ts';
import { decodeTrap } from '../../mib/decode-trap.ts';
import type { SnmpMemory } from '../../mib/snmp-memory.ts';
import { type DeviceView, newDeviceView } from '../../model/device-view.ts';
import type { DeviceSettings, FleetStep, FromDevice, GroupSettings } from '../../model/fleet-step.ts';
import { KnownFleet } from '../../model/known-fleet.ts';
import type { BesideTransport, PollReport } from '../../model/poll-report.ts';
import { type RecordedGone, type RecordedReport, readRecordedLine } from './recorded-line.ts';
import { continues, type PollLines, reportOf } from './recorded-poll.ts';
import { type ReplaySettings, settingsOfUnknown } from './recorded-settings.ts';
import { TRAP_OID_INSTANCE } from './recorded-values.ts';

/** The answers of a poll are written when it is over, after messages that came meanwhile. */
const STEP_BACK_MS = 60_000;

/** If neither the timeline nor the user gives settings. */
const DEFAULT_SETTINGS: ReplaySettings = { fleet: DEFAULT_FLEET_SETTINGS, maintenance: [], devices: new Map() };

export type ReplayStep =
  | { readonly kind: 'events'; readonly events: readonly GdoiEvent[] }
  /** The line is not one of a timeline; the rest goes on. */
  | { readonly kind: 'bad'; readonly reason: string };

export class Replay {
  readonly #known = new KnownFleet({
    onGroup: (_key, { incidents }) => {
      for (const incident of incidents) this.#incidents.set(incident.id, incident);
    },
  });
  readonly #views = new Map<string, DeviceView>();
  readonly #snmpMemories = new Map<string, SnmpMemory>();
  readonly #polledByCli = new Set<string>();
  readonly #devices: Map<string, DeviceSettings>;
  readonly #emitted = new Set<string>();
  readonly #incidents = new Map<string, Incident>();
  #latestMs: EpochMs = 0;
  readonly #newestMs = new Map<string, EpochMs>();
  #linesBack = 0;
  #groupSettings: GroupSettings;
  /** The poll under way. */
  #poll: PollLines | null = null;

  /** `settings`: used where the timeline has none. */
  constructor(settings: ReplaySettings = DEFAULT_SETTINGS) {
    const { fleet, maintenance } = settings;
    this.#groupSettings = { fleet, maintenance };
    this.#devices = new Map(settings.devices);
  }

  /** Incidents of the groups so far, each as it is now, in the order in which they began. */
  get incidents(): readonly Incident[] {
    return [...this.#incidents.values()].toSorted((a, b) => a.beganAtMs - b.beganAtMs || (a.id < b.id ? -1 : 1));
  }

  /** The latest instant of the timeline so far. */
  get latestMs(): EpochMs {
    return this.#latestMs;
  }

  /**
   * Lines that lie well before the one above them of the same device: the timeline is not in order, or the agent's clock
   * was set back, which is how they are taken.
   */
  get linesBack(): number {
    return this.#linesBack;
  }

  line(text: string): ReplayStep {
    const line = readRecordedLine(text);
    if (typeof line === 'string') return { kind: 'bad', reason: line };
    if (line.kind === 'report') {
      this.#latestMs = Math.max(this.#latestMs, line.receivedAtMs);
      if (line.receivedAtMs <= (this.#newestMs.get(line.device) ?? -Infinity) - STEP_BACK_MS) this.#linesBack += 1;
      this.#newestMs.set(line.device, line.receivedAtMs);
      return { kind: 'events', events: this.#fresh(this.#report(line)) };
    }
    if (line.kind === 'gone') {
      this.#latestMs = Math.max(this.#latestMs, line.atMs);
      return { kind: 'events', events: this.#fresh(this.#gone(line)) };
    }
    const events = this.#fresh(this.#pollOver());
    if (line.device === null) {
      const { fleet, maintenance } = line;
      this.#groupSettings = { fleet, maintenance: maintenance ?? this.#groupSettings.maintenance };
    } else this.#devices.set(line.device, line.settings);
    return { kind: 'events', events };
  }

  /** The timeline is over: what still waited for an answer is decided by what there is. */
  end(): readonly GdoiEvent[] {
    const events = [...this.#pollOver(), ...this.#judgeGathered(this.#latestMs, true)];
    for (const device of this.#known.trackers.keys()) events.push(...this.#settled(device));
    return this.#fresh(events);
  }

  #report(line: RecordedReport): readonly GdoiEvent[] {
    const pushed = pushedIn(line);
    if (pushed?.length === 0) return [];
    if (pushed !== null)
      return [...this.#pollOver(), ...this.#step(line.device, { kind: 'pushed', observations: pushed })];
    const over = this.#poll !== null && !continues(this.#poll, line) ? this.#pollOver() : [];
    this.#poll = { device: line.device, lines: [...(this.#poll?.lines ?? []), line] };
    return over;
  }

  #pollOver(): readonly GdoiEvent[] {
    const poll = this.#poll;
    this.#poll = null;
    if (poll === null) return [];
    const { device } = poll;
    const { report, memory } = reportOf(poll, this.#snmpMemories.get(device));
    if (report.values !== null) this.#snmpMemories.set(device, memory);
    if (report.answers.length > 0) this.#polledByCli.add(device);
    const recorded = poll.lines.find((line) => line.poll !== null)?.poll?.beside;
    const by = recorded === undefined ? this.#besideCli(device, report) : recorded;
    return this.#step(device, by === null ? { kind: 'polled', report } : { kind: 'polled_beside', by, report });
  }

  /** If the timeline does not say: a transport that answers beside a CLI polls beside it. */
  #besideCli(device: string, { values, documents, answers }: PollReport): BesideTransport | null {
    if (answers.length > 0 || !this.#polledByCli.has(device)) return null;
    if (documents !== undefined) return 'restconf';
    return values === null ? null : 'snmp';
  }

  /** As live: its groups are judged without it; if it comes back, its own state goes on. */
  #gone({ device, atMs, why }: RecordedGone): readonly GdoiEvent[] {
    const over = [...this.#pollOver(), ...this.#judgeGathered(atMs)];
    const before = this.#views.get(device);
    const without = before === undefined ? [] : eventsOf(this.#known.without(before, atMs, this.#groupSettings));
    const retired = why === 'removed' ? this.#settled(device) : [];
    this.#views.delete(device);
    this.#snmpMemories.delete(device);
    this.#polledByCli.delete(device);
    return [...over, ...without, ...retired];
  }

  #settled(device: string): readonly GdoiEvent[] {
    return this.#known.settle(device, this.#views.get(device)?.cell, this.#groupSettings.maintenance);
  }

  #step(device: string, from: FromDevice): readonly GdoiEvent[] {
    const settings = this.#devices.get(device) ?? settingsOfUnknown(device, this.#groupSettings.fleet);
    const { cell, host, configuredRole, regularIntervalMs } = settings;
    const { cell: _was, ...known } = this.#views.get(device) ?? newDeviceView({ device, host });
    const before = { ...known, ...inCell(cell), host, configuredRole, regularIntervalMs };
    const atMs = instantOf(from);
    const gathered = atMs === null ? [] : this.#judgeGathered(atMs);
    const step = this.#known.step(before, from, { ...this.#groupSettings, device: settings });
    this.#views.set(device, step.view);
    return [...gathered, ...step.events, ...eventsOf(step.groups)];
  }

  #judgeGathered(atMs: EpochMs, all = false): readonly GdoiEvent[] {
    return eventsOf(this.#known.judgeGathered(atMs, this.#groupSettings, all));
  }

  #fresh(events: readonly GdoiEvent[]): readonly GdoiEvent[] {
    return events.filter(({ id }) => {
      if (this.#emitted.has(id)) return false;
      this.#emitted.add(id);
      return true;
    });
  }
}

function eventsOf(groups: FleetStep['groups']): readonly GdoiEvent[] {
  return Array.from(groups.values(), ({ events }) => events).flat();
}

function instantOf(from: FromDevice): EpochMs | null {
  return from.kind === 'pushed' ? (from.observations.at(-1)?.receivedAtMs ?? null) : from.report.finishedAtMs;
}

/** What the device sent unasked; null: the line belongs to a poll. */
function pushedIn({
  asked,
  device,
  poll,
  receivedAtMs,
  seen,
  sentAtMs,
}: RecordedReport): readonly Observation[] | null {
  const base = { device, sentAtMs, receivedAtMs };
  if (seen.kind === 'syslog' && !asked && poll === null) {
    const message = parseLogMessage(seen.message);
    return message === null ? [] : [{ ...base, kind: 'log', messages: [message], pushed: true }];
  }
  if (seen.kind !== 'snmp') return null;
  const trapOid = seen.varbinds.find(({ oid }) => oid === TRAP_OID_INSTANCE)?.value;
  if (typeof trapOid !== 'string') return null;
  const trap = decodeTrap(trapOid, seen.varbinds);
  return trap === null ? [] : [{ ...base, kind: 'trap', trap }];
}
