/** Protocol data units of SNMPv2 (RFC 3416) and the values they carry. */
import { BerError, BerReader, TAG, integer, objectIdentifier, octets, sequence, tlv } from './ber.ts';
import type { Oid } from './oid.ts';

export type SnmpValue =
  | { readonly type: 'integer' | 'counter32' | 'unsigned32' | 'timeticks'; readonly value: number }
  | { readonly type: 'octets'; readonly value: Buffer }
  | { readonly type: 'oid'; readonly value: Oid }
  | { readonly type: 'null' | 'noSuchObject' | 'noSuchInstance' | 'endOfMibView' };

export interface Varbind {
  readonly oid: Oid;
  readonly value: SnmpValue;
}

const PDU_TAGS = {
  get: 0xa0,
  getNext: 0xa1,
  response: 0xa2,
  set: 0xa3,
  getBulk: 0xa5,
  inform: 0xa6,
  trap: 0xa7,
  report: 0xa8,
} as const;

type PduType = keyof typeof PDU_TAGS;

export interface Pdu {
  readonly type: PduType;
  readonly requestId: number;
  /** Error status; for a getBulk the non-repeaters. */
  readonly first: number;
  /** Error index; for a getBulk the max-repetitions. */
  readonly second: number;
  readonly varbinds: readonly Varbind[];
}

/** Error status of a response. */
export const ERROR_STATUS = { none: 0, tooBig: 1, genErr: 5, noAccess: 6 } as const;

const NUMBER_TAGS = { integer: TAG.integer, counter32: 0x41, unsigned32: 0x42, timeticks: 0x43 } as const;
const EMPTY_TAGS = { null: TAG.null, noSuchObject: 0x80, noSuchInstance: 0x81, endOfMibView: 0x82 } as const;
/** No poller sends a datagram with more varbinds than this. */
const MAX_VARBINDS = 512;
const NOTHING = Buffer.alloc(0);

export function encodePdu(pdu: Pdu): Buffer {
  return sequence(
    [
      integer(pdu.requestId),
      integer(pdu.first),
      integer(pdu.second),
      sequence(pdu.varbinds.map((varbind) => encodeVarbind(varbind))),
    ],
    PDU_TAGS[pdu.type],
  );
}

export function encodeVarbind({ oid, value }: Varbind): Buffer {
  return sequence([objectIdentifier(oid), encodeValue(value)]);
}

function encodeValue(value: SnmpValue): Buffer {
  switch (value.type) {
    case 'integer':
    case 'counter32':
    case 'unsigned32':
    case 'timeticks':
      return integer(value.value, NUMBER_TAGS[value.type]);
    case 'octets':
      return octets(value.value);
    case 'oid':
      return objectIdentifier(value.value);
    case 'null':
    case 'noSuchObject':
    case 'noSuchInstance':
    case 'endOfMibView':
      return tlv(EMPTY_TAGS[value.type], NOTHING);
    default:
      return value satisfies never;
  }
}

/** Throws `BerError` for anything but a PDU of SNMPv2. */
export function decodePdu(reader: BerReader): Pdu {
  const tag = reader.peekTag();
  const type = PDU_TYPES.get(tag);
  if (type === undefined) throw new BerError(`no PDU of SNMPv2: tag ${tag}`);
  const body = reader.enter(tag);
  const [requestId, first, second] = [body.integer(), body.integer(), body.integer()];
  const list = body.enter();
  const varbinds: Varbind[] = [];
  while (!list.atEnd) {
    if (varbinds.length === MAX_VARBINDS) throw new BerError('too many varbinds');
    const pair = list.enter();
    varbinds.push({ oid: pair.oid(), value: decodeValue(pair) });
  }
  return { type, requestId, first, second, varbinds };
}

const PDU_TYPES: ReadonlyMap<number, PduType> = new Map(
  (['get', 'getNext', 'response', 'set', 'getBulk', 'inform', 'trap', 'report'] as const).map((type) => [
    PDU_TAGS[type],
    type,
  ]),
);

function decodeValue(reader: BerReader): SnmpValue {
  const tag = reader.peekTag();
  for (const type of ['integer', 'counter32', 'unsigned32', 'timeticks'] as const) {
    if (tag === NUMBER_TAGS[type]) return { type, value: reader.integer(tag) };
  }
  for (const type of ['null', 'noSuchObject', 'noSuchInstance', 'endOfMibView'] as const) {
    if (tag !== EMPTY_TAGS[type]) continue;
    reader.octets(tag);
    return { type };
  }
  if (tag === TAG.oid) return { type: 'oid', value: reader.oid() };
  return { type: 'octets', value: reader.octets(tag) };
}
