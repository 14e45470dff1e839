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
  row: Row | null;
  readonly keks: Row[];
  readonly teks: Row[];
}

export interface GroupRows {
  readonly id: Identity;
  row: Row | null;
  /** In the order of their index. */
  readonly gms: Map<string, PartyRows>;
  readonly keyServers: Map<string, PartyRows>;
  readonly peers: Row[];
}

export function rowsByGroup(rows: GdoiRows, problems: Problems): readonly GroupRows[] {
  const groups = new Map<string, GroupRows>();
  const groupOf = ({ index: { group } }: Row): GroupRows => {
    const known = groups.get(group);
    if (known !== undefined) return known;
    const created = { id: identityOf(group), row: null, gms: new Map(), keyServers: new Map(), peers: [] };
    groups.set(group, created);
    return created;
  };
  const each = (table: GdoiTable, take: (group: GroupRows, row: Row) => void) => {
    for (const row of rows.of(table)) take(groupOf(row), row);
  };
  each('cgmGdoiGroupTable', (group, row) => {
    group.row = row;
  });
  each('cgmGdoiGmTable', ({ gms }, row) => {
    partyOf(gms, row).row = row;
  });
  each('cgmGdoiGmKekTable', ({ gms }, row) => partyOf(gms, row).keks.push(row));
  each('cgmGdoiGmTekPolicyTable', ({ gms }, row) => partyOf(gms, row).teks.push(row));
  each('cgmGdoiKeyServerTable', ({ keyServers }, row) => {
    partyOf(keyServers, row).row = row;
  });
  each('cgmGdoiKsKekTable', ({ keyServers }, row) => partyOf(keyServers, row).keks.push(row));
  each('cgmGdoiKsTekPolicyTable', ({ keyServers }, row) => partyOf(keyServers, row).teks.push(row));
  each('cgmGdoiCoopPeerTable', ({ peers }, row) => peers.push(row));

  const sorted = [...groups.values()].toSorted((a, b) => (a.id.key < b.id.key ? -1 : 1));
  for (const { id } of sorted.slice(MOST_GROUPS))
    problems.note(`group ${id.text}: more than ${String(MOST_GROUPS)} groups`);
  return sorted.slice(0, MOST_GROUPS);
}

function partyOf(parties: Map<string, PartyRows>, row: Row): PartyRows {
  // only the table of groups has an index without a party
  const key = row.index.party ?? row.index.group;
  const known = parties.get(key);
  if (known !== undefined) return known;
  const created: PartyRows = { id: identityOf(key), row: null, keks: [], teks: [] };
  parties.set(key, created);
  return created;
}

function identityOf(key: string): Identity {
  return { key, text: printKey(key) };
}
