import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trackFleet } from '../../builders/track-fleet.ts';
import { initialFleetState, type MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import type { GmInGroup } from '../../../src/gdoi/fleet/gm-in-group.ts';
import { emptyKsSnapshot } from '../../../src/gdoi/seen/snapshot.ts';
import { answered, Fleet, gm, type GmOptions, ks, START } from '../../builders/fleet-group.ts';
import { aKsKey } from '../../builders/snapshots.ts';

const A = '0x0000000A';
const B = '0x0000000B';
const C = '0x0000000C';
const D = '0x0000000D';

function match(fleet: Fleet, ...changes: MemberFacts[]): GmInGroup | undefined {
  return fleet.see(...changes).gms.find((member) => member.device === 'gm1');
}

it('sorts KSs by the numbers in their names, whichever answered last', () => {
  const fleet = new Fleet();
  const seen = (second: number, device: string) =>
    fleet.see(ks(second, { device, address: `10.1.0.${device.slice(2)}` }));
  seen(0, 'ks10');
  seen(0, 'ks2');
  expect(seen(1, 'ks10').kss.map(({ device }) => device)).toEqual(['ks2', 'ks10']);
  expect(seen(2, 'ks2').primaries).toEqual(['ks2', 'ks10']);
});

describe('does a GM hold its KS’s KEK?', () => {
  it.each([
    ['the same expiry', 80_000, 100, true],
    ['whole seconds and latency apart', 80_003, 100, true],
    ['an older one, long after the KS changed', 40_000, 100, false],
    ['an older one while a rekey is under way', 40_000, 20, null],
    ['a newer one than the KS showed when it was asked', 160_000, 100, null],
  ])('%s', (_name, kekExpiry, second, matches) => {
    expect(match(new Fleet(), ks(0), gm(second, { kekExpiry }))?.kekMatchesKs).toBe(matches);
  });

  it('no, when the KS was asked later and still shows another one', () => {
    const fleet = new Fleet();
    expect(match(fleet, ks(0), gm(100, { kekExpiry: 160_000 }), ks(200))?.kekMatchesKs).toBe(false);
  });

  it('no, when the GM has a lifetime of 0; unknown when it is unreachable or not registered', () => {
    expect(match(new Fleet(), ks(0), gm(100, { kekExpiry: 0 }))?.kekMatchesKs).toBe(false);
    expect(match(new Fleet(), ks(0), gm(100, { registered: false }))?.kekMatchesKs).toBeNull();
    expect(match(new Fleet(), ks(0), gm(100, { presence: 'unreachable' }))?.kekMatchesKs).toBeNull();
    expect(match(new Fleet(), gm(100))?.kekMatchesKs).toBeNull();
  });

  it('yes, when the KS that the GM is registered with shows it, even if the primary shows another one', () => {
    const fleet = new Fleet();
    const other = ks(0, { device: 'ks2', address: '10.1.0.2', role: 'secondary', kekExpiry: 40_000 });
    expect(match(fleet, ks(0), other, gm(100, { kekExpiry: 40_000, keyServer: '10.1.0.2' }))?.kekMatchesKs).toBe(true);
  });
});

describe('does a GM hold its KS’s TEK?', () => {
  type Teks = Readonly<Record<string, number>> | null;
  it.each<[string, Teks, Teks, number, boolean | null]>([
    ['the same', { [A]: 3000 }, { [A]: 3000 }, 100, true],
    ['the new one beside the old', { [B]: 3000, [A]: 150 }, { [B]: 3000, [A]: 150 }, 100, true],
    ['only the old one while a rekey is under way', { [B]: 3000, [A]: 150 }, { [A]: 150 }, 20, true],
    ['only the old one after a rekey’s time', { [B]: 3000, [A]: 150 }, { [A]: 150 }, 100, false],
    ['none after a rekey’s time', { [A]: 3000 }, {}, 100, false],
    ['a newer one than the KS showed when it was asked', { [A]: 3000 }, { [B]: 6600 }, 100, null],
    ['not shown', { [A]: 3000 }, null, 100, null],
    ['nothing shown by the KS', null, { [A]: 3000 }, 100, null],
  ])('%s', (_name, ksTeks, gmTeks, second, matches) => {
    expect(match(new Fleet(), ks(0, { teks: ksTeks }), gm(second, { teks: gmTeks }))?.tekMatchesKs).toBe(matches);
  });

  it('unknown while only a poll beside the CLI has shown what it holds now, be it the TEK of its KS or not', () => {
    const fleet = new Fleet();
    const behind = gm(100, { teks: { [A]: 150 }, change: { newerTeks: [B] } });
    expect(match(fleet, ks(0, { teks: { [B]: 3000, [A]: 150 } }), behind)?.tekMatchesKs).toBeNull();
    const registeredAgain = gm(160, { teks: { [A]: 150 }, change: { newerTeks: [C] } });
    expect(match(fleet, registeredAgain)?.tekMatchesKs).toBeNull();
    expect(match(fleet, gm(161, { teks: { [A]: 150 } }))?.tekMatchesKs).toBe(false);
  });

  it('no, when the KS was asked later and does not show the TEK of the GM', () => {
    const fleet = new Fleet();
    expect(match(fleet, ks(0), gm(100, { teks: { [B]: 6600 } }), ks(160))?.tekMatchesKs).toBe(false);
  });

  it('yes, even if it lacks a TEK whose time to rekey is n/a, because that one is old', () => {
    const fleet = new Fleet();
    const two = ks(0);
    const snapshot = {
      ...emptyKsSnapshot('G1'),
      localAddress: '10.1.0.1',
      teks: [
        aKsKey(3000, { spi: A, lifetimeSeconds: 3600, timeToRekeySeconds: 2900 }),
        aKsKey(7000, { spi: C, lifetimeSeconds: 7200 }),
      ],
    };
    expect(match(fleet, { ...two, ks: { snapshot, at: two.ks!.at } }, gm(100))?.tekMatchesKs).toBe(true);
  });
});

describe('TEK divergence', () => {
  const old = { teks: { [A]: 400 } };

  it('is reported once, after the time of a rekey and a regular poll, with the GM and its keys', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { teks: { [B]: 3600, [A]: 400 } }), gm(50, old));
    expect(fleet.types()).toEqual([]);
    for (let second = 100; second < 400; second += 50) fleet.see(gm(second, old));
    expect(fleet.types()).toEqual(['tek_divergence']);
    expect(fleet.events[0]).toMatchObject({ device: 'gm1', severity: 'critical', group: 'G1', cause: null });
    expect(fleet.events[0]?.id).toContain(B);
    expect(fleet.events[0]?.evidence).toContain(`gm1: ${A}, registered with 10.1.0.1`);
    expect(fleet.events[0]?.action).toContain('UDP 848');
  });

  it('is reported by what the CLI shows, but not while a poll beside it shows that those keys were replaced', () => {
    const fleet = new Fleet();
    const before = { teks: { [A]: 2000 } };
    fleet.see(ks(0, { teks: { [B]: 3600, [A]: 2000 } }), gm(50, before));
    for (let second = 100; second < 400; second += 50) {
      fleet.see(gm(second, { ...before, change: { newerTeks: [C] } }));
    }
    expect(fleet.types()).toEqual([]);
    for (let second = 400; second < 700; second += 50) fleet.see(gm(second, before));
    expect(fleet.types()).toEqual(['tek_divergence']);
  });

  it('is not reported when the GM catches up in between', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { teks: { [B]: 3600, [A]: 400 } }), gm(50, old));
    fleet.see(gm(110, { teks: { [B]: 3600, [A]: 400 } }));
    fleet.see(gm(400, { teks: { [B]: 3600 } }));
    expect(fleet.types()).toEqual([]);
  });

  it('is not reported by other answers of the group while the GM itself was not read again', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { teks: { [B]: 3600, [A]: 400 } }), gm(50, old));
    fleet.see(ks(300, { teks: { [B]: 3600, [A]: 400 } }));
    expect(fleet.types()).toEqual([]);
  });

  it('is judged by what at least half of the GMs hold if there is no KS', () => {
    const fleet = new Fleet();
    const at = (second: number, behind: Readonly<Record<string, number>>) => [
      gm(second, { device: 'gm1', teks: behind }),
      gm(second, { device: 'gm2', teks: { [B]: 3600 } }),
      gm(second, { device: 'gm3', teks: { [B]: 3600 } }),
    ];
    expect(fleet.see(...at(0, { [A]: 400 })).divergentMembers).toEqual([]);
    expect(fleet.see(...at(60, { [A]: 400 })).divergentMembers).toEqual(['gm1']);
    fleet.see(...at(200, { [A]: 400 }));
    expect(fleet.types()).toEqual(['tek_divergence']);
    expect(fleet.see(...at(260, { [B]: 3600 })).divergentMembers).toEqual([]);
  });

  it('is reported in a split for the GMs of the other primary, though each matches its own KS', () => {
    const fleet = new Fleet();
    const other = { address: '10.1.0.2', device: 'ks2', role: 'primary', teks: { [C]: 3000 } } as const;
    const sight = (second: number) =>
      fleet.see(
        ks(second),
        ks(second, other),
        gm(second, { device: 'gm1' }),
        gm(second, { device: 'gm2' }),
        gm(second, { device: 'gm3', keyServer: '10.1.0.2', teks: { [C]: 3000 } }),
      );
    sight(0);
    sight(60);
    const view = sight(200);
    expect(view.gms.map((member) => member.tekMatchesKs)).toEqual([true, true, true]);
    expect(view.divergentMembers).toEqual(['gm3']);
    expect(fleet.types().toSorted()).toEqual(['coop_split', 'tek_divergence']);
    // Both sides rekey while they are split: still the same occurrence.
    const rekeyed = (second: number) =>
      fleet.see(
        ks(second, { teks: { [B]: 6000 } }),
        ks(second, { ...other, teks: { [D]: 6000 } }),
        gm(second + 1, { device: 'gm1', teks: { [B]: 6000 } }),
        gm(second + 2, { device: 'gm2', teks: { [B]: 6000 } }),
        gm(second + 3, { device: 'gm3', keyServer: '10.1.0.2', teks: { [D]: 6000 } }),
      );
    for (let second = 2900; second < 3500; second += 60) rekeyed(second);
    expect(fleet.types().filter((type) => type === 'tek_divergence')).toHaveLength(1);
  });

  it('names the same half in a split into halves, whichever was rekeyed last, and calls neither one most GMs', () => {
    const fleet = new Fleet();
    const half = (second: number, names: readonly string[], keyServer: string, spi: string, expiry: number) => [
      ks(second, { device: `of ${keyServer}`, address: keyServer, teks: { [spi]: expiry } }),
      ...names.map((device) => gm(second + 1, { device, keyServer, teks: { [spi]: expiry } })),
    ];
    const apart = (second: number, [ours, theirs]: readonly [number, number]) =>
      fleet.see(
        ...half(second, ['gm1', 'gm2'], '10.1.0.1', `0x1000${ours}`, ours),
        ...half(second, ['gm3', 'gm4'], '10.1.0.2', `0x2000${theirs}`, theirs),
      ).divergentMembers;
    const rekeys = [
      [3000, 3000],
      [6000, 3000],
      [6000, 6000],
      [6000, 9000],
    ] as const;
    const named = rekeys.map((expiries, number) =>
      [0, 100, 200].map((later) => apart(number * 300 + later, expiries)).at(-1),
    );
    expect(named).toEqual(rekeys.map(() => ['gm3', 'gm4']));
    const told = fleet.events.filter(({ type }) => type === 'tek_divergence');
    expect(told.map(({ summary }) => summary)).toEqual([
      '2 GMs of group G1 hold other TEKs than half of the GMs for longer than a rekey takes: gm3, gm4',
    ]);
  });

  describe('after a split, of a GM that followed the KS that lost,', () => {
    const lost = { address: '10.1.0.2', device: 'ks2' } as const;
    const follower = { device: 'gm3', keyServer: '10.1.0.2' } as const;
    const others = (second: number) => [gm(second, { device: 'gm1' }), gm(second, { device: 'gm2' })];
    /** Two primaries for a while, each with its own TEK; then the second one takes over the keys of the first. */
    const over = (fleet: Fleet, second: number, teks: Readonly<Record<string, number>>) =>
      fleet.see(
        ks(second),
        ks(second, { ...lost, role: 'secondary' }),
        ...others(second + 1),
        gm(second + 2, { ...follower, teks }),
      );
    const split = (fleet: Fleet) => {
      for (const second of [0, 60]) {
        fleet.see(
          ks(second),
          ks(second, { ...lost, role: 'primary', teks: { [C]: 3000 } }),
          ...others(second + 1),
          gm(second + 2, { ...follower, teks: { [C]: 3000 } }),
        );
      }
    };

    it('is reported while the GM holds only the lost keys, because all others drop its traffic', () => {
      const fleet = new Fleet();
      split(fleet);
      let view = over(fleet, 120, { [C]: 3000 });
      for (const second of [180, 240, 300]) view = over(fleet, second, { [C]: 3000 });
      expect(view.divergentMembers).toEqual(['gm3']);
      expect(fleet.types().filter((type) => type === 'tek_divergence')).toHaveLength(1);
      expect(fleet.events.find(({ type }) => type === 'tek_divergence')?.device).toBe('gm3');
    });

    it('is not reported once the GM holds the keys of the KS that won', () => {
      const fleet = new Fleet();
      split(fleet);
      for (const second of [120, 180, 240]) over(fleet, second, { [A]: 3000, [C]: 3000 });
      expect(over(fleet, 300, { [A]: 3000 }).divergentMembers).toEqual([]);
    });
  });
});

