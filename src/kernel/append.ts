/**
 * Adds the items at the end of the list. `list.push(...items)` hands each of them over on the stack, which overflows at
 * about a hundred thousand: as many as a file with mistakes may have.
 */
export function append<Item>(list: Item[], items: Iterable<Item>): void {
  for (const item of items) list.push(item);
}
