/**
 * The fleet as outlets may see it: one immutable view per device, and a call when one changes. Metrics and pages read
 * from here and never reach back into the agent.
 */
import type { DeviceView } from './device-view.ts';

export interface FleetReadModel {
  devices(): Iterable<DeviceView>;
  device(name: string): DeviceView | undefined;
  readonly size: number;
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
  readonly configReloadOk: boolean;
  readonly configReloadedAtMs: number | null;
}

export interface MutableReadModel extends FleetReadModel {
  set(view: DeviceView): void;
  remove(device: string): void;
}

export function createReadModel(): MutableReadModel {
  const views = new Map<string, DeviceView>();
  const listeners = new Set<(device: string, view: DeviceView | null) => void>();
  const tell = (device: string, view: DeviceView | null) => {
    for (const listener of listeners) listener(device, view);
  };
  return {
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