describe('an old GM on an expired KEK', () => {
  const legacy = (second: number, change: GmOptions = {}) => gm(second, { kekExpiry: null, received: 5, ...change });

  it('is reported when its counters stood still while the KEK of its KS changed', () => {
    const fleet = new Fleet();
    fleet.see(legacy(0), ks(10, { kekExpiry: 400 }));
    fleet.see(legacy(60), ks(150, { kekExpiry: 400 }));
    fleet.see(ks(200, { kekExpiry: 86_600 }));
    expect(match(fleet, legacy(210))?.kekMatchesKs).toBeNull();
    expect(fleet.types()).toEqual([]);
    const found = match(fleet, legacy(270));
    expect(found).toMatchObject({ kekMatchesKs: false, kekExpiredInUse: true });
    for (let second = 300; second < 900; second += 60) fleet.see(legacy(second), ks(second, { kekExpiry: 86_600 }));
    expect(fleet.types()).toEqual(['kek_expired_in_use']);
    expect(fleet.events[0]).toMatchObject({ device: 'gm1', severity: 'critical' });
    expect(fleet.events[0]?.evidence).toContain('Rekeys received: 5, before the new KEK: 5');
  });

  it.each<[string, GmOptions]>([
    ['got a rekey', { received: 6 }],
    ['registered', { succeeded: 2 }],
    ['was reloaded', { received: 0 }],
    ['shows a rekey after the change', { received: 5, lastAge: 80 }],
  ])('is not reported when it %s', (_name, change) => {
    const fleet = new Fleet();
    fleet.see(legacy(0), ks(10, { kekExpiry: 400 }), legacy(60), ks(150, { kekExpiry: 400 }));
    const found = match(fleet, ks(200, { kekExpiry: 86_600 }), legacy(270, change));
    expect(found).toMatchObject({ kekMatchesKs: true, kekExpiredInUse: false });
    expect(fleet.types()).toEqual([]);
  });

  it('is not reported if its counter rose between the answers of its KS with the old and with the new KEK', () => {
    const fleet = new Fleet();
    fleet.see(legacy(0), ks(10, { kekExpiry: 400 }), legacy(170, { received: 6 }), ks(200, { kekExpiry: 86_600 }));
    expect(match(fleet, legacy(300, { received: 6 }))?.kekMatchesKs).toBe(true);
  });

  describe('whose polls all overlap those of its KS, as on one grid,', () => {
    /** Both are asked at `second`; the GM answers after 80 ms, the KS after 120 ms. */
    const poll = (fleet: Fleet, second: number, kekExpiry: number, change: GmOptions = {}) =>
      match(fleet, answered(legacy(second, change), 80), answered(ks(second, { kekExpiry }), 120));

    it('is reported, because its counter of one poll earlier is certainly older than the answer of the KS', () => {
      const fleet = new Fleet();
      for (let second = 0; second <= 180; second += 60) poll(fleet, second, 200);
      expect(poll(fleet, 240, 86_600)?.kekMatchesKs).toBeNull();
      expect(poll(fleet, 300, 86_600)).toMatchObject({ kekMatchesKs: false, kekExpiredInUse: true });
      for (let second = 360; second < 900; second += 60) poll(fleet, second, 86_600);
      expect(fleet.types()).toEqual(['kek_expired_in_use']);
    });

    it('is not reported when it got the rekey', () => {
      const fleet = new Fleet();
      for (let second = 0; second <= 180; second += 60) poll(fleet, second, 200);
      expect(poll(fleet, 240, 86_600, { received: 6 })?.kekMatchesKs).toBe(true);
      expect(poll(fleet, 300, 86_600, { received: 6 })?.kekMatchesKs).toBe(true);
      expect(fleet.types()).toEqual([]);
    });

    it('is reported as well when its facts are given again without a new answer', () => {
      const fleet = new Fleet();
      for (let second = 0; second <= 180; second += 60) {
        fleet.see(answered(legacy(second), 80), answered(legacy(second), 80), answered(legacy(second), 80));
        fleet.see(answered(ks(second, { kekExpiry: 200 }), 120));
      }
      poll(fleet, 240, 86_600);
      expect(poll(fleet, 300, 86_600)?.kekMatchesKs).toBe(false);
    });
  });

  it('is not reported because a wall clock was changed', () => {
    const fleet = new Fleet();
    fleet.see(legacy(0), ks(10, { kekExpiry: 400 }));
    fleet.see(legacy(3600), ks(3610, { kekExpiry: 3990 }));
    expect(match(fleet, legacy(3700))?.kekMatchesKs).toBeNull();
  });

  describe('after a split, when one KS takes over the KEK of the other', () => {
    const ks1 = (second: number, kekSpi: string, kekExpiry: number) => ks(second, { kekSpi, kekExpiry });
    const ks2 = (second: number, kekSpi: string, kekExpiry: number, role: 'primary' | 'secondary' = 'primary') =>
      ks(second, { device: 'ks2', address: '10.1.0.2', kekSpi, kekExpiry, role });
    /** Both KSs made their KEK at the same time, as the one before ended; ks1 gives way. */
    it.each<[string, MemberFacts[]]>([
      ['that ends at the same time', []],
      ['that was seen on that KS before', [ks2(205, '0xB2', 86_500)]],
    ])('is not reported for a KEK %s, because no KEK was replaced', (_name, seenBefore) => {
      const fleet = new Fleet();
      fleet.see(legacy(0), ks1(10, '0xA1', 400), legacy(160, { received: 6 }), ks1(210, '0xB1', 86_500), ...seenBefore);
      fleet.see(legacy(240, { received: 6 }), legacy(300, { received: 6 }));
      const took = ks(330, { kekSpi: '0xB2', kekExpiry: 86_500, role: 'secondary' });
      expect(match(fleet, took, legacy(400, { received: 6 }))?.kekExpiredInUse).not.toBe(true);
      fleet.see(legacy(460, { received: 6 }), legacy(520, { received: 6 }));
      expect(fleet.types()).not.toContain('kek_expired_in_use');
    });

    it('is not reported for a KEK that the other KS had made before, unseen, while this one showed its own', () => {
      const fleet = new Fleet();
      fleet.see(legacy(0), ks1(10, '0xA1', 86_300), legacy(400), ks1(450, '0xA1', 86_300), legacy(460));
      const took = ks(510, { kekSpi: '0xB2', kekExpiry: 86_600, role: 'secondary' });
      expect(match(fleet, took, legacy(580))?.kekExpiredInUse).not.toBe(true);
      fleet.see(legacy(640), legacy(700));
      expect(fleet.types()).not.toContain('kek_expired_in_use');
    });

    it('is reported for a KEK that the primary makes afterwards, which is a new one', () => {
      const fleet = new Fleet();
      fleet.see(legacy(0), ks1(10, '0xA1', 86_300), legacy(400), ks1(450, '0xB2', 86_300), legacy(460));
      fleet.see(ks1(500, '0xC1', 86_880), legacy(560));
      expect(match(fleet, legacy(620))?.kekExpiredInUse).toBe(true);
    });
  });

  it('is not known until the KEK of its KS was seen to change', () => {
    expect(match(new Fleet(), ks(0), legacy(300))?.kekMatchesKs).toBeNull();
  });
});

