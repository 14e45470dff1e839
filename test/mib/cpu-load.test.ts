/** The CPU load of the router, asked in a request that goes out anyway. */
import { describe, expect, it, test } from 'vitest';
import { CPU_ONE_MINUTE, cpuIsDue, cpuLook } from '../../src/mib/cpu-load.ts';
import { gdoiRequest } from '../../src/mib/gdoi-request.ts';
import { NOTHING_LEARNT_BY_SNMP } from '../../src/mib/snmp-memory.ts';
import { cpuPercent } from '../../src/yang/system-data.ts';
import { READ_AT_MS } from '../builders/gdoi-reply-builder.ts';

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
    ['of one processor is read', reply([17]), 17],
    ['of several processors is that of the busiest', reply([3, 91, 12]), 91],
    ['is read without impossible figures', reply([140, -1, 'high', 6]), 6],
    ['is not shown if all figures are impossible', reply(['high']), null],
    ['is not shown if the SNMP view hides it', reply([], [CPU_ONE_MINUTE]), null],
  ])('%s', (_what, answer, percent) => {
    expect(cpuLook(answer)).toEqual({ atMs: READ_AT_MS, percent });
  });

  it('does not count as read if it was not requested', () => {
    expect(cpuLook(reply([]))).toBeNull();
  });
});

describe('the CPU load is requested', () => {
  test.each([
    ['when it was never read', null, 0, true],
    ['not again within five minutes', { percent: 12 }, 4 * MINUTE_MS, false],
    ['again after five minutes', { percent: 12 }, 5 * MINUTE_MS, true],
    ['at each poll while the router is busy', { percent: 80 }, 1000, true],
    ['not again within a day if it is hidden', { percent: null }, 23 * HOUR_MS, false],
    ['again after a day if it is hidden', { percent: null }, 24 * HOUR_MS, true],
    ['again after the clock was set back by hours', { percent: 12 }, -2 * HOUR_MS, true],
  ])('%s', (_what, look, laterMs, due) => {
    const cpu = look && { ...look, atMs: READ_AT_MS };
    expect(cpuIsDue({ cpu }, READ_AT_MS + laterMs)).toBe(due);
    const { columns } = gdoiRequest({ ...NOTHING_LEARNT_BY_SNMP, cpu }, 'gm', READ_AT_MS + laterMs);
    expect(columns.includes(CPU_ONE_MINUTE)).toBe(due);
  });
});

describe('the CPU in a RESTCONF document', () => {
  test.each([
    ['is read from a leaf with its module', { 'Cisco-IOS-XE-process-cpu-oper:one-minute': 7 }, 7],
    ['is read from a leaf without a module', { 'one-minute': 0 }, 0],
    ['is not shown if it is not a number', { 'one-minute': '7' }, null],
    ['is not shown if it is more than 100', { 'one-minute': 101 }, null],
    ['is not taken from another leaf', { 'five-minutes': 7 }, null],
    ['is not shown if the document is a list', [7], null],
    ['is not shown if there is no document', null, null],
  ])('%s', (_what, body, percent) => {
    expect(cpuPercent(body)).toBe(percent);
  });
});
