/**
 * What the agent asks of its memory: events that were found, and the state to continue from after a restart.
 *
 * One batch is one transaction, so states and events never contradict each other: after a crash the agent continues
 * from a state whose events are all stored, and finds the missing ones again with the same ids. A store decides which
 * events are new, and nothing else; states are the tracker's own JSON, which it does not read.
 */
import type { GdoiEvent } from '../gdoi/events/event.ts';
import type { EventPage, EventQuery } from '../gdoi/events/event-query.ts';
import type { Incident } from '../gdoi/incidents/incident.ts';
import type { IncidentPage, IncidentQuery } from '../gdoi/incidents/incident-query.ts';
import type { EpochMs } from '../gdoi/seen/instant.ts';
import type { Notes } from './notes.ts';

/** Most events in a page. */
export const MAX_PAGE_EVENTS = 1000;
/** How long an event is kept unless the caller says otherwise. */
export const DEFAULT_RETENTION_MS = 90 * 24 * 60 * 60 * 1000;

/** How many events of this kind were ever new to the store, including pruned ones: a counter that survives restarts. */
export interface EventCount extends Pick<GdoiEvent, 'type' | 'cell' | 'device' | 'group' | 'cause' | 'unexpected'> {
  readonly count: number;
}

/** What `gdoiwatch events` and `incidents` read from a store that may belong to a running agent. */
export interface EventHistory extends AsyncDisposable {
  incidents(query: IncidentQuery): Promise<IncidentPage>;
  /** Null: it was never stored, or has been pruned. */
  incident(id: string): Promise<Incident | null>;
  /** One page, stable while events are added: none of its events appears on a later page. */
  query(query: EventQuery): Promise<EventPage>;
  /** One row for each combination that occurred in these cells; null: in all. */
  counts(cells?: readonly string[] | null): Promise<readonly EventCount[]>;
}

export interface Batch {
  /** The cells of the devices that `deviceStates` and `removedDevices` name; absent: all are in the default cell. */
  readonly cellOf?: (device: string) => string;
  readonly events: readonly GdoiEvent[];
  /** They replace what was stored under their ids. */
  readonly incidents?: readonly Incident[];
  /** JSON values by device name; they replace what was stored. */
  readonly deviceStates: ReadonlyMap<string, unknown>;
  /** JSON values by cell and group (`groupKey`): the state of the group as a whole, without its members. */
  readonly fleetStates: ReadonlyMap<string, unknown>;
  /** The states of single devices in single groups. They replace what was stored for the same two. */
  readonly memberStates?: readonly MemberState[];
  /** Their states are deleted (before those of this batch are stored); their events stay. */
  readonly removedDevices?: readonly string[];
  /** Groups with all of their members. */
  readonly removedFleets?: readonly string[];
  readonly removedMembers?: readonly MemberKey[];
}

/** A device in a group. */
export interface MemberKey {
  /** By cell and group (`groupKey`). */
  readonly group: string;
  readonly device: string;
}

export interface MemberState extends MemberKey {
  /** A JSON value. */
  readonly state: unknown;
}

export interface StoredStates {
  readonly devices: ReadonlyMap<string, unknown>;
  readonly fleets: ReadonlyMap<string, unknown>;
  /** Each once, in any order. Their group may have no state of its own. */
  readonly members: readonly MemberState[];
}

/** A store that is only read, by a command beside a running agent. */
export interface StoredMemory extends EventHistory {
  /**
   * What a restarted agent continues from, or one that takes over these cells; null: all cells. A state that does not
   * parse is left out, with a warning.
   */
  loadStates(cells?: readonly string[] | null): Promise<StoredStates>;
}

export interface EventStore extends StoredMemory {
  /** Rows and logs found damaged since it was opened. Their contents are left out; the log names them. */
  readonly damaged: number;
  readonly notes: Notes;
  /**
   * Stores the whole batch or, with a `StoreError`, nothing of it. Returns the events whose id was new, in the batch's
   * order: only these may be published, and only now.
   */
  commit(batch: Batch): Promise<readonly GdoiEvent[]>;
  /**
   * Deletes events, and incidents that ended, older than the retention, counted from `nowMs`, a bounded number at a
   * time. Returns how many.
   */
  prune(nowMs: EpochMs): Promise<number>;
}
