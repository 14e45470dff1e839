import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonExcess, namesMemberTwice } from '../../src/kernel/json-depth.ts';
import { anyCodePoint } from '../builders/any-code-point.ts';

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** Each list and object, and each entry of one but the first. */
function valuesOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner: readonly unknown[] = Object.values(value);
  return 1 + Math.max(0, inner.length - 1) + inner.reduce<number>((sum, each) => sum + valuesOf(each), 0);
}

describe('what JSON has too much of', () => {
  test('is the same from its text and from its value, whatever its strings contain', () => {
    const string = fc.oneof(fc.string(), fc.stringMatching(/^[{}[\]",:\\]{0,8}$/));
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: anyCodePoint }), string, fc.boolean(), (json, extra, spaced) => {
        const value = [json, { [extra]: [extra] }];
        const text = JSON.stringify(value, null, spaced ? 1 : 0);
        const [depth, values] = [depthOf(value), valuesOf(value)];
        expect(jsonExcess(text, { depth, values })).toBeNull();
        expect(jsonExcess(text, { depth: depth - 1, values })).toBe('depth');
        expect(jsonExcess(text, { depth, values: values - 1 })).toBe('values');
      }),
    );
  });

  test('does not matter if the text is not JSON', () => {
    for (const text of ['', '"', '"\\', '}}}}', ']', 'null', '"[[[[']) {
      expect(jsonExcess(text, { depth: 2, values: 2 })).toBeNull();
    }
  });
});

describe('a member that an object names twice', () => {
  test('is the same from the text and from the value, whatever names and strings contain', () => {
    const string = fc.oneof(fc.string(), fc.stringMatching(/^[{}[\]",:\\]{0,8}$/));
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: anyCodePoint }), string, fc.boolean(), (json, name, spaced) => {
        const once = JSON.stringify([json, { [name]: [name] }], null, spaced ? 1 : 0);
        expect(namesMemberTwice(once, JSON.parse(once))).toBe(false);
        const twice = `[${once}, {${JSON.stringify(name)}: 1, "other": ":", ${JSON.stringify(name)}: 1}]`;
        expect(namesMemberTwice(twice, JSON.parse(twice))).toBe(true);
      }),
    );
  });
});
