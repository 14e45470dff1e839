import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SHOW_CPU } from '../../../src/access/show-command.ts';
import { nameFraction } from '../../../src/model/name-hash.ts';
import {
  showCpuIsDue,
  followUpCommands,
  NOTHING_LEARNT,
  type PollMemory,
  rememberAnswer,
  rememberShown,
  rememberRefusal,
} from '../../../src/agent/poll/poll-memory.ts';
import { CPU_EVERY_MS } from '../../../src/gdoi/seen/beside-facts.ts';
import type { GroupSnapshot } from '../../../src/gdoi/seen/snapshot.ts';
import { aGm, aKs } from '../../builders/snapshots.ts';

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
  test('a GM whose counters do not change is asked the main command only', () => {
    const memory = rememberShown(NOTHING_LEARNT, [counted(3, 40)]);
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
    const memory = rememberShown(NOTHING_LEARNT, [counted(3, 40)]);
    expect(asked([now], { memory })).toEqual(['show version']);
  });

  test('show version is asked once after a group of a GM is not shown any more: did the device boot without it?', () => {
    const memory = rememberShown(NOTHING_LEARNT, [counted(3, 40), aGm({ group: 'G2' })]);
    expect(asked([counted(3, 40)], { memory })).toEqual(['show version']);
    expect(asked([], { memory })).toEqual(['show version']);
    expect(asked([], { memory: rememberShown(memory, []) })).toEqual([]);
  });

  test('a KS is asked its policy, members and COOP state at the pace of the details', () => {
    const details = ['show crypto gdoi ks policy', 'show crypto gdoi ks members', 'show crypto gdoi ks coop'] as const;
    expect(asked([aKs()])).toEqual(details);
    let memory: PollMemory = NOTHING_LEARNT;
    for (const command of details) memory = rememberAnswer(memory, command, 1000);
    expect(asked([aKs()], { memory, nowMonoMs: 31_000 })).toEqual([]);
    expect(asked([aKs()], { memory, nowMonoMs: 61_000 })).toEqual(details);
  });

  test('certificates are asked of any device that collects them, hourly even if details are asked every minute', () => {
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

describe('a look at the processor of a router at rest', () => {
  /** Monotonic ms of the polls that took a look, of those at these instants. */
  function looks(device: string, pollsAtMs: readonly number[]): readonly number[] {
    let memory: PollMemory = NOTHING_LEARNT;
    return pollsAtMs.filter((atMs) => {
      const due = showCpuIsDue(memory, device, atMs);
      if (due) memory = { ...rememberAnswer(memory, SHOW_CPU, atMs), cpuPercent: 4 };
      return due;
    });
  }

  const everyMs = (ms: number, startMs: number, forMs: number) =>
    Array.from({ length: Math.floor(forMs / ms) }, (_, n) => startMs + n * ms);

  test('is asked at the first poll, then once in five minutes, at any interval', () => {
    const timing = fc.record({
      device: fc.string(),
      startMs: fc.integer({ min: 0, max: 10 * CPU_EVERY_MS }),
      intervalMs: fc.integer({ min: 1000, max: CPU_EVERY_MS }),
    });
    fc.assert(
      fc.property(timing, ({ device, startMs, intervalMs }) => {
        const periods = 8;
        const taken = looks(device, everyMs(intervalMs, startMs, periods * CPU_EVERY_MS));
        expect(taken[0]).toBe(startMs);
        expect(taken.length).toBeGreaterThanOrEqual(periods - 1);
        expect(taken.length).toBeLessThanOrEqual(periods + 1);
        const gaps = taken.slice(1).map((atMs, n) => atMs - (taken[n] ?? 0));
        expect(Math.max(...gaps)).toBeLessThan(CPU_EVERY_MS + intervalMs);
      }),
    );
  });

  test('falls on another instant for each of a fleet whose sessions began together', () => {
    const second = Array.from({ length: 500 }, (_, n) => looks(`gm${n}`, everyMs(50_000, 0, 2 * CPU_EVERY_MS))[1] ?? 0);
    const perPoll = everyMs(50_000, 50_000, CPU_EVERY_MS).map((atMs) => second.filter((at) => at === atMs).length);
    expect(Math.max(...perPoll)).toBeLessThan(2 * Math.min(...perPoll));
  });

  test.each([10_000, 51_000, 60_000])(
    'comes as evenly as the polls of a fleet at one poll in %i ms do',
    (intervalMs) => {
      const fleet = 2000;
      const names = Array.from({ length: fleet }, (_, n) => `gm${n}`);
      const second = names.flatMap((name) => {
        const polls = everyMs(intervalMs, nameFraction(name, 'polls') * intervalMs, 3 * CPU_EVERY_MS);
        return looks(name, polls).slice(1, 2);
      });
      const every12s = Array.from(
        { length: 25 },
        (_, n) => second.filter((at) => Math.floor(at / 12_000) === n).length,
      );
      expect(Math.max(...every12s)).toBeLessThan((2 * fleet) / every12s.length);
    },
  );
});
