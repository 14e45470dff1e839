/** When a poll began and ended by the wall clock, and how long it took by the clock that no one sets. */
import type { Clock } from '../../kernel/clock.ts';
import type { PollReport } from '../../model/poll-report.ts';

export type PollTimes = Pick<PollReport, 'startedAtMs' | 'finishedAtMs' | 'durationMs'>;

interface PollUnderWay {
  readonly startedMonoMs: number;
  /** It ends now. */
  times(): PollTimes;
}

/** It begins now. */
export function startPoll(clock: Clock): PollUnderWay {
  const startedAtMs = clock.wallMs();
  const startedMonoMs = clock.monoMs();
  return {
    startedMonoMs,
    times: () => ({ startedAtMs, finishedAtMs: clock.wallMs(), durationMs: clock.monoMs() - startedMonoMs }),
  };
}
