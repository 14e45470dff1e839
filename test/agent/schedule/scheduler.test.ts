import { expect, test } from 'vitest';
import { Scheduler } from '../../../src/agent/schedule/scheduler.ts';
import { FakeClock } from '../../builders/fake-clock.ts';

function setUp(options: { concurrentPolls?: number; pollMs?: number } = {}) {
  const clock = new FakeClock();
  const polls: { device: string; atMs: number }[] = [];
  let running = 0;
  let mostRunning = 0;
  const scheduler = new Scheduler({
    clock,
    concurrentPolls: options.concurrentPolls ?? 10,
    poll: async (device, signal) => {
      polls.push({ device, atMs: clock.monoMs() });
      running += 1;
      mostRunning = Math.max(mostRunning, running);
      await clock.sleep(options.pollMs ?? 0, signal).catch(() => undefined);
      running -= 1;
    },
  });
  scheduler.start();
  const pollsOf = (device: string) => polls.filter((poll) => poll.device === device).map((poll) => poll.atMs);
  return { clock, scheduler, polls, pollsOf, mostRunning: () => mostRunning };
}

test('a device is polled on a fixed grid, however long its polls take', async () => {
  const { clock, scheduler, pollsOf } = setUp({ pollMs: 7_000 });
  scheduler.set('gm1', { kind: 'every', ms: 30_000 }, 1);
  await clock.advance(300_000);
  const [first = -1, ...rest] = pollsOf('gm1');
  expect(first).toBeLessThanOrEqual(100);
  expect(rest).toEqual([...Array(9).keys()].map((n) => first + (n + 1) * 30_000));
  await scheduler[Symbol.asyncDispose]();
});

test('the first sweep of a large fleet is spread over its interval, at most a minute', async () => {
  const { clock, scheduler, polls } = setUp({ concurrentPolls: 1000 });
  for (let n = 0; n < 5000; n += 1) scheduler.set(`gm${n}`, { kind: 'every', ms: 300_000 }, 5000);
  await clock.advance(60_000);
  expect(new Set(polls.map((poll) => poll.device)).size).toBe(5000);
  const perSecond = Array.from({ length: 61 }, () => 0);
  for (const poll of polls) perSecond[Math.floor(poll.atMs / 1000)]! += 1;
  expect(Math.max(...perSecond)).toBeLessThan(250);
  await scheduler[Symbol.asyncDispose]();
});

test('polls begin on beats of a tenth of a second, what is due between two of them together', async () => {
  const { clock, scheduler, polls } = setUp({ concurrentPolls: 1000 });
  for (let n = 0; n < 600; n += 1) scheduler.set(`gm${n}`, { kind: 'every', ms: 30_000 }, 600);
  await clock.advance(90_000);
  expect(polls).toHaveLength(1800);
  expect(polls.filter(({ atMs }) => atMs % 100 !== 0)).toEqual([]);
  expect(new Set(polls.map(({ atMs }) => atMs)).size).toBeGreaterThan(600);
  await scheduler[Symbol.asyncDispose]();
});

test('what is to be polled first goes before all that were not polled yet, and keeps its own phase', async () => {
  const { clock, scheduler, polls, pollsOf } = setUp({ concurrentPolls: 4, pollMs: 500 });
  for (let n = 0; n < 400; n += 1) scheduler.set(`gm${n}`, { kind: 'every', ms: 300_000 }, 410);
  await clock.advance(1000);
  const begun = polls.length;
  for (let n = 0; n < 10; n += 1) scheduler.set(`ks${n}`, { kind: 'every', ms: 300_000 }, 410, { first: true });
  await clock.advance(60_000);
  // At most the polls that were under way, and those that began in their slots.
  const after = polls.slice(begun).map(({ device }) => device);
  for (let n = 0; n < 10; n += 1) expect(after.slice(0, 14)).toContain(`ks${n}`);
  await clock.advance(540_000);
  const [, phase = 0, next = 0] = pollsOf('ks3');
  expect(next - phase).toBe(300_000);
  await scheduler[Symbol.asyncDispose]();
});

test('the same device starts at the same phase after a restart', async () => {
  const phases = [];
  for (const _ of [1, 2]) {
    const { clock, scheduler, pollsOf } = setUp();
    scheduler.set('gm-taipei-7', { kind: 'every', ms: 60_000 }, 5000);
    await clock.advance(60_000);
    phases.push(pollsOf('gm-taipei-7')[0]);
    await scheduler[Symbol.asyncDispose]();
  }
  expect(phases[0]).toBe(phases[1]);
});

