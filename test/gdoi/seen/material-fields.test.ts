import { describe, expect, test } from 'vitest';
import { changesBy, changesOfOptional, differentTexts, movedBeyond } from '../../../src/gdoi/seen/material-fields.ts';

interface Held {
  readonly name: string;
  readonly readAtMs: number;
  readonly expiryMs: number | null;
  readonly peers: readonly string[];
  readonly multicast?: true;
}

const changed = changesBy<Held>({
  name: 'always',
  readAtMs: 'never',
  expiryMs: movedBeyond(100),
  peers: differentTexts,
  multicast: 'always',
});
const HELD: Held = { name: 'a', readAtMs: 1, expiryMs: 1000, peers: ['x', 'y'] };

describe('a record compared with the one before', () => {
  test.each<[string, boolean, Partial<Held>]>([
    ['read once more', false, { readAtMs: 2 }],
    ['with another name', true, { name: 'b' }],
    ['with an instant that moved within the tolerance', false, { expiryMs: 1100 }],
    ['with an instant that moved by more than the tolerance', true, { expiryMs: 1101 }],
    ['without an instant', true, { expiryMs: null }],
    ['with the same texts in another list', false, { peers: ['x', 'y'] }],
    ['with one text less', true, { peers: ['x'] }],
    ['with texts in another order', true, { peers: ['y', 'x'] }],
    ['with a field that it did not have', true, { multicast: true }],
  ])('%s is material: %s', (_, isMaterial, now) => {
    expect(changed(HELD, { ...HELD, ...now })).toBe(isMaterial);
    expect(changed({ ...HELD, ...now }, HELD)).toBe(isMaterial);
  });

  test('is not compared by field if it is the same object', () => {
    expect(
      changesBy<Held>({ name: 'always', readAtMs: 'never', expiryMs: 'always', peers: () => true, multicast: 'never' })(
        HELD,
        HELD,
      ),
    ).toBe(false);
  });
});

test('an optional record changes when it appears and when it disappears', () => {
  const optional = changesOfOptional<Pick<Held, 'readAtMs'>, null>({ readAtMs: 'never' });
  const held = { readAtMs: 1 };
  expect([optional(null, held), optional(held, null), optional(null, null), optional(held, { readAtMs: 2 })]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
