/**
 * `show crypto gdoi`, also with `group X` and `detail`, and the halves of it that `show crypto gdoi gm` and `show
 * crypto gdoi ks` print: one block per group, as the GM or as the KS of that group shows it.
 *
 * Labels, not headings or indentation, tell the role and the section: the heading `Group Member Information For Group
 * X` is in IOS XE 17 only, and one G-IKEv2 capture has its blocks at column 0. A field that stands in two places (last
 * rekey, acknowledgements) has one meaning, so the label decides alone.
 */
import { BoundedList } from '../../gdoi/seen/bounded-list.ts';
import { MOST_ACES, MOST_GROUPS } from '../../gdoi/seen/row-bounds.ts';
import { type GmSnapshot, type GmTek, type KsKey, type KsSnapshot, UNKNOWN_KEK } from '../../gdoi/seen/snapshot.ts';
import { type Answer, type CommandGrammar, type Reading, UNNAMED } from '../text/answer.ts';
import { grammarName, groupOfCommand } from '../text/command-name.ts';
import { collapseBlanks, isAccessList, isAddress, parseAce } from '../text/device-values.ts';
import { type Block, type KeySketch, type Layout, longerLived, newBlock, type TekSketch } from '../text/group-block.ts';
import { GROUP_LABELS, GROUP_NAME, groupIdentity, groupName } from '../text/group-labels.ts';
import { readEach } from '../text/line-tally.ts';
import { findFoldedRule, findPrintedRule, findRule, hidesLabel, unused, valueAfter } from '../text/label-table.ts';

// Group Member Information For Group WAN:
const GM_HEADING = /^Group Member Information For Group (\S{1,128}):$/;
// Key Server Information For Group WAN:
const KS_HEADING = /^Key Server Information For Group (\S{1,128}):$/;
// ACL Downloaded From KS 192.0.2.11: (hand-typed notes drop the colon)
const ACL_HEADING = /^ACL Downloaded From KS (\S{1,45}?):?$/;
// Total group members registered to this box: 7
const TOTAL_MEMBERS = /^Total group members registered to this box:/;
// GigabitEthernet0/0/1: / Serial0/1/0:0: / Tunnel10:
const INTERFACE_HEADING = /^([A-Z][A-Za-z-]{1,32}\d[\d/.:]{0,24}):$/;

/** Words of an SA, in whatever line. */
const MAY_BE_SA = /\b(?:spi|sa|esp|ah|lifetime|transform)\b|0x[\dA-F]{4}/i;

const MAY_BE_KEK = /\bKEK\b/i;
const MAY_BE_POLICY = /\bpolic(?:y|ies)\b/i;

const CODE_LOWER_A = 97;

class GroupReader {
  readonly blocks: Block[] = [];
  #block: Block | null = null;
  #layout: Layout = 'group';
  #index = 0;
  readonly #filtered: boolean;
  /** A group began beyond the most: nothing that follows is read. */
  #full = false;

  constructor(filtered: boolean) {
    this.#filtered = filtered;
  }

  /** Whether the line is known. */
  take(line: string, index: number): boolean {
    const known = !this.#full && this.#read(line, index) && !this.#full;
    if (!known && this.#block !== null) passOver(this.#block, line);
    return known;
  }

  #read(line: string, index: number): boolean {
    this.#index = index;
    if (line.charCodeAt(0) === CODE_LOWER_A && isAccessList(line)) return this.#readAccessList(line);
    const colon = line.indexOf(':');
    if (colon < 0) return this.#readBare(line);
    let rule = findPrintedRule(GROUP_LABELS, line, colon);
    if (rule === unused) return line.indexOf(':', colon + 1) < 0 || !hidesLabel(GROUP_LABELS, line, colon);
    if (rule === undefined) {
      if (this.#readHeading(line)) return true;
      rule = findFoldedRule(GROUP_LABELS, line, colon);
      if (rule === undefined) return false;
    }
    if (rule === groupName) this.#startGroup(line, colon);
    if (rule === groupIdentity) this.#startOther(valueAfter(line, colon));
    const block = this.#open();
    if (block.last !== 'none') block.last = 'none';
    if (rule === groupName) block.nameIndex = this.#index;
    return rule(block, valueAfter(line, colon));
  }

  #readBare(line: string): boolean {
    const text = collapseBlanks(line);
    if (text === 'GROUP INFORMATION') {
      this.#startBlock('group');
      return true;
    }
    if (text === 'Rekeys cumulative' || text === 'Rekeys received') return true;
    const rule = findRule(GROUP_LABELS, text);
    if (rule !== undefined) return rule(this.#open(), '');
    return this.#readServer(line) || this.#readHeading(line);
  }

  /** Further servers of the list stand alone on their lines. */
  #readServer(line: string): boolean {
    const block = this.#block;
    if (block === null || block.last !== 'servers' || block.servers === null || !isAddress(line)) return false;
    return block.servers.add(line);
  }

