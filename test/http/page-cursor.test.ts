import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePageCursor, pageOf } from '../../src/http/documents/page-cursor.ts';

const ORDER = 'name';
const asked = (after: string | null, limit: number) => ({ order: ORDER, keyOf: (name: string) => name, after, limit });

test('all pages together give every entry once, in order, however they are stored', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ maxLength: 4 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      (names, limit) => {
        const seen: string[] = [];
        let after: string | null = null;
        for (let pages = 0; pages <= names.length; pages += 1) {
          const page = pageOf(names, asked(after, limit));
          expect(page.entries.length).toBeLessThanOrEqual(limit);
          seen.push(...page.entries);
          if (page.nextCursor === null) break;
          expect(page.entries).toHaveLength(limit);
          after = decodePageCursor(ORDER, page.nextCursor);
        }
        expect(seen).toEqual(names.toSorted((a, b) => (a < b ? -1 : 1)));
      },
    ),
  );
});

test('the last page has no cursor, even if it is full', () => {
  expect(pageOf(['b', 'a'], asked(null, 2))).toEqual({ entries: ['a', 'b'], nextCursor: null });
  expect(pageOf([], asked(null, 2))).toEqual({ entries: [], nextCursor: null });
  expect(pageOf(['a', 'b'], asked('b', 2))).toEqual({ entries: [], nextCursor: null });
});
