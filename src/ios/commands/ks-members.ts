/**
 * `show crypto gdoi ks members`: every GM of every group as this KS counts it, also for one address.
 *
 * With an address the KS says `Group Member not Found` once for every group that has no such member: that is no error.
 * IOS 12.4 prints four lines for a member, IOS 15 adds the counters, IOS XE 17 version, state and type.
 */
import { MOST_GROUPS, MOST_MEMBERS } from '../../gdoi/seen/row-bounds.ts';
import { emptyKsSnapshot, type KsMember, type KsSnapshot } from '../../gdoi/seen/snapshot.ts';
import { type Answer, type CommandGrammar, type Reading, UNNAMED } from '../text/answer.ts';
import {
  collapseBlanks,
  MILLISECOND_UNITS,
  parseAddressOrNone,
  parseCount,
  parseNumberWithUnit,
  parseWordOrNone,
} from '../text/device-values.ts';
import { readEach } from '../text/line-tally.ts';
import {
  findFoldedRule,
  findPrintedRule,
  findRule,
  type LabelRule,
  labelTable,
  pairsOf,
  unused,
  valueAfter,
} from '../text/label-table.ts';

interface MemberSketch {
  readonly address: string;
  /** Where it begins. */
  readonly line: number;
  group: string | null;
  identity: string | null;
  version: string | null;
  state: string | null;
  keyServer: string | null;
  keyServerShown: boolean;
  rekeysSent: number | null;
  rekeyRetries: number | null;
  acksReceived: number | null;
  acksMissed: number | null;
  /** Lines only IOS 15 and later have. */
  modern: boolean;
  endShown: boolean;
  /** A line came that cannot be this member's. */
  ended: boolean;
}

interface GroupSketch {
  readonly group: string;
  identity: string | null;
  rekeysSent: number | null;
  lastRekeyRetransmits: number | null;
  lastRekeyDurationMs: number | null;
  readonly members: MemberSketch[];
}

// Number of rekeys sent for group WAN : 0
const REKEYS_SENT = /^Number of rekeys sent for group (\S{1,128}) ?: ?(\d{1,10})$/;
// Number of retransmits during the last rekey for group WAN : 0
const RETRANSMITS = /^Number of retransmits during the last rekey for group (\S{1,128}) ?: ?(\d{1,10})$/;
// Duration of the last rekey for group WAN : 1830 msec
const DURATION = /^Duration of the last rekey for group (\S{1,128}) ?: ?(\d{1,12} ?[a-z]{1,6})$/;
// Group Member not Found
const NOT_FOUND = /^Group Member not Found$/i;
const GROUP_NAME = /^\S{1,128}$/;
/** Also what a log message has left of `Group Member ID`. */
const MAY_BEGIN_MEMBER = /member|^Gr?o?u?p?$/i;
// Group Member Information :
const TITLE = /^Group Member Information ?:$/;

/** Words that a KS is known to print as the state of a member; any other one proves nothing. */
const MEMBER_STATE =
  /^(?:registered|registering|re-?registering|not registered|unregistered|deregistered|deleted|pending|expired|blocked|revoked|unknown)$/i;

type CountField = 'rekeysSent' | 'rekeyRetries' | 'acksReceived' | 'acksMissed';

type Field = CountField | 'identity' | 'group' | 'keyServer' | 'state' | 'version';

/** A second value is another member's, whose first line was not understood: the member that is open has ended. */
function once(field: Field, rule: LabelRule<MemberSketch>): LabelRule<MemberSketch> {
  return (member, value) => {
    if (member[field] === null) return rule(member, value);
    member.ended = true;
    return false;
  };
}

function count(field: CountField): LabelRule<MemberSketch> {
  return once(field, (member, value) => {
    member.modern = true;
    member[field] = parseCount(value);
    return member[field] !== null;
  });
}

/** Opens the next member: handled by the reader, which has the line's other pairs. */
const memberId: LabelRule<MemberSketch> = () => false;

