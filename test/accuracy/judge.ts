/** Compares what was reported with what really happened: registrations matched by device, group and interval. */
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import type { EpochMs } from '../../src/gdoi/seen/instant.ts';
import { invisible, isRestart, type TrueRegistration, undecidable } from './undecidable.ts';
import type { Watched } from './watch-fleet.ts';

/**
 * - `right`: the reported cause is the timer or act that started it.
 * - `also_true`: it is another cause that is true as well.
 * - `unknown`, `wrong`, `missed`.
 */
type Verdict = 'right' | 'also_true' | 'unknown' | 'wrong' | 'missed';

export interface JudgedRegistration {
  readonly truth: TrueRegistration;
  readonly event: GdoiEvent | null;
  readonly verdict: Verdict;
  /** Why no answer shows it; set for missed registrations only. */
  readonly invisible: string | null;
  /** Why no observer could name its cause. */
  readonly undecidable: string | null;
}

export interface Judgement {
  readonly registrations: readonly JudgedRegistration[];
  /** Reported, though nothing like it happened. */
  readonly invented: readonly GdoiEvent[];
}

/** Precision of the instants of registrations; a clock step that is not yet detected adds more. */
const MATCH_MS = 3_000;
const WRONG_CLOCK_MS = 65_000;

export function judge(watched: Watched): Judgement {
  const told = toldByPlace(watched);
  const real = realRegistrations(watched).map((truth) => ({ truth, unseen: invisible(truth, watched) }));
  const events = new Map<TrueRegistration, GdoiEvent>();
  const match = (truth: TrueRegistration, toleranceMs: number, isMeant: (event: GdoiEvent) => boolean) => {
    if (events.has(truth)) return;
    const candidates = told.get(`${truth.device} ${truth.group}`) ?? [];
    const event = takeMatching(candidates, watched.clock(truth.atMs), { toleranceMs, isMeant });
    if (event !== null) events.set(truth, event);
  };
  // Registrations that the answers show are matched first: one that they do not show may lie in the same interval. Of
  // several that they do not show, an event belongs to the one whose cause it reports.
  const unseen = real.flatMap((each) => (each.unseen === null ? [] : [each.truth]));
  // An event at the instant of a registration belongs to no other, however far a wrong clock could have moved it.
  for (const toleranceMs of watched.watch.clockErrors ? [MATCH_MS, WRONG_CLOCK_MS] : [MATCH_MS]) {
    for (const each of real) if (each.unseen === null) match(each.truth, toleranceMs, () => true);
    for (const truth of unseen) match(truth, toleranceMs, ({ cause }) => cause === truth.cause);
    for (const truth of unseen) match(truth, toleranceMs, () => true);
  }
  for (const { truth } of real) if (!events.has(truth)) leaveTo(truth, { events, told, watched });
  const registrations = real.map((each): JudgedRegistration => {
    const event = events.get(each.truth) ?? null;
    return {
      truth: each.truth,
      event,
      verdict: event === null ? 'missed' : verdictOf(each.truth, event),
      invisible: event === null ? each.unseen : null,
      undecidable: undecidable(each.truth, watched),
    };
  });
  return { registrations, invented: [...told.values()].flat() };
}

/** If the event of another registration fits this one, and a left-over event fits the other, swaps them. */
function leaveTo(
  truth: TrueRegistration,
  {
    events,
    told,
    watched,
  }: {
    readonly events: Map<TrueRegistration, GdoiEvent>;
    readonly told: ReadonlyMap<string, GdoiEvent[]>;
    readonly watched: Watched;
  },
): void {
  const left = told.get(`${truth.device} ${truth.group}`) ?? [];
  for (const [other, event] of left.length === 0 ? [] : events) {
    const isOfPlace = other.device === truth.device && other.group === truth.group;
    if (!isOfPlace || !fits(event, watched.clock(truth.atMs), MATCH_MS)) continue;
    const itsOwn = takeMatching(left, watched.clock(other.atMs), { toleranceMs: MATCH_MS, isMeant: () => true });
    if (itsOwn === null) continue;
    events.set(other, itsOwn);
    events.set(truth, event);
    return;
  }
}

/** Re-registrations that happened while the device was watched, in order. */
function realRegistrations(watched: Watched): readonly TrueRegistration[] {
  return watched.truth
    .filter((event): event is TrueRegistration => {
      if (event.kind !== 'registration' || event.cause === 'initial') return false;
      const answers = watched.answers.get(event.device) ?? [];
      const firstMs = answers[0] ?? Infinity;
      return (
        event.atMs > firstMs && event.atMs < (answers.at(-1) ?? -Infinity) && !isFirstKnown(event, watched, firstMs)
      );
    })
    .toSorted((a, b) => a.atMs - b.atMs);
}