describe('the KSs among themselves', () => {
  const other = { device: 'ks2', address: '10.1.0.2' } as const;

  it('a changed role is reported once, with the interval in which it changed', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { role: 'secondary' }));
    fleet.see(ks(60, { role: 'unknown' }));
    fleet.see(ks(120, { role: 'primary' }));
    fleet.see(ks(180, { role: 'primary' }));
    expect(fleet.events).toMatchObject([
      { type: 'ks_role_changed', device: 'ks1', betweenMs: [START + 200, START + 120_200] },
    ]);
  });

  it('two KSs that were both read as primary for a minute are a split', () => {
    const fleet = new Fleet();
    for (let second = 0; second <= 300; second += 30)
      fleet.see(ks(second), ks(second + 5, { ...other, role: 'primary' }));
    expect(fleet.types()).toEqual(['coop_split']);
    const [event] = fleet.events;
    expect(event).toMatchObject({ severity: 'critical', device: null });
    // The same instant as in the incident: the effects of the split must not come before it.
    expect(event?.atMs).toBe(event?.betweenMs[0]);
    expect(event?.betweenMs[1]).toBeGreaterThan(event?.atMs ?? 0);
    const view = fleet.see(ks(400, { role: 'secondary' }));
    expect(view).toMatchObject({ coopSplit: null, primaries: ['ks2'] });
  });

  it('an answer of a primary that shows no role does not count among those that show it as primary', () => {
    const fleet = new Fleet();
    for (let second = 0; second <= 300; second += 30) {
      const role = second === 30 ? 'unknown' : 'primary';
      fleet.see(ks(second), ks(second + 5, { ...other, role }));
    }
    expect(fleet.types()).toEqual(['coop_split']);
    const evidence = fleet.events.flatMap((event) => event.evidence);
    expect(
      evidence.filter((line) => /^ks2 .*Primary at the end of every look that tells a role, for \d+ s$/u.test(line)),
    ).toHaveLength(1);
  });

  it('a failover between two polls is no split if the old primary was not read as primary after the new one', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), ks(0, { ...other, role: 'secondary' }));
    const view = fleet.see(ks(300, { ...other, role: 'primary' }), ks(360, { ...other, role: 'primary' }));
    expect(view.coopSplit).toBeNull();
    fleet.see(ks(400, { role: 'secondary' }));
    expect(fleet.types()).toEqual(['ks_role_changed', 'ks_role_changed']);
  });

  it('a dead peer is reported once, however many KSs see it, even while one of them is unreachable', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { peers: { '10.1.0.3': 'Alive' } }));
    fleet.see(ks(60, { peers: { '10.1.0.3': 'Dead' } }), ks(61, { ...other, peers: { '10.1.0.3': 'Dead' } }));
    fleet.see(ks(120, { peers: { '10.1.0.3': 'Dead' }, presence: 'unreachable' }));
    fleet.see(ks(121, { ...other, peers: { '10.1.0.3': 'Dead' }, presence: 'unreachable' }));
    fleet.see(ks(300, { peers: { '10.1.0.3': 'Dead' } }));
    expect(fleet.events).toMatchObject([{ type: 'coop_peer_lost', device: null, severity: 'warning' }]);
    fleet.see(ks(360, { peers: { '10.1.0.3': 'Alive' } }));
    fleet.see(ks(500, { peers: { '10.1.0.3': 'Dead' } }));
    expect(fleet.types()).toEqual(['coop_peer_lost', 'coop_peer_lost']);
  });

  it.each([
    ['Failed', /^show crypto isakmp sa .*not established.*ks coop on every KS/u],
    ['Established', /^show crypto gdoi ks coop on every KS, as IKE between them is established: .*fragments/u],
  ])('a dead peer with which IKE is %s has that as evidence, and its first step', (ike, firstStep) => {
    const fleet = new Fleet();
    const seen = (second: number) => [
      ks(second, { peers: { '10.1.0.2': 'Dead' }, ike }),
      ks(second, { ...other, role: 'secondary', peers: { '10.1.0.1': 'Alive' }, ike }),
    ];
    fleet.see(...seen(0));
    const view = fleet.see(...seen(120));
    const event = fleet.events.find(({ type }) => type === 'coop_peer_lost');
    expect(event?.evidence).toEqual([`ks1: peer 10.1.0.2 status Dead, IKE status ${ike}`]);
    expect(event?.action).toMatch(firstStep);
    const said = view.explanations.find(({ cause }) => cause === 'coop_peer_lost');
    expect(said).toMatchObject({ phase: 'present', evidence: [`peer ks2: status Dead, IKE status ${ike}`] });
    expect(said?.firstStep).toMatch(firstStep);
  });

  it('the status Unknown of a peer is normal between secondaries', () => {
    const fleet = new Fleet();
    const view = fleet.see(ks(0, { role: 'secondary', peers: { '10.1.0.3': 'Unknown' } }));
    expect(view.coopPeers).toEqual([{ address: '10.1.0.3', device: null, lost: null }]);
    expect(fleet.types()).toEqual([]);
  });
});

