/**
 * The objects that a simulated device shows over SNMP: CISCO-GDOI-MIB (revision 2015-07-17, and its revision of 2010),
 * and what a poller asks of SNMPv2-MIB and SNMP-FRAMEWORK-MIB. Written from the MIB files only for the simulator.
 */
import { type Oid, oidOf } from './oid.ts';

/** `2010`: without what revision 2015-07-17 added; `none`: no such subtree. */
export type MibRevision = 'none' | '2010' | '2015';

/** ciscoMgmt 759. */
const GDOI: Oid = oidOf('1.3.6.1.4.1.9.9.759');

export const SYSTEM_OBJECTS = {
  sysDescr: oidOf('1.3.6.1.2.1.1.1.0'),
  sysObjectID: oidOf('1.3.6.1.2.1.1.2.0'),
  sysUpTime: oidOf('1.3.6.1.2.1.1.3.0'),
  sysName: oidOf('1.3.6.1.2.1.1.5.0'),
  snmpEngineID: oidOf('1.3.6.1.6.3.10.2.1.1.0'),
  snmpEngineBoots: oidOf('1.3.6.1.6.3.10.2.1.2.0'),
  snmpEngineTime: oidOf('1.3.6.1.6.3.10.2.1.3.0'),
  snmpEngineMaxMessageSize: oidOf('1.3.6.1.6.3.10.2.1.4.0'),
} as const;

/** cpmCPUTotal1minRev of CISCO-PROCESS-MIB, for the one processor. */
export const CPU_ONE_MINUTE: Oid = oidOf('1.3.6.1.4.1.9.9.109.1.1.1.1.7.1');

/** snmpTrapOID.0: the second varbind of every notification. */
export const SNMP_TRAP_OID = oidOf('1.3.6.1.6.3.1.1.4.1.0');

export interface MibTable {
  /** The conceptual row: column and index follow. */
  readonly entry: Oid;
  /** Readable columns in order, with the first revision that has them. */
  readonly columns: readonly { readonly number: number; readonly name: string; readonly since: '2010' | '2015' }[];
}

type Names = Readonly<Record<number, string>>;

function table(place: string, of2010: Names, of2015: Names = {}): MibTable {
  const columns = [
    ...Object.entries(of2010).map(([number, name]) => ({ number: Number(number), name, since: '2010' as const })),
    ...Object.entries(of2015).map(([number, name]) => ({ number: Number(number), name, since: '2015' as const })),
  ].toSorted((a, b) => a.number - b.number);
  return { entry: [...GDOI, ...place.split('.').map(Number)], columns };
}

function kekColumns(prefix: string): Names {
  const names = [
    'SPI',
    'SrcIdType',
    'SrcIdLength',
    'SrcIdValue',
    'SrcIdPort',
    'DstIdType',
    'DstIdLength',
    'DstIdValue',
    'DstIdPort',
    'IpProtocol',
    'MgmtAlg',
    'EncryptAlg',
    'EncryptKeyLength',
    'SigHashAlg',
    'SigAlg',
    'SigKeyLength',
    'OakleyGroup',
    'OriginalLifetime',
    'RemainingLifetime',
    'Status',
  ];
  return fromSecondColumn(prefix, names);
}

function selectorColumns(prefix: string): Names {
  const names = ['IdType', 'IdLength', 'IdValue', 'IdPort'];
  return fromSecondColumn(prefix, [
    ...names.map((name) => `Src${name}`),
    ...names.map((name) => `Dst${name}`),
    'SecurityProtocol',
  ]);
}

function policyColumns(prefix: string): Names {
  return fromSecondColumn(prefix, [
    'SPI',
    'EncapsulationMode',
    'EncryptionAlgorithm',
    'EncryptionKeyLength',
    'IntegrityAlgorithm',
    'IntegrityKeyLength',
    'WindowSize',
    'OriginalLifetime',
    'RemainingLifetime',
    'Status',
  ]);
}

/** The first column is the row's index and not readable. */
function fromSecondColumn(prefix: string, names: readonly string[]): Names {
  return Object.fromEntries(names.map((name, index) => [index + 2, `${prefix}${name}`]));
}

