/**
 * The operational model of crypto from the state machines that also answer on the command line: JSON according to RFC
 * 7951, without leaves whose condition does not hold, remaining lifetimes relative to the instant in the model.
 *
 * GDOI came into the model with IOS XE 17.5.1. Instants are cut to the second, on the device's clock.
 */
import type { EpochMs } from '../../kernel/clock.ts';
import type { GroupMember } from '../world/group-member.ts';
import type { KeyServer, MemberRow } from '../world/key-server.ts';
import { hex32, type Kek, type Tek } from '../world/keys.ts';
import type { AnswerSource } from './answer.ts';
import { systemDescription } from './render-device.ts';
import { isMulticast, kekFacts, trafficOf } from './render-gm.ts';

const CRYPTO_MODULE = 'Cisco-IOS-XE-crypto-oper';
const HARDWARE_MODULE = 'Cisco-IOS-XE-device-hardware-oper';
const CRYPTO_PATH = `/restconf/data/${CRYPTO_MODULE}:crypto-oper-data/`;
const SYSTEM_PATH = `/restconf/data/${HARDWARE_MODULE}:device-hardware-data/device-hardware/device-system-data`;
const CPU_MODULE = 'Cisco-IOS-XE-process-cpu-oper';
const CPU_PATH = `/restconf/data/${CPU_MODULE}:cpu-usage/cpu-utilization/one-minute`;
const LIBRARY_PATH = '/restconf/data/ietf-yang-library:modules-state?fields=module(name;revision)';
const REVISION = '2021-03-01';
const REVISION_BEFORE_GDOI = '2020-07-01';

type Leaf = string | number | boolean;
interface Entry {
  readonly [leaf: string]: Leaf | Entry | readonly (Entry | Leaf)[];
}

/** `module`: the part of the model that the device has; `release`: according to its release. */
export interface YangView {
  readonly module: 'release' | 'without-gdoi';
}

export type YangDocument =
  | { readonly kind: 'document'; readonly body: object }
  | { readonly kind: 'empty' }
  | { readonly kind: 'unknown' };

/** The document of a path; `empty`: the node has no instance; `unknown`: the device has no such node. */
export function renderYang(source: AnswerSource, path: string, nowMs: EpochMs, view: YangView): YangDocument {
  const hasGdoi = view.module === 'release' && showsGdoi(source.device.release.version);
  if (path === LIBRARY_PATH) return { kind: 'document', body: yangLibrary(hasGdoi) };
  if (path === SYSTEM_PATH) return { kind: 'document', body: systemData(source, nowMs) };
  if (path === CPU_PATH) return { kind: 'document', body: { [`${CPU_MODULE}:one-minute`]: source.device.cpuPercent } };
  const node = path.startsWith(CRYPTO_PATH) && hasGdoi ? path.slice(CRYPTO_PATH.length) : '';
  const render = NODES.get(node);
  if (render === undefined) return { kind: 'unknown' };
  const entries = render(source, nowMs);
  return entries.length === 0
    ? { kind: 'empty' }
    : { kind: 'document', body: { [`${CRYPTO_MODULE}:${node}`]: entries } };
}

/** `17.6.4` and later; 17.4 and every 16 have none of it. */
export function showsGdoi(version: string): boolean {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)\./.exec(version) ?? [];
  return Number(major) > 17 || (Number(major) === 17 && Number(minor) >= 5);
}

function yangLibrary(hasGdoi: boolean): object {
  const module = (name: string, revision: string) => ({ name, revision });
  return {
    'ietf-yang-library:modules-state': {
      module: [
        module('Cisco-IOS-XE-acl-oper', '2020-03-01'),
        module(CRYPTO_MODULE, hasGdoi ? REVISION : REVISION_BEFORE_GDOI),
        module(HARDWARE_MODULE, '2020-11-01'),
        module(CPU_MODULE, '2020-03-01'),
        module('ietf-interfaces', '2014-05-08'),
      ],
    },
  };
}

function systemData({ device }: AnswerSource, nowMs: EpochMs): object {
  return {
    [`${HARDWARE_MODULE}:device-system-data`]: {
      'current-time': dateAndTime(nowMs),
      'boot-time': dateAndTime(device.bootMs),
      'software-version': systemDescription(device).replaceAll('\r\n', '\n'),
      'rommon-version': 'IOS-XE ROMMON',
      'last-reboot-reason': device.reloadReason,
    },
  };
}

