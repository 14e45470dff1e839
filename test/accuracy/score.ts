/** Adds up judgements and audits. */
import type { Finding } from './audit/audit.ts';
import type { JudgedRegistration, Judgement, Warnings } from './judge.ts';
import type { Watched } from './watch-fleet.ts';

export interface Score {
  readonly groupHours: number;
  readonly polls: number;
  /** Re-registrations that happened while the device was watched. */
  readonly real: number;
  readonly told: number;
  readonly missed: number;
  /** Missed, but no answer shows it. */
  readonly invisible: number;
  /** Reported, though nothing like it happened. */
  readonly invented: number;
  /** The reported cause is the timer or act that started it; `alsoTrue`: another cause that is true as well. */
  readonly right: number;
  readonly alsoTrue: number;
  readonly wrong: number;
  readonly unknown: number;
  /** Unknown, but no observer could tell. */
  readonly undecidable: number;
  /** Wrong, though an observer could only have said `unknown`. */
  readonly wrongUndecidable: number;
  readonly falseStatements: number;
  readonly warnable: number;
  readonly warned: number;
  readonly warnings: number;
  readonly falseWarnings: number;
  readonly largestStateBytes: number;
}

export const NO_SCORE: Score = {
  groupHours: 0,
  polls: 0,
  real: 0,
  told: 0,
  missed: 0,
  invisible: 0,
  invented: 0,
  right: 0,
  alsoTrue: 0,
  wrong: 0,
  unknown: 0,
  undecidable: 0,
  wrongUndecidable: 0,
  falseStatements: 0,
  warnable: 0,
  warned: 0,
  warnings: 0,
  falseWarnings: 0,
  largestStateBytes: 0,
};

export interface Assessed {
  readonly watched: Watched;
  readonly judgement: Judgement;
  readonly warnings: Warnings;
  readonly findings: readonly Finding[];
}

export function scoreOf({ watched, judgement, warnings, findings }: Assessed): Score {
  const { groupHours, polls, largestStateBytes } = watched;
  const { warnable, warned, warnings: told, falseWarnings } = warnings;
  return {
    ...registrationsScore(judgement.registrations),
    told: judgement.registrations.filter(({ event }) => event !== null).length + judgement.invented.length,
    invented: judgement.invented.length,
    falseStatements: findings.length,
    groupHours,
    polls,
    largestStateBytes,
    warnable,
    warned,
    warnings: told,
    falseWarnings,
  };
}

function registrationsScore(registrations: readonly JudgedRegistration[]): Score {
  const count = (holds: (each: JudgedRegistration) => boolean) => registrations.filter(holds).length;
  return {
    ...NO_SCORE,
    real: registrations.length,
    missed: count(({ verdict }) => verdict === 'missed'),
    invisible: count(({ verdict, invisible }) => verdict === 'missed' && invisible !== null),
    right: count(({ verdict }) => verdict === 'right'),
    alsoTrue: count(({ verdict }) => verdict === 'also_true'),
    wrong: count(({ verdict }) => verdict === 'wrong'),
    unknown: count(({ verdict }) => verdict === 'unknown'),
    undecidable: count(({ verdict, undecidable }) => verdict === 'unknown' && undecidable !== null),
    wrongUndecidable: count(({ verdict, undecidable }) => verdict === 'wrong' && undecidable !== null),
  };
}

export function added(a: Score, b: Score): Score {
  const keys = Object.keys(NO_SCORE) as (keyof Score)[];
  return Object.fromEntries(
    keys.map((key) => [key, key === 'largestStateBytes' ? Math.max(a[key], b[key]) : a[key] + b[key]]),
  ) as unknown as Score;
}

/** Registrations that no observer could see are left out. */
export function recall({ real, missed, invisible }: Score): number {
  return share(real - missed, real - invisible);
}

export function precision({ told, invented }: Score): number {
  return share(told - invented, told);
}

export function wrongShare({ wrong, real, missed }: Score): number {
  return share(wrong, real - missed, 0);
}

/** The share of named causes among those that could be named. */
export function namedShare({ right, alsoTrue, wrong, unknown, undecidable }: Score): number {
  const named = right + alsoTrue + wrong;
  return share(named, named + unknown - undecidable);
}

function share(part: number, whole: number, ofNothing = 1): number {
  return whole === 0 ? ofNothing : part / whole;
}

/** Cell -> its score. False statements and inventions count in the cell of the reported cause. */
export type Cells = ReadonlyMap<string, Score>;

export function cellsOf(assessed: Assessed, describe: (device: string | null) => string): Cells {
  const cells = new Map<string, Score>();
  const add = (cause: string, device: string | null, score: Partial<Score>) => {
    const key = `${cause} | ${describe(device)}`;
    cells.set(key, added(cells.get(key) ?? NO_SCORE, { ...NO_SCORE, ...score }));
  };
  for (const each of assessed.judgement.registrations) {
    add(each.truth.cause, each.truth.device, registrationsScore([each]));
  }
  for (const event of assessed.judgement.invented) add(`(nothing) ${event.cause}`, event.device, { invented: 1 });
  for (const { event } of assessed.findings) add(event.cause ?? event.type, event.device, { falseStatements: 1 });
  return cells;
}

export function mergedCells(a: Cells, b: Cells): Cells {
  const cells = new Map(a);
  for (const [key, score] of b) cells.set(key, added(cells.get(key) ?? NO_SCORE, score));
  return cells;
}

/** The weight of the faults in a cell, to sort by: false reports weigh more than missing ones. */
export function faults(score: Score): number {
  const { wrong, invented, falseStatements, missed, invisible, unknown, undecidable } = score;
  return 10 * (wrong + invented + falseStatements) + 3 * (missed - invisible) + unknown - undecidable;
}
