import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recordedValues, varbindsOf } from '../../../src/agent/record/recorded-values.ts';
import type { Varbind } from '../../../src/gdoi/seen/varbind.ts';

const oid = fc.array(fc.nat(0xff_ff_ff_ff), { minLength: 2, maxLength: 30 }).map((ids) => ids.join('.'));
const value = fc.oneof(
  fc.integer(),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.uint8Array({ maxLength: 40 }),
  oid,
  fc.constant(null),
);
const varbinds = fc.uniqueArray(fc.record({ oid, value }), { selector: (each) => each.oid, maxLength: 20 });
const plain = (list: readonly Varbind[]) =>
  list.map((each) => [each.oid, each.value instanceof Uint8Array ? [...each.value] : each.value]);

test('values come back from a recording as they were, through JSON', () => {
  fc.assert(
    fc.property(varbinds, (given) => {
      const read = varbindsOf(JSON.parse(JSON.stringify(recordedValues(given))));
      expect(new Map(plain(read ?? []) as [string, unknown][])).toEqual(new Map(plain(given) as [string, unknown][]));
    }),
  );
});

test('a timeline written by hand may contain text; a value that SNMP does not have is refused', () => {
  expect(plain(varbindsOf({ '1.3.6.1': 'G1' }) ?? [])).toEqual([['1.3.6.1', [71, 49]]]);
  for (const bad of [{ '1.3.6.1': true }, { '1.3.6.1': [1] }, { 'no.oid': 1 }, { '1.3': { u64: '-1' } }]) {
    expect(varbindsOf(bad)).toBeNull();
  }
});
