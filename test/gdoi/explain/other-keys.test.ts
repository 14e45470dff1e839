/**
 * GMs that hold other keys than the polled KSs: older ones after a lost rekey, or those of another KS. A COOP split
 * shows in this way when the agent cannot log in to one of the KSs.
 */
import { describe, expect, test } from 'vitest';
import { Fleet, type gm, ks, START } from '../../builders/fleet-group.ts';
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import { member, said } from './members.ts';

const [OURS, THEIRS, BEFORE] = ['0x0000000A', '0x0000000B', '0x00000009'];
const OTHER_KS = '10.1.0.2';

/** ks1 is polled and shows ks2 as `peer`. */
const oneOfTwo = (second: number, peer: string, teks: Readonly<Record<string, number>> = { [OURS]: 3000 }) =>
  ks(second, { teks, peers: { [OTHER_KS]: peer }, members: { '10.0.0.1': 0, '10.0.0.2': 1 } });

const onOtherSide = (number: number, second: number, over: Parameters<typeof gm>[1] = {}) =>
  member(number, second, { keyServer: OTHER_KS, teks: { [THEIRS]: 3040 }, ...over });

describe('a COOP set of which one KS is not polled', () => {
  test('is split, with no path_loss, if that KS is dead for its peer and its only GM has other keys', () => {
    const fleet = new Fleet();
    const look = (second: number) => [oneOfTwo(second, 'Dead'), member(1, second), onOtherSide(2, second)];
    fleet.see(...look(0));
    fleet.see(...look(60));
    const first = said(fleet, ...look(120));
    expect(first).toMatchObject({
      cause: 'coop_split',
      phase: 'present',
      status: 'critical',
      summary: expect.stringMatching(/KS 10\.1\.0\.1 and KS 10\.1\.0\.2 is split/u),
      firstStep: expect.stringMatching(/WAN between the KSs/u),
    });
    expect(fleet.see().explanations.map(({ cause }) => cause)).not.toContain('path_loss');
  });

  test('is split if two of three KSs are polled and agree, and both call the third one dead', () => {
    const fleet = new Fleet();
    const look = (second: number) => [
      oneOfTwo(second, 'Dead'),
      ks(second, {
        device: 'ks3',
        address: '10.1.0.3',
        role: 'secondary',
        peers: { '10.1.0.1': 'Alive', [OTHER_KS]: 'Dead' },
      }),
      ...[1, 3].map((number) => member(number, second)),
      ...[2, 4].map((number) => onOtherSide(number, second)),
    ];
    fleet.see(...look(0));
    fleet.see(...look(60));
    expect(said(fleet, ...look(120))).toMatchObject({ cause: 'coop_split', phase: 'present', status: 'critical' });
  });
});

describe('two primaries with different keys', () => {
  const split = (...gms: readonly MemberFacts[]) => {
    const fleet = new Fleet();
    const other = { device: 'ks2', address: '10.1.0.2', role: 'primary' } as const;
    const kss = (second: number) => [
      ks(second, { teks: { '0xA': 900 } }),
      ks(second, { ...other, teks: { '0xB': 900 } }),
    ];
    for (const second of [0, 60]) fleet.see(...kss(second));
    return fleet.see(...kss(120), ...gms).explanations[0]?.consequence?.what;
  };
  const holding = (number: number, spi: string, keyServer = '10.1.0.1') =>
    member(number, 120, { keyServer, teks: { [spi]: 900 } });

  test('divide the GMs by the keys that these hold, whichever KS they registered with', () => {
    expect(split(holding(1, '0xA'), holding(2, '0xB', '10.1.0.2'), holding(3, '0xB'))).toBe(
      'the two give out different TEKs: traffic between gm1 with ks1 and gm2, gm3 with ks2 is dropped',
    );
  });

  test('drop no traffic yet while all GMs hold the keys of the one whose rekey came last', () => {
    expect(split(holding(1, '0xB'), holding(2, '0xB'))).toBe(
      'the two give out different TEKs: gm1, gm2 hold those of ks2, and cannot talk with a GM that takes those of ks1',
    );
  });

  test('divide GMs that show no keys by the KS with which they registered', () => {
    const of = (number: number, keyServer: string) => member(number, 120, { keyServer, teks: null });
    expect(split(of(1, '10.1.0.1'), of(2, '10.1.0.2'))).toBe(
      'the two give out different TEKs: traffic between gm1 with ks1 and gm2 with ks2 is dropped',
    );
  });
});

