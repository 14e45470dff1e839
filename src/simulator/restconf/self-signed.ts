/**
 * A device's self-signed certificate (RFC 5280), as IOS makes one for its web server: ECDSA on P-256, a name and an
 * address, ten years. In DER, by the codec of the SNMP agent.
 */
import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import type { EpochMs } from '../../kernel/clock.ts';
import { integer, objectIdentifier, octets, sequence, tlv } from '../snmp-wire/ber.ts';
import { oidOf } from '../snmp-wire/oid.ts';

export interface SelfSigned {
  readonly certificatePem: string;
  readonly keyPem: string;
  /** SHA-256 of the DER form, 64 lower-case hex digits. */
  readonly fingerprint: string;
}

const ECDSA_WITH_SHA256 = sequence([objectIdentifier(oidOf('1.2.840.10045.4.3.2'))]);
const COMMON_NAME = objectIdentifier(oidOf('2.5.4.3'));
const SUBJECT_ALT_NAME = objectIdentifier(oidOf('2.5.29.17'));
const TAG = { bitString: 0x03, utf8String: 0x0c, utcTime: 0x17, set: 0x31, version: 0xa0, extensions: 0xa3 } as const;
/** GeneralName: dNSName and iPAddress. */
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;
const TEN_YEARS_MS = 3650 * 86_400_000;

/** `authority`: signs instead of the device itself. */
export function selfSigned(options: {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly nowMs: EpochMs;
}): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence([
    tlv(TAG.set, sequence([COMMON_NAME, tlv(TAG.utf8String, Buffer.from(options.name, 'utf8'))])),
  ]);
  const body = sequence([
    tlv(TAG.version, integer(2)),
    integer(1 + (Math.floor(options.nowMs / 1000) % 1_000_000_000)),
    ECDSA_WITH_SHA256,
    name,
    sequence([utcTime(options.nowMs - 86_400_000), utcTime(options.nowMs + TEN_YEARS_MS)]),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(TAG.extensions, sequence([sequence([SUBJECT_ALT_NAME, octets(alternativeNames(options))])])),
  ]);
  const der = sequence([body, ECDSA_WITH_SHA256, bits(sign('sha256', body, privateKey))]);
  const certificate = new X509Certificate(der);
  return {
    certificatePem: certificate.toString(),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

function alternativeNames({
  name,
  addresses,
}: {
  readonly name: string;
  readonly addresses: readonly string[];
}): Buffer {
  return sequence([
    tlv(DNS_NAME, Buffer.from(name, 'latin1')),
    ...addresses.map((address) => tlv(IP_ADDRESS, Buffer.from(address.split('.').map(Number)))),
  ]);
}

function bits(value: Buffer): Buffer {
  return tlv(TAG.bitString, Buffer.concat([Buffer.from([0]), value]));
}

/** YYMMDDHHMMSSZ. */
function utcTime(atMs: EpochMs): Buffer {
  const digits = new Date(atMs).toISOString().replace(/\D/g, '').slice(2, 14);
  return tlv(TAG.utcTime, Buffer.from(`${digits}Z`, 'latin1'));
}
