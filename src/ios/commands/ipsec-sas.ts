/**
 * `show crypto ipsec sa`: idents, packets, errors, and the SAs of each direction with what is left of them.
 */
import { BoundedList } from '../../gdoi/seen/bounded-list.ts';
import { MOST_IPSEC_FLOWS, MOST_TEKS } from '../../gdoi/seen/row-bounds.ts';
import type { IpsecFlow, IpsecSa, IpsecSas } from '../../gdoi/seen/beside-facts.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { collapseBlanks, parseTekSpi } from '../text/device-values.ts';
import { readEach } from '../text/line-tally.ts';

type Sketch<T> = { -readonly [Key in keyof T]: T[Key] };
interface FlowSketch extends Omit<Sketch<IpsecFlow>, 'sas'> {
  readonly sas: BoundedList<Sketch<IpsecSa>>;
  direction: IpsecSa['direction'] | null;
  /** Which its lines are about. */
  sa: Sketch<IpsecSa> | null;
}

interface Position {
  readonly flows: BoundedList<FlowSketch>;
  flow: FlowSketch | null;
  interface: string | null;
}

// interface: GigabitEthernet0/0/1
const INTERFACE = /^interface ?: ?(\S{1,64})$/;
// Crypto map tag: getvpn, local addr 10.1.13.2 / protected vrf: (none)
const FLOW_BEGINS = /^protected vrf ?: ?\S{1,64}$/;
// local  ident (addr/mask/prot/port): (10.0.0.0/255.0.0.0/0/0)
const IDENT = /^(local|remote) ident \(addr\/mask\/prot\/port\) ?: ?\((\S{1,120})\)$/;
const GROUP = /^Group ?: ?(\S{1,128})$/i;
// #pkts encaps: 7, #pkts encrypt: 7, #pkts digest: 7
const ENCRYPTED = /^#pkts encaps ?: ?\d{1,15}, ?#pkts encrypt ?: ?(\d{1,15}), ?#pkts digest ?: ?\d{1,15}$/;
const DECRYPTED = /^#pkts decaps ?: ?\d{1,15}, ?#pkts decrypt ?: ?(\d{1,15}), ?#pkts verify ?: ?\d{1,15}$/;
// #send errors 0, #recv errors 3
const ERRORS = /^#send errors:? (\d{1,15}), ?#recv errors:? (\d{1,15})$/;
// inbound esp sas: / outbound pcp sas:
const DIRECTION = /^(inbound|outbound) (?:esp|ah|pcp) sas ?:$/;
// spi: 0xC41E6A87(3290327687)
const SPI = /^spi ?: ?(\S{1,40})$/;
const TRANSFORM = /^transform ?: ?([^:={]{1,120}?) ?,?$/;
// sa timing: remaining key lifetime (k/sec): (4415180/3433) / (sec): (2228)
const TIMING = /^sa timing ?: ?remaining key lifetime \((?:k\/)?sec\) ?: ?\((?:\d{1,12}\/)?(\d{1,10})\)$/;
const NAMES_INTERFACE = /interface/i;
const NAMES_SAS = /\bsas\b/i;
const KNOWN: readonly RegExp[] = [
  /^Crypto map tag ?: ?\S{1,128}, ?local addr ?:? ?\S{1,45}$/,
  /^current_peer \S{1,45}(?: port \d{1,5})?$/,
  /^PERMIT, flags ?= ?\{.{0,80}\}$/,
  /^#pkts (?:compressed|not compressed|not decompressed|decompressed|compr\. failed|decompress failed|tagged|untagged|no sa|invalid|encaps fail|decaps fail|verify fail|internal|replay).{0,160}$/i,
  /^local crypto endpt\. ?: ?\S{1,45}, ?remote crypto endpt\. ?: ?\S{1,45}$/,
  /^PFS \(Y\/N\) ?: ?[YN]\b.{0,80}$/i,
  /^(?:plaintext mtu|path mtu|current outbound spi|in use settings|conn id|IV size|replay detection support|Status|Kilobyte Volume Rekey|ip mtu|ike_cookies|kilobyte)\b.{0,200}$/i,
];

function readSas(answer: Answer): Reading {
  const place: Position = { flows: new BoundedList(MOST_IPSEC_FLOWS), flow: null, interface: null };
  const read = readEach(answer.lines, (line) => readLine(place, collapseBlanks(line)));
  const shown: IpsecSas = {
    role: 'ipsec',
    flows: place.flows.rows.map(flowOf),
  };
  const recognised = place.interface !== null || place.flows.rows.length > 0;
  return {
    snapshots: recognised ? [shown] : [],
    ...read,
    recognised,
    missing: place.flows.rows.length > 0 ? null : 'the SAs',
  };
}

function flowOf(sketch: FlowSketch): IpsecFlow {
  return {
    interface: sketch.interface,
    group: sketch.group,
    localIdent: sketch.localIdent,
    remoteIdent: sketch.remoteIdent,
    encrypted: sketch.encrypted,
    decrypted: sketch.decrypted,
    sendErrors: sketch.sendErrors,
    receiveErrors: sketch.receiveErrors,
    sas: sketch.sas.rows,
  };
}

function readLine(place: Position, line: string): boolean {
  const name = INTERFACE.exec(line)?.[1];
  if (name !== undefined) {
    place.interface = name;
    return true;
  }
  if (FLOW_BEGINS.test(line)) {
    const flow = newFlow(place.interface);
    const taken = place.flows.add(flow);
    place.flow = taken ? flow : null;
    return taken;
  }
  const { flow } = place;
  if (flow !== null && (readFlow(flow, line) || readSa(flow, line))) return true;
  const known = KNOWN.some((pattern) => pattern.test(line));
  // it may begin an interface or a direction: what follows is not of the one before
  if (!known && NAMES_INTERFACE.test(line)) place.interface = null;
  if (!known && NAMES_SAS.test(line) && flow !== null) flow.direction = null;
  return known;
}

function readFlow(flow: FlowSketch, line: string): boolean {
  const ident = IDENT.exec(line);
  if (ident !== null) {
    flow[ident[1] === 'local' ? 'localIdent' : 'remoteIdent'] = ident[2] ?? null;
    return true;
  }
  const group = GROUP.exec(line)?.[1];
  if (group !== undefined) flow.group = group;
  const encrypted = ENCRYPTED.exec(line)?.[1];
  if (encrypted !== undefined) flow.encrypted = Number(encrypted);
  const decrypted = DECRYPTED.exec(line)?.[1];
  if (decrypted !== undefined) flow.decrypted = Number(decrypted);
  const errors = ERRORS.exec(line);
  if (errors !== null) {
    flow.sendErrors = Number(errors[1]);
    flow.receiveErrors = Number(errors[2]);
  }
  return group !== undefined || encrypted !== undefined || decrypted !== undefined || errors !== null;
}

function readSa(flow: FlowSketch, line: string): boolean {
  const direction = DIRECTION.exec(line)?.[1];
  if (direction === 'inbound' || direction === 'outbound') {
    flow.direction = direction;
    return true;
  }
  if (flow.direction === null) return false;
  const printed = SPI.exec(line)?.[1];
  if (printed !== undefined) {
    const spi = parseTekSpi(printed);
    const sa = spi === null ? null : { direction: flow.direction, spi, transform: null, remainingSeconds: null };
    flow.sa = sa !== null && flow.sas.add(sa) ? sa : null;
    return flow.sa !== null;
  }
  const { sa } = flow;
  const transform = TRANSFORM.exec(line)?.[1];
  const seconds = TIMING.exec(line)?.[1];
  if (sa === null || (transform === undefined && seconds === undefined)) return false;
  // another SA's, whose SPI was not understood
  if ((transform === undefined ? sa.remainingSeconds : sa.transform) !== null) return false;
  if (transform !== undefined) sa.transform = transform;
  if (seconds !== undefined) sa.remainingSeconds = Number(seconds);
  return true;
}

function newFlow(interfaceName: string | null): FlowSketch {
  return {
    interface: interfaceName,
    group: null,
    localIdent: null,
    remoteIdent: null,
    encrypted: null,
    decrypted: null,
    sendErrors: null,
    receiveErrors: null,
    sas: new BoundedList(MOST_TEKS),
    direction: null,
    sa: null,
  };
}

export const ipsecSas: CommandGrammar = {
  names: ['show crypto ipsec sa'],
  recognisedBy: [FLOW_BEGINS, IDENT],
  closedLines: [DIRECTION, /^Status ?:.{1,40}\)$/],
  read: readSas,
};
