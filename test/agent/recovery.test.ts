/** A KS that comes back is asked as soon as its GMs show it, whatever its back-off. */
import { expect, test } from 'vitest';
import { simulatedAgent } from '../builders/simulated-agent.ts';

const MINUTE_MS = 60_000;

test('a GM that registers with a KS shows that it is back', async () => {
  const tried: string[] = [];
  await using watching = await simulatedAgent({
    scenario: 'ks-down',
    pollInterval: '60s',
    waitAtMost: (device, ms) => {
      tried.push(`${device} ${ms}`);
      return 0;
    },
  });
  watching.agent.start();
  await watching.clock.advance(10 * MINUTE_MS);
  // Away: no sign of it, only the shorter wait of a KS.
  expect(new Set(tried)).toEqual(new Set(['ks1 60000']));
  await watching.clock.advance(3 * MINUTE_MS);
  expect(watching.agent.readModel.device('ks1')?.failure).toBeNull();
});
