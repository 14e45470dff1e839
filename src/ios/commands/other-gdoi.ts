/**
 * GETVPN commands that show little or nothing of a snapshot: recognised, so that a capture with them parses without unknown commands.
 *
 * `ks coop identifier` shows the COOP roles and `gm identifier` the member's address; the rest (keys, idents, SIDs, SA
 * tables without a group) gives no snapshot. Their lines are known as a whole: nobody would miss one.
 */
import {
  emptyGmSnapshot,
  emptyKsSnapshot,
  type GmSnapshot,
  type KsPeer,
  type KsSnapshot,
} from '../../gdoi/seen/snapshot.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { collapseBlanks, isAddress } from '../text/device-values.ts';
import { parseKsRole } from '../text/group-labels.ts';
import { pairsOf } from '../text/label-table.ts';

const ANYTHING: readonly RegExp[] = [/^.{0,4096}$/];

// GM Sender ID (SID) Information for Group bw6000:
const GM_SID = /^GM Sender ID \(SID\) Information for Group (\S{1,128}?) ?:$/i;
// Group Member: 198.51.100.7       vrf: None
const GM_SID_MEMBER = /^Group Member ?: ?(\S{1,45}) vrf ?: ?(\S{1,64})$/i;
// COOP-KS Sender ID (SID) Information for Group g1:
const COOP_SID = /^COOP-KS Sender ID \(SID\) Information for Group (\S{1,128}?) ?:$/i;
// KS Sender ID (KSSID) Information for Group bw6000:
const KS_SID = /^KS Sender ID \(KSSID\) Information for Group \S{1,128}$/i;
// GDOI Group: bw6000
const PUBKEY_GROUP = /^GDOI Group ?: ?\S{1,128}$/i;
// SA created for group getvpn1:
const IPSEC_SA_GROUP = /^SA created for group \S{1,128}$/i;
// GETVPN REKEY SA
const REKEY_SA = /^GETVPN REKEY SA$/i;
// KEK SA DB STATS:
const REKEY_SA_DETAIL = /^KEK SA DB STATS ?:$/i;
// Cooperative key server infra Version : 2.0.0
const COOP_VERSION = /^Cooperative key server infra Version ?: ?\S{1,16}$/i;

function readNothing(heading: RegExp): (answer: Answer) => Reading {
  return (answer) => {
    const recognised = answer.lines.some((line) => heading.test(collapseBlanks(line)));
    return {
      snapshots: [],
      unknown: [],
      recognised,
      missing: recognised || answer.ending === 'prompt' ? null : 'the first heading',
    };
  };
}

function readGmIdentifiers(answer: Answer): Reading {
  const snapshots: GmSnapshot[] = [];
  let group: string | null = null;
  for (const raw of answer.lines) {
    const line = collapseBlanks(raw);
    const name = GM_SID.exec(line)?.[1];
    if (name !== undefined) group = name;
    const member = GM_SID_MEMBER.exec(line);
    if (member?.[1] === undefined || group === null) continue;
    const vrf = member[2] ?? 'None';
    snapshots.push({
      ...emptyGmSnapshot(group),
      address: isAddress(member[1]) ? member[1] : null,
      vrf: vrf === 'None' ? null : vrf,
    });
    group = null;
  }
  const recognised = group !== null || snapshots.length > 0;
  return {
    snapshots,
    unknown: [],
    recognised,
    missing: group === null && recognised ? null : answer.ending === 'prompt' ? null : 'the group member',
  };
}

interface CoopDraft {
  snapshot: KsSnapshot;
  peers: KsPeer[];
}

function readCoopIdentifiers(answer: Answer): Reading {
  const groups: CoopDraft[] = [];
  let peer: Omit<KsPeer, 'address'> | null = null;
  for (const raw of answer.lines) {
    const line = collapseBlanks(raw);
    const name = COOP_SID.exec(line)?.[1];
    if (name !== undefined) groups.push({ snapshot: emptyKsSnapshot(name), peers: [] });
    const coop = groups.at(-1);
    if (coop === undefined) continue;
    const [first, second] = pairsOf(line);
    switch (first?.label) {
      case 'Local KS Role':
        coop.snapshot = {
          ...coop.snapshot,
          redundancy: true,
          localRole: parseKsRole(first.value),
          localStatus: second?.value ?? null,
        };
        break;
      case 'Local Address':
        if (isAddress(first.value)) coop.snapshot = { ...coop.snapshot, localAddress: first.value };
        break;
      case 'Peer KS Role':
        peer = { role: parseKsRole(first.value), status: second?.value ?? null };
        break;
      case 'Peer Address':
        if (peer !== null && isAddress(first.value)) coop.peers.push({ address: first.value, ...peer });
        break;
      default:
        break;
    }
  }
  const last = groups.at(-1);
  return {
    snapshots: groups.map(({ snapshot, peers }) => ({ ...snapshot, peers: peers.length > 0 ? peers : null })),
    unknown: [],
    recognised: last !== undefined,
    missing: last?.snapshot.localRole != null || answer.ending === 'prompt' ? null : 'the local KS role',
  };
}

function ignored(names: readonly string[], heading: RegExp): CommandGrammar {
  return { names, recognisedBy: [heading], closedLines: ANYTHING, read: readNothing(heading) };
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
  ignored(['show crypto gdoi ks identifier', 'show crypto gdoi ks identifier detail'], KS_SID),
  ignored(['show crypto gdoi gm pubkey'], PUBKEY_GROUP),
  ignored(['show crypto gdoi ipsec sa'], IPSEC_SA_GROUP),
  ignored(['show crypto gdoi rekey sa'], REKEY_SA),
  ignored(['show crypto gdoi rekey sa detail'], REKEY_SA_DETAIL),
  ignored(['show crypto gdoi ks coop version'], COOP_VERSION),
];
