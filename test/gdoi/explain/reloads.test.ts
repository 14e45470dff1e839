/** GMs that reload: only what they showed since tells whether they are registered. */
import { describe, expect, test } from 'vitest';
import { NO_CONTEXT } from '../../../src/gdoi/explain/group-facts.ts';
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import { Fleet, ks, START } from '../../builders/fleet-group.ts';
import { member, said, silent } from './members.ts';

const booted = (second: number) => ({ bootMs: START + second * 1000 });

test('does not say that a GM is registered until it shows its group after the boot, and warns after minutes', () => {
  const fleet = new Fleet();
  const before = member(1, 0, {}, booted(60));
  fleet.see(ks(0), member(1, 0), member(2, 0));
  const first = said(fleet, ks(120), { ...before, atMs: START + 120_000 });
  const later = said(fleet, ks(300), { ...before, atMs: START + 300_000 });
  const words = 'GM gm1 reloaded and came up about 08:01 UTC; whether it is registered again is not shown';
  expect([first, later]).toMatchObject([
    { cause: 'gms_reloaded', status: 'ok', summary: words },
    { cause: 'gms_reloaded', status: 'warning', summary: words },
  ]);
  expect(said(fleet, member(1, 310, {}, booted(60)))).toMatchObject({
    status: 'ok',
    summary: expect.stringMatching(/it is registered$/u),
  });
});

test('counts silent GMs as reloading, too, when others that went down with them come up first', () => {
  const fleet = new Fleet();
  fleet.see(ks(0), ...[1, 2, 3, 4].map((number) => member(number, 0)));
  fleet.see(silent(member(3, 0), 40), silent(member(4, 0), 45));
  const first = said(fleet, ks(110), ...[1, 2].map((number) => member(number, 110, {}, booted(90))));
  expect(first).toMatchObject({
    cause: 'gms_reloaded',
    status: 'warning',
    scope: ['gm1', 'gm2', 'gm3', 'gm4'],
    summary: expect.stringMatching(/2 GMs \(gm3, gm4\) went silent with them and do not answer yet$/u),
  });
  expect(fleet.see().explanations).toHaveLength(1);
});

test('reports a GM that takes longer than a boot as unreachable only after one more poll of it failed', () => {
  const fleet = new Fleet();
  const lastLook = (second: number) => silent(member(3, 0), 40, { lastMs: START + second * 1000 });
  fleet.see(ks(0), ...[1, 2, 3].map((number) => member(number, 0)));
  fleet.see(lastLook(100));
  const withThem = { cause: 'gms_reloaded', scope: ['gm1', 'gm2', 'gm3'] };
  expect(said(fleet, ks(110), ...[1, 2].map((number) => member(number, 110, {}, booted(90))))).toMatchObject(withThem);
  expect(said(fleet, ks(230))).toMatchObject(withThem);
  expect(said(fleet, ks(240), lastLook(235))).toMatchObject({ cause: 'gms_unreachable', scope: ['gm3'] });
});

test('reports a GM that takes longer than a boot as unreachable when it was not polled for minutes', () => {
  const fleet = new Fleet();
  fleet.see(ks(0), ...[1, 2, 3].map((number) => member(number, 0)));
  fleet.see(silent(member(3, 0), 40, { lastMs: START + 100_000 }));
  fleet.see(ks(110), ...[1, 2].map((number) => member(number, 110, {}, booted(90))));
  expect(said(fleet, ks(345))).toMatchObject({ cause: 'gms_unreachable', scope: ['gm3'] });
});

test('does not count a GM as reloading for one lost answer beside two that came up', () => {
  const fleet = new Fleet();
  fleet.see(ks(0), ...[1, 2, 3].map((number) => member(number, 0)));
  fleet.see(ks(110), ...[1, 2].map((number) => member(number, 110, {}, booted(90))), member(3, 110));
  const { explanations } = fleet.see(silent(member(3, 110), 170, { inARow: 1, established: false }));
  expect(explanations.find(({ cause }) => cause === 'gms_reloaded')).toMatchObject({
    status: 'ok',
    scope: ['gm1', 'gm2'],
    summary: expect.not.stringContaining('gm3'),
  });
});

