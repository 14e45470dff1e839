/**
 * One hostile router at a time: whatever it sends, its connection is cut with a reason or ends at its deadline, and
 * then it is left alone for a while.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { accessUnderTest, poll, target } from '../access/access-under-test.ts';
import { half } from '../builders/half.ts';
import { PATIENCE } from '../builders/patience.ts';
import { HostileSsh, MANNERS } from './hostile-ssh.ts';

const tally = { tried: 0, survived: 0 };
afterAll(() => {
  // What the suite is asked for: how many manners, how many borne.
  process.stdout.write(
    `hostile SSH manners: tried ${tally.tried}, survived ${tally.survived}, lost ${tally.tried - tally.survived}\n`,
  );
});

/** How a poll of a router that does harm may end. */
const FAILURES = ['too_large', 'timeout', 'closed', 'refused', 'prompt', 'handshake'];

describe('a router that', () => {
  test.each(half(Object.entries(MANNERS)))(
    '%s loses its connection, with a reason, and is left alone',
    async (_, manner) => {
      tally.tried += 1;
      await using server = new HostileSsh(manner);
      const port = await server.listen();
      await using under = accessUnderTest({ bounds: { maxBytes: 256 * 1024, maxLineLength: 16 * 1024 } });
      const failures: string[] = [];
      for (let polls = 0; polls < 6 && failures.at(-1) !== 'backoff'; polls += 1) {
        const { failure, message } = await poll(under.access, target(port, { timeoutMs: 2_000 }), 'show crypto gdoi');
        // What floods between polls answers first.
        if (failure !== null) failures.push(failure);
        const why = failure === 'too_large' ? message : 'cut: the device sent';
        expect(why).toMatch(/cut: the device sent|more than \d+ bytes|without end/);
        await expect.poll(() => server.openNow, PATIENCE).toBe(0);
      }
      expect(failures.at(-1)).toBe('backoff');
      expect(FAILURES).toEqual(expect.arrayContaining(failures.slice(0, -1)));
      expect(failures.length).toBeGreaterThan(1);
      tally.survived += 1;
    },
  );

  test('floods after every answer is left alone longer and longer', async () => {
    const manner = MANNERS['sends keepalive requests between polls'];
    if (manner === undefined) throw new Error('no such manner');
    await using server = new HostileSsh(manner);
    const port = await server.listen();
    await using under = accessUnderTest();
    const waits: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      expect((await poll(under.access, target(port), 'show crypto gdoi')).failure).toBeNull();
      await expect.poll(() => server.openNow, PATIENCE).toBe(0);
      expect((await poll(under.access, target(port), 'show crypto gdoi')).failure).toBe('too_large');
      let waited = 0;
      while ((await poll(under.access, target(port, { device: 'gm1' }), 'show clock')).failure === 'backoff') {
        waited += 5_000;
        under.clock.advance(5_000);
      }
      waits.push(waited);
      await expect.poll(() => server.openNow, PATIENCE).toBe(0);
      expect((await poll(under.access, target(port), 'show crypto gdoi')).failure).toBe('too_large');
      under.clock.advance(3_600_000);
    }
    expect(waits[1]).toBeGreaterThan(waits[0] ?? 0);
    expect(waits[2]).toBeGreaterThan(waits[1] ?? 0);
  });
});