  #readHeading(line: string): boolean {
    if (this.#readServer(line)) return true;
    if (this.#block?.section === 'tek') {
      const name = INTERFACE_HEADING.exec(line)?.[1];
      if (name !== undefined) {
        this.#block.tekInterface = name;
        return true;
      }
    }
    const text = collapseBlanks(line);
    const gm = GM_HEADING.exec(text)?.[1];
    if (gm !== undefined) {
      this.#startHeaded(gm, 'gm');
      return true;
    }
    const ks = KS_HEADING.exec(text)?.[1];
    if (ks !== undefined) {
      this.#startHeaded(ks, 'ks');
      return true;
    }
    if (ACL_HEADING.test(text)) {
      const block = this.#open();
      block.isGm = true;
      block.provesGm = true;
      block.section = 'acl';
      block.acl ??= new BoundedList(MOST_ACES);
      return true;
    }
    return TOTAL_MEMBERS.test(text);
  }

  #readAccessList(line: string): boolean {
    const block = this.#block;
    if (block === null) return false;
    const ace = parseAce(line);
    if (ace === null) {
      if (block.last !== 'acl-configured') return false;
      block.aclConfiguredShown = true;
      return true;
    }
    if (block.section !== 'acl') return block.section === 'other';
    return block.acl === null || block.acl.add(ace);
  }

  /** `Group Name` opens the next group, unless a heading has just named it. */
  #startGroup(line: string, colon: number): void {
    const current = this.#block;
    if (current === null || current.group === null) return;
    const name = GROUP_NAME.exec(line.slice(colon + 1).trim())?.[1];
    if (current.namedByHeading && name === current.group) current.namedByHeading = false;
    else this.#startBlock('group');
  }

  /** Another identity is another group's, whose name was not understood. */
  #startOther(identity: string): void {
    const known = this.#block?.identity ?? null;
    if (known !== null && known !== identity) this.#startBlock('group');
  }

  #startHeaded(name: string, layout: Layout): void {
    if (this.#block?.group === name && !this.#block.namedByHeading && this.#block.memberLines === 0) {
      this.#block.section = 'member';
      this.#block.isGm ||= layout === 'gm';
      this.#block.provesGm ||= layout === 'gm';
      this.#block.isKs ||= layout === 'ks';
      return;
    }
    const block = this.#startBlock(layout);
    block.group = name;
    block.nameIndex = this.#index;
    block.namedByHeading = true;
  }

  #startBlock(layout: Layout): Block {
    if (this.#block !== null) this.#block.endShown = true;
    this.#layout = layout;
    this.#block = newBlock(layout, this.#filtered, this.#index);
    if (this.blocks.length < MOST_GROUPS) this.blocks.push(this.#block);
    else this.#full = true;
    return this.#block;
  }

  #open(): Block {
    return this.#block ?? this.#startBlock(this.#layout);
  }
}

// ---- what must be there -----------------------------------------------------------------------------------------

/** What a line that is not understood may have been. */
function passOver(block: Block, line: string): void {
  block.kekUnread ||= MAY_BE_KEK.test(line);
  if (block.section !== 'tek') return;
  block.tekUnread ||= MAY_BE_SA.test(line);
  if (!line.endsWith(':')) return;
  // it may be the next interface
  block.tekInterface = null;
  // or another policy's heading: the SAs below it may be old ones, or none yet
  if (MAY_BE_POLICY.test(line) && block.teks !== null && block.teks.length > 0) block.section = 'other';
}

