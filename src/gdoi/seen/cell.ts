/**
 * A cell: devices that share groups, such as those of one customer. A group is known by its cell and its name: two
 * customers may both have a group "G1", with the same identity, and no key in common.
 *
 * Where nobody configured a cell there is only `default`, and nothing shows one: `cell` is absent then.
 */
export const DEFAULT_CELL = 'default';

/** No cell's name holds it, and IOS prints no group with it: a unit separator. */
const SEPARATOR = '\u001f';

/** One key for cell and group, for maps and rows. In the default cell it is the name of the group. */
export function groupKey(cell: string | undefined, group: string): string {
  const shown = cell ?? DEFAULT_CELL;
  return shown === DEFAULT_CELL && !group.includes(SEPARATOR) ? group : `${shown}${SEPARATOR}${group}`;
}

export function groupOfKey(key: string): { readonly cell: string; readonly group: string } {
  const end = key.indexOf(SEPARATOR);
  return end < 0 ? { cell: DEFAULT_CELL, group: key } : { cell: key.slice(0, end), group: key.slice(end + 1) };
}

/** The field `cell` of what is shown; none where cells are not shown. */
export function inCell(cell: string | undefined): { readonly cell?: string } {
  return cell === undefined ? {} : { cell };
}

/**
 * What an id needs beside the name of the group to be unique; nothing in the default cell, so that ids stay as they
 * were.
 */
export function cellParts(cell: string | undefined): readonly string[] {
  return (cell ?? DEFAULT_CELL) === DEFAULT_CELL ? [] : ['cell', cell ?? DEFAULT_CELL];
}
