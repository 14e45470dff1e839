/**
 * What the JSON parser does not tell. How deeply a document is nested and how many values it has, found in one pass over
 * its text before it is parsed: the parser accepts millions of levels and of empty objects, but whatever walks the value
 * afterwards has a stack of some ten thousand calls, and an empty object takes ten times the memory of its text. And
 * whether the parser dropped a member.
 */

/** No document that we ask for has more than ten. */
export const MAX_JSON_DEPTH = 64;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * What it has too much of, whichever is met first; null: neither, or the text is no JSON and the parser will say so.
 */
export function jsonExcess(
  text: string,
  most: { readonly depth: number; readonly values: number },
): 'depth' | 'values' | null {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1;
        values += 1;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth -= 1;
        break;
      case COMMA:
        values += 1;
        break;
      default:
    }
    if (depth > most.depth) return 'depth';
    if (values > most.values) return 'values';
  }
  return null;
}

/**
 * Does an object of the text name a member twice, so that the parser kept the last one and said nothing? `value`: what
 * the parser made of the text. Told by their number: a member has one colon outside of strings.
 */
export function namesMemberTwice(text: string, value: unknown): boolean {
  let colons = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COLON) colons += 1;
  }
  return colons !== membersOf(value);
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner: readonly unknown[] = Object.values(value);
  const own = Array.isArray(value) ? 0 : inner.length;
  return inner.reduce<number>((sum, each) => sum + membersOf(each), own);
}

function endOfString(text: string, quote: number): number {
  let at = quote + 1;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) break;
    if (code === BACKSLASH) at += 1;
  }
  return at;
}
