/**
 * `show crypto gdoi`, also with `group X` and `detail`, and the halves of it that `show crypto gdoi gm` and `show crypto
 * gdoi ks` print: one block per group, as the GM or as the KS of that group shows it.
 *
 * Labels, not headings or indentation, tell the role and the section: the heading `Group Member Information For Group X`
 * is in IOS XE 17 only, and one G-IKEv2 capture has its blocks at column 0. A field that stands in two places (last
 * rekey, acknowledgements) has one meaning, so the label decides alone.
 */
import type { GmSnapshot, GmTek, GroupType, KsKey, KsRole, KsSnapshot, RekeyTransport } from '../gdoi/snapshot.ts';
import type { Answer, CommandGrammar, Reading } from './answer.ts';
import {
  collapseBlanks,
  isAccessList,
  isAddress,
  parseAce,
  parseAddressOrNone,
  parseAgeSeconds,
  parseCount,
  parseSeconds,
  parseTekSpi,
} from './device-values.ts';
import {
  findFoldedRule,
  findPrintedRule,
  findRule,
  type LabelRule,
  labelTable,
  unused,
  valueAfter,
} from './label-table.ts';

type Layout = 'group' | 'gm' | 'ks';

interface TekDraft {
  interface: string | null;
  spi: string | null;
  transform: string | null;
  remainingSeconds: number | null;
  antiReplay: 'time' | 'counter' | null;
  antiReplayShown: boolean;
  direction: boolean;
}

interface KekDraft {
  transport: RekeyTransport | null;
  remainingSeconds: number | null;
  encryption: string | null;
  keyBits: number | null;
  signatureHash: string | null;
  signatureKeyBits: number | null;
}

interface KeyDraft {
  lifetimeSeconds: number | null;
  remainingSeconds: number | null;
}

type Section = 'header' | 'member' | 'acl' | 'kek' | 'tek' | 'other';
type Countdown = 'none' | 'kek' | 'retransmit' | 'tek';

/** Everything one block of the answer has said so far. */
interface Block {
  group: string | null;
  namedByHeading: boolean;
  layout: Layout;
  isGm: boolean;
  isKs: boolean;
  section: Section;
  last: 'none' | 'servers' | 'acl-configured';
  endShown: boolean;

  identity: string | null;
  groupType: GroupType | null;
  servers: string[] | null;
  serversShown: boolean;

  memberLines: number;
  memberEndShown: boolean;
  address: string | null;
  vrf: string | null;
  gmVersion: string | null;
  status: string | null;
  keyServer: string | null;
  reregistersInSeconds: number | null;
  succeeded: number | null;
  attempted: number | null;
  headerReceived: number | null;
  memberReceived: number | null;
  totalReceived: number | null;
  sinceRegistration: number | null;
  acksSent: number | null;
  totalAcksSent: number | null;
  lastFrom: string | null;
  lastSequence: number | null;
  lastAgeSeconds: number | null;
  activeTeks: number | null;
  acl: string[] | null;
  kek: KekDraft | null;
  kekEndShown: boolean;
  tekInterface: string | null;
  teks: TekDraft[] | null;

  transport: RekeyTransport | null;
  members: number | null;
  redundancy: boolean | null;
  localAddress: string | null;
  localPriority: number | null;
  localRole: KsRole | null;
  localStatus: string | null;
  ksVersion: string | null;
  countdown: Countdown;
  ksKek: KeyDraft | null;
  ksTeks: KeyDraft[] | null;
  retransmitSeconds: number | null;
  retransmitAttempts: number | null;
  aclConfiguredShown: boolean;
}

