/**
 * The rows of CISCO-GDOI-MIB from the state machines that also answer on the command line. They differ from the CLI
 * only as the MIB does: no registration status, no registration counters, and "rekeys received" is a sequence number.
 */
import type { EpochMs } from '../../kernel/clock.ts';
import type { AnswerSource } from './answer.ts';
import type { GroupMember } from '../world/group-member.ts';
import type { KeyServer, KsGroupConfig } from '../world/key-server.ts';
import type { GDOI_TABLES } from '../snmp-wire/mib-objects.ts';
import {
  ANY_IDENTITY,
  type MibIdentity,
  addressIdentity,
  counterValue,
  groupIdentity,
  identityIndex,
  integerValue,
  octetsValue,
  roleValue,
  textValue,
  unsignedValue,
  word,
} from '../snmp-wire/mib-values.ts';
import { kekFacts } from './render-gm.ts';
import { secondsLeft } from './render-text.ts';
import type { Oid } from '../snmp-wire/oid.ts';
import type { SnmpValue } from '../snmp-wire/pdu.ts';

export interface MibRow {
  readonly index: Oid;
  /** By column number. */
  readonly cells: Readonly<Record<number, SnmpValue>>;
}

export type MibRows = Readonly<Record<keyof typeof GDOI_TABLES, readonly MibRow[]>>;

/** GDOI's own port. */
const GDOI_PORT = octetsValue(Buffer.from([848 >> 8, 848 & 0xff]));
const ANY_PORT = octetsValue(Buffer.alloc(2));
const NO_KEK = octetsValue(Buffer.alloc(16));
const NO_SERVER = addressIdentity('0.0.0.0');
const UDP = 2;
const NO_KEY_TREE = 0;
const RSA = 1;
const SHA1 = 2;
const NO_PFS = 0;
const TUNNEL = 1;
const ESP = 1;
const KEK_STATUS = { inUse: 1, new: 2, old: 3 } as const;
const TEK_STATUS = { inbound: 1, outbound: 2, notInUse: 3 } as const;
const PEER_STATUS = { alive: 1, dead: 2, unknown: 3 } as const;
/** `CgmGdoiEncryptionAlgorithm`, of a TEK `CgmGdoiIntegrityAlgorithm` too. */
const CIPHERS = {
  AES: { encryption: 12, tekKeyBits: 256, integrity: 12, integrityBits: 256 },
  '3DES': { encryption: 3, tekKeyBits: 192, integrity: 2, integrityBits: 160 },
} as const;

export function gdoiRows({ memberships, keyServers }: AnswerSource, nowMs: EpochMs): MibRows {
  return {
    group: [...memberships.map((gm) => gmGroupRow(gm)), ...keyServers.map((ks) => ksGroupRow(ks))],
    keyServer: keyServers.map((ks) => keyServerRow(ks)),
    gm: memberships.map((gm) => gmRow(gm)),
    coopPeer: keyServers.flatMap((ks) => ks.peers.map((peer) => coopPeerRow(ks, peer))),
    ksKek: keyServers.flatMap((ks) => ksKekRows(ks, nowMs)),
    gmKek: memberships.flatMap((gm) => gmKekRows(gm, nowMs)),
    ksTekSelector: keyServers.flatMap((ks) => selectorRows(ksIndex(ks), ks.policy === null ? null : ks.config)),
    ksTekPolicy: keyServers.flatMap((ks) => ksTekRows(ks, nowMs)),
    gmTekSelector: memberships.flatMap((gm) =>
      selectorRows(gmIndex(gm), gm.teks().length === 0 ? null : (gm.policySource?.config ?? null)),
    ),
    gmTekPolicy: memberships.flatMap((gm) => gmTekRows(gm, nowMs)),
  };
}

function groupIndex(identity: string): Oid {
  return identityIndex(groupIdentity(identity));
}

function ksIndex(ks: KeyServer): Oid {
  return [...groupIndex(ks.config.identity), ...identityIndex(addressIdentity(ks.address))];
}

function gmIndex(gm: { readonly address: string; readonly config: { readonly identity: string } }): Oid {
  return [...groupIndex(gm.config.identity), ...identityIndex(addressIdentity(gm.address))];
}

/** The four columns of the group's key server side stay 0 on a GM. */
function gmGroupRow(gm: GroupMember): MibRow {
  return groupRow(gm.config, { members: 0, peers: 0, retransmits: 0, durationMs: 0 });
}

