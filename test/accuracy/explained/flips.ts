/** Whether explanations of a group come, go and come again though nothing happens. */
import type { ExplanationCause } from '../../../src/gdoi/explain/explanation.ts';
import type { Happening } from './happenings.ts';

/** The explanations at one look. */
export interface SaidNow {
  readonly atMs: number;
  /** The first explanation with its phase; `ok` if there is none. */
  readonly headline: string;
  readonly causes: readonly ExplanationCause[];
}

/** A cause that goes and comes back within this time is the same incident. */
const FLIP_MS = 600_000;

/** `lookMs`: by how much a look lags behind what it shows. */
export function flipsIn(said: readonly SaidNow[], happenings: readonly Happening[], lookMs: number): readonly string[] {
  const instants = happenings.flatMap(({ fromMs, toMs }) => [fromMs, toMs]);
  const quiet = (fromMs: number, toMs: number) => !instants.some((ms) => ms >= fromMs - lookMs && ms <= toMs);
  return [...headlineFlips(said, quiet), ...causeFlips(said, quiet)];
}

type Quiet = (fromMs: number, toMs: number) => boolean;

function headlineFlips(said: readonly SaidNow[], quiet: Quiet): readonly string[] {
  const steps = said.filter(({ headline }, index) => headline !== said[index - 1]?.headline);
  return steps.flatMap((step, index) => {
    const [a, b] = [steps[index - 2], steps[index - 1]];
    if (a === undefined || b === undefined || a.headline !== step.headline || a.headline === 'ok') return [];
    if (step.atMs - b.atMs > FLIP_MS || !quiet(b.atMs, step.atMs)) return [];
    return [`headline ${a.headline} -> ${b.headline} -> ${step.headline} at ${new Date(step.atMs).toISOString()}`];
  });
}

function causeFlips(said: readonly SaidNow[], quiet: Quiet): readonly string[] {
  const lastMs = new Map<ExplanationCause, { readonly goneMs: number | null }>();
  const flips: string[] = [];
  for (const { atMs, causes } of said) {
    for (const cause of causes) {
      const goneMs = lastMs.get(cause)?.goneMs ?? null;
      if (goneMs !== null && atMs - goneMs <= FLIP_MS && quiet(goneMs, atMs)) {
        flips.push(`${cause} goes and comes again at ${new Date(atMs).toISOString()}`);
      }
      lastMs.set(cause, { goneMs: null });
    }
    for (const [cause, { goneMs }] of lastMs) {
      if (goneMs === null && !causes.includes(cause)) lastMs.set(cause, { goneMs: atMs });
    }
  }
  return flips;
}