function newBlock(layout: Layout): Block {
  return {
    group: null,
    namedByHeading: false,
    layout,
    isGm: layout === 'gm',
    isKs: layout === 'ks',
    section: 'header',
    last: 'none',
    endShown: false,
    identity: null,
    groupType: null,
    servers: null,
    serversShown: false,
    memberLines: 0,
    memberEndShown: false,
    address: null,
    vrf: null,
    gmVersion: null,
    status: null,
    keyServer: null,
    reregistersInSeconds: null,
    succeeded: null,
    attempted: null,
    headerReceived: null,
    memberReceived: null,
    totalReceived: null,
    sinceRegistration: null,
    acksSent: null,
    totalAcksSent: null,
    lastFrom: null,
    lastSequence: null,
    lastAgeSeconds: null,
    activeTeks: null,
    acl: null,
    kek: null,
    kekEndShown: false,
    tekInterface: null,
    teks: null,
    transport: null,
    members: null,
    redundancy: null,
    localAddress: null,
    localPriority: null,
    localRole: null,
    localStatus: null,
    ksVersion: null,
    countdown: 'none',
    ksKek: null,
    ksTeks: null,
    retransmitSeconds: null,
    retransmitAttempts: null,
    aclConfiguredShown: false,
  };
}

// ---- rules ------------------------------------------------------------------------------------------------------

type NumberField = {
  [Key in keyof Block]: Block[Key] extends number | null ? (null extends Block[Key] ? Key : never) : never;
}[keyof Block];

/** A number of the group or KS part. */
function number(field: NumberField, parse: (value: string) => number | null = parseCount): LabelRule<Block> {
  return (block, value) => {
    const parsed = parse(value);
    if (parsed === null) return false;
    block[field] = parsed;
    return true;
  };
}

/** Marks a rule of the KS part: its label alone proves the role. */
function onKs(rule: LabelRule<Block>): LabelRule<Block> {
  return (block, value) => {
    block.isKs = true;
    return rule(block, value);
  };
}

/** A field of the member block. A group's second `Group member` repeats what the first has said: only that counts. */
function ofMember(rule: LabelRule<Block>): LabelRule<Block> {
  return (block, value) => {
    block.isGm = true;
    return block.memberLines > 1 ? true : rule(block, value);
  };
}

/** The last line of the member block in one release or another. */
function endsMember(rule: LabelRule<Block>): LabelRule<Block> {
  return (block, value) => {
    block.memberEndShown = true;
    return rule(block, value);
  };
}

function ofKek(rule: (kek: KekDraft, value: string) => boolean): LabelRule<Block> {
  return (block, value) => (block.section === 'kek' && block.kek !== null ? rule(block.kek, value) : false);
}

function ofTek(rule: (tek: TekDraft, value: string) => boolean): LabelRule<Block> {
  return (block, value) => {
    const tek = block.section === 'tek' ? block.teks?.at(-1) : undefined;
    return tek === undefined ? false : rule(tek, value);
  };
}

// HMAC_AUTH_SHA, AES, 3DES
const WORD = /^\S{1,64}$/;

// mygroup (Multicast) on a KS, mygroup on a GM
const GROUP_NAME = /^(\S{1,128})(?: {1,8}\((Unicast|Multicast)\))?$/i;
const GROUP_TYPES: ReadonlyArray<readonly [start: string, type: GroupType]> = [
  ['GDOI', 'gdoi'],
  ['G-IKEv2', 'gikev2'],
];
/** Status of a GM that has the group's policy; every other word means that it has not (`Registering` in prose only). */
const REGISTERED = /^registered$/i;
const NONE = /^none$/i;
const NEVER = /^never$/i;

/** A GM's server list holds addresses, a KS's says `Local`. */
const groupServerList: LabelRule<Block> = (block, value) => {
  block.serversShown = true;
  block.last = 'servers';
  if (/^local$/i.test(value)) {
    block.isKs = true;
    return true;
  }
  block.isGm = true;
  block.servers = [];
  if (value === '') return true;
  const addresses = value.split(/[ ,]+/);
  if (!addresses.every(isAddress)) return false;
  block.servers.push(...addresses);
  return true;
};

// 3.3.1.1         vrf: None
const MEMBER_WITH_VRF = /^(\S{1,64}) {1,64}vrf ?: {0,64}(\S{1,64})$/i;

const groupMember: LabelRule<Block> = (block, value) => {
  block.isGm = true;
  block.section = 'member';
  block.memberLines += 1;
  if (block.memberLines > 1) return true;
  const both = MEMBER_WITH_VRF.exec(value);
  const address = parseAddressOrNone(both?.[1] ?? value);
  if (address === undefined) return false;
  block.address = address;
  const vrf = both?.[2];
  block.vrf = vrf === undefined || NONE.test(vrf) ? null : vrf;
  return true;
};

