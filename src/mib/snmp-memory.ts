/**
 * What a device's answers have taught: names of groups, facts of keys, columns its image does not have. It decides what
 * is asked next, so that a routine poll asks only for what changes.
 *
 * SNMP does not tell "not implemented" from "empty table". A column of 2015 counts as missing where an older column of
 * the same table gave rows and it gave none. All of it is forgotten after a reload, with another image, or after a day.
 */
import { GDOI_TRAPS, type GdoiTrapName } from '../gdoi/seen/gdoi-trap.ts';
import type { EpochMs } from '../gdoi/seen/instant.ts';
import { type Named, named } from '../gdoi/seen/named.ts';
import { type CpuLook, cpuLook } from './cpu-load.ts';
import type { GdoiColumn, GdoiTable } from './gdoi-column.ts';
import { GDOI_COLUMNS, GDOI_NOTIFICATION_SWITCHES, GDOI_ROOT } from './gdoi-oids.ts';
import type { GdoiReply } from './gdoi-reply.ts';
import { type GdoiRows, readRows } from './gdoi-rows.ts';
import { GM_TEK, KEY_TABLES, type KeyFacts, type KeyTable, UNKNOWN_KEY_FACTS } from './key-facts.ts';
import { hasNewKeys, keysOfGm, REKEY_SEQUENCE } from './rekey-under-way.ts';
import type { Row } from './row.ts';
import { Problems } from '../gdoi/seen/problems.ts';
import { readScalars, readSystemGroup, type Scalars, type SystemGroup } from './system-group.ts';
import { nextSysUpTime, type SysUpTime } from './uptime.ts';

export interface SnmpMemory {
  /** When everything was last asked; null: not yet, or forgotten. */
  readonly learntAtMs: EpochMs | null;
  readonly sysDescr: string | null;
  readonly sysName: string | null;
  readonly engineBoots: number | null;
  readonly sysUpTime: SysUpTime | null;
  /** Which notifications the device would send, as far as it says. */
  readonly notifications: Readonly<Partial<Record<GdoiTrapName, boolean>>>;
  /** By the group's index; null: the device shows no name. */
  readonly groupNames: Named<string | null>;
  /** By table and SPI, of the keys in that table's last answer. */
  readonly keyFacts: Readonly<Partial<Record<GdoiTable, Named<KeyFacts>>>>;
  /** SPIs of a GM's keys in the last answer. */
  readonly gmKeys: readonly string[];
  /** Tables that have given a row since the device started: they exist, even where they are empty now. */
  readonly tables: readonly GdoiTable[];
  /** Columns of 2015 that the image does not have. */
  readonly missing: readonly GdoiColumn[];
  /**
   * Columns to ask for beyond the routine: a group has no name yet, a key has no facts, or a key came while the answer
   * was read.
   */
  readonly wanted: readonly GdoiColumn[];
  /** The last look at the CPU; null: there was none. */
  readonly cpu: CpuLook | null;
}

export const NOTHING_LEARNT_BY_SNMP: SnmpMemory = {
  learntAtMs: null,
  sysDescr: null,
  sysName: null,
  engineBoots: null,
  sysUpTime: null,
  notifications: {},
  groupNames: named(),
  keyFacts: {},
  gmKeys: [],
  tables: [],
  missing: [],
  wanted: [],
  cpu: null,
};

/**
 * Columns that the revision of 2015-07 added, each with an older column that has a row wherever it has one. The table
 * of COOP peers is new as a whole: it is there where the role of the KS is.
 */