type RenderNode = (source: AnswerSource, nowMs: EpochMs) => readonly Entry[];

const NODES: ReadonlyMap<string, RenderNode> = new Map<string, RenderNode>([
  ['gdoi-gm', ({ memberships }) => memberships.map(gmEntry)],
  ['gdoi-gm-rekey', ({ memberships }) => memberships.map(gmRekeyEntry)],
  ['gdoi-rekey-sa', rekeySaEntries],
  ['gdoi-gm-replay', ({ memberships }, nowMs) => memberships.map((gm) => replayEntry(gm, nowMs))],
  ['gdoi-gm-dp-counters', ({ memberships }, nowMs) => memberships.map((gm) => dataplaneEntry(gm, nowMs))],
  ['gdoi-ks', ({ keyServers }) => keyServers.map(ksEntry)],
  ['gdoi-ks-policy', ({ keyServers }) => keyServers.map(ksPolicyEntry)],
  ['gdoi-ks-mem', ({ keyServers }) => keyServers.map(ksMembersEntry)],
  ['gdoi-ks-coop', ({ keyServers }) => keyServers.map(ksCoopEntry)],
  ['gdoi-ks-rekey', ({ keyServers }) => keyServers.map(ksRekeyEntry)],
]);

function dateAndTime(atMs: EpochMs): string {
  return `${new Date(Math.floor(atMs / 1000) * 1000).toISOString().slice(0, 19)}+00:00`;
}

function secondsBetween(fromMs: EpochMs, toMs: EpochMs): number {
  return Math.max(0, Math.floor(toMs / 1000) - Math.floor(fromMs / 1000));
}

const GM_STATE = {
  Registered: 'crypto-reg-status-registered',
  Registering: 'crypto-reg-status-registering',
  'Not Registered': 'crypto-reg-status-uninit',
} as const;

function gmEntry(gm: GroupMember): Entry {
  const status = gm.shownStatus();
  const registered = status === 'Registered';
  const reregistersAtMs = gm.reregistersAtMs();
  const { registeredAtMs } = gm;
  return {
    'group-name': gm.config.name,
    'sa-dir': 'crypto-sa-dir-both',
    'acl-rcvd': `gdoi_group_${gm.config.name}_temp_acl`,
    'gm-entry': [
      {
        'group-name': gm.config.name,
        'local-addr': gm.address,
        'remote-addr': gm.registeredWith?.address ?? '0.0.0.0',
        'vrf-enabled': false,
        ...(gm.device.release.gmVersion === null ? {} : { 'gm-ver': gm.device.release.gmVersion }),
        'gm-state': GM_STATE[status],
        ...(registered && registeredAtMs !== null ? { 'prev-reg-time': dateAndTime(registeredAtMs) } : {}),
        'secs-to-re-reg':
          reregistersAtMs === null || registeredAtMs === null ? 0 : secondsBetween(registeredAtMs, reregistersAtMs),
        'succ-reg': gm.succeeded,
        'att-reg': gm.attempted,
        'last-rekey-from-ks': gm.lastRekeyFrom ?? '0.0.0.0',
        'last-rekey-seq-num': gm.lastRekeySequence,
        ...(registered && gm.lastRekeyAtMs !== null && gm.rekeysReceived > 0
          ? { 'last-rekey-time': dateAndTime(gm.lastRekeyAtMs) }
          : {}),
        ...(registered ? { 'rekeys-rcvd': gm.rekeysReceived, 'rekey-acks-sent': gm.acksSent } : {}),
        'pfs-rekeys': 0,
        'dp-error': false,
        'active-tek-count': gm.teks().length,
        'sa-track': false,
        'fail-close-revert': false,
      },
    ],
  };
}

function transportOf(multicast: boolean): string {
  return multicast ? 'crypto-rekey-transport-multicast' : 'crypto-rekey-transport-unicast';
}

function gmRekeyEntry(gm: GroupMember): Entry {
  return {
    'group-name': gm.config.name,
    'transport-type': transportOf(isMulticast(gm)),
    'total-rekeys-rcv': gm.rekeysReceived,
    'rekeys-rcv-after-reg': gm.rekeysSinceRegistration,
    'rekey-acks-sent': gm.acksSent,
    detail: false,
  };
}