/** `00:01:30`, `1d02h`, `never`. */
const lastRekeyAge: LabelRule<Block> = (block, value) => {
  if (NEVER.test(value)) return true;
  const age = parseAgeSeconds(value);
  if (age === null) return false;
  block.lastAgeSeconds = age;
  return true;
};

// Rekey Rcvd(hh:mm:ss)  : 00:01:30: what follows the first colon, inside the label
const AFTER_HH = /^mm:ss\) {0,64}: {0,64}(\S{1,32})$/;

const group: LabelRule<Block> = (block, value) => {
  const name = GROUP_NAME.exec(value);
  if (name === null) return false;
  block.group = name[1] ?? null;
  const transport = parseTransport(name[2] ?? '');
  if (transport !== null) {
    block.transport = transport;
    block.isKs = true;
  }
  return true;
};

const remainingLifetime: LabelRule<Block> = (block, value) => {
  const seconds = parseSeconds(value);
  if (seconds === null) return false;
  block.isKs = true;
  switch (block.countdown) {
    case 'kek':
      ksKek(block).remainingSeconds = seconds;
      break;
    case 'tek':
      lastKsTek(block).remainingSeconds = seconds;
      break;
    case 'retransmit':
      break;
    case 'none':
      return false;
  }
  block.countdown = 'none';
  return true;
};

function ksKek(block: Block): KeyDraft {
  block.ksKek ??= { lifetimeSeconds: null, remainingSeconds: null };
  return block.ksKek;
}

function lastKsTek(block: Block): KeyDraft {
  block.ksTeks ??= [];
  const last = block.ksTeks.at(-1);
  if (last !== undefined) return last;
  const first: KeyDraft = { lifetimeSeconds: null, remainingSeconds: null };
  block.ksTeks.push(first);
  return first;
}

function countdown(kind: Countdown): LabelRule<Block> {
  return (block, value) => {
    block.isKs = true;
    block.countdown = kind;
    return value === '';
  };
}

/** Sets where the lines that follow belong. */
function section(next: Section): LabelRule<Block> {
  return (block, value) => {
    block.section = next;
    return value === '';
  };
}

/** The headings after the TEKs: with one of them shown, the TEK list is whole. */
const afterTeks: LabelRule<Block> = (block, value) => {
  block.section = 'other';
  block.endShown = true;
  return value === '';
};

const kekPolicy: LabelRule<Block> = (block, value) => {
  block.isGm = true;
  block.section = 'kek';
  block.kek = {
    transport: null,
    remainingSeconds: null,
    encryption: null,
    keyBits: null,
    signatureHash: null,
    signatureKeyBits: null,
  };
  return value === '';
};

const tekPolicy: LabelRule<Block> = (block, value) => {
  block.isGm = true;
  block.section = 'tek';
  block.teks ??= [];
  block.tekInterface = null;
  return value === '';
};

const ipsecSa: LabelRule<Block> = (block, value) => {
  if (block.section !== 'tek' || block.teks === null) return false;
  block.teks.push({
    interface: block.tekInterface,
    spi: null,
    transform: null,
    remainingSeconds: null,
    antiReplay: null,
    antiReplayShown: false,
    direction: false,
  });
  return value === '';
};

// remaining key lifetime (sec): (393) / remaining key lifetime (k/sec): (4415180/393)
const SA_TIMING = /^remaining key lifetime \((k\/)?sec\) ?: {0,16}\((?:\d{1,12}\/)?(\d{1,10})\)$/;

const antiReplay: (kind: 'time' | 'counter' | null) => LabelRule<Block> = (kind) =>
  ofTek((tek) => {
    tek.antiReplay = kind;
    tek.antiReplayShown = true;
    return true;
  });

