/** Pages of a sorted list: the cursor is the key of the last entry, so a page is right whatever came and went meanwhile. */

/** Text that a client hands back without reading it. `order` keeps a cursor from another order apart. */
function encodePageCursor(order: string, key: string): string {
  return Buffer.from(JSON.stringify([order, key])).toString('base64url');
}

/** null: no page of this order gave it. */
export function decodePageCursor(order: string, cursor: string): string | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (!Array.isArray(parsed) || parsed.length !== 2) return null;
    const [of, key]: unknown[] = parsed;
    return of === order && typeof key === 'string' ? key : null;
  } catch {
    return null;
  }
}

export interface Page<T> {
  readonly entries: readonly T[];
  readonly nextCursor: string | null;
}

/** `after`: the key of the page before; null: the first page. */
export function pageOf<T>(
  all: readonly T[],
  {
    order,
    keyOf,
    after,
    limit,
  }: {
    readonly order: string;
    readonly keyOf: (entry: T) => string;
    readonly after: string | null;
    readonly limit: number;
  },
): Page<T> {
  const keyed = all.map((entry) => ({ key: keyOf(entry), entry })).filter(({ key }) => after === null || key > after);
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const page = keyed.slice(0, limit);
  const last = page.at(-1);
  const more = keyed.length > page.length && last !== undefined;
  return {
    entries: page.map(({ entry }) => entry),
    nextCursor: more ? encodePageCursor(order, last.key) : null,
  };
}
