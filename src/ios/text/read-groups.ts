/**
 * Reads an answer that shows one group after the other, and no more of them than are taken: a heading again and again
 * costs no memory.
 */
import { MOST_GROUPS } from '../../gdoi/seen/row-bounds.ts';
import { type LinesRead, readEach } from './line-tally.ts';

/**
 * Gives each line to `take`, with the groups so far: a heading adds one, other lines are about the last. The heading of a
 * group beyond the most, and all that follows it, is unknown: its lines are not about the group before.
 *
 * @param first what there is before the first heading
 */
export function readGroups<Group>(
  lines: readonly string[],
  first: readonly Group[],
  take: (groups: Group[], line: string) => boolean,
): { readonly groups: readonly Group[]; readonly read: LinesRead } {
  const groups = [...first];
  let full = false;
  const read = readEach(lines, (line) => {
    if (full) return false;
    const known = take(groups, line);
    full = groups.length > MOST_GROUPS;
    return known && !full;
  });
  return { groups: groups.slice(0, MOST_GROUPS), read };
}