export const LABELS = labelTable<Block>([
  // ---- both roles
  ['Group Name', group],
  [
    'Group Identity',
    (block, value) => {
      block.identity = value === '' ? null : value;
      return WORD.test(value);
    },
  ],
  [
    'Group Type',
    (block, value) => {
      block.groupType = GROUP_TYPES.find(([start]) => value.startsWith(start))?.[1] ?? null;
      return block.groupType !== null;
    },
  ],
  [['IKEv2 Profile', 'Crypto Path', 'Group Path', 'Key Management Path', 'IPSec SA Direction'], unused],
  ['Group Server list', groupServerList],

  // ---- GM: header and member block
  [
    'Rekeys received',
    (block, value) => {
      block.isGm = true;
      return number('headerReceived')(block, value);
    },
  ],
  ['Group member', groupMember],
  [
    [
      'ACL Received From KS',
      'Local addr/port',
      'Remote addr/port',
      'fvrf/ivrf',
      'fvrf/vrf',
      'Registering to',
      'PFS Rekey received',
      'DP Error Monitoring',
      'IPSEC init reg executed',
      'IPSEC init reg postponed',
      'allowable rekey cipher',
      'allowable rekey hash',
      'Fail-Close',
      'Passive',
    ],
    unused,
  ],
  [['SA Track (OID/status)', 'Fail-Close Revert', 'allowable transformtag'], endsMember(ofMember(unused))],
  [
    'Version',
    ofMember((block, value) => {
      block.gmVersion = value;
      return WORD.test(value);
    }),
  ],
  [
    'Registration status',
    ofMember((block, value) => {
      block.status = value === '' ? null : value;
      return value !== '';
    }),
  ],
  [
    'Registered with',
    ofMember((block, value) => {
      const address = parseAddressOrNone(value);
      block.keyServer = address ?? null;
      return address !== undefined;
    }),
  ],
  [
    ['Re-registers in', 'Reregisters in', 'Re-registered in', 'Re-register in', 'GM Reregisters in'],
    ofMember(number('reregistersInSeconds', parseSeconds)),
  ],
  ['Succeeded registration', ofMember(number('succeeded'))],
  ['Attempted registration', ofMember(number('attempted'))],
  [
    'Last rekey from',
    ofMember((block, value) => {
      const address = parseAddressOrNone(value);
      block.lastFrom = address ?? null;
      return address !== undefined;
    }),
  ],
  ['Last rekey seq num', ofMember(number('lastSequence'))],
  [
    ['Unicast rekey received', 'Multicast rekey rcvd', 'Multicast rekey received', 'Unicast rekey rcvd'],
    ofMember(number('memberReceived')),
  ],
  ['Rekey ACKs sent', ofMember(number('acksSent'))],
  [
    ['Rekey Rcvd(hh', 'Rekey Received(hh'],
    ofMember((block, value) => {
      const age = AFTER_HH.exec(value)?.[1];
      return age === undefined ? false : lastRekeyAge(block, age);
    }),
  ],
  [['Rekey Received', 'Rekey Rcvd'], ofMember(lastRekeyAge)],
  ['Active TEK Number', endsMember(ofMember(number('activeTeks')))],

  // ---- GM: totals
  [['Total received', 'Cumulative'], number('totalReceived')],
  [['After latest register', 'After registration'], number('sinceRegistration')],
  [['Rekey Acks sents', 'Rekey Acks sent total'], number('totalAcksSent')],

  // ---- GM: policy
  ['ACL Configured Locally', section('other')],
  ['Map Name', unused],
  ['KEK POLICY', kekPolicy],
  [
    'Rekey Transport Type',
    ofKek((kek, value) => {
      kek.transport = parseTransport(value);
      return kek.transport !== null;
    }),
  ],
  [
    ['Lifetime (secs)', 'Lifetime (sec)'],
    ofKek((kek, value) => {
      kek.remainingSeconds = parseCount(value);
      return kek.remainingSeconds !== null;
    }),
  ],
  [
    'Encrypt Algorithm',
    ofKek((kek, value) => {
      kek.encryption = value;
      return WORD.test(value);
    }),
  ],
  [
    'Key Size',
    ofKek((kek, value) => {
      kek.keyBits = parseCount(value);
      return kek.keyBits !== null;
    }),
  ],
  [
    'Sig Hash Algorithm',
    ofKek((kek, value) => {
      kek.signatureHash = value;
      return WORD.test(value);
    }),
  ],
  [
    'Sig Key Length (bits)',
    (block, value) => {
      const kek = block.section === 'kek' ? block.kek : null;
      if (kek === null) return false;
      kek.signatureKeyBits = parseCount(value);
      block.kekEndShown = kek.signatureKeyBits !== null;
      return block.kekEndShown;
    },
  ],
  [['TEK POLICY for the current KS-Policy ACEs Downloaded', 'TEK POLICY'], tekPolicy],
  ['IPsec SA', ipsecSa],
  [
    'spi',
    ofTek((tek, value) => {
      tek.spi = parseTekSpi(value);
      return tek.spi !== null;
    }),
  ],
  [
    'transform',
    ofTek((tek, value) => {
      tek.transform = value === '' ? null : collapseBlanks(value);
      return value !== '';
    }),
  ],
  [
    'sa timing',
    ofTek((tek, value) => {
      const seconds = SA_TIMING.exec(value.includes('  ') ? collapseBlanks(value) : value)?.[2];
      tek.remainingSeconds = seconds === undefined ? null : Number(seconds);
      return seconds !== undefined;
    }),
  ],
  [
    'sa direction',
    ofTek((tek) => {
      tek.direction = true;
      return true;
    }),
  ],
  [['Anti-Replay(Time Based)', 'Anti-Replay (Time Based)'], antiReplay('time')],
  [['Anti-Replay(Counter Based)', 'Anti-Replay (Counter Based)'], antiReplay('counter')],
  ['Anti-Replay', antiReplay(null)],
  [['tag method', 'alg key size', 'sig key size', 'encaps', 'KGS'], unused],
  [['KGS POLICY', 'P2P POLICY'], afterTeks],
  ['REG_GM', unused],

  // ---- KS
  ['Group Members', onKs(number('members'))],
  [
    'Redundancy',
    onKs((block, value) => {
      block.redundancy = /^configured$/i.test(value);
      return value !== '';
    }),
  ],
  [
    'Local Address',
    onKs((block, value) => {
      const address = parseAddressOrNone(value);
      block.localAddress = address ?? null;
      return address !== undefined;
    }),
  ],
  ['Local Priority', onKs(number('localPriority'))],
  [
    'Local KS Status',
    onKs((block, value) => {
      block.localStatus = value === '' ? null : value;
      return WORD.test(value);
    }),
  ],
  [
    'Local KS Role',
    onKs((block, value) => {
      block.localRole = parseKsRole(value);
      return block.localRole !== null;
    }),
  ],
  [
    'Local KS Version',
    onKs((block, value) => {
      block.ksVersion = value;
      return WORD.test(value);
    }),
  ],
  ['Local COOP Version', unused],
  [
    'Group Rekey Lifetime',
    onKs((block, value) => {
      ksKek(block).lifetimeSeconds = parseSeconds(value);
      return block.ksKek?.lifetimeSeconds !== null;
    }),
  ],
  ['Group Rekey', countdown('kek')],
  ['Group Retransmit', countdown('retransmit')],
  ['SA Rekey', countdown('tek')],
  ['Remaining Lifetime', remainingLifetime],
  ['Rekey Retransmit Period', onKs(number('retransmitSeconds', parseSeconds))],
  ['Rekey Retransmit Attempts', onKs(number('retransmitAttempts'))],
  [
    'IPSec SA Number',
    onKs((block) => {
      block.ksTeks ??= [];
      block.ksTeks.push({ lifetimeSeconds: null, remainingSeconds: null });
      return true;
    }),
  ],
  [
    'IPSec SA Rekey Lifetime',
    onKs((block, value) => {
      const tek = lastKsTek(block);
      tek.lifetimeSeconds = parseSeconds(value);
      return tek.lifetimeSeconds !== null;
    }),
  ],
  [
    [
      'Active Group Server',
      'Re-auth on new CRL',
      'Rekey Acknowledgement Cfg',
      'IP D3P Window',
      'IP D3P Windows',
      'Split Resiliency Factor',
      'CKM status',
      'Profile Name',
      'Replay method',
      'Replay Window Size',
      'Tagging method',
      'Group Size',
      'GM Sender ID (SID) Length',
    ],
    unused,
  ],
  [
    'ACL Configured',
    onKs((block, value) => {
      block.aclConfiguredShown = value !== '';
      block.last = 'acl-configured';
      return true;
    }),
  ],
]);

