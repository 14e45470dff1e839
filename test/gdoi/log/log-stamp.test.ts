/** Time stamps of log lines, as IOS prints them, on the device's own clock. */
import { describe, expect, test } from 'vitest';
import { readLogStamp, zoneKey } from '../../../src/gdoi/log/log-stamp.ts';
import { parseLogMessage } from '../../../src/ios/log/log-message.ts';

const NOW = Date.UTC(2026, 2, 1, 12, 0, 0);
const at = (text: string, now = NOW) => {
  const stamp = readLogStamp(text, now);
  return stamp === null ? null : new Date(stamp.shown.fromMs).toISOString();
};

describe('a stamp', () => {
  test.each([
    ['Mar  1 11:59:58', '2026-03-01T11:59:58.000Z', 1_000, null],
    ['Mar  1 11:59:58.919', '2026-03-01T11:59:58.919Z', 1, null],
    ['Mar  1 11:59:58.919 UTC', '2026-03-01T11:59:58.919Z', 1, null],
    ['Mar  1 11:59:58.919 CET', '2026-03-01T11:59:58.919Z', 1, 'CET'],
    ['Jun  5 2024 07:23:09.318 EST', '2024-06-05T07:23:09.318Z', 1, 'EST'],
    ['Mar  1 11:59:58.9', '2026-03-01T11:59:58.900Z', 1, null],
    ['2024 Jun  5 07:23:09.318 EST', '2024-06-05T07:23:09.318Z', 1, 'EST'],
    ['Mar  1 11:59:58KST', '2026-03-01T11:59:58.000Z', 1_000, 'KST'],
    ['Mar  1 11:59:58.919 +0100', '2026-03-01T11:59:58.919Z', 1, '+0100'],
    ['Mar  1 11:59:58.919 +0000', '2026-03-01T11:59:58.919Z', 1, null],
    ['Mar  1 11:59:58.123456', '2026-03-01T11:59:58.123Z', 1, null],
  ])('"%s" is read as an interval as wide as its precision', (text, fromIso, widthMs, zone) => {
    const stamp = readLogStamp(text, NOW);
    expect(new Date(stamp!.shown.fromMs).toISOString()).toBe(fromIso);
    expect(stamp!.shown.toMs - stamp!.shown.fromMs).toBe(widthMs);
    expect(stamp!.zone).toBe(zone);
  });
});

describe('a stamp without a year is read as the last such day', () => {
  test.each([
    ['Dec 31 23:59:59', NOW, '2025-12-31T23:59:59.000Z'],
    ['Mar  1 12:30:00', NOW, '2026-03-01T12:30:00.000Z'],
    ['Mar  1 13:30:00', NOW, '2025-03-01T13:30:00.000Z'],
    ['Dec 31 23:59:59', Date.UTC(2026, 0, 1, 0, 0, 5), '2025-12-31T23:59:59.000Z'],
    ['Feb 29 12:00:00', Date.UTC(2025, 0, 1, 0, 0, 0), '2024-02-29T12:00:00.000Z'],
    ['Jan  1 00:00:01', Date.UTC(2025, 11, 31, 23, 59, 58), '2026-01-01T00:00:01.000Z'],
  ])('"%s" at %i', (text, now, iso) => {
    expect(at(text, now)).toBe(iso);
  });
});

test.each([
  null,
  '',
  '1d02h',
  '00:00:21',
  'Feb 30 2026 11:59:58',
  'Feb 30 11:59:58',
  'Mar  1 24:59:58',
  'Foo  1 11:59:58',
  'Mar 1',
  'at 5',
  'Mar  1 11:59:58 a zone with blanks',
])('%j is not read as a stamp', (text) => {
  expect(readLogStamp(text, NOW)).toBeNull();
});

test('a stamp without a year is not read when the current time is not known', () => {
  expect(readLogStamp('Mar  1 11:59:58', Number.NaN)).toBeNull();
});

test.each([
  [null, null],
  ['UTC', null],
  ['GMT', null],
  ['CET', 'CET'],
])('the zone %j has the key %j', (zone, key) => {
  expect(zoneKey(zone)).toBe(key);
});

test.each([
  ['Mar  1 11:59:58', null],
  ['Mar  1 2026 11:59:58.919 CET', 'CET'],
  ['2026 Mar  1 11:59:58KST', 'KST'],
  ['Mar  1 11:59:58 UTC+1', 'UTC+1'],
  ['Mar  1 11:59:58 EST5EDT', 'EST5EDT'],
  ['Mar  1 11:59:58 +01:00', '+01:00'],
  ['Mar  1 11:59:58 HEADOFFICE+0100SUMMR', 'HEADOFFICE+0100SUMMR'],
])('the stamp "%s" is read with its zone as it was found in its line', (stamp, zone) => {
  const message = parseLogMessage(`*${stamp}: %GDOI-5-GM_REGS_COMPL: text`);
  expect(message?.timestamp).toBe(stamp);
  expect(readLogStamp(stamp, NOW)?.zone).toBe(zone);
});
