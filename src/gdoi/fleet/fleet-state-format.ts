/**
 * A group's state as a store keeps it between two lives of the agent: one part for the group, and one for each member,
 * so that what is written is what changed. Which formats this program goes on from.
 *
 * The number rises as that of a tracker's state does (`gdoi/memory/state-format.ts`): not with a new optional field. A state
 * of the format before is carried over; anything else begins anew, as at first sight.
 */
import { type Named, named, namedOfJson } from '../seen/named.ts';
import { NameTree } from '../seen/name-tree.ts';
import { type FleetGm, type FleetKs, type FleetState, initialFleetState } from './fleet-state.ts';

export const FLEET_STATE_FORMAT = 4;

/** What belongs to the group as a whole. */
export type GroupPart = Omit<FleetState, 'gms' | 'kss'>;

/** What belongs to one device in it. */
export interface MemberPart {
  readonly gm: FleetGm | null;
  readonly ks: FleetKs | null;
}

export function groupPart({ gms: _gms, kss: _kss, ...part }: FleetState): GroupPart {
  return part;
}

/** null: the device has no part in the group. */
export function memberPart({ gms, kss }: FleetState, device: string): MemberPart | null {
  const [gm, ks] = [gms.get(device) ?? null, kss.get(device) ?? null];
  return gm === null && ks === null ? null : { gm, ks };
}

/** A part with its format, as JSON made it. */
export interface StoredPart {
  readonly format: unknown;
  readonly state: unknown;
}

export interface ReadFleet {
  readonly state: FleetState;
  /** It was written in an older format: all its parts are to be written anew. */
  readonly outdated: boolean;
}

/** `stored` null: nothing is stored for the group itself. null: there is nothing that can be gone on from. */
export function readFleetState(
  group: string,
  stored: StoredPart | null,
  members: Iterable<readonly [device: string, part: StoredPart]>,
): ReadFleet | null {
  if (stored?.format === 3 && isObject(stored.state)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the format names the shape it was written in
    return { state: fromFormat3(stored.state as StateOfFormat3), outdated: true };
  }
  const parts = Array.from(members).flatMap(([device, { format, state }]): [string, MemberPart][] =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
    format === FLEET_STATE_FORMAT && isObject(state) ? [[device, state as MemberPart]] : [],
  );
  const part = groupPartOf(stored);
  if (part === null && parts.length === 0) return null;
  return {
    state: {
      ...initialFleetState(group),
      ...part,
      gms: NameTree.of(parts.flatMap(([device, { gm }]) => (gm === null ? [] : [[device, gm] as const]))),
      kss: named(parts.flatMap(([device, { ks }]) => (ks === null ? [] : [[device, ks] as const]))),
    },
    outdated: false,
  };
}

function groupPartOf(stored: StoredPart | null): GroupPart | null {
  if (stored?.format !== FLEET_STATE_FORMAT || !isObject(stored.state)) return null;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  const part = stored.state as GroupPart;
  return { ...part, occurrences: back(part.occurrences) };
}

/** The whole group was one row, and a KS's reads were written into the record of each GM. */
type StateOfFormat3 = Omit<FleetState, 'gms' | 'kss' | 'occurrences'> & {
  readonly gms: Named<Omit<FleetGm, 'kekChangeMs'>>;
  readonly kss: FleetState['kss'];
  readonly occurrences: FleetState['occurrences'];
};

function fromFormat3(state: StateOfFormat3): FleetState {
  const kekChangeMs = state.kekGeneration?.changedBetweenMs?.[1] ?? null;
  const gms = Array.from(back(state.gms), ([device, gm]) => [device, { ...gm, kekChangeMs }] as const);
  return { ...state, gms: NameTree.of(gms), kss: back(state.kss), occurrences: back(state.occurrences) };
}

function back<T>(values: Named<T>): Named<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- and its values
  return namedOfJson(values) as Named<T>;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
