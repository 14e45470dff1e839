/** The machine's clock, and the fast one of `--speed`. */
import { describe, expect, test } from 'vitest';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { PATIENCE } from '../builders/patience.ts';

/** Keeps the process from its event loop, as a machine does that has other work. */
function holdUp(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

describe('a clock of speed 1', () => {
  test('is the machine’s: also what passed while the process had no turn', () => {
    const clock = createSystemClock();
    const beforeMs = clock.monoMs();
    holdUp(60);
    expect(clock.monoMs() - beforeMs).toBeGreaterThanOrEqual(60);
  });
});

describe('a clock of speed 100', () => {
  test('does not run ahead of a process that has no turn', () => {
    const clock = createSystemClock(100);
    const before = { monoMs: clock.monoMs(), wallMs: clock.wallMs() };
    holdUp(200);
    // Without the bound these were 20,000 ms.
    expect(clock.monoMs() - before.monoMs).toBeLessThan(5_000);
    expect(clock.wallMs() - before.wallMs).toBeLessThan(5_000);
  });

  test('wakes a sleeper at its instant or later, never before, however often the process had no turn', async () => {
    const clock = createSystemClock(100);
    const beforeMs = clock.monoMs();
    const slept = clock.sleep(6_000);
    holdUp(100);
    await slept;
    expect(clock.monoMs() - beforeMs).toBeGreaterThanOrEqual(6_000);
  });

  test('goes on while it is not read', async () => {
    const [clock, machine] = [createSystemClock(100), createSystemClock()];
    // Looked at by itself each 10 ms, and not only at the end, where it would count one step of 2,500 ms.
    const counted = async () => {
      const beforeMs = clock.monoMs();
      await machine.sleep(150);
      return clock.monoMs() - beforeMs;
    };
    await expect.poll(counted, PATIENCE).toBeGreaterThan(2_500);
  });

  test('rejects with the reason of the signal', async () => {
    const clock = createSystemClock(100);
    const stop = new AbortController();
    const slept = clock.sleep(600_000, stop.signal);
    stop.abort(new Error('stop'));
    await expect(slept).rejects.toThrow('stop');
  });
});
