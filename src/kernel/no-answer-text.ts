import { DeadlineExceeded } from './deadline.ts';
import { codeOf } from './error-code.ts';

/** Why `fetch` gave no answer, without any text of the other side: it puts the reason into the error's cause. */
export function noAnswerText(error: unknown): string {
  if (error instanceof DeadlineExceeded) return `no answer within ${Math.round(error.timeoutMs / 100) / 10} s`;
  return codeOf(error instanceof Error ? (error.cause ?? error) : error) || 'no answer';
}
