/** A poll on request: given up when the client leaves, or when it would take longer than the client will wait. */
import type { FastifyReply } from 'fastify';
import { withDeadline } from '../../kernel/with-deadline.ts';
import type { HttpOptions, PollNowOutcome } from '../base/options.ts';

export async function pollWithin(
  options: Pick<HttpOptions, 'pollNow' | 'network'>,
  device: string,
  timeoutMs: number,
  reply: FastifyReply,
): Promise<PollNowOutcome> {
  const left = new AbortController();
  const onClose = () => left.abort(new Error('the client is gone'));
  reply.raw.once('close', onClose);
  // The client has already left while its request waited for its turn.
  if (reply.raw.destroyed) onClose();
  try {
    return await withDeadline(options.network, timeoutMs, (deadline) =>
      options.pollNow(device, AbortSignal.any([left.signal, deadline])),
    );
  } finally {
    reply.raw.off('close', onClose);
  }
}
