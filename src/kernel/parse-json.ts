/**
 * JSON may escape half of a surrogate pair (RFC 8259, section 8.2), which no UTF-8 text can hold: it is U+FFFD here, as
 * other bytes that are no text, because an URL of such a name cannot be written.
 */

const HALF_OF_A_PAIR = /\\u[dD][89a-fA-F]/;

/** Throws a SyntaxError if it is no JSON. */
export function parseJson(text: string): unknown {
  return HALF_OF_A_PAIR.test(text) ? JSON.parse(text, wellFormed) : JSON.parse(text);
}

function wellFormed(_name: string, value: unknown): unknown {
  return typeof value === 'string' ? withoutHalves(value) : value;
}

/** The same text with U+FFFD for each half of a surrogate pair that stands alone. */
export function withoutHalves(text: string): string {
  return text.replaceAll(/[\ud800-\udfff]/gu, '\ufffd');
}
