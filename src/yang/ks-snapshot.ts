/**
 * A KS's group as the operational model shows it: `gdoi-ks` lists the groups, the other nodes add policy, members, the
 * COOP set and how it rekeys.
 */
import { MOST_MEMBERS, MOST_PEERS, MOST_TEKS } from '../gdoi/seen/row-bounds.ts';
import { emptyKsSnapshot, type KsKey, type KsMember, type KsPeer, type KsSnapshot } from '../gdoi/seen/snapshot.ts';
import { keyCountdowns, lifetimeOf } from './device-time.ts';
import type { Dated } from './gm-snapshot.ts';
import type { Leaves } from './leaves.ts';
import { GM_STATES, KS_ROLES, KS_STATUSES, REKEY_TRANSPORTS } from './words.ts';

export interface KsNodes {
  readonly ks: Dated;
  /** null, as for the ones below: not read this time, or it does not list the group. */
  readonly policy: Dated | null;
  readonly members: Dated | null;
  readonly coop: Dated | null;
  readonly rekey: Dated | null;
}

export function ksSnapshot(group: string, nodes: KsNodes): KsSnapshot {
  const { leaves: head } = nodes.ks;
  const local = nodes.coop?.leaves.entries('local-ks')[0] ?? null;
  const localAddress = head.address('ks-addr') ?? local?.address('ks-addr') ?? null;
  const policy = nodes.policy === null ? null : localPolicy(nodes.policy.leaves, localAddress);
  const policyKek = policy?.entries('kek')[0] ?? null;
  const members = nodes.members?.leaves ?? null;
  const rekey = nodes.rekey?.leaves ?? null;
  const groupNumber = head.count('group-id');
  const version = head.text('version') ?? local?.text('version') ?? null;
  return {
    ...emptyKsSnapshot(group),
    identity: groupNumber === null ? null : String(groupNumber),
    transport: policyKek?.choice('rekey-transport-type', REKEY_TRANSPORTS) ?? null,
    members: head.count('total-mem') ?? members?.count('tot-group-mem') ?? null,
    redundancy: head.flag('redundancy') ?? nodes.coop?.leaves.flag('redundancy') ?? null,
    localAddress,
    localPriority: head.count('priority') ?? local?.count('priority') ?? null,
    localRole: local?.choice('role', KS_ROLES) ?? head.choice('role', KS_ROLES),
    localStatus: local?.choice('status', KS_STATUSES) ?? head.choice('status', KS_STATUSES),
    kek: policyKek === null ? configuredKek(rekey) : kekOf(policyKek, nodes.policy),
    retransmit: {
      periodSeconds: rekey?.count('rexmit-period') ?? null,
      attempts: rekey?.count('num-rexmit') ?? null,
    },
    teks: policy === null ? null : mostOf(policy, 'tek', MOST_TEKS).map((tek) => tekOf(tek, nodes.policy)),
    ...peerList(nodes.coop?.leaves ?? null),
    ...memberList(members),
    ...shownNumbers(members, rekey),
    ...(version === null ? {} : { ksVersion: version }),
  };
}

function memberList(members: Leaves | null): Pick<KsSnapshot, 'memberDetails' | 'membersUnread'> {
  if (members === null) return { memberDetails: null };
  const memberDetails = mostOf(members, 'gm-entry', MOST_MEMBERS).flatMap(memberOf);
  const isWhole = memberDetails.length === members.entries('gm-entry').length;
  return { memberDetails, ...(isWhole ? {} : { membersUnread: true as const }) };
}

/** At most `most` entries of a list; more are counted as a problem. */
function mostOf(leaves: Leaves, list: string, most: number): readonly Leaves[] {
  const entries = leaves.entries(list);
  if (entries.length <= most) return entries;
  leaves.contradicts(list, `more than ${most}`);
  return entries.slice(0, most);
}

/** `duration` is left out: its units say seconds and its words milliseconds. */
function shownNumbers(members: Leaves | null, rekey: Leaves | null): Partial<KsSnapshot> {
  const rekeysSent = rekey?.count('rekeys-sent') ?? members?.count('num-rekeys-sent') ?? null;
  const retransmits = members?.count('num-rexmit') ?? null;
  return {
    ...(rekeysSent === null ? {} : { rekeysSent }),
    ...(retransmits === null ? {} : { lastRekeyRetransmits: retransmits }),
  };
}

/** A KS of a COOP set lists the policies of its peers too: its own has its address. */
function localPolicy(leaves: Leaves, localAddress: string | null): Leaves | null {
  const entries = leaves.entries('ks-entry');
  if (entries.length < 2) return entries[0] ?? null;
  return entries.find((entry) => localAddress !== null && entry.address('ks-ip') === localAddress) ?? null;
}

/** A KS without a KEK still has the lifetime that its next one gets. */
function configuredKek(rekey: Leaves | null): KsKey | null {
  const lifetimeSeconds = rekey?.count('kek-lifetime') ?? null;
  return lifetimeSeconds === null
    ? null
    : { spi: null, lifetimeSeconds, remainingSeconds: null, timeToRekeySeconds: null };
}

function kekOf(kek: Leaves, policy: Dated | null): KsKey {
  return keyOf(kek, { spi: kek.spi('kek-spi', 16), birth: 'kek-birth-time', deviceNowMs: policy?.deviceNowMs ?? null });
}

function tekOf(tek: Leaves, policy: Dated | null): KsKey {
  return keyOf(tek, { spi: tek.spi('tek-spi', 4), birth: 'tek-birth-time', deviceNowMs: policy?.deviceNowMs ?? null });
}

function keyOf(
  key: Leaves,
  {
    spi,
    birth,
    deviceNowMs,
  }: { readonly spi: string | null; readonly birth: string; readonly deviceNowMs: number | null },
): KsKey {
  const lifetimeSeconds = lifetimeOf(key);
  const countdowns = keyCountdowns(
    {
      bornMs: key.instant(birth),
      lifetimeSeconds,
      remainingSeconds: key.count('rem-life'),
      timeToRekeySeconds: key.count('time-to-rekey'),
    },
    deviceNowMs,
  );
  return { spi, lifetimeSeconds, ...countdowns };
}

function peerList(coop: Leaves | null): Pick<KsSnapshot, 'peers' | 'peersUnread'> {
  if (coop === null) return { peers: null };
  const entries = mostOf(coop, 'peer-ks', MOST_PEERS);
  const peers = entries.flatMap(peerOf);
  return { peers, ...(peers.length < entries.length ? { peersUnread: true as const } : {}) };
}

function peerOf(peer: Leaves): readonly KsPeer[] {
  const address = peer.address('ks-addr');
  if (address === null) {
    if (!peer.has('ks-addr')) peer.contradicts('ks-addr', 'missing');
    return [];
  }
  return [{ address, role: peer.choice('role', KS_ROLES), status: peer.choice('status', KS_STATUSES) }];
}

function memberOf(member: Leaves): readonly KsMember[] {
  const address = member.address('gm-id');
  if (address === null) {
    if (!member.has('gm-id')) member.contradicts('gm-id', 'missing');
    return [];
  }
  return [
    {
      address,
      version: member.text('gm-ver'),
      state: member.choice('gm-state', GM_STATES)?.status ?? null,
      keyServer: member.address('ks-id'),
      rekeysSent: member.count('rekeys-sent'),
      rekeyRetries: member.count('rekey-retries'),
      acksReceived: member.count('rekey-acks-rcvd'),
      acksMissed: member.count('rekey-acks-missed'),
    },
  ];
}