/** The device was down or unregistered since before it was first seen: nobody can know of an earlier registration. */
function isFirstKnown(event: TrueRegistration, { truth }: Watched, firstAnswerMs: EpochMs): boolean {
  const ofDevice = truth.filter((other) => 'device' in other && other.device === event.device);
  const down = ofDevice.findLast((other) => other.kind === 'reload' && other.atMs < event.startedAtMs);
  if (isRestart(event.cause) && down !== undefined && down.atMs < firstAnswerMs) return true;
  const registeredBefore = ofDevice.findLast(
    (other) => other.kind === 'registration' && other.group === event.group && other.atMs < event.atMs,
  );
  return event.startedAtMs < firstAnswerMs && (registeredBefore === undefined || isRestart(event.cause));
}

function toldByPlace(watched: Watched): Map<string, GdoiEvent[]> {
  const told = new Map<string, GdoiEvent[]>();
  for (const { event } of watched.emitted) {
    if (event.type !== 'reregistration' || event.cause === 'initial') continue;
    const key = `${event.device} ${event.group}`;
    told.set(key, [...(told.get(key) ?? []), event]);
  }
  for (const [key, events] of told) {
    told.set(
      key,
      events.toSorted((a, b) => a.betweenMs[1] - b.betweenMs[1] || a.atMs - b.atMs),
    );
  }
  return told;
}

function takeMatching(
  candidates: GdoiEvent[],
  atMs: EpochMs,
  { toleranceMs, isMeant }: { readonly toleranceMs: number; readonly isMeant: (event: GdoiEvent) => boolean },
): GdoiEvent | null {
  const index = candidates.findIndex((event) => fits(event, atMs, toleranceMs) && isMeant(event));
  const [match] = index < 0 ? [] : candidates.splice(index, 1);
  return match ?? null;
}

function fits({ betweenMs: [fromMs, toMs] }: GdoiEvent, atMs: EpochMs, toleranceMs: number): boolean {
  return atMs >= fromMs - toleranceMs && atMs <= toMs + toleranceMs;
}

function verdictOf(truth: TrueRegistration, { cause }: GdoiEvent): Verdict {
  if (cause === truth.cause) return 'right';
  if (truth.alsoTrue.some((other) => other === cause)) return 'also_true';
  return cause === 'unknown' ? 'unknown' : 'wrong';
}

/** How well overdue KEK rekeys were announced. */
export interface Warnings {
  /** Re-registrations in the KEK window; `warned`: those announced before they began. */
  readonly warnable: number;
  readonly warned: number;
  readonly warnings: number;
  /** Warnings that no re-registration of any cause followed within the lifetime of the KEK. */
  readonly falseWarnings: number;
  readonly timeLeftSeconds: readonly number[];
}

interface Warning {
  readonly device: string | null;
  readonly group: string | null;
  readonly toldMs: EpochMs;
}

/** The longest time from a warning to the end of what it announces. */
const WARNING_HOLDS_MS = 400_000;
const WARNED_AT_MOST_MS = 300_000;

export function warningsOf(watched: Watched): Warnings {
  const real = realRegistrations(watched);
  const warnings = watched.emitted
    .filter(({ event }) => event.type === 'kek_rekey_overdue')
    .map(({ event, emittedAtMs }): Warning => ({ device: event.device, group: event.group, toldMs: emittedAtMs }));
  const inKekWindow = real.filter(
    (event) =>
      event.startedAtMs < watched.endMs &&
      (event.cause === 'kek_missed_rekey' || (event.cause === 'legacy_ks' && event.sameKek)),
  );
  const used = new Set<Warning>();
  const timeLeftSeconds: number[] = [];
  for (const event of inKekWindow) {
    const warning = warnings.find(
      ({ device, group, toldMs }) =>
        device === event.device &&
        group === event.group &&
        toldMs <= event.startedAtMs &&
        toldMs > event.startedAtMs - WARNED_AT_MOST_MS,
    );
    if (warning === undefined) continue;
    used.add(warning);
    timeLeftSeconds.push((event.startedAtMs - warning.toldMs) / 1000);
  }
  return {
    warnable: inKekWindow.length,
    warned: timeLeftSeconds.length,
    warnings: warnings.length,
    falseWarnings: warnings.filter((warning) => !used.has(warning) && !followed(warning, real)).length,
    timeLeftSeconds,
  };
}

function followed({ device, group, toldMs }: Warning, real: readonly TrueRegistration[]): boolean {
  return real.some(
    (event) =>
      event.device === device &&
      event.group === group &&
      event.startedAtMs >= toldMs - MATCH_MS * 20 &&
      event.startedAtMs <= toldMs + WARNING_HOLDS_MS,
  );
}