describe('the list of a KS', () => {
  it('counts unacknowledged rekeys up to ejection, whether the GM is polled or not', () => {
    const fleet = new Fleet();
    const view = fleet.see(gm(0), ks(1, { members: { '10.0.0.1': 1, '10.0.0.7': 3, '10.0.0.8': 0 } }));
    expect(view.unacknowledged).toEqual([
      { address: '10.0.0.7', device: null, acksMissed: 3, ejected: true },
      { address: '10.0.0.1', device: 'gm1', acksMissed: 1, ejected: false },
    ]);
    expect(view).toMatchObject({ notPolled: ['10.0.0.7', '10.0.0.8'], members: 3 });
  });

  /** An earlier list had the GM, so it is known to be listed under its own address. */
  const listedBefore = () => {
    const fleet = new Fleet();
    fleet.see(ks(-1200, { members: { '10.0.0.1': 0, '10.0.0.7': 0 } }), ks(-900, { members: { '10.0.0.7': 0 } }));
    return fleet;
  };

  it('shows that a registered GM is not listed, unless the GM may have registered since the list was made', () => {
    const fleet = listedBefore();
    fleet.see(gm(0));
    expect(fleet.see(ks(100, { members: { '10.0.0.7': 0 } })).notListed).toEqual([]);
    expect(fleet.see(ks(400, { members: { '10.0.0.7': 0 } })).notListed).toEqual(['gm1']);
    expect(fleet.see(ks(460, { members: { '10.0.0.1': 0 } })).notListed).toEqual([]);
  });

  it('shows that a GM is not listed if it had a rekey of its registration long before the list was made', () => {
    const registered = (options: Parameters<typeof gm>[1]) => {
      const fleet = listedBefore();
      fleet.see(gm(0, options));
      return fleet.see(ks(1, { members: { '10.0.0.7': 0 } })).notListed;
    };
    expect(registered({ since: 3, lastAge: 450 })).toEqual(['gm1']);
    expect(registered({ since: 3, lastAge: 200 })).toEqual([]);
    expect(registered({ since: 0, lastAge: 450 })).toEqual([]);
  });

  it('does not show whether a GM is listed until it is newer than the registration of the GM', () => {
    const fleet = listedBefore();
    expect(match(fleet, gm(0))?.listedByKs).toBeNull();
    expect(match(fleet, ks(100, { members: { '10.0.0.7': 0 } }))?.listedByKs).toBeNull();
    expect(match(fleet, ks(400, { members: { '10.0.0.7': 0 } }))?.listedByKs).toBe(false);
    expect(match(fleet, ks(460, { members: { '10.0.0.1': 0 } }))?.listedByKs).toBe(true);
  });

  it('may have counted missed acknowledgements before the registration, until a newer list is read', () => {
    const fleet = listedBefore();
    const counted = (second: number) => match(fleet, ks(second, { members: { '10.0.0.1': 2 } }));
    fleet.see(gm(0));
    expect(counted(100)).toMatchObject({ acksMissed: 2, registeredSinceList: true });
    expect(counted(400)).toMatchObject({ acksMissed: 2, registeredSinceList: false });
  });

  it('does not show that a GM is not listed if not every line of it was understood', () => {
    const fleet = listedBefore();
    const read = (second: number, membersUnread?: true) =>
      match(fleet, gm(0), ks(second, { members: { '10.0.0.7': 0 }, ...(membersUnread ? { membersUnread } : {}) }));
    expect(read(400, true)?.listedByKs).toBeNull();
    expect(read(460)?.listedByKs).toBe(false);
    expect(match(fleet, ks(520, { members: { '10.0.0.1': 0 }, membersUnread: true }))?.listedByKs).toBe(true);
  });
});

