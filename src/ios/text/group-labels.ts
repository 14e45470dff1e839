/**
 * The labels of `show crypto gdoi` and what each means, for GM and KS: one table, a row for each spelling of a release.
 *
 * A label decides alone where it can. Where one label has several meanings (`Remaining Lifetime`, `Key Size`, `spi`)
 * the section or the line before it decides, and outside of its section it is an unknown line.
 */
import { BoundedList } from '../../gdoi/seen/bounded-list.ts';
import { MOST_KEY_SERVERS, MOST_TEKS } from '../../gdoi/seen/row-bounds.ts';
import type { GroupType, KsRole, RekeyTransport } from '../../gdoi/seen/snapshot.ts';
import {
  collapseBlanks,
  isAddress,
  parseAddressOrNone,
  parseAgeSeconds,
  parseCount,
  parseSeconds,
  parseTekSpi,
  parseWordOrNone,
} from './device-values.ts';
import {
  type Block,
  type Countdown,
  type KekSketch,
  type KeySketch,
  longerLived,
  newKek,
  newTek,
  type Section,
  type TekSketch,
} from './group-block.ts';
import { type LabelRule, labelTable, takeOnce, unused } from './label-table.ts';

type NumberField = {
  [Key in keyof Block]: Block[Key] extends number | null ? (null extends Block[Key] ? Key : never) : never;
}[keyof Block];

/** A number of the group or KS part. */
function number(field: NumberField, parse: (value: string) => number | null = parseCount): LabelRule<Block> {
  return (block, value) => {
    const parsed = parse(value);
    return parsed !== null && takeOnce(block, field, parsed);
  };
}

type WordField = {
  [Key in keyof Block]: string extends Block[Key] ? (null extends Block[Key] ? Key : never) : never;
}[keyof Block];

/** A word of the group, member or KS part; `N/A` and the like are none. */
function word(field: WordField): LabelRule<Block> {
  return (block, value) => {
    const shown = parseWordOrNone(value);
    return shown !== undefined && takeOnce(block, field, shown);
  };
}

/** The address of a KS or of a rekey's source; `0.0.0.0` and the like are none. */
function address(field: WordField): LabelRule<Block> {
  return (block, value) => {
    const shown = parseAddressOrNone(value);
    return shown !== undefined && takeOnce(block, field, shown);
  };
}

/** Marks a rule of the KS part: its label alone proves the role. */
function onKs(rule: LabelRule<Block>): LabelRule<Block> {
  return (block, value) => {
    block.isKs = true;
    return rule(block, value);
  };
}

