/**
 * A notification of CISCO-GDOI-MIB as a value: what `mib/` decodes and the tracker weighs. A trap is lost without
 * notice and easily forged: it sharpens when something happened and asks for a poll, and proves nothing alone.
 */

/** The MIB's 15 notifications without the `cgmGdoi` prefix, in the order of their numbers (1 to 15). */
export const GDOI_TRAPS = [
  'KeyServerNewRegistration',
  'KeyServerRegistrationComplete',
  'KeyServerRekeyPushed',
  'KeyServerNoRsaKeys',
  'GmRegister',
  'GmRegistrationComplete',
  'GmReRegister',
  'GmRekeyReceived',
  'GmIncompleteCfg',
  'GmNoIpSecFlows',
  'GmRekeyFailure',
  'KeyServerRoleChange',
  'KeyServerGmDeleted',
  'KeyServerPeerReachable',
  'KeyServerPeerUnreachable',
] as const;
export type GdoiTrapName = (typeof GDOI_TRAPS)[number];

export interface GdoiTrap {
  readonly name: GdoiTrapName;
  /** The group's identity as the CLI prints it (`3333`, an address); null: the trap does not say (1, 2, 4, 9, 10). */
  readonly groupIdentity: string | null;
  /** Only in 12 to 15. */
  readonly groupName: string | null;
  readonly gmAddress: string | null;
  readonly keyServer: string | null;
  readonly peer: string | null;
  readonly keyServerRole: 'primary' | 'secondary' | 'unknown' | null;
  /** Sequence number of the rekey (3, 8, 11): typed as a counter, and none. */
  readonly rekeySequence: number | null;
}