test('a device that is still being polled when it is due again is skipped and counted, never polled twice at once', async () => {
  const { clock, scheduler, pollsOf, mostRunning } = setUp({ pollMs: 70_000 });
  scheduler.set('gm1', { kind: 'every', ms: 30_000 }, 1);
  await clock.advance(89_000);
  expect(pollsOf('gm1')).toHaveLength(1);
  expect(scheduler.status().skippedLate).toBe(2);
  expect(mostRunning()).toBe(1);
  await scheduler[Symbol.asyncDispose]();
});

test('what is to come ahead of another scheduler’s polls comes so long before each of them', async () => {
  const [usual, ahead] = [setUp(), setUp()];
  const devices = Array.from({ length: 20 }, (_, n) => `gm${n}`);
  for (const device of devices) {
    usual.scheduler.set(device, { kind: 'every', ms: 30_000 }, 20);
    ahead.scheduler.set(device, { kind: 'every', ms: 30_000 }, 20, { aheadMs: 500 });
  }
  await Promise.all([usual, ahead].map(({ clock }) => clock.advance(120_000)));
  for (const device of devices) {
    const [, ...later] = usual.pollsOf(device);
    const [, ...before] = ahead.pollsOf(device);
    expect(before.slice(0, later.length)).toEqual(later.map((atMs) => atMs - 500));
  }
  await Promise.all([usual, ahead].map(({ scheduler }) => scheduler[Symbol.asyncDispose]()));
});

test('the fleet never has more polls under way than its limit', async () => {
  const { clock, scheduler, polls, mostRunning } = setUp({ concurrentPolls: 8, pollMs: 500 });
  for (let n = 0; n < 100; n += 1) scheduler.set(`gm${n}`, { kind: 'every', ms: 60_000 }, 100);
  await clock.advance(20_000);
  expect(mostRunning()).toBe(8);
  expect(polls).toHaveLength(100);
  await scheduler[Symbol.asyncDispose]();
});

test('a wall clock that steps changes no interval', async () => {
  const { clock, scheduler, pollsOf } = setUp();
  scheduler.set('gm1', { kind: 'every', ms: 30_000 }, 1);
  await clock.advance(10_000);
  clock.stepWall(-86_400_000);
  await clock.advance(60_000);
  clock.stepWall(7 * 86_400_000);
  await clock.advance(60_000);
  expect(pollsOf('gm1')).toHaveLength(5);
  await scheduler[Symbol.asyncDispose]();
});

test('a cron expression names the instants: every quarter of an hour, and with six fields each ten seconds', async () => {
  const { clock, scheduler, pollsOf } = setUp();
  scheduler.set('quarter', { kind: 'cron', expression: '*/15 * * * *' }, 2);
  scheduler.set('tens', { kind: 'cron', expression: '*/10 * * * * *' }, 2);
  await clock.advance(3_600_000 - 1000);
  expect(pollsOf('quarter').map((ms) => Math.round(ms / 1000))).toEqual([900, 1800, 2700]);
  expect(pollsOf('tens')).toHaveLength(359);
  await scheduler[Symbol.asyncDispose]();
});

test('planned polls come beside the schedule, and a new plan replaces the old one', async () => {
  const { clock, scheduler, pollsOf } = setUp();
  scheduler.set('gm1', { kind: 'every', ms: 300_000 }, 1);
  await clock.advance(1000);
  scheduler.plan('gm1', [10_000, 20_000, 90_000]);
  await clock.advance(15_000);
  scheduler.plan('gm1', [30_000]);
  scheduler.plan('never heard of', [1000]);
  await clock.advance(200_000);
  expect(pollsOf('gm1').slice(1)).toEqual([11_000, 46_000]);
  await scheduler[Symbol.asyncDispose]();
});

test('hints cause one poll at once, then at most one a second, and the schedule stays', async () => {
  const { clock, scheduler, pollsOf } = setUp();
  scheduler.set('gm1', { kind: 'every', ms: 300_000 }, 1);
  await clock.advance(10_000);
  for (let n = 0; n < 30; n += 1) {
    scheduler.hint('gm1');
    scheduler.hint('gm1');
    await clock.advance(100);
  }
  scheduler.hint('never heard of');
  await clock.advance(600_000);
  const [first = -1, ...rest] = pollsOf('gm1');
  expect(rest).toEqual([10_000, 11_000, 12_000, 13_000, first + 300_000, first + 600_000]);
  await scheduler[Symbol.asyncDispose]();
});

