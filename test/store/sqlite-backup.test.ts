import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { backupSqliteStore } from '../../src/store/sqlite/sqlite-backup.ts';
import { openSqliteStore, openSqliteStoreReadOnly } from '../../src/store/sqlite/sqlite-store.ts';
import { aBatch, anEvent } from '../builders/event-builder.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gdoiwatch-backup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (name: string) => join(folder, name);
const open = () => openSqliteStore({ path: path('live.db'), clock: createSystemClock(), logger: new MemoryLogger() });

test('a copy made while the agent writes has what was written before, and is a store to go on from', async () => {
  const store = await open();
  await store.commit(aBatch({ events: [anEvent({ id: 'a' }), anEvent({ id: 'b' })] }));
  expect(await backupSqliteStore(path('live.db'), path('copy.db'))).toEqual({
    events: 2,
    bytes: statSync(path('copy.db')).size,
  });
  await store.commit(aBatch({ events: [anEvent({ id: 'c' })] }));
  await store[Symbol.asyncDispose]();

  expect(statSync(path('copy.db')).mode & 0o777).toBe(0o600);
  await using restored = await openSqliteStoreReadOnly(path('copy.db'), () => undefined);
  const page = await restored.query({ limit: 10, order: 'oldest_first' });
  expect(page.events.map(({ id }) => id).toSorted()).toEqual(['a', 'b']);
});

test('an existing file is never overwritten, and a failure leaves none behind', async () => {
  await (await open())[Symbol.asyncDispose]();
  writeFileSync(path('taken'), 'precious');
  await expect(backupSqliteStore(path('live.db'), path('taken'))).rejects.toThrow('taken: exists already');
  await expect(backupSqliteStore(path('live.db'), path('no/where'))).rejects.toThrow('is no directory');
  await expect(backupSqliteStore(path('none.db'), path('copy.db'))).rejects.toThrow('none.db');
  expect(existsSync(path('copy.db'))).toBe(false);
  expect(existsSync(path('copy.db.partial'))).toBe(false);
});
