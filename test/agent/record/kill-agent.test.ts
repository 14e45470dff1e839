import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readTrackerState } from '../../../src/gdoi/memory/state-format.ts';
import type { GroupState } from '../../../src/gdoi/memory/tracker-state.ts';
import { seededRandom } from '../../../src/kernel/random.ts';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { type Built, built } from '../../builders/built.ts';
import { FakeClock } from '../../builders/fake-clock.ts';
import { MemoryLogger } from '../../builders/memory-logger.ts';
import { temporaryDirectory } from '../../store/temporary-directory.ts';
import { GMS, registrationsAt } from './steady-fleet.ts';

const KILLS = 8;
/** Between nothing and several commits after its first step. */
const LONGEST_LIFE_MS = 900;
/** The first life lasts until first sight is kept: a commit gathers 200 ms. */
const FIRST_LIFE_STEPS = 30;

let agent: Built;
beforeAll(async () => {
  agent = await built(new URL('./killed-agent.ts', import.meta.url));
});
afterAll(() => agent.remove());

/** Lets it poll for `lifeMs` and at least so many steps, then kills it. Returns its last whole step. */
async function polledUntilKilled(path: string, from: number, lifeMs: number, leastSteps: number): Promise<number> {
  const child = spawn(process.execPath, [agent.script, path, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  while (text.split('\n').length <= leastSteps) await once(child.stdout, 'data');
  await sleep(lifeMs);
  child.kill('SIGKILL');
  await closed;
  const steps = text.split('\n').slice(0, -1).map(Number);
  return steps.at(-1) ?? from - 1;
}

it('an agent that is killed again and again, with states written at a slow pace, finds each registration once', async () => {
  const path = join(temporaryDirectory(), 'store.db');
  const random = seededRandom(process.pid);
  let step = -1;
  for (let kill = 0; kill <= KILLS; kill += 1) {
    step = await polledUntilKilled(path, step + 1, random() * LONGEST_LIFE_MS, kill === 0 ? FIRST_LIFE_STEPS : 1);
  }
  // The last life ends only after what it found is kept.
  step = await polledUntilKilled(path, step + 1, 3000, FIRST_LIFE_STEPS);

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
  const expected = GMS.map((gm) => {
    const { counters, pending } = stateOf(states.get(gm));
    return [gm, counters.succeeded - registrationsAt(gm, 0) - (pending?.drafts.length ?? 0)] as const;
  });
  expect([...found]).toEqual(expected);
  // It did go on: some GM registered again in each of several lives.
  expect(step).toBeGreaterThan(FIRST_LIFE_STEPS);
  expect(expected.some(([, count]) => count > 1)).toBe(true);
});

function stateOf(kept: unknown): GroupState {
  const part = typeof kept === 'object' && kept !== null ? kept : {};
  const state = readTrackerState(Reflect.get(part, 'format'), Reflect.get(part, 'state'));
  const group = state?.groups.get('G1');
  if (group === undefined) throw new Error('no state was kept');
  return group;
}