function parseTransport(value: string): RekeyTransport | null {
  const word = value.toLowerCase();
  return word === 'unicast' || word === 'multicast' ? word : null;
}

export function parseKsRole(value: string): KsRole | null {
  const word = value.toLowerCase();
  return word === 'primary' || word === 'secondary' || word === 'unknown' ? word : null;
}

// ---- reading ----------------------------------------------------------------------------------------------------

// Group Member Information For Group getvpn1:
const GM_HEADING = /^Group Member Information For Group (\S{1,128}):$/;
// Key Server Information For Group bw6000:
const KS_HEADING = /^Key Server Information For Group (\S{1,128}):$/;
// ACL Downloaded From KS 1.1.1.1: (hand-typed notes drop the colon)
const ACL_HEADING = /^ACL Downloaded From KS (\S{1,45}?):?$/;
// Total group members registered to this box: 12
const TOTAL_MEMBERS = /^Total group members registered to this box:/;
// GigabitEthernet0/0/1: / Serial0/1/0:0: / Tunnel10:
const INTERFACE_HEADING = /^([A-Z][A-Za-z-]{1,32}\d[\d/.:]{0,24}):$/;

const CODE_LOWER_A = 97;

class GroupReader {
  readonly blocks: Block[] = [];
  readonly unknown: number[] = [];
  known = 0;
  private block: Block | null = null;
  private layout: Layout = 'group';

