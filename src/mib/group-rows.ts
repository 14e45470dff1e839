/**
 * Rows by group, and within a group by member and by key server: whose KEK and TEKs are whose. Groups beyond a bound
 * are counted, not kept.
 */
import { MOST_GROUPS } from '../gdoi/seen/row-bounds.ts';
import type { GdoiTable } from './gdoi-column.ts';
import type { GdoiRows } from './gdoi-rows.ts';
import type { Problems } from '../gdoi/seen/problems.ts';
import type { Row } from './row.ts';
import { printKey } from './row-index.ts';

/** A group, member or key server: its key in indexes, and the key as printed. */
interface Identity {
  readonly key: string;
  readonly text: string;
}

/** One member or key server of a group; `row` null: its own table has no row of it. */
export interface PartyRows {
  readonly id: Identity;
  readonly row: Row | null;
  readonly keks: readonly Row[];
  readonly teks: readonly Row[];
}

export interface GroupRows {
  readonly id: Identity;
  readonly row: Row | null;
  /** In the order of their index. */
  readonly gms: ReadonlyMap<string, PartyRows>;
  readonly keyServers: ReadonlyMap<string, PartyRows>;
  readonly peers: readonly Row[];
}

export function rowsByGroup(rows: GdoiRows, problems: Problems): readonly GroupRows[] {
  const groups = new ByKey(newGroup);
  const each = (table: GdoiTable, take: (group: GroupSketch, row: Row) => void) => {
    for (const row of rows.of(table)) take(groups.of(row.index.group), row);
  };
  each('cgmGdoiGroupTable', (group, row) => {
    group.row = row;
  });
  each('cgmGdoiGmTable', ({ gms }, row) => {
    gms.of(partyKey(row)).row = row;
  });
  each('cgmGdoiGmKekTable', ({ gms }, row) => gms.of(partyKey(row)).keks.push(row));
  each('cgmGdoiGmTekPolicyTable', ({ gms }, row) => gms.of(partyKey(row)).teks.push(row));
  each('cgmGdoiKeyServerTable', ({ keyServers }, row) => {
    keyServers.of(partyKey(row)).row = row;
  });
  each('cgmGdoiKsKekTable', ({ keyServers }, row) => keyServers.of(partyKey(row)).keks.push(row));
  each('cgmGdoiKsTekPolicyTable', ({ keyServers }, row) => keyServers.of(partyKey(row)).teks.push(row));
  each('cgmGdoiCoopPeerTable', ({ peers }, row) => peers.push(row));

  const sorted = [...groups.all.values()].toSorted((a, b) => (a.id.key < b.id.key ? -1 : 1));
  for (const { id } of sorted.slice(MOST_GROUPS))
    problems.note(`group ${id.text}: more than ${String(MOST_GROUPS)} groups`);
  return sorted
    .slice(0, MOST_GROUPS)
    .map((group) => ({ ...group, gms: group.gms.all, keyServers: group.keyServers.all }));
}

/** What has a key in indexes, each made when its first row comes. */
class ByKey<Item> {
  readonly #made = new Map<string, Item>();
  readonly #make: (id: Identity) => Item;

  constructor(make: (id: Identity) => Item) {
    this.#make = make;
  }

  of(key: string): Item {
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made = this.#make({ key, text: printKey(key) });
    this.#made.set(key, made);
    return made;
  }

  get all(): ReadonlyMap<string, Item> {
    return this.#made;
  }
}

interface PartySketch extends PartyRows {
  row: Row | null;
  readonly keks: Row[];
  readonly teks: Row[];
}

interface GroupSketch {
  readonly id: Identity;
  row: Row | null;
  readonly gms: ByKey<PartySketch>;
  readonly keyServers: ByKey<PartySketch>;
  readonly peers: Row[];
}

function newGroup(id: Identity): GroupSketch {
  return { id, row: null, gms: newParties(), keyServers: newParties(), peers: [] };
}

function newParties(): ByKey<PartySketch> {
  return new ByKey((id): PartySketch => ({ id, row: null, keks: [], teks: [] }));
}

/** Only the table of groups has an index without a party. */
function partyKey({ index }: Row): string {
  return index.party ?? index.group;
}
