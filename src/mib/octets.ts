/** OCTET STRINGs as text: SPIs, names, and what is shown of octets that are neither. */

/** `0x` and upper-case hex digits, two an octet. */
export function hexOf(octets: Uint8Array): string {
  let hex = '0x';
  for (const octet of octets) hex += octet.toString(16).padStart(2, '0').toUpperCase();
  return hex;
}

/** Visible ASCII without blanks; null for anything else and for no octets: a device's bytes are not to be trusted. */
export function printableText(octets: Uint8Array): string | null {
  if (octets.length === 0) return null;
  if (!octets.every((octet) => octet > 0x20 && octet < 0x7f)) return null;
  return String.fromCharCode(...octets);
}

export function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}
