import { DeadlineExceeded } from './deadline.ts';

/** Why `fetch` gave no answer, without any text of the other side: it puts the reason into the error's cause. */
export function noAnswerText(error: unknown): string {
  if (error instanceof DeadlineExceeded) return `no answer within ${Math.round(error.timeoutMs / 100) / 10} s`;
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'no answer';
}