describe('whether one path or the KS loses rekeys', () => {
  const group = (missed: readonly number[]) =>
    Object.fromEntries(missed.map((count, index) => [`10.0.0.${index + 1}`, count]));
  it.each([
    ['no GM misses any', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 'none'],
    ['one of ten', [1, 0, 0, 0, 0, 0, 0, 0, 0, 0], 'path'],
    ['one of two', [1, 0], 'path'],
    ['two of twenty', [2, 1, ...Array.from({ length: 18 }, () => 0)], 'path'],
    ['three of twenty', [2, 1, 1, ...Array.from({ length: 17 }, () => 0)], 'ks'],
    ['all', [1, 1, 1], 'ks'],
  ] as const)('%s: %s', (_name, missed, where) => {
    expect(new Fleet().see(ks(0, { members: group(missed) })).rekeyLoss.where).toBe(where);
  });

  it('takes into account GMs that just re-registered for a missed rekey, and says that they share a KS', () => {
    const fleet = new Fleet();
    const missed = { lastReregistration: { cause: 'kek_missed_rekey', atMs: START } } as const;
    const view = fleet.see(
      gm(60, { device: 'gm1', address: '10.0.0.1', change: missed }),
      gm(60, { device: 'gm2', address: '10.0.0.2', change: missed }),
      gm(60, { device: 'gm3', address: '10.0.0.3', change: { kekRekeyOverdue: true } }),
      gm(60, { device: 'gm4', address: '10.0.0.4' }),
    );
    expect(view.rekeyLoss).toMatchObject({ where: 'ks', gms: ['gm1', 'gm2', 'gm3'], share: 0.75 });
    expect(view.rekeyLoss.evidence.at(-1)).toBe('all of them are registered with KS 10.1.0.1');
  });
});