const LABELS = labelTable<MemberSketch>([
  ['Group Member ID', memberId],
  [
    'GM Version',
    once('version', (member, value) => {
      member.modern = true;
      const version = parseWordOrNone(value);
      member.version = version ?? null;
      return version !== undefined;
    }),
  ],
  [
    'GM State',
    once('state', (member, value) => {
      member.modern = true;
      member.state = MEMBER_STATE.test(value) ? value : null;
      return member.state !== null;
    }),
  ],
  [
    'Group ID',
    once('identity', (member, value) => {
      const identity = parseWordOrNone(value);
      member.identity = identity ?? null;
      return identity !== undefined;
    }),
  ],
  [
    'Group Name',
    once('group', (member, value) => {
      if (!GROUP_NAME.test(value)) return false;
      member.group = value;
      return true;
    }),
  ],
  [
    'Key Server ID',
    once('keyServer', (member, value) => {
      const address = parseAddressOrNone(value);
      member.keyServer = address ?? null;
      member.keyServerShown = true;
      return address !== undefined;
    }),
  ],
  ['Rekeys sent', count('rekeysSent')],
  [['Rekeys retries', 'Rekey retries'], count('rekeyRetries')],
  [['Rekey Acks Rcvd', 'Rekey Acks received'], count('acksReceived')],
  ['Rekey Acks missed', count('acksMissed')],
  [['Group Type', 'Sent seq num', 'Member Type', 'VRF'], unused],
  [
    'Rcvd seq num',
    (member) => {
      member.endShown = true;
      return true;
    },
  ],
]);

class MembersReader {
  readonly groups = new Map<string, GroupSketch>();
  #known = 0;
  last: MemberSketch | null = null;
  /** The last group heading that no member followed yet. */
  headed: string | null = null;
  readonly #all: MemberSketch[] = [];

  /** A line was not understood that may be a member's first, or a member shows no group: the lists may lack members. */
  unread = false;

  take(line: string, index: number): boolean {
    const known = this.#read(line, index);
    if (known) this.#known += 1;
    else if (this.last?.ended === true || MAY_BEGIN_MEMBER.test(line)) this.endMember();
    return known;
  }

  /** What follows is not the last member's. */
  endMember(): void {
    this.last = null;
    this.unread = true;
  }

  #read(line: string, index: number): boolean {
    const colon = line.indexOf(':');
    if (colon < 0) return NOT_FOUND.test(collapseBlanks(line));
    const rule = findPrintedRule(LABELS, line, colon) ?? findFoldedRule(LABELS, line, colon);
    if (rule === undefined) return this.#readHeading(collapseBlanks(line));
    if (rule === memberId) return this.#startMember(line, index);
    return this.last === null ? false : rule(this.last, valueAfter(line, colon));
  }

  #startMember(line: string, index: number): boolean {
    const [id, ...others] = pairsOf(line);
    const address = parseAddressOrNone(id?.value ?? '');
    this.headed = null;
    this.last = null;
    if (address === undefined || address === null || this.#all.length >= MOST_MEMBERS) {
      this.unread = true;
      return false;
    }
    const member = newMember(address, index);
    this.last = member;
    this.#all.push(member);
    return others.every(({ label, value }) => findRule(LABELS, label)?.(member, value) ?? false);
  }

  #readHeading(line: string): boolean {
    if (TITLE.test(line)) return true;
    const sent = REKEYS_SENT.exec(line);
    if (sent?.[1] !== undefined) {
      this.headed = sent[1];
      const group = this.group(sent[1]);
      if (group !== null) group.rekeysSent = Number(sent[2]);
      return group !== null;
    }
    const retransmits = RETRANSMITS.exec(line);
    if (retransmits?.[1] !== undefined) {
      const group = this.group(retransmits[1]);
      if (group !== null) group.lastRekeyRetransmits = Number(retransmits[2]);
      return group !== null;
    }
    const duration = DURATION.exec(line);
    const group = duration?.[1] === undefined ? null : this.group(duration[1]);
    if (group === null) return false;
    const milliseconds = parseNumberWithUnit(duration?.[2] ?? '', MILLISECOND_UNITS);
    group.lastRekeyDurationMs = milliseconds;
    return milliseconds !== null;
  }

  /** Null: there are as many as are taken. */
  group(name: string): GroupSketch | null {
    const known = this.groups.get(name);
    if (known !== undefined) return known;
    if (this.groups.size >= MOST_GROUPS) return null;
    const group = newGroup(name);
    this.groups.set(name, group);
    return group;
  }

  /**
   * A member's group is known only after its first lines. The lines of members that show none, or one too many, are
   * returned.
   */
  assign(withoutGroup: string | null): readonly number[] {
    const lost: number[] = [];
    for (const member of this.#all) {
      const name = member.group ?? withoutGroup;
      const group = name === null ? null : this.group(name);
      if (group === null) {
        lost.push(member.line);
        continue;
      }
      group.identity ??= member.identity;
      group.members.push(member);
    }
    return lost;
  }

  missing(): string | null {
    if (this.headed !== null) return `the members of group ${this.headed}`;
    const last = this.last;
    if (last === null) return this.#known > 0 ? null : 'the members';
    if (last.endShown) return null;
    const siblingsEnd = this.#all.some((member) => member.endShown);
    return siblingsEnd || last.modern || !last.keyServerShown ? `the end of member ${last.address}` : null;
  }
}

