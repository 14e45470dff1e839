/**
 * Adds the items at the end of the list. `list.push(...items)` passes every item on the stack, which overflows at about
 * a hundred thousand: a file may have that many mistakes.
 */
export function append<Item>(list: Item[], items: Iterable<Item>): void {
  for (const item of items) list.push(item);
}
