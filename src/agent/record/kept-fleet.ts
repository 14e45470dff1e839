/**
 * What the store has of cells that another agent polls, as views: which groups there are, who is in them, when each
 * device answered last. Nothing is judged by the present time, because nobody here has asked the devices.
 */
import type { FleetSettings } from '../../gdoi/fleet/fleet-settings.ts';
import type { GroupView } from '../../gdoi/fleet/group-view.ts';
import type { TrackerState } from '../../gdoi/memory/tracker-state.ts';
import type { EpochMs, ReadAt } from '../../gdoi/seen/instant.ts';
import { emptyGmSnapshot, emptyKsSnapshot } from '../../gdoi/seen/snapshot.ts';
import { type ConfiguredDevice, type DeviceView, type GroupOnDevice, newDeviceView } from '../../model/device-view.ts';
import { groupOfState } from '../../model/fleet-step.ts';
import { createReadModel, type FleetReadModel } from '../../model/read-model.ts';
import type { StoredStates } from '../../store/event-store.ts';
import { storedGroups, storedTrackers } from './stored-groups.ts';

/** `devices`: those of these cells, as configured. */
export function keptFleet(
  devices: Iterable<ConfiguredDevice>,
  stored: StoredStates,
  settings: FleetSettings,
  atMs: EpochMs,
): FleetReadModel {
  const trackers = storedTrackers(stored.devices);
  const { groups } = storedGroups(stored);
  const model = createReadModel();
  const partsOf = new Map<string, GroupOnDevice[]>();
  for (const [, read] of groups) {
    const { view } = groupOfState(read.state, atMs, settings);
    model.update([], [view]);
    for (const [device, part] of partsIn(view, trackers)) {
      const known = partsOf.get(device) ?? [];
      partsOf.set(device, known);
      known.push(part);
    }
  }
  for (const device of devices) {
    model.set(keptView(device, trackers.get(device.device) ?? null, partsOf.get(device.device) ?? []));
  }
  return model;
}

function keptView(device: ConfiguredDevice, state: TrackerState | null, parts: readonly GroupOnDevice[]): DeviceView {
  const answers = [state?.answered, state?.answeredBySnmp].flatMap((at) => at?.receivedAtMs ?? []);
  return {
    ...newDeviceView(device),
    lastSuccessAtMs: answers.length === 0 ? null : Math.max(...answers),
    groups: new Map(parts.map((part) => [part.group, part])),
  };
}

function partsIn(
  view: GroupView,
  trackers: ReadonlyMap<string, TrackerState>,
): Iterable<readonly [string, GroupOnDevice]> {
  const { group } = view;
  const seenAt = (device: string): ReadAt =>
    trackers.get(device)?.groups.get(group)?.seen ?? { sentAtMs: view.atMs, receivedAtMs: view.atMs };
  const found = new Map<string, GroupOnDevice>();
  const nothing: GroupOnDevice = { group, gm: null, ks: null, snmp: null, restconf: null, parts: [] };
  for (const { device, address, registered, keyServer } of view.gms) {
    const snapshot = { ...emptyGmSnapshot(group), address, registered, keyServer };
    found.set(device, { ...nothing, gm: { snapshot, at: seenAt(device) } });
  }
  for (const { device, address, members } of view.kss) {
    const snapshot = { ...emptyKsSnapshot(group), localAddress: address, members };
    found.set(device, { ...(found.get(device) ?? nothing), ks: { snapshot, at: seenAt(device) } });
  }
  return found;
}
