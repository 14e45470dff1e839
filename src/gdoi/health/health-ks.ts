/**
 * The health of a KS in one group: its role among the KSs, its keys, and whether its GMs acknowledge its rekeys: one KS
 * tells that of every GM, polled or not. Thresholds are those of the on-call catalogue.
 */
import { ACKS_MISSED_CRITICAL } from '../explain/acks-missed.ts';
import { COOP_JOINS_MS } from '../explain/group-facts.ts';
import { longestTekSeconds, secondsLeft, shownSeconds } from '../seen/countdown.ts';
import { counted, verb } from '../events/counted.ts';
import { durationText } from '../events/duration-text.ts';
import type { GroupView } from '../fleet/group-view.ts';
import { nameList } from '../events/name-list.ts';
import { check, type HealthCheck } from './health-check.ts';
import { CHECK_COOP, CHECK_DIRECTION, checkPeer, CHECK_SPLIT } from '../events/first-steps.ts';
import { LEAD_FLOOR_SECONDS } from '../keys/kek-window.ts';
import type { EpochMs, ReadAt } from '../seen/instant.ts';
import { isByMulticast, type KsPeer, type KsSnapshot } from '../seen/snapshot.ts';
import { undecidedMix } from './undecided-mix.ts';

export interface KsHealthInput {
  readonly device: string;
  readonly group: string;
  readonly ks: KsSnapshot;
  readonly at: ReadAt;
  readonly atMs: EpochMs;
  readonly fleet: GroupView | null;
  /** Its last boot, by the uptime it showed; null: not shown. */
  readonly bootMs: EpochMs | null;
}

/** Row 20: a rekey that takes over half of the KEK's lead leaves no room for a second try. */
const SLOW_REKEY_MS = (LEAD_FLOOR_SECONDS / 2) * 1000;

export function ksChecks(input: KsHealthInput): readonly HealthCheck[] {
  return [
    kekRemaining(input),
    tekRemaining(input),
    coopSplit(input),
    coopRole(input),
    coopPeers(input),
    rekeysAcknowledged(input),
    mixedVersions(input),
    rekeyDuration(input),
    members(input),
    ...saDirection(input),
  ];
}

/** Its GMs may be set otherwise each. */
function saDirection({ group, ks }: KsHealthInput): readonly HealthCheck[] {
  if (ks.receiveOnly !== true) return [];
  return [
    check(
      ['sa_direction', group],
      'warning',
      'it gives the group IPsec SAs that are inbound only: GMs take in encrypted traffic, and send in clear',
      { value: 'inbound only', threshold: 'both', action: CHECK_DIRECTION },
    ),
  ];
}

/** An old KS makes the next KEK when this one ends. */
const REPLACES_WITHIN_MS = 10_000;

function kekRemaining({ device, group, ks, at, atMs, fleet }: KsHealthInput): HealthCheck {
  const read = shownSeconds(ks.kek?.remainingSeconds);
  const endMs = fleet?.kss.find((each) => each.device === device)?.kekExpiryMs ?? null;
  if (read === 0 && endMs !== null && at.receivedAtMs - endMs <= REPLACES_WITHIN_MS)
    return check(['kek_remaining', group], 'unknown', 'its KEK ends at this moment', { value: 0, threshold: 0 });
  const kek = keyRemaining('kek_remaining', group, read, { at, atMs });
  // a KS that shows neither key is not known to be well
  return read === null && longestTekSeconds(ks.teks) === null ? { ...kek, required: true } : kek;
}

function tekRemaining({ group, ks, at, atMs }: KsHealthInput): HealthCheck {
  return keyRemaining('tek_remaining', group, longestTekSeconds(ks.teks), { at, atMs });
}

/** A KS replaces its own keys: only one that has run out is wrong. */
function keyRemaining(
  name: 'kek_remaining' | 'tek_remaining',
  group: string,
  read: number | null,
  { at, atMs }: { readonly at: ReadAt; readonly atMs: EpochMs },
): HealthCheck {
  const key = name === 'kek_remaining' ? 'KEK' : 'TEK';
  if (read === null) return check([name, group], 'unknown', `no ${key} lifetime is shown`, { threshold: 0 });
  if (read <= 0)
    return check([name, group], 'critical', `its ${key} has run out and was not replaced`, {
      value: 0,
      threshold: 0,
      action: 'show crypto gdoi ks policy and the log of the KS: why does it not rekey (RSA key, role, CPU)?',
    });
  const left = secondsLeft(at, read, atMs);
  return left > 0
    ? check([name, group], 'ok', `its ${key} lasts ${durationText(left)} more`, { value: left, threshold: 0 })
    : check([name, group], 'unknown', `its ${key} was to be replaced since it was last asked`, {
        value: 0,
        threshold: 0,
      });
}