describe('the group', () => {
  it('shows the lead and the TEK lifetime of its KS', () => {
    expect(new Fleet().see(ks(0))).toMatchObject({ lead: { seconds: 200, source: 'floor' }, tekLifetimeSeconds: 3600 });
  });

  it('forgets a device that is gone, and keeps one that is unreachable', () => {
    const fleet = new Fleet();
    expect(fleet.see(gm(0), gm(0, { device: 'gm2' })).gms).toHaveLength(2);
    expect(fleet.see({ ...gm(60), presence: 'unreachable', gm: null }).gms[0]).toMatchObject({ reachable: false });
    expect(fleet.see({ ...gm(120), presence: 'gone' }).gms.map((member) => member.device)).toEqual(['gm2']);
  });

  it('treats any device name as data', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { device: 'constructor' }), gm(1, { device: '__proto__', kekExpiry: null }));
    expect(fleet.see(gm(60, { device: '__proto__', kekExpiry: null })).gms.map(({ device }) => device)).toEqual([
      '__proto__',
    ]);
  });
});

describe('whatever is observed', () => {
  const spi = fc.constantFrom(A, B, C);
  const second = fc.integer({ min: 0, max: 5000 });
  const presence = fc.constantFrom('present', 'present', 'present', 'unreachable', 'gone');
  const teks = fc.option(fc.dictionary(spi, second, { maxKeys: 3 }));
  const change = fc.oneof(
    fc.record({
      kind: fc.constant('gm'),
      step: fc.integer({ min: -30, max: 400 }),
      options: fc.record({
        device: fc.constantFrom('gm1', 'gm2', 'gm3'),
        presence,
        kekExpiry: fc.option(fc.integer({ min: 0, max: 100_000 })),
        teks,
        received: fc.nat(20),
        succeeded: fc.nat(3),
        lastAge: fc.option(fc.nat(4000)),
      }),
    }),
    fc.record({
      kind: fc.constant('ks'),
      step: fc.integer({ min: -30, max: 400 }),
      options: fc.record({
        device: fc.constantFrom('ks1', 'ks2'),
        address: fc.constantFrom('10.1.0.1', '10.1.0.2'),
        presence,
        behavior: fc.constantFrom('timer', 'legacy', 'unknown'),
        role: fc.constantFrom('primary', 'secondary', 'unknown'),
        kekExpiry: fc.option(fc.integer({ min: 0, max: 100_000 })),
        teks,
        peers: fc.option(fc.dictionary(fc.constantFrom('10.1.0.1', '10.1.0.3'), fc.constantFrom('Alive', 'Dead'))),
        members: fc.option(fc.dictionary(fc.constantFrom('10.0.0.1', '10.0.0.9'), fc.nat(4))),
      }),
    }),
  );

  it('events are complete, their intervals are ordered, and the state survives JSON', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const fleet = new Fleet();
        let now = 0;
        for (const { kind, step, options } of changes) {
          now = Math.max(0, now + step);
          const facts = kind === 'gm' ? gm(now, options) : ks(now, options);
          const straight = trackFleet(fleet.state, [facts]);
          const view = fleet.see(facts);
          expect(straight.state).toEqual(fleet.state);
          expect(view.divergentMembers.length).toBeLessThanOrEqual(view.members);
          expect(view.rekeyLoss.share).toBeLessThanOrEqual(1);
        }
        for (const event of fleet.events) {
          expect(event.betweenMs[0]).toBeLessThanOrEqual(event.betweenMs[1]);
          expect(event.evidence.length).toBeGreaterThan(0);
          expect(event.action).not.toBe('');
        }
      }),
      { numRuns: 150 },
    );
  });

  /** The TEK of the KS runs out before those of the GMs: they diverge by the same SPIs again after that was over. */
  type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;
  const DIVERGENT_TWICE: Change[] = [
    gmHolding('gm1', { '0x0000000C': 421 }),
    {
      kind: 'ks',
      step: 0,
      options: {
        device: 'ks1',
        address: '10.1.0.1',
        presence: 'present',
        behavior: 'timer',
        role: 'primary',
        kekExpiry: null,
        teks: { '0x0000000C': 181 },
        peers: null,
        members: null,
      },
    },
    gmHolding('gm3', { '0x0000000A': 241, '0x0000000C': 421 }),
    gmHolding('gm2', { '0x0000000A': 421 }),
  ];

  function gmHolding(device: 'gm1' | 'gm2' | 'gm3', teks: Record<string, number>): Change {
    return {
      kind: 'gm',
      step: 0,
      options: { device, presence: 'present', kekExpiry: null, teks, received: 0, succeeded: 0, lastAge: null },
    };
  }

  it('a group that stays as it is reports nothing twice', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
        const fleet = new Fleet();
        const last = new Map<string, (now: number) => MemberFacts>();
        for (const { kind, options } of changes) {
          const stays = { ...options, presence: 'present' as const };
          last.set(options.device, (now) => (kind === 'gm' ? gm(now, stays) : ks(now, stays)));
        }
        for (let now = 0; now < 4000; now += 60) fleet.see(...[...last.values()].map((at) => at(now)));
        const subjects = fleet.events.map(
          ({ type, device, summary }) => `${type} ${device} ${summary.split(' is dead')[0]}`,
        );
        const lasting = subjects.filter((subject) => !subject.startsWith('tek_divergence'));
        expect(new Set(lasting).size).toBe(lasting.length);
        expect(new Set(fleet.events.map(({ id }) => id)).size).toBe(fleet.events.length);
      }),
      { numRuns: 40, examples: [[DIVERGENT_TWICE]] },
    );
  });

  it('a divergence by the same keys has a new id if another KS showed these keys in between', () => {
    const fleet = new Fleet();
    for (let now = 0; now < 1000; now += 60) {
      fleet.see(
        gm(now, { device: 'gm2', teks: { [B]: 421 }, kekExpiry: null }),
        ks(now, { device: 'ks2', address: '10.1.0.2', role: 'primary', teks: { [C]: 181 }, kekExpiry: null }),
        ks(now, {
          device: 'ks1',
          address: '10.1.0.1',
          role: 'secondary',
          teks: { [B]: 241, [C]: 421 },
          kekExpiry: null,
        }),
      );
    }
    const told = fleet.events.filter(({ type }) => type === 'tek_divergence');
    expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
    expect(told.length).toBeGreaterThan(0);
  });

  it('the records end in the same state however the changes are split into calls', () => {
    const facts = [ks(0), gm(10), gm(70, { received: 6 }), ks(80, { role: 'secondary' })];
    const together = trackFleet(initialFleetState('G1'), facts).state;
    let apart = initialFleetState('G1');
    for (const one of facts) apart = trackFleet(apart, [one]).state;
    expect({ ...together, occurrences: null }).toEqual({ ...apart, occurrences: null });
  });
});

