/**
 * `show clock`: the device's own time and how much it trusts it.
 *
 * An instant is made only of UTC or GMT: for every other zone the device prints a name, not an offset.
 */
import type { DeviceClock } from '../../gdoi/seen/device-facts.ts';
import { parseMonth, utcInstant } from '../../gdoi/seen/instant.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { collapseBlanks, isUtc } from '../text/device-values.ts';
import { readEach } from '../text/line-tally.ts';

// *16:39:51.206 UTC Mon Oct 19 2015 / .16:39:51.206 UTC Mon Oct 19 2015 / 16:38:27.413 EST Mon Oct 17 2016
const CLOCK =
  /^([*.]?)(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,3}))? ([A-Za-z][\w+:-]{0,15}) [A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) (\d{4})$/;
// No time source / Time source is NTP / Time source is user configuration (`show clock detail`)
const SOURCE = /^(?:No time source|Time source is (.{1,80}))$/i;
const SUMMER_TIME = /^Summer time (?:starts|ends) .{1,80}$/i;

function readClock(answer: Answer): Reading {
  const clocks: DeviceClock[] = [];
  const sources: string[] = [];
  const read = readEach(answer.lines, (raw) => {
    const line = collapseBlanks(raw);
    const shown = parseClock(line);
    if (shown !== null) clocks.push(shown);
    const source = SOURCE.exec(line);
    if (source !== null) sources.push(source[1] ?? 'none');
    return shown !== null || source !== null || SUMMER_TIME.test(line);
  });
  return {
    snapshots: clocks.slice(-1).map((clock) => withSource(clock, sources.at(-1))),
    ...read,
    recognised: read.known > 0,
    missing: clocks.length === 0 ? 'the time' : null,
  };
}

function withSource(clock: DeviceClock, source: string | undefined): DeviceClock {
  return source === undefined ? clock : { ...clock, source };
}

function parseClock(line: string): DeviceClock | null {
  const match = CLOCK.exec(line);
  if (match === null) return null;
  const [, mark, hour, minute, second, fraction, zone = '', monthName = '', day, year] = match;
  const month = parseMonth(monthName);
  if (month === null) return null;
  const shownMs = utcInstant(
    [Number(year), month, Number(day)],
    [Number(hour), Number(minute), Number(second), Number((fraction ?? '').padEnd(3, '0'))],
  );
  if (shownMs === null) return null;
  return {
    role: 'clock',
    ...(isUtc(zone) ? { epochMs: shownMs } : { epochMs: null, shownMs }),
    zone,
    synchronised: mark === '',
  };
}

export const showClock: CommandGrammar = {
  names: ['show clock', 'show clock detail'],
  recognisedBy: [CLOCK],
  // 16:39:51.206 UTC Mon Oct 19 2015: four digits of year end it
  closedLines: [CLOCK, /^[*.]?\d{2}:\d{2}:\d{2}.{1,40} \d{4}$/],
  read: readClock,
};
