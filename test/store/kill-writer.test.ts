import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededRandom } from '../../src/kernel/random.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { type Built, built } from '../builders/built.ts';
import { INHERITED } from '../builders/inherited.ts';
import { drawnSeed } from '../builders/property-seed.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { writtenBatch } from './written-batch.ts';

const KILLS = 16;
/**
 * The longest life in times that the writer takes from its start to its first report on this machine: long enough to be
 * killed while the store opens, or after several checkpoints of the write-ahead log.
 */
const LONGEST_LIFE = { start: 1.3, report: 0.5 };

let writer: Built;
beforeAll(async () => {
  writer = await built(new URL('./killed-writer.ts', import.meta.url));
});
afterAll(() => writer.remove());

/** Runs the writer for a while from its start or from its first report, then kills it. Returns the ids it reported. */
async function idsToldUntilKilled(path: string, lifeMs: number, from: 'start' | 'report'): Promise<string[]> {
  const child = spawn(process.execPath, [writer.script, path], {
    env: INHERITED,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  if (from === 'report') await Promise.race([once(child.stdout, 'data'), closed]);
  await sleep(lifeMs);
  child.kill('SIGKILL');
  const [, signal]: unknown[] = await closed;
  expect(signal).toBe('SIGKILL');
  // What stands behind the last line end was not told.
  return text.split('\n').slice(0, -1);
}

async function timeToFirstReport(): Promise<number> {
  const fromMs = performance.now();
  await idsToldUntilKilled(join(temporaryDirectory(), 'store.db'), 0, 'report');
  return performance.now() - fromMs;
}

it('a store whose agent is killed at any moment has every event that went out, gives none twice, and its states fit its events', async () => {
  const startMs = await timeToFirstReport();
  const path = join(temporaryDirectory(), 'store.db');
  const seed = drawnSeed();
  const random = seededRandom(seed);
  const told: string[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const from = kill % 3 === 0 ? 'start' : 'report';
    told.push(...(await idsToldUntilKilled(path, random() * LONGEST_LIFE[from] * startMs, from)));

    const store = await openSqliteStore({ path, clock: new FakeClock(), logger: new MemoryLogger() });
    const stored = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await store.query({ limit: 1000, order: 'oldest_first', cursor });
      for (const event of page.events) stored.add(event.id);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    const states = await store.loadStates();
    const [count] = await store.counts();
    await store[Symbol.asyncDispose]();

    const batches = Number(states.devices.get('gm1') ?? 0);
    const whole = Array.from({ length: batches }, (_, n) => writtenBatch(n + 1).events.map((event) => event.id)).flat();
    const found = {
      stored: [...stored].join(),
      counted: count?.count ?? 0,
      otherDevice: states.devices.get('gm2') ?? 0,
      fleet: states.fleets.get('G1') ?? 0,
      member: states.members[0]?.state ?? 0,
      lost: told.filter((id) => !stored.has(id)),
      toldTwice: told.length - new Set(told).size,
    };
    expect({ seed, kill, ...found }).toEqual({
      seed,
      kill,
      stored: whole.join(),
      counted: whole.length,
      otherDevice: batches,
      fleet: batches,
      member: batches,
      lost: [],
      toldTwice: 0,
    });
  }
});
