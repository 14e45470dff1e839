/** A router's log buffer in the zones and with the stamps that routers are set to. */
import { describe, expect, it } from 'vitest';
import { clockFromShowClock } from '../../../src/gdoi/log/log-clock.ts';
import { freshLines } from '../../../src/gdoi/log/log-buffer.ts';
import type { DeviceClock } from '../../../src/gdoi/seen/device-facts.ts';
import { parseCommandOutput } from '../../../src/ios/parse.ts';

const READ_MS = Date.UTC(2026, 2, 2, 0, 2, 1);
const WRITTEN_MS = Date.UTC(2026, 2, 2, 0, 1, 30);

function shownClock(text: string): DeviceClock {
  const result = parseCommandOutput('show clock', `${text}\n`, 'prompt');
  const clock = result.kind === 'parsed' ? result.snapshots.find((each) => each.role === 'clock') : undefined;
  if (clock === undefined) throw new Error(`no clock: ${text}`);
  return clock;
}

/** Where a line is placed that was written 31 s before the buffer was read, a minute after it was read before. */
function placed(clock: string, timestamp: string, sinceMs: number | null = READ_MS - 60_000) {
  const learnt = clockFromShowClock(null, { sentAtMs: READ_MS, receivedAtMs: READ_MS }, shownClock(clock));
  const message = {
    facility: 'GDOI',
    severity: 5,
    mnemonic: 'GM_REGS_COMPL',
    text: 'Registration to KS 192.0.2.1 complete for group WANGRP using address 198.51.100.7',
    timestamp,
    sequence: null,
  };
  const tail = sinceMs === null ? null : { readMs: sinceMs, hashes: [] };
  const { lines } = freshLines(tail, [message], { sentAtMs: READ_MS, receivedAtMs: READ_MS }, learnt);
  return lines.map(({ written }) => written);
}

const exactly = [{ fromMs: WRITTEN_MS - 1, toMs: WRITTEN_MS + 1 }];
const somewhere = [{ fromMs: READ_MS - 60_000, toMs: READ_MS }];

describe('a line of the log buffer', () => {
  it.each([
    ['UTC', '00:02:01.000 UTC Mon Mar 2 2026', 'Mar  2 00:01:30.000 UTC'],
    ['UTC, with stamps that name no zone', '00:02:01.000 UTC Mon Mar 2 2026', 'Mar  2 00:01:30.000'],
    ['CET, with stamps that name it', '01:02:01.000 CET Mon Mar 2 2026', 'Mar  2 01:01:30.000 CET'],
    ['CET, with local stamps that name no zone', '01:02:01.000 CET Mon Mar 2 2026', 'Mar  2 01:01:30.000'],
    ['CET, with stamps in UTC, as without localtime', '01:02:01.000 CET Mon Mar 2 2026', 'Mar  2 00:01:30.000'],
    ['PST, whose day is the one before', '16:02:01.000 PST Sun Mar 1 2026', 'Mar  1 16:01:30.000 PST'],
    ['PST, with local stamps that name no zone', '16:02:01.000 PST Sun Mar 1 2026', 'Mar  1 16:01:30.000'],
    ['NZDT, with local stamps that name no zone', '13:02:01.000 NZDT Mon Mar 2 2026', 'Mar  2 13:01:30.000'],
    ['PST, with stamps in UTC', '16:02:01.000 PST Sun Mar 1 2026', 'Mar  2 00:01:30.000 UTC'],
    ['Kathmandu, a quarter of an hour off', '05:47:01.000 NPT Mon Mar 2 2026', 'Mar  2 00:01:30.000'],
    ['AEDT, and a clock that never was set', '*11:02:01.000 AEDT Mon Mar 2 2026', 'Mar  2 11:01:30.000 AEDT'],
  ])('is placed to the millisecond in %s', (_name, clock, stamp) => {
    expect(placed(clock, stamp)).toEqual(exactly);
  });

  it.each([
    ['of another zone than the clock', '01:02:01.000 CET Mon Mar 2 2026', 'Mar  2 02:01:30.000 CEST'],
    ['that neither reading puts between the looks', '01:02:01.000 CET Mon Mar 2 2026', 'Mar  2 00:31:30.000'],
    ['that was written on a clock far from the agent’s', '*01:02:01.000 CET Mon Mar 1 1993', 'Mar  1 00:31:30.000'],
  ])('%s is placed by the two looks alone', (_name, clock, stamp) => {
    expect(placed(clock, stamp)).toEqual(somewhere);
  });

  it('of the first look is not placed where its stamp may be local or UTC', () => {
    expect(placed('01:02:01.000 CET Mon Mar 2 2026', 'Mar  2 00:01:30.000', null)).toEqual([]);
    expect(placed('01:02:01.000 CET Mon Mar 2 2026', 'Mar  2 01:01:30.000 CET', null)).toEqual(exactly);
    expect(placed('08:02:01.000 CST Mon Mar 2 2026', 'Mar  2 08:01:30.000', null)).toEqual(exactly);
  });

  it('is not placed twice in one long gap: an hour earlier and now are both between the looks', () => {
    const since = READ_MS - 7_200_000;
    expect(placed('01:02:01.000 CET Mon Mar 2 2026', 'Mar  2 00:01:30.000', since)).toEqual([
      { fromMs: since, toMs: READ_MS },
    ]);
  });
});
