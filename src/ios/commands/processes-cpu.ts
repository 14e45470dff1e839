/**
 * `show processes cpu`: its first line says how busy the router is. The agent asks for that line alone; a pasted answer
 * has the table of processes behind it, of which nothing is read.
 */
import type { CpuLoad } from '../../gdoi/seen/beside-facts.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { collapseBlanks } from '../text/device-values.ts';
import { readEach } from '../text/line-tally.ts';

// CPU utilization for five seconds: 12%/3%; one minute: 10%; five minutes: 8%
const LOAD =
  /^CPU utilization for five seconds: (\d{1,3})%(?:\/(\d{1,3})%)?; one minute: (\d{1,3})%; five minutes: (\d{1,3})%$/i;
// PID Runtime(ms)     Invoked      uSecs   5Sec   1Min   5Min TTY Process
const TABLE_HEADING = /^PID Runtime\s?\(ms\) Invoked uSecs 5Sec 1Min 5Min TTY Process$/i;
// 1          12          34        352  0.00%  0.00%  0.00%   0 Chunk Manager
const PROCESS =
  /^\d{1,6} \d{1,12} \d{1,12} \d{1,10} \d{1,3}\.\d{2}% \d{1,3}\.\d{2}% \d{1,3}\.\d{2}% \d{1,4} \S.{0,80}$/;

/** No router is busier than that. */
const MOST_PERCENT = 100;

function readLoad(answer: Answer): Reading {
  const shown: CpuLoad[] = [];
  const read = readEach(answer.lines, (raw) => {
    const line = collapseBlanks(raw);
    const load = parseLoad(line);
    if (load !== null) shown.push(load);
    return load !== null || TABLE_HEADING.test(line) || PROCESS.test(line);
  });
  const recognised = shown.length > 0;
  return { snapshots: shown.slice(-1), ...read, recognised, missing: recognised ? null : 'the load of the CPU' };
}

function parseLoad(line: string): CpuLoad | null {
  const match = LOAD.exec(line);
  if (match === null) return null;
  const [, fiveSeconds, interrupts, oneMinute, fiveMinutes] = match;
  const load: CpuLoad = {
    role: 'cpu',
    fiveSecondsPercent: Number(fiveSeconds),
    interruptsPercent: interrupts === undefined ? null : Number(interrupts),
    oneMinutePercent: Number(oneMinute),
    fiveMinutesPercent: Number(fiveMinutes),
  };
  const { fiveSecondsPercent, oneMinutePercent, fiveMinutesPercent } = load;
  return Math.max(fiveSecondsPercent, oneMinutePercent, fiveMinutesPercent) <= MOST_PERCENT ? load : null;
}

export const processesCpu: CommandGrammar = {
  names: ['show processes cpu'],
  recognisedBy: [LOAD],
  closedLines: [LOAD, PROCESS],
  read: readLoad,
};
