/** Devices that outnumber the files a process may open cost logins, not observations. */
import { expect, test } from 'vitest';
import { sessionBounds, warnOfFewFiles } from '../../src/cli/open-files.ts';
import { aConfig, aConfiguredDevice } from '../builders/config-builder.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';

test('a quarter of few files is for logins under way, a hundred for the rest, and sessions stay open in what is left', () => {
  expect(sessionBounds(300, 128)).toEqual({ maxHandshakes: 75, maxOpenSessions: 125 });
  expect(sessionBounds(65_536, 128)).toEqual({ maxHandshakes: 128, maxOpenSessions: 65_308 });
  expect(sessionBounds(60, 128)).toEqual({ maxHandshakes: 15, maxOpenSessions: 0 });
  const unbounded = { maxHandshakes: 128, maxOpenSessions: Number.POSITIVE_INFINITY };
  expect(sessionBounds(Number.POSITIVE_INFINITY, 128)).toEqual(unbounded);
});

test('one line of the log says that sessions cannot stay open, and how many files would do', () => {
  const devices = Array.from({ length: 400 }, (_, index) => aConfiguredDevice({ name: `gm${index}` }));
  const logger = new MemoryLogger();
  warnOfFewFiles(aConfig({ devices }), logger, 300);
  expect(logger.lines('warn')).toEqual([{ openFiles: 300, devices: 400, sessionsKept: 192, needed: 508 }]);
  expect(logger.messages('warn')[0]).toMatch(/log in at each poll; raise LimitNOFILE or ulimit -n$/);
  warnOfFewFiles(aConfig({ devices }), logger, 1024);
  expect(logger.lines('warn')).toHaveLength(1);
});