describe('a GM with other keys than the polled KS, and no sign of a split', () => {
  const look = (second: number) => [oneOfTwo(second, 'Alive'), member(1, second), onOtherSide(2, second)];

  test('is not keys_differ any more when it is no longer registered', () => {
    const fleet = new Fleet();
    for (const second of [0, 60, 120, 180, 240]) fleet.see(...look(second));
    expect(said(fleet)).toMatchObject({
      cause: 'keys_differ',
      phase: 'present',
      summary: expect.stringMatching(/it is registered with/u),
    });
    const off = onOtherSide(2, 300, { registered: false });
    expect(fleet.see(...look(300).slice(0, 2), off).explanations.map(({ cause }) => cause)).not.toContain(
      'keys_differ',
    );
  });

  test('is keys_differ if the keys are no older ones, and the first step is to find the KS that gave them', () => {
    const fleet = new Fleet();
    fleet.see(...look(0));
    const unclear = said(fleet, ...look(60));
    fleet.see(...look(300));
    const first = said(fleet, ...look(900));
    expect(unclear).toMatchObject({ cause: 'keys_differ', phase: 'unclear', status: 'warning' });
    expect(first).toMatchObject({
      cause: 'keys_differ',
      phase: 'present',
      status: 'critical',
      summary:
        'GM gm2 holds other TEKs than KS ks1, for longer than a rekey takes, and they are no older ones: it is registered with KS 10.1.0.2',
      consequence: { what: 'traffic between gm2 and the GMs with the TEKs of KS ks1 is dropped', unless: null },
      deadlineMs: null,
      firstStep: expect.stringMatching(/^With which KS did each of these GMs register\?/u),
    });
    expect(fleet.see().explanations).toHaveLength(1);
  });

  test('is a path_loss if the keys are older ones', () => {
    const fleet = new Fleet();
    const behind = (second: number) => [
      oneOfTwo(second, 'Alive', { [OURS]: 3000, [BEFORE]: 500 }),
      member(1, second),
      onOtherSide(2, second, { teks: { [BEFORE]: 500 } }),
    ];
    fleet.see(...behind(0));
    expect(said(fleet, ...behind(60))).toMatchObject({ cause: 'path_loss', scope: ['gm2'] });
  });

  test('is a path_loss if the KS has made a newer KEK since', () => {
    const fleet = new Fleet();
    const behind = (second: number) => [ks(second, { kekExpiry: 80_000 }), member(1, second, { kekExpiry: 5000 })];
    fleet.see(...behind(0));
    expect(said(fleet, ...behind(60))).toMatchObject({ cause: 'path_loss', scope: ['gm1'] });
  });

  test('is keys_differ, not a path_loss, if its KEK is newer than that of the only KS', () => {
    const fleet = new Fleet();
    const ahead = (second: number) => [
      ks(second, { kekExpiry: 5000 }),
      member(1, second, { kekExpiry: 80_000, keyServer: '10.1.0.9' }),
    ];
    fleet.see(...ahead(0));
    fleet.see(...ahead(300));
    const first = said(fleet, ...ahead(900));
    expect(first).toMatchObject({
      cause: 'keys_differ',
      summary:
        'GM gm1 holds another KEK than KS ks1, for longer than a rekey takes, and it is no older one: it is registered with KS 10.1.0.9',
      consequence: { what: 'rekeys of KS ks1 do not reach GM gm1' },
      firstStep: expect.stringMatching(/^show crypto gdoi on the GM: with which KS did it register/u),
    });
  });
});

