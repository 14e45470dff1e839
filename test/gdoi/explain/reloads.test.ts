/** GMs that reload: what is known of their registration is what they showed since. */
import { expect, test } from 'vitest';
import { Fleet, ks, START } from '../../builders/fleet-group.ts';
import { member, said, silent } from './members.ts';

const booted = (second: number) => ({ bootMs: START + second * 1000 });

test('a GM that showed nothing of its group since its boot is not said to be registered, and after minutes that is no good sign', () => {
  const fleet = new Fleet();
  const before = member(1, 0, {}, booted(60));
  fleet.see(ks(0), member(1, 0), member(2, 0));
  const first = said(fleet, ks(120), { ...before, atMs: START + 120_000 });
  const later = said(fleet, ks(300), { ...before, atMs: START + 300_000 });
  const words = 'GM gm1 reloaded and came up at 08:01:00 UTC; whether it is registered again is not shown';
  expect([first, later]).toMatchObject([
    { cause: 'gms_reloaded', status: 'ok', summary: words },
    { cause: 'gms_reloaded', status: 'warning', summary: words },
  ]);
  expect(said(fleet, member(1, 310, {}, booted(60)))).toMatchObject({
    status: 'ok',
    summary: expect.stringMatching(/it is registered$/u),
  });
});

test('of GMs that go down together some are up first: the others reload with them, and the cause does not change', () => {
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

test('one that takes longer than a boot leaves them when it was asked again in vain, not while it waits for its next poll', () => {
  const fleet = new Fleet();
  const lastLook = (second: number) => silent(member(3, 0), 40, { lastMs: START + second * 1000 });
  fleet.see(ks(0), ...[1, 2, 3].map((number) => member(number, 0)));
  fleet.see(lastLook(100));
  const withThem = { cause: 'gms_reloaded', scope: ['gm1', 'gm2', 'gm3'] };
  expect(said(fleet, ks(110), ...[1, 2].map((number) => member(number, 110, {}, booted(90))))).toMatchObject(withThem);
  expect(said(fleet, ks(230))).toMatchObject(withThem);
  expect(said(fleet, ks(240), lastLook(235))).toMatchObject({ cause: 'gms_unreachable', scope: ['gm3'] });
});

test('and when nobody has asked it for minutes', () => {
  const fleet = new Fleet();
  fleet.see(ks(0), ...[1, 2, 3].map((number) => member(number, 0)));
  fleet.see(silent(member(3, 0), 40, { lastMs: START + 100_000 }));
  fleet.see(ks(110), ...[1, 2].map((number) => member(number, 110, {}, booted(90))));
  expect(said(fleet, ks(345))).toMatchObject({ cause: 'gms_unreachable', scope: ['gm3'] });
});

test('beside two that came up, one lost answer of a third is no reload of that one', () => {
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
