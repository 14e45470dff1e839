/**
 * An answer to a GDOI request as snapshots, in the types of the CLI's. The decoder never throws on what a device sent:
 * odd values are absent, odd rows dropped, and both counted.
 */
import type { DeviceFacts } from '../gdoi/seen/device-facts.ts';
import type { GroupSnapshot } from '../gdoi/seen/snapshot.ts';
import { GDOI_ROOT } from './gdoi-oids.ts';
import type { GdoiReply } from './gdoi-reply.ts';
import { WITNESS } from './gdoi-request.ts';
import { type GdoiRows, readRows } from './gdoi-rows.ts';
import { gmSnapshot } from './gm-snapshot.ts';
import { type GroupRows, type PartyRows, rowsByGroup } from './group-rows.ts';
import { ksSnapshot } from './ks-snapshot.ts';
import { Problems } from '../gdoi/seen/problems.ts';
import { KEY_TABLES } from './key-facts.ts';
import { nameOf, type SnmpMemory } from './snmp-memory.ts';
import { deviceFacts, readScalars, readSystemGroup, type Scalars } from './system-group.ts';
import { uptimeSeconds } from './uptime.ts';

export interface GdoiReading {
  /**
   * - `groups`: the MIB has rows.
   * - `no-group`: the MIB is there and has none.
   * - `no-mib`: nothing of it answered: the image does not have it, or the view hides it. Not "no GM".
   * - `unreadable`: it has rows, and none could be used.
   */
  readonly kind: 'groups' | 'no-group' | 'no-mib' | 'unreadable';
  readonly snapshots: readonly GroupSnapshot[];
  /** Null: the device said nothing of itself. */
  readonly facts: DeviceFacts | null;
  /** Values and rows that could not be used. */
  readonly unknown: number;
  /** The first of them, as text. */
  readonly problems: readonly string[];
}

/** `memory` must already know the reply (`rememberReply`): names and facts of keys come from there. */
export function decodeGdoi(reply: GdoiReply, memory: SnmpMemory, root: string = GDOI_ROOT): GdoiReading {
  const problems = new Problems();
  const scalars = readScalars(reply.varbinds);
  const rows = readRows(reply.varbinds, root, problems);
  noteRemembered(rows);
  const snapshots = rowsByGroup(rows, problems).flatMap((group): GroupSnapshot[] => {
    const gm = onlyParty(group, group.gms, problems);
    const ks = onlyParty(group, withoutPeers(group), problems);
    return [
      ...(gm === null ? [] : [gmSnapshot(group, gm, { rows, memory, problems })]),
      ...(ks === null ? [] : [ksSnapshot(group, ks, { rows, memory, problems })]),
    ];
  });
  return {
    kind: snapshots.length > 0 ? 'groups' : kindWithoutGroups(scalars, rows, problems, root),
    snapshots,
    facts: deviceFacts(memory.sysDescr, memory.sysName, uptimeOf(scalars, reply, memory)),
    unknown: problems.count,
    problems: problems.texts,
  };
}

/** What is odd in names and in facts of keys is counted in the answer that has them; afterwards the memory has them. */
function noteRemembered(rows: GdoiRows): void {
  for (const row of rows.of('cgmGdoiGroupTable')) nameOf(row);
  for (const { table, readFacts } of KEY_TABLES) for (const row of rows.of(table)) readFacts(row);
}

function kindWithoutGroups(scalars: Scalars, rows: GdoiRows, problems: Problems, root: string): GdoiReading['kind'] {
  if (problems.count > 0) return 'unreadable';
  const witness = scalars.get(`${root}.${WITNESS}.0`) ?? null;
  return rows.answered.size > 0 || witness !== null ? 'no-group' : 'no-mib';
}

/** A snapshot is of one member or key server; a second one in the same group is counted. */
function onlyParty(group: GroupRows, parties: ReadonlyMap<string, PartyRows>, problems: Problems): PartyRows | null {
  const [first, ...others] = [...parties.values()].toSorted((a, b) => (a.id.key < b.id.key ? -1 : 1));
  for (const { id } of others) problems.note(`group ${group.id.text}: ${id.text} beside ${first?.id.text ?? ''}`);
  return first ?? null;
}

/** The table of key servers is of local ones; a row of a COOP peer in it is not the device's own. */
function withoutPeers({ keyServers, peers }: GroupRows): ReadonlyMap<string, PartyRows> {
  const peerKeys = new Set(peers.map(({ index }) => index.party));
  const local = [...keyServers].filter(([key]) => !peerKeys.has(key));
  return local.length === 0 ? keyServers : new Map(local);
}

/**
 * The engine's time does not wrap; both fall behind the true uptime where only SNMP was restarted, so the longer one is
 * taken.
 */
function uptimeOf(scalars: Scalars, { engine }: GdoiReply, memory: SnmpMemory): number | null {
  const { upTimeCentiseconds, engineTimeSeconds } = readSystemGroup(scalars, engine);
  if (upTimeCentiseconds === null) return engineTimeSeconds;
  const upTime = uptimeSeconds(upTimeCentiseconds, memory.sysUpTime?.wraps ?? 0);
  return Math.max(upTime, engineTimeSeconds ?? 0);
}
