/** The model's enumerations in the words that the CLI prints. A word that is not listed here proves nothing. */
import type { KsRole, RekeyTransport } from '../gdoi/seen/snapshot.ts';

/**
 * Status as `show crypto gdoi` prints it, and whether the GM has the group's policy; null: the device does not know.
 */
export interface GmState {
  readonly status: string;
  readonly registered: boolean | null;
}

export const GM_STATES: ReadonlyMap<string, GmState> = new Map([
  ['crypto-reg-status-uninit', { status: 'Uninitialized', registered: false }],
  ['crypto-reg-status-registering', { status: 'Registering', registered: false }],
  // It keeps its keys while it asks for new ones, and the CLI says `Registering` then.
  ['crypto-reg-status-re-registering', { status: 'Re-registering', registered: false }],
  ['crypto-reg-status-registered', { status: 'Registered', registered: true }],
  ['crypto-reg-status-unknown', { status: 'Unknown', registered: null }],
]);

export const REKEY_TRANSPORTS: ReadonlyMap<string, RekeyTransport> = new Map([
  ['crypto-rekey-transport-multicast', 'multicast'],
  ['crypto-rekey-transport-unicast', 'unicast'],
]);

export const REKEY_ENCRYPTION: ReadonlyMap<string, string> = new Map([
  ['crypto-encr-des', 'DES'],
  ['crypto-encr-3des', '3DES'],
  ['crypto-encr-aes', 'AES'],
  ['crypto-encr-unsupported', 'unsupported'],
]);

export const KS_ROLES: ReadonlyMap<string, KsRole> = new Map([
  ['crypto-ks-role-primary', 'primary'],
  ['crypto-ks-role-secondary', 'secondary'],
  ['crypto-ks-role-invalid', 'unknown'],
]);

/** `Unknown` is what a secondary says of another secondary. */
export const KS_STATUSES: ReadonlyMap<string, string> = new Map([
  ['crypto-ks-status-alive', 'Alive'],
  ['crypto-ks-status-dead', 'Dead'],
  ['crypto-ks-status-unknown', 'Unknown'],
  ['crypto-ks-status-invalid', 'Unknown'],
]);
