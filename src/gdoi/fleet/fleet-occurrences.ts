/**
 * One event per occurrence: that of a condition is emitted once it held long enough, not again while it lasts, and again
 * only after it was clear for a while. What cannot be judged at the moment changes nothing.
 */
import { eventId } from '../events/event-id.ts';
import type { GroupName } from '../incidents/incident.ts';
import { cellParts, inCell } from '../seen/cell.ts';
import { type EventType, type GdoiEvent, MAX_EVIDENCE } from '../events/event.ts';
import type { EpochMs } from '../seen/instant.ts';
import { type Named, named } from '../seen/named.ts';

export interface Condition {
  readonly type: EventType;
  /** Names what it is about among conditions of its type: a device, a peer, or '' for the group. */
  readonly subject: string;
  /** null: cannot be judged now. */
  readonly holds: boolean | null;
  /** Instant of the reading the verdict stands on: a hold is only over when there is a later one. */
  readonly readMs: EpochMs;
  readonly holdMs: number;
  /** What the event says; called only when it is emitted. `firstReadMs`: the reading that showed it first. */
  readonly event: (firstReadMs: EpochMs) => ConditionEvent;
}

interface ConditionEvent extends Pick<GdoiEvent, 'severity' | 'summary' | 'evidence' | 'action' | 'device'> {
  /** Parts of the id that name this occurrence: an SPI, an expiry, a role. */
  readonly occurrence: readonly (string | number)[];
  /** Start of what is certain; null: unknown, then the reading before the condition was first seen. */
  readonly fromMs: EpochMs | null;
  /** When it began, by what was read since; absent: when the answer that first showed it was whole. */
  readonly beganMs?: EpochMs;
}

interface Occurrence {
  readonly sinceMs: EpochMs;
  readonly firstReadMs: EpochMs;
  /** Its event was emitted. States keep the name. */
  readonly told: boolean;
  readonly clearSinceMs: EpochMs | null;
}

/** By type and subject. */
export type Occurrences = Named<Occurrence>;

/** An occurrence is over when it was clear for this long. */
const REARM_MS = 60_000;

/**
 * Occurrences and events after judging all conditions of the group at `nowMs`. A condition that is not in the list any
 * more (its device is gone) is forgotten.
 */
export function judge(
  group: GroupName,
  before: Occurrences,
  conditions: readonly Condition[],
  nowMs: EpochMs,
): { readonly occurrences: Occurrences; readonly events: readonly GdoiEvent[] } {
  const next: [string, Occurrence][] = [];
  const events: GdoiEvent[] = [];
  for (const condition of conditions) {
    const key = `${condition.type} ${condition.subject}`;
    const known = before.get(key) ?? null;
    const occurrence = after(known, condition, nowMs);
    if (occurrence === null) continue;
    if (occurrence.told && !occurrence.wasEmitted) events.push(eventOf(group, condition, occurrence));
    const { sinceMs, firstReadMs, told, clearSinceMs } = occurrence;
    next.push([key, { sinceMs, firstReadMs, told, clearSinceMs }]);
  }
  return { occurrences: named(next), events };
}

/** An occurrence, and whether its event was emitted before this judgement. */
type Judged = Occurrence & { readonly wasEmitted: boolean };

function after(before: Occurrence | null, condition: Condition, nowMs: EpochMs): Judged | null {
  const known = before === null ? null : notLaterThan(before, nowMs);
  const ended = known !== null && known.clearSinceMs !== null && nowMs - known.clearSinceMs >= REARM_MS;
  const open = ended ? null : known;
  switch (condition.holds) {
    case null:
      return open && { ...open, wasEmitted: open.told };
    case false:
      // What is clear again before it had its event was a rekey in progress, or another transient.
      if (open === null || !open.told) return null;
      return { ...open, clearSinceMs: open.clearSinceMs ?? nowMs, wasEmitted: true };
    case true: {
      const since = open ?? { sinceMs: nowMs, firstReadMs: condition.readMs, told: false, clearSinceMs: null };
      const held =
        condition.holdMs === 0 || (nowMs - since.sinceMs >= condition.holdMs && condition.readMs > since.firstReadMs);
      return { ...since, told: since.told || held, clearSinceMs: null, wasEmitted: since.told };
    }
    default:
      return condition.holds satisfies never;
  }
}

/** A wall clock that was set back must neither end an occurrence nor hold one up. */
function notLaterThan(occurrence: Occurrence, nowMs: EpochMs): Occurrence {
  const { sinceMs, firstReadMs, clearSinceMs } = occurrence;
  return {
    ...occurrence,
    sinceMs: Math.min(sinceMs, nowMs),
    firstReadMs: Math.min(firstReadMs, nowMs),
    clearSinceMs: clearSinceMs === null ? null : Math.min(clearSinceMs, nowMs),
  };
}

function eventOf({ group, cell }: GroupName, condition: Condition, occurrence: Occurrence): GdoiEvent {
  const { occurrence: parts, fromMs, beganMs, evidence, ...said } = condition.event(occurrence.firstReadMs);
  const readMs = occurrence.firstReadMs;
  return {
    ...said,
    id: eventId(said.device ?? '', group, condition.type, ...parts, ...(said.device === null ? cellParts(cell) : [])),
    atMs: Math.min(beganMs ?? readMs, readMs),
    betweenMs: [Math.min(fromMs ?? readMs, readMs), readMs],
    type: condition.type,
    ...inCell(cell),
    group,
    cause: null,
    unexpected: null,
    evidence: evidence.slice(0, MAX_EVIDENCE),
  };
}
