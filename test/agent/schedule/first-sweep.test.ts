import { expect, test } from 'vitest';
import { FirstSweep } from '../../../src/agent/schedule/first-sweep.ts';
import { FakeClock } from '../../builders/fake-clock.ts';
import { MemoryLogger } from '../../builders/memory-logger.ts';

function setUp(devices: number) {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const sweep = new FirstSweep({ clock, logger });
  for (let n = 0; n < devices; n += 1) sweep.add(`gm${n}`);
  return { clock, logger, sweep };
}

test('the first sweep reports its progress, and when every device was polled', async () => {
  const { clock, logger, sweep } = setUp(4);
  expect([sweep.done, sweep.progress]).toEqual([false, 0]);
  sweep.polled('gm0');
  sweep.polled('gm0');
  expect(sweep.progress).toBe(0.25);
  expect(logger.messages('info')).toEqual([]);
  await clock.advance(10_000);
  sweep.polled('gm1');
  sweep.gone('gm2');
  await clock.advance(2000);
  sweep.polled('gm3');
  expect([sweep.done, sweep.progress]).toEqual([true, 1]);
  expect(logger.lines('info')).toEqual([
    { polled: 2, devices: 4 },
    { polled: 3, devices: 3, seconds: 12 },
  ]);
});

test('devices that a reload adds are looked at for the first time too; no devices are all of them', async () => {
  const { clock, logger, sweep } = setUp(0);
  expect([sweep.done, sweep.progress]).toEqual([true, 1]);
  await clock.advance(60_000);
  sweep.add('gm1');
  expect([sweep.done, sweep.progress]).toEqual([false, 0]);
  await clock.advance(3000);
  sweep.polled('gm1');
  expect(logger.lines('info')).toEqual([{ polled: 1, devices: 1, seconds: 3 }]);
});
