import { expect, test } from 'vitest';
import { PollRequests } from '../../../src/agent/schedule/poll-requests.ts';
import { FakeClock } from '../../builders/fake-clock.ts';

function setUp(pollMs = 100) {
  const clock = new FakeClock();
  const polls: string[] = [];
  const lastPolls = new Map<string, number>();
  const requests = new PollRequests({
    clock,
    now: (device) => {
      if (device === 'nobody') return null;
      polls.push(device);
      return clock.sleep(pollMs).then(() => void lastPolls.set(device, clock.monoMs()));
    },
    lastPollMonoMs: (device) => lastPolls.get(device) ?? null,
  });
  return { clock, polls, requests };
}
const patient = new AbortController().signal;

test('an answer of a moment ago is as good as a new one', async () => {
  const { clock, polls, requests } = setUp();
  const first = requests.poll('gm1', patient);
  await clock.advance(100);
  expect(await first).toEqual({ kind: 'polled' });
  await clock.advance(900);
  expect(await requests.poll('gm1', patient)).toEqual({ kind: 'polled' });
  expect(polls).toEqual(['gm1']);
  await clock.advance(200);
  const later = requests.poll('gm1', patient);
  await clock.advance(100);
  expect(await later).toEqual({ kind: 'polled' });
  expect(polls).toEqual(['gm1', 'gm1']);
});

test('requests are limited over the fleet, whatever devices they name, and unknown names cost nothing', async () => {
  const { clock, polls, requests } = setUp();
  for (let n = 0; n < 200; n += 1) expect(await requests.poll('nobody', patient)).toEqual({ kind: 'unknown_device' });
  const asked = Array.from({ length: 80 }, (_, n) => requests.poll(`gm${n}`, patient));
  await clock.advance(100);
  const outcomes = await Promise.all(asked);
  expect(polls).toHaveLength(50);
  expect(outcomes.filter(({ kind }) => kind === 'limited')).toHaveLength(30);
  expect(outcomes.at(-1)).toEqual({ kind: 'limited', retryAfterSeconds: 1 });
  await clock.advance(2000);
  void requests.poll('gm200', patient);
  expect(polls).toHaveLength(51);
});

test('whoever asked may stop waiting; the poll goes on', async () => {
  const { requests } = setUp();
  const impatient = new AbortController();
  const asked = requests.poll('gm1', impatient.signal);
  impatient.abort();
  expect(await asked).toEqual({ kind: 'abandoned' });
});
