/** When a device was asked for each thing, a command or a node, and which it refused: what is due at a poll. */

/**
 * Share of its interval by which something may be asked early. Polls come on a grid and the answer some seconds into its
 * poll, so with equal intervals it would never be due at the next poll and be asked only at every other one.
 */
export const EARLY_SHARE = 0.1;
/** How long what a device refuses, hides or does not have is not asked: an upgrade may bring it. */
const REFUSED_FOR_MS = 3_600_000;

export interface AskedWhen<Asked> {
  /** Monotonic ms of its last whole answer. */
  readonly answeredAtMs: ReadonlyMap<Asked, number>;
  /** Monotonic ms until which it is not asked. */
  readonly refusedUntilMs: ReadonlyMap<Asked, number>;
}

/** It was not answered yet, or its answer is as old as the interval. */
export function isAnswerOld<Asked>(
  { answeredAtMs }: Pick<AskedWhen<Asked>, 'answeredAtMs'>,
  asked: Asked,
  intervalMs: number,
  nowMonoMs: number,
): boolean {
  const answeredAt = answeredAtMs.get(asked);
  return answeredAt === undefined || nowMonoMs - answeredAt >= intervalMs * (1 - EARLY_SHARE);
}

/** The device has not refused it within the hour. */
export function isTaken<Asked>(
  { refusedUntilMs }: Pick<AskedWhen<Asked>, 'refusedUntilMs'>,
  asked: Asked,
  nowMonoMs: number,
): boolean {
  return (refusedUntilMs.get(asked) ?? Number.NEGATIVE_INFINITY) <= nowMonoMs;
}

export function withAnswered<Asked, Memory extends AskedWhen<Asked>>(
  memory: Memory,
  all: Iterable<Asked>,
  nowMonoMs: number,
): Memory {
  const answeredAtMs = new Map(memory.answeredAtMs);
  for (const asked of all) answeredAtMs.set(asked, nowMonoMs);
  return { ...memory, answeredAtMs };
}

export function withRefused<Asked, Memory extends AskedWhen<Asked>>(
  memory: Memory,
  all: readonly Asked[],
  nowMonoMs: number,
): Memory {
  if (all.length === 0) return memory;
  const refusedUntilMs = new Map(memory.refusedUntilMs);
  for (const asked of all) refusedUntilMs.set(asked, nowMonoMs + REFUSED_FOR_MS);
  return { ...memory, refusedUntilMs };
}

/** As if it had refused nothing: somebody else asks. */
export function withoutRefusals<Asked, Memory extends AskedWhen<Asked>>(memory: Memory): Memory {
  return { ...memory, refusedUntilMs: new Map() };
}
