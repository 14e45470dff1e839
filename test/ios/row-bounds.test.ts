/** Endless lists from a device: how many rows are read, and what becomes of the rest. */
import { describe, expect, test } from 'vitest';
import {
  MOST_ACES,
  MOST_GROUPS,
  MOST_IKE_SAS,
  MOST_IPSEC_FLOWS,
  MOST_KEY_SERVERS,
  MOST_MEMBERS,
  MOST_PEERS,
  MOST_REKEY_SAS,
  MOST_TEKS,
} from '../../src/gdoi/seen/row-bounds.ts';
import { parseCommandOutput } from '../../src/ios/parse.ts';

const times = (count: number, row: (index: number) => string) =>
  Array.from({ length: count }, (_, k) => row(k)).join('');
const hex = (index: number) => `0x${(0x10_00_00_00 + index).toString(16).toUpperCase()}`;
const address = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

const GM_HEAD = 'GROUP INFORMATION\n    Group Name : G1\n    Group Identity : 1\n    Group member : 10.0.0.1\n';
const tunnel = (index: number) =>
  `  Tunnel${index}:\n    IPsec SA:\n        spi: ${hex(index)}(${index})\n        sa timing:remaining key lifetime (sec): (1407)\n`;
const ksTek = (index: number) =>
  `TEK POLICY (encaps : ENCAPS_TUNNEL)\n  spi : ${hex(index)}\n  remaining life(sec) : 393\n`;
const member = (index: number) =>
  `Group Member ID : ${address(index)}\n Group ID : 1\n Group Name : G1\n Key Server ID : 10.0.0.1\n Rekeys sent : 1\n`;
const summaryRow = (index: number) => `${address(index)}   1.0.25   0   0\n`;

const ksTekOfGroup = (index: number) =>
  `  IPSec SA Number : ${index}\n  IPSec SA Rekey Lifetime : 3600 secs\n  SA Rekey\n    Remaining Lifetime : 393 secs\n`;
const ksTekToRekey = (index: number) => `IPSec SA ${index % 9} lifetime (sec) : 3600\nRemaining lifetime (sec) : 393\n`;
const ace = (index: number) => `access-list acl1 permit ip host ${address(index)} any\n`;
const peer = (index: number) => `Session ${index + 1}:\n Peer Address: ${address(index)}\n Peer KS Role: Secondary\n`;
const rekeySa = (index: number) => `Current : ${address(index)} 10.0.0.1 ${index} C5AC6039 A440633E\n`;
const flow = () => 'protected vrf: (none)\nlocal ident (addr/mask/prot/port): (10.0.0.0/255.0.0.0/0/0)\n';
const sa = (index: number) => `spi: ${hex(index)}(${index})\nsa timing: remaining key lifetime (sec): (1407)\n`;
const list = (name: string) => (snapshot: object) => Reflect.get(snapshot, name) as readonly unknown[];

