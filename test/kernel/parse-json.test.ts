import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../../src/kernel/parse-json.ts';
import { anyCodePoint } from '../builders/any-code-point.ts';

test('half of a surrogate pair becomes U+FFFD, a whole pair and a written-out escape stay', () => {
  expect(parseJson(String.raw`{"a": ["\ud800x", "\ud83d\ude00", "\\ud800", "x\uDFFF"]}`)).toEqual({
    a: ['\ufffdx', '\u{1f600}', String.raw`\ud800`, 'x\ufffd'],
  });
});

test('every text that it gives can be part of an URL, and any other JSON is read as ever', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: anyCodePoint })), fc.jsonValue(), (strings, value) => {
      for (const text of parseJson(JSON.stringify(strings)) as readonly string[]) encodeURIComponent(text);
      expect(parseJson(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('halves are written as escapes, which a property of whole characters does not draw', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0xd800, max: 0xdfff }), (unit) => {
      const read = parseJson(JSON.stringify([String.fromCharCode(unit)])) as readonly string[];
      expect(read).toEqual(['\ufffd']);
    }),
  );
});

test('what is no JSON is a SyntaxError', () => {
  expect(() => parseJson(String.raw`{"\ud800`)).toThrow(SyntaxError);
});
