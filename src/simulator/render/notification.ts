/**
 * Notifications of CISCO-GDOI-MIB: which one belongs to a happening, and its varbinds after sysUpTime and snmpTrapOID.
 */
import type { Happening } from '../world/happening.ts';
import {
  GDOI_TABLES,
  type MibNotification,
  type MibRevision,
  NOTIFICATIONS,
  NOTIFICATION_VARIABLES,
  type NotificationName,
} from '../snmp-wire/mib-objects.ts';
import {
  addressIdentity,
  counterValue,
  groupIdentity,
  identityIndex,
  integerValue,
  octetsValue,
  roleValue,
  textValue,
} from '../snmp-wire/mib-values.ts';
import type { Varbind } from '../snmp-wire/pdu.ts';

const NAMES: Readonly<Record<Happening['kind'], NotificationName>> = {
  ks_new_registration: 'cgmGdoiKeyServerNewRegistration',
  ks_registration_complete: 'cgmGdoiKeyServerRegistrationComplete',
  ks_rekey_pushed: 'cgmGdoiKeyServerRekeyPushed',
  gm_register: 'cgmGdoiGmRegister',
  gm_registration_complete: 'cgmGdoiGmRegistrationComplete',
  gm_reregister: 'cgmGdoiGmReRegister',
  gm_rekey_received: 'cgmGdoiGmRekeyReceived',
  gm_rekey_failure: 'cgmGdoiGmRekeyFailure',
  ks_role_change: 'cgmGdoiKeyServerRoleChange',
  ks_gm_deleted: 'cgmGdoiKeyServerGmDeleted',
  ks_peer_reachable: 'cgmGdoiKeyServerPeerReachable',
  ks_peer_unreachable: 'cgmGdoiKeyServerPeerUnreachable',
};

/** Null: the device's MIB is older than that notification. */
export function notificationOf(happening: Happening, revision: MibRevision): MibNotification | null {
  const found = NOTIFICATIONS.find(({ name }) => name === NAMES[happening.kind]);
  return found === undefined || revision === 'none' || found.since > revision ? null : found;
}

export function notificationVarbinds(happening: Happening): Varbind[] {
  switch (happening.kind) {
    case 'ks_new_registration':
    case 'ks_registration_complete':
      return [];
    case 'ks_rekey_pushed': {
      const index = [...groupIndex(happening), ...addressIndex(happening.keyServer)];
      return [{ oid: [...GDOI_TABLES.keyServer.entry, 5, ...index], value: counterValue(happening.sequence) }];
    }
    case 'gm_register':
    case 'gm_registration_complete':
    case 'gm_reregister':
      return registeredKeyServer(happening);
    case 'gm_rekey_failure':
    case 'gm_rekey_received': {
      const sequence = { oid: gmColumn(8, happening), value: counterValue(happening.sequence) };
      return [...registeredKeyServer(happening), sequence];
    }
    case 'ks_role_change':
      return [
        ...groupAndKeyServer(happening),
        { oid: NOTIFICATION_VARIABLES.keyServerRole, value: roleValue(happening.role) },
      ];
    case 'ks_gm_deleted':
      return [...groupAndKeyServer(happening), ...identityPair('gm', happening.gm)];
    case 'ks_peer_reachable':
    case 'ks_peer_unreachable':
      return [...groupAndKeyServer(happening), ...identityPair('peerKs', happening.peer)];
    default:
      return happening satisfies never;
  }
}

type AtGm = Extract<Happening, { gm: string; keyServer: string }>;

/** Group and GM are only in the instance. */
function gmColumn(column: number, { identity, gm }: { readonly identity: string; readonly gm: string }): number[] {
  return [...GDOI_TABLES.gm.entry, column, ...identityIndex(groupIdentity(identity)), ...addressIndex(gm)];
}

function groupIndex({ identity }: { readonly identity: string }): readonly number[] {
  return identityIndex(groupIdentity(identity));
}

function addressIndex(address: string): readonly number[] {
  return identityIndex(addressIdentity(address));
}

function registeredKeyServer(happening: AtGm): Varbind[] {
  const { type, value } = addressIdentity(happening.keyServer);
  return [
    { oid: gmColumn(4, happening), value: integerValue(type) },
    { oid: gmColumn(6, happening), value: octetsValue(value) },
  ];
}

function groupAndKeyServer(place: {
  readonly group: string;
  readonly identity: string;
  readonly keyServer: string;
}): Varbind[] {
  const { type, value } = groupIdentity(place.identity);
  return [
    { oid: NOTIFICATION_VARIABLES.groupIdType, value: integerValue(type) },
    { oid: NOTIFICATION_VARIABLES.groupIdValue, value: octetsValue(value) },
    { oid: NOTIFICATION_VARIABLES.groupName, value: textValue(place.group) },
    ...identityPair('keyServer', place.keyServer),
  ];
}

function identityPair(whose: 'gm' | 'peerKs' | 'keyServer', address: string): Varbind[] {
  const { type, value } = addressIdentity(address);
  return [
    { oid: NOTIFICATION_VARIABLES[`${whose}IdType`], value: integerValue(type) },
    { oid: NOTIFICATION_VARIABLES[`${whose}IdValue`], value: octetsValue(value) },
  ];
}