  take(line: string, index: number): void {
    if (this.read(line)) this.known += 1;
    else this.unknown.push(index);
  }

  private read(line: string): boolean {
    if (line.charCodeAt(0) === CODE_LOWER_A && isAccessList(line)) return this.readAccessList(line);
    const colon = line.indexOf(':');
    if (colon < 0) return this.readBare(line);
    let rule = findPrintedRule(LABELS, line, colon);
    if (rule === unused) return true;
    if (rule === undefined) {
      if (this.readHeading(line)) return true;
      rule = findFoldedRule(LABELS, line, colon);
      if (rule === undefined) return false;
    }
    if (rule === group) this.startGroup(line, colon);
    const block = this.open();
    if (block.last !== 'none') block.last = 'none';
    return rule(block, valueAfter(line, colon));
  }

  private readBare(line: string): boolean {
    const text = collapseBlanks(line);
    if (text === 'GROUP INFORMATION') {
      this.startBlock('group');
      return true;
    }
    if (text === 'Rekeys cumulative' || text === 'Rekeys received') return true;
    const rule = findRule(LABELS, text);
    if (rule !== undefined) return rule(this.open(), '');
    return this.readServer(line) || this.readHeading(line);
  }

  /** Further servers of the list stand alone on their lines. */
  private readServer(line: string): boolean {
    const block = this.block;
    if (block === null || block.last !== 'servers' || block.servers === null || !isAddress(line)) return false;
    block.servers.push(line);
    return true;
  }

  private readHeading(line: string): boolean {
    if (this.readServer(line)) return true;
    if (this.block?.section === 'tek') {
      const name = INTERFACE_HEADING.exec(line)?.[1];
      if (name !== undefined) {
        this.block.tekInterface = name;
        return true;
      }
    }
    const text = collapseBlanks(line);
    const gm = GM_HEADING.exec(text)?.[1];
    if (gm !== undefined) {
      this.startHeaded(gm, 'gm');
      return true;
    }
    const ks = KS_HEADING.exec(text)?.[1];
    if (ks !== undefined) {
      this.startHeaded(ks, 'ks');
      return true;
    }
    if (ACL_HEADING.test(text)) {
      const block = this.open();
      block.isGm = true;
      block.section = 'acl';
      block.acl ??= [];
      return true;
    }
    return TOTAL_MEMBERS.test(text);
  }

  private readAccessList(line: string): boolean {
    const block = this.block;
    if (block === null) return false;
    const ace = parseAce(line);
    if (ace === null) {
      if (block.last !== 'acl-configured') return false;
      block.aclConfiguredShown = true;
      return true;
    }
    if (block.section !== 'acl') return block.section === 'other';
    block.acl?.push(ace);
    return true;
  }