const ADDED_2015: readonly (readonly [added: GdoiColumn, older: GdoiColumn])[] = [
  ['cgmGdoiGroupMemberCount', 'cgmGdoiGroupName'],
  ['cgmGdoiGroupLastRekeyRetransmits', 'cgmGdoiGroupName'],
  ['cgmGdoiGroupLastRekeyTimeTaken', 'cgmGdoiGroupName'],
  ['cgmGdoiKeyServerRole', 'cgmGdoiKeyServerActiveKEK'],
  ['cgmGdoiKeyServerRegisteredGMs', 'cgmGdoiKeyServerActiveKEK'],
  ['cgmGdoiGmActiveTEKNum', 'cgmGdoiGmActiveKEK'],
];
const COOP_PEER_COLUMNS: readonly GdoiColumn[] = ['cgmGdoiCoopPeerRole', 'cgmGdoiCoopPeerStatus'];

const MAX_NAME = 128;
/** Groups, and keys of one table, that are kept; a router has a few. */
const MAX_KEPT = 256;

/** Facts of a key, all null while they are not known. */
export function keyFactsOf(memory: SnmpMemory, { table }: KeyTable, spi: string | null): KeyFacts {
  return (spi === null ? undefined : memory.keyFacts[table]?.get(spi)) ?? UNKNOWN_KEY_FACTS;
}

/** The memory after an answer. `root`: where the MIB hangs. */
export function rememberReply(memory: SnmpMemory, reply: GdoiReply, root: string = GDOI_ROOT): SnmpMemory {
  const scalars = readScalars(reply.varbinds);
  const system = readSystemGroup(scalars, reply.engine);
  const { upTimeCentiseconds, sysDescr } = system;
  const upTime =
    upTimeCentiseconds === null ? null : nextSysUpTime(memory.sysUpTime, upTimeCentiseconds, reply.receivedAtMs);
  const forgotten = upTime?.restarted === true || isOtherSystem(memory, system);
  const kept = forgotten ? NOTHING_LEARNT_BY_SNMP : memory;

  const rows = readRows(reply.varbinds, root, new Problems());
  const asked = askedColumns(rows, reply, root);
  const notifications = readSwitches(scalars, root);
  const groupNames = readNames(kept, rows, asked);
  const keyFacts = readKeyFacts(kept, rows, asked);
  const gmKeys = asked(GM_TEK.spi) ? keysOfGm(rows) : kept.gmKeys;
  // a routine request asks for one switch and for no description
  const learnt = sysDescr !== null || Object.keys(notifications).length > 1;
  return {
    learntAtMs: learnt ? reply.receivedAtMs : kept.learntAtMs,
    sysDescr: sysDescr ?? kept.sysDescr,
    sysName: system.sysName ?? kept.sysName,
    engineBoots: system.engineBoots ?? kept.engineBoots,
    sysUpTime: upTime?.value ?? kept.sysUpTime,
    notifications: { ...kept.notifications, ...notifications },
    groupNames: groupNames.kept,
    keyFacts: keyFacts.kept,
    gmKeys,
    tables: [...new Set([...kept.tables, ...rows.tables])],
    missing: missingColumns(kept, rows, asked),
    wanted: [...groupNames.wanted, ...keyFacts.wanted, ...(hasNewKeys(kept.gmKeys, gmKeys) ? [REKEY_SEQUENCE] : [])],
    cpu: cpuLook(reply) ?? kept.cpu,
  };
}

function isOtherSystem(memory: SnmpMemory, { engineBoots, sysDescr }: SystemGroup): boolean {
  const rebooted = memory.engineBoots !== null && engineBoots !== null && memory.engineBoots !== engineBoots;
  return rebooted || (memory.sysDescr !== null && sysDescr !== null && memory.sysDescr !== sysDescr);
}

/** TruthValue: 1 true, 2 false. */
function readSwitches(scalars: Scalars, root: string): Partial<Record<GdoiTrapName, boolean>> {
  const switches: Partial<Record<GdoiTrapName, boolean>> = {};
  for (const [i, oid] of Object.values(GDOI_NOTIFICATION_SWITCHES).entries()) {
    const value = scalars.get(`${root}.${oid}.0`);
    const name = GDOI_TRAPS[i];
    if (name !== undefined && (value === 1 || value === 2)) switches[name] = value === 1;
  }
  return switches;
}

