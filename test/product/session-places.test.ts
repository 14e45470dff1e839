/**
 * Where SSH sessions live. Devices that outnumber the files a process may open cost memory, then logins; never
 * observations.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sessionPlaces, warnOfFewFiles } from '../../src/product/session-places.ts';
import { aConfig, aConfiguredDevice } from '../builders/config-builder.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';

const USUAL = { cores: 2, devices: 10, openFiles: 65_536, maxHandshakes: 128 };
/** Each device has a session that stays open, where nothing else is said. */
const placesOf = (around: Partial<typeof USUAL & { readonly sessions: number }>) => {
  const whole = { ...USUAL, ...around };
  return sessionPlaces({ sessions: whole.devices, ...whole });
};

test('sessions live in a thread for each thousand devices, as far as there are cores beside the first, up to four', () => {
  const threads = (cores: number, devices: number) => {
    const { workers, workerKind } = placesOf({ cores, devices });
    expect(workerKind).toBe('thread');
    return workers;
  };
  expect([1, 2, 3, 5, 64].map((cores) => threads(cores, 30_000))).toEqual([0, 1, 2, 4, 4]);
  expect([0, 10, 1_000, 1_001, 4_000].map((devices) => threads(64, devices))).toEqual([1, 1, 1, 2, 4]);
  expect(threads(1, 10)).toBe(0);
});

test('of the files a quarter at most is for logins under way, a hundred for the rest, and what is left for sessions', () => {
  const thread = { workers: 1, workerKind: 'thread' };
  expect(placesOf({ openFiles: 300 })).toEqual({ ...thread, openFiles: 300, maxHandshakes: 75, maxOpenSessions: 125 });
  expect(placesOf({})).toMatchObject({ ...thread, maxHandshakes: 128, maxOpenSessions: 65_308 });
  const unbounded = { ...thread, maxHandshakes: 128, maxOpenSessions: Number.POSITIVE_INFINITY };
  expect(placesOf({ openFiles: Number.POSITIVE_INFINITY })).toMatchObject(unbounded);
});

describe('if one process may not open a file for each session', () => {
  test('sessions live in as many processes as it takes, with one core too', () => {
    const many = placesOf({ devices: 30_004, openFiles: 20_000 });
    expect(many).toMatchObject({ workers: 2, workerKind: 'process', maxHandshakes: 128, maxOpenSessions: 35_678 });
    expect(placesOf({ devices: 400, openFiles: 300, cores: 1 })).toMatchObject({ workers: 3, workerKind: 'process' });
    expect(placesOf({ devices: 125, openFiles: 300 })).toMatchObject({ workers: 1, workerKind: 'thread' });
  });

  test('devices that log in at each poll, or are read by SNMP, need no process', () => {
    expect(placesOf({ devices: 30_004, sessions: 300, openFiles: 1_024 })).toMatchObject({ workerKind: 'thread' });
  });

  test('up to eight; beyond them devices log in at each poll, and with next to no files all do', () => {
    expect(placesOf({ devices: 5_000, openFiles: 300 })).toMatchObject({ workers: 8, maxOpenSessions: 1_256 });
    expect(placesOf({ openFiles: 60 })).toMatchObject({ workerKind: 'thread', maxHandshakes: 15, maxOpenSessions: 0 });
  });

  test('no process opens more files than it may, and none is started for fewer sessions than threads would keep', () => {
    const around = fc.record({
      cores: fc.integer({ min: 1, max: 64 }),
      sessions: fc.integer({ min: 0, max: 100_000 }),
      openFiles: fc.integer({ min: 1, max: 70_000 }),
      maxHandshakes: fc.integer({ min: 1, max: 1_000 }),
    });
    fc.assert(
      fc.property(around, ({ openFiles, ...rest }) => {
        const places = sessionPlaces({ openFiles, devices: rest.sessions, ...rest });
        const inThreads = Math.max(0, openFiles - 100 - places.maxHandshakes);
        expect(places.maxHandshakes).toBeLessThanOrEqual(Math.max(1, openFiles / 4));
        const inProcesses = places.workerKind === 'process';
        expect(places.maxOpenSessions > inThreads).toBe(inProcesses);
        expect(rest.sessions > inThreads || !inProcesses).toBe(true);
        const ofOneProcess = places.maxOpenSessions / Math.max(1, places.workers) + places.maxHandshakes + 50;
        expect(inProcesses && ofOneProcess > openFiles).toBe(false);
      }),
    );
  });
});

test('one line of the log says that sessions cannot stay open, and what helps', () => {
  const devices = Array.from({ length: 400 }, (_, index) => aConfiguredDevice({ name: `gm${index}` }));
  const logger = new MemoryLogger();
  const few = { ...placesOf({ openFiles: 420 }), maxOpenSessions: 192 };
  warnOfFewFiles(aConfig({ devices }), few, logger);
  expect(logger.lines('warn')).toEqual([{ openFiles: 420, devices: 400, sessionsKept: 192, needed: 508 }]);
  const enough = placesOf({ devices: 400, openFiles: 508, maxHandshakes: 8 });
  expect(enough).toMatchObject({ workerKind: 'thread', maxOpenSessions: 400 });
  expect(logger.messages('warn')[0]).toMatch(
    /log in at each poll; raise LimitNOFILE or ulimit -n, or restart the agent/,
  );
  warnOfFewFiles(aConfig({ devices }), placesOf({ devices: 5_000, openFiles: 120 }), logger);
  expect(logger.messages('warn')[1]).toMatch(/raise LimitNOFILE or ulimit -n$/);
  warnOfFewFiles(aConfig({ devices }), { ...placesOf({}), maxOpenSessions: 400 }, logger);
  expect(logger.lines('warn')).toHaveLength(2);
});
