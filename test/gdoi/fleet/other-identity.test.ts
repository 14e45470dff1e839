/** Two groups of one name in one inventory, distinguished by the identities that their members show. */
import { describe, expect, test } from 'vitest';
import { Fleet, gm, ks } from '../../builders/fleet-group.ts';

const OTHER_TEKS = { '0x0000000B': 3500 };

/** Two primary KSs with GMs of their own, in groups with the identities 1111 and 2222. */
function members(second: number, identities: readonly [string | undefined, string | undefined] = ['1111', '2222']) {
  const [one, two] = identities.map((identity) => (identity === undefined ? {} : { identity }));
  const other = { device: 'ks3', address: '10.9.0.3', members: { '10.0.9.1': 0 }, teks: OTHER_TEKS, kekExpiry: 50_000 };
  const itsGm = { device: 'gm9', address: '10.0.9.1', keyServer: '10.9.0.3', keyServers: ['10.9.0.3'] };
  return [
    ks(second, { ...one, members: { '10.0.0.1': 0, '10.0.0.2': 0 } }),
    gm(second + 1, { ...one }),
    gm(second + 2, { ...one, device: 'gm2', address: '10.0.0.2' }),
    ks(second + 3, { ...two, ...other }),
    gm(second + 4, { ...two, ...itsGm, teks: OTHER_TEKS, kekExpiry: 50_000 }),
  ];
}

const SHARED =
  'gm9, ks3 show G1 with group identity 2222, the others with 1111: several groups of one name, or a wrong identity on a router; all else that is said here concerns 1111 alone';

describe('members that show another group identity under the same name', () => {
  test('are reported as name_shared, and cause no split, no differing keys and no ejection in the group', () => {
    const fleet = new Fleet();
    for (const second of [0, 300, 600]) fleet.see(...members(second));
    const view = fleet.see(...members(900));
    expect(fleet.events).toEqual([]);
    expect(view.explanations.map(({ summary }) => summary)).toEqual([SHARED]);
    expect(view.explanations[0]).toMatchObject({
      cause: 'name_shared',
      status: 'warning',
      scope: ['gm9', 'ks3'],
      evidence: ['gm9: Group Identity 2222', 'ks3: Group Identity 2222'],
    });
    expect(view).toMatchObject({
      ofOtherGroup: ['gm9', 'ks3'],
      primaries: ['ks1'],
      coopSplit: null,
      divergentMembers: [],
      notListed: [],
    });
    expect(view.gms.map(({ device, kekMatchesKs, tekMatchesKs }) => [device, kekMatchesKs, tekMatchesKs])).toEqual([
      ['gm1', true, true],
      ['gm2', true, true],
      ['gm9', null, null],
    ]);
  });

  test('do not hide what happens to the group itself', () => {
    const fleet = new Fleet();
    fleet.see(...members(0));
    const off = gm(302, { device: 'gm2', address: '10.0.0.2', identity: '1111', registered: false });
    const view = fleet.see(...members(300).map((facts) => (facts.device === 'gm2' ? off : facts)));
    expect(view.explanations.map(({ cause, scope }) => [cause, scope])).toContainEqual(['not_registered', ['gm2']]);
  });

  test('are no longer reported once they show the identity of the group', () => {
    const fleet = new Fleet();
    fleet.see(gm(0, { identity: '1111' }), gm(1, { device: 'gm2', address: '10.0.0.2', identity: '1111' }));
    const wrong = fleet.see(gm(2, { device: 'gm3', address: '10.0.0.3', identity: '1112' }));
    expect(wrong.explanations.map(({ cause, scope }) => [cause, scope])).toEqual([['name_shared', ['gm3']]]);
    const right = fleet.see(gm(60, { device: 'gm3', address: '10.0.0.3', identity: '1111' }));
    expect(right.explanations).toEqual([]);
    expect(fleet.incidents.at(-1)?.endedBy).toBe('all devices that show a group identity show the same one');
  });

  test.each([
    ['show none', [undefined, undefined]],
    ['show the same one', ['1111', '1111']],
    ['show one on one side only', ['1111', undefined]],
    ['show a number and an address, which cannot be compared', ['1111', '192.0.2.1']],
  ] as const)('are not reported as another group when they %s', (_title, identities) => {
    const view = new Fleet().see(...members(0, identities));
    expect(view.explanations.map(({ cause }) => cause)).not.toContain('name_shared');
  });
});
