import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readTrackerState } from '../../../src/gdoi/memory/state-format.ts';
import type { GroupState } from '../../../src/gdoi/memory/tracker-state.ts';
import { seededRandom } from '../../../src/kernel/random.ts';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { type Built, built } from '../../builders/built.ts';
import { drawnSeed } from '../../builders/property-seed.ts';
import { FakeClock } from '../../builders/fake-clock.ts';
import { MemoryLogger } from '../../builders/memory-logger.ts';
import { temporaryDirectory } from '../../store/temporary-directory.ts';
import { GMS, registrationsAt } from './steady-fleet.ts';

const KILLS = 8;
/** A step takes 20 ms and a commit gathers for 200: a life ends before its first commit, or after several. */
const LONGEST_LIFE_STEPS = 45;
/** By then every GM has registered again twice. */
const LAST_STEP = 80;

let agent: Built;
beforeAll(async () => {
  agent = await built(new URL('./killed-agent.ts', import.meta.url));
});
afterAll(() => agent.remove());

/** Lets it poll from step `from` until it has printed step `until`, and ends it. Returns its last whole step. */
async function polledUntil(path: string, from: number, until: number, end: 'SIGKILL' | 'SIGTERM'): Promise<number> {
  const child = spawn(process.execPath, [agent.script, path, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let text = '';
  const steps = () => text.split('\n').slice(0, -1).map(Number);
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  while ((steps().at(-1) ?? -1) < until) await once(child.stdout, 'data');
  child.kill(end);
  await closed;
  return steps().at(-1) ?? until;
}

it('an agent that is killed again and again, with states written at a slow pace, finds each registration once', async () => {
  const path = join(temporaryDirectory(), 'store.db');
  const seed = drawnSeed();
  const random = seededRandom(seed);
  // What was seen first is kept: all later registrations count from there.
  let step = await polledUntil(path, 0, 0, 'SIGTERM');
  for (let kill = 0; kill < KILLS; kill += 1) {
    const life = Math.floor(random() * LONGEST_LIFE_STEPS);
    step = await polledUntil(path, step + 1, step + 1 + life, 'SIGKILL');
  }
  // The last one ends in order: what it found is kept.
  step = await polledUntil(path, step + 1, Math.max(step + 1, LAST_STEP), 'SIGTERM');

  await using store = await openSqliteStore({ path, clock: new FakeClock(), logger: new MemoryLogger() });
  const found = new Map(GMS.map((gm) => [gm, 0]));
  let cursor: string | undefined;
  do {
    const page = await store.query({ limit: 1000, order: 'oldest_first', type: 'reregistration', cursor });
    for (const { device } of page.events) found.set(device ?? '', (found.get(device ?? '') ?? 0) + 1);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  const states = (await store.loadStates()).devices;
  // A registration whose cause waits for the next answer is in the state, and has no event yet.
  const waiting = (gm: string) => stateOf(states.get(gm)).pending?.drafts.length ?? 0;
  const happened = GMS.map((gm) => [gm, registrationsAt(gm, step) - registrationsAt(gm, 0) - waiting(gm)]);
  expect({ seed, found: [...found] }).toEqual({ seed, found: happened });
  const counted = GMS.map((gm) => stateOf(states.get(gm)).counters.succeeded);
  expect({ seed, counted }).toEqual({ seed, counted: GMS.map((gm) => registrationsAt(gm, step)) });
});

function stateOf(kept: unknown): GroupState {
  const part = typeof kept === 'object' && kept !== null ? kept : {};
  const state = readTrackerState(Reflect.get(part, 'format'), Reflect.get(part, 'state'));
  const group = state?.groups.get('G1');
  if (group === undefined) throw new Error('no state was kept');
  return group;
}