function ksGroupRow(ks: KeyServer): MibRow {
  const primary = ks.role === 'primary';
  return groupRow(ks.config, {
    members: ks.rows.size,
    peers: ks.peers.filter((peer) => ks.hears(peer)).length,
    retransmits: primary ? ks.lastRekeyRetransmits : 0,
    durationMs: primary ? ks.lastRekeyDurationMs : 0,
  });
}

function groupRow(
  { identity, name }: { readonly identity: string; readonly name: string },
  counts: {
    readonly members: number;
    readonly peers: number;
    readonly retransmits: number;
    readonly durationMs: number;
  },
): MibRow {
  return {
    index: groupIndex(identity),
    cells: {
      2: unsignedValue(groupIdentity(identity).value.length),
      4: textValue(name),
      5: unsignedValue(counts.members),
      6: unsignedValue(counts.peers),
      7: unsignedValue(counts.retransmits),
      8: unsignedValue(counts.durationMs),
    },
  };
}

function keyServerRow(ks: KeyServer): MibRow {
  return {
    index: ksIndex(ks),
    cells: {
      2: unsignedValue(4),
      4: ks.policy === null ? NO_KEK : octetsValue(Buffer.from(ks.policy.kek.spi, 'hex')),
      5: counterValue(ks.policy?.sequence ?? 0),
      6: roleValue(ks.role),
      7: unsignedValue([...ks.rows.values()].filter((row) => row.keyServer === ks).length),
    },
  };
}

function gmRow(gm: GroupMember): MibRow {
  const keyServer = (gm.shownStatus() === 'Registered' ? null : gm.registeringTo) ?? gm.registeredWith;
  const server = keyServer === null ? NO_SERVER : addressIdentity(keyServer.address);
  return {
    index: gmIndex(gm),
    cells: {
      2: unsignedValue(4),
      4: integerValue(server.type),
      5: unsignedValue(server.value.length),
      6: octetsValue(server.value),
      7: gm.kek === null ? NO_KEK : octetsValue(Buffer.from(gm.kek.spi, 'hex')),
      8: counterValue(gm.lastRekeySequence),
      9: counterValue(gm.teks().length),
    },
  };
}

/** In the MIB a secondary shows another secondary as unknown. */
function coopPeerRow(ks: KeyServer, peer: KeyServer): MibRow {
  const heard = ks.hears(peer);
  const bothSecondary = ks.role === 'secondary' && peer.role === 'secondary';
  const status = bothSecondary ? 'unknown' : heard ? 'alive' : 'dead';
  return {
    index: [...groupIndex(ks.config.identity), ...identityIndex(addressIdentity(peer.address))],
    cells: {
      2: unsignedValue(4),
      4: roleValue(heard ? peer.role : 'none'),
      5: integerValue(PEER_STATUS[status]),
      6: unsignedValue([...ks.rows.values()].filter((row) => row.keyServer === peer).length),
    },
  };
}

/** Two rows while a new KEK is being sent: the old one still protects the rekeys. */
function ksKekRows(ks: KeyServer, nowMs: EpochMs): MibRow[] {
  const { policy, config } = ks;
  if (policy === null) return [];
  const ends = {
    source: addressIdentity(ks.address),
    destination: destinationOf(config, ANY_IDENTITY),
  };
  const row = (number: number, kek: { readonly spi: string; readonly expiryMs: EpochMs }, status: number) =>
    kekRow([...ksIndex(ks), number], config, {
      ...ends,
      spi: kek.spi,
      remainingSeconds: secondsLeft(kek.expiryMs, nowMs),
      status,
    });
  const replaced = ks.replacedKek();
  if (replaced === null) return [row(policy.kekNumber, policy.kek, KEK_STATUS.inUse)];
  return [row(policy.kekNumber - 1, replaced, KEK_STATUS.inUse), row(policy.kekNumber, policy.kek, KEK_STATUS.new)];
}

/** An expired KEK stays with 0 s until a new one comes; one that was given up at a re-registration is gone. */
function gmKekRows(gm: GroupMember, nowMs: EpochMs): MibRow[] {
  const { policySource } = gm;
  if (policySource === null) return [];
  const expired = gm.lastKek !== null && gm.lastKek.expiryMs <= nowMs ? gm.lastKek : null;
  const kek = gm.kek ?? expired;
  if (kek === null) return [];
  const remainingSeconds = secondsLeft(kek.expiryMs, nowMs);
  const row = kekRow([...gmIndex(gm), gm.kekNumber], policySource.config, {
    source: addressIdentity(policySource.address),
    destination: destinationOf(policySource.config, addressIdentity(gm.address)),
    spi: kek.spi,
    remainingSeconds,
    status: remainingSeconds === 0 ? KEK_STATUS.old : KEK_STATUS.inUse,
  });
  return [row];
}

