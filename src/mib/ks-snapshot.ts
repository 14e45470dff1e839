/**
 * A KS's group as the MIB shows it. What only `show crypto gdoi ks` has stays null: the members one by one, the time to
 * rekey, priorities, retransmit settings. `cgmGdoiKeyServerRekeysPushed` is a sequence number and no count: it is not
 * exported.
 */
import { MOST_PEERS } from '../gdoi/seen/row-bounds.ts';
import { emptyKsSnapshot, type KsKey, type KsPeer, type KsRole, type KsSnapshot } from '../gdoi/seen/snapshot.ts';
import { GDOI_ENUMS } from './gdoi-oids.ts';
import type { GroupRows, PartyRows } from './group-rows.ts';
import { credibleSeconds, KS_KEK, KS_TEK, type KeyTable } from './key-facts.ts';
import type { MibRead } from './mib-read.ts';
import type { Row } from './row.ts';
import { printKey } from './row-index.ts';
import { readKeks, readTeks } from './shown-keys.ts';
import { keyFactsOf } from './snmp-memory.ts';

type RoleLabel = (typeof GDOI_ENUMS.CgmGdoiKsRole)[keyof typeof GDOI_ENUMS.CgmGdoiKsRole];
type StatusLabel = (typeof GDOI_ENUMS.CgmGdoiKsStatus)[keyof typeof GDOI_ENUMS.CgmGdoiKsStatus];

export const KS_ROLES: Readonly<Record<RoleLabel, KsRole>> = {
  keyServerPrimary: 'primary',
  keyServerSecondary: 'secondary',
  keyServerUnknown: 'unknown',
};

/** As `show crypto gdoi ks coop` prints them; a secondary sees another secondary as unknown. */
const PEER_STATUS: Readonly<Record<StatusLabel, string>> = {
  keyServerAlive: 'Alive',
  keyServerDead: 'Dead',
  keyServerUnknown: 'Unknown',
};

export function ksSnapshot(group: GroupRows, ks: PartyRows, { rows, memory, problems }: MibRead): KsSnapshot {
  const kek = readKeks(KS_KEK, ks.keks, rows, ks.row?.spi('cgmGdoiKeyServerActiveKEK', 16) ?? null)?.[0] ?? null;
  const teks = readTeks(KS_TEK, ks.teks, rows, problems);
  const localRole = ks.row === null ? null : roleOf(ks.row, 'cgmGdoiKeyServerRole');
  const peers = group.peers.slice(0, MOST_PEERS).map(peerOf);
  for (const { index } of group.peers.slice(MOST_PEERS))
    problems.note(`peer ${index.party ?? ''}: more than ${String(MOST_PEERS)}`);
  const keyOf = (table: KeyTable, { spi, remainingSeconds }: Pick<KsKey, 'spi' | 'remainingSeconds'>): KsKey => {
    const facts = keyFactsOf(memory, table, spi);
    return {
      spi,
      lifetimeSeconds: facts.lifetimeSeconds || null,
      remainingSeconds: credibleSeconds(remainingSeconds, facts),
      timeToRekeySeconds: null,
    };
  };
  return {
    ...emptyKsSnapshot(memory.groupNames.get(group.id.key) ?? group.id.text),
    identity: group.id.text,
    transport: keyFactsOf(memory, KS_KEK, kek?.spi ?? null).transport,
    members: group.row?.number('cgmGdoiGroupMemberCount') ?? ks.row?.number('cgmGdoiKeyServerRegisteredGMs') ?? null,
    redundancy: peers.length > 0 ? true : null,
    localAddress: ks.id.text,
    localRole,
    kek: kek === null ? null : keyOf(KS_KEK, kek),
    teks: memory.tables.includes(KS_TEK.table) ? (teks?.map((tek) => keyOf(KS_TEK, tek)) ?? null) : null,
    peers: memory.tables.includes('cgmGdoiCoopPeerTable') ? peers : null,
    ...(group.row === null || localRole === 'secondary' ? {} : lastRekey(group.row)),
  };
}

/** Only the primary sends rekeys, and only there these two mean something (their description). */
function lastRekey(row: Row): Pick<KsSnapshot, 'lastRekeyRetransmits' | 'lastRekeyDurationMs'> {
  const lastRekeyRetransmits = row.number('cgmGdoiGroupLastRekeyRetransmits');
  const lastRekeyDurationMs = row.number('cgmGdoiGroupLastRekeyTimeTaken');
  return {
    ...(lastRekeyRetransmits === null ? {} : { lastRekeyRetransmits }),
    ...(lastRekeyDurationMs === null ? {} : { lastRekeyDurationMs }),
  };
}

function peerOf(row: Row): KsPeer {
  const status = row.label('cgmGdoiCoopPeerStatus', GDOI_ENUMS.CgmGdoiKsStatus);
  return {
    address: printKey(row.index.party ?? row.index.group),
    role: roleOf(row, 'cgmGdoiCoopPeerRole'),
    status: status === null ? null : PEER_STATUS[status],
  };
}

function roleOf(row: Row, column: 'cgmGdoiKeyServerRole' | 'cgmGdoiCoopPeerRole'): KsRole | null {
  const label = row.label(column, GDOI_ENUMS.CgmGdoiKsRole);
  return label === null ? null : KS_ROLES[label];
}
