/**
 * Reads the PDU of a trap or an inform into plain values. A v1 trap is converted as RFC 3584 (3.1) says, without the
 * community, which is a secret.
 */
import type { SnmpValue, Varbind } from '../../../gdoi/seen/varbind.ts';
import { BER, BerReader, berInteger, berOid, MalformedBer, unlessMalformed } from '../../ber.ts';

export interface Notification {
  readonly trapOid: string;
  /** `sysUpTime.0`, which counts hundredths. */
  readonly uptimeSeconds: number | null;
  /** Without sysUpTime.0 and snmpTrapOID.0. */
  readonly varbinds: readonly Varbind[];
}

export const PDU = { get: 0xa0, response: 0xa2, trapV1: 0xa4, inform: 0xa6, trapV2: 0xa7, report: 0xa8 } as const;

const SYS_UPTIME = '1.3.6.1.2.1.1.3.0';
const SNMP_TRAP_OID = '1.3.6.1.6.3.1.1.4.1.0';
const SNMP_TRAP_ADDRESS = '1.3.6.1.6.3.18.1.3.0';
const SNMP_TRAP_ENTERPRISE = '1.3.6.1.6.3.1.1.4.3.0';
/** coldStart to egpNeighborLoss are .1 to .6 below it, in the order of v1's generic numbers. */
const SNMP_TRAPS = '1.3.6.1.6.3.1.1.5';
const ENTERPRISE_SPECIFIC = 6;

/** A GDOI trap has at most ten; others carry a few dozen. */
const MAX_VARBINDS = 256;

const TYPE = {
  ipAddress: 0x40,
  counter32: 0x41,
  gauge32: 0x42,
  timeTicks: 0x43,
  opaque: 0x44,
  counter64: 0x46,
  noSuchObject: 0x80,
  noSuchInstance: 0x81,
  endOfMibView: 0x82,
} as const;

/** The notification in a PDU with its tag; null: malformed, or without a trap OID. */
export function readNotification(pdu: Buffer): Notification | null {
  return unlessMalformed(() => {
    const { tag, content } = new BerReader(pdu).any();
    return tag === PDU.trapV1 ? readV1(new BerReader(content)) : readV2(new BerReader(content));
  });
}

function readV2(pdu: BerReader): Notification | null {
  pdu.take(BER.integer);
  pdu.take(BER.integer);
  pdu.take(BER.integer);
  const all = readVarbinds(pdu);
  const trapOid = all.find(({ oid }) => oid === SNMP_TRAP_OID)?.value;
  const ticks = all.find(({ oid }) => oid === SYS_UPTIME)?.value;
  if (typeof trapOid !== 'string') return null;
  return {
    trapOid,
    uptimeSeconds: typeof ticks === 'number' ? ticks / 100 : null,
    varbinds: all.filter(({ oid }) => oid !== SNMP_TRAP_OID && oid !== SYS_UPTIME),
  };
}

function readV1(pdu: BerReader): Notification {
  const enterprise = berOid(pdu.take(BER.oid));
  const agentAddress = new Uint8Array(pdu.take(TYPE.ipAddress));
  const generic = pdu.int32();
  const specific = pdu.int32();
  const ticks = unsigned32(pdu.take(TYPE.timeTicks));
  if (generic < 0 || generic > ENTERPRISE_SPECIFIC || specific < 0) throw new MalformedBer('number of a trap');
  return {
    trapOid: generic === ENTERPRISE_SPECIFIC ? `${enterprise}.0.${specific}` : `${SNMP_TRAPS}.${generic + 1}`,
    uptimeSeconds: ticks / 100,
    varbinds: [
      ...readVarbinds(pdu),
      { oid: SNMP_TRAP_ADDRESS, value: agentAddress },
      { oid: SNMP_TRAP_ENTERPRISE, value: enterprise },
    ],
  };
}

function readVarbinds(pdu: BerReader): Varbind[] {
  const list = new BerReader(pdu.take(BER.sequence));
  const varbinds: Varbind[] = [];
  while (!list.atEnd) {
    if (varbinds.length >= MAX_VARBINDS) throw new MalformedBer('too many varbinds');
    const varbind = new BerReader(list.take(BER.sequence));
    const oid = berOid(varbind.take(BER.oid));
    varbinds.push({ oid, value: readValue(varbind) });
  }
  return varbinds;
}

function readValue(varbind: BerReader): SnmpValue {
  const { tag, content } = varbind.any();
  switch (tag) {
    case BER.integer:
      return Number(BigInt.asIntN(32, berInteger(content)));
    case TYPE.counter32:
    case TYPE.gauge32:
    case TYPE.timeTicks:
      return unsigned32(content);
    case TYPE.counter64:
      return BigInt.asUintN(64, berInteger(content));
    case BER.octetString:
    case TYPE.ipAddress:
    case TYPE.opaque:
      // A copy, so that it does not keep the datagram alive.
      return new Uint8Array(content);
    case BER.oid:
      return berOid(content);
    case BER.null:
    case TYPE.noSuchObject:
    case TYPE.noSuchInstance:
    case TYPE.endOfMibView:
      return null;
    default:
      throw new MalformedBer('type of a value');
  }
}

/** Some agents leave out the leading zero of a number above 2^31. */
function unsigned32(content: Buffer): number {
  return Number(BigInt.asUintN(32, berInteger(content)));
}