describe('a KEK of 30 days', () => {
  const DAY = 86_400;
  const LASTS = 30 * DAY;
  const ofKs = (second: number, kekExpiry: number = LASTS) =>
    ks(second, { kekExpiry, kekLifetime: LASTS, teks: { [OURS]: second + 3000 } });
  const has = (second: number, kekExpiry: number) =>
    member(1, second, { kekExpiry, teks: { [OURS]: second + 3000 }, received: 5 + Math.floor(second / 3500) });

  test.each([
    ['later', 2.6],
    ['earlier', -2.6],
  ])('ends ever %s on the GM than on the KS, by their clocks, and is the same one', (_, secondsADay) => {
    const fleet = new Fleet();
    for (let day = 0; day < 29; day += 1) {
      const second = day * DAY;
      const first = said(fleet, ofKs(second), has(second + 60, LASTS + Math.round(day * secondsADay)));
      expect([day, first]).toEqual([day, 'ok']);
    }
    expect(fleet.see().gms[0]?.kekMatchesKs).toBe(true);
  });

  test('is another one, however old, if the GM held its own before the KS replaced it within minutes', () => {
    const fleet = new Fleet();
    fleet.see(ofKs(0), has(60, LASTS));
    fleet.see(ofKs(200));
    for (const second of [400, 700, DAY, 10 * DAY, 20 * DAY]) {
      const look = fleet.see(ofKs(second, LASTS + 300), has(second + 60, LASTS));
      expect([second, look.gms[0]?.kekMatchesKs]).toEqual([second, false]);
    }
    expect(said(fleet)).toMatchObject({ cause: 'path_loss', scope: ['gm1'] });
  });

  test('is another one, however old, if the other one was made days before', () => {
    const fleet = new Fleet();
    const second = 20 * DAY;
    fleet.see(ofKs(second, LASTS + 5 * DAY), has(second + 60, LASTS));
    fleet.see(ofKs(second + 300, LASTS + 5 * DAY), has(second + 360, LASTS));
    expect(fleet.see().gms[0]?.kekMatchesKs).toBe(false);
  });
});

describe('after the lifetime of a key was shortened and a rekey was ordered', () => {
  /** The KEK made at 100 s ends long before the one that it replaces. */
  const ordered = (second: number) =>
    ks(second, second < 100 ? { kekSpi: '0x1' } : { kekSpi: '0x2', kekExpiry: 7300, kekLifetime: 7200 });
  const has = (number: number, second: number, isRekeyed: boolean) =>
    member(number, second, isRekeyed ? { kekExpiry: 7300, received: 6 } : {});

  test('GMs that were not polled since are not said to hold other keys', () => {
    const fleet = new Fleet();
    for (const second of [0, 60]) fleet.see(ordered(second), has(1, second, false), has(2, second, false));
    expect(said(fleet, ordered(101))).toBe('ok');
  });

  test('a GM that got the new KEK, which ends first, is not said to lack the one that the KS showed before', () => {
    const fleet = new Fleet();
    for (const second of [0, 60]) fleet.see(has(1, second - 10, false), has(2, second - 9, false), ordered(second));
    for (const second of [110, 170]) {
      const look = fleet.see(has(1, second, true), has(2, second + 1, true));
      expect(look.explanations).toEqual([]);
      expect(look.gms[0]?.kekMatchesKs).toBeNull();
    }
    expect(fleet.see(ordered(180)).gms[0]?.kekMatchesKs).toBe(true);
    expect(fleet.incidents).toEqual([]);
  });

  test('a GM that got the new TEK, which ends first, is not said to lack the one that the KS showed before', () => {
    const fleet = new Fleet();
    const got = (second: number) => member(1, second, { teks: { [OURS]: 3700 }, received: 6 });
    const before = { teks: { [BEFORE]: 80_000 } };
    for (const second of [0, 60]) fleet.see(member(1, second - 10, before), ks(second, before));
    for (const second of [110, 170]) expect(said(fleet, got(second))).toBe('ok');
    expect(said(fleet, ks(180, { teks: { [OURS]: 3700 } }))).toBe('ok');
  });

  test('a GM whose counters stand still since the KS was read lacks what that shows', () => {
    const fleet = new Fleet();
    fleet.see(member(1, -10, { kekExpiry: 200 }), ks(0, { kekExpiry: 200 }));
    fleet.see(member(1, 20, { kekExpiry: 200, received: 6 }), ks(60, { kekExpiry: 86_400 }));
    expect(fleet.see(member(1, 130, { kekExpiry: 200, received: 6 })).gms[0]?.kekMatchesKs).toBe(false);
  });

  test('nor is one newer that the GM showed before, whatever rekey it got since', () => {
    const fleet = new Fleet();
    fleet.see(member(1, -10, { kekExpiry: 200 }), ks(0, { kekExpiry: 200 }), ks(60, { kekExpiry: 86_400 }));
    const behind = member(1, 130, { kekExpiry: 200, received: 6 });
    expect(fleet.see(behind).gms[0]?.kekMatchesKs).toBe(false);
  });

  test('a GM that registered with a KS of another KEK lacks it once its own is read again', () => {
    const fleet = new Fleet();
    fleet.see(member(1, -10), ks(0));
    const elsewhere = { kekExpiry: 50_000, keyServer: OTHER_KS, succeeded: 2 };
    expect(fleet.see(member(1, 60, elsewhere)).gms[0]?.kekMatchesKs).toBeNull();
    expect(fleet.see(ks(61)).gms[0]?.kekMatchesKs).toBe(false);
  });

  test('a GM that did not get the new KEK is a path_loss, though its own KEK ends later', () => {
    const fleet = new Fleet();
    for (const second of [0, 60]) fleet.see(ordered(second), has(1, second, false), has(2, second, false));
    const later = [120, 180, 240].map((second) =>
      said(fleet, ordered(second), has(1, second, false), has(2, second, true)),
    );
    expect(later.at(-1)).toMatchObject({
      cause: 'path_loss',
      phase: 'present',
      summary: expect.stringMatching(/it missed the last KEK rekey; the other one got it$/u),
    });
    expect(fleet.see().explanations.map(({ cause }) => cause)).not.toContain('keys_differ');
  });

  test('a GM that did not get the new TEK is a path_loss, though its own TEK ends later', () => {
    const fleet = new Fleet();
    const look = (second: number, teks: Readonly<Record<string, number>>) => [
      ks(second, { teks: second < 100 ? { [BEFORE]: 80_000 } : { [OURS]: 3700 } }),
      member(1, second, { teks: { [BEFORE]: 80_000 } }),
      ...[2, 3].map((number) => member(number, second, { teks })),
    ];
    for (const second of [0, 60]) fleet.see(...look(second, { [BEFORE]: 80_000 }));
    for (const second of [180, 240]) fleet.see(...look(second, { [OURS]: 3700 }));
    expect(said(fleet, ...look(300, { [OURS]: 3700 }))).toMatchObject({
      cause: 'path_loss',
      summary: expect.stringMatching(/^The path from KS ks1 to GM gm1 drops rekeys/u),
    });
  });
});

