/**
 * `show crypto gdoi ks coop`, also with `detail`: the local KS and its peers in the COOP set, group by group.
 *
 * IOS 15 has no version lines, IOS XE 17 has. `*NO* redundancy configured for this group` is the whole body of a group
 * without COOP.
 */
import { BoundedList } from '../../gdoi/seen/bounded-list.ts';
import { MOST_PEERS } from '../../gdoi/seen/row-bounds.ts';
import { emptyKsSnapshot, type KsPeer, type KsRole, type KsSnapshot } from '../../gdoi/seen/snapshot.ts';
import { type Answer, type CommandGrammar, type Reading, UNNAMED } from '../text/answer.ts';
import { isAddress, parseAddressOrNone, parseCount } from '../text/device-values.ts';
import { readByGroup } from '../text/group-sketches.ts';
import { parseKsRole, parseKsStatus } from '../text/group-labels.ts';
import { type LabelRule, labelTable, pairsOf, takeOnce, takePairs, unused } from '../text/label-table.ts';

interface PeerSketch {
  readonly session: string;
  address: string | null;
  role: KsRole | null;
  status: string | null;
  ike: string | null;
  endShown: boolean;
}

interface CoopSketch {
  readonly group: string;
  redundancy: boolean | null;
  localAddress: string | null;
  localPriority: number | null;
  localRole: KsRole | null;
  localStatus: string | null;
  ksVersion: string | null;
  peers: BoundedList<PeerSketch> | null;
  /** Whose session the lines are about. */
  peer: PeerSketch | null;
}

// Crypto Gdoi Group Name :WAN-V6
const GROUP_HEADING = /^Crypto (?:Gdoi|Gkm) Group Name ?: ?(\S{1,128})$/i;
// *NO* redundancy configured for this group
const NO_REDUNDANCY = /^\*NO\* redundancy configured\b/i;
// Established / In Progress / Failed
const IKE_STATUS = /^[a-z][a-z ]{0,31}$/i;
// Session 1:
const SESSION = /^Session (\d{1,3}) ?:$/;

function ofPeer(rule: (peer: PeerSketch, value: string) => boolean): LabelRule<CoopSketch> {
  return ({ peer }, value) => peer !== null && rule(peer, value);
}

const LABELS = labelTable<CoopSketch>([
  [
    'Local Address',
    (coop, value) => {
      const address = parseAddressOrNone(value);
      coop.redundancy = true;
      return address !== undefined && takeOnce(coop, 'localAddress', address);
    },
  ],
  [
    'Local Priority',
    (coop, value) => {
      const priority = parseCount(value);
      return priority !== null && takeOnce(coop, 'localPriority', priority);
    },
  ],
  [
    'Local KS Role',
    (coop, value) => {
      const role = parseKsRole(value);
      return role !== null && takeOnce(coop, 'localRole', role);
    },
  ],
  [
    'Local KS Status',
    (coop, value) => {
      const status = parseKsStatus(value);
      return status !== null && takeOnce(coop, 'localStatus', status);
    },
  ],
  [
    'Local KS version',
    (coop, value) => {
      coop.ksVersion = value === '' ? null : value;
      return value !== '';
    },
  ],
  [
    'Peer Sessions',
    (coop, value) => {
      coop.peers ??= new BoundedList(MOST_PEERS);
      return value === '';
    },
  ],
  [
    'Peer Address',
    // One without an address cannot be told from others, so it is no peer here: but not in silence.
    ofPeer((peer, value) => isAddress(value) && parseAddressOrNone(value) !== null && takeOnce(peer, 'address', value)),
  ],
  [
    'Peer KS Role',
    ofPeer((peer, value) => {
      const role = parseKsRole(value);
      return role !== null && takeOnce(peer, 'role', role);
    }),
  ],
  [
    'Peer KS Status',
    ofPeer((peer, value) => {
      const status = parseKsStatus(value);
      return status !== null && takeOnce(peer, 'status', status);
    }),
  ],
  [
    'IKE status',
    ofPeer((peer, value) => {
      peer.ike = IKE_STATUS.test(value) ? value : null;
      return true;
    }),
  ],
  [
    'Total bytes recv',
    ofPeer((peer) => {
      peer.endShown = true;
      return true;
    }),
  ],
  [
    [
      'Group handle',
      'Local Key Server handle',
      'Local COOP version',
      'Primary Timers',
      'Primary Refresh Policy Time',
      'Secondary Timers',
      'Sec Primary Periodic Time',
      'Remaining Time',
      'Retries',
      'Invalid ANN PST recvd',
      'New GM Temporary Blocking Enforced?',
      'Per-user timer remaining time',
      'Antireplay Sequence Number',
      'Server handle',
      'Peer Version',
      'Peer COOP version',
      'COOP Protocol',
      'Peer Priority',
      'Counters',
      'Ann msgs sent',
      'Ann msgs sent with reply request',
      'Ann msgs recv',
      'Ann msgs recv with reply request',
      'Packet sent drops',
      'Packet Recv drops',
      'Total bytes sent',
    ],
    unused,
  ],
]);