function askedColumns(rows: GdoiRows, { emptyColumns }: GdoiReply, root: string): (column: GdoiColumn) => boolean {
  const empty = new Set(emptyColumns);
  return (column) => rows.answered.has(column) || empty.has(`${root}.${GDOI_COLUMNS[column]}`);
}

/** Of a row in the table of groups. */
export function nameOf(row: Row): string | null {
  return row.text('cgmGdoiGroupName', MAX_NAME);
}

interface Learnt<Kept> {
  readonly kept: Kept;
  readonly wanted: readonly GdoiColumn[];
}

const TABLES_OF_GROUPS: readonly GdoiTable[] = [
  'cgmGdoiGmTable',
  'cgmGdoiKeyServerTable',
  'cgmGdoiGmKekTable',
  'cgmGdoiKsKekTable',
  'cgmGdoiGmTekPolicyTable',
  'cgmGdoiKsTekPolicyTable',
];

/** Names of groups; where a name was asked for and not given, there is none. */
function readNames(
  memory: SnmpMemory,
  rows: GdoiRows,
  asked: (column: GdoiColumn) => boolean,
): Learnt<SnmpMemory['groupNames']> {
  const namesAsked = asked('cgmGdoiGroupName');
  const kept = new Map(namesAsked ? [] : memory.groupNames);
  if (namesAsked) {
    for (const row of rows.of('cgmGdoiGroupTable')) {
      kept.set(row.index.group, nameOf(row));
    }
  }
  let unnamed = false;
  for (const { index } of TABLES_OF_GROUPS.flatMap(rows.of)) {
    if (kept.has(index.group)) continue;
    if (namesAsked) kept.set(index.group, null);
    else unnamed = true;
  }
  const full = kept.size >= MAX_KEPT;
  return { kept: named([...kept].slice(0, MAX_KEPT)), wanted: unnamed && !full ? ['cgmGdoiGroupName'] : [] };
}

/** Facts of the keys in this answer; keys that are gone are forgotten. */
function readKeyFacts(
  memory: SnmpMemory,
  rows: GdoiRows,
  asked: (column: GdoiColumn) => boolean,
): Learnt<SnmpMemory['keyFacts']> {
  const kept = { ...memory.keyFacts };
  const wanted: GdoiColumn[] = [];
  for (const keyTable of KEY_TABLES) {
    const { table, spi: spiColumn, spiOctets, facts, readFacts } = keyTable;
    if (!asked(spiColumn)) continue;
    const factsAsked = facts.some(asked);
    const known = new Map<string, KeyFacts | undefined>();
    for (const row of rows.of(table)) {
      const spi = row.spi(spiColumn, spiOctets);
      if (spi === null || known.has(spi) || known.size >= MAX_KEPT) continue;
      known.set(spi, factsAsked ? readFacts(row) : memory.keyFacts[table]?.get(spi));
    }
    const found = [...known].filter((entry): entry is [string, KeyFacts] => entry[1] !== undefined);
    kept[table] = named(found);
    if (found.length < known.size) for (const column of factColumns(keyTable)) wanted.push(column);
  }
  return { kept, wanted };
}

/** Facts are joined to the key by the SPI read beside them. */
export function factColumns({ spi, facts }: KeyTable): readonly GdoiColumn[] {
  return [spi, ...facts];
}

function missingColumns(
  memory: SnmpMemory,
  rows: GdoiRows,
  asked: (column: GdoiColumn) => boolean,
): readonly GdoiColumn[] {
  const missing = new Set(memory.missing);
  for (const column of rows.answered) missing.delete(column);
  for (const [added, older] of ADDED_2015) {
    if (asked(added) && !rows.answered.has(added) && rows.answered.has(older)) missing.add(added);
  }
  if (missing.has('cgmGdoiKeyServerRole')) for (const column of COOP_PEER_COLUMNS) missing.add(column);
  return [...missing];
}
