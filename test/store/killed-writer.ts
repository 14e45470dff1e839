/**
 * The process that `kill-writer.test.ts` kills: commits batch after batch and prints each new event's id once the
 * commit is done. After a start it first does its last batch again, as an agent does that polls the same counters
 * again.
 */
import { writeSync } from 'node:fs';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { EVENTS_PER_BATCH, writtenBatch } from './written-batch.ts';

const [path = ''] = process.argv.slice(2);
const silent = () => undefined;
const store = await openSqliteStore({
  path,
  clock: createSystemClock(),
  logger: { debug: silent, info: silent, warn: silent, error: silent },
});
const last: unknown = (await store.loadStates()).devices.get('gm1') ?? 1;
for (let number = Number(last); ; number += 1) {
  const told = await store.commit(writtenBatch(number));
  if (told.length !== EVENTS_PER_BATCH && number !== last) throw new Error(`batch ${number} was here before`);
  for (const event of told) writeSync(1, `${event.id}\n`);
}
