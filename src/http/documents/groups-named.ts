/** The groups of one name, whichever agent polls them: two customers may have one each. */
import type { GroupView } from '../../gdoi/fleet/group-view.ts';
import { DEFAULT_CELL } from '../../gdoi/seen/cell.ts';
import type { DeviceView } from '../../model/device-view.ts';
import type { OtherAgentAnswer, OtherAgent, OtherAgents } from '../../model/other-agents.ts';
import { groupDocument, groupsOfName } from './group-document.ts';
import type { HealthBoard } from '../../model/health-board.ts';
import type { HttpOptions } from '../base/options.ts';
import { asked, askEach, documentIn, heardOfGroup, type Kept, keptOf, ownField } from './other-agents.ts';
import { ageSeconds, keptDeviceHealth, keptGroupHealth, keptOwner } from './owner.ts';
import { type GroupDocument, groupSchema } from '../schemas/group-schema.ts';
import { problemSchema } from '../schemas/problem-schema.ts';

export interface NamedGroup {
  readonly cell: string;
  readonly document: () => GroupDocument;
}

/** `others` null: only this agent's own groups. */
export async function groupsNamed(
  options: HttpOptions,
  board: HealthBoard,
  { name, cell }: { readonly name: string; readonly cell: string | undefined },
  others: OtherAgents | null,
): Promise<readonly NamedGroup[]> {
  const { fleet } = options;
  const own = groupsOfName(fleet, name, cell).map((view): NamedGroup => {
    const deviceOf = (device: string) => fleet.device(device);
    const document = () => ({
      ...groupDocument(view, board, fleet),
      ...ownField(options, heardOfGroup(view, deviceOf)),
    });
    return { cell: view.cell ?? DEFAULT_CELL, document };
  });
  const theirs = others === null ? [] : await ofOthers(options, others, name, cell);
  return [...new Map([...theirs, ...own].map((each) => [each.cell, each])).values()];
}

async function ofOthers(
  options: HttpOptions,
  others: OtherAgents,
  name: string,
  cell: string | undefined,
): Promise<readonly NamedGroup[]> {
  const cells = others.cells().filter((other) => cell === undefined || other.cell === cell);
  const inCell = cell === undefined ? '' : `?cell=${encodeURIComponent(cell)}`;
  const answers = await askEach(others, cells, `/api/v1/groups/${encodeURIComponent(name)}${inCell}`);
  const told: NamedGroup[] = [];
  const silent = new Set<string>();
  for (const { agent, answer } of answers) {
    const groups = answer.kind === 'none' ? null : groupsIn(answer, agent);
    if (groups === null) silent.add(agent.id);
    else told.push(...groups);
  }
  const kept = await keptOf(
    others,
    cells.filter(({ owner }) => owner === null || silent.has(owner.id)),
  );
  return kept === null ? told : [...told, ...keptNamed(options, kept, name)];
}

/** Null: it gave no such answer. */
function groupsIn(
  { status, body }: Extract<OtherAgentAnswer, { kind: 'answer' }>,
  agent: OtherAgent,
): readonly NamedGroup[] | null {
  switch (status) {
    case 200: {
      const group = documentIn(body, groupSchema);
      return group && [{ cell: group.cell ?? DEFAULT_CELL, document: () => asked(group, agent) }];
    }
    case 404:
      return [];
    case 409:
      return (documentIn(body, problemSchema)?.cells ?? []).map((cell) => ({ cell, document: ambiguous }));
    default:
      return null;
  }
}

function ambiguous(): never {
  throw new Error('of two groups of one name none is shown');
}

function keptNamed({ clock }: HttpOptions, { fleet, cellOf }: Kept, name: string): readonly NamedGroup[] {
  const nowMs = clock.wallMs();
  const deviceOf = (device: string) => fleet.device(device);
  return groupsOfName(fleet, name, undefined).map((view) => {
    const cell = cellOf(view.cell);
    const board = {
      group: (group: GroupView) => keptGroupHealth(group, cell),
      of: (device: DeviceView) => keptDeviceHealth(device, cell, nowMs),
    };
    const document = () => ({
      ...groupDocument(view, board, fleet),
      owner: keptOwner(cell, ageSeconds(heardOfGroup(view, deviceOf), nowMs)),
    });
    return { cell: view.cell ?? DEFAULT_CELL, document };
  });
}