test('a hint during a poll causes another one after it: the answer under way may be older', async () => {
  const { clock, scheduler, pollsOf, mostRunning } = setUp({ pollMs: 3000 });
  scheduler.set('gm1', { kind: 'every', ms: 300_000 }, 1);
  await clock.advance(1000);
  scheduler.hint('gm1');
  await clock.advance(10_000);
  expect(pollsOf('gm1').slice(1)).toEqual([pollsOf('gm1')[0]! + 3000]);
  expect(mostRunning()).toBe(1);
  await scheduler[Symbol.asyncDispose]();
});

test('a storm of hints is spread over the fleet', async () => {
  const { clock, scheduler, polls } = setUp({ concurrentPolls: 1000 });
  for (let n = 0; n < 500; n += 1) scheduler.set(`gm${n}`, { kind: 'cron', expression: '0 0 1 1 *' }, 500);
  for (let n = 0; n < 500; n += 1) scheduler.hint(`gm${n}`);
  await clock.advance(1000);
  expect(polls.length).toBeGreaterThan(90);
  expect(polls.length).toBeLessThan(110);
  await clock.advance(4000);
  expect(new Set(polls.map(({ device }) => device)).size).toBe(500);
  await scheduler[Symbol.asyncDispose]();
});

test('whoever asks joins the poll under way, else gets one before the fleet', async () => {
  const { clock, scheduler, pollsOf } = setUp({ concurrentPolls: 1, pollMs: 2000 });
  for (const device of ['gm1', 'gm2', 'gm3']) scheduler.set(device, { kind: 'every', ms: 300_000 }, 1);
  await clock.advance(100);
  const [polled] = ['gm1', 'gm2', 'gm3'].filter((device) => pollsOf(device).length === 1);
  let over = 0;
  const asked = [scheduler.now(polled!), scheduler.now(polled!)].map((poll) =>
    (poll ?? Promise.reject(new Error('no such device'))).then(() => (over += 1)),
  );
  await clock.advance(2000);
  await Promise.all(asked);
  expect(over).toBe(2);
  expect(pollsOf(polled!)).toHaveLength(1);
  expect(scheduler.now('never heard of')).toBeNull();
  await scheduler[Symbol.asyncDispose]();
});

test('a removed device is not polled again; one that is set again keeps one schedule', async () => {
  const { clock, scheduler, pollsOf } = setUp();
  scheduler.set('gone', { kind: 'every', ms: 10_000 }, 2);
  scheduler.set('changed', { kind: 'every', ms: 10_000 }, 2);
  await clock.advance(15_000);
  scheduler.remove('gone');
  scheduler.set('changed', { kind: 'every', ms: 20_000 }, 1);
  const before = { gone: pollsOf('gone').length, changed: pollsOf('changed').length };
  await clock.advance(100_000);
  expect(pollsOf('gone')).toHaveLength(before.gone);
  expect(pollsOf('changed').length - before.changed).toBe(5);
  await scheduler[Symbol.asyncDispose]();
});

test('stopping aborts the polls under way and waits for them', async () => {
  const { clock, scheduler, polls } = setUp({ pollMs: 1_000_000 });
  scheduler.set('gm1', { kind: 'every', ms: 30_000 }, 1);
  await clock.advance(1000);
  expect(polls).toHaveLength(1);
  await scheduler[Symbol.asyncDispose]();
  expect(scheduler.status()).toMatchObject({ running: 0, queued: 0 });
});

test('what is polled beside the schedule has a bound: 120 at once, then one a minute, the rest left out and counted', async () => {
  const { clock, scheduler, pollsOf } = setUp();
  scheduler.set('gm1', { kind: 'every', ms: 3_600_000 }, 1);
  const hoursOfHints = async (hours: number) => {
    const before = pollsOf('gm1').length;
    for (let second = 0; second < hours * 3600; second += 5) {
      scheduler.hint('gm1');
      await clock.advance(5000);
    }
    return pollsOf('gm1').length - before;
  };
  const first = await hoursOfHints(2);
  expect(first).toBeGreaterThan(230);
  expect(first).toBeLessThanOrEqual(120 + 120 + 3);
  expect(await hoursOfHints(1)).toBeLessThanOrEqual(60 + 2);
  expect(scheduler.status().overAllowance).toBeGreaterThan(1000);
  // What somebody asks for is not counted, and polls of the schedule go on.
  const asked = scheduler.now('gm1');
  await clock.advance(1);
  await asked;
  const regular = pollsOf('gm1').length;
  await clock.advance(3_600_000);
  expect(pollsOf('gm1').length).toBe(regular + 1);
  await scheduler[Symbol.asyncDispose]();
});

