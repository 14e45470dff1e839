/** When a poll began and ended by the wall clock, and how long it took by the monotonic clock. */
import type { Clock } from '../../kernel/clock.ts';
import type { PollReport } from '../../model/poll-report.ts';

export type PollTimes = Pick<PollReport, 'startedAtMs' | 'finishedAtMs' | 'durationMs'>;

interface PollUnderWay {
  readonly startedMonoMs: number;
  /** Call when it ends. */
  times(): PollTimes;
}

/** Call when it begins. */
export function startPoll(clock: Clock): PollUnderWay {
  const startedAtMs = clock.wallMs();
  const startedMonoMs = clock.monoMs();
  return {
    startedMonoMs,
    times: () => ({ startedAtMs, finishedAtMs: clock.wallMs(), durationMs: clock.monoMs() - startedMonoMs }),
  };
}
