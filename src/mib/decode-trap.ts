/**
 * Notifications of CISCO-GDOI-MIB. Those of 2010 carry columns of a table, so group and member (or key server) are in
 * the instance part of their OIDs; those of 2015 carry them as variables. An instance that is missing, `.0` or no index
 * leaves them unknown. Notifications 1, 2, 4, 9 and 10 carry nothing.
 */
import { GDOI_TRAPS, type GdoiTrap } from '../gdoi/seen/gdoi-trap.ts';
import type { SnmpValue, Varbind } from '../gdoi/seen/varbind.ts';
import { GDOI_COLUMNS, GDOI_ENUMS, GDOI_NOTIFICATION_VARIABLES, GDOI_ROOT, GDOI_TABLES } from './gdoi-oids.ts';
import { isBelow } from './gdoi-column.ts';
import { isNobody, MAX_IDENTITY_OCTETS, printIdentity } from './identity.ts';
import { KS_ROLES } from './ks-snapshot.ts';
import { printableText } from './octets.ts';
import { decodeIndex, printKey, type RowIndex } from './row-index.ts';

type VariableName = keyof typeof GDOI_NOTIFICATION_VARIABLES | keyof typeof GDOI_COLUMNS;

const VARIABLES: Readonly<Partial<Record<VariableName, string>>> = { ...GDOI_COLUMNS, ...GDOI_NOTIFICATION_VARIABLES };
const MAX_NAME_OCTETS = 128;
/** Of a notification's own variables; more is no notification of this MIB. */
const MAX_VARIABLES = 16;

/** Null: a notification of another MIB, or of a later revision. */
export function decodeTrap(trapOid: string, varbinds: readonly Varbind[], root: string = GDOI_ROOT): GdoiTrap | null {
  const number = isBelow(root, trapOid) ? /^\.0\.([1-9]\d?)$/.exec(trapOid.slice(root.length))?.[1] : undefined;
  const name = GDOI_TRAPS[Number(number ?? 0) - 1];
  if (name === undefined) return null;
  const carried = varbinds
    .slice(0, MAX_VARIABLES)
    .filter(({ oid }) => isBelow(root, oid))
    .map(({ oid, value }) => ({ relative: oid.slice(root.length + 1), value }));
  const find = (variable: VariableName) => valueOf(carried, variable);
  const gmIndex = indexOf(carried, 'cgmGdoiGmTable');
  const ksIndex = indexOf(carried, 'cgmGdoiKeyServerTable');
  const role = numberOf(find('cgmGdoiNotifKeyServerRole'));
  return {
    name,
    groupIdentity:
      identityOf(find('cgmGdoiNotifGroupIdType'), find('cgmGdoiNotifGroupIdValue')) ??
      printed((gmIndex ?? ksIndex)?.group),
    groupName: nameOf(find('cgmGdoiNotifGroupName')),
    gmAddress: identityOf(find('cgmGdoiNotifGmIdType'), find('cgmGdoiNotifGmIdValue')) ?? printed(gmIndex?.party),
    keyServer:
      identityOf(find('cgmGdoiNotifKeyServerIdType'), find('cgmGdoiNotifKeyServerIdValue')) ??
      identityOf(find('cgmGdoiGmRegKeyServerIdType'), find('cgmGdoiGmRegKeyServerIdValue')) ??
      printed(ksIndex?.party),
    peer: identityOf(find('cgmGdoiNotifPeerKsIdType'), find('cgmGdoiNotifPeerKsIdValue')),
    keyServerRole: role === null ? null : roleOf(role),
    rekeySequence: numberOf(find('cgmGdoiGmRekeysReceived')) ?? numberOf(find('cgmGdoiKeyServerRekeysPushed')),
  };
}

interface Carried {
  readonly relative: string;
  readonly value: SnmpValue;
}

function valueOf(carried: readonly Carried[], variable: VariableName): SnmpValue {
  const oid = VARIABLES[variable] ?? '';
  return carried.find(({ relative }) => relative === oid || relative.startsWith(`${oid}.`))?.value ?? null;
}

/** The index of the first variable of that table that has one. */
function indexOf(carried: readonly Carried[], table: 'cgmGdoiGmTable' | 'cgmGdoiKeyServerTable'): RowIndex | null {
  const { entry, ...shape } = GDOI_TABLES[table];
  for (const { relative } of carried) {
    if (!relative.startsWith(`${entry}.`)) continue;
    const column = relative.indexOf('.', entry.length + 1);
    const index = column < 0 ? null : decodeIndex(relative.slice(column + 1), shape);
    if (index !== null) return index;
  }
  return null;
}

function printed(key: string | null | undefined): string | null {
  return key === null || key === undefined ? null : printKey(key);
}

/** Null also for nobody (`0.0.0.0`, no octets). */
function identityOf(type: SnmpValue, value: SnmpValue): string | null {
  if (!(value instanceof Uint8Array) || value.length > MAX_IDENTITY_OCTETS || isNobody(value)) return null;
  return printIdentity(numberOf(type), value);
}

function nameOf(value: SnmpValue): string | null {
  return value instanceof Uint8Array && value.length <= MAX_NAME_OCTETS ? printableText(value) : null;
}

function numberOf(value: SnmpValue): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null;
}

function roleOf(value: number): GdoiTrap['keyServerRole'] {
  const labels: Readonly<Record<number, keyof typeof KS_ROLES>> = GDOI_ENUMS.CgmGdoiKsRole;
  const label = labels[value];
  return label === undefined ? null : KS_ROLES[label];
}