/** A field of the member block. Of a group's second `Group member` only the first one's fields count. */
function ofMember(rule: LabelRule<Block>): LabelRule<Block> {
  return (block, value) => {
    block.isGm = true;
    block.provesGm = true;
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

function mayBeGm({ filtered, isGm, isKs }: Block): boolean {
  return filtered || (isGm && !isKs);
}

/** A line that only a KEK has proves that there is one, also where its heading was not understood. */
function ofKek(rule: (kek: KekSketch, value: string) => boolean): LabelRule<Block> {
  return (block, value) => {
    if (block.kek === null && mayBeGm(block)) {
      block.isGm = true;
      block.provesGm = true;
      block.kek = newKek();
      block.section = 'kek';
    }
    return block.section === 'kek' && block.kek !== null ? rule(block.kek, value) : false;
  };
}

/** A value of the KEK, shown once, as those of the group are. `parse`: undefined is "not of this form". */
function kekField<Field extends keyof KekSketch>(
  field: Field,
  parse: (value: string) => KekSketch[Field] | undefined,
): LabelRule<Block> {
  return ofKek((kek, value) => {
    const shown = parse(value);
    if (shown === undefined || (kek[field] !== null && kek[field] !== shown)) return false;
    kek[field] = shown;
    return true;
  });
}

/**
 * `taken`: the value is there already, so that this line is another SA's. Its heading may not have been understood, or
 * be lost to a filter; behind the TEKs it may be of anything.
 */
function ofTek(
  rule: (tek: TekSketch, value: string) => boolean,
  taken: (tek: TekSketch) => boolean = () => false,
): LabelRule<Block> {
  return (block, value) => {
    const last = block.teks?.at(-1);
    const mayBegin = mayBeGm(block) && (block.filtered || block.section !== 'other');
    // `SPI : 0x` and 32 digits is a KEK's: what no TEK can have begins none.
    if (mayBegin && (last === undefined || taken(last)) && rule(newTek(null), value)) {
      block.isGm = true;
      block.provesGm = true;
      block.section = 'tek';
      if (!startTek(block)) return false;
    }
    const tek = block.section === 'tek' ? block.teks?.at(-1) : undefined;
    return tek === undefined ? false : rule(tek, value);
  };
}

/** False: there are as many as are read. Its lines then belong nowhere. */
function startTek(block: Block): boolean {
  block.teks ??= [];
  if (block.teks.length >= MOST_TEKS) {
    block.section = 'other';
    return false;
  }
  block.teks.push(newTek(block.tekInterface));
  return true;
}

// mygroup (Multicast) on a KS, mygroup on a GM
export const GROUP_NAME = /^(\S{1,128})(?: {1,8}\((Unicast|Multicast)\))?$/i;
const GROUP_TYPES: ReadonlyArray<readonly [start: string, type: GroupType]> = [
  ['GDOI', 'gdoi'],
  ['G-IKEv2', 'gikev2'],
];
/**
 * Words for the status of a GM: it has the group's policy, or has not. No capture shows any but the first;
 * `Registering` is the vendor's prose. A word that is neither says nothing.
 */
const REGISTERED = /^registered$/i;
const NOT_REGISTERED =
  /^(?:registering|re-?registering|registration (?:in progress|pending|failed)|not[ -](?:yet )?registered|un-?registered|de-?registered|pending|failed|none)$/i;
const NONE = /^none$/i;
const NEVER = /^never$/i;
const LOCAL = /^local$/i;
const CONFIGURED = /^configured$/i;
const NOT_CONFIGURED = /^(?:not configured|none|disabled|no)$/i;

/** A GM's server list holds addresses, a KS's says `Local`. */
const groupServerList: LabelRule<Block> = (block, value) => {
  block.serversShown = true;
  block.last = 'servers';
  if (LOCAL.test(value)) {
    block.isKs = true;
    return true;
  }
  block.isGm = true;
  const servers = new BoundedList<string>(MOST_KEY_SERVERS);
  block.servers = servers;
  if (value === '') return true;
  const addresses = value.split(/[ ,]+/);
  return addresses.every(isAddress) && addresses.every((address) => servers.add(address));
};

// 192.0.2.21      vrf: None
const MEMBER_WITH_VRF = /^(\S{1,64}) {1,64}vrf ?: {0,64}(\S{1,64})$/i;

const groupMember: LabelRule<Block> = (block, value) => {
  block.isGm = true;
  block.provesGm = true;
  block.section = 'member';
  block.memberLines += 1;
  if (block.memberLines > 1) return true;
  const both = MEMBER_WITH_VRF.exec(value);
  const [first = '', ...others] = value.split(' ', 2);
  const shown = parseAddressOrNone(first);
  if (shown === undefined) return false;
  block.address = shown;
  const vrf = both?.[2];
  block.vrf = vrf === undefined || NONE.test(vrf) ? null : vrf;
  return others.length === 0 || both !== null;
};

const registrationStatus: LabelRule<Block> = (block, value) => {
  block.isGm = true;
  block.provesGm = true;
  // Another member that stands otherwise is passed over, but not in silence.
  if (block.memberLines > 1) return value === block.status;
  const registered = REGISTERED.test(value);
  block.statusShown = true;
  if (!registered && !NOT_REGISTERED.test(value)) return false;
  if (!takeOnce(block, 'status', value)) return false;
  block.registered = registered;
  return true;
};

/** `00:01:30`, `1d02h`, `never`. */
const lastRekeyAge: LabelRule<Block> = (block, value) => {
  if (NEVER.test(value)) return true;
  const age = parseAgeSeconds(value);
  return age !== null && takeOnce(block, 'lastAgeSeconds', age);
};

// Rekey Rcvd(hh:mm:ss)  : 00:01:30: what follows the first colon, inside the label
const AFTER_HH = /^mm:ss\) {0,64}: {0,64}(\S{1,32})$/;

export const groupName: LabelRule<Block> = (block, value) => {
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
    case 'tek': {
      const tek = lastKsTek(block, 'remainingSeconds');
      if (tek === null) return false;
      tek.remainingSeconds = seconds;
      break;
    }
    case 'retransmit':
      break;
    case 'none':
      return false;
  }
  block.counted = block.countdown;
  block.countdown = 'none';
  return true;
};

