/** SNMP notifications octet by octet, also such as no library would send. */
import { createHash, createHmac } from 'node:crypto';

export interface TrapDatagram {
  readonly version: number;
  readonly community: string;
  readonly pduTag: number;
  readonly requestId: number;
  /** The value of snmpTrapOID.0 with its tag; null: that varbind is not there. */
  readonly trapOid: Buffer | null;
  /** Further values with their tags. */
  readonly values: readonly Buffer[];
  /** So many of no matter. */
  readonly varbinds: number;
  /** In place of the community: SHA-1 (no password: none), no privacy. */
  readonly v3: {
    readonly engineId: Buffer;
    readonly boots: number;
    readonly timeSeconds: number;
    readonly username: string;
    readonly password: string | null;
    /** Default false. */
    readonly reportable?: boolean;
  } | null;
}

/** cgmGdoiGmReRegister */
const RE_REGISTER = Buffer.from('060b2b060104010909857700 07'.replace(' ', ''), 'hex');
const SNMP_TRAP_OID = Buffer.from('060a2b060106030101040100', 'hex');
const SYS_UPTIME = Buffer.from('06082b06010201010300', 'hex');
const SOME_OBJECT = Buffer.from('06032b0601', 'hex');
const DIGEST_OCTETS = 12;

function element(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const header = content.length < 128 ? [tag, content.length] : [tag, 0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}

function integer(value: number, tag = 0x02): Buffer {
  const octets = Buffer.alloc(5);
  octets.writeUInt32BE(value, 1);
  return element(tag, octets);
}

const text = (value: string) => element(0x04, Buffer.from(value));
const varbind = (oid: Buffer, value: Buffer) => element(0x30, oid, value);

export function trapDatagram(overrides: Partial<TrapDatagram> = {}): Buffer {
  const trap: TrapDatagram = {
    version: 1,
    community: 'public',
    pduTag: 0xa7,
    requestId: 1,
    trapOid: RE_REGISTER,
    values: [],
    varbinds: 0,
    v3: null,
    ...overrides,
  };
  const varbinds = [
    varbind(SYS_UPTIME, integer(100, 0x43)),
    ...(trap.trapOid === null ? [] : [varbind(SNMP_TRAP_OID, trap.trapOid)]),
    ...trap.values.map((value) => varbind(SOME_OBJECT, value)),
    ...Array.from({ length: trap.varbinds }, () => varbind(SOME_OBJECT, text('xxxx'))),
  ];
  const pdu = element(trap.pduTag, integer(trap.requestId), integer(0), integer(0), element(0x30, ...varbinds));
  return trap.v3 === null
    ? element(0x30, integer(trap.version), text(trap.community), pdu)
    : signed(trap.v3, element(0x30, element(0x04, trap.v3.engineId), text(''), pdu));
}

function signed(v3: NonNullable<TrapDatagram['v3']>, scoped: Buffer): Buffer {
  const header = element(
    0x30,
    integer(5),
    integer(65_507),
    element(0x04, Buffer.from([(v3.password === null ? 0 : 1) | (v3.reportable ? 4 : 0)])),
    integer(3),
  );
  const security = element(
    0x30,
    element(0x04, v3.engineId),
    integer(v3.boots),
    integer(v3.timeSeconds),
    text(v3.username),
    element(0x04, Buffer.alloc(v3.password === null ? 0 : DIGEST_OCTETS)),
    text(''),
  );
  const message = element(0x30, integer(3), header, element(0x04, security), scoped);
  if (v3.password === null) return message;
  const long = createHash('sha1').update(Buffer.alloc(1_048_576, v3.password)).digest();
  const key = createHash('sha1').update(long).update(v3.engineId).update(long).digest();
  const digest = createHmac('sha1', key).update(message).digest().subarray(0, DIGEST_OCTETS);
  digest.copy(message, message.length - scoped.length - 2 - DIGEST_OCTETS);
  return message;
}
