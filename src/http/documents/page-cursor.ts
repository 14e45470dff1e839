/**
 * Pages of a sorted list: the cursor is the key of the last entry, so a page is right whatever was added or removed
 * meanwhile.
 */

/** Opaque text for the client. `order` distinguishes cursors of different orders. */
export function encodePageCursor(order: string, key: string): string {
  return Buffer.from(JSON.stringify([order, key])).toString('base64url');
}

/** Null: it comes from no page of this order. */
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

/** `after`: the key of the previous page; null: the first page. */
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
  const first = new FirstByKey<T>(limit);
  let following = 0;
  for (const entry of all) {
    const key = keyOf(entry);
    if (after !== null && key <= after) continue;
    following += 1;
    first.offer(key, entry);
  }
  const page = first.inOrder();
  const last = page.at(-1);
  const more = following > page.length && last !== undefined;
  return {
    entries: page.map(({ entry }) => entry),
    nextCursor: more ? encodePageCursor(order, last.key) : null,
  };
}

interface Keyed<T> {
  readonly key: string;
  readonly entry: T;
}

/**
 * Keeps the first `limit` entries: at most twice as many are held, and cut when full. Sorting a whole fleet of 30,000
 * for each of its pages would stop everything else for a tenth of a second.
 */
class FirstByKey<T> {
  readonly #limit: number;
  #kept: Keyed<T>[] = [];
  /** Nothing after it is among the first; null: nothing was cut yet. */
  #lastKey: string | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  offer(key: string, entry: T): void {
    if (this.#lastKey !== null && key > this.#lastKey) return;
    this.#kept.push({ key, entry });
    if (this.#kept.length >= 2 * this.#limit) this.#cut();
  }

  inOrder(): readonly Keyed<T>[] {
    this.#cut();
    return this.#kept;
  }

  #cut(): void {
    this.#kept.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    if (this.#kept.length < this.#limit) return;
    this.#kept = this.#kept.slice(0, this.#limit);
    this.#lastKey = this.#kept.at(-1)?.key ?? null;
  }
}
