/** What one agent does about its cells when the table says otherwise. */
import { expect, test } from 'vitest';
import { Membership, timesOfLease } from '../../../src/agent/cluster/membership.ts';
import type { ClusterView, LeaseTable } from '../../../src/store/leases.ts';
import { ProcessClock, SimulatedTime } from './campaign-clock.ts';

const LEASE_MS = 20_000;

test('a cell that the table gives to another agent is polled no more, and what waits for it is not written', async () => {
  const time = new SimulatedTime();
  const owners = new Map<string, string | null>([
    ['a', null],
    ['b', null],
  ]);
  const view = (): ClusterView => ({
    agents: [],
    cells: Array.from(owners, ([cell, agent]) => ({ cell, agent, epoch: 1, weight: 1, wantedBy: null })),
  });
  const nothing = () => Promise.resolve();
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
    take: () => Promise.resolve([]),
    want: nothing,
    release: nothing,
    leave: nothing,
  };
  const done: string[] = [];
  const quiet = () => undefined;
  const membership = new Membership({
    leases,
    clock: new ProcessClock(time, 0),
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    identity: () => ({ name: 'one', url: '', version: '1', process: 'one' }),
    newId: () => 'one.1',
    poller: {
      weights: () => new Map([...owners.keys()].map((cell) => [cell, 1])),
      own: (cells) => {
        done.push(`own ${cells.join(' ')}`);
        return nothing();
      },
      disown: (cells, keep) => {
        done.push(`disown ${cells.join(' ')}${keep ? ', written' : ''}`);
        return nothing();
      },
    },
    times: timesOfLease(LEASE_MS, 0),
    isGone: () => false,
  });
  membership.start();
  await time.runUntil(LEASE_MS);
  expect(done).toEqual(['own a b']);
  owners.set('b', 'another');
  await time.runUntil(2 * LEASE_MS);
  expect(done).toEqual(['own a b', 'disown b']);
  expect([...membership.status.owned]).toEqual(['a']);
});
