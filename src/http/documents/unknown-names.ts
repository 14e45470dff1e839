/**
 * Names in an announced maintenance that nothing has: a window for a mistyped name would mute nothing, and people would
 * be paged for announced work. Devices and cells are those of the inventory; groups are those that devices have shown,
 * whichever agent polls them.
 */
import { DEFAULT_CELL } from '../../gdoi/seen/cell.ts';
import { groupsNamed } from './groups-named.ts';
import type { HealthBoard } from '../../model/health-board.ts';
import type { HttpOptions } from '../base/options.ts';

export interface UnknownName {
  readonly parameter: string;
  readonly detail: string;
}

interface NamedWork {
  readonly devices: readonly string[];
  readonly groups: readonly string[];
  readonly cells: readonly string[];
}

/** The first name that nothing has; null: all are known. */
export async function unknownName(
  options: HttpOptions,
  board: HealthBoard,
  work: NamedWork,
): Promise<UnknownName | null> {
  const { fleet, others } = options;
  for (const [index, name] of work.devices.entries()) {
    if (fleet.device(name) !== undefined || (others?.cellOf(name) ?? null) !== null) continue;
    return refused('devices', index, `no device ${JSON.stringify(name)} is configured: check the name`);
  }
  const cells = new Set(others?.cells().map(({ cell }) => cell));
  for (const { cell } of work.cells.length === 0 ? [] : fleet.devices()) cells.add(cell ?? DEFAULT_CELL);
  for (const [index, name] of work.cells.entries()) {
    if (cells.has(name)) continue;
    return refused('cells', index, `no device is in a cell ${JSON.stringify(name)}: check the name`);
  }
  for (const [index, name] of work.groups.entries()) {
    const found = await groupsNamed(options, board, { name, cell: undefined }, others ?? null);
    if (found.length > 0) continue;
    const shown = JSON.stringify(name);
    return refused('groups', index, `no device has shown a group ${shown}: check the name, or name its devices`);
  }
  return null;
}

function refused(list: keyof NamedWork, index: number, detail: string): UnknownName {
  return { parameter: `${list}[${index}]`, detail };
}