export const GDOI_TABLES = {
  group: table(
    '1.1.1',
    { 2: 'cgmGdoiGroupIdLength', 4: 'cgmGdoiGroupName' },
    {
      5: 'cgmGdoiGroupMemberCount',
      6: 'cgmGdoiGroupActivePeerKeyServerCount',
      7: 'cgmGdoiGroupLastRekeyRetransmits',
      8: 'cgmGdoiGroupLastRekeyTimeTaken',
    },
  ),
  keyServer: table(
    '1.2.1.1',
    { 2: 'cgmGdoiKeyServerIdLength', 4: 'cgmGdoiKeyServerActiveKEK', 5: 'cgmGdoiKeyServerRekeysPushed' },
    { 6: 'cgmGdoiKeyServerRole', 7: 'cgmGdoiKeyServerRegisteredGMs' },
  ),
  gm: table(
    '1.2.2.1',
    {
      2: 'cgmGdoiGmIdLength',
      4: 'cgmGdoiGmRegKeyServerIdType',
      5: 'cgmGdoiGmRegKeyServerIdLength',
      6: 'cgmGdoiGmRegKeyServerIdValue',
      7: 'cgmGdoiGmActiveKEK',
      8: 'cgmGdoiGmRekeysReceived',
    },
    { 9: 'cgmGdoiGmActiveTEKNum' },
  ),
  coopPeer: table(
    '1.2.3.1',
    {},
    {
      2: 'cgmGdoiCoopPeerIdLength',
      4: 'cgmGdoiCoopPeerRole',
      5: 'cgmGdoiCoopPeerStatus',
      6: 'cgmGdoiCoopPeerRegisteredGMs',
    },
  ),
  ksKek: table('1.3.1.1', kekColumns('cgmGdoiKsKek')),
  gmKek: table('1.3.2.1', kekColumns('cgmGdoiGmKek')),
  ksTekSelector: table('1.3.3.1', selectorColumns('cgmGdoiKsTek')),
  ksTekPolicy: table('1.3.4.1', policyColumns('cgmGdoiKsTek')),
  gmTekSelector: table('1.3.5.1', selectorColumns('cgmGdoiGmTek')),
  gmTekPolicy: table('1.3.6.1', policyColumns('cgmGdoiGmTek')),
} as const;

/** Columns with a lifetime in seconds: original and remaining. */
export const LIFETIME_COLUMNS: readonly Oid[] = [GDOI_TABLES.ksKek, GDOI_TABLES.gmKek]
  .flatMap(({ entry }) => [19, 20].map((column) => [...entry, column]))
  .concat(
    [GDOI_TABLES.ksTekPolicy, GDOI_TABLES.gmTekPolicy].flatMap(({ entry }) =>
      [9, 10].map((column) => [...entry, column]),
    ),
  );

export interface MibNotification {
  /** In `cgmGdoiMIBNotifications`, and in `cgmGdoiNotifCntl` for its switch. */
  readonly number: number;
  readonly name: string;
  readonly since: '2010' | '2015';
}

const NOTIFICATION_NAMES = [
  'cgmGdoiKeyServerNewRegistration',
  'cgmGdoiKeyServerRegistrationComplete',
  'cgmGdoiKeyServerRekeyPushed',
  'cgmGdoiKeyServerNoRsaKeys',
  'cgmGdoiGmRegister',
  'cgmGdoiGmRegistrationComplete',
  'cgmGdoiGmReRegister',
  'cgmGdoiGmRekeyReceived',
  'cgmGdoiGmIncompleteCfg',
  'cgmGdoiGmNoIpSecFlows',
  'cgmGdoiGmRekeyFailure',
  'cgmGdoiKeyServerRoleChange',
  'cgmGdoiKeyServerGmDeleted',
  'cgmGdoiKeyServerPeerReachable',
  'cgmGdoiKeyServerPeerUnreachable',
] as const;

export type NotificationName = (typeof NOTIFICATION_NAMES)[number];

export const NOTIFICATIONS: readonly (MibNotification & { readonly name: NotificationName })[] = NOTIFICATION_NAMES.map(
  (name, index) => ({ number: index + 1, name, since: index < 11 ? '2010' : '2015' }),
);

/** Value of snmpTrapOID.0. */
export function notificationOid(number: number): Oid {
  return [...GDOI, 0, number];
}

/** `cgmGdoiNotifCntl`: whether notification `number` is sent. */
export function notificationSwitch(number: number): Oid {
  return [...GDOI, 1, 4, number, 0];
}

/** `cgmGdoiNotifVars`: objects that only notifications carry. */
export const NOTIFICATION_VARIABLES = {
  groupIdType: [...GDOI, 1, 5, 1, 0],
  groupIdValue: [...GDOI, 1, 5, 2, 0],
  groupName: [...GDOI, 1, 5, 3, 0],
  keyServerIdType: [...GDOI, 1, 5, 4, 0],
  keyServerIdValue: [...GDOI, 1, 5, 5, 0],
  keyServerRole: [...GDOI, 1, 5, 6, 0],
  gmIdType: [...GDOI, 1, 5, 7, 0],
  gmIdValue: [...GDOI, 1, 5, 8, 0],
  peerKsIdType: [...GDOI, 1, 5, 9, 0],
  peerKsIdValue: [...GDOI, 1, 5, 10, 0],
} as const;
