/** What one agent does about its cells when the table says otherwise. */
import { expect, test } from 'vitest';
import { clusterStatus } from '../../../src/agent/cluster/cluster-status.ts';
import { Membership, timesOfLease } from '../../../src/agent/cluster/membership.ts';
import { InternalErrors } from '../../../src/kernel/internal-errors.ts';
import type { ClusterView, LeaseTable } from '../../../src/store/leases.ts';
import { StoreError } from '../../../src/store/store-error.ts';
import { MemoryLogger } from '../../builders/memory-logger.ts';
import { ProcessClock, SimulatedTime } from './campaign-clock.ts';

const LEASE_MS = 20_000;
const nothing = () => Promise.resolve();

/** One agent, `one`, and a table in which every cell becomes its own when it joins. */
function oneAgent(
  cells: readonly string[],
  over: Partial<LeaseTable> = {},
  { aloneMs = 0, moveMs = 0 }: { readonly aloneMs?: number; readonly moveMs?: number } = {},
) {
  const time = new SimulatedTime();
  const done: string[] = [];
  /** For how long what moved here had to wait, look after look. */
  const moved: number[] = [];
  const owners = new Map<string, string | null>(cells.map((cell) => [cell, null]));
  const view = (): ClusterView => ({
    agents: [],
    cells: Array.from(owners, ([cell, agent]) => ({ cell, agent, term: 1, weight: 1, wantedBy: null })),
  });
  const leases: LeaseTable = {
    join: (agent) => {
      for (const cell of owners.keys()) owners.set(cell, agent.id);
      return nothing();
    },
    renew: () => Promise.resolve(1),
    announce: nothing,
    view: () => Promise.resolve(view()),
    fenceDead: () => Promise.resolve([]),
    bury: nothing,
    take: () => Promise.resolve(new Map()),
    want: nothing,
    release: (_id, released) => {
      for (const cell of released) owners.set(cell, null);
      done.push(`release ${released.join(' ')}`);
      return nothing();
    },
    leave: nothing,
    ...over,
  };
  const logger = new MemoryLogger();
  const errors = new InternalErrors(logger);
  let ids = 0;
  const left = new Set<string>();
  const inventory = () => new Map([...owners.keys()].filter((cell) => !left.has(cell)).map((cell) => [cell, 1]));
  const membership = new Membership({
    leases,
    clock: new ProcessClock(time, 0),
    random: () => 0.5,
    logger,
    errors,
    identity: () => ({ name: 'one', url: '', version: '1', process: 'one' }),
    newId: () => `one.${(ids += 1)}`,
    poller: {
      weights: inventory,
      inventoryDigest: () => 'mine',
      announcedInventory: () => 'mine',
      letMovedGo: () => Promise.resolve(false),
      own: async (cells) => {
        if (moveMs > 0) await time.sleep(moveMs);
        done.push(`own ${cells.join(' ')}`);
      },
      disown: async (cells, keep) => {
        if (moveMs > 0) await time.sleep(moveMs);
        const written = keep && membership.writer !== null ? ', written' : '';
        if (cells.length > 0) done.push(`disown ${cells.join(' ')}${written}`);
      },
      pollMoved: (agoMs) => moved.push(agoMs),
    },
    times: timesOfLease(LEASE_MS, aloneMs),
    isGone: () => false,
  });
  membership.start();
  return {
    time,
    owners,
    /** Cells that the inventory has no devices of any more. */
    left,
    done,
    moved,
    logger,
    errors,
    membership,
    unowned: () => clusterStatus(membership.status, inventory(), 0).unowned,
  };
}

test('a cell that the table gives to another agent is polled no more, and what waits for it is not written', async () => {
  const { time, owners, done, membership } = oneAgent(['a', 'b']);
  await time.runUntil(LEASE_MS);
  expect(done).toEqual(['own a b']);
  owners.set('b', 'another');
  await time.runUntil(2 * LEASE_MS);
  expect(done).toEqual(['own a b', 'disown b']);
  expect([...membership.status.owned]).toEqual(['a']);
});

test('a cell that the inventory has no devices of any more is written and let go of: another agent may have them', async () => {
  const { time, left, done, membership } = oneAgent(['a', 'b']);
  await time.runUntil(LEASE_MS);
  left.add('b');
  await time.runUntil(2 * LEASE_MS);
  expect(done).toEqual(['own a b', 'disown b, written', 'release b']);
  expect([...membership.status.owned]).toEqual(['a']);
});

