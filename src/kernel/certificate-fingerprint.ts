/** SHA-256 of a certificate's DER form, as people write it and as it is compared. */

/** With or without colons, in either case, with or without the name of the digest. Null: no SHA-256 fingerprint. */
export function parseFingerprint(text: string): string | null {
  const digits = text
    .replace(/^sha-?256(?: fingerprint)?[:= ]/i, '')
    .replaceAll(':', '')
    .toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits) ? digits : null;
}
