/** What the tracker told beside what really happened: matched by device, group and interval. */
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import type { TruthEvent } from '../../src/simulator/world/ground-truth.ts';
import type { Watched } from './accuracy-run.ts';

export interface Comparison {
  readonly groupHours: number;
  readonly polls: number;
  /** Re-registrations that happened while the device was watched. */
  readonly real: number;
  readonly told: number;
  readonly matched: number;
  /** Not matched, and no counter could show it: see `isOverwritten`. */
  readonly overwritten: number;
  /** The cause told is the real one, or another one that is true of it as well. */
  readonly right: number;
  /** The cause told is that of the timer or act that really started it. */
  readonly strictlyRight: number;
  readonly unknown: number;
  /** Told with the KEK's cause where the TEK's window fits as well: which timer fired is not to be seen. */
  readonly eitherTimer: number;
  /** Unknown because more than one timer fits and none is certain. */
  readonly undecided: number;
  /** `real told` -> count. */
  readonly confusion: ReadonlyMap<string, number>;
  /** Re-registrations in the KEK window, and those announced by kek_rekey_overdue before they began. */
  readonly warnable: number;
  readonly warned: number;
  readonly warnings: number;
  /** Followed by no re-registration of any cause within its KEK's life. */
  readonly falseWarnings: number;
  readonly timeLeftSeconds: readonly number[];
  readonly largestStateBytes: number;
}

type Registration = Extract<TruthEvent, { kind: 'registration' }>;

/** An announcement, by the instant at which it was told, in true time. */
interface Warning {
  readonly device: string | null;
  readonly group: string | null;
  readonly toldMs: number;
}

export function nothingCompared(): Comparison {
  return {
    groupHours: 0,
    polls: 0,
    real: 0,
    told: 0,
    matched: 0,
    right: 0,
    strictlyRight: 0,
    unknown: 0,
    eitherTimer: 0,
    undecided: 0,
    overwritten: 0,
    confusion: new Map(),
    warnable: 0,
    warned: 0,
    warnings: 0,
    falseWarnings: 0,
    timeLeftSeconds: [],
    largestStateBytes: 0,
  };
}

export function merged(a: Comparison, b: Comparison): Comparison {
  const confusion = new Map(a.confusion);
  for (const [key, count] of b.confusion) confusion.set(key, (confusion.get(key) ?? 0) + count);
  const sum = (
    name:
      | 'groupHours'
      | 'polls'
      | 'real'
      | 'told'
      | 'matched'
      | 'right'
      | 'strictlyRight'
      | 'unknown'
      | 'overwritten'
      | 'eitherTimer'
      | 'undecided'
      | 'warnable'
      | 'warned'
      | 'warnings'
      | 'falseWarnings',
  ) => a[name] + b[name];
  return {
    groupHours: sum('groupHours'),
    polls: sum('polls'),
    real: sum('real'),
    told: sum('told'),
    matched: sum('matched'),
    right: sum('right'),
    strictlyRight: sum('strictlyRight'),
    unknown: sum('unknown'),
    overwritten: sum('overwritten'),
    eitherTimer: sum('eitherTimer'),
    undecided: sum('undecided'),
    warnable: sum('warnable'),
    warned: sum('warned'),
    warnings: sum('warnings'),
    falseWarnings: sum('falseWarnings'),
    confusion,
    timeLeftSeconds: [...a.timeLeftSeconds, ...b.timeLeftSeconds],
    largestStateBytes: Math.max(a.largestStateBytes, b.largestStateBytes),
  };
}

