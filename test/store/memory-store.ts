/**
 * A store that forgets everything when the process ends: the plain definition of what the stores have to do. Holds a
 * bounded number of events; the earliest go first.
 */
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import type { Incident } from '../../src/gdoi/incidents/incident.ts';
import { DEFAULT_CELL } from '../../src/gdoi/seen/cell.ts';
import type { EpochMs } from '../../src/gdoi/seen/instant.ts';
import { EventCounts } from '../../src/store/event-counts.ts';
import { decodeCursor, encodeCursor, type EventPosition } from '../../src/store/event-cursor.ts';
import type { EventFilter, EventPage, EventQuery } from '../../src/gdoi/events/event-query.ts';
import type { IncidentPage, IncidentQuery } from '../../src/gdoi/incidents/incident-query.ts';
import {
  type Batch,
  DEFAULT_RETENTION_MS,
  type EventCount,
  type EventStore,
  type MemberState,
  type StoredStates,
} from '../../src/store/event-store.ts';
import { incidentPage } from '../../src/store/incident-page.ts';
import type { Note, NoteKind, Notes } from '../../src/store/notes.ts';
import { stateOfText, stateText } from '../../src/store/state-text.ts';

export interface MemoryStoreOptions {
  readonly retentionMs?: number;
  readonly maxEvents?: number;
}

export function createMemoryStore(options: MemoryStoreOptions = {}): EventStore {
  return new MemoryStore(options);
}

class MemoryStore implements EventStore {
  readonly damaged = 0;
  readonly notes: Notes = new MemoryNotes();
  readonly #retentionMs: number;
  readonly #maxEvents: number;
  readonly #events = new Map<string, GdoiEvent>();
  readonly #incidents = new Map<string, Incident>();
  readonly #counts = new EventCounts();
  /** As JSON text, so that a caller's later change of a state is not stored by accident. */
  readonly #devices = new Map<string, string>();
  readonly #fleets = new Map<string, string>();
  /** Group -> device -> state. */
  readonly #members = new Map<string, Map<string, string>>();

  constructor({ retentionMs = DEFAULT_RETENTION_MS, maxEvents = 100_000 }: MemoryStoreOptions) {
    this.#retentionMs = retentionMs;
    this.#maxEvents = maxEvents;
  }

