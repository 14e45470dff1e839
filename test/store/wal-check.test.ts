/** Held against SQLite itself: what its recovery reads back of a log that was damaged. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import Libsql from 'libsql';
import { expect, it } from 'vitest';
import { checkWal } from '../../src/store/sqlite/wal-check.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const COMMITS = 12;

/** A store that was killed after `COMMITS` commits that are in its log only, and one that was there before. */
function killedStore(): { readonly main: Buffer; readonly wal: Buffer } {
  const directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-wal-'));
  const path = join(directory, 'store.db');
  const database = new Libsql(path);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('CREATE TABLE numbers (number INTEGER PRIMARY KEY, text TEXT)');
  database.exec(`INSERT INTO numbers VALUES (0, 'first')`);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  for (let number = 1; number <= COMMITS; number += 1) {
    database.exec(`INSERT INTO numbers VALUES (${number}, '${'x'.repeat(700 * number)}')`);
  }
  const main = readFileSync(path);
  const wal = readFileSync(`${path}-wal`);
  database.close();
  rmSync(directory, { recursive: true });
  return { main, wal };
}

const killed = killedStore();

/** How many of the commits SQLite reads back. */
function readBack(wal: Buffer | null): number {
  const path = join(temporaryDirectory(), 'copy.db');
  writeFileSync(path, killed.main);
  if (wal !== null) writeFileSync(`${path}-wal`, wal);
  const database = new Libsql(path);
  try {
    return (database.prepare('SELECT count(*) FROM numbers').raw().get() as [number])[0] - 1;
  } finally {
    database.close();
  }
}

it('an undamaged log is complete, and so is an empty one', () => {
  expect(readBack(killed.wal)).toBe(COMMITS);
  expect(checkWal(killed.wal)).toEqual({ kind: 'whole' });
  expect(checkWal(Buffer.alloc(0))).toEqual({ kind: 'whole' });
});

it('a log whose end was torn off is complete: what was not committed is not lost', () => {
  const torn = killed.wal.subarray(0, killed.wal.length - 1000);
  expect(checkWal(torn)).toEqual({ kind: 'whole' });
});

it('a damaged header loses everything, wherever the damage is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const wal = Buffer.from(killed.wal);
      wal.writeUInt8(wal.readUInt8(at) ^ flip, at);
      expect(checkWal(wal)).toEqual({ kind: 'unreadable' });
    }),
    { numRuns: 60 },
  );
  const wal = Buffer.from(killed.wal);
  wal.writeUInt8(wal.readUInt8(17) ^ 1, 17);
  expect(readBack(wal)).toBe(0);
});

it('says how many commits SQLite does not read back, wherever a byte of a frame is wrong', () => {
  fc.assert(
    fc.property(fc.integer({ min: 32, max: killed.wal.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const wal = Buffer.from(killed.wal);
      wal.writeUInt8(wal.readUInt8(at) ^ flip, at);
      const check = checkWal(wal);
      const lost = check.kind === 'cut' ? check.lostCommits : 0;
      const missing = COMMITS - readBack(wal);
      // the damaged frame itself may have ended a commit, or not
      expect(missing - lost).toBeGreaterThanOrEqual(0);
      expect(missing - lost).toBeLessThanOrEqual(1);
    }),
    { numRuns: 300 },
  );
});
