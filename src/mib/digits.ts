/** Characters of OIDs as text, by their codes: an OID is read for every varbind of every answer. */

export const CODE_DOT = 46;
const CODE_0 = 48;
const CODE_9 = 57;

/** The value of a decimal digit; null: the character is none. */
export function digitOf(code: number): number | null {
  return code >= CODE_0 && code <= CODE_9 ? code - CODE_0 : null;
}
