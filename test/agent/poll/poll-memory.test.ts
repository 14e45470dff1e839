import { describe, expect, test } from 'vitest';
import {
  followUpCommands,
  NOTHING_LEARNT,
  type PollMemory,
  rememberAnswer,
  rememberCounters,
  rememberRefusal,
} from '../../../src/agent/poll/poll-memory.ts';
import type { GroupSnapshot } from '../../../src/gdoi/seen/snapshot.ts';
import { aGm, aKs } from '../../builders/view-builder.ts';

function asked(
  snapshots: readonly GroupSnapshot[],
  over: Partial<Parameters<typeof followUpCommands>[0]> & { memory?: PollMemory } = {},
) {
  return followUpCommands({
    memory: NOTHING_LEARNT,
    snapshots,
    newSession: false,
    collect: [],
    detailIntervalMs: 60_000,
    nowMonoMs: 1000,
    ...over,
  });
}

const counted = (succeeded: number, received: number, attempted = succeeded) =>
  aGm({
    registrations: { succeeded, attempted },
    rekeys: { ...aGm().rekeys, received },
  });

describe('a poll asks only what is of interest', () => {
  test('a GM whose counters stand still is asked nothing beside the main command', () => {
    const memory = rememberCounters(NOTHING_LEARNT, [counted(3, 40)]);
    expect(asked([counted(3, 41)], { memory })).toEqual([]);
  });

  test('show version is asked on a new session: a reload ends every session', () => {
    expect(asked([aGm()], { newSession: true })).toEqual(['show version']);
  });

  test.each([
    ['a registration', counted(4, 40)],
    ['counters that restarted', counted(1, 0)],
    ['a rekey counter that fell alone', counted(3, 2)],
    ['a count of attempts that fell alone', counted(3, 40, 1)],
  ])('show version is asked after %s: only the uptime tells a reload from a clear', (_, now) => {
    const memory = rememberCounters(NOTHING_LEARNT, [counted(3, 40)]);
    expect(asked([now], { memory })).toEqual(['show version']);
  });

  test('a KS is asked its policy, members and COOP state at the pace of the details', () => {
    const details = ['show crypto gdoi ks policy', 'show crypto gdoi ks members', 'show crypto gdoi ks coop'] as const;
    expect(asked([aKs()])).toEqual(details);
    let memory: PollMemory = NOTHING_LEARNT;
    for (const command of details) memory = rememberAnswer(memory, command, 1000);
    expect(asked([aKs()], { memory, nowMonoMs: 31_000 })).toEqual([]);
    expect(asked([aKs()], { memory, nowMonoMs: 61_000 })).toEqual(details);
  });

  test('the certificates are asked of any device that collects them, hourly where details are asked every minute', () => {
    const certificates = 'show crypto pki certificates';
    for (const snapshots of [[aGm()], [aKs()]]) {
      expect(asked(snapshots, { collect: ['certificates'] })).toContain(certificates);
      expect(asked(snapshots)).not.toContain(certificates);
    }
    const memory = rememberAnswer(NOTHING_LEARNT, certificates, 0);
    expect(asked([aGm()], { memory, collect: ['certificates'], nowMonoMs: 3_000_000 })).toEqual([]);
    expect(asked([aGm()], { memory, collect: ['certificates'], nowMonoMs: 3_600_000 })).toEqual([certificates]);
    expect(asked([aGm()], { memory, collect: ['certificates'], detailIntervalMs: 0 })).toEqual([certificates]);
  });

  test('a detail whose interval is that of the polls is asked at every poll, though its answer came late in the last one', () => {
    const memory = rememberAnswer(NOTHING_LEARNT, 'show crypto gdoi ks policy', 3000);
    expect(asked([aKs()], { memory, nowMonoMs: 60_120 })).toContain('show crypto gdoi ks policy');
  });

  test('an image that spells it gkm is asked in its own spelling', () => {
    expect(
      asked([aGm()], { memory: { ...NOTHING_LEARNT, spelling: 'gkm' }, collect: ['replay', 'dataplane'] }),
    ).toEqual(['show crypto gkm gm replay', 'show crypto gkm gm dataplane counters']);
  });

  test('a refused command is left alone for an hour', () => {
    const memory = rememberRefusal(NOTHING_LEARNT, 'show crypto gdoi ks members', 1000);
    expect(asked([aKs()], { memory })).not.toContain('show crypto gdoi ks members');
    expect(asked([aKs()], { memory, nowMonoMs: 3_601_001 })).toContain('show crypto gdoi ks members');
  });
});
