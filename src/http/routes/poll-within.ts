/**
 * A poll that a client asked for: given up when the client goes, or when it would wait longer than it said it would.
 */
import type { FastifyReply } from 'fastify';
import { DeadlineExceeded } from '../../kernel/deadline.ts';
import type { HttpOptions, PollNowOutcome } from '../base/options.ts';

export async function pollWithin(
  options: Pick<HttpOptions, 'pollNow' | 'network'>,
  device: string,
  timeoutMs: number,
  reply: FastifyReply,
): Promise<PollNowOutcome> {
  const giveUp = new AbortController();
  const ended = new AbortController();
  const onClose = () => giveUp.abort(new Error('the client is gone'));
  reply.raw.once('close', onClose);
  // Gone already, while its request waited for its turn.
  if (reply.raw.destroyed) onClose();
  const deadline = options.network.sleep(timeoutMs, ended.signal).then(
    () => giveUp.abort(new DeadlineExceeded(timeoutMs)),
    () => undefined,
  );
  try {
    return await options.pollNow(device, giveUp.signal);
  } finally {
    reply.raw.off('close', onClose);
    ended.abort();
    await deadline;
  }
}