const LISTS = [
  {
    list: 'TEKs of a GM',
    command: 'show crypto gdoi',
    text: (count: number) => `${GM_HEAD}TEK POLICY for the current KS-Policy ACEs Downloaded:\n${times(count, tunnel)}`,
    most: MOST_TEKS,
    // The heading of the first interface beyond the limit is still understood.
    unknown: (beyond: number) => 4 * beyond - 1,
    rows: list('teks'),
  },
  {
    list: 'TEKs of a KS in `ks policy`',
    command: 'show crypto gdoi ks policy',
    text: (count: number) =>
      `Key Server Policy:\nFor group G1 (handle: 1) server 10.0.0.1 (handle: 1):\n  # of teks : ${count}\n${times(count, ksTek)}`,
    most: MOST_TEKS,
    unknown: (beyond: number) => 3 * beyond,
    rows: list('teks'),
  },
  {
    list: 'members of a KS',
    command: 'show crypto gdoi ks members',
    text: (count: number) => `Group Member Information :\n\n${times(count, member)}`,
    most: MOST_MEMBERS,
    unknown: (beyond: number) => 5 * beyond,
    rows: list('memberDetails'),
  },
  {
    list: 'rows of the summary of members',
    command: 'show crypto gdoi ks members summary',
    text: (count: number) =>
      `Group Member Information :\n\nGroup Name: G1, ID: 1, Group Members: ${count}\n${times(count, summaryRow)}`,
    most: MOST_MEMBERS,
    unknown: (beyond: number) => beyond,
    rows: list('memberDetails'),
  },
  {
    list: 'TEKs of a KS in `show crypto gdoi`',
    command: 'show crypto gdoi',
    text: (count: number) => `GROUP INFORMATION\n Group Name : G1 (Unicast)\n${times(count, ksTekOfGroup)}`,
    most: MOST_TEKS,
    // The heading of a countdown is still understood.
    unknown: (beyond: number) => 3 * beyond,
    rows: list('teks'),
  },
  {
    list: 'TEK lifetimes in `ks rekey`',
    command: 'show crypto gdoi ks rekey',
    text: (count: number) => `Group G1 (Unicast)\n${times(count, ksTekToRekey)}`,
    most: MOST_TEKS,
    unknown: (beyond: number) => 2 * beyond,
    rows: list('teks'),
  },
  {
    list: 'key servers of a GM',
    command: 'show crypto gdoi',
    text: (count: number) =>
      `GROUP INFORMATION\n Group Name : G1\n Group member : 10.0.0.1\n Group Server list : 10.0.0.2\n${times(count - 1, (index) => ` ${address(index)}\n`)}`,
    most: MOST_KEY_SERVERS,
    unknown: (beyond: number) => beyond,
    rows: list('keyServers'),
  },
  {
    list: 'ACEs that a GM downloaded in `show crypto gdoi`',
    command: 'show crypto gdoi',
    text: (count: number) => `${GM_HEAD}ACL Downloaded From KS 10.0.0.2:\n${times(count, ace)}`,
    most: MOST_ACES,
    unknown: (beyond: number) => beyond,
    rows: list('acl'),
  },
  {
    list: 'ACEs that a GM downloaded in `gm acl`',
    command: 'show crypto gdoi gm acl',
    text: (count: number) => `Group Name: G1\nACL Downloaded From KS 10.0.0.2:\n${times(count, ace)}`,
    most: MOST_ACES,
    unknown: (beyond: number) => beyond,
    rows: list('acl'),
  },
  {
    list: 'ACEs configured on a KS',
    command: 'show crypto gdoi ks acl',
    text: (count: number) => `Group Name: G1\nConfigured ACL:\n${times(count, ace)}`,
    most: MOST_ACES,
    unknown: (beyond: number) => beyond,
    rows: list('acl'),
  },
  {
    list: 'COOP peers',
    command: 'show crypto gdoi ks coop',
    text: (count: number) =>
      `Crypto Gdoi Group Name :G1\nLocal Address: 10.0.0.1\nLocal KS Role: Primary\nPeer Sessions:\n${times(count, peer)}`,
    most: MOST_PEERS,
    unknown: (beyond: number) => 3 * beyond,
    rows: list('peers'),
  },
  {
    list: 'COOP peers in `ks coop identifier`',
    command: 'show crypto gdoi ks coop identifier',
    text: (count: number) =>
      `COOP-KS Sender ID (SID) Information for Group G1:\nLocal KS Role: Primary, Local KS Status: Alive\n${times(
        count,
        (index) => `Peer KS Role: Secondary, Peer KS Status: Alive\nPeer Address: ${address(index)}\n`,
      )}`,
    most: MOST_PEERS,
    unknown: (beyond: number) => beyond,
    rows: list('peers'),
  },
  {
    list: 'rekey SAs of a group',
    command: 'show crypto gdoi gm rekey detail',
    text: (count: number) => `Group G1 (Unicast)\nRekey (KEK) SA information :\n${times(count, rekeySa)}`,
    most: MOST_REKEY_SAS,
    unknown: (beyond: number) => beyond,
    rows: list('rekeySas'),
  },
  {
    list: 'routers in the feature list',
    command: 'show crypto gdoi feature',
    text: (count: number) =>
      `Group Name: G1\nGroup Member ID     Version   Feature Supported\n${times(count, (index) => `${address(index)} 1.0.26 Yes\n`)}`,
    most: MOST_MEMBERS,
    unknown: (beyond: number) => beyond,
    rows: list('features'),
  },
  {
    list: 'IKE SAs',
    command: 'show crypto isakmp sa',
    text: (count: number) =>
      `IPv4 Crypto ISAKMP SA\n${times(count, (index) => `${address(index)} 10.0.0.1 GDOI_IDLE ${index} ACTIVE\n`)}`,
    most: MOST_IKE_SAS,
    unknown: (beyond: number) => beyond,
    rows: list('sas'),
  },
  {
    list: 'IKEv2 SAs',
    command: 'show crypto ikev2 sa',
    text: (count: number) =>
      `IPv4 Crypto IKEv2 SA\n${times(count, (index) => `${index} 10.0.0.1/848 ${address(index)}/848 none/none READY\n`)}`,
    most: MOST_IKE_SAS,
    unknown: (beyond: number) => beyond,
    rows: list('sas'),
  },
  {
    list: 'pairs of idents of IPsec SAs',
    command: 'show crypto ipsec sa',
    text: (count: number) => `interface: Tunnel1\n${times(count, flow)}`,
    most: MOST_IPSEC_FLOWS,
    unknown: (beyond: number) => 2 * beyond,
    rows: list('flows'),
  },
  {
    list: 'SAs of one pair of idents',
    command: 'show crypto ipsec sa',
    text: (count: number) => `interface: Tunnel1\n${flow()}inbound esp sas:\n${times(count, sa)}`,
    most: MOST_TEKS,
    unknown: (beyond: number) => 2 * beyond,
    rows: (snapshot: object) => list('sas')(list('flows')(snapshot)[0] as object),
  },
];