test.each([
  ['has its lease', 10_000],
  ['has lost its lease and may be alone', -10_000],
])('what moved here waits while an owner with another inventory %s: three leases at most', async (_how, leftMs) => {
  let inventory = 'another';
  const around = { url: '', version: '1', process: '', leftMs };
  const { time, moved } = oneAgent(['a'], {
    view: async () => ({
      agents: [{ ...around, id: 'two', name: 'two', inventory }],
      cells: [{ cell: 'b', agent: 'two', term: 1, weight: 1, wantedBy: null }],
    }),
  });
  await time.runUntil(LEASE_MS);
  expect(new Set(moved)).toEqual(new Set([3 * LEASE_MS]));
  inventory = 'mine';
  await time.runUntil(2 * LEASE_MS);
  expect(moved.at(-1)).toBe(0);
});

test('a database that is back nine seconds after it went, whenever that is, costs no ownership', async () => {
  const begin = 2 * LEASE_MS;
  for (let offMs = 0; offMs < LEASE_MS / 4; offMs += 250) {
    const isDown = () => time.nowMs >= begin + offMs && time.nowMs < begin + offMs + 9_000;
    const { time, done } = oneAgent(['a'], {
      renew: async () => {
        await time.sleep(30);
        if (isDown()) throw new StoreError('io', 'it restarts');
        return 1;
      },
    });
    await time.runUntil(4 * LEASE_MS);
    expect(done, `down from ${offMs} ms`).toEqual(['own a']);
  }
});

test('cells that take longer than a lease to come do not keep the lease from being renewed', async () => {
  const { time, done, membership } = oneAgent(['a'], {}, { moveMs: 3 * LEASE_MS });
  await time.runUntil(10 * LEASE_MS);
  expect(done).toEqual(['own a']);
  expect(membership.status.fenced).toBe(0);
});

test('looks that take longer than a lease do not keep the lease from being renewed', async () => {
  const { time, done, membership } = oneAgent(['a'], { fenceDead: () => time.sleep(2 * LEASE_MS).then(() => []) });
  await time.runUntil(10 * LEASE_MS);
  expect(done).toEqual(['own a']);
  expect(membership.status.fenced).toBe(0);
});

test('an agent that stops keeps its lease until what it found is written, however long that takes', async () => {
  const { time, done, membership } = oneAgent(['a'], {}, { moveMs: 2 * LEASE_MS });
  await time.runUntil(5 * LEASE_MS);
  const stopped = membership[Symbol.asyncDispose]();
  await time.runUntil(10 * LEASE_MS);
  await stopped;
  expect(done).toEqual(['own a', 'disown a, written']);
});

test('an answer that comes when the lease is over for the agent does not bring it back: what it found then was not written', async () => {
  const [aloneMs, atMs] = [60_000, 75_000];
  let renewals = 0;
  const { time, done, membership } = oneAgent(
    ['a'],
    {
      renew: async () => {
        renewals += 1;
        // Joined, and told that it may be alone; the next answer is late.
        if (renewals === 3) await time.sleep(atMs - time.nowMs);
        return 0;
      },
    },
    { aloneMs },
  );
  await time.runUntil(atMs - 1);
  expect(membership.writer).not.toBeNull();
  await time.runUntil(2 * atMs);
  expect(done).toEqual(['own a', 'disown a', 'own a']);
});

test('whatever the table answers, the agent says so once, goes on, and polls again when that is over', async () => {
  let wrong = false;
  const { time, done, errors, logger, membership, unowned } = oneAgent(['a'], {
    renew: () => (wrong ? Promise.reject(new TypeError('what is this')) : Promise.resolve(1)),
  });
  await time.runUntil(LEASE_MS);
  wrong = true;
  await time.runUntil(5 * LEASE_MS);
  expect(done).toEqual(['own a', 'disown a']);
  expect(membership.status.withoutLeaseMs).toBeGreaterThan(2 * LEASE_MS);
  expect(unowned()).toBe(1);
  expect(errors.counts.get('cluster')).toBeGreaterThan(2);
  expect(logger.messages('error')).toEqual(['internal error; everything else goes on']);
  wrong = false;
  await time.runUntil(6 * LEASE_MS);
  expect(done).toEqual(['own a', 'disown a', 'own a']);
  expect(membership.status.withoutLeaseMs).toBeNull();
  expect(unowned()).toBe(0);
  await membership[Symbol.asyncDispose]();
});
