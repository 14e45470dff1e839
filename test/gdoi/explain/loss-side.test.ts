/** Are rekeys lost by the KS or on a path? Every outlet has to give the same answer. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isKsSide } from '../../../src/gdoi/explain/loss-side.ts';
import type { GroupView } from '../../../src/gdoi/fleet/group-view.ts';
import { groupHealth } from '../../../src/gdoi/health/health-group.ts';
import { Fleet, ks, START } from '../../builders/fleet-group.ts';
import { member, OVERDUE } from './members.ts';

const SIDE_OF = { path_loss: 'path', ks_rekeys_lost: 'ks' } as const;

/** The first GMs lack acknowledgements, the next ones have an overdue KEK rekey. */
function groupOf(size: number, missed: { readonly unacknowledged?: number; readonly overdue?: number }): GroupView {
  const { unacknowledged = 0, overdue = 0 } = missed;
  const numbers = Array.from({ length: size }, (_, index) => index + 1);
  const listed = Object.fromEntries(numbers.map((number) => [`10.0.0.${number}`, Number(number <= unacknowledged)]));
  const fleet = new Fleet();
  fleet.see(ks(0, { members: listed }));
  const isOverdue = (number: number) => number > unacknowledged && number <= unacknowledged + overdue;
  return fleet.see(...numbers.map((number) => member(number, 60, isOverdue(number) ? OVERDUE : {})));
}

function saidBy(view: GroupView) {
  const causes = view.explanations.map(({ cause }) => cause);
  const health = groupHealth(view, () => undefined, START + 60_000);
  const check = health.checks.find(({ name }) => name === 'rekeys_acknowledged');
  return { where: view.rekeyLoss.where, causes, check: check?.status };
}

describe('in a group of eight GMs that all hold the current keys', () => {
  test('two without acknowledgement are path losses in every outlet', () => {
    expect(saidBy(groupOf(8, { unacknowledged: 2 }))).toEqual({
      where: 'path',
      causes: ['path_loss'],
      check: 'warning',
    });
  });

  test('five without acknowledgement are a loss on the KS’s side in every outlet', () => {
    expect(saidBy(groupOf(8, { unacknowledged: 5 }))).toEqual({
      where: 'ks',
      causes: ['ks_rekeys_lost'],
      check: 'critical',
    });
  });
});

test('the fleet and the explanation never name different sides', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 24 }),
      fc.record({ unacknowledged: fc.nat({ max: 12 }), overdue: fc.nat({ max: 12 }) }),
      (size, missed) => {
        const { where, causes } = saidBy(groupOf(size, missed));
        const sides = (['path_loss', 'ks_rekeys_lost'] as const).filter((cause) => causes.includes(cause));
        expect(sides.length === 0 || sides.some((cause) => SIDE_OF[cause] === where)).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

describe('the loss is on the KS’s side', () => {
  test.each([
    ['one GM, alone in its group', { missed: 1, unacknowledged: 1, have: 0, members: 1 }, false],
    ['both GMs of two', { missed: 2, unacknowledged: 0, have: 0, members: 2 }, true],
    ['half of a small group', { missed: 9, unacknowledged: 9, have: 9, members: 18 }, false],
    ['most of a small group', { missed: 10, unacknowledged: 0, have: 9, members: 19 }, true],
    ['a tenth of a larger group', { missed: 2, unacknowledged: 2, have: 18, members: 20 }, false],
    [
      'more than a tenth of a larger group without acknowledgement',
      { missed: 3, unacknowledged: 3, have: 17, members: 20 },
      true,
    ],
    ['a fifth of a larger group behind', { missed: 4, unacknowledged: 0, have: 16, members: 20 }, false],
    ['more than a fifth of a larger group behind', { missed: 5, unacknowledged: 0, have: 15, members: 20 }, true],
    ['no GM at all', { missed: 0, unacknowledged: 0, have: 0, members: 0 }, false],
  ] as const)('%s: %s', (_name, missed, expected) => {
    expect(isKsSide(missed)).toBe(expected);
  });
});

test('counts a GM whose TEK rekey is reported as lost among those that missed the last rekey', () => {
  const fleet = new Fleet();
  const teks = { '0x0000000A': 3000 };
  fleet.see(ks(0, { teks }), member(2, 0, { teks }), member(1, 0, { teks }));
  const late = fleet.see(member(1, 2990, { teks }), member(2, 2990, { teks: { '0x0000000B': 6500 } }));
  expect(late.explanations).toMatchObject([{ cause: 'path_loss', scope: ['gm1'] }]);
  expect(late.rekeyLoss).toMatchObject({ where: 'path', gms: ['gm1'] });
  expect(saidBy(late).check).toBe('warning');
});
