import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CLOCK_NOT_SEEN, type DeviceClockMemory, onPresentClock } from '../../../src/agent/poll/device-clock.ts';

const NOON = Date.UTC(2026, 0, 1, 12);
/** Our wall clock less the monotonic one. */
const WALL_AHEAD = NOON - 5_000_000;
const iso = (ms: number) => new Date(ms).toISOString();

/** One document, read in 200 ms at `atMs` on our clock, of a device whose clock is ahead by `aheadMs`. */
function read(memory: DeviceClockMemory, atMs: number, aheadMs: number, body: unknown, wallAheadMs = WALL_AHEAD) {
  const document = {
    path: '/x',
    sentAtMs: atMs - 100,
    receivedAtMs: atMs + 100,
    deviceNowMs: Math.floor((atMs + aheadMs) / 1000) * 1000,
    body,
  };
  return onPresentClock(memory, [document], wallAheadMs);
}

test('an instant of before a step is as long ago as it was', () => {
  const body = { list: [{ 'prev-reg-time': iso(NOON - 60_000), name: 'G1' }] };
  const before = read(CLOCK_NOT_SEEN, NOON, 0, body);
  expect(before.documents[0]?.body).toEqual(body);
  const after = read(before.memory, NOON + 10_000, 600_000, body);
  const moved = JSON.stringify(after.documents[0]?.body);
  const [, text = ''] = /"prev-reg-time":"([^"]+)"/.exec(moved) ?? [];
  expect(Math.abs(Date.parse(text) - (NOON - 60_000 + 600_000))).toBeLessThanOrEqual(1000);
  expect(moved).toContain('"name":"G1"');
});

test('an instant that is first shown after the step is of the present clock', () => {
  const before = read(CLOCK_NOT_SEEN, NOON, 0, { at: iso(NOON - 60_000) });
  const fresh = { at: iso(NOON + 600_000 + 5_000) };
  const after = read(before.memory, NOON + 10_000, 600_000, fresh);
  expect(after.documents[0]?.body).toEqual(fresh);
  expect(read(after.memory, NOON + 20_000, 600_000, fresh).documents[0]?.body).toEqual(fresh);
});

test('a step of our own wall clock moves nothing', () => {
  const body = { at: iso(NOON - 60_000) };
  const before = read(CLOCK_NOT_SEEN, NOON, 0, body);
  const after = read(before.memory, NOON + 3_610_000, -3_600_000, body, WALL_AHEAD + 3_600_000);
  expect(after.documents[0]?.body).toEqual(body);
});

test('drift and whole seconds are no step, nor is a step there and back', () => {
  const body = { at: iso(NOON - 60_000) };
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1_500, max: 1_500 }), { maxLength: 20 }), (drifts) => {
      let memory = CLOCK_NOT_SEEN;
      let aheadMs = 0;
      for (const [index, drift] of drifts.entries()) {
        aheadMs += drift;
        const seen = read(memory, NOON + index * 30_000, aheadMs, body);
        expect(seen.documents[0]?.body).toEqual(body);
        ({ memory } = seen);
      }
    }),
  );
  const ahead = read(read(CLOCK_NOT_SEEN, NOON, 0, body).memory, NOON + 1_000, 600_000, body);
  const back = read(ahead.memory, NOON + 2_000, 0, body);
  const [, text = ''] = /"at":"([^"]+)"/.exec(JSON.stringify(back.documents[0]?.body)) ?? [];
  expect(Math.abs(Date.parse(text) - (NOON - 60_000))).toBeLessThanOrEqual(2_000);
});

test('a device that shows no time is left as it is', () => {
  const document = { path: '/x', sentAtMs: NOON, receivedAtMs: NOON, deviceNowMs: null, body: { at: iso(NOON) } };
  expect(onPresentClock(CLOCK_NOT_SEEN, [document], WALL_AHEAD)).toEqual({
    documents: [document],
    memory: CLOCK_NOT_SEEN,
  });
});

test('what is remembered is bounded', () => {
  let memory = CLOCK_NOT_SEEN;
  for (let poll = 0; poll < 40; poll += 1) {
    const body = Array.from({ length: 500 }, (_, index) => iso(NOON + (poll * 500 + index) * 1000));
    ({ memory } = read(memory, NOON + poll * 1000, 0, body));
  }
  expect(memory.setBy.size).toBeLessThanOrEqual(5_000);
});
