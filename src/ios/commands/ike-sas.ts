/**
 * `show crypto isakmp sa` and `show crypto ikev2 sa`: which IKE SAs there are, and whether they stand.
 *
 * A GM keeps an IKE SA only for the registration (`GDOI_IDLE`), and the SA of the rekeys (`GDOI_REKEY`) in IKEv1's
 * list.
 */
import { BoundedList } from '../../gdoi/seen/bounded-list.ts';
import { MOST_IKE_SAS } from '../../gdoi/seen/row-bounds.ts';
import type { IkeSa, IkeSas } from '../../gdoi/seen/beside-facts.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { collapseBlanks, columns, isAddress } from '../text/device-values.ts';
import { readEach } from '../text/line-tally.ts';

// IPv4 Crypto ISAKMP SA / IPv6 Crypto IKEv2  SA / IPv4 Crypto IKEv2  SA
const TITLE_V1 = /^IPv[46] Crypto ISAKMP SA$/i;
const TITLE_V2 = /^IPv[46] Crypto IKEv2 SA$/i;
// dst             src             state          conn-id status (older: conn-id slot status)
const HEADING_V1 = /^dst src state conn-id (?:slot )?status$/i;
// C-id  Local           Remote          I-VRF  Status Encr Hash   Auth DH Lifetime Cap. (detail)
const DETAIL_V1 = /^(?:Codes: |C-id Local Remote |[A-Z] - |[a-z]+ ?- |X - |Engine-id:Conn-id ?=)/;
// Tunnel-id Local                 Remote                fvrf/ivrf            Status
const HEADING_V2 = /^Tunnel-id (?:Local Remote )?fvrf\/ivrf Status$/i;
// Encr: AES-CBC, keysize: 256, PRF: SHA512, ... / Life/Active Time: 86400/1234 sec / CE id: 0, Session-id: 1
const DETAIL_V2 =
  /^(?:Encr|Life\/Active Time|CE id|Session-id|Status Description|Local (?:id|spi|window|req msg id|next msg id|req queued)|Remote (?:id|spi|window|req msg id|next msg id|req queued)|DPD configured|NAT-T|Cisco Trust Security|Initiator of SA|PEER TYPE|Fragmentation|IETF Std|Extended Authentication|Dynamic Route Update|Quantum|PPK|Auth sign|Hash)\b.{0,200}$/i;

const STANDING: ReadonlySet<string> = new Set(['QM_IDLE', 'GDOI_IDLE', 'GDOI_REKEY', 'READY']);
/** Of an ISAKMP SA; `STDBY` is the other router's of a redundant pair. */
const STATUSES: ReadonlySet<string> = new Set(['active', 'active (deleted)', 'stdby', 'stdby (deleted)']);
/** Main, aggressive and extended exchanges that have not ended. */
const FAILING =
  /^(?:MM_(?:NO_STATE|SA_SETUP|KEY_EXCH|KEY_AUTH)|AG_(?:NO_STATE|INIT_EXCH|AUTH)|CONF_(?:XAUTH|ADDR)|IN-NEG|DELETE|EST_PENDING|NEG)$/;

function readIkeV1(answer: Answer): Reading {
  const sas = new BoundedList<IkeSa>(MOST_IKE_SAS);
  let ends = NO_ENDS;
  let titled = false;
  const read = readEach(answer.lines, (raw, index) => {
    const line = collapseBlanks(raw);
    if (TITLE_V1.test(line) || HEADING_V1.test(line) || DETAIL_V1.test(line)) {
      titled = true;
      return true;
    }
    const mayGoOn = answer.ending === 'mid-line' && index === answer.lines.length - 1;
    const row = rowV1(line, mayGoOn) ?? detailRowV1(line);
    if (row !== null) return taken(sas, row);
    const { next, ...shown } = partV1(ends, line, mayGoOn);
    ends = next;
    return taken(sas, shown);
  });
  return readingOf({ role: 'ike', version: 1, sas: sas.rows }, read, titled);
}

/** What a line shows. */
interface Shown {
  /** null: no SA, or the first parts of one. */
  readonly sa: IkeSa | null;
  /** All of the line is understood. */
  readonly known: boolean;
}

/** Whether the line is known; an SA beyond the most is not. */
function taken(sas: BoundedList<IkeSa>, { sa, known }: Shown): boolean {
  return (sa === null || sas.add(sa)) && known;
}

/** `10.1.1.1        10.1.2.2        GDOI_IDLE         1001 ACTIVE`; cut there, it may have been `ACTIVE (deleted)`. */
function rowV1(line: string, mayGoOn: boolean): Shown | null {
  const [remote = '', local = '', state = '', connection = '', ...status] = columns(line);
  if (!isAddress(remote) || !isAddress(local) || !/^\d{1,12}$/.test(connection)) return null;
  const words = status.filter((word) => !/^\d{1,4}$/.test(word)).join(' ');
  return shownV1({ remote, local, state }, words, mayGoOn);
}

function shownV1(
  { remote, local, state }: { readonly remote: string; readonly local: string; readonly state: string },
  words: string,
  mayGoOn: boolean,
): Shown {
  const established = establishedIn(state);
  const known = STATUSES.has(words.toLowerCase());
  const status = known && !(mayGoOn && !words.endsWith(')')) ? words : null;
  return {
    sa: { remote, local, state, established, status },
    known: established !== null && (known || words === ''),
  };
}

// 1014  198.51.100.9    203.0.113.1     RED    ACTIVE aes  sha256 psk  14 23:11:02 D: the state is not shown
const DETAIL_ROW_V1 = /^\d{1,10} (\S{1,45}) (\S{1,45}) (?:\S{1,32} )?(ACTIVE|STDBY)(?: [\w:.]{1,16}){0,8}$/;

