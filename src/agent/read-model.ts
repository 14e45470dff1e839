/**
 * The fleet as outlets may see it: one immutable view per device, and a call when one changes. Metrics and pages read
 * from here and never reach back into the agent.
 */
import type { GdoiEvent } from '../gdoi/event.ts';
import type { FleetView } from '../gdoi/fleet-view.ts';
import type { DeviceView } from './device-view.ts';
import { EventTotals } from './event-totals.ts';

export interface FleetReadModel {
  devices(): Iterable<DeviceView>;
  device(name: string): DeviceView | undefined;
  readonly size: number;
  /** The view of each group that was seen since the start. */
  groups(): Iterable<FleetView>;
  readonly totals: EventTotals;
  /** The latest events since the start, newest first; the whole history is in the store. */
  readonly recentEvents: readonly GdoiEvent[];
  /** Called with the new view after each change; with null when the device is gone. Returns the way to stop. */
  onChange(listener: (device: string, view: DeviceView | null) => void): () => void;
}

/** The agent's own figures, for self-metrics and the landing page. */
export interface AgentStatus {
  readonly startedAtMs: number;
  /** Every device was polled at least once, with whatever result. */
  readonly firstSweepDone: boolean;
  readonly pollsRunning: number;
  readonly pollsQueued: number;
  readonly pollsSkippedLate: number;
  readonly openSessions: number;
  readonly handshakesActive: number;
  readonly handshakesWaiting: number;
  readonly quarantinedCredentials: readonly string[];
  readonly recordErrors: number;
  readonly storeErrors: number;
  readonly eventsDropped: number;
  readonly configReloadOk: boolean;
  readonly configReloadedAtMs: number | null;
}

export interface MutableReadModel extends FleetReadModel {
  setGroup(view: FleetView): void;
  addEvents(events: readonly GdoiEvent[]): void;
  set(view: DeviceView): void;
  remove(device: string): void;
}

const MAX_RECENT_EVENTS = 50;

export function createReadModel(totals: EventTotals = new EventTotals()): MutableReadModel {
  const views = new Map<string, DeviceView>();
  const groups = new Map<string, FleetView>();
  let recentEvents: readonly GdoiEvent[] = [];
  const listeners = new Set<(device: string, view: DeviceView | null) => void>();
  const tell = (device: string, view: DeviceView | null) => {
    for (const listener of listeners) listener(device, view);
  };
  return {
    totals,
    get recentEvents() {
      return recentEvents;
    },
    addEvents(events) {
      recentEvents = [...events.toReversed(), ...recentEvents].slice(0, MAX_RECENT_EVENTS);
    },
    groups: () => groups.values(),
    setGroup(view) {
      // A group that no device is in any more is gone.
      if (view.gms.length + view.kss.length === 0) groups.delete(view.group);
      else groups.set(view.group, view);
    },
    devices: () => views.values(),
    device: (name) => views.get(name),
    get size() {
      return views.size;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set(view) {
      views.set(view.device, view);
      tell(view.device, view);
    },
    remove(device) {
      if (views.delete(device)) tell(device, null);
    },
  };
}
