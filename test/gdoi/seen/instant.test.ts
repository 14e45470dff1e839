/** Days and times of the day that devices print, as instants. */
import { expect, test } from 'vitest';
import { utcInstant } from '../../../src/gdoi/seen/instant.ts';

test.each<[shown: string, date: [number, number, number], time: [number, number, number, number?]]>([
  ['2024-02-29T23:59:59.000Z', [2024, 1, 29], [23, 59, 59]],
  ['2026-12-31T00:00:00.999Z', [2026, 11, 31], [0, 0, 0, 999]],
])('%s is an instant', (shown, date, time) => {
  expect(new Date(utcInstant(date, time) ?? Number.NaN).toISOString()).toBe(shown);
});

test.each<[what: string, date: [number, number, number], time: [number, number, number]]>([
  ['the 29th of February of a common year', [2026, 1, 29], [0, 0, 0]],
  ['the 31st of April', [2026, 3, 31], [0, 0, 0]],
  ['day 0', [2026, 0, 0], [0, 0, 0]],
  ['hour 24', [2026, 0, 1], [24, 0, 0]],
  ['minute 60', [2026, 0, 1], [0, 60, 0]],
  ['a date without a number', [Number.NaN, 0, 1], [0, 0, 0]],
])('%s is no instant, and is not taken for the next day', (_, date, time) => {
  expect(utcInstant(date, time)).toBeNull();
});
