/**
 * `show crypto isakmp sa` and `show crypto ikev2 sa`: which IKE SAs there are, and whether they stand.
 *
 * A GM keeps an IKE SA only for the registration (`GDOI_IDLE`), and the SA of the rekeys (`GDOI_REKEY`) in IKEv1's
 * list.
 */
import { addWithin, MOST_IKE_SAS } from '../../gdoi/seen/row-bounds.ts';
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
  const sas: IkeSa[] = [];
  const ends: Ends = { remote: null, local: null };
  let titled = false;
  const read = readEach(answer.lines, (raw, index) => {
    const line = collapseBlanks(raw);
    const heading = TITLE_V1.test(line) || HEADING_V1.test(line) || DETAIL_V1.test(line);
    titled ||= heading;
    const mayGoOn = answer.ending === 'mid-line' && index === answer.lines.length - 1;
    return heading || takeV1(sas, line, mayGoOn) || takeDetailV1(sas, line) || takeV1OfIpv6(sas, ends, line, mayGoOn);
  });
  return readingOf({ role: 'ike', version: 1, sas }, read, titled);
}

/** `10.1.1.1        10.1.2.2        GDOI_IDLE         1001 ACTIVE`; cut there, it may have been `ACTIVE (deleted)`. */
function takeV1(sas: IkeSa[], line: string, mayGoOn: boolean): boolean {
  const [remote = '', local = '', state = '', connection = '', ...status] = columns(line);
  if (!isAddress(remote) || !isAddress(local) || !/^\d{1,12}$/.test(connection)) return false;
  const words = status.filter((word) => !/^\d{1,4}$/.test(word)).join(' ');
  return addV1(sas, { remote, local, state }, words, mayGoOn);
}

function addV1(
  sas: IkeSa[],
  { remote, local, state }: { readonly remote: string; readonly local: string; readonly state: string },
  words: string,
  mayGoOn: boolean,
): boolean {
  const established = establishedIn(state);
  const known = STATUSES.has(words.toLowerCase());
  const shown = known && !(mayGoOn && !words.endsWith(')')) ? words : null;
  const taken = addWithin(MOST_IKE_SAS, sas, { remote, local, state, established, status: shown });
  return taken && established !== null && (known || words === '');
}

// 1014  198.51.100.9    203.0.113.1     RED    ACTIVE aes  sha256 psk  14 23:11:02 D: the state is not shown
const DETAIL_ROW_V1 = /^\d{1,10} (\S{1,45}) (\S{1,45}) (?:\S{1,32} )?(ACTIVE|STDBY)(?: [\w:.]{1,16}){0,8}$/;

function takeDetailV1(sas: IkeSa[], line: string): boolean {
  const [, local = '', remote = '', status = ''] = DETAIL_ROW_V1.exec(line) ?? [];
  if (!isAddress(local) || !isAddress(remote)) return false;
  return addWithin(MOST_IKE_SAS, sas, { remote, local, state: null, established: null, status });
}

/** Of an SA over IPv6, whose addresses stand on lines of their own. */
interface Ends {
  remote: string | null;
  local: string | null;
}

// dst: 2001:DB8::1 / src: 2001:DB8::2
const END_V1 = /^(dst|src): ?(\S{1,45})$/;
// state: GDOI_IDLE conn-id: 1005 status: ACTIVE / state: MM_NO_STATE conn-id: 0 slot: 0 status: ACTIVE (deleted)
const STATE_V1 = /^state: ?(\S{1,32}) conn-id: ?\d{1,12}(?: slot: ?\d{1,4})? status: ?(\S.{0,32})$/;

function takeV1OfIpv6(sas: IkeSa[], ends: Ends, line: string, mayGoOn: boolean): boolean {
  if (takeEnd(ends, END_V1.exec(line), 'dst')) return true;
  const [, state, words] = STATE_V1.exec(line) ?? [];
  if (state === undefined || words === undefined) return false;
  const { remote, local } = ends;
  ends.remote = null;
  ends.local = null;
  if (remote === null || local === null) return false;
  return addV1(sas, { remote, local, state }, words, mayGoOn);
}

function takeEnd(ends: Ends, match: RegExpExecArray | null, ofRemote: string): boolean {
  const [, which, address = ''] = match ?? [];
  if (which === undefined || !isAddress(address)) return false;
  ends[which === ofRemote ? 'remote' : 'local'] = address;
  return true;
}

function readIkeV2(answer: Answer): Reading {
  const sas: IkeSa[] = [];
  const open: OpenV2 = { state: null, remote: null, local: null };
  let titled = false;
  const read = readEach(answer.lines, (raw) => {
    const line = collapseBlanks(raw);
    const heading = TITLE_V2.test(line) || HEADING_V2.test(line);
    titled ||= heading;
    return heading || (titled && DETAIL_V2.test(line)) || takeV2(sas, line) || takeV2OfIpv6(sas, open, line);
  });
  return readingOf({ role: 'ike', version: 2, sas }, read, titled);
}

// 1         10.1.1.1/848         10.1.2.2/848         none/none            READY
const ROW_V2 = /^\d{1,10} (\S{1,45})\/\d{1,5} (\S{1,45})\/\d{1,5} \S{1,80} ([A-Z_-]{2,20})$/;

function takeV2(sas: IkeSa[], line: string): boolean {
  const [, local, remote, state] = ROW_V2.exec(line) ?? [];
  if (local === undefined || remote === undefined || state === undefined) return false;
  const established = establishedIn(state);
  return addWithin(MOST_IKE_SAS, sas, { remote, local, state, established, status: null }) && established !== null;
}

/** Of an SA over IPv6: its state comes before its addresses. */
interface OpenV2 extends Ends {
  state: string | null;
}

// 3          none/none             READY
const STATE_V2 = /^\d{1,10} [^\s/]{1,40}\/[^\s/]{1,40} ([A-Z_-]{2,20})$/;
// Local  2001:DB8::9/848 / Remote  2001:DB8::1/848
const END_V2 = /^(Local|Remote):? (\S{1,45})\/\d{1,5}$/;

function takeV2OfIpv6(sas: IkeSa[], open: OpenV2, line: string): boolean {
  const state = STATE_V2.exec(line)?.[1];
  if (state !== undefined) {
    Object.assign(open, { state, remote: null, local: null });
    return establishedIn(state) !== null;
  }
  if (open.state === null || !takeEnd(open, END_V2.exec(line), 'Remote')) return false;
  const { remote, local } = open;
  if (remote === null || local === null) return true;
  const sa = { remote, local, state: open.state, established: establishedIn(open.state), status: null };
  open.state = null;
  return addWithin(MOST_IKE_SAS, sas, sa);
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
