/**
 * Registrations as events, and how many there were: the third unexpected one within an hour is critical, and so is each
 * that follows.
 */
import type { Cause, GdoiEvent } from '../events/event.ts';
import { aroundSeconds, isToTheSecond } from '../events/instant-text.ts';
import { reasonStated } from '../log/ks-marks.ts';
import { reregistrationEvent, UNEXPECTED } from '../events/gdoi-events.ts';
import type { GmPlace } from '../memory/gm-answer.ts';
import type { Interval } from '../seen/interval.ts';
import type { GroupTracked } from '../memory/tracked.ts';
import {
  type Draft,
  type GroupState,
  type LastReregistration,
  lastUnexpectedOf,
  type Tally,
} from '../memory/tracker-state.ts';

const REPEATED_WITHIN_MS = 3_600_000;
const REPEATED_FROM = 3;
/** Enough to count up to the eighth within an hour. */
const MAX_RECENT = 8;

export interface Decided {
  readonly drafts: readonly Draft[];
  /** For a draft that has none: that of the restart. */
  readonly causeOfFirst: Cause;
  /** What sets their ids apart from those of the counters. */
  readonly occurrence?: readonly (string | number)[];
}

export function emitRegistrations(place: GmPlace, state: GroupState, decided: Decided): GroupTracked {
  const { drafts, causeOfFirst, occurrence = [] } = decided;
  const events: GdoiEvent[] = [];
  let { tally, everRegistered } = state;
  for (const draft of drafts) {
    const cause = everRegistered ? (draft.cause ?? causeOfFirst) : 'initial';
    const repeated = cause !== 'initial' && UNEXPECTED[cause] ? repetition(tally, draft) : null;
    events.push(
      reregistrationEvent(place, {
        occurrence: [state.epoch.id, ...occurrence, draft.number],
        between: draft.between,
        atMs: draft.atMs,
        cause,
        evidence: draft.evidence,
        repeated,
        configuredAgain: draft.configuredAgain === true,
        stated: draft.stated === null ? null : reasonStated({ mnemonic: draft.stated, ks: draft.statedBy ?? null }),
      }),
    );
    tally = cause === 'initial' ? tally : counted(tally, { ...draft, repeated }, cause);
    everRegistered = true;
  }
  return { state: { ...state, tally, everRegistered }, events };
}

/** Between two polls, and without a log, nobody knows when it was. */
function wide({ fromMs, toMs }: Interval): Pick<LastReregistration, 'betweenMs'> {
  return isToTheSecond(fromMs, toMs) ? {} : { betweenMs: aroundSeconds(fromMs, toMs) };
}

function counted(
  tally: Tally,
  { atMs, between, stated, statedBy, repeated, configuredAgain }: Draft & { readonly repeated: number | null },
  cause: Cause,
): Tally {
  const unexpected = UNEXPECTED[cause];
  const before = unexpected ? null : lastUnexpectedOf(tally);
  return {
    expected: tally.expected + (unexpected ? 0 : 1),
    unexpected: tally.unexpected + (unexpected ? 1 : 0),
    last: {
      atMs: Math.round(atMs),
      cause,
      unexpected,
      ...wide(between),
      ...(stated === null ? {} : { stated, ...(statedBy === undefined ? {} : { statedBy }) }),
      ...(repeated === null ? {} : { repeated }),
      ...(configuredAgain === undefined ? {} : { configuredAgain }),
    },
    recent: unexpected ? [...tally.recent, Math.round(atMs)].slice(-MAX_RECENT) : tally.recent,
    ...(before === null ? {} : { lastUnexpected: before }),
  };
}

/**
 * Its place among those of the last hour, from the third on; null: it is the first or the second, or the agent was blind
 * for so long that nobody knows.
 */
function repetition({ recent }: Tally, { atMs, between }: Draft): number | null {
  if (between.toMs - between.fromMs > REPEATED_WITHIN_MS) return null;
  // Either way: an agent whose clock was set back remembers what is to come, for as long as it was set back by.
  const place = 1 + recent.filter((otherMs) => Math.abs(atMs - otherMs) < REPEATED_WITHIN_MS).length;
  return place < REPEATED_FROM ? null : place;
}