export function compare(watched: Watched, options: { clockToleranceMs: number; detail: boolean }): Comparison {
  const real = watched.truth.filter((event): event is Registration => {
    if (event.kind !== 'registration' || event.cause === 'initial') return false;
    const answers = watched.answers.get(event.device) ?? [];
    const firstMs = answers[0] ?? Infinity;
    return event.atMs > firstMs && event.atMs < (answers.at(-1) ?? -Infinity) && !isFirstKnown(event, watched, firstMs);
  });
  const told = watched.events.filter((event) => event.type === 'reregistration' && event.cause !== 'initial');
  const warnings = watched.events
    .filter((event) => event.type === 'kek_rekey_overdue')
    .map(({ id, device, group, atMs }): Warning => ({ device, group, toldMs: watched.toldAtMs.get(id) ?? atMs }));
  const confusion = new Map<string, number>();
  let matched = 0;
  let right = 0;
  let strictlyRight = 0;
  let unknown = 0;
  let eitherTimer = 0;
  let undecided = 0;
  let overwritten = 0;
  const note = (realCause: string, toldCause: string) => {
    const key = `${realCause} ${toldCause}`;
    confusion.set(key, (confusion.get(key) ?? 0) + 1);
  };
  const leftOver = new Map<string, GdoiEvent[]>();
  for (const event of told) {
    const key = `${event.device} ${event.group}`;
    leftOver.set(key, [...(leftOver.get(key) ?? []), event]);
  }
  for (const [key, events] of leftOver) {
    leftOver.set(
      key,
      events.toSorted((a, b) => a.betweenMs[1] - b.betweenMs[1] || a.atMs - b.atMs),
    );
  }
  for (const event of real.toSorted((a, b) => a.atMs - b.atMs)) {
    const candidates = leftOver.get(`${event.device} ${event.group}`) ?? [];
    const index = candidates.findIndex(
      ({ betweenMs: [from, to] }) =>
        event.atMs >= from - options.clockToleranceMs && event.atMs <= to + options.clockToleranceMs,
    );
    const match = candidates[index];
    if (match === undefined) {
      note(event.cause, '(missed)');
      if (isOverwritten(event, watched)) overwritten += 1;
      if (options.detail)
        console.log('MISSED', new Date(event.atMs).toISOString(), event.device, event.cause, event.alsoTrue.join());
      continue;
    }
    candidates.splice(index, 1);
    matched += 1;
    note(event.cause, match.cause ?? 'unknown');
    if (match.cause === event.cause) strictlyRight += 1;
    const isTrue = match.cause === event.cause || event.alsoTrue.some((cause) => cause === match.cause);
    if (isTrue) right += 1;
    if (options.detail && match.cause !== event.cause) {
      console.log(
        isTrue ? 'ALSO TRUE' : match.cause === 'unknown' ? 'NOT DECIDED' : 'WRONG',
        new Date(event.startedAtMs).toISOString(),
        new Date(event.atMs).toISOString(),
        event.device,
        event.group,
        event.cause,
        event.sameKek,
        event.attempts,
        '->',
        match.cause,
        match.betweenMs.map((at) => new Date(at).toISOString()).join(' '),
        match.evidence,
      );
    }
    if (match.cause === 'unknown') unknown += 1;
    if (match.evidence.some((line) => line.startsWith('more than one timer'))) undecided += 1;
    if (match.evidence.some((line) => line.endsWith('either timer may have fired first'))) eitherTimer += 1;
  }
  for (const events of leftOver.values()) {
    for (const event of events) {
      note('(nothing)', event.cause ?? 'unknown');
      if (options.detail)
        console.log(
          'INVENTED',
          event.device,
          event.cause,
          event.betweenMs.map((at) => new Date(at).toISOString()).join(' '),
          event.evidence,
        );
    }
  }

  const inKekWindow = real.filter(
    (event) =>
      event.startedAtMs < watched.endMs &&
      (event.cause === 'kek_missed_rekey' || (event.cause === 'legacy_ks' && event.sameKek)),
  );
  const timeLeftSeconds: number[] = [];
  const used = new Set<Warning>();
  for (const event of inKekWindow) {
    const warning = warnings.find(
      ({ device, group, toldMs }) =>
        device === event.device &&
        group === event.group &&
        toldMs <= event.startedAtMs &&
        toldMs > event.startedAtMs - 300_000,
    );
    if (warning === undefined) {
      if (options.detail) console.log('UNWARNED', new Date(event.startedAtMs).toISOString(), event.device, event.cause);
      continue;
    }
    used.add(warning);
    timeLeftSeconds.push((event.startedAtMs - warning.toldMs) / 1000);
  }
  return {
    groupHours: watched.groupHours,
    polls: watched.polls,
    real: real.length,
    told: told.length,
    matched,
    right,
    strictlyRight,
    unknown,
    overwritten,
    eitherTimer,
    undecided,
    confusion,
    warnable: inKekWindow.length,
    warned: timeLeftSeconds.length,
    warnings: warnings.length,
    falseWarnings: warnings.filter((warning) => !used.has(warning) && !followed(warning, real)).length,
    timeLeftSeconds,
    largestStateBytes: watched.largestStateBytes,
  };
}

/** The device was down or unregistered since before it was first seen: of an earlier registration nobody can know. */
function isFirstKnown(event: Registration, { truth }: Watched, firstAnswerMs: number): boolean {
  const down = truth.findLast(
    (other) => other.kind === 'reload' && other.device === event.device && other.atMs < event.startedAtMs,
  );
  return event.cause === 'reload' && down !== undefined && down.atMs < firstAnswerMs;
}

/**
 * The counters hold nothing of it: they restarted again before the next answer, or they restarted and came back to what
 * they were, since no rekey and no registration had come since the restart before.
 */
function isOverwritten(event: Registration, watched: Watched): boolean {
  const answersMs = watched.answers.get(event.device) ?? [];
  const toMs = answersMs.find((atMs) => atMs > event.atMs) ?? Infinity;
  const fromMs = answersMs.findLast((atMs) => atMs < event.atMs) ?? -Infinity;
  const registrations = watched.truth.filter(
    (other): other is Registration =>
      other.kind === 'registration' && other.device === event.device && other.group === event.group,
  );
  const restarts = registrations.filter(({ cause }) => isRestart(cause));
  const inInterval = restarts.filter(({ atMs }) => atMs > fromMs && atMs < toMs);
  if (inInterval.length > 1 || inInterval.some(({ startedAtMs }) => startedAtMs > event.atMs)) return true;
  const previous = registrations.findLast(({ atMs }) => atMs < event.atMs);
  const rekeyed = watched.truth.some(
    (other) =>
      other.kind === 'rekey' &&
      other.group === event.group &&
      other.atMs > (previous?.atMs ?? -Infinity) &&
      other.atMs < event.startedAtMs,
  );
  return isRestart(event.cause) && previous !== undefined && isRestart(previous.cause) && !rekeyed;
}

function isRestart(cause: Registration['cause']): boolean {
  return cause === 'operator_clear' || cause === 'reload' || cause === 'initial';
}

/** Longest time from a warning to the end of what it announces. */
const WARNING_HOLDS_MS = 400_000;

function followed({ device, group, toldMs }: Warning, real: readonly Registration[]): boolean {
  return real.some(
    (event) =>
      event.device === device &&
      event.group === group &&
      event.startedAtMs >= toldMs - 60_000 &&
      event.startedAtMs <= toldMs + WARNING_HOLDS_MS,
  );
}

export function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(2)}%`;
}