describe('a GM without a KEK timer that worked with a replaced KEK', () => {
  const OLD = { kekExpiry: null, version: '15.1(4)M8', teks: { [BEFORE]: 700 } } as const;
  const RENEWED = { [OURS]: 4000 };

  /** The KS makes a new KEK at 100 s; gm1 does not get it, and registers for its TEKs at 650 s. */
  function registeredAgain(context: Parameters<typeof member>[3] = {}) {
    const fleet = new Fleet();
    const others = (second: number) => member(2, second, { kekExpiry: second < 100 ? 300 : 90_000 });
    const look = (second: number, ...more: readonly ReturnType<typeof member>[]) =>
      fleet.see(
        ks(second, { kekExpiry: second < 100 ? 300 : 90_000, teks: second < 100 ? OLD.teks : RENEWED }),
        others(second),
        ...more,
      );
    for (const second of [0, 60, 120, 180, 240]) look(second, member(1, second, { ...OLD, received: 5 }, context));
    const held = fleet.see().explanations;
    const last = { cause: 'tek_expired', atMs: START + 650_000 } as const;
    const after = { ...OLD, teks: RENEWED, received: 5, succeeded: 2, change: { lastReregistration: last } };
    look(660, member(1, 660, after, context));
    return { fleet, held, first: said(fleet, member(1, 720, after, context)) };
  }

  test('is a page, and once it registered again a ticket for the path that dropped the rekey', () => {
    const { fleet, held, first } = registeredAgain();
    expect(held[0]).toMatchObject({ cause: 'old_kek_in_use', phase: 'present', status: 'critical' });
    expect(first).toMatchObject({
      cause: 'path_loss',
      phase: 'present',
      status: 'warning',
      summary:
        'The path from KS ks1 to GM gm1 drops rekeys: it missed the last KEK rekey and re-registered at 08:10:50 UTC; the other one got it',
      consequence: { what: 'traffic goes on; the next rekey of this kind may be lost as well' },
    });
    const open = fleet.incidents.filter(({ endedAtMs }) => endedAtMs === null).map(({ cause }) => cause);
    expect(open).toContain('path_loss');
  });

  test('is no path_loss if its interface was down when the KS made the new KEK', () => {
    const linkDown = { sinceMs: START + 90_000, backMs: START + 130_000, evidence: ['gm1: Gi0 down'] };
    const { fleet } = registeredAgain({ linkDown });
    expect(fleet.see().explanations.map(({ cause }) => cause)).not.toContain('path_loss');
  });
});
