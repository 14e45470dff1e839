/**
 * What one group's block of `show crypto gdoi` has said so far, as GM or as KS: filled line by line by the label table,
 * read by completeness checks and snapshots. Null is "not said".
 */
import type { BoundedList } from '../../gdoi/seen/bounded-list.ts';
import { shownSeconds } from '../../gdoi/seen/countdown.ts';
import { type GroupType, type KsRole, type RekeyTransport, UNKNOWN_KEK } from '../../gdoi/seen/snapshot.ts';

export type Layout = 'group' | 'gm' | 'ks';

export interface TekSketch {
  interface: string | null;
  spi: string | null;
  transform: string | null;
  remainingSeconds: number | null;
  antiReplay: 'time' | 'counter' | null;
  antiReplayShown: boolean;
  direction: boolean;
}

export interface KekSketch {
  transport: RekeyTransport | null;
  remainingSeconds: number | null;
  encryption: string | null;
  keyBits: number | null;
  signatureHash: string | null;
  signatureKeyBits: number | null;
}

export interface KeySketch {
  lifetimeSeconds: number | null;
  remainingSeconds: number | null;
  timeToRekeySeconds: number | null;
}

export type Section = 'header' | 'member' | 'acl' | 'kek' | 'tek' | 'other';
export type Countdown = 'none' | 'kek' | 'retransmit' | 'tek';

/** Everything one block of the answer has said so far. */
export interface Block {
  group: string | null;
  namedByHeading: boolean;
  layout: Layout;
  /** Its first line, and the line of its name. */
  readonly firstIndex: number;
  nameIndex: number | null;
  /** A line that a GM prints, and so does nearly no KS. */
  isGm: boolean;
  /** A line that only a GM prints: the member's state or its keys. */
  provesGm: boolean;
  isKs: boolean;
  /** Sections are lost by a filter: a key's line then begins a key. */
  readonly filtered: boolean;
  section: Section;
  last: 'none' | 'servers' | 'acl-configured';
  endShown: boolean;

  identity: string | null;
  receiveOnly: boolean;
  groupType: GroupType | null;
  servers: BoundedList<string> | null;
  serversShown: boolean;

  memberLines: number;
  memberEndShown: boolean;
  address: string | null;
  vrf: string | null;
  gmVersion: string | null;
  status: string | null;
  statusShown: boolean;
  registered: boolean | null;
  keyServer: string | null;
  activeServer: string | null;
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
  acl: BoundedList<string> | null;
  kek: KekSketch | null;
  /** The longest-lived of those shown before `kek`. */
  otherKek: KekSketch | null;
  /** A line that names a KEK was not understood. */
  kekUnread: boolean;
  kekEndShown: boolean;
  tekInterface: string | null;
  teks: TekSketch[] | null;
  /** Where the TEKs stand, a line was not understood that may be of one. */
  tekUnread: boolean;

  transport: RekeyTransport | null;
  members: number | null;
  redundancy: boolean | null;
  localAddress: string | null;
  localPriority: number | null;
  localRole: KsRole | null;
  localStatus: string | null;
  ksVersion: string | null;
  /** Whose `Remaining Lifetime` comes next. */
  countdown: Countdown;
  /** Whose `Remaining Lifetime` came last: more of its lines may follow. */
  counted: Countdown;
  ksKek: KeySketch | null;
  ksTeks: BoundedList<KeySketch> | null;
  /** The lines are about a TEK beyond the most that are taken. */
  beyondKsTeks: boolean;
  retransmitSeconds: number | null;
  retransmitAttempts: number | null;
  aclConfiguredShown: boolean;
}

export function newKek(): KekSketch {
  return { ...UNKNOWN_KEK };
}

/** Of two KEKs that a GM holds the old one goes by itself; `later` unless the other one is known to last longer. */
export function longerLived(earlier: KekSketch | null, later: KekSketch | null): KekSketch | null {
  if (earlier === null || later === null) return later ?? earlier;
  const [one, other] = [shownSeconds(earlier.remainingSeconds), shownSeconds(later.remainingSeconds)];
  return one !== null && (other === null || one > other) ? earlier : later;
}

export function newTek(interfaceName: string | null): TekSketch {
  return {
    interface: interfaceName,
    spi: null,
    transform: null,
    remainingSeconds: null,
    antiReplay: null,
    antiReplayShown: false,
    direction: false,
  };
}

export function newBlock(layout: Layout, filtered: boolean, firstIndex: number): Block {
  return {
    group: null,
    namedByHeading: false,
    layout,
    firstIndex,
    nameIndex: null,
    isGm: layout === 'gm',
    provesGm: layout === 'gm',
    isKs: layout === 'ks',
    filtered,
    section: 'header',
    last: 'none',
    endShown: false,
    identity: null,
    receiveOnly: false,
    groupType: null,
    servers: null,
    serversShown: false,
    memberLines: 0,
    memberEndShown: false,
    address: null,
    vrf: null,
    gmVersion: null,
    status: null,
    statusShown: false,
    registered: null,
    keyServer: null,
    activeServer: null,
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
    otherKek: null,
    kekUnread: false,
    kekEndShown: false,
    tekInterface: null,
    teks: null,
    tekUnread: false,
    transport: null,
    members: null,
    redundancy: null,
    localAddress: null,
    localPriority: null,
    localRole: null,
    localStatus: null,
    ksVersion: null,
    countdown: 'none',
    counted: 'none',
    ksKek: null,
    ksTeks: null,
    beyondKsTeks: false,
    retransmitSeconds: null,
    retransmitAttempts: null,
    aclConfiguredShown: false,
  };
}