/** Row 13. */
function coopSplit({ device, group, ks, fleet }: KsHealthInput): HealthCheck {
  if (fleet === null) return check(['coop_split', group], 'unknown', 'no other KS is known');
  const beside = primariesBeside(ks);
  if (fleet.coopSplit === null && beside.length > 0)
    return check(
      ['coop_split', group],
      'warning',
      `is primary, and lists ${nameList(beside)} as primary too: a split, or COOP that settles`,
      { value: 1 + beside.length, threshold: 1, action: CHECK_SPLIT },
    );
  if (fleet.coopSplit === null)
    return check(['coop_split', group], 'ok', 'no second primary is seen', {
      value: fleet.primaries.length,
      threshold: 1,
    });
  const { primaries } = fleet.coopSplit;
  return check(
    ['coop_split', group],
    'critical',
    primaries.includes(device)
      ? `is primary together with ${nameList(primaries.filter((name) => name !== device))}`
      : `the group has two primaries: ${nameList(primaries)}`,
    {
      value: primaries.length,
      threshold: 1,
      action: CHECK_SPLIT,
    },
  );
}

/** Peers that a primary hears, and that say the same of themselves. */
function primariesBeside({ localRole, peers }: KsSnapshot): readonly string[] {
  if (localRole !== 'primary') return [];
  return (peers ?? []).flatMap((peer) => (peer.role === 'primary' && isStatus(peer, 'alive') ? [peer.address] : []));
}

function isStatus({ status }: KsPeer, word: string): boolean {
  return status?.trim().toLowerCase() === word;
}

function coopRole({ group, ks, at, bootMs }: KsHealthInput): HealthCheck {
  if (ks.redundancy === false) return check(['coop_role', group], 'ok', 'a single KS, without COOP', { value: 'none' });
  const status = ks.localStatus?.trim().toLowerCase() ?? null;
  const more = { value: ks.localRole };
  if (status === 'dead')
    return check(['coop_role', group], 'critical', 'calls itself dead in COOP', { ...more, action: CHECK_COOP });
  switch (ks.localRole) {
    case 'primary':
    case 'secondary':
      return check(['coop_role', group], 'ok', `${ks.localRole} key server`, more);
    case 'unknown':
      if (bootMs !== null && at.receivedAtMs - bootMs <= COOP_JOINS_MS)
        return check(['coop_role', group], 'unknown', 'does not know its COOP role yet: it has restarted', more);
      return check(['coop_role', group], 'warning', 'does not know its own COOP role', { ...more, action: CHECK_COOP });
    case null:
      return check(['coop_role', group], 'unknown', 'its COOP role is not shown', more);
    default:
      return ks.localRole satisfies never;
  }
}

/** Row 12. `Unknown` is normal between two secondaries, and of a KS that has just started. */
function coopPeers({ group, ks, at, bootMs }: KsHealthInput): HealthCheck {
  if (ks.redundancy === false)
    return check(['coop_peers', group], 'ok', 'has no COOP peers', { value: 0, threshold: 0 });
  if (ks.peers === null)
    return check(['coop_peers', group], 'unknown', 'its COOP peers are not shown', { threshold: 0 });
  const deadPeers = ks.peers.filter((peer) => isStatus(peer, 'dead'));
  const dead = deadPeers.map(({ address }) => address);
  const more = { value: dead.length, threshold: 0 };
  const joins = bootMs !== null && at.receivedAtMs - bootMs <= COOP_JOINS_MS;
  const unheard =
    ks.localRole !== 'primary' || joins
      ? []
      : ks.peers.filter((peer) => isStatus(peer, 'unknown')).map(({ address }) => address);
  if (dead.length === 0 && unheard.length > 0)
    return check(
      ['coop_peers', group],
      'warning',
      `is primary, and does not know whether COOP ${verb(unheard.length, 'peer', 'peers')} ${nameList(unheard)} ${verb(unheard.length, 'is', 'are')} alive`,
      { ...more, value: unheard.length, action: CHECK_COOP },
    );
  if (dead.length === 0 && ks.peersUnread === true)
    return check(
      ['coop_peers', group],
      'unknown',
      `a COOP session of it was not understood${ks.peers.length === 0 ? '' : `; ${counted(ks.peers.length, 'other COOP peer')}, none dead`}`,
      more,
    );
  if (dead.length === 0)
    return check(['coop_peers', group], 'ok', `${counted(ks.peers.length, 'COOP peer')}, none dead`, more);
  return check(
    ['coop_peers', group],
    'warning',
    `sees COOP ${verb(dead.length, 'peer', 'peers')} ${nameList(deadPeers.map(withIke))} as dead`,
    {
      ...more,
      action: checkPeer(
        deadPeers.map(({ ike }) => ike ?? null),
        CHECK_COOP,
      ),
    },
  );
}

function withIke({ address, ike }: KsPeer): string {
  return ike === undefined ? address : `${address} (IKE status ${ike})`;
}