describe.each([150, 200])(
  'an old GM whose KS changed its KEK before the agent’s clock was set back at %i s',
  (setAt) => {
    const BACK = 300;
    interface Shown {
      readonly gm?: GmOptions;
      readonly kekSpi?: string | null;
    }
    const look = (second: number, { gm: over = {}, kekSpi }: Shown) => {
      const shown = second < setAt ? second : second - BACK;
      const isOld = second < 100;
      const kekExpiry = (isOld ? 110 : 86_500) + shown - second;
      const teks = { [A]: 3000 + shown - second };
      const counted = isOld ? { received: 5, lastAge: second + 20 } : { received: 6, lastAge: second - 85 };
      return [
        ks(shown, { kekExpiry, teks, kekSpi: kekSpi === null ? null : isOld ? '0xAA' : '0xBB' }),
        gm(shown + 1, { kekExpiry: null, teks, ...counted, ...over }),
      ];
    };
    const events = (over: Shown) => {
      const fleet = new Fleet();
      for (let second = 0; second <= 720; second += 60) fleet.see(...look(second, over));
      return fleet.types();
    };

    it.each([null, 'shown'])('has the new KEK, which a rekey brought; SPI of the KEK: %s', (kekSpi) => {
      expect(events({ kekSpi })).toEqual([]);
    });

    it.each([null, 'shown'])('works with the old one if none did; SPI of the KEK: %s', (kekSpi) => {
      expect(events({ kekSpi, gm: { received: 5, lastAge: 700 } })).toEqual(['kek_expired_in_use']);
    });
  },
);