test('planned polls are paid from the same bound, and a device that is polled more often may get more of them', async () => {
  const { clock, scheduler, pollsOf } = setUp();
  scheduler.set('gm1', { kind: 'every', ms: 10_000 }, 1);
  await clock.advance(5000);
  const regular = 360;
  for (let second = 0; second < 3600; second += 1) {
    scheduler.plan('gm1', [500]);
    await clock.advance(1000);
  }
  const planned = pollsOf('gm1').length - regular;
  expect(planned).toBeGreaterThan(470);
  expect(planned).toBeLessThanOrEqual(120 + 360 + 2);
  await scheduler[Symbol.asyncDispose]();
});

test('devices that are to be polled soon are spread, keep their place in the interval and what is planned', async () => {
  const { clock, scheduler, pollsOf } = setUp({ concurrentPolls: 1000 });
  const names = Array.from({ length: 200 }, (_, n) => `gm${n}`);
  for (const name of names) scheduler.set(name, { kind: 'every', ms: 60_000 }, 200);
  await clock.advance(60_000);
  const grid = pollsOf('gm1').at(-1) ?? Number.NaN;
  scheduler.plan('gm1', [20_000]);
  const begunMs = clock.monoMs();
  for (const name of names) scheduler.soon(name, 200);
  await clock.advance(60_000);
  const soon = names.map((name) => pollsOf(name).find((atMs) => atMs >= begunMs) ?? Number.NaN);
  expect(Math.max(...soon)).toBeLessThanOrEqual(begunMs + 10_100);
  expect(new Set(soon).size).toBeGreaterThan(50);
  expect(pollsOf('gm1').filter((atMs) => atMs > begunMs + 10_100)).toContain(begunMs + 20_000);
  await clock.advance(60_000);
  expect(pollsOf('gm1').filter((atMs) => atMs > begunMs && (atMs - grid) % 60_000 === 0)).toHaveLength(2);
  await scheduler[Symbol.asyncDispose]();
});

test('a poll that begins anyway is the one that was to be soon; one under way goes on first', async () => {
  const { clock, scheduler, pollsOf } = setUp({ pollMs: 7_000 });
  scheduler.set('gm1', { kind: 'every', ms: 60_000 }, 1);
  await clock.advance(61_000);
  expect(pollsOf('gm1')).toHaveLength(2);
  scheduler.soon('gm1', 1);
  scheduler.soon('gm1', 1);
  await clock.advance(5_000);
  expect(pollsOf('gm1')).toHaveLength(2);
  await clock.advance(3_000);
  expect(pollsOf('gm1')).toHaveLength(3);
  await clock.advance(20_000);
  expect(pollsOf('gm1')).toHaveLength(3);
  scheduler.soon('gm1', 1000);
  const asked = scheduler.now('gm1');
  await clock.advance(25_000);
  await asked;
  expect(pollsOf('gm1')).toHaveLength(4);
  await scheduler[Symbol.asyncDispose]();
});

test('a device with a cron expression is polled at its instants, however soon it is wanted', async () => {
  const { clock, scheduler, pollsOf } = setUp();
  scheduler.set('gm1', { kind: 'cron', expression: '0 * * * *' }, 1);
  scheduler.soon('gm1', 1);
  scheduler.soon('nobody', 1);
  await clock.advance(30_000);
  expect(pollsOf('gm1')).toEqual([]);
  await scheduler[Symbol.asyncDispose]();
});

test('another interval leaves the planned polls and the hint that waits', async () => {
  const { clock, scheduler, pollsOf } = setUp();
  scheduler.set('gm1', { kind: 'every', ms: 60_000 }, 1);
  await clock.advance(5_000);
  scheduler.plan('gm1', [90_000]);
  scheduler.set('gm1', { kind: 'every', ms: 3_600_000 }, 1);
  await clock.advance(1_000);
  scheduler.hint('gm1');
  scheduler.set('gm1', { kind: 'every', ms: 7_200_000 }, 100_000);
  await clock.advance(10_000);
  const polls = pollsOf('gm1').length;
  expect(pollsOf('gm1').some((atMs) => atMs >= 6_000 && atMs <= 8_000)).toBe(true);
  await clock.advance(79_000);
  expect(pollsOf('gm1')).toContain(95_000);
  expect(pollsOf('gm1').length).toBeGreaterThan(polls);
  await scheduler[Symbol.asyncDispose]();
});