/** Row 4 for every GM of the group. */
function rekeysAcknowledged({ group, ks, fleet }: KsHealthInput): HealthCheck {
  const rows = ks.memberDetails?.filter(({ acksMissed }) => acksMissed !== null) ?? [];
  const multicast = isByMulticast(ks.transport, fleet?.ksMulticast === true);
  if (rows.length === 0 || multicast) {
    const why = multicast ? 'multicast rekeys are not acknowledged' : 'its member list is not shown';
    return check(['rekeys_acknowledged', group], 'unknown', why, { threshold: 0 });
  }
  const missing = rows
    .filter(({ acksMissed }) => (acksMissed ?? 0) > 0)
    .toSorted((a, b) => (b.acksMissed ?? 0) - (a.acksMissed ?? 0));
  const more = { value: missing.length, threshold: 0 };
  if (missing.length === 0)
    return check(
      ['rekeys_acknowledged', group],
      'ok',
      rows.length === 1
        ? 'no acknowledgement of its GM is missing'
        : `no acknowledgement of its ${counted(rows.length, 'GM')} is missing`,
      more,
    );
  const action = 'Check the path KS to GM for UDP 848: filter, rekey size against MTU, control-plane policing';
  const polled = new Map(fleet?.gms.map((gm) => [gm.address, gm]));
  const names = (rows: typeof missing) => nameList(rows.map(({ address }) => polled.get(address)?.device ?? address));
  const still = missing.filter(({ address }) => polled.get(address)?.registeredSinceList !== true);
  const [worst] = still;
  if (worst === undefined)
    return check(
      ['rekeys_acknowledged', group],
      'warning',
      `no acknowledgement of the last rekey from ${names(missing)}, by a list that may be from before ${verb(missing.length, 'it', 'they')} registered`,
      { ...more, action },
    );
  return check(
    ['rekeys_acknowledged', group],
    (worst.acksMissed ?? 0) >= ACKS_MISSED_CRITICAL ? 'critical' : 'warning',
    `no acknowledgement of the last rekey from ${names(still)}; worst: ${worst.acksMissed} in a row, at 3 the GM is dropped`,
    { ...more, value: still.length, action },
  );
}

function mixedVersions({ device, group, fleet }: KsHealthInput): HealthCheck {
  if (fleet === null) return check(['mixed_versions', group], 'unknown', 'no GM is known to compare releases with');
  const mixed = fleet.mixedVersions;
  const legacy = mixed?.legacyKss.find((ks) => ks.device === device);
  if (mixed === null || legacy === undefined) {
    const open = undecidedMix(
      fleet.kss.filter((ks) => ks.device === device),
      fleet.gms,
    );
    return open === null
      ? check(['mixed_versions', group], 'ok', 'its KEK behaviour fits its GMs')
      : check(['mixed_versions', group], 'unknown', open);
  }
  return check(['mixed_versions', group], 'warning', mixedText(mixed, legacy), {
    value: legacy.version,
    action: 'Plan the upgrade of this KS to 15.2(1)T / XE 3.5S or later',
  });
}

function mixedText(
  { sending, affectedGms }: GroupView['mixedVersions'] & object,
  { device, version }: { readonly device: string; readonly version: string | null },
): string {
  const release = version ?? 'release unknown';
  const gms = `${counted(affectedGms.length, 'GM')} with a KEK timer`;
  return sending.includes(device)
    ? `sends no KEK rekey before expiry (${release}), but ${gms} ${affectedGms.length === 1 ? 'registers' : 'register'} here: two re-registrations of each in every KEK cycle`
    : `would send no KEK rekey before expiry as primary (${release}), and ${gms} can register here: then two re-registrations of each in every KEK cycle`;
}

/** Row 20. */
function rekeyDuration({ group, ks }: KsHealthInput): HealthCheck {
  const ms = ks.lastRekeyDurationMs ?? null;
  const threshold = SLOW_REKEY_MS / 1000;
  if (ms === null)
    return check(['rekey_duration', group], 'unknown', 'the last rekey’s duration is not shown', { threshold });
  const more = { value: ms / 1000, threshold };
  if (ms <= SLOW_REKEY_MS) return check(['rekey_duration', group], 'ok', `the last rekey took ${ms / 1000} s`, more);
  return check(['rekey_duration', group], 'warning', `the last rekey took ${durationText(ms / 1000)}`, {
    ...more,
    action: 'Check KS CPU, WAN loss and group size; consider multicast rekeys',
  });
}

/** Its list, no more: GMs that it lost, or that another KS registered, may say that they are registered. */
function members({ group, ks }: KsHealthInput): HealthCheck {
  if (ks.members === null)
    return check(['members', group], 'unknown', 'the number of its GMs is not shown', { threshold: 1 });
  const more = { value: ks.members, threshold: 1 };
  if (ks.members > 0) return check(['members', group], 'ok', `lists ${counted(ks.members, 'GM')}`, more);
  return check(['members', group], 'warning', 'lists no GM', {
    ...more,
    action: 'Do the GMs reach this KS on UDP 848? show crypto gdoi on one of them',
  });
}
