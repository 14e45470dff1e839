/** What one agent does about its cells when the table says otherwise. */
import { expect, test } from 'vitest';
import { clusterStatus } from '../../../src/agent/cluster/cluster-status.ts';
import { Membership, timesOfLease } from '../../../src/agent/cluster/membership.ts';
import { InternalErrors } from '../../../src/kernel/internal-errors.ts';
import type { ClusterView, LeaseTable } from '../../../src/store/leases.ts';
import { MemoryLogger } from '../../builders/memory-logger.ts';
import { ProcessClock, SimulatedTime } from './campaign-clock.ts';

const LEASE_MS = 20_000;
const nothing = () => Promise.resolve();

/** One agent, `one`, and a table in which every cell becomes its own when it joins. */
function oneAgent(cells: readonly string[], over: Partial<LeaseTable> = {}) {
  const time = new SimulatedTime();
  const done: string[] = [];
  const owners = new Map<string, string | null>(cells.map((cell) => [cell, null]));
  const view = (): ClusterView => ({
    agents: [],
    cells: Array.from(owners, ([cell, agent]) => ({ cell, agent, epoch: 1, weight: 1, wantedBy: null })),
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
    logger,
    errors,
    identity: () => ({ name: 'one', url: '', version: '1', process: 'one' }),
    newId: () => `one.${(ids += 1)}`,
    poller: {
      weights: inventory,
      inventoryDigest: () => 'mine',
      own: (cells) => {
        done.push(`own ${cells.join(' ')}`);
        return nothing();
      },
      disown: (cells, keep) => {
        if (cells.length > 0) done.push(`disown ${cells.join(' ')}${keep ? ', written' : ''}`);
        return nothing();
      },
    },
    times: timesOfLease(LEASE_MS, 0),
    isGone: () => false,
  });
  membership.start();
  return {
    time,
    owners,
    /** Cells that the inventory has no devices of any more. */
    left,
    done,
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
