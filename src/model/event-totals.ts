/** Events by what metrics tell of them, from the first ever: taken from the store at the start, then counted on. */
import { CAUSES, type Cause, EVENT_TYPES, type EventType, type GdoiEvent } from '../gdoi/events/event.ts';
import { UNEXPECTED } from '../gdoi/events/gdoi-events.ts';
import { DEFAULT_CELL, groupKey, groupOfKey, inCell } from '../gdoi/seen/cell.ts';

type GroupName = Pick<GroupTotal, 'group' | 'cell'>;
type Counted = Pick<GdoiEvent, 'type' | 'cell' | 'group' | 'cause' | 'unexpected'>;

export interface GroupTotal {
  /** Absent: there is only the default one. */
  readonly cell?: string;
  readonly group: string;
  readonly cause: Cause;
  readonly unexpected: boolean;
  readonly count: number;
}

/** A first registration is the baseline: an event for the timeline, and not counted. */
const NOT_COUNTED: Cause = 'initial';

/** The values of the label `unexpected` that a cause has series for. An order of a KS may be either. */
function unexpectedOf(cause: Cause): readonly boolean[] {
  if (cause === NOT_COUNTED) return [];
  return cause === 'ks_forced' ? [false, true] : [UNEXPECTED[cause]];
}

/** Vanished groups that still have series of their own; older ones share one. */
const MAX_VANISHED = 200;
/** No device shows a group of this name: IOS prints none with a blank. */
const VANISHED = 'vanished groups';

export class EventTotals {
  readonly #vanished = new Set<string>();
  /** By cell. */
  readonly #types = new Map<string, Map<EventType, number>>();
  /** By cell and group. */
  readonly #groups = new Map<string, Map<string, GroupTotal>>();
  readonly #cells = new Map<string, string>();

  add(event: Counted, count = 1): void {
    const { cause, cell = DEFAULT_CELL, group, type } = event;
    const types = this.#types.get(cell) ?? new Map<EventType, number>();
    this.#types.set(cell, types);
    types.set(type, (types.get(type) ?? 0) + count);
    if (event.type !== 'reregistration' || cause === null || cause === NOT_COUNTED || group === null) return;
    const unexpected = event.unexpected ?? true;
    const totals = this.#ofGroup(group, event.cell);
    const key = `${cause} ${unexpected}`;
    totals.set(key, { group, cause, unexpected, count: (totals.get(key)?.count ?? 0) + count });
  }

  /** A group that is known: every cause of it starts at 0, so that no first event is missed. */
  know({ group, cell }: GroupName): void {
    this.#vanished.delete(groupKey(cell, group));
    this.#ofGroup(group, cell);
  }

  /** Nobody is in the group any more. Its counts stay; a group that counted nothing is forgotten. */
  vanished({ group: name, cell }: GroupName): void {
    const group = groupKey(cell, name);
    const totals = this.#groups.get(group);
    if (totals === undefined || group === VANISHED) return;
    if ([...totals.values()].every(({ count }) => count === 0)) {
      this.#groups.delete(group);
      this.#cells.delete(group);
      return;
    }
    this.#vanished.add(group);
    if (this.#vanished.size <= MAX_VANISHED) return;
    const [oldest = group] = this.#vanished;
    this.#fold(oldest);
  }

  /** The group's counts go on in those of all that vanished. */
  #fold(group: string): void {
    const totals = this.#groups.get(group);
    this.#vanished.delete(group);
    this.#groups.delete(group);
    this.#cells.delete(group);
    const folded = this.#ofGroup(VANISHED);
    for (const [key, { cause, unexpected, count }] of totals ?? []) {
      const known = folded.get(key)?.count ?? 0;
      folded.set(key, { group: VANISHED, cause, unexpected, count: known + count });
    }
  }

  /** Of all cells; every type starts at 0. */
  byType(): ReadonlyMap<EventType, number> {
    const all = new Map<EventType, number>(EVENT_TYPES.map((type) => [type, 0]));
    for (const types of this.#types.values()) {
      for (const [type, count] of types) all.set(type, (all.get(type) ?? 0) + count);
    }
    return all;
  }

  /** Another agent goes on counting for these cells. */
  forget(cells: ReadonlySet<string>): void {
    for (const cell of cells) this.#types.delete(cell);
    for (const key of this.#groups.keys()) {
      if (key === VANISHED || !cells.has(groupOfKey(key).cell)) continue;
      this.#groups.delete(key);
      this.#cells.delete(key);
      this.#vanished.delete(key);
    }
  }

  *byGroup(): Generator<GroupTotal> {
    for (const [key, totals] of this.#groups) {
      const cell = inCell(this.#cells.get(key));
      for (const total of totals.values()) yield { ...total, ...cell };
    }
  }

  #ofGroup(group: string, cell?: string): Map<string, GroupTotal> {
    const name = groupKey(cell, group);
    // The configuration may have begun to show cells.
    if (cell !== undefined) this.#cells.set(name, cell);
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const totals = new Map<string, GroupTotal>();
    for (const cause of CAUSES) {
      for (const unexpected of unexpectedOf(cause)) {
        totals.set(`${cause} ${unexpected}`, { group, cause, unexpected, count: 0 });
      }
    }
    this.#groups.set(name, totals);
    return totals;
  }
}