/** By command: the block of one group in its answer, all of whose lines are known. */
const GROUPS: Readonly<Record<string, (index: number) => string>> = {
  'show crypto gdoi': (index) => `Group Name : G${index}\n Group Identity : 1\n Group member : 10.0.0.1\n`,
  'show crypto gdoi ks policy': (index) =>
    `For group G${index} (handle: 1) server 10.0.0.1 (handle: 1):\n # of teks : 1\nTEK POLICY (encaps : ENCAPS_TUNNEL)\n spi : 0x1\n`,
  'show crypto gdoi ks members': (index) =>
    `Number of rekeys sent for group G${index} : 1\nNumber of retransmits during the last rekey for group G${index} : 1\nDuration of the last rekey for group G${index} : 5 msec\n`,
  'show crypto gdoi ks members summary': (index) =>
    `Group Name: G${index}, ID: 1, Group Members: 1\nKey Server ID: 10.0.0.1, GMDB state: LOCAL, Group Members: 1\n10.0.0.2 1.0.25 0 0\n`,
  'show crypto gdoi ks coop': (index) =>
    `Crypto Gdoi Group Name :G${index}\nLocal Address: 10.0.0.1\nLocal KS Role: Primary\n`,
  'show crypto gdoi ks coop identifier': (index) =>
    `COOP-KS Sender ID (SID) Information for Group G${index}:\nLocal KS Role: Primary, Local KS Status: Alive\n`,
  'show crypto gdoi gm identifier': (index) =>
    `GM Sender ID (SID) Information for Group G${index}:\nGroup Member: 10.0.0.1 vrf: None\n`,
  'show crypto gdoi ks rekey': (index) => `Group G${index} (Unicast)\nNumber of Rekeys sent : 1\n`,
  'show crypto gdoi ks replay': (index) =>
    `Anti-replay Information For Group G${index}:\nReplay Value : 41.29 secs\nRemaining sync time : 2417 secs\n`,
  'show crypto gdoi ks acl': (index) => `Group Name: G${index}\nConfigured ACL:\naccess-list a permit ip any any\n`,
  'show crypto gdoi gm acl': (index) =>
    `Group Name: G${index}\nACL Downloaded From KS 10.0.0.1:\naccess-list a permit ip any any\n`,
  'show crypto gdoi gm rekey': (index) =>
    `Group G${index} (Unicast)\nNumber of Rekeys received (cumulative) : 1\nNumber of Rekey Acks sent : 1\n`,
  'show crypto gdoi gm replay': (index) => `Anti-replay Information For Group G${index}:\nis not enabled\n`,
  'show crypto gdoi gm dataplane counters': (index) =>
    `Data-plane statistics for group G${index}:\n#pkts encrypt : 1 #pkts decrypt : 1\n`,
  'show crypto gdoi feature': (index) =>
    `Group Name: G${index}\nKey Server ID     Version   Feature Supported\n10.0.0.1 1.0.26 Yes\n`,
};

