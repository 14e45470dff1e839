/**
 * A GM's group as the operational model shows it: registration state and counters from `gdoi-gm`, rekey counters from
 * `gdoi-gm-rekey`, its KEK from `gdoi-rekey-sa`. TEKs have no list of their own there and stay unknown.
 */
import { shownSeconds } from '../gdoi/seen/countdown.ts';
import type { EpochMs } from '../gdoi/seen/instant.ts';
import {
  emptyGmSnapshot,
  type GmDataplane,
  type GmKek,
  type GmReplay,
  type GmSnapshot,
  UNKNOWN_KEK,
} from '../gdoi/seen/snapshot.ts';
import { keyCountdowns, lifetimeOf, secondsUntil } from './device-time.ts';
import type { Leaves } from './leaves.ts';
import { GM_STATES, REKEY_ENCRYPTION, REKEY_TRANSPORTS } from './words.ts';

/** An entry of one node, and the device's own time of the document it stands in. */
export interface Dated {
  readonly leaves: Leaves;
  readonly deviceNowMs: EpochMs | null;
}

export interface GmNodes {
  readonly gm: Dated;
  /** null: `gdoi-gm-rekey` was not read, or does not list the group. */
  readonly rekey: Dated | null;
  /** null: it does not list the group: the GM holds no KEK. `unread`: it may list it where it could not be read. */
  readonly rekeySa: Dated | 'unread' | null;
  readonly replay: Dated | null;
  readonly dataplane: Dated | null;
}

export function gmSnapshot(group: string, nodes: GmNodes): GmSnapshot {
  const empty = emptyGmSnapshot(group);
  const { leaves: head, deviceNowMs } = nodes.gm;
  const member = memberEntry(head);
  const state = member?.choice('gm-state', GM_STATES) ?? null;
  const keyServer = member?.address('remote-addr') ?? null;
  const rekey = nodes.rekey?.leaves ?? null;
  const kek = nodes.rekeySa === 'unread' ? UNKNOWN_KEK : nodes.rekeySa && gmKek(nodes.rekeySa);
  return {
    ...empty,
    address: member?.address('local-addr') ?? null,
    vrf: member?.text('vrf-name') ?? null,
    gmVersion: member?.text('gm-ver') ?? null,
    status: state?.status ?? null,
    registered: state?.registered ?? null,
    keyServer,
    reregistersInSeconds: member === null ? null : reregistersIn(member, deviceNowMs),
    registrations: { succeeded: member?.count('succ-reg') ?? null, attempted: member?.count('att-reg') ?? null },
    rekeys: {
      received: rekey?.count('total-rekeys-rcv') ?? null,
      sinceRegistration: rekey?.count('rekeys-rcv-after-reg') ?? null,
      acksSent: rekey?.count('rekey-acks-sent') ?? null,
      lastFrom: member?.address('last-rekey-from-ks') ?? null,
      lastSequence: member?.count('last-rekey-seq-num') ?? null,
      lastAgeSeconds: ageOf(member?.instant('last-rekey-time') ?? null, deviceNowMs),
    },
    kek,
    ...(kek === null ? { kekAbsent: true as const } : {}),
    ...(nodes.replay === null ? {} : { replay: gmReplay(nodes.replay.leaves) }),
    ...(nodes.dataplane === null ? {} : { dataplane: gmDataplane(nodes.dataplane.leaves) }),
  };
}

/** When the GM registered last, on the device's clock: `prev-reg-time`, which it shows while it is registered. */
export function registeredAtMs({ leaves }: Dated): EpochMs | null {
  return memberEntry(leaves)?.instant('prev-reg-time') ?? null;
}

/**
 * One entry an interface that the group's map stands on; the tracker knows one GM a group: the lowest address. Another
 * that stands otherwise is passed over, but not in silence.
 */
function memberEntry(head: Leaves): Leaves | null {
  const entries = head.entries('gm-entry');
  if (entries.length < 2) return entries[0] ?? null;
  const keyed = entries.map((entry) => [entry.text('local-addr') ?? '', entry] as const);
  const [first, ...others] = keyed.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  const state = first?.choice('gm-state', GM_STATES)?.status;
  for (const other of others) {
    const shown = other.choice('gm-state', GM_STATES)?.status;
    if (shown !== undefined && shown !== state) other.contradicts('gm-state', `${shown}, and another entry is not`);
  }
  return first ?? null;
}

