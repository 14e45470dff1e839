import { expect, test } from 'vitest';
import { HintPace } from '../../../src/agent/heard/hint-pace.ts';
import { shownState } from '../../../src/agent/heard/shown-state.ts';
import { FakeClock } from '../../builders/fake-clock.ts';
import { aDevice, aReport, viewAfter } from '../../builders/view-builder.ts';
import { aGm, aKs } from '../../builders/snapshots.ts';

/** A device whose polls show what the test says, on a clock of the test's. */
function paced() {
  const clock = new FakeClock();
  const polls: string[] = [];
  let known = 'as before';
  let shown = 'as before';
  const pace: HintPace = new HintPace({
    clock,
    // The full wait: no random part taken off.
    random: () => 1,
    poll: (device) => {
      polls.push(device);
      polled(device);
    },
  });
  const polled = (device: string) => {
    const before = known;
    known = shown;
    pace.polled(device, () => before !== shown);
  };
  return {
    clock,
    polls,
    pace,
    /** From now on; a poll that nobody asked for shows it first. */
    changes: (now: string) => {
      shown = now;
      polled('gm1');
    },
  };
}

/** A hint every second. */
async function forge(under: ReturnType<typeof paced>, seconds: number): Promise<number> {
  const before = under.polls.length;
  for (let second = 0; second < seconds; second += 1) {
    under.pace.heard('gm1');
    await under.clock.advance(1_000);
  }
  return under.polls.length - before;
}

test('hints that show nothing cause fewer and fewer polls', async () => {
  const under = paced();
  expect(await forge(under, 600)).toBeLessThanOrEqual(11);
  expect(await forge(under, 3_600)).toBeLessThanOrEqual(13);
  expect(under.pace.delayed).toBeGreaterThan(4_000);
});

test('a hint that had to wait causes one poll at the end of the wait', async () => {
  const under = paced();
  under.pace.heard('gm1');
  under.pace.heard('gm1');
  under.pace.heard('gm1');
  expect(under.polls).toHaveLength(1);
  await under.clock.advance(1_000);
  expect(under.polls).toHaveLength(2);
  await under.clock.advance(3_600_000);
  expect(under.polls).toHaveLength(2);
});

test('a poll that shows something new ends the waiting', async () => {
  const under = paced();
  await forge(under, 600);
  under.changes('another KEK');
  const polled = under.polls.length;
  under.pace.heard('gm1');
  expect(under.polls).toHaveLength(polled + 1);
});

test('one device that is named again and again does not slow the hints of the others', async () => {
  const under = paced();
  await forge(under, 600);
  under.pace.heard('gm2');
  expect(under.polls.at(-1)).toBe('gm2');
});

test('a removed device causes no poll any more', async () => {
  const under = paced();
  under.pace.heard('gm1');
  under.pace.heard('gm1');
  under.pace.forget('gm1');
  await under.clock.advance(3_600_000);
  expect(under.polls).toHaveLength(1);
});

test('time that passes shows nothing new; a registration, a rekey or another key does', () => {
  const shown = (over: Parameters<typeof aGm>[0]) =>
    shownState(viewAfter(aReport({ 'show crypto gdoi': [aGm(over)] })));
  const before = shown({ reregistersInSeconds: 80 });
  expect(shown({ reregistersInSeconds: 20 })).toBe(before);
  expect(shown({ registrations: { succeeded: 9, attempted: 9 } })).not.toBe(before);
  expect(shown({ keyServer: '10.9.9.9' })).not.toBe(before);
});

test('a first answer is something new, and so are an answer after none and none after one', () => {
  const answers = aReport({ 'show crypto gdoi': [aGm()] });
  const silent = aReport({}, { result: 'timeout' });
  const [before, first, lost, back] = [
    aDevice(),
    viewAfter(answers),
    viewAfter(answers, silent),
    viewAfter(answers, silent, answers),
  ].map(shownState);
  expect(first).not.toBe(before);
  expect(lost).not.toBe(first);
  expect(back).toBe(first);
  expect(shownState(viewAfter(silent))).not.toBe(before);
});

test('details that a message made the agent ask for show nothing new while they are as before', () => {
  const main = { 'show crypto gdoi': [aKs()] };
  const policy = { 'show crypto gdoi ks policy': [aKs({ members: 4 })] };
  const coop = { 'show crypto gdoi ks coop': [aKs({ localRole: 'primary' })] };
  const known = viewAfter(aReport({ ...main, ...policy, ...coop }), aReport(main));
  expect(shownState(viewAfter(aReport({ ...main, ...coop, ...policy })))).toBe(shownState(known));
  const changed = { 'show crypto gdoi ks policy': [aKs({ members: 5 })] };
  expect(shownState(viewAfter(aReport({ ...main, ...changed, ...coop })))).not.toBe(shownState(known));
});
