import { expect, test } from 'vitest';
import { HintPace } from '../../../src/agent/heard/hint-pace.ts';
import { shownState } from '../../../src/agent/heard/shown-state.ts';
import type { Observation } from '../../../src/gdoi/seen/observation.ts';
import { FakeClock } from '../../builders/fake-clock.ts';
import { aGm, NOON } from '../../builders/view-builder.ts';

/** A device whose polls show what the test says, on a clock of the test's. */
function paced() {
  const clock = new FakeClock();
  const polls: string[] = [];
  let shown = 'as before';
  const pace: HintPace = new HintPace({
    clock,
    // The full wait: no random part taken off.
    random: () => 1,
    poll: (device) => {
      polls.push(device);
      const shows = shown;
      pace.polled(device, () => shows);
    },
  });
  pace.polled('gm1', () => 'as before');
  return {
    clock,
    polls,
    pace,
    changes: (now: string) => {
      shown = now;
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
  under.pace.polled('gm1', () => 'another KEK');
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
  const answer = (over: Parameters<typeof aGm>[0]): readonly Observation[] => [
    {
      kind: 'groups',
      origin: 'cli',
      device: 'gm1',
      command: 'show crypto gdoi',
      snapshots: [aGm(over)],
      unknownLines: 0,
      sentAtMs: NOON,
      receivedAtMs: NOON,
    },
  ];
  const before = shownState(answer({ reregistersInSeconds: 80 }));
  expect(shownState(answer({ reregistersInSeconds: 20 }))).toBe(before);
  expect(shownState(answer({ registrations: { succeeded: 9, attempted: 9 } }))).not.toBe(before);
  expect(shownState(answer({ keyServer: '10.9.9.9' }))).not.toBe(before);
});
