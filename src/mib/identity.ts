/**
 * Who a GDOI entity is: the (type, value) pair by which this MIB names groups, key servers, members and destinations.
 *
 * The length of the value decides where it contradicts the type: then the octets are shown as hex and nothing is
 * guessed. The `...IdLength` columns only repeat the length and are not read. Source: CgmGdoiIdentificationType and
 * -Value of the MIB; spelling as the CLI prints identities (`1223`, `10.0.0.1`, `2001:DB8::1`).
 */
import { GDOI_ENUMS } from './gdoi-oids.ts';
import { hexOf, printableText } from './octets.ts';

/** CgmGdoiIdentificationValue: OCTET STRING (SIZE (0..48)). */
export const MAX_IDENTITY_OCTETS = 48;

const IPV4 = 4;
const IPV6 = 16;

type IdentityKind = (typeof GDOI_ENUMS.CgmGdoiIdentificationType)[keyof typeof GDOI_ENUMS.CgmGdoiIdentificationType];
const KINDS: Readonly<Record<number, IdentityKind>> = GDOI_ENUMS.CgmGdoiIdentificationType;

/** The identity as printed; null when it has no octets. `type` null: not shown, the octets decide. */
export function printIdentity(type: number | null, octets: Uint8Array): string | null {
  if (octets.length === 0) return null;
  if (type === null) return guessed(octets);
  return printAs(KINDS[type] ?? null, octets) ?? hexOf(octets);
}

/** Without a type: sixteen visible characters are a name rather than an IPv6 address, four octets always an address. */
function guessed(octets: Uint8Array): string {
  const text = printableText(octets);
  if (octets.length === IPV6 && text !== null) return text;
  return addressOf(octets) ?? text ?? hexOf(octets);
}

/** Null: the octets are not of that kind. */
function printAs(kind: IdentityKind | null, octets: Uint8Array): string | null {
  switch (kind) {
    case 'groupNumber':
      return octets.length === 4 ? String(unsignedOf(octets)) : null;
    case 'ipv4Address':
      return octets.length === IPV4 ? addressOf(octets) : null;
    case 'ipv6Address':
      return octets.length === IPV6 ? addressOf(octets) : null;
    case 'ipv4Subnet':
      return pairOf(octets, IPV4, '/');
    case 'ipv6Subnet':
      return pairOf(octets, IPV6, '/');
    case 'ipv4Range':
      return pairOf(octets, IPV4, '-');
    case 'ipv6Range':
      return pairOf(octets, IPV6, '-');
    case 'domainName':
    case 'userName':
      return printableText(octets);
    // DER, or a type of a later revision
    case 'caDistinguishedName':
    case 'caGeneralName':
    case null:
      return null;
    default:
      return kind satisfies never;
  }
}

function pairOf(octets: Uint8Array, size: number, separator: string): string | null {
  if (octets.length !== 2 * size) return null;
  return `${addressOf(octets.subarray(0, size)) ?? ''}${separator}${addressOf(octets.subarray(size)) ?? ''}`;
}

function unsignedOf(octets: Uint8Array): number {
  return octets.reduce((total, octet) => total * 256 + octet, 0);
}

/** Dotted IPv4 or compressed IPv6 in upper case, as IOS prints them; null when it is neither by length. */
function addressOf(octets: Uint8Array): string | null {
  if (octets.length === IPV4) return octets.join('.');
  if (octets.length !== IPV6) return null;
  const words = Array.from({ length: 8 }, (_, i) => (octets[2 * i] ?? 0) * 256 + (octets[2 * i + 1] ?? 0));
  const zeros = longestZeroRun(words);
  const printed = words.map((word) => word.toString(16).toUpperCase());
  if (zeros.length < 2) return printed.join(':');
  return `${printed.slice(0, zeros.start).join(':')}::${printed.slice(zeros.start + zeros.length).join(':')}`;
}

function longestZeroRun(words: readonly number[]): { readonly start: number; readonly length: number } {
  let longest = { start: 0, length: 0 };
  let start = 0;
  for (const [i, word] of words.entries()) {
    if (word !== 0) start = i + 1;
    else if (i + 1 - start > longest.length) longest = { start, length: i + 1 - start };
  }
  return longest;
}

/** No octets or only zeros: `0.0.0.0`, `::`, what devices show where there is nobody yet. */
export function isNobody(octets: Uint8Array): boolean {
  return octets.every((octet) => octet === 0);
}

/** 224.0.0.0/4 or ff00::/8. */
export function isMulticastAddress(octets: Uint8Array): boolean {
  const first = octets[0] ?? 0;
  return octets.length === IPV4 ? first >= 224 && first < 240 : octets.length === IPV6 && first === 0xff;
}