const NOT_APPLICABLE = /^n\/a$/i;

/** Stands under the remaining lifetime of the KEK and of each TEK: with it a KS tells its lead. */
const timeToRekey: LabelRule<Block> = (block, value) => {
  const seconds = NOT_APPLICABLE.test(value) ? null : parseSeconds(value);
  if (seconds === null && !NOT_APPLICABLE.test(value)) return false;
  block.isKs = true;
  switch (block.countdown === 'none' ? block.counted : block.countdown) {
    case 'kek':
      ksKek(block).timeToRekeySeconds = seconds;
      return true;
    case 'tek': {
      const tek = lastKsTek(block, 'timeToRekeySeconds');
      if (tek !== null) tek.timeToRekeySeconds = seconds;
      return tek !== null;
    }
    default:
      return false;
  }
};

function newKey(): KeySketch {
  return {
    lifetimeSeconds: null,
    remainingSeconds: null,
    timeToRekeySeconds: null,
  };
}

function ksKek(block: Block): KeySketch {
  block.ksKek ??= newKey();
  return block.ksKek;
}

/**
 * One that has the value already is not the one that the line is of, whose number was not understood. null: one beyond
 * the most.
 */
function lastKsTek(block: Block, field: keyof KeySketch): KeySketch | null {
  if (block.beyondKsTeks) return null;
  block.ksTeks ??= new BoundedList(MOST_TEKS);
  const last = block.ksTeks.rows.at(-1);
  if (last !== undefined && last[field] === null) return last;
  const next = newKey();
  return block.ksTeks.add(next) ? next : null;
}

