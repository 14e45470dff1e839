/** What Alertmanagers and webhooks have in common: nothing that waits is left lying, and the end has a bound. */
import { describe, expect, test } from 'vitest';
import { Delivery, type DeliveryOutcome } from '../../src/export/delivery.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';

const ACCEPTED: DeliveryOutcome = { kind: 'accepted' };

function deliveryTo(answer: (event: string, givenUp: AbortSignal) => Promise<DeliveryOutcome>) {
  const queue: string[] = [];
  const logger = new MemoryLogger();
  const send = async (event: string, givenUp: AbortSignal) => {
    const outcome = await answer(event, givenUp);
    if (outcome.kind !== 'failed') queue.shift();
    return outcome;
  };
  const delivery = new Delivery(
    { clock: new FakeClock(), random: () => 1, logger },
    {
      receiver: 'it',
      what: 'events',
      fields: {},
      sendNext: (givenUp) => (queue[0] === undefined ? null : send(queue[0], givenUp)),
      waiting: () => queue.length,
    },
  );
  return { queue, logger, delivery };
}

describe('a delivery', () => {
  test.each(Array.from({ length: 12 }, (_, steps) => [steps]))(
    'sends what comes %i steps after the last request began, also when that is just over',
    async (steps) => {
      const sent: string[] = [];
      const { queue, delivery } = deliveryTo(async (event) => {
        sent.push(event);
        return ACCEPTED;
      });
      queue.push('first');
      delivery.wake();
      for (let step = 0; step < steps; step += 1) await Promise.resolve();
      queue.push('second');
      delivery.wake();
      await expect.poll(() => sent).toEqual(['first', 'second']);
    },
  );

  test('that is given up before it is closed waits for no answer, and says what it leaves', async () => {
    const { queue, logger, delivery } = deliveryTo(
      (_, givenUp) =>
        new Promise((resolve) => {
          givenUp.addEventListener('abort', () => resolve({ kind: 'failed', reason: 'given up' }), { once: true });
        }),
    );
    queue.push('first', 'second');
    delivery.wake();
    await delivery.close(AbortSignal.abort());
    expect(logger.messages('warn')).toEqual(['events not sent at the end']);
    expect(logger.lines('warn')).toEqual([{ events: 2 }]);
  });
});