  /** `Group Name` opens the next group, unless a heading has just named it. */
  private startGroup(line: string, colon: number): void {
    const current = this.block;
    if (current === null || current.group === null) return;
    const name = GROUP_NAME.exec(line.slice(colon + 1).trim())?.[1];
    if (current.namedByHeading && name === current.group) current.namedByHeading = false;
    else this.startBlock('group');
  }

  private startHeaded(name: string, layout: Layout): void {
    if (this.block?.group === name && !this.block.namedByHeading && this.block.memberLines === 0) {
      this.block.section = 'member';
      this.block.isGm ||= layout === 'gm';
      return;
    }
    const block = this.startBlock(layout);
    block.group = name;
    block.namedByHeading = true;
  }

  private startBlock(layout: Layout): Block {
    if (this.block !== null) this.block.endShown = true;
    this.layout = layout;
    this.block = newBlock(layout);
    this.blocks.push(this.block);
    return this.block;
  }

  private open(): Block {
    return this.block ?? this.startBlock(this.layout);
  }
}

// ---- what must be there -----------------------------------------------------------------------------------------

function missingIn(block: Block, proven: boolean): string | null {
  if (block.group === null) return proven && isBlank(block) ? null : 'the group name';
  if (proven || block.endShown) return null;
  if (block.isKs && !block.isGm) return missingInKs(block);
  return missingInGm(block);
}

function isBlank(block: Block): boolean {
  return !block.isGm && !block.isKs && block.identity === null;
}

function missingInKs(block: Block): string | null {
  if (block.redundancy === true && block.localRole === null) return 'the local KS role';
  if (block.layout === 'ks') return block.aclConfiguredShown ? null : 'the configured ACL';
  return block.serversShown ? null : 'the group server list';
}

function missingInGm(block: Block): string | null {
  // IOS 12.4 has no member block: its header goes straight to the policy
  if (block.memberLines === 0) return block.teks === null ? 'the group member block' : missingInTeks(block);
  if (block.status === null) return 'the registration status';
  if (block.succeeded !== null && block.attempted === null) return 'the registration counters';
  if (!REGISTERED.test(block.status)) return null;
  if (block.layout === 'gm') return block.memberEndShown ? null : 'the end of the member block';
  if (block.kek !== null && !block.kekEndShown) return 'the end of the KEK policy';
  return missingInTeks(block);
}

/** Every SA has the lines its siblings have, and there are as many TEKs as `Active TEK Number` says. */
function missingInTeks(block: Block): string | null {
  const teks = block.teks;
  const last = teks?.at(-1);
  if (teks === null || last === undefined) {
    return block.teks !== null && block.activeTeks === 0 ? null : 'the TEK policy';
  }
  if (last.spi === null && last.transform === null) return 'the last IPsec SA';
  if (last.remainingSeconds === null || !last.antiReplayShown) return 'the end of the last IPsec SA';
  const shown = new Set(teks.map((tek) => tek.spi)).size;
  return block.activeTeks !== null && shown < block.activeTeks ? `${block.activeTeks - shown} active TEK(s)` : null;
}

// ---- snapshots --------------------------------------------------------------------------------------------------

function gmSnapshot(block: Block, name: string): GmSnapshot {
  return {
    role: 'gm',
    group: name,
    identity: block.identity,
    groupType: block.groupType,
    address: block.address,
    vrf: block.vrf,
    gmVersion: block.gmVersion,
    status: block.status,
    registered: block.status === null ? null : REGISTERED.test(block.status),
    keyServer: block.keyServer,
    keyServers: block.servers,
    reregistersInSeconds: block.reregistersInSeconds,
    registrations: { succeeded: block.succeeded, attempted: block.attempted },
    rekeys: {
      received: block.headerReceived ?? block.totalReceived ?? block.memberReceived,
      sinceRegistration: block.sinceRegistration,
      acksSent: block.acksSent ?? block.totalAcksSent,
      lastFrom: block.lastFrom,
      lastSequence: block.lastSequence,
      lastAgeSeconds: block.lastAgeSeconds,
    },
    kek: block.kek,
    teks: block.teks === null ? null : tekSnapshots(block.teks),
    acl: block.acl,
  };
}

