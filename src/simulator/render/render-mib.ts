/**
 * The managed objects of a device at an instant, in the order of a walk: its SNMP agent answers from them. `revision`
 * decides which part of CISCO-GDOI-MIB there is; every device has the rest.
 */
import type { EpochMs } from '../../kernel/clock.ts';
import type { AnswerSource } from './answer.ts';
import {
  CPU_ONE_MINUTE,
  GDOI_TABLES,
  type MibRevision,
  type MibTable,
  NOTIFICATIONS,
  SYSTEM_OBJECTS,
  notificationSwitch,
} from '../snmp-wire/mib-objects.ts';
import { type MibRow, gdoiRows } from './render-mib-tables.ts';
import { integerValue, octetsValue, textValue, unsignedValue } from '../snmp-wire/mib-values.ts';
import { systemDescription } from './render-device.ts';
import { PACKET_OCTETS } from '../snmp-wire/message.ts';
import { type Oid, compareOids, oidOf } from '../snmp-wire/oid.ts';
import type { Varbind } from '../snmp-wire/pdu.ts';
import type { EngineInstant } from '../snmp-wire/usm.ts';

export interface ManagedObjects {
  /** In the order of a walk. */
  readonly objects: readonly Varbind[];
  /** Columns of the revision, with or without rows: in these an instance may be missing, elsewhere the object. */
  readonly columns: readonly Oid[];
}

export interface MibView {
  readonly revision: MibRevision;
  readonly engineId: Buffer;
  /** What the agent shows of its engine. */
  readonly at: EngineInstant;
}

const TABLE_NAMES = [
  'group',
  'keyServer',
  'gm',
  'coopPeer',
  'ksKek',
  'gmKek',
  'ksTekSelector',
  'ksTekPolicy',
  'gmTekSelector',
  'gmTekPolicy',
] as const satisfies readonly (keyof typeof GDOI_TABLES)[];
/** Under ciscoProducts; nobody asks a simulated device which. */
const PRODUCT: Oid = oidOf('1.3.6.1.4.1.9.1.1');
const MAX_TIMETICKS = 4_294_967_296;

/** sysUpTime in hundredths of a second; restarts after 497 days. */
export function upTimeTicks(bootMs: EpochMs, nowMs: EpochMs): number {
  return Math.max(0, Math.floor((nowMs - bootMs) / 10)) % MAX_TIMETICKS;
}

export function renderManagedObjects(source: AnswerSource, nowMs: EpochMs, view: MibView): ManagedObjects {
  const { revision } = view;
  const objects = systemObjects(source, nowMs);
  const columns: Oid[] = [];
  if (revision !== 'none') {
    const rows = gdoiRows(source, nowMs);
    for (const name of TABLE_NAMES) columns.push(...appendTable(objects, GDOI_TABLES[name], rows[name], revision));
    for (const { number, since } of NOTIFICATIONS) {
      if (since <= revision) objects.push({ oid: notificationSwitch(number), value: integerValue(1) });
    }
  }
  objects.push(...engineObjects(view));
  return { objects, columns };
}

function systemObjects({ device }: AnswerSource, nowMs: EpochMs): Varbind[] {
  return [
    { oid: SYSTEM_OBJECTS.sysDescr, value: textValue(systemDescription(device)) },
    { oid: SYSTEM_OBJECTS.sysObjectID, value: { type: 'oid', value: PRODUCT } },
    { oid: SYSTEM_OBJECTS.sysUpTime, value: { type: 'timeticks', value: upTimeTicks(device.bootMs, nowMs) } },
    { oid: SYSTEM_OBJECTS.sysName, value: textValue(device.hostname) },
    { oid: CPU_ONE_MINUTE, value: unsignedValue(device.cpuPercent) },
  ];
}

function engineObjects({ engineId, at }: MibView): Varbind[] {
  return [
    { oid: SYSTEM_OBJECTS.snmpEngineID, value: octetsValue(engineId) },
    { oid: SYSTEM_OBJECTS.snmpEngineBoots, value: integerValue(at.boots) },
    { oid: SYSTEM_OBJECTS.snmpEngineTime, value: integerValue(at.timeSeconds) },
    { oid: SYSTEM_OBJECTS.snmpEngineMaxMessageSize, value: integerValue(PACKET_OCTETS) },
  ];
}

/** Column by column, row by row. Returns the columns. */
function appendTable(objects: Varbind[], table: MibTable, rows: readonly MibRow[], revision: MibRevision): Oid[] {
  const sorted = rows.toSorted((a, b) => compareOids(a.index, b.index));
  return table.columns
    .filter(({ since }) => since <= revision)
    .map(({ number }) => {
      const column = [...table.entry, number];
      for (const { index, cells } of sorted) {
        const value = cells[number];
        if (value !== undefined) objects.push({ oid: column.concat(index), value });
      }
      return column;
    });
}
