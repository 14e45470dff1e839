/** A page of the groups of all agents. */
import { naturalKey } from '../../gdoi/events/name-list.ts';
import type { GroupView } from '../../gdoi/fleet/group-view.ts';
import type { OtherAgents } from '../../model/other-agents.ts';
import { groupSummary } from './group-document.ts';
import type { HealthBoard } from '../../model/health-board.ts';
import type { HttpOptions } from '../base/options.ts';
import { askAll, asked, heardOfGroup, keptOf, ownField } from './other-agents.ts';
import { ageSeconds, keptGroupHealth, keptOwner } from './owner.ts';
import { encodePageCursor, pageOf } from './page-cursor.ts';
import { type GroupList, groupListSchema, type GroupSummary } from '../schemas/group-schema.ts';

export const GROUP_ORDER = 'group';

export interface GroupListRequest {
  /** Key of the last entry of the previous page; null: the first page. */
  readonly after: string | null;
  readonly limit: number;
  /** As it was requested. */
  readonly url: string;
}

/** `others` null: only this agent's own groups. */
export async function groupList(
  options: HttpOptions,
  board: HealthBoard,
  { after, limit, url }: GroupListRequest,
  others: OtherAgents | null,
): Promise<GroupList> {
  const own = Array.from(options.fleet.groups(), (view) => ({ view, of: () => ownSummary(view, options, board) }));
  const rest = others === null ? { told: [], kept: [] } : await ofOthers(options, url, others);
  const page = pageOf([...own, ...rest.kept], { order: GROUP_ORDER, keyOf: ({ view }) => keyOf(view), after, limit });
  const theirs = rest.told.flatMap(({ groups }) => groups);
  const shown = [...page.entries.map(({ of }) => of()), ...theirs];
  const merged = [...new Map(shown.map((group) => [keyOf(group), group])).entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .slice(0, limit);
  const last = merged.at(-1);
  const more = shown.length > limit || page.nextCursor !== null || rest.told.some((list) => list.next_cursor !== null);
  return {
    groups: merged.map(([, group]) => group),
    next_cursor: more && last !== undefined ? encodePageCursor(GROUP_ORDER, last[0]) : null,
  };
}

function ownSummary(view: GroupView, options: HttpOptions, board: HealthBoard): GroupSummary {
  const heard = options.others === undefined ? null : heardOfGroup(view, (device) => options.fleet.device(device));
  return { ...groupSummary(view, board.group(view)), ...ownField(options, heard) };
}

async function ofOthers({ clock }: HttpOptions, url: string, others: OtherAgents) {
  const { answers, unasked } = await askAll(others, url, groupListSchema);
  const kept = await keptOf(others, unasked);
  return {
    told: answers.map(({ agent, document }) => ({
      ...document,
      groups: document.groups.map((group) => asked(group, agent)),
    })),
    kept: kept === null ? [] : Array.from(kept.fleet.groups(), (view) => ({ view, of: () => keptSummary(view) })),
  };

  function keptSummary(view: GroupView): GroupSummary {
    const cell = kept?.cellOf(view.cell) ?? { cell: '', owner: null };
    const heard = heardOfGroup(view, (device) => kept?.fleet.device(device));
    const owner = keptOwner(cell, ageSeconds(heard, clock.wallMs()));
    return { ...groupSummary(view, keptGroupHealth(view, cell)), owner };
  }
}

function keyOf({ group, cell }: { readonly group: string; readonly cell?: string | undefined }): string {
  return naturalKey(cell === undefined ? group : `${group} ${cell}`);
}
