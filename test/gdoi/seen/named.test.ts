import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mapNamed, named, namedOfJson } from '../../../src/gdoi/seen/named.ts';
import { anyName } from '../../builders/hostile-names.ts';

describe('values by names from outside', () => {
  test('have no name that was not put there', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect([named<number>().get(name), named().has(name)]).toEqual([undefined, false]);
      }),
    );
  });

  test('come back from JSON unchanged, whatever they are called', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(anyName, fc.integer()), { selector: ([name]) => name }), (entries) => {
        const back = namedOfJson(JSON.parse(JSON.stringify({ kept: named(entries) })).kept);
        expect(new Map(back)).toEqual(new Map(entries));
      }),
    );
  });

  test('are not changed in place', () => {
    const before = named([['G1', 1]]);
    const after = mapNamed(before, (value, name) => `${name} ${value}`);
    expect([before.get('G1'), after.get('G1')]).toEqual([1, 'G1 1']);
  });

  test('are none when the JSON is no object', () => {
    for (const json of [null, undefined, 3, 'text', ['G1']]) expect(namedOfJson(json).size).toBe(0);
  });
});
