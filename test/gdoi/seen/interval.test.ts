/** Intervals of instants: both ends belong to them, and a whole-second figure is never a point. */
import { describe, expect, test } from 'vitest';
import {
  beginOfAge,
  endOfCountdown,
  type Interval,
  intersection,
  middleMs,
  overlaps,
  shifted,
  widened,
} from '../../../src/gdoi/seen/interval.ts';

const span = (fromMs: number, toMs: number): Interval => ({ fromMs, toMs });

describe('two intervals', () => {
  test.each([
    ['one before the other', span(0, 10), span(11, 20), null],
    ['one that ends where the other begins', span(0, 10), span(10, 20), span(10, 10)],
    ['one that reaches into the other', span(0, 10), span(5, 20), span(5, 10)],
    ['one inside the other', span(0, 20), span(5, 10), span(5, 10)],
    ['the same', span(0, 10), span(0, 10), span(0, 10)],
    ['a point in the other', span(0, 10), span(7, 7), span(7, 7)],
    ['a point beside the other', span(0, 10), span(-1, -1), null],
  ])('%s: the common part, either way round', (_, a, b, common) => {
    expect([intersection(a, b), intersection(b, a)]).toEqual([common, common]);
    expect([overlaps(a, b), overlaps(b, a)]).toEqual([common !== null, common !== null]);
  });
});

test.each([
  ['widened by 3', widened(span(10, 20), 3), span(7, 23)],
  ['narrowed by 3', widened(span(10, 20), -3), span(13, 17)],
  ['shifted by 3', shifted(span(10, 20), 3), span(13, 23)],
])('[10, 20] %s', (_, made, expected) => {
  expect(made).toEqual(expected);
});

test('the middle of a point is the point itself, and that of an interval is halfway', () => {
  expect([middleMs(span(7, 7)), middleMs(span(10, 20))]).toEqual([7, 15]);
});

describe('in an answer that was asked for at 1,000 ms and came at 1,400 ms,', () => {
  const at = { sentAtMs: 1_000, receivedAtMs: 1_400 };

  test.each([
    [0, span(1_000, 2_400)],
    [5, span(6_000, 7_400)],
    [86_400, span(86_401_000, 86_402_400)],
  ])('a countdown of %i s, cut to the second, ends in the interval that latency and cutting allow', (seconds, ends) => {
    expect(endOfCountdown(at, seconds)).toEqual(ends);
  });

  test.each([
    [0, span(0, 1_400)],
    [5, span(-5_000, -3_600)],
  ])('what is %i s old, cut to the second, began in the interval that latency and cutting allow', (seconds, began) => {
    expect(beginOfAge(at, seconds)).toEqual(began);
  });
});
