/**
 * Does what stands for one target (session, connection, what was learned) serve another one of the same device? What is
 * `ignored` is taken from the target at each use.
 */
import {
  absentIsNull,
  identical,
  ignored,
  orNull,
  sameEach,
  type Same,
  sameIn,
  sameSecret,
} from '../kernel/same-fields.ts';
import type { Secret } from '../kernel/secret.ts';
import type { RestconfCredential, RestconfTarget, RestconfTrust } from './device-restconf.ts';
import type { JumpTarget, SshTarget } from './device-session.ts';
import type { SnmpCredential, SnmpTarget } from './device-snmp.ts';

/** The ways to a device. Each has targets and credentials of its own. */
export type AccessWay = 'ssh' | 'snmp' | 'restconf';

export const sameJumps = sameEach(
  sameIn<JumpTarget>({
    name: identical,
    host: identical,
    port: identical,
    username: identical,
    password: sameSecret,
    privateKey: sameSecret,
    passphrase: sameSecret,
    agent: absentIsNull,
    hostKeys: identical,
    algorithms: identical,
  }),
);

export const sameSshTarget = sameIn<SshTarget>({
  // sessions are found by it
  device: ignored,
  host: identical,
  port: identical,
  // only a login needs it
  credentialName: ignored,
  username: identical,
  password: sameSecret,
  privateKey: sameSecret,
  passphrase: sameSecret,
  agent: absentIsNull,
  jumps: sameJumps,
  sourceAddress: absentIsNull,
  enablePassword: sameSecret,
  hostKeys: identical,
  algorithms: identical,
  // after each poll
  session: ignored,
  // set at each poll
  timeoutMs: ignored,
});

const sameSecurity = orNull(
  sameIn<{ readonly protocol: string; readonly password: Secret }>({ protocol: identical, password: sameSecret }),
);
const sameCommunity = sameIn<Extract<SnmpCredential, { version: '2c' }>>({ version: identical, community: sameSecret });
const sameUser = sameIn<Extract<SnmpCredential, { version: 3 }>>({
  version: identical,
  username: identical,
  auth: sameSecurity,
  privacy: sameSecurity,
});

export const sameSnmpCredential: Same<SnmpCredential> = (a, b) => {
  if (a.version === '2c') return b.version === '2c' && sameCommunity(a, b);
  return b.version === 3 && sameUser(a, b);
};

export const sameSnmpTarget = sameIn<SnmpTarget>({
  // what was learned is found by it
  device: ignored,
  host: identical,
  port: identical,
  credentialName: ignored,
  credential: sameSnmpCredential,
  sourceAddress: absentIsNull,
  context: absentIsNull,
  anySource: absentIsNull,
  timeoutMs: ignored,
});

export const sameRestconfCredential = sameIn<RestconfCredential>({
  username: identical,
  password: sameSecret,
  client: orNull(
    sameIn<NonNullable<RestconfCredential['client']>>({
      certificate: identical,
      key: sameSecret,
      passphrase: sameSecret,
    }),
  ),
});

export const sameRestconfTrust = sameIn<RestconfTrust>({
  authorities: identical,
  serverName: identical,
  fingerprint: identical,
  certificates: identical,
});

/** A connection keeps the target it was made for. */
export const sameRestconfTarget = sameIn<RestconfTarget>({
  // connections are found by it
  device: ignored,
  host: identical,
  port: identical,
  sourceAddress: absentIsNull,
  credentialName: identical,
  credential: sameRestconfCredential,
  trust: sameRestconfTrust,
  timeoutMs: identical,
});
