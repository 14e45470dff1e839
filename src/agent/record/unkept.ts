/**
 * What waits to be stored. A state goes with the events that led to it, never without them, and a group's state with
 * those of its changed members. It is taken in pieces that block nobody for long; a piece that the store refused comes
 * back before what has come since.
 */
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import type { Incident } from '../../gdoi/incidents/incident.ts';
import { groupKey } from '../../gdoi/seen/cell.ts';

/** Events that may wait while a store refuses them. */
const MAX_WAITING_EVENTS = 100_000;
/** One commit blocks the event loop for at most some ten milliseconds. */
const PIECE_DEVICES = 250;
const PIECE_GROUPS = 50;
const PIECE_MEMBERS = 500;

/** What one commit stores. */
export interface Piece {
  readonly devices: ReadonlyMap<string, readonly GdoiEvent[]>;
  readonly groups: ReadonlyMap<string, readonly GdoiEvent[]>;
  /** By group. */
  readonly members: ReadonlyMap<string, ReadonlySet<string>>;
  readonly incidents: readonly Incident[];
  readonly removedDevices: readonly string[];
  readonly removedGroups: readonly string[];
}

/** Groups are named by `groupKey`. */
export class Unkept {
  readonly #devices = new Map<string, GdoiEvent[]>();
  readonly #groups = new Map<string, GdoiEvent[]>();
  readonly #members = new Map<string, Set<string>>();
  /** By id, as they are now. They go with their group's state. */
  readonly #incidents = new Map<string, Incident>();
  readonly #removedDevices = new Set<string>();
  readonly #removedGroups = new Set<string>();
  #waitingEvents = 0;
  #dropped = 0;

  /** Events for which there was no room. */
  get dropped(): number {
    return this.#dropped;
  }

  get waitingEvents(): number {
    return this.#waitingEvents;
  }

  get empty(): boolean {
    const waiting = [this.#devices, this.#groups, this.#members, this.#removedDevices, this.#removedGroups];
    return waiting.every(({ size }) => size === 0);
  }

  device(name: string, events: readonly GdoiEvent[] = []): void {
    this.#removedDevices.delete(name);
    this.#wait(this.#devices, name, events);
  }

  group(name: string, events: readonly GdoiEvent[] = [], incidents: readonly Incident[] = []): void {
    this.#wait(this.#groups, name, events);
    for (const incident of incidents) this.#incidents.set(incident.id, incident);
  }

  member(group: string, device: string): void {
    const members = this.#members.get(group) ?? new Set();
    this.#members.set(group, members.add(device));
  }

  deviceGone(name: string): void {
    this.#removedDevices.add(name);
  }

  /** The states of its members go too. A new group of that name is stored after the old one has gone. */
  groupGone(name: string): void {
    this.#removedGroups.add(name);
  }

  #wait(waiting: Map<string, GdoiEvent[]>, name: string, events: readonly GdoiEvent[]): void {
    const known = waiting.get(name) ?? [];
    waiting.set(name, known);
    for (const event of events) {
      if (this.#waitingEvents >= MAX_WAITING_EVENTS) {
        this.#dropped += 1;
        continue;
      }
      known.push(event);
      this.#waitingEvents += 1;
    }
  }

  /** Takes out some of what waits, the oldest first. */
  take(): Piece {
    const devices = firstOf(this.#devices, PIECE_DEVICES);
    const groups = firstOf(this.#groups, PIECE_GROUPS);
    const members = new Map<string, ReadonlySet<string>>();
    let count = 0;
    const add = (group: string) => {
      const changed = this.#members.get(group);
      if (changed === undefined) return;
      members.set(group, changed);
      this.#members.delete(group);
      count += changed.size;
    };
    for (const group of groups.keys()) add(group);
    for (const group of this.#members.keys()) if (count < PIECE_MEMBERS) add(group);
    const incidents = [...this.#incidents.values()].filter(({ cell, group }) => groups.has(groupKey(cell, group)));
    for (const { id } of incidents) this.#incidents.delete(id);
    const removedDevices = [...this.#removedDevices];
    const removedGroups = [...this.#removedGroups];
    this.#removedDevices.clear();
    this.#removedGroups.clear();
    return { devices, groups, members, incidents, removedDevices, removedGroups };
  }

  /** The store has the piece. */
  kept(piece: Piece): void {
    this.#waitingEvents -= eventsUnkept(piece).length;
  }

  /** Drops everything that waits for these: it is another agent's to find. */
  abandon(ofDevice: (name: string) => boolean, ofGroup: (key: string) => boolean): void {
    this.#waitingEvents -= forget(this.#devices, ofDevice) + forget(this.#groups, ofGroup);
    for (const group of this.#members.keys()) if (ofGroup(group)) this.#members.delete(group);
    for (const { id, cell, group } of this.#incidents.values()) {
      if (ofGroup(groupKey(cell, group))) this.#incidents.delete(id);
    }
    for (const device of this.#removedDevices) if (ofDevice(device)) this.#removedDevices.delete(device);
    for (const group of this.#removedGroups) if (ofGroup(group)) this.#removedGroups.delete(group);
  }

  refused(piece: Piece): void {
    putBack(this.#devices, piece.devices);
    putBack(this.#groups, piece.groups);
    for (const [group, devices] of piece.members) for (const device of devices) this.member(group, device);
    // What came since is newer.
    for (const incident of piece.incidents) {
      if (!this.#incidents.has(incident.id)) this.#incidents.set(incident.id, incident);
    }
    for (const device of piece.removedDevices) if (!this.#devices.has(device)) this.#removedDevices.add(device);
    for (const group of piece.removedGroups) this.#removedGroups.add(group);
  }
}

/** Drops it as if it had never waited. Returns the number of events. */
function forget(waiting: Map<string, readonly GdoiEvent[]>, gone: (name: string) => boolean): number {
  let events = 0;
  for (const [name, known] of waiting) {
    if (!gone(name)) continue;
    waiting.delete(name);
    events += known.length;
  }
  return events;
}

export function eventsUnkept({ devices, groups }: Piece): readonly GdoiEvent[] {
  return [...devices.values(), ...groups.values()].flat();
}

/** Takes them out of `waiting`. */
function firstOf(waiting: Map<string, GdoiEvent[]>, count: number): ReadonlyMap<string, readonly GdoiEvent[]> {
  const first = new Map<string, readonly GdoiEvent[]>();
  for (const [name, events] of waiting) {
    if (first.size === count) break;
    first.set(name, events);
    waiting.delete(name);
  }
  return first;
}

function putBack(waiting: Map<string, GdoiEvent[]>, refused: ReadonlyMap<string, readonly GdoiEvent[]>): void {
  for (const [name, events] of refused) waiting.set(name, [...events, ...(waiting.get(name) ?? [])]);
}