function detailRowV1(line: string): Shown | null {
  const [, local = '', remote = '', status = ''] = DETAIL_ROW_V1.exec(line) ?? [];
  if (!isAddress(local) || !isAddress(remote)) return null;
  return { sa: { remote, local, state: null, established: null, status }, known: true };
}

/** Of an SA over IPv6, whose addresses stand on lines of their own. */
interface Ends {
  readonly remote: string | null;
  readonly local: string | null;
}
const NO_ENDS: Ends = { remote: null, local: null };

/** What a line shows of an SA that takes several lines, and what is then shown of it. */
type Part<Open> = Shown & { readonly next: Open };

// dst: 2001:DB8::1 / src: 2001:DB8::2
const END_V1 = /^(dst|src): ?(\S{1,45})$/;
// state: GDOI_IDLE conn-id: 1005 status: ACTIVE / state: MM_NO_STATE conn-id: 0 slot: 0 status: ACTIVE (deleted)
const STATE_V1 = /^state: ?(\S{1,32}) conn-id: ?\d{1,12}(?: slot: ?\d{1,4})? status: ?(\S.{0,32})$/;

function partV1(ends: Ends, line: string, mayGoOn: boolean): Part<Ends> {
  const withEnd = endIn(END_V1.exec(line), 'dst');
  if (withEnd !== null) return { next: { ...ends, ...withEnd }, sa: null, known: true };
  const [, state, words] = STATE_V1.exec(line) ?? [];
  if (state === undefined || words === undefined) return { next: ends, sa: null, known: false };
  const { remote, local } = ends;
  if (remote === null || local === null) return { next: NO_ENDS, sa: null, known: false };
  return { next: NO_ENDS, ...shownV1({ remote, local, state }, words, mayGoOn) };
}

/** null: the line shows no end of an SA. */
function endIn(match: RegExpExecArray | null, ofRemote: string): Partial<Ends> | null {
  const [, which, address = ''] = match ?? [];
  if (which === undefined || !isAddress(address)) return null;
  return which === ofRemote ? { remote: address } : { local: address };
}

function readIkeV2(answer: Answer): Reading {
  const sas = new BoundedList<IkeSa>(MOST_IKE_SAS);
  let open = NONE_OPEN;
  let titled = false;
  const read = readEach(answer.lines, (raw) => {
    const line = collapseBlanks(raw);
    const heading = TITLE_V2.test(line) || HEADING_V2.test(line);
    titled ||= heading;
    if (heading || (titled && DETAIL_V2.test(line))) return true;
    const row = rowV2(line);
    if (row !== null) return taken(sas, row);
    const { next, ...shown } = partV2(open, line);
    open = next;
    return taken(sas, shown);
  });
  return readingOf({ role: 'ike', version: 2, sas: sas.rows }, read, titled);
}

// 1         10.1.1.1/848         10.1.2.2/848         none/none            READY
const ROW_V2 = /^\d{1,10} (\S{1,45})\/\d{1,5} (\S{1,45})\/\d{1,5} \S{1,80} ([A-Z_-]{2,20})$/;

function rowV2(line: string): Shown | null {
  const [, local, remote, state] = ROW_V2.exec(line) ?? [];
  if (local === undefined || remote === undefined || state === undefined) return null;
  const established = establishedIn(state);
  return { sa: { remote, local, state, established, status: null }, known: established !== null };
}

/** Of an SA over IPv6: its state comes before its addresses. */
interface OpenV2 extends Ends {
  readonly state: string | null;
}
const NONE_OPEN: OpenV2 = { ...NO_ENDS, state: null };

// 3          none/none             READY
const STATE_V2 = /^\d{1,10} [^\s/]{1,40}\/[^\s/]{1,40} ([A-Z_-]{2,20})$/;
// Local  2001:DB8::9/848 / Remote  2001:DB8::1/848
const END_V2 = /^(Local|Remote):? (\S{1,45})\/\d{1,5}$/;

function partV2(open: OpenV2, line: string): Part<OpenV2> {
  const state = STATE_V2.exec(line)?.[1];
  if (state !== undefined) return { next: { ...NO_ENDS, state }, sa: null, known: establishedIn(state) !== null };
  const withEnd = open.state === null ? null : endIn(END_V2.exec(line), 'Remote');
  if (open.state === null || withEnd === null) return { next: open, sa: null, known: false };
  const next = { ...open, ...withEnd };
  const { remote, local } = next;
  if (remote === null || local === null) return { next, sa: null, known: true };
  const sa = { remote, local, state: open.state, established: establishedIn(open.state), status: null };
  return { next: NONE_OPEN, sa, known: true };
}

function establishedIn(state: string): boolean | null {
  return STANDING.has(state) ? true : FAILING.test(state) ? false : null;
}

function readingOf(shown: IkeSas, read: ReturnType<typeof readEach>, titled: boolean): Reading {
  const recognised = titled || shown.sas.length > 0;
  return { snapshots: recognised ? [shown] : [], ...read, recognised, missing: recognised ? null : 'the heading' };
}

export const ikeV1Sas: CommandGrammar = {
  names: ['show crypto isakmp sa'],
  recognisedBy: [TITLE_V1, HEADING_V1],
  closedLines: [/^.{0,200}\bACTIVE(?: \(deleted\))?$/, TITLE_V1, HEADING_V1],
  read: readIkeV1,
};

export const ikeV2Sas: CommandGrammar = {
  names: ['show crypto ikev2 sa'],
  recognisedBy: [TITLE_V2, HEADING_V2],
  closedLines: [DETAIL_V2, TITLE_V2, /\bREADY$/],
  read: readIkeV2,
};