/** IOS 12.4 and 15.0 list an SA once for each direction; the key is the same. */
function tekSnapshots(teks: readonly TekDraft[]): GmTek[] {
  const snapshots: GmTek[] = [];
  for (const tek of teks) {
    const known =
      tek.direction && snapshots.some((other) => other.spi === tek.spi && other.interface === tek.interface);
    if (known) continue;
    snapshots.push({
      interface: tek.interface,
      spi: tek.spi,
      transform: tek.transform,
      remainingSeconds: tek.remainingSeconds,
      antiReplay: tek.antiReplay,
    });
  }
  return snapshots;
}

function ksSnapshot(block: Block, name: string): KsSnapshot {
  return {
    role: 'ks',
    group: name,
    identity: block.identity,
    transport: block.transport,
    members: block.members,
    redundancy: block.redundancy,
    localAddress: block.localAddress,
    localPriority: block.localPriority,
    localRole: block.localRole,
    localStatus: block.localStatus,
    kek: block.ksKek === null ? null : ksKey(block.ksKek),
    retransmit: { periodSeconds: block.retransmitSeconds, attempts: block.retransmitAttempts },
    teks: block.ksTeks === null ? null : block.ksTeks.map(ksKey),
    peers: null,
    memberDetails: null,
    ...(block.ksVersion === null ? {} : { ksVersion: block.ksVersion }),
  };
}

function ksKey(key: KeyDraft): KsKey {
  return {
    spi: null,
    lifetimeSeconds: key.lifetimeSeconds,
    remainingSeconds: key.remainingSeconds,
    timeToRekeySeconds: null,
  };
}

function readGroups(answer: Answer): Reading {
  const reader = new GroupReader();
  const { lines } = answer;
  for (let i = 0; i < lines.length; i++) reader.take(lines[i] ?? '', i);
  const proven = answer.ending === 'prompt';
  const snapshots: Array<GmSnapshot | KsSnapshot> = [];
  let missing: string | null = null;
  for (const block of reader.blocks) {
    missing ??= missingIn(block, proven);
    if (block.group === null) continue;
    snapshots.push(block.isKs && !block.isGm ? ksSnapshot(block, block.group) : gmSnapshot(block, block.group));
  }
  return { snapshots, unknown: reader.unknown, recognised: reader.known > 0, missing };
}

/** Without newline, a whole answer of this family ends in one of these. */
const CLOSED_LINES: readonly RegExp[] = [
  // REG_GM: local_addr 3.3.1.1
  /^REG_GM *: *local_addr +\S{1,45}$/,
  // Fail-Close Revert : Disabled
  /^Fail-Close Revert *: *(?:Disabled|Enabled)$/i,
  // SA Track (OID/status) : disabled
  /^SA Track \(OID\/status\) *: *disabled$/i,
  // allowable transformtag: any ESP
  /^allowable transformtag *: *any ESP$/,
  // Anti-Replay(Time Based) : 10 sec interval
  /^Anti-Replay ?\(Time Based\) *: *\d{1,6} +sec +interval$/,
  // Anti-Replay(Counter Based) : 64 (the window's size is not read)
  /^Anti-Replay ?\(Counter Based\) *: *\d{1,6}$/,
  // encaps: ENCAPS_TUNNEL
  /^encaps *: *ENCAPS_T\w{0,20}$/,
  // sig key size: 32 (bytes)
  /^(?:alg|sig) key size *: *\d{1,6} +\(bytes\)$/,
  // Group Server list       : Local
  /^Group Server list *: *Local$/i,
  // access-list acl1 (the last line of `ks`; the name is not read)
  /^access-list +\S{1,128}$/,
  // Local COOP Version   : 1.0.8 (not read)
  /^Local COOP Version *: *\d[\d.]{2,15}$/i,
];

export const showCryptoGdoi: CommandGrammar = {
  names: [
    'show crypto gdoi',
    'show crypto gdoi detail',
    'show crypto gdoi group',
    'show crypto gdoi gm',
    'show crypto gdoi ks',
    'show crypto gdoi ks detail',
  ],
  recognisedBy: [/^GROUP INFORMATION$/, /^Group Identity *:/, GM_HEADING, KS_HEADING, TOTAL_MEMBERS],
  closedLines: CLOSED_LINES,
  read: readGroups,
};
