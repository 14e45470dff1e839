/** A COOP session of which nothing was understood: its peer stays one, and nobody is said to be alone. */
import { describe, expect, test } from 'vitest';
import { groupHealth } from '../../../src/gdoi/health/health-group.ts';
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import { parseCommandOutput } from '../../../src/ios/parse.ts';
import { Fleet, START } from '../../builders/fleet-group.ts';
import { FIRST, firstKs, member, SECOND, secondKs, silent } from '../explain/members.ts';

const COOP = `Crypto Gdoi Group Name :G1
        Local Address: ${FIRST}
        Local KS Role: Primary , Local KS Status: Alive
        Peer Sessions:
        Session 1:
                Peer Address: ${SECOND}
                Peer KS Role: Secondary , Peer KS Status: Alive
                Total bytes recv: 9412
        Session 2:
                Peer locator= 10.1.0.3
                Total bytes recv: 9412
`;

const unread = (facts: MemberFacts): MemberFacts => ({
  ...facts,
  ks: facts.ks && { ...facts.ks, snapshot: { ...facts.ks.snapshot, peersUnread: true } },
});

test('the list says that it is not whole', () => {
  const result = parseCommandOutput('show crypto gdoi ks coop', COOP);
  expect(result).toMatchObject({
    snapshots: [{ peers: [{ address: SECOND, status: 'Alive' }], peersUnread: true }],
    unknownLines: ['Peer locator= 10.1.0.3'],
  });
  expect(parseCommandOutput('show crypto gdoi ks coop', COOP.replace('locator=', 'Address:'))).toMatchObject({
    snapshots: [expect.not.objectContaining({ peersUnread: true })],
  });
});

describe('in the group', () => {
  const healthOf = (view: ReturnType<Fleet['see']>, second: number) =>
    groupHealth(view, () => undefined, START + second * 1000);

  test('its peer of before stays one of which nothing is known', () => {
    const fleet = new Fleet();
    fleet.see(firstKs(0), member(1, 0));
    const view = fleet.see(unread(firstKs(60, { peers: {} })), member(1, 60));
    expect(view.coopPeers).toEqual([{ address: SECOND, device: null, lost: null }]);
    expect(healthOf(view, 60).checks.find(({ name }) => name === 'coop_peers')).toMatchObject({
      status: 'unknown',
      detail: 'a COOP session of KS ks1 was not understood; no known COOP peer is lost',
    });
  });

  test('no primary is missed, since it may be that peer', () => {
    const fleet = new Fleet();
    const ofSecond = { peers: { [FIRST]: 'Unknown' } };
    fleet.see(unread(secondKs(0, ofSecond)), member(1, 0));
    const view = fleet.see(unread(secondKs(300, ofSecond)), member(1, 300));
    expect(view.explanations).toEqual([]);
    expect(healthOf(view, 300).checks.find(({ name }) => name === 'coop_role')?.status).toBe('unknown');
  });
});

describe('when one of two polled KSs is gone', () => {
  test.each([
    [
      'there was no other one',
      {},
      (facts: MemberFacts) => facts,
      'no redundancy is left: without KS ks1 rekeys and registrations end',
    ],
    ['a peer that nobody polls is alive', { '10.1.0.3': 'Alive' }, (facts: MemberFacts) => facts, '2 KSs are left'],
    [
      'a session was not understood',
      {},
      unread,
      'KS ks1 alone is seen to be left: without another one rekeys and registrations would end with it',
    ],
  ] as const)('and %s', (_what, others, as, what) => {
    const fleet = new Fleet();
    const first = (second: number, status: string) => as(firstKs(second, { peers: { [SECOND]: status, ...others } }));
    fleet.see(first(0, 'Alive'), secondKs(0), member(1, 0));
    const view = fleet.see(silent(secondKs(0), 60), first(240, 'Dead'), member(1, 240));
    expect(view.explanations[0]).toMatchObject({ cause: 'redundancy_lost', consequence: { what } });
  });
});