function destinationOf(config: KsGroupConfig, unicast: MibIdentity): MibIdentity {
  return config.timers.transport === 'multicast' ? addressIdentity(config.multicastAddress) : unicast;
}

function kekRow(
  index: Oid,
  config: KsGroupConfig,
  kek: {
    readonly source: MibIdentity;
    readonly destination: MibIdentity;
    readonly spi: string;
    readonly remainingSeconds: number;
    readonly status: number;
  },
): MibRow {
  const { keyBits, signatureBits } = kekFacts(config);
  return {
    index,
    cells: {
      2: octetsValue(Buffer.from(kek.spi, 'hex')),
      3: integerValue(kek.source.type),
      4: unsignedValue(kek.source.value.length),
      5: octetsValue(kek.source.value),
      6: GDOI_PORT,
      7: integerValue(kek.destination.type),
      8: unsignedValue(kek.destination.value.length),
      9: octetsValue(kek.destination.value),
      10: GDOI_PORT,
      11: integerValue(UDP),
      12: integerValue(NO_KEY_TREE),
      13: integerValue(CIPHERS[config.kekCipher].encryption),
      14: unsignedValue(keyBits),
      15: integerValue(SHA1),
      16: integerValue(RSA),
      17: unsignedValue(signatureBits),
      18: integerValue(NO_PFS),
      19: unsignedValue(config.timers.kekLifetimeMs / 1000),
      20: unsignedValue(kek.remainingSeconds),
      21: integerValue(kek.status),
    },
  };
}

/** One for each permit entry of the policy; the entries here permit everything. */
function permits(config: KsGroupConfig): readonly string[] {
  return config.acl.filter((entry) => entry.startsWith('permit '));
}

function selectorRows(owner: Oid, config: KsGroupConfig | null): MibRow[] {
  if (config === null) return [];
  const { type, value } = ANY_IDENTITY;
  const any = [integerValue(type), unsignedValue(value.length), octetsValue(value), ANY_PORT] as const;
  return permits(config).map((_, position) => ({
    index: [...owner, position + 1],
    cells: {
      2: any[0],
      3: any[1],
      4: any[2],
      5: any[3],
      6: any[0],
      7: any[1],
      8: any[2],
      9: any[3],
      10: integerValue(ESP),
    },
  }));
}

interface TekFacts {
  readonly spi: number;
  readonly lifetimeMs: number;
  readonly expiryMs: EpochMs;
}

/** In the order of `ks policy`: the newest first. */
function ksTekRows(ks: KeyServer, nowMs: EpochMs): MibRow[] {
  const { policy, config } = ks;
  if (policy === null) return [];
  return tekRows(
    ksIndex(ks),
    config,
    policy.teks.map((tek) => ({
      tek,
      status: tek.expiryMs > nowMs ? TEK_STATUS.outbound : TEK_STATUS.notInUse,
    })),
    nowMs,
  );
}

function gmTekRows(gm: GroupMember, nowMs: EpochMs): MibRow[] {
  const config = gm.policySource?.config;
  if (config === undefined) return [];
  return tekRows(
    gmIndex(gm),
    config,
    gm.teks().flatMap((tek) => [
      { tek, status: TEK_STATUS.inbound },
      { tek, status: TEK_STATUS.outbound },
    ]),
    nowMs,
  );
}

interface ShownTek {
  readonly tek: TekFacts;
  readonly status: number;
}

function tekRows(owner: Oid, config: KsGroupConfig, policies: readonly ShownTek[], nowMs: EpochMs): MibRow[] {
  return permits(config).flatMap((_, selector) =>
    policies.map(({ tek, status }, position) =>
      tekRow([...owner, selector + 1, position + 1], config, { tek, status }, nowMs),
    ),
  );
}

function tekRow(index: Oid, config: KsGroupConfig, { tek, status }: ShownTek, nowMs: EpochMs): MibRow {
  const cipher = CIPHERS[config.kekCipher];
  return {
    index,
    cells: {
      2: octetsValue(word(tek.spi)),
      3: integerValue(TUNNEL),
      4: integerValue(cipher.encryption),
      5: unsignedValue(cipher.tekKeyBits),
      6: integerValue(cipher.integrity),
      7: unsignedValue(cipher.integrityBits),
      8: unsignedValue(config.antiReplay.window),
      9: unsignedValue(tek.lifetimeMs / 1000),
      10: unsignedValue(secondsLeft(tek.expiryMs, nowMs)),
      11: integerValue(status),
    },
  };
}
