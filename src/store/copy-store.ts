/**
 * Copies one store into another: history, incidents and states. It can be repeated: what is already there stays, and no
 * state of the target is replaced by an older one.
 */
import { DEFAULT_CELL, groupOfKey } from '../gdoi/seen/cell.ts';
import { type EventStore, MAX_PAGE_EVENTS, type StoredStates } from './event-store.ts';

export interface Copied {
  /** Number that were new to the target, of all. */
  readonly events: { readonly copied: number; readonly of: number };
  readonly incidents: number;
  /** Devices whose state the target did not have. */
  readonly devices: { readonly copied: number; readonly of: number };
}

export async function copyStore(from: EventStore, to: EventStore): Promise<Copied> {
  const events = await copyEvents(from, to);
  const incidents = await copyIncidents(from, to);
  return { events, incidents, devices: await copyStates(from, to) };
}

async function copyEvents(from: EventStore, to: EventStore): Promise<Copied['events']> {
  let [copied, of] = [0, 0];
  let cursor: string | undefined;
  do {
    const page = await from.query({ limit: MAX_PAGE_EVENTS, order: 'oldest_first', cursor });
    const fresh = await to.commit({ events: page.events, deviceStates: new Map(), fleetStates: new Map() });
    copied += fresh.length;
    of += page.events.length;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return { copied, of };
}

async function copyIncidents(from: EventStore, to: EventStore): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await from.incidents({ limit: MAX_PAGE_EVENTS, cursor });
    const known = await Promise.all(page.incidents.map(({ id }) => to.incident(id)));
    // An incident that has ended in the target is not opened again.
    const incidents = page.incidents.filter((_, index) => known[index]?.status !== 'closed');
    await to.commit({ events: [], incidents, deviceStates: new Map(), fleetStates: new Map() });
    count += incidents.length;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return count;
}

async function copyStates(from: EventStore, to: EventStore): Promise<Copied['devices']> {
  const states = await from.loadStates();
  const known = await to.loadStates();
  const cells = cellsOfDevices(states);
  const deviceStates = new Map([...states.devices].filter(([device]) => !known.devices.has(device)));
  const groups = new Set([...states.fleets.keys()].filter((group) => !known.fleets.has(group)));
  await to.commit({
    events: [],
    cellOf: (device) => cells.get(device) ?? DEFAULT_CELL,
    deviceStates,
    fleetStates: new Map([...states.fleets].filter(([group]) => groups.has(group))),
    memberStates: states.members.filter(({ group }) => groups.has(group)),
  });
  return { copied: deviceStates.size, of: states.devices.size };
}

/** A device is in the cell of its groups; one without a group goes to the default cell. */
function cellsOfDevices({ members }: StoredStates): ReadonlyMap<string, string> {
  return new Map(members.map(({ group, device }) => [device, groupOfKey(group).cell]));
}
