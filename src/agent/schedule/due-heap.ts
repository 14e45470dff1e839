/** A binary min-heap of entries by the instant at which they are due. */
export interface Due {
  readonly dueMs: number;
}

export class DueHeap<T extends Due> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent];
      if (above === undefined || above.dueMs <= item.dueMs) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const right = items[child + 1];
      const left = items[child];
      if (left === undefined) break;
      if (right !== undefined && right.dueMs < left.dueMs) child += 1;
      const smaller = items[child];
      if (smaller === undefined || last.dueMs <= smaller.dueMs) break;
      items[at] = smaller;
      at = child;
    }
    items[at] = last;
    return top;
  }
}
