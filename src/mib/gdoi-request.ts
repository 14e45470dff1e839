/**
 * What to ask a device next: as plain OIDs of scalars (with `.0`) and of columns.
 *
 * Routinely only what changes: SPIs, countdowns, KEK status, the KS of a GM, roles and peers. Of a device that is new,
 * was restarted or was not asked for a day, it also asks what is learnt once: names, facts of keys, its release, its
 * notification switches, and the columns that only images since 2015 have. The tables of TEK selectors are never asked:
 * on a KS with a long ACL they are the bulk of the MIB.
 */
import type { EpochMs } from '../gdoi/seen/instant.ts';
import type { GdoiColumn } from './gdoi-column.ts';
import { GDOI_COLUMNS, GDOI_NOTIFICATION_SWITCHES, GDOI_ROOT } from './gdoi-oids.ts';
import { GM_KEK, GM_TEK, type KeyTable, KS_KEK, KS_TEK } from './key-facts.ts';
import { CPU_ONE_MINUTE, cpuIsDue } from './cpu-load.ts';
import { factColumns, type SnmpMemory } from './snmp-memory.ts';
import { ENGINE_BOOTS, ENGINE_TIME, SYS_DESCR, SYS_NAME, SYS_UP_TIME } from './system-group.ts';

export interface GdoiRequest {
  readonly scalars: readonly string[];
  readonly columns: readonly string[];
}

export type PolledRole = 'gm' | 'ks' | 'auto';

/** Names and images change rarely, and mostly with a restart, which is noticed by itself. */
const LEARN_AGAIN_AFTER_MS = 24 * 3600 * 1000;

/**
 * Read at every poll: the uptime, and one switch of 2010, which shows that the MIB is there while it has no rows. A
 * device that answers neither a row nor the switch has no GDOI MIB, or a view that hides it.
 */
export const WITNESS = GDOI_NOTIFICATION_SWITCHES.cgmGdoiGMRegNotifEnable;
const ROUTINE_SCALARS = [SYS_UP_TIME, ENGINE_BOOTS, ENGINE_TIME];
const LEARNT_SCALARS = [SYS_DESCR, SYS_NAME];

const GM_COLUMNS: readonly GdoiColumn[] = [
  'cgmGdoiGmRegKeyServerIdValue',
  'cgmGdoiGmActiveKEK',
  'cgmGdoiGmRekeysReceived',
  'cgmGdoiGmActiveTEKNum',
  ...countdownColumns(GM_KEK),
  GM_KEK.status,
  ...countdownColumns(GM_TEK),
];
const KS_COLUMNS: readonly GdoiColumn[] = [
  'cgmGdoiGroupMemberCount',
  'cgmGdoiGroupLastRekeyRetransmits',
  'cgmGdoiGroupLastRekeyTimeTaken',
  'cgmGdoiKeyServerActiveKEK',
  'cgmGdoiKeyServerRole',
  'cgmGdoiKeyServerRegisteredGMs',
  'cgmGdoiCoopPeerRole',
  'cgmGdoiCoopPeerStatus',
  ...countdownColumns(KS_KEK),
  KS_KEK.status,
  ...countdownColumns(KS_TEK),
];
const LEARNT_GM_COLUMNS: readonly GdoiColumn[] = [
  'cgmGdoiGroupName',
  'cgmGdoiGmRegKeyServerIdType',
  ...factColumns(GM_KEK),
];
const LEARNT_KS_COLUMNS: readonly GdoiColumn[] = ['cgmGdoiGroupName', ...factColumns(KS_KEK), ...factColumns(KS_TEK)];

function countdownColumns({ spi, remaining }: KeyTable): readonly GdoiColumn[] {
  return [spi, remaining];
}

/** The request of a poll. `role` auto: both kinds of tables until one has given a row. */
export function gdoiRequest(
  memory: SnmpMemory,
  role: PolledRole,
  atMs: EpochMs,
  root: string = GDOI_ROOT,
): GdoiRequest {
  const learn = memory.learntAtMs === null || Math.abs(atMs - memory.learntAtMs) >= LEARN_AGAIN_AFTER_MS;
  const { gm, ks } = polledRoles(learn ? null : memory, role);
  const routine = [...(gm ? GM_COLUMNS : []), ...(ks ? KS_COLUMNS : [])];
  const more = learn ? [...(gm ? LEARNT_GM_COLUMNS : []), ...(ks ? LEARNT_KS_COLUMNS : [])] : memory.wanted;
  const has = (column: GdoiColumn) => learn || !memory.missing.includes(column);
  const switches = learn ? Object.values(GDOI_NOTIFICATION_SWITCHES) : [WITNESS];
  const cpu = cpuIsDue(memory, atMs) ? [CPU_ONE_MINUTE] : [];
  return {
    scalars: [
      ...ROUTINE_SCALARS,
      ...(learn ? LEARNT_SCALARS : []),
      ...switches.map((relative) => `${root}.${relative}.0`),
    ],
    columns: [...oidsOf([...routine.filter(has), ...more], root), ...cpu],
  };
}

/**
 * What to ask at once after an answer that showed a new group or key, before it is decoded: names, facts, and a GM's
 * rekey number once more. Null nearly always. Where it is left out or fails, the next poll asks for it.
 */
export function followUpRequest(memory: SnmpMemory, root: string = GDOI_ROOT): GdoiRequest | null {
  return memory.wanted.length === 0 ? null : { scalars: [], columns: oidsOf(memory.wanted, root) };
}

function polledRoles(memory: SnmpMemory | null, role: PolledRole): { readonly gm: boolean; readonly ks: boolean } {
  if (role !== 'auto') return { gm: role === 'gm', ks: role === 'ks' };
  const gm = memory?.tables.some((table) => table.startsWith('cgmGdoiGm')) ?? false;
  const ks = memory?.tables.some((table) => table.startsWith('cgmGdoiK')) ?? false;
  return gm || ks ? { gm, ks } : { gm: true, ks: true };
}

function oidsOf(columns: readonly GdoiColumn[], root: string): readonly string[] {
  return [...new Set(columns)].map((column) => `${root}.${GDOI_COLUMNS[column]}`);
}
