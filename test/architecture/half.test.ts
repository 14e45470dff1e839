import { expect, test } from 'vitest';
import { half, halfBy } from '../builders/half.ts';

const CASES = ['a', 'b', 'c', 'd', 'e'];

test('the two halves of a table are all of it, and no case is in both', () => {
  const [first, second] = [halfBy('first', CASES, false), halfBy('second', CASES, false)];
  expect([first, second]).toEqual([
    ['a', 'c', 'e'],
    ['b', 'd'],
  ]);
});

test('what is told in another way in the same run is the other half', () => {
  expect(halfBy('first', CASES, true)).toEqual(halfBy('second', CASES, false));
  expect(halfBy('second', CASES, true)).toEqual(halfBy('first', CASES, false));
});

test('all are told where all are asked for', () => {
  expect([halfBy('all', CASES, false), halfBy('all', CASES, true)]).toEqual([CASES, CASES]);
});

test('this run tells one of the halves, or all', () => {
  expect([CASES, halfBy('first', CASES, false), halfBy('second', CASES, false)]).toContainEqual(half(CASES));
});