function rekeySaEntries({ memberships, keyServers }: AnswerSource): readonly Entry[] {
  return [
    ...memberships.map((gm) => ({
      'group-name': gm.config.name,
      ...(gm.kek === null || gm.policySource === null
        ? {}
        : { 'kek-entry': [gmKekEntry(gm, gm.policySource, gm.kek)] }),
    })),
    ...keyServers.flatMap((ks) =>
      ks.policy === null
        ? []
        : [{ 'group-name': ks.config.name, 'kek-entry': [{ ...kekLeaves(ks, ks.policy.kek.spi), 'gm-mode': false }] }],
    ),
  ];
}

function gmKekEntry(
  gm: GroupMember,
  source: KeyServer,
  kek: { readonly spi: string; readonly expiryMs: EpochMs },
): Entry {
  const lifetimeMs = source.config.timers.kekLifetimeMs;
  return {
    ...kekLeaves(source, kek.spi),
    'transport-type': transportOf(isMulticast(gm)),
    'local-addr': gm.address,
    'remote-addr': source.address,
    'birth-time': dateAndTime(kek.expiryMs - lifetimeMs),
    'orig-life': lifetimeMs / 1000,
    'seq-num': gm.lastRekeySequence,
    'gm-mode': true,
    'if-name': gm.config.interface,
  };
}

function kekLeaves(ks: KeyServer, spi: string): Entry {
  const facts = kekFacts(ks.config);
  return {
    'kek-spi': spi.toLowerCase(),
    'mgmt-alg': true,
    'encr-alg': ks.config.kekCipher === 'AES' ? 'crypto-encr-aes' : 'crypto-encr-3des',
    'key-size': facts.keyBits / 8,
    'sig-hash-alg': true,
    'sig-key-len': facts.signatureBits,
  };
}

function replayEntry(gm: GroupMember, nowMs: EpochMs): Entry {
  const antiReplay = gm.policySource?.config.antiReplay;
  if (antiReplay?.kind !== 'time') return { 'group-name': gm.config.name, 'time-based-replay': false };
  const { received, sent } = trafficOf(gm, nowMs);
  return {
    'group-name': gm.config.name,
    'time-based-replay': true,
    'replay-value': antiReplay.window,
    'input-pkts': received,
    'output-pkts': sent,
    'input-error-pkts': 0,
    'output-error-pkts': 0,
    'time-sync-error': 0,
    'max-time-delta': 0,
  };
}

function dataplaneEntry(gm: GroupMember, nowMs: EpochMs): Entry {
  const { received, sent } = trafficOf(gm, nowMs);
  return {
    'group-name': gm.config.name,
    'pkts-encrypt': sent,
    'pkts-decrypt': received,
    'pkts-no-sa': 0,
    'pkts-invalid-sa': 0,
    'pkts-encaps-fail': 0,
    'pkts-decap-fail': 0,
    'pkts-invalid-prot': 0,
    'pkts-verify-fail': 0,
    'pkts-not-tagged': 0,
    'pkts-not-untagged': 0,
    'pkts-internal-err-send': 0,
    'pkts-internal-err-rcv': 0,
  };
}

const KS_ROLE = {
  primary: 'crypto-ks-role-primary',
  secondary: 'crypto-ks-role-secondary',
  none: 'crypto-ks-role-invalid',
} as const;

function ksEntry(ks: KeyServer): Entry {
  return {
    'group-name': ks.config.name,
    'group-id': Number(ks.config.identity),
    're-auth': false,
    'group-type': 'crypto-group-type-gdoi',
    'total-mem': ks.rows.size,
    'gdoi-mem': ks.rows.size,
    'gikev2-mem': 0,
    'rekey-ack': 'crypto-rekey-ack-cisco',
    'sa-dir': 'crypto-sa-dir-both',
    pfs: false,
    redundancy: ks.redundancy,
    'ks-addr': ks.address,
    priority: ks.priority,
    ...(ks.redundancy ? { role: KS_ROLE[ks.role], status: 'crypto-ks-status-alive' } : {}),
    version: ks.device.release.ksVersion,
    acl: [ks.config.aclName],
  };
}

