/**
 * Cells drawn where no border is, or none where one is: what the groups themselves show of it.
 *
 * A KEK SPI has 128 bits: KSs of two cells that hold the same one are of one group, which a cell then cuts in two. The
 * SPI of a TEK has 32, so it proves something only where the name of the group is the same and the GM's own cell has no
 * KS with it. KSs of one cell that have nothing in common: `separate-key-servers.ts`. Addresses prove nothing here:
 * customers use the same private ones.
 */
import { nameList, naturalOrder } from '../events/name-list.ts';
import { DEFAULT_CELL, groupKey } from '../seen/cell.ts';
import { named } from '../seen/named.ts';
import { NameTree } from '../seen/name-tree.ts';
import type { GroupView } from './group-view.ts';
import { type FleetGm, type FleetKs, type FleetState, initialFleetState } from './fleet-state.ts';
import { separateKeyServers, separateKeyServersText } from './separate-key-servers.ts';

export interface CellDoubt {
  readonly group: string;
  /** Where it was found, in the order of people. */
  readonly cells: readonly string[];
  /** One line for a person, without the name of the group. */
  readonly summary: string;
}

/**
 * What the cells of a configuration make of groups as they were seen before. `cellOf` gives the cell that a device is
 * in now, whichever it was seen in; null: it is configured no more.
 */
export function cellDoubts(
  seen: Iterable<FleetState>,
  cellOf: (device: string, seenIn: string) => string | null,
): readonly CellDoubt[] {
  const groups = [...regrouped([...seen], cellOf).values()].toSorted(
    (a, b) => naturalOrder(a.group, b.group) || naturalOrder(cellOfState(a), cellOfState(b)),
  );
  return [
    ...groups.flatMap((state): CellDoubt[] => {
      const parts = separateKeyServers(state);
      const cells = [cellOfState(state)];
      return parts === null ? [] : [{ group: state.group, cells, summary: separateKeyServersText(parts) }];
    }),
    ...oneKekInSeveralCells(groups),
    ...gmsOfOtherCells(groups),
  ];
}

/** KSs of other cells that hold a KEK of this group's, with its own that do; empty: nothing proves such a thing. */
export function sharersOfKek(own: CellKss, all: Iterable<CellKss>): readonly KsOfCell[] {
  const ours = new Set(own.kss.flatMap(({ kekSpi }) => kekSpi ?? []));
  const sharers = (view: CellKss): KsOfCell[] =>
    view.kss.flatMap(({ device, kekSpi }) =>
      kekSpi !== null && ours.has(kekSpi) ? [{ ks: device, cell: view.cell ?? DEFAULT_CELL, kekSpi }] : [],
    );
  const others = Array.from(all).filter(({ cell }) => (cell ?? DEFAULT_CELL) !== (own.cell ?? DEFAULT_CELL));
  const found = others.flatMap(sharers);
  const shared = new Set(found.map(({ kekSpi }) => kekSpi));
  return found.length === 0 ? [] : [...sharers(own).filter(({ kekSpi }) => shared.has(kekSpi)), ...found];
}

type CellKss = Pick<GroupView, 'cell' | 'kss'>;

export interface KsOfCell {
  readonly ks: string;
  readonly cell: string;
  readonly kekSpi: string;
}

/** For people: KSs of several cells with one KEK. */
export function sharedKekText(kss: readonly { readonly ks: string; readonly cell: string }[]): string {
  const placed = nameList(kss.map(({ ks, cell }) => `${ks} (cell ${cell})`));
  return `KSs ${placed} hold one KEK: one group that lies in several cells? Give all its devices one cell`;
}

function cellOfState({ cell }: FleetState): string {
  return cell ?? DEFAULT_CELL;
}

function regrouped(
  seen: readonly FleetState[],
  cellOf: (device: string, seenIn: string) => string | null,
): ReadonlyMap<string, FleetState> {
  const gms = byPlace(seen, ({ gms: of }) => of, cellOf);
  const kss = byPlace(seen, ({ kss: of }) => of, cellOf);
  return new Map(
    Array.from(new Map<string, Placed<FleetGm | FleetKs>>([...gms, ...kss]), ([key, { group, cell }]) => [
      key,
      {
        ...initialFleetState(group, cell),
        gms: NameTree.of(gms.get(key)?.members ?? []),
        kss: named(kss.get(key)?.members ?? []),
      },
    ]),
  );
}

interface Placed<T> {
  readonly group: string;
  readonly cell: string;
  readonly members: [string, T][];
}

/** Members by the group and the cell that they belong to. */
function byPlace<T>(
  seen: readonly FleetState[],
  membersOf: (state: FleetState) => Iterable<readonly [string, T]>,
  cellOf: (device: string, seenIn: string) => string | null,
): ReadonlyMap<string, Placed<T>> {
  const places = new Map<string, Placed<T>>();
  for (const state of seen) {
    for (const [device, member] of membersOf(state)) {
      const cell = cellOf(device, cellOfState(state));
      if (cell === null) continue;
      const key = groupKey(cell, state.group);
      const place = places.get(key) ?? { group: state.group, cell, members: [] };
      places.set(key, place);
      place.members.push([device, member]);
    }
  }
  return places;
}

function oneKekInSeveralCells(groups: readonly FleetState[]): readonly CellDoubt[] {
  const holders = new Map<string, { readonly ks: string; readonly cell: string; readonly group: string }[]>();
  for (const state of groups) {
    for (const { device, kek } of state.kss.values()) {
      if (kek === null || kek.spi === null) continue;
      const known = holders.get(kek.spi) ?? [];
      holders.set(kek.spi, [...known, { ks: device, cell: cellOfState(state), group: state.group }]);
    }
  }
  return [...holders.values()].flatMap((kss): CellDoubt[] => {
    const cells = [...new Set(kss.map(({ cell }) => cell))];
    return cells.length < 2 ? [] : [{ group: kss[0]?.group ?? '', cells, summary: sharedKekText(kss) }];
  });
}

function gmsOfOtherCells(groups: readonly FleetState[]): readonly CellDoubt[] {
  return groups.flatMap((own): CellDoubt[] =>
    groups.flatMap((other): CellDoubt[] => {
      if (other === own || other.group !== own.group) return [];
      const ours = spisOf(own);
      const theirs = spisOf(other);
      const strays = [...own.gms.values()].filter(({ teks }) => {
        const spis = (teks ?? []).map(({ spi }) => spi);
        return spis.some((spi) => theirs.has(spi)) && !spis.some((spi) => ours.has(spi));
      });
      if (strays.length === 0) return [];
      const [cell, otherCell] = [cellOfState(own), cellOfState(other)];
      const names = nameList(strays.map(({ device }) => device).toSorted(naturalOrder));
      const gms = `${strays.length === 1 ? 'GM' : 'GMs'} ${names} (cell ${cell})`;
      const hold = strays.length === 1 ? 'holds' : 'hold';
      const text = `${gms} ${hold} the TEKs of cell ${otherCell} and of no KS of its own: in the wrong cell?`;
      return [{ group: own.group, cells: [cell, otherCell], summary: text }];
    }),
  );
}

function spisOf(state: FleetState): ReadonlySet<string> {
  return new Set([...state.kss.values()].flatMap(({ liveSpis }) => liveSpis));
}
