/** How many logins begin in a second, and in what order. */
import { describe, expect, test } from 'vitest';
import { HandshakeGate } from '../../src/access/ssh/handshake-gate.ts';
import { LoginPace } from '../../src/access/ssh/login-pace.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { FakeClock } from '../builders/fake-clock.ts';

const never = new AbortController().signal;

/** Instants at which so many logins begin that are all asked for at once, each over after `lastsMs`. */
async function beginnings(logins: number, lastsMs: number, { atOnce = 1000, perSecond = 50 } = {}): Promise<number[]> {
  const clock = new FakeClock();
  const gate = new HandshakeGate(atOnce, new LoginPace(clock, perSecond));
  const begun: number[] = [];
  const all = Array.from({ length: logins }, async () => {
    // Of its own: thousands of listeners of one signal cost more than all logins.
    const place = await gate.begin(new AbortController().signal);
    begun.push(clock.monoMs());
    await clock.sleep(lastsMs);
    place.release();
  });
  while (begun.length < logins) await clock.advance(1000);
  await clock.advance(lastsMs);
  await Promise.all(all);
  return begun;
}

function mostInASecond(instants: readonly number[]): number {
  return Math.max(...instants.map((from) => instants.filter((at) => at >= from && at < from + 1000).length));
}

describe('the budget of logins a second', () => {
  test.each([1, 7, 50, 200])('of %i is never exceeded in any second, and nearly used up', async (perSecond) => {
    const begun = await beginnings(perSecond * 6, 100, { perSecond });
    expect(mostInASecond(begun)).toBeLessThanOrEqual(perSecond);
    expect(begun.at(-1)).toBeLessThan(7000);
  });

  test('logs in to ten thousand devices in less than four minutes', async () => {
    const begun = await beginnings(10_000, 2000);
    expect(begun.at(-1)).toBeLessThan(240_000);
  });

  test('is not used up by logins that take long: as many begin while they are under way', async () => {
    const quick = await beginnings(200, 50);
    const slow = await beginnings(200, 10_000);
    expect(slow).toEqual(quick);
  });

  test('is apart from how many may be under way at once', async () => {
    const begun = await beginnings(30, 1000, { atOnce: 5 });
    expect(mostInASecond(begun)).toBeLessThanOrEqual(10);
    expect(begun.at(-1)).toBeGreaterThanOrEqual(5000);
  });

  test('is not made up for after a time in which the process had no turn', async () => {
    let nowMs = 0;
    let asleep: (() => void)[] = [];
    const clock: Clock = {
      wallMs: () => nowMs,
      yieldToIo: () => Promise.resolve(),
      monoMs: () => nowMs,
      sleep: () => new Promise((resolve) => asleep.push(resolve)),
    };
    const pace = new LoginPace(clock, 50);
    let begun = 0;
    const waiting = Array.from({ length: 200 }, async () => {
      await pace.take(never);
      begun += 1;
    });
    const turn = async (ms: number) => {
      nowMs += ms;
      const due = asleep;
      asleep = [];
      for (const wake of due) wake();
      await new Promise(setImmediate);
    };
    await turn(0);
    const before = begun;
    await turn(3000);
    expect(begun - before).toBeLessThanOrEqual(5);
    for (let turns = 0; turns < 600; turns += 1) await turn(10);
    await Promise.all(waiting);
    expect(begun).toBe(200);
  });

  test('gets its place back from who gave up waiting', async () => {
    const clock = new FakeClock();
    const pace = new LoginPace(clock, 1);
    await pace.take(never);
    const gone = new AbortController();
    const waiting = pace.take(gone.signal);
    const next = pace.take(never);
    gone.abort(new Error('given up'));
    await expect(waiting).rejects.toThrow('given up');
    await clock.advance(1001);
    await next;
    expect(clock.monoMs()).toBe(1001);
  });

  test('gets its place back from a host that did not answer', async () => {
    const clock = new FakeClock();
    const pace = new LoginPace(clock, 1);
    await pace.take(never);
    pace.giveBack();
    // At once: no time passes here.
    await pace.take(never);
    expect(clock.monoMs()).toBe(0);
  });

  test('keeps no place at the gate for who gave up', async () => {
    const clock = new FakeClock();
    const gate = new HandshakeGate(1, new LoginPace(clock, 1));
    (await gate.begin(never)).release();
    const gone = new AbortController();
    const waiting = gate.begin(gone.signal);
    await clock.advance(10);
    expect(gate.active).toBe(1);
    gone.abort(new Error('given up'));
    await expect(waiting).rejects.toThrow('given up');
    await clock.advance(0);
    expect(gate.active).toBe(0);
  });
});

describe('shared with other agents', () => {
  test('an agent begins as many logins as its share allows, and more when its share grows', async () => {
    const clock = new FakeClock();
    let share = 0.25;
    const gate = new HandshakeGate(1000, new LoginPace(clock, 40, () => share));
    let begun = 0;
    const login = async () => {
      const place = await gate.begin(never);
      begun += 1;
      place.release();
    };
    const all = Array.from({ length: 60 }, login);
    await clock.advance(2000);
    expect(begun).toBeGreaterThan(15);
    expect(begun).toBeLessThanOrEqual(20);
    share = 1;
    await clock.advance(2000);
    expect(begun).toBe(60);
    await Promise.all(all);
  });

  test('an agent uses at most the places of its share at once, and at least one', async () => {
    let share = 0.5;
    const gate = new HandshakeGate(8, null, () => share);
    const places = Array.from({ length: 8 }, () => gate.pass(never));
    await Promise.all(places.slice(0, 4));
    expect([gate.active, gate.waiting]).toEqual([4, 4]);
    for (const place of places) void place.then(({ release }) => release());
    await Promise.all(places);
    share = 0.01;
    (await gate.pass(never)).release();
  });
});