function ksPolicyEntry(ks: KeyServer): Entry {
  const { policy } = ks;
  const head = { 'ks-ip': ks.address, 'total-tek': policy?.teks.length ?? 0, 'seq-num': policy?.sequence ?? 0 };
  return {
    'group-name': ks.config.name,
    'ks-entry': [
      policy === null
        ? { ...head, 'valid-kek': false }
        : {
            ...head,
            'valid-kek': true,
            kek: {
              ...kekLeaves(ks, policy.kek.spi),
              'rekey-transport-type': transportOf(ks.config.timers.transport === 'multicast'),
              'kek-birth-time': dateAndTime(policy.kek.createdAtMs),
              ...lifeOf(policy.kek, ks.kekLeadMs()),
              'sig-key-name': 'REKEYRSA',
            },
            tek: policy.teks.map((tek, index) => ({
              'encaps-mode': 'crypto-encaps-mode-tunnel',
              'tek-spi': `0x${hex32(tek.spi)}`,
              acl: ks.config.aclName,
              'tek-birth-time': dateAndTime(tek.createdAtMs),
              ...lifeOf(tek, index === 0 ? ks.tekLeadMs() : null),
            })),
          },
    ],
  };
}

/** Both countdowns start at the key's creation; a key that was replaced has no rekey before it. */
function lifeOf(key: Kek | Tek, leadMs: number | null): Entry {
  const whole = key.lifetimeMs / 1000;
  return {
    'orig-life': whole,
    'rem-life': secondsBetween(key.createdAtMs, key.expiryMs),
    ...(leadMs === null ? {} : { 'time-to-rekey': secondsBetween(key.createdAtMs, key.expiryMs - leadMs) }),
  };
}

function ksMembersEntry(ks: KeyServer): Entry {
  return {
    'group-name': ks.config.name,
    'group-id': Number(ks.config.identity),
    'tot-group-mem': ks.rows.size,
    'num-rekeys-sent': ks.rekeysSent,
    'num-rexmit': ks.lastRekeyRetransmits,
    duration: ks.lastRekeyDurationMs,
    'ks-entry': [
      {
        'ks-ip': ks.address,
        'gmdb-state': 'crypto-ks-state-local',
        'group-mem': [...ks.rows.values()].filter((row) => row.keyServer === ks).length,
      },
    ],
    'gm-entry': [...ks.rows.values()].map(memberEntry),
  };
}

function memberEntry(row: MemberRow, index: number): Entry {
  return {
    'gm-number': index + 1,
    'gm-id': row.gm.address,
    'gm-ver': row.version,
    'group-type': 'crypto-group-type-gdoi',
    'gm-state': 'crypto-reg-status-registered',
    'ks-id': row.keyServer.address,
    'rekeys-sent': row.rekeysSent,
    'rekey-retries': row.rekeyRetries,
    'rekey-acks-rcvd': row.acksReceived,
    'rekey-acks-missed': row.acksMissed,
  };
}

function ksCoopEntry(ks: KeyServer): Entry {
  if (!ks.redundancy) return { 'group-name': ks.config.name, redundancy: false };
  return {
    'group-name': ks.config.name,
    redundancy: true,
    'local-ks': {
      'ks-addr': ks.address,
      priority: ks.priority,
      role: KS_ROLE[ks.role],
      status: 'crypto-ks-status-alive',
      version: ks.device.release.ksVersion,
    },
    'peer-ks': ks.peers.map((peer) => {
      const heard = ks.hears(peer);
      const bothSecondary = ks.role === 'secondary' && peer.role === 'secondary';
      return {
        'ks-addr': peer.address,
        priority: peer.priority,
        role: KS_ROLE[heard ? peer.role : 'none'],
        status: `crypto-ks-status-${bothSecondary ? 'unknown' : heard ? 'alive' : 'dead'}`,
        version: peer.device.release.ksVersion,
      };
    }),
  };
}

function ksRekeyEntry(ks: KeyServer): Entry {
  const { timers } = ks.config;
  return {
    'group-name': ks.config.name,
    'rekey-ack': 'crypto-rekey-ack-cisco',
    'rekey-in-progress': false,
    'rekeys-sent': ks.rekeysSent,
    'kek-lifetime': timers.kekLifetimeMs / 1000,
    'rexmit-period': timers.retransmitPeriodMs / 1000,
    'num-rexmit': timers.retransmitAttempts,
  };
}
