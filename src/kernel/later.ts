/** Something to do after a while, unless it is called off; it holds no process alive. */
import type { Clock } from './clock.ts';

/** Resolves in either case; what `work` throws is its owner's bug and rejects. */
export async function later(
  clock: Clock,
  ms: number,
  calledOff: AbortSignal | undefined,
  work: () => void,
): Promise<void> {
  try {
    await clock.sleep(ms, calledOff, { unref: true });
  } catch {
    return;
  }
  work();
}