function readCoop(answer: Answer): Reading {
  const { groups, read } = readByGroup(answer, {
    headingBegins: 'Crypto ',
    heading: GROUP_HEADING,
    newSketch: newCoop,
    take: readLine,
    unnamed: () => newCoop(UNNAMED),
  });
  return {
    snapshots: groups.map(coopSnapshot),
    ...read,
    recognised: read.known > 0,
    missing: answer.ending === 'prompt' ? null : missingIn(groups.at(-1)),
  };
}

function readLine(coop: CoopSketch, line: string): boolean | "another's" {
  if (NO_REDUNDANCY.test(line)) {
    if (coop.redundancy === true) return "another's";
    coop.redundancy = false;
    coop.peers = new BoundedList(MOST_PEERS);
    coop.peer = null;
    return true;
  }
  const session = SESSION.exec(line)?.[1];
  if (session !== undefined) {
    return coop.peers?.rows.some((peer) => peer.session === session) === true ? "another's" : startPeer(coop, session);
  }
  return takePairs(LABELS, coop, pairsOf(line));
}

/** False: there are as many as are taken. Its lines are then nobody's. */
function startPeer(coop: CoopSketch, session: string): boolean {
  coop.peers ??= new BoundedList(MOST_PEERS);
  const peer: PeerSketch = { session, address: null, role: null, status: null, ike: null, endShown: false };
  const taken = coop.peers.add(peer);
  coop.peer = taken ? peer : null;
  return taken;
}

function newCoop(group: string): CoopSketch {
  return {
    group,
    redundancy: null,
    localAddress: null,
    localPriority: null,
    localRole: null,
    localStatus: null,
    ksVersion: null,
    peers: null,
    peer: null,
  };
}

function missingIn(last: CoopSketch | undefined): string | null {
  if (last === undefined) return 'the groups';
  if (last.redundancy === false) return null;
  if (last.localRole === null) return 'the local KS role';
  const peer = last.peers?.rows.at(-1);
  return peer?.endShown === true ? null : 'the end of the peer sessions';
}

function coopSnapshot(coop: CoopSketch): KsSnapshot {
  return {
    ...emptyKsSnapshot(coop.group),
    redundancy: coop.redundancy,
    localAddress: coop.localAddress,
    localPriority: coop.localPriority,
    localRole: coop.localRole,
    localStatus: coop.localStatus,
    peers: coop.peers === null ? null : coop.peers.rows.flatMap(peerSnapshot),
    ...(coop.peers?.rows.some(({ address }) => address === null) === true ? { peersUnread: true as const } : {}),
    ...(coop.ksVersion === null ? {} : { ksVersion: coop.ksVersion }),
  };
}

function peerSnapshot({ address, role, status, ike }: PeerSketch): KsPeer[] {
  return address === null ? [] : [{ address, role, status, ...(ike === null ? {} : { ike }) }];
}

export const ksCoop: CommandGrammar = {
  names: ['show crypto gdoi ks coop', 'show crypto gdoi ks coop detail'],
  recognisedBy: [/^Crypto (?:Gdoi|Gkm) Group Name *:/i],
  closedLines: [
    // Total bytes recv: 9412 (not read)
    /^Total bytes recv *: *\d{1,15}$/,
    // *NO* redundancy configured for this group
    /^\*NO\* redundancy configured for this group$/i,
  ],
  read: readCoop,
};