describe('a boot that the agent did not see', () => {
  const up = (facts: MemberFacts, bootSecond: number): MemberFacts => ({
    ...facts,
    context: { ...NO_CONTEXT, ...facts.context, bootMs: START + bootSecond * 1000 },
  });
  const REKEYED = { kekExpiry: 90_000, received: 6 } as const;
  const ksAt = (second: number) =>
    ks(second, {
      kekExpiry: second < 100 ? 80_000 : 90_000,
      members: { '10.0.0.1': second < 100 ? 0 : 1, '10.0.0.2': 0, '10.0.0.3': 0, '10.0.0.4': 0 },
    });
  const othersAt = (second: number) => [2, 3, 4].map((number) => member(number, second, second < 100 ? {} : REKEYED));

  test('of a KS is not reported as a loss of its list or keys when one GM registers for a lost rekey', () => {
    const fleet = new Fleet();
    const look = (second: number, own: MemberFacts) => fleet.see(up(ksAt(second), -2400), own, ...othersAt(second));
    for (const second of [0, 60, 180, 240]) look(second, member(1, second));
    const last = { cause: 'kek_missed_rekey', atMs: START + 280_000 } as const;
    const again = { ...REKEYED, received: 5, succeeded: 2, change: { lastReregistration: last } };
    expect(look(300, member(1, 300, again)).explanations).toMatchObject([{ cause: 'path_loss', status: 'warning' }]);
  });

  test('of a GM does not explain a rekey that it did not get if it got others since', () => {
    const fleet = new Fleet();
    // It booted 40 minutes before, and got a rekey 10 minutes before.
    const own = (second: number) => up(member(1, second, { lastAge: 600 + second }), -2400);
    for (const second of [0, 60, 180]) fleet.see(ksAt(second), own(second), ...othersAt(second));
    expect(fleet.see().explanations.map(({ cause }) => cause)).toEqual(['path_loss']);
  });
});

describe('the only KS that lost its keys in a restart, so that GMs with old and new keys cannot talk,', () => {
  const DAYS = 5 * 86_400;
  const restarted = (tekLeft: number, ...others: readonly MemberFacts[]) => {
    const fleet = new Fleet();
    const [old, fresh] = [{ '0xA': tekLeft }, { '0xB': 7 * 86_400 }];
    const all = (second: number) => [1, 2, 3].map((number) => member(number, second, { teks: old }));
    fleet.see(ks(0, { teks: old, members: { '10.0.0.1': 0, '10.0.0.2': 0, '10.0.0.3': 0 } }), ...all(0));
    const back = ks(300, { teks: fresh, kekExpiry: 90_000, members: {} });
    fleet.see({ ...back, context: { ...NO_CONTEXT, bootMs: START + 200_000 } }, ...all(301));
    const again = { ...ks(400, { teks: fresh, kekExpiry: 90_000, members: {} }) };
    const bootContext = { ...NO_CONTEXT, bootMs: START + 200_000 };
    const [first] = fleet.see({ ...again, context: bootContext }, ...all(401), ...others).explanations;
    return first;
  };

  test('is a warning when the old keys last for days', () => {
    expect(restarted(DAYS)).toMatchObject({
      cause: 'ks_members_lost',
      status: 'warning',
      consequence: { what: expect.stringMatching(/^GMs with the new keys .*, from the first that registers/u) },
      deadlineMs: expect.closeTo(START + DAYS * 1000, -4),
    });
  });

  test('is critical when the old keys end within the hour', () => {
    expect(restarted(3000)).toMatchObject({ cause: 'ks_members_lost', status: 'critical' });
  });

  test('is critical once one GM has registered, whenever the keys of the others end', () => {
    const lastReregistration = { cause: 'operator_clear', atMs: START + 390_000 } as const;
    const first = { teks: { '0xB': 7 * 86_400 }, kekExpiry: 90_000, succeeded: 2, change: { lastReregistration } };
    expect(restarted(DAYS, member(1, 402, first))).toMatchObject({
      cause: 'ks_members_lost',
      status: 'critical',
      deadlineMs: null,
    });
  });
});

test('no instant by which it is known is given that comes before the next look at anyone', () => {
  const fleet = new Fleet();
  const all = (second: number, next: number) =>
    [1, 2, 3].map((number) => member(number, second, {}, { nextLookMs: START + next * 1000 }));
  fleet.see(ks(0, { members: { '10.0.0.1': 0, '10.0.0.2': 0, '10.0.0.3': 0 } }), ...all(0, 900));
  const cleared = { ...ks(900, { members: {} }), context: { ...NO_CONTEXT, nextLookMs: START + 1_800_000 } };
  expect(fleet.see(...all(900, 1790), cleared).explanations).toMatchObject([
    { cause: 'ks_members_lost', phase: 'unclear', knownAtMs: START + 1_790_000 },
  ]);
});