function countdown(kind: Countdown): LabelRule<Block> {
  return (block, value) => {
    block.isKs = true;
    block.countdown = kind;
    block.counted = 'none';
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
  block.provesGm = true;
  block.section = 'kek';
  block.otherKek = longerLived(block.otherKek, block.kek);
  block.kek = newKek();
  return value === '';
};

const tekPolicy: LabelRule<Block> = (block, value) => {
  block.isGm = true;
  block.provesGm = true;
  block.section = 'tek';
  block.teks ??= [];
  block.tekInterface = null;
  return value === '';
};

const ipsecSa: LabelRule<Block> = (block, value) => {
  if (block.section !== 'tek' || block.teks === null) return false;
  return startTek(block) && value === '';
};

// esp-256-aes esp-sha256-hmac / esp-gcm 256
const TRANSFORM = /^[\w(][^:]{0,127}$/;
// remaining key lifetime (sec): (1407) / remaining key lifetime (k/sec): (4415180/1407)
const SA_TIMING = /^remaining key lifetime \((k\/)?sec\) ?: {0,16}\((?:\d{1,12}\/)?(\d{1,10})\)$/;

/** `Both` and `Inbound Optional` send encrypted; it stands in the group's header and in the member block. */
const saDirection: LabelRule<Block> = (block, value) => {
  if (INBOUND_ONLY.test(value)) block.receiveOnly = true;
  return true;
};
const INBOUND_ONLY = /^inbound[ -]only$/i; // Inbound Only

const DIRECTION = /^[A-Za-z-]{1,16}$/;

const antiReplay: (kind: 'time' | 'counter' | null) => LabelRule<Block> = (kind) =>
  ofTek((tek) => {
    tek.antiReplay = kind;
    tek.antiReplayShown = true;
    return true;
  });

export const groupIdentity: LabelRule<Block> = word('identity');

export const GROUP_LABELS = labelTable<Block>([
  // ---- both roles
  ['Group Name', groupName],
  ['Group Identity', groupIdentity],
  [
    'Group Type',
    (block, value) => {
      block.groupType = GROUP_TYPES.find(([start]) => value.startsWith(start))?.[1] ?? null;
      return block.groupType !== null;
    },
  ],
  [['IKEv2 Profile', 'Crypto Path', 'Group Path', 'Key Management Path'], unused],
  ['IPSec SA Direction', saDirection],
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
  ['Version', ofMember(word('gmVersion'))],
  ['Registration status', registrationStatus],
  ['Registered with', ofMember(address('keyServer'))],
  [
    ['Re-registers in', 'Reregisters in', 'Re-registered in', 'Re-register in', 'GM Reregisters in'],
    ofMember(number('reregistersInSeconds', parseSeconds)),
  ],
  ['Succeeded registration', ofMember(number('succeeded'))],
  ['Attempted registration', ofMember(number('attempted'))],
  ['Last rekey from', ofMember(address('lastFrom'))],
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
  ['Rekey Transport Type', kekField('transport', (value) => parseTransport(value) ?? undefined)],
  [['Lifetime (secs)', 'Lifetime (sec)'], kekField('remainingSeconds', (value) => parseSeconds(value) ?? undefined)],
  ['Encrypt Algorithm', kekField('encryption', parseWordOrNone)],
  ['Key Size', kekField('keyBits', (value) => parseCount(value) ?? undefined)],
  ['Sig Hash Algorithm', kekField('signatureHash', parseWordOrNone)],
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
    ofTek(
      (tek, value) => {
        tek.spi = parseTekSpi(value);
        return tek.spi !== null;
      },
      (tek) => tek.spi !== null,
    ),
  ],
  [
    'transform',
    ofTek(
      (tek, value) => {
        tek.transform = TRANSFORM.test(value) ? collapseBlanks(value) : null;
        return tek.transform !== null;
      },
      (tek) => tek.transform !== null,
    ),
  ],
  [
    'sa timing',
    ofTek(
      (tek, value) => {
        const seconds = SA_TIMING.exec(value.includes('  ') ? collapseBlanks(value) : value)?.[2];
        tek.remainingSeconds = parseSeconds(seconds ?? '');
        return tek.remainingSeconds !== null;
      },
      (tek) => tek.remainingSeconds !== null,
    ),
  ],
  [
    'sa direction',
    ofTek((tek, value) => {
      tek.direction = true;
      return DIRECTION.test(value);
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
      block.redundancy = CONFIGURED.test(value) ? true : NOT_CONFIGURED.test(value) ? false : null;
      return block.redundancy !== null;
    }),
  ],
  ['Local Address', onKs(address('localAddress'))],
  ['Local Priority', onKs(number('localPriority'))],
  [
    'Local KS Status',
    onKs((block, value) => {
      const status = parseKsStatus(value);
      return status !== null && takeOnce(block, 'localStatus', status);
    }),
  ],
  [
    'Local KS Role',
    onKs((block, value) => {
      const role = parseKsRole(value);
      return role !== null && takeOnce(block, 'localRole', role);
    }),
  ],
  ['Local KS Version', onKs(word('ksVersion'))],
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
  ['Time to Rekey', timeToRekey],
  [['Acknowledgement Cfg', 'Acknowledgment Cfg', 'Rekey Acknowledgement Cfg', 'Rekey Acknowledgment Cfg'], unused],
  [
    'Active Group Server',
    (block, value) => {
      if (LOCAL.test(value)) {
        block.isKs = true;
        return true;
      }
      block.isGm = true;
      return address('activeServer')(block, value);
    },
  ],
  ['Rekey Retransmit Period', onKs(number('retransmitSeconds', parseSeconds))],
  ['Rekey Retransmit Attempts', onKs(number('retransmitAttempts'))],
  [
    'IPSec SA Number',
    onKs((block) => {
      block.ksTeks ??= new BoundedList(MOST_TEKS);
      block.beyondKsTeks = !block.ksTeks.add(newKey());
      return !block.beyondKsTeks;
    }),
  ],
  [
    'IPSec SA Rekey Lifetime',
    onKs((block, value) => {
      const tek = lastKsTek(block, 'lifetimeSeconds');
      if (tek === null) return false;
      tek.lifetimeSeconds = parseSeconds(value);
      return tek.lifetimeSeconds !== null;
    }),
  ],
  [
    [
      'Re-auth on new CRL',
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

/** What a KS is known to print of itself and of its peers; any other word says nothing. */
const KS_STATUS = /^(?:alive|not alive|dead|down|unknown|unreachable|disabled|inactive)$/i;

export function parseKsStatus(value: string): string | null {
  return KS_STATUS.test(value) ? value : null;
}
