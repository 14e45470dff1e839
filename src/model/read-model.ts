/**
 * The fleet as outlets may see it: one immutable view per device, and a call when one changes. Metrics and pages read
 * from here and never reach back into the agent.
 */
import type { GdoiEvent } from '../gdoi/events/event.ts';
import type { GroupView } from '../gdoi/fleet/group-view.ts';
import { groupKey, groupOfKey } from '../gdoi/seen/cell.ts';
import type { InternalErrorPlace, InternalErrors } from '../kernel/internal-errors.ts';
import type { DeviceView } from './device-view.ts';
import { EventTotals } from './event-totals.ts';
import type { PushedCounts } from './pushed-counts.ts';

export interface FleetReadModel {
  devices(): Iterable<DeviceView>;
  device(name: string): DeviceView | undefined;
  readonly size: number;
  /** The view of each group that was seen since the start. */
  groups(): Iterable<GroupView>;
  /** `cell` undefined: the default one. */
  group(name: string, cell?: string): GroupView | undefined;
  readonly totals: EventTotals;
  /** Rises with every change of a view or a group: what was read at the same revision is the same. */
  readonly revision: number;
  /** Called with events that are kept and new, in their order. Returns the way to stop. */
  onEvents(listener: (events: readonly GdoiEvent[]) => void): () => void;
  /** Called with the new view after each change; with null when the device is gone. Returns the way to stop. */
  onChange(listener: (device: string, view: DeviceView | null) => void): () => void;
}

/** The agent's own figures, for self-metrics and the landing page. */
export interface AgentStatus {
  readonly startedAtMs: number;
  /** Every device was polled at least once, with whatever result. */
  readonly firstSweepDone: boolean;
  /** Of all devices, those that were polled at least once: 0 to 1. */
  readonly firstSweepProgress: number;
  readonly pollsRunning: number;
  readonly pollsQueued: number;
  readonly pollsSkippedLate: number;
  /** Pushed messages that would have brought a poll, of devices whose messages had shown nothing new. */
  readonly hintsDelayed: number;
  /** Polls beside a schedule that were left out, because the device had had all that it may get. */
  readonly pollsOverAllowance: number;
  readonly openSessions: number;
  /** Workers, threads beside the main one or processes, that SSH sessions live in; absent: none. */
  readonly workers?: number;
  /** Of these, and of the one for old key exchanges: ended with what they held, since the start; absent: none. */
  readonly workersLost?: number;
  readonly handshakesActive: number;
  readonly handshakesWaiting: number;
  readonly quarantinedCredentials: readonly string[];
  readonly snmpRequestsActive: number;
  /** Open connections over which RESTCONF is read. */
  readonly restconfConnections: number;
  /** Datagrams on the polling sockets that were no answer to anything asked. */
  readonly snmpDatagramsDropped: number;
  readonly pushed: PushedCounts;
  /** Failed writes of the log; absent: nobody counts them. */
  readonly logErrors?: number;
  readonly recordErrors: number;
  /** Lines that never reached the recording. */
  readonly recordLinesDropped: number;
  readonly internalErrors: ReadonlyMap<InternalErrorPlace, number>;
  readonly storeErrors: number;
  readonly storeDamaged: number;
  readonly eventsDropped: number;
  readonly configReloadOk: boolean;
  readonly configReloadedAtMs: number | null;
}

/** A receiver of pushed messages. */
export interface ListenerState {
  readonly url: string;
  readonly received: number;
  /** By reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

export interface MutableReadModel extends FleetReadModel {
  /** New views, all at once: a listener meets none of them beside an old one. */
  update(devices: readonly DeviceView[], groups: readonly GroupView[]): void;
  setGroup(view: GroupView): void;
  addEvents(events: readonly GdoiEvent[]): void;
  set(view: DeviceView): void;
  remove(device: string): void;
  /** Groups of these cells are another agent's: none is shown any more. */
  forgetGroups(cells: ReadonlySet<string>): void;
}

/** `errors`: where a listener's own fault goes; without it, to whoever made the change. */
export function createReadModel(
  totals: EventTotals = new EventTotals(),
  errors: InternalErrors | null = null,
): MutableReadModel {
  const views = new Map<string, DeviceView>();
  const groups = new Map<string, GroupView>();
  const listeners = new Set<(device: string, view: DeviceView | null) => void>();
  const eventListeners = new Set<(events: readonly GdoiEvent[]) => void>();
  let revision = 0;
  const guarded = (about: { readonly device?: string }, work: () => void) => {
    if (errors === null) work();
    else errors.guard('listener', about, work, undefined);
  };
  const announce = (device: string, view: DeviceView | null) => {
    revision += 1;
    for (const listener of listeners) guarded({ device }, () => listener(device, view));
  };
  const update: MutableReadModel['update'] = (devices, fleets) => {
    const changed = new Set(devices.map(({ device }) => device));
    for (const view of devices) views.set(view.device, view);
    for (const fleet of fleets) {
      revision += 1;
      const key = groupKey(fleet.cell, fleet.group);
      for (const device of differentlySeen(groups.get(key), fleet)) changed.add(device);
      // A group that no device is in any more is gone.
      if (fleet.over) groups.delete(key);
      else groups.set(key, fleet);
    }
    for (const device of changed) {
      const view = views.get(device);
      if (view !== undefined) announce(device, view);
    }
  };
  return {
    totals,
    update,
    addEvents(events) {
      for (const listener of eventListeners) guarded({}, () => listener(events));
    },
    get revision() {
      return revision;
    },
    onEvents(listener) {
      eventListeners.add(listener);
      return () => eventListeners.delete(listener);
    },
    group: (name, cell) => groups.get(groupKey(cell, name)),
    groups: () => groups.values(),
    setGroup: (view) => update([], [view]),
    devices: () => views.values(),
    device: (name) => views.get(name),
    get size() {
      return views.size;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    forgetGroups(cells) {
      for (const key of groups.keys()) if (cells.has(groupOfKey(key).cell)) groups.delete(key);
      revision += 1;
    },
    set: (view) => update([view], []),
    remove(device) {
      if (views.delete(device)) announce(device, null);
    },
  };
}

/** GMs of which their group now says something else that is shown with the device's own view. */
function differentlySeen(before: GroupView | undefined, now: GroupView): readonly string[] {
  // By the same yardstick only a GM whose record changed is seen differently, and its change is announced anyway.
  if (before?.yardstick === now.yardstick) return [];
  const known = before?.gms ?? [];
  let next = 0;
  // Both are in the order of their names.
  const different = now.gms.filter((gm) => {
    while ((known[next]?.device ?? gm.device) < gm.device) next += 1;
    const was = known[next]?.device === gm.device ? known[next] : undefined;
    return (
      was !== gm &&
      ((was?.kekMatchesKs ?? null) !== gm.kekMatchesKs ||
        (was?.tekMatchesKs ?? null) !== gm.tekMatchesKs ||
        (was?.listedByKs ?? null) !== gm.listedByKs)
    );
  });
  return different.map(({ device }) => device);
}