test.each(Object.entries(GROUPS))(
  'an answer to %s with endless groups is read up to the limit of groups, and the lines beyond it are unknown',
  (command, group) => {
    const linesOfOne = group(0).trim().split('\n').length;
    for (const beyond of [0, 500]) {
      const result = parseCommandOutput(command, `R1#${command}\n${times(MOST_GROUPS + beyond, group)}R1#`);
      if (result.kind !== 'parsed') throw new Error(result.message);
      expect(result.snapshots).toHaveLength(MOST_GROUPS);
      // The heading of a member, which names no group yet, is still understood.
      const known = command.endsWith('gm identifier') ? beyond : 0;
      expect(result.lines.unknown).toBe(linesOfOne * beyond - known);
    }
  },
);

test('rows beyond the limit do not change the rows that were read', () => {
  const texts: Readonly<Record<string, string>> = {
    'show crypto gdoi ks coop': `Crypto Gdoi Group Name :G1\nLocal Address: 10.0.0.1\nLocal KS Role: Primary\nPeer Sessions:\n${times(MOST_PEERS, peer)}Session 999:\n Peer Address: 10.9.9.9\n Peer KS Role: Primary\n`,
    'show crypto gdoi': `GROUP INFORMATION\n Group Name : G1 (Unicast)\n${times(MOST_TEKS, ksTekOfGroup)}  IPSec SA Number : 9\n  IPSec SA Rekey Lifetime : 99 secs\n  SA Rekey\n    Remaining Lifetime : 99 secs\n`,
    'show crypto gdoi ks rekey': `Group G1 (Unicast)\n${times(MOST_TEKS, ksTekToRekey)}IPSec SA 9 lifetime (sec) : 99\nRemaining lifetime (sec) : 99\n`,
  };
  for (const [command, text] of Object.entries(texts)) {
    const result = parseCommandOutput(command, `R1#${command}\n${text}R1#`);
    if (result.kind !== 'parsed') throw new Error(result.message);
    const [snapshot] = result.snapshots;
    const last = [...(list('peers')(snapshot!) ?? []), ...(list('teks')(snapshot!) ?? [])].at(-1);
    expect(last).toMatchObject(
      command.endsWith('coop') ? { address: address(MOST_PEERS - 1), role: 'secondary' } : { remainingSeconds: 393 },
    );
  }
});

describe('an answer with an endless list', () => {
  test.each(LISTS.map((each) => [each.list, each] as const))(
    'is read up to the limit of %s, and the lines beyond it are unknown',
    (_, { command, text, most, unknown, rows }) => {
      for (const beyond of [0, 500]) {
        const result = parseCommandOutput(command, `R1#${command}\n${text(most + beyond)}R1#`);
        if (result.kind !== 'parsed') throw new Error(result.message);
        expect(rows(result.snapshots[0]!)).toHaveLength(most);
        expect(result.lines.unknown).toBe(beyond === 0 ? 0 : unknown(beyond));
      }
    },
  );
});