  async incidents(query: IncidentQuery): Promise<IncidentPage> {
    const after = query.cursor === undefined ? null : decodeCursor(query.cursor);
    const found = [...this.#incidents.values()]
      .filter((incident) => incidentPasses(incident, query) && (after === null || isAfter(incident, after)))
      .toSorted(byBeginning);
    return incidentPage(found, query.limit);
  }

  async incident(id: string): Promise<Incident | null> {
    return this.#incidents.get(id) ?? null;
  }

  async commit(batch: Batch): Promise<readonly GdoiEvent[]> {
    for (const incident of batch.incidents ?? []) this.#keep(incident);
    const deviceStates = Array.from(batch.deviceStates, ([name, state]) => [name, stateText(state)] as const);
    const fleetStates = Array.from(batch.fleetStates, ([name, state]) => [name, stateText(state)] as const);
    const memberStates = (batch.memberStates ?? []).map((member) => ({ ...member, text: stateText(member.state) }));
    for (const name of batch.removedDevices ?? []) this.#devices.delete(name);
    for (const name of batch.removedFleets ?? []) {
      this.#fleets.delete(name);
      this.#members.delete(name);
    }
    for (const { group, device } of batch.removedMembers ?? []) this.#members.get(group)?.delete(device);
    for (const [name, text] of deviceStates) this.#devices.set(name, text);
    for (const [name, text] of fleetStates) this.#fleets.set(name, text);
    for (const { group, device, text } of memberStates) {
      const members = this.#members.get(group) ?? new Map<string, string>();
      this.#members.set(group, members.set(device, text));
    }
    return batch.events.filter((event) => this.#addIfNew(event));
  }

  #keep(incident: Incident): void {
    this.#incidents.set(incident.id, incident);
    const [earliest] = this.#incidents.keys();
    if (this.#incidents.size > this.#maxEvents && earliest !== undefined) this.#incidents.delete(earliest);
  }

  #addIfNew(event: GdoiEvent): boolean {
    if (this.#events.has(event.id)) return false;
    this.#events.set(event.id, event);
    const [earliest] = this.#events.keys();
    if (this.#events.size > this.#maxEvents && earliest !== undefined) this.#events.delete(earliest);
    this.#counts.add(event);
    return true;
  }

  async loadStates(): Promise<StoredStates> {
    const values = (texts: ReadonlyMap<string, string>) =>
      new Map(
        Array.from(texts).flatMap(([name, text]): [string, unknown][] => {
          const stored = stateOfText(text);
          return stored.kind === 'whole' ? [[name, stored.state]] : [];
        }),
      );
    const members = Array.from(this.#members).flatMap(([group, texts]) =>
      Array.from(values(texts), ([device, state]): MemberState => ({ group, device, state })),
    );
    return { devices: values(this.#devices), fleets: values(this.#fleets), members };
  }

  async query(query: EventQuery): Promise<EventPage> {
    const direction = query.order === 'oldest_first' ? 1 : -1;
    const after = query.cursor === undefined ? null : decodeCursor(query.cursor);
    const found = [...this.#events.values()]
      .filter((event) => passes(event, query))
      .filter((event) => after === null || direction * comparePositions(event, after) > 0)
      .toSorted((a, b) => direction * comparePositions(a, b));
    const events = found.slice(0, query.limit);
    const last = events.at(-1);
    return { events, nextCursor: found.length > events.length && last !== undefined ? encodeCursor(last) : null };
  }

  async counts(): Promise<readonly EventCount[]> {
    return this.#counts.all();
  }

  async prune(nowMs: EpochMs): Promise<number> {
    const old = [...this.#events.values()].filter((event) => event.atMs < nowMs - this.#retentionMs);
    for (const event of old) this.#events.delete(event.id);
    for (const { id, endedAtMs } of this.#incidents.values()) {
      if (endedAtMs !== null && endedAtMs < nowMs - this.#retentionMs) this.#incidents.delete(id);
    }
    return old.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function passes(event: GdoiEvent, filter: EventFilter): boolean {
  return (
    (filter.sinceMs === undefined || event.atMs >= filter.sinceMs) &&
    (filter.untilMs === undefined || event.atMs < filter.untilMs) &&
    (filter.cell === undefined || (event.cell ?? DEFAULT_CELL) === filter.cell) &&
    (filter.device === undefined || event.device === filter.device) &&
    (filter.group === undefined || event.group === filter.group) &&
    (filter.type === undefined || event.type === filter.type) &&
    (filter.cause === undefined || event.cause === filter.cause) &&
    (filter.unexpected === undefined || event.unexpected === filter.unexpected)
  );
}

/** They have no age: nobody reads them after a restart. */
class MemoryNotes implements Notes {
  readonly #texts = new Map<NoteKind, Map<string, string>>();

  #of(kind: NoteKind): Map<string, string> {
    const known = this.#texts.get(kind) ?? new Map<string, string>();
    this.#texts.set(kind, known);
    return known;
  }

  async all(kind: NoteKind): Promise<readonly Note[]> {
    const notes = Array.from(this.#of(kind), ([name, text]) => ({ name, text, ageMs: 0 }));
    return notes.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  async get(kind: NoteKind, name: string): Promise<string | null> {
    return this.#of(kind).get(name) ?? null;
  }

  async put(kind: NoteKind, name: string, text: string): Promise<void> {
    this.#of(kind).set(name, text);
  }

  async putFirst(kind: NoteKind, name: string, text: string): Promise<string> {
    const known = this.#of(kind).get(name) ?? text;
    this.#of(kind).set(name, known);
    return known;
  }

  async remove(kind: NoteKind, name: string): Promise<boolean> {
    return this.#of(kind).delete(name);
  }
}

function incidentPasses(incident: Incident, { sinceMs, untilMs, cell, group, device, cause }: IncidentQuery): boolean {
  return (
    (sinceMs === undefined || incident.endedAtMs === null || incident.endedAtMs >= sinceMs) &&
    (untilMs === undefined || incident.beganAtMs < untilMs) &&
    (cell === undefined || (incident.cell ?? DEFAULT_CELL) === cell) &&
    (group === undefined || incident.group === group) &&
    (device === undefined || incident.devices.includes(device)) &&
    (cause === undefined || incident.cause === cause)
  );
}

/** The latest beginning first, then by id. */
function byBeginning(a: Incident, b: Incident): number {
  return b.beganAtMs - a.beganAtMs || comparePositions({ atMs: 0, id: a.id }, { atMs: 0, id: b.id });
}

/** Whether it comes after the last one of the previous page. */
function isAfter(incident: Incident, last: EventPosition): boolean {
  const sameOrEarlier = incident.beganAtMs - last.atMs || comparePositions(last, { atMs: last.atMs, id: incident.id });
  return sameOrEarlier < 0;
}

/** By time, then by the UTF-8 bytes of the id, as SQLite and PostgreSQL (collation "C") sort it. */
function comparePositions(a: EventPosition, b: EventPosition): number {
  return a.atMs - b.atMs || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id));
}