describe('an old GM whose KS changes its KEK', () => {
  it('has the new KEK also while it was read since the agent’s clock was set back, and the KS was not', () => {
    const fleet = new Fleet();
    const old = { kekExpiry: null, teks: { [A]: 3000 } };
    for (const second of [0, 60]) fleet.see(ks(second, { kekExpiry: 110 }), gm(second + 1, old));
    for (let second = 120; second <= 480; second += 60) {
      fleet.see(ks(second, { kekExpiry: 86_500 }), gm(second, { ...old, received: 6, lastAge: second - 85 }));
    }
    const back = gm(240, { ...old, teks: { [A]: 2700 }, received: 6, lastAge: 455 });
    expect(fleet.see(back).explanations).toEqual([]);
    expect(fleet.types()).toEqual([]);
  });

  it('is not said to work with the old one if the agent’s clock was set back since the KS showed that', () => {
    const fleet = new Fleet();
    const old = { kekExpiry: null, teks: { [A]: 3000 } };
    for (const second of [0, 60]) fleet.see(ks(second, { kekExpiry: 110, kekSpi: '0xAA' }), gm(second + 1, old));
    const back = { ...old, teks: { [A]: 2700 }, received: 6 };
    fleet.see(gm(-179, { ...back, lastAge: 36 }));
    fleet.see(ks(-178, { kekExpiry: 86_200, kekSpi: '0xBB', teks: { [A]: 2700 } }));
    for (let second = -118; second < 400; second += 60) {
      fleet.see(
        ks(second, { kekExpiry: 86_200, kekSpi: '0xBB', teks: { [A]: 2700 } }),
        gm(second, { ...back, lastAge: second + 215 }),
      );
    }
    expect(fleet.types()).toEqual([]);
  });
});

describe('a GM that was read before the agent’s clock was set back', () => {
  const before = () => {
    const fleet = new Fleet();
    for (const second of [0, 60, 120, 180, 240, 300]) fleet.see(ks(second, { kekSpi: '0xAA' }), gm(second + 1));
    return fleet;
  };
  /** 60 s later, by a clock that is 300 s behind: the KS made another TEK, or another KEK, since. */
  const ofTek = ks(60, { kekSpi: '0xAA', kekExpiry: 79_700, teks: { [B]: 3360 } });

  it('is compared with what its KS shows since then when it was read again, too', () => {
    const fleet = before();
    expect(match(fleet, ofTek)).toMatchObject({ kekMatchesKs: null, tekMatchesKs: null, divergent: false });
    const held = { kekExpiry: 79_700, teks: { [B]: 3360, [A]: 2700 } };
    expect(match(fleet, gm(70, { ...held, received: 6 }))).toMatchObject({ kekMatchesKs: true, tekMatchesKs: true });
    expect(match(fleet, ofTek, gm(130, held))).toMatchObject({ kekMatchesKs: true, tekMatchesKs: true });
    expect(fleet.events).toEqual([]);
  });

  it('is compared with a KEK that its KS made since when it was read again, too', () => {
    const fleet = before();
    const ofKek = ks(60, { kekSpi: '0xBB', kekExpiry: 166_000, teks: { [A]: 2700 } });
    expect(match(fleet, ofKek)).toMatchObject({ kekMatchesKs: null, tekMatchesKs: null, kekBehind: false });
    const held = { kekExpiry: 166_000, teks: { [A]: 2700 } };
    expect(match(fleet, gm(70, { ...held, received: 6 }))).toMatchObject({ kekMatchesKs: true, tekMatchesKs: true });
  });

  it('is told to lack a key that it still lacks then', () => {
    const fleet = before();
    const later = ks(120, { kekSpi: '0xAA', kekExpiry: 79_700, teks: { [B]: 3360 } });
    fleet.see(ofTek);
    expect(match(fleet, later, gm(130, { kekExpiry: 79_700, teks: { [A]: 2700 } }))?.tekMatchesKs).toBe(false);
  });
});