function newMember(address: string, line: number): MemberSketch {
  return {
    address,
    line,
    group: null,
    identity: null,
    version: null,
    state: null,
    keyServer: null,
    keyServerShown: false,
    rekeysSent: null,
    rekeyRetries: null,
    acksReceived: null,
    acksMissed: null,
    modern: false,
    endShown: false,
    ended: false,
  };
}

function newGroup(group: string): GroupSketch {
  return {
    group,
    identity: null,
    rekeysSent: null,
    lastRekeyRetransmits: null,
    lastRekeyDurationMs: null,
    members: [],
  };
}

function readMembers(answer: Answer): Reading {
  const reader = new MembersReader();
  const broken = answer.brokenLines.filter(({ text }) => MAY_BEGIN_MEMBER.test(text));
  let passed = 0;
  const read = readEach(answer.lines, (line, index) => {
    for (; (broken[passed]?.before ?? Infinity) <= index; passed += 1) reader.endMember();
    return reader.take(line, index);
  });
  const lost = reader.assign(answer.filter === null ? null : UNNAMED);
  const unread = reader.unread || passed < broken.length || lost.length > 0;
  return {
    snapshots: [...reader.groups.values()].map((group) => groupSnapshot(group, unread)),
    known: read.known - lost.length,
    unknown: [...read.unknown, ...lost].toSorted((a, b) => a - b),
    recognised: read.known > 0,
    missing: answer.ending === 'prompt' ? null : reader.missing(),
  };
}

function groupSnapshot(sketch: GroupSketch, unread: boolean): KsSnapshot {
  return {
    ...emptyKsSnapshot(sketch.group),
    identity: sketch.identity,
    memberDetails: sketch.members.map(memberSnapshot),
    ...(unread ? { membersUnread: true as const } : {}),
    ...(sketch.rekeysSent === null ? {} : { rekeysSent: sketch.rekeysSent }),
    ...(sketch.lastRekeyRetransmits === null ? {} : { lastRekeyRetransmits: sketch.lastRekeyRetransmits }),
    ...(sketch.lastRekeyDurationMs === null ? {} : { lastRekeyDurationMs: sketch.lastRekeyDurationMs }),
  };
}

function memberSnapshot(member: MemberSketch): KsMember {
  return {
    address: member.address,
    version: member.version,
    state: member.state,
    keyServer: member.keyServer,
    rekeysSent: member.rekeysSent,
    rekeyRetries: member.rekeyRetries,
    acksReceived: member.acksReceived,
    acksMissed: member.acksMissed,
  };
}

export const ksMembers: CommandGrammar = {
  names: ['show crypto gdoi ks members'],
  recognisedBy: [/^Group Member ID *:/, /^Number of rekeys sent for group /, NOT_FOUND],
  closedLines: [
    // Rcvd seq num : 0     0     0     0 (not read)
    /^Rcvd seq num *:[\d ]*$/,
    // Group Member not Found
    /^Group Member not Found$/i,
  ],
  read: readMembers,
};
