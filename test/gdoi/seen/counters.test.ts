/** What the counters of a GM say between two answers. */
import { describe, expect, test } from 'vitest';
import { counterMovement, type Counters, impossibleFigure, withKnown } from '../../../src/gdoi/seen/counters.ts';

const MINUTE_MS = 60_000;

function counters(succeeded: number, over: Partial<Counters> = {}): Counters {
  return { succeeded, attempted: succeeded, received: 5, sinceRegistration: 2, acksSent: 5, ...over };
}

interface Between {
  readonly before: Counters;
  readonly now: Counters;
  readonly emitted?: number;
  readonly elapsedMs?: number;
  readonly keysChanged?: boolean;
  readonly rekeyedSince?: boolean;
  readonly countsRekeys?: boolean;
}

const moved = (between: Between) =>
  counterMovement({
    emitted: between.before.succeeded,
    elapsedMs: MINUTE_MS,
    keysChanged: false,
    rekeyedSince: false,
    countsRekeys: true,
    ...between,
  });

describe('registrations', () => {
  test.each([
    ['none', { before: counters(3), now: counters(3) }, 0],
    ['one', { before: counters(3), now: counters(4) }, 1],
    ['two between two answers', { before: counters(3), now: counters(5) }, 2],
    ['one that the log had shown already', { before: counters(3), now: counters(4), emitted: 4 }, 0],
    ['fewer than the log had shown', { before: counters(3), now: counters(3), emitted: 4 }, 0],
    ['an attempt that failed', { before: counters(3), now: counters(3, { attempted: 9 }) }, 0],
    ['a rekey', { before: counters(3), now: counters(3, { received: 6, sinceRegistration: 3, acksSent: 6 }) }, 0],
    [
      'one that resets the rekeys since the registration',
      { before: counters(3), now: counters(4, { sinceRegistration: 0 }) },
      1,
    ],
  ] satisfies ReadonlyArray<readonly [string, Between, number]>)('%s', (_, between, registrations) => {
    expect(moved(between)).toEqual({ kind: 'registered', registrations });
  });
});

describe('a restart', () => {
  test.each([
    [
      'registrations fell',
      counters(1, { received: 0, acksSent: 0, sinceRegistration: 0 }),
      'Succeeded registration 3 -> 1',
    ],
    ['attempts fell', counters(3, { attempted: 1, received: 0, acksSent: 0 }), 'Attempted registration 3 -> 1'],
    ['rekeys fell', counters(3, { received: 0, acksSent: 0 }), 'Rekeys received 5 -> 0'],
    ['acknowledgements fell', counters(3, { acksSent: 1, received: null }), 'Rekey ACKs sent 5 -> 1'],
    [
      'rekeys since the registration fell, and none was counted',
      counters(3, { sinceRegistration: 0, received: 0 }),
      'After latest register 2 -> 0',
    ],
  ])('%s', (_, now, evidence) => {
    expect(moved({ before: counters(3), now })).toMatchObject({
      kind: 'restarted',
      registrations: now.succeeded,
      fell: true,
      evidence: expect.arrayContaining([evidence]),
    });
  });

  test('to the same figures is recognized by keys that changed without being counted', () => {
    const same = counters(1, { received: 0, sinceRegistration: 0, acksSent: 0 });
    expect(moved({ before: same, now: same, keysChanged: true })).toMatchObject({ kind: 'restarted', fell: false });
    expect(moved({ before: same, now: same, keysChanged: true, countsRekeys: false })).toMatchObject({
      kind: 'registered',
      registrations: 0,
    });
  });

  test('to the same figures is recognized by a rekey that came and was not counted', () => {
    const same = counters(1);
    expect(moved({ before: same, now: same, rekeyedSince: true })).toMatchObject({ kind: 'restarted', fell: false });
    expect(moved({ before: same, now: same, rekeyedSince: true, countsRekeys: false })).toMatchObject({
      kind: 'registered',
    });
  });
});

describe('a contradiction', () => {
  test.each([
    ['more registrations than there was time for', { before: counters(3), now: counters(66) }, '3 -> 66 in 60 s'],
    [
      'a restart with more registrations than there was time for',
      { before: counters(900), now: counters(66, { received: 0 }) },
      '66 registrations since',
    ],
    [
      'registrations that fell while the rekeys went on',
      { before: counters(3, { received: 90 }), now: counters(1, { received: 91 }) },
      'but Rekeys received 90 -> 91',
    ],
    [
      'more than a thousand registrations at once, whatever the time',
      { before: counters(3), now: counters(2_000), elapsedMs: 1e9 },
      '3 -> 2000',
    ],
  ] satisfies ReadonlyArray<readonly [string, Between, string]>)('%s', (_, between, words) => {
    expect(moved(between)).toEqual({ kind: 'contradiction', detail: expect.stringContaining(words) });
  });
});

test('a counter that an answer does not show keeps its last value', () => {
  const before = counters(3);
  const shown: Counters = { succeeded: 4, attempted: null, received: 7, sinceRegistration: null, acksSent: null };
  expect(withKnown(before, shown)).toEqual({
    succeeded: 4,
    attempted: 3,
    received: 7,
    sinceRegistration: 2,
    acksSent: 5,
  });
  expect(withKnown(before, counters(9))).toEqual(counters(9));
});

test.each([
  [counters(3), null],
  [counters(3, { received: null }), null],
  [counters(-1, { attempted: 0 }), 'Succeeded registration: -1'],
  [counters(3, { received: 2 ** 60 }), `Rekeys received: ${2 ** 60}`],
  [counters(3, { acksSent: 1.5 }), 'Rekey ACKs sent: 1.5'],
])('in %j the impossible figure is %s', (now, figure) => {
  expect(impossibleFigure(now)).toBe(figure);
});