/** `secs-to-re-reg` counts from `prev-reg-time`. */
function reregistersIn(member: Leaves, deviceNowMs: EpochMs | null): number | null {
  const fromMs = member.instant('prev-reg-time');
  const seconds = member.count('secs-to-re-reg');
  if (fromMs === null || seconds === null || deviceNowMs === null || seconds === 0) return null;
  if (shownSeconds(seconds) === null) return member.contradicts('secs-to-re-reg', 'longer than any key lives');
  const left = secondsUntil(fromMs + seconds * 1000, deviceNowMs);
  return left < 0 ? member.contradicts('secs-to-re-reg', 'counts to an instant that is past') : left;
}

function ageOf(atMs: EpochMs | null, deviceNowMs: EpochMs | null): number | null {
  return atMs === null || deviceNowMs === null ? null : Math.max(0, secondsUntil(deviceNowMs, atMs));
}

/** The newest of the KEKs that the device holds as a GM: while one replaces another, both are there. */
function gmKek({ leaves, deviceNowMs }: Dated): GmKek | null {
  const held = leaves.entries('kek-entry').filter((entry) => entry.flag('gm-mode') !== false);
  const born = held.map((entry) => [entry.instant('birth-time') ?? Number.NEGATIVE_INFINITY, entry] as const);
  const newest = born.toSorted(([a], [b]) => b - a)[0]?.[1];
  if (newest === undefined) return leaves.losesEntries('kek-entry') ? UNKNOWN_KEK : null;
  const spi = newest.spi('kek-spi', 16);
  const lifetimeSeconds = lifetimeOf(newest);
  const bornMs = newest.instant('birth-time');
  const octets = newest.count('key-size');
  const { remainingSeconds } = keyCountdowns(
    { bornMs, lifetimeSeconds, remainingSeconds: null, timeToRekeySeconds: null },
    deviceNowMs,
  );
  return {
    ...(spi === null ? {} : { spi }),
    transport: newest.choice('transport-type', REKEY_TRANSPORTS),
    remainingSeconds,
    encryption: newest.choice('encr-alg', REKEY_ENCRYPTION),
    keyBits: octets === null ? null : 8 * octets,
    // A flag in the model, not an algorithm.
    signatureHash: null,
    signatureKeyBits: newest.count('sig-key-len'),
  };
}

function gmReplay(leaves: Leaves): GmReplay {
  return {
    enabled: leaves.flag('time-based-replay'),
    inputErrors: leaves.count('input-error-pkts'),
    outputErrors: leaves.count('output-error-pkts'),
    timeSyncErrors: leaves.count('time-sync-error'),
    maxTimeDeltaSeconds: leaves.count('max-time-delta'),
  };
}

/** Leaf of the model, and the kind as the metric names it. */
const ERROR_KINDS = [
  ['pkts-no-sa', 'no_sa'],
  ['pkts-invalid-sa', 'invalid_sa'],
  ['pkts-encaps-fail', 'encap_fail'],
  ['pkts-decap-fail', 'decap_fail'],
  ['pkts-invalid-prot', 'invalid_prot'],
  ['pkts-verify-fail', 'verify_fail'],
  ['pkts-not-tagged', 'not_tagged'],
  ['pkts-not-untagged', 'not_untagged'],
  ['pkts-internal-err-send', 'internal_send'],
  ['pkts-internal-err-rcv', 'internal_receive'],
] as const;

function gmDataplane(leaves: Leaves): GmDataplane {
  const errors = ERROR_KINDS.flatMap(([leaf, kind]) => {
    const packets = leaves.count(leaf);
    return packets === null ? [] : [[kind, packets] as const];
  });
  return {
    encrypted: leaves.count('pkts-encrypt'),
    decrypted: leaves.count('pkts-decrypt'),
    errors: Object.fromEntries(errors),
  };
}
