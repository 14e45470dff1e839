/**
 * GETVPN commands that show little or nothing of a snapshot: recognised, so that a capture with them parses without
 * unknown commands.
 *
 * `ks coop identifier` shows the COOP roles and `gm identifier` the member's address; the rest (keys, idents, SIDs, SA
 * tables without a group) gives no snapshot; its lines are known by their form.
 */
import { BoundedList } from '../../gdoi/seen/bounded-list.ts';
import { MOST_GROUPS, MOST_PEERS } from '../../gdoi/seen/row-bounds.ts';
import {
  emptyGmSnapshot,
  emptyKsSnapshot,
  type GmSnapshot,
  type KsPeer,
  type KsSnapshot,
} from '../../gdoi/seen/snapshot.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { collapseBlanks, isAddress } from '../text/device-values.ts';
import { readByGroup } from '../text/group-sketches.ts';
import { parseKsRole, parseKsStatus } from '../text/group-labels.ts';
import { pairsOf } from '../text/label-table.ts';
import { readEach } from '../text/line-tally.ts';

const ANYTHING: readonly RegExp[] = [/^.{0,4096}$/];

// GM Sender ID (SID) Information for Group WAN:
const GM_SID = /^GM Sender ID \(SID\) Information for Group (\S{1,128}?) ?:$/i;
// Group Member: 198.51.100.7       vrf: None
const GM_SID_MEMBER = /^Group Member ?: ?(\S{1,45}) vrf ?: ?(\S{1,64})$/i;
// COOP-KS Sender ID (SID) Information for Group WAN:
const COOP_SID = /^COOP-KS Sender ID \(SID\) Information for Group (\S{1,128}?) ?:$/i;
// KS Sender ID (KSSID) Information for Group WAN:
const KS_SID = /^KS Sender ID \(KSSID\) Information for Group \S{1,128}$/i;
// Transform Mode : Non-Counter (Non-Suite-B) / KSSID(s) Used (Old) : none / CURRENT SIDs: None / NEXT SID REQUEST:
const SID_LINE =
  /^(?:Transform Mode|Re-initializing|SID Length \(Group Size\)(?: Cfg| Used)?|Current KSSID In-Use|Last GMSID Used|(?:Old )?KSSID\(s\) (?:Assigned|Used)(?: \(Old\))?|Available KSSID\(s\)|KSSID Overlap|Next SID Client Operation|# of SIDs Last Requested|(?:CURRENT|REMAINING) SIDs|NEXT SID REQUEST|TEK Lifetime) ?:.{0,200}$/i;
// GDOI Group: WAN
const PUBKEY_GROUP = /^(?:GDOI|GKM) Group ?: ?\S{1,128}$/i;
// KS IP Address: 192.0.2.11 / conn-id: 40218    my-cookie:7D19E2B4    his-cookie:30F8A65C / Key Data: / 30819F30 0D06092A
const PUBKEY_LINE =
  /^(?:KS IP Address ?: ?\S{1,45}|conn-id ?: ?\d{1,12} my-cookie ?: ?\S{1,20} his-cookie ?: ?\S{1,20}|Key Data ?:|[0-9A-F]{2,96}(?: [0-9A-F]{2,96}){0,11} ?)$/i;
// SA created for group WAN:
const IPSEC_SA_GROUP = /^SA created for group \S{1,128}$/i;
// GigabitEthernet0/0/1: / protocol = ip / local ident  = ANY, port = 0 / direction: Both, replay(method/window): Counter/64
const IPSEC_SA_LINE =
  /^(?:[A-Z][A-Za-z-]{1,32}\d[\d/.:]{0,24}:?|protocol ?= ?\S{1,20}|(?:local|remote) ident ?= ?\S{1,64}, port ?= ?\S{1,16}|direction ?: ?\w{1,16}, replay\(method\/window\) ?: ?\S{1,32}(?: sec)?)$/i;
// GETVPN REKEY SA
const REKEY_SA = /^(?:GETVPN|GKM|GDOI) REKEY SA$/i;
// dst             src             conn-id         status
const REKEY_SA_LINE = /^(?:dst src conn-id status|\S{1,45} \S{1,45} \d{1,12} [A-Z_]{2,20})$/i;
// KEK SA DB STATS:
const REKEY_SA_DETAIL = /^KEK SA DB STATS ?:$/i;
// num_active = 1 / KEK POLICY (transport type : Unicast) / management alg     : disabled    encrypt alg       : AES
const REKEY_SA_DETAIL_LINE =
  /^(?:num_\w{1,20} ?= ?\d{1,12}|KEK POLICY \(transport type ?: ?\w{1,16}\)|(?:Local addr\/port|Remote addr\/port|spi|management alg|crypto iv length|orig life ?\(sec\)|remaining life ?\(sec\)|sig hash algorithm|sig size|sig key name|acknowledgement|conn_id(?: \(IKEv[12]\))?|seq num|handle|Interface|Group Name) ?:.{0,120})$/i;
// Cooperative key server infra Version : 2.0.0
const COOP_VERSION = /^Cooperative key server infra Version ?: ?\S{1,16}$/i;
// Client : KS_POLICY_CLIENT Version : 2.0.0
const COOP_VERSION_LINE = /^Client ?: ?\w{1,40} Version ?: ?\S{1,16}$/i;

function readNothing(heading: RegExp, inside: RegExp): (answer: Answer) => Reading {
  return (answer) => {
    let headed = false;
    const read = readEach(answer.lines, (raw) => {
      const line = collapseBlanks(raw);
      const opens = heading.test(line);
      headed ||= opens;
      return opens || (headed && inside.test(line));
    });
    return {
      snapshots: [],
      ...read,
      recognised: headed,
      missing: headed ? null : 'the first heading',
    };
  };
}

function readGmIdentifiers(answer: Answer): Reading {
  const snapshots = new BoundedList<GmSnapshot>(MOST_GROUPS);
  let group: string | null = null;
  let named = 0;
  const read = readEach(answer.lines, (raw) => {
    const line = collapseBlanks(raw);
    const name = GM_SID.exec(line)?.[1];
    if (name !== undefined) {
      group = name;
      named += 1;
      return true;
    }
    const member = GM_SID_MEMBER.exec(line);
    if (member?.[1] === undefined) return named > 0 && SID_LINE.test(line);
    if (group === null) return false;
    const vrf = member[2] ?? 'None';
    const address = isAddress(member[1]) ? member[1] : null;
    const shown = { ...emptyGmSnapshot(group), address, vrf: vrf === 'None' ? null : vrf };
    group = null;
    return snapshots.add(shown) && address !== null;
  });
  return {
    snapshots: snapshots.rows,
    ...read,
    recognised: named > 0,
    missing: named > 0 && group === null ? null : 'the group member',
  };
}

interface CoopSketch {
  snapshot: KsSnapshot;
  peers: BoundedList<KsPeer>;
  /** The peer whose role was shown, and whose address was not yet. */
  peer: Omit<KsPeer, 'address'> | null;
}

function readCoopIdentifiers(answer: Answer): Reading {
  const { groups, read } = readByGroup<CoopSketch>(answer, {
    headingBegins: 'COOP-KS ',
    heading: COOP_SID,
    newSketch: (name) => ({ snapshot: emptyKsSnapshot(name), peers: new BoundedList(MOST_PEERS), peer: null }),
    take: readCoopLine,
    unnamed: null,
  });
  return {
    snapshots: groups.map(({ snapshot, peers }) => ({
      ...snapshot,
      peers: peers.rows.length > 0 ? peers.rows : null,
    })),
    ...read,
    recognised: groups.length > 0,
    missing: groups.at(-1)?.snapshot.localRole != null ? null : 'the local KS role',
  };
}

function readCoopLine(coop: CoopSketch, line: string): boolean {
  const [first, second, third] = pairsOf(line);
  if (third !== undefined) return false;
  const role = parseKsRole(first?.value ?? '');
  const status = parseKsStatus(second?.value ?? '');
  const address = isAddress(first?.value ?? '') ? (first?.value ?? null) : null;
  switch (first?.label) {
    case 'Local KS Role':
      coop.snapshot = {
        ...coop.snapshot,
        redundancy: true,
        localRole: role,
        localStatus: status,
      };
      return role !== null && status !== null;
    case 'Local Address':
      coop.snapshot = { ...coop.snapshot, localAddress: address };
      return address !== null;
    case 'Peer KS Role':
      coop.peer = { role, status };
      return role !== null && status !== null;
    case 'Peer Address':
      if (coop.peer === null || address === null) return false;
      return coop.peers.add({ address, ...coop.peer });
    default:
      return SID_LINE.test(line);
  }
}

function ignored(names: readonly string[], heading: RegExp, inside: RegExp): CommandGrammar {
  return {
    names,
    recognisedBy: [heading],
    closedLines: ANYTHING,
    withoutSnapshot: true,
    read: readNothing(heading, inside),
  };
}

export const otherGdoiCommands: readonly CommandGrammar[] = [
  {
    names: ['show crypto gdoi gm identifier', 'show crypto gdoi gm identifier detail'],
    recognisedBy: [GM_SID],
    closedLines: [/^(?!Group Member\b).{0,4096}$/i],
    read: readGmIdentifiers,
  },
  {
    names: ['show crypto gdoi ks coop identifier', 'show crypto gdoi ks coop identifier detail'],
    recognisedBy: [COOP_SID],
    closedLines: [/^(?!(?:Local|Peer)\b).{0,4096}$/i, /^(?:Local|Peer) KS Role.{1,64}: ?Alive$/i],
    read: readCoopIdentifiers,
  },
  ignored(['show crypto gdoi ks identifier', 'show crypto gdoi ks identifier detail'], KS_SID, SID_LINE),
  ignored(['show crypto gdoi gm pubkey'], PUBKEY_GROUP, PUBKEY_LINE),
  ignored(['show crypto gdoi ipsec sa'], IPSEC_SA_GROUP, IPSEC_SA_LINE),
  ignored(['show crypto gdoi rekey sa'], REKEY_SA, REKEY_SA_LINE),
  ignored(['show crypto gdoi rekey sa detail'], REKEY_SA_DETAIL, REKEY_SA_DETAIL_LINE),
  ignored(['show crypto gdoi ks coop version'], COOP_VERSION, COOP_VERSION_LINE),
];
