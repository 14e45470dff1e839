/** How busy the router is, in a request that goes out anyway. */
import { describe, expect, it, test } from 'vitest';
import { CPU_ONE_MINUTE, cpuIsDue, cpuLook } from '../../src/mib/cpu-load.ts';
import { gdoiRequest } from '../../src/mib/gdoi-request.ts';
import { NOTHING_LEARNT } from '../../src/mib/snmp-memory.ts';
import { cpuPercent } from '../../src/yang/system-data.ts';
import { READ_AT_MS } from './gdoi-reply-builder.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const reply = (rows: readonly (number | string)[], emptyColumns: readonly string[] = []) => ({
  sentAtMs: READ_AT_MS,
  receivedAtMs: READ_AT_MS,
  varbinds: rows.map((value, row) => ({
    oid: `${CPU_ONE_MINUTE}.${row + 1}`,
    value: typeof value === 'number' ? value : new TextEncoder().encode(value),
  })),
  emptyColumns,
  engine: null,
});

describe('the CPU in an SNMP answer', () => {
  test.each([
    ['of one processor', reply([17]), 17],
    ['of several: the busiest', reply([3, 91, 12]), 91],
    ['odd figures are left out', reply([140, -1, 'high', 6]), 6],
    ['nothing but odd ones: not shown', reply(['high']), null],
    ['a view that hides it', reply([], [CPU_ONE_MINUTE]), null],
  ])('%s', (_what, answer, percent) => {
    expect(cpuLook(answer)).toEqual({ atMs: READ_AT_MS, percent });
  });

  it('does not count as read if it was not asked for', () => {
    expect(cpuLook(reply([]))).toBeNull();
  });
});

describe('is asked', () => {
  test.each([
    ['first of all', null, 0, true],
    ['not again within five minutes', { percent: 12 }, 4 * MINUTE_MS, false],
    ['again after five', { percent: 12 }, 5 * MINUTE_MS, true],
    ['at each poll while it is busy', { percent: 80 }, 1000, true],
    ['once a day where it is hidden', { percent: null }, 23 * HOUR_MS, false],
    ['... and then again', { percent: null }, 24 * HOUR_MS, true],
    ['after the clock was set back by hours', { percent: 12 }, -2 * HOUR_MS, true],
  ])('%s', (_what, look, laterMs, due) => {
    const cpu = look && { ...look, atMs: READ_AT_MS };
    expect(cpuIsDue({ cpu }, READ_AT_MS + laterMs)).toBe(due);
    const { columns } = gdoiRequest({ ...NOTHING_LEARNT, cpu }, 'gm', READ_AT_MS + laterMs);
    expect(columns.includes(CPU_ONE_MINUTE)).toBe(due);
  });
});

describe('the CPU in a RESTCONF document', () => {
  test.each([
    ['a leaf of its module', { 'Cisco-IOS-XE-process-cpu-oper:one-minute': 7 }, 7],
    ['a leaf without one', { 'one-minute': 0 }, 0],
    ['no figure', { 'one-minute': '7' }, null],
    ['more than there is', { 'one-minute': 101 }, null],
    ['another leaf', { 'five-minutes': 7 }, null],
    ['a list', [7], null],
    ['nothing', null, null],
  ])('%s', (_what, body, percent) => {
    expect(cpuPercent(body)).toBe(percent);
  });
});