function missingIn(block: Block, proven: boolean): string | null {
  if (block.group === null) return proven && isBlank(block) ? null : 'the group name';
  if (proven || block.endShown) return null;
  return roleOf(block) === 'ks' ? missingInKs(block) : missingInGm(block);
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
  if (!block.statusShown) return 'the registration status';
  if (block.succeeded !== null && block.attempted === null) return 'the registration counters';
  if (block.registered !== true) return null;
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
  const left = (block.activeTeks ?? 0) - shown;
  return left > 0 ? `${left} active ${left === 1 ? 'TEK' : 'TEKs'}` : null;
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
    registered: block.registered,
    // IOS 12.4 and 15.0 name the server they are registered with in the group's header only
    keyServer: block.keyServer ?? block.activeServer,
    keyServers: block.servers?.rows ?? null,
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
    kek: longerLived(block.otherKek, block.kek) ?? (block.kekUnread ? UNKNOWN_KEK : null),
    teks: areTeksKnown(block) ? tekSnapshots(block.teks) : null,
    acl: block.acl?.rows ?? null,
    ...(block.receiveOnly ? { receiveOnly: true } : {}),
  };
}

/** Lines that were not understood may be those of a TEK: then no TEK in them does not mean that there is none. */
function areTeksKnown(block: Block): block is Block & { readonly teks: TekSketch[] } {
  return block.teks !== null && (block.teks.length > 0 || !block.tekUnread);
}

/** IOS 12.4 and 15.0 list an SA once for each direction; the key is the same. */
function tekSnapshots(teks: readonly TekSketch[]): GmTek[] {
  const snapshots: GmTek[] = [];
  const shown = new Set<string>();
  for (const tek of teks) {
    const sa = `${tek.interface ?? ''} ${tek.spi ?? ''}`;
    if (tek.direction && shown.has(sa)) continue;
    shown.add(sa);
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
    retransmit: {
      periodSeconds: block.retransmitSeconds,
      attempts: block.retransmitAttempts,
    },
    teks: block.ksTeks === null ? null : block.ksTeks.rows.map(ksKey),
    peers: null,
    memberDetails: null,
    ...(block.ksVersion === null ? {} : { ksVersion: block.ksVersion }),
    ...(block.receiveOnly ? { receiveOnly: true } : {}),
  };
}

function ksKey(key: KeySketch): KsKey {
  return {
    spi: null,
    lifetimeSeconds: key.lifetimeSeconds,
    remainingSeconds: key.remainingSeconds,
    timeToRekeySeconds: key.timeToRekeySeconds,
  };
}

/** Null: nothing in the block shows which it is. A KS prints some of a GM's lines too, but none that prove a GM. */
function roleOf(block: Block): 'gm' | 'ks' | null {
  if (block.isKs && !block.provesGm) return 'ks';
  return block.isGm ? 'gm' : null;
}

// show crypto gdoi ks / show crypto gdoi gm: the command itself says the role
const NAMES_ROLE = / (?:gm|ks)\b/;
const ROLE_OF_COMMAND = /^show crypto gdoi (gm|ks)\b/;

function readGroups(answer: Answer, command: string): Reading {
  const reader = new GroupReader(answer.filter !== null);
  const read = readEach(answer.lines, (line, index) => reader.take(line, index));
  const proven = answer.ending === 'prompt';
  const asked = NAMES_ROLE.test(command) ? ROLE_OF_COMMAND.exec(grammarName(command))?.[1] : undefined;
  const unnamed = answer.filter === null ? null : (groupOfCommand(command) ?? UNNAMED);
  const snapshots: Array<GmSnapshot | KsSnapshot> = [];
  const lost: number[] = [];
  let missing: string | null = proven || reader.blocks.length > 0 ? null : 'the groups';
  for (const [at, block] of reader.blocks.entries()) {
    missing ??= missingIn(block, proven);
    const name = block.group ?? unnamed;
    const role = asked === 'gm' || asked === 'ks' ? asked : roleOf(block);
    if (name !== null && role !== null)
      snapshots.push(role === 'ks' ? ksSnapshot(block, name) : gmSnapshot(block, name));
    // a group of which nothing says what this router is in it
    else if (block.nameIndex !== null) lost.push(block.nameIndex);
    // nobody's values
    else if (!isBlank(block)) {
      const end = reader.blocks[at + 1]?.firstIndex ?? answer.lines.length;
      for (let index = block.firstIndex; index < end; index += 1) lost.push(index);
    }
  }
  const already = new Set(lost.length === 0 ? [] : read.unknown);
  const unknown = lost.filter((index) => !already.has(index));
  return {
    snapshots,
    known: read.known - unknown.length,
    unknown: unknown.length === 0 ? read.unknown : [...read.unknown, ...unknown].toSorted((x, y) => x - y),
    recognised: read.known > 0,
    missing,
  };
}

/** Without newline, a whole answer of this family ends in one of these. */
const CLOSED_LINES: readonly RegExp[] = [
  // REG_GM: local_addr 198.51.100.21
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
