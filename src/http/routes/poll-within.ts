/** A poll on request: given up when the client leaves, or when it would take longer than the client will wait. */
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
  // The client has already left while its request waited for its turn.
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
