import { expect, test } from 'vitest';
import { parseIsoInstant } from '../../src/kernel/iso-instant.ts';

test.each([
  ['2026-03-02T00:01:30Z', Date.UTC(2026, 2, 2, 0, 1, 30)],
  ['2026-03-02T00:01Z', Date.UTC(2026, 2, 2, 0, 1)],
  ['2026-03-02T00:01:30.123456+01:00', Date.UTC(2026, 2, 1, 23, 1, 30, 123)],
  ['2026-03-02 00:01:30Z', Date.UTC(2026, 2, 2, 0, 1, 30)],
  ['2024-02-29', Date.UTC(2024, 1, 29)],
  ['1970-01-01T00:00:00Z', 0],
])('%s is an instant', (text, ms) => {
  expect(parseIsoInstant(text)).toBe(ms);
});

test.each([
  ['no such day', '2026-02-30T00:00:00Z'],
  ['no leap year', '2026-02-29'],
  ['no such month', '2026-13-01T00:00:00Z'],
  ['no such hour', '2026-03-02T25:00:00Z'],
  ['a number, as of an age without its unit', '12'],
  ['another way to write dates', 'Mar 2 2026'],
  ['nothing', ''],
])('%s is none: %j', (_what, text) => {
  expect(parseIsoInstant(text)).toBeNull();
});
