/**
 * Text inside other text: JSON strings (`"stdout": "GROUP INFORMATION\\n..."` of automation tools), and mail whose body
 * is quoted-printable or base64.
 */

const MAX_STRINGS = 10_000;

/** The strings of a JSON document that have lines in them; null: it is no such document. */
export function textInJson(text: string): string | null {
  const first = text.trimStart()[0];
  if (first !== '{' && first !== '[' && first !== '"') return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const strings = linedStrings(value);
  return strings.length === 0 ? null : strings.join('\n');
}

function linedStrings(root: unknown): readonly string[] {
  const found: string[] = [];
  const left: unknown[] = [root];
  while (left.length > 0 && found.length < MAX_STRINGS) {
    const value = left.pop();
    if (typeof value === 'string' && value.includes('\n')) found.push(value);
    else if (typeof value === 'object' && value !== null) {
      for (const inner of Object.values(value).toReversed()) left.push(inner);
    }
  }
  return found;
}

const QUOTED_PRINTABLE = /^content-transfer-encoding: *quoted-printable/im;
const BASE64 = /^content-transfer-encoding: *base64/im;
const SOFT_BREAK = /=[ \t]{0,4}\r?\n/g;
const OCTETS = /(?:=[0-9A-F]{2}){1,64}/gi;
const BASE64_BLOCK = /(?:^[A-Za-z0-9+/]{40,100}\r?\n)+(?:[A-Za-z0-9+/]{0,99}={0,2}\r?\n?)?/gm;

/** A mail's body as it was written; a mail that needs nothing, and any other text, stays as it is. */
export function decodedMail(text: string): string {
  if (QUOTED_PRINTABLE.test(text)) {
    return text.replace(SOFT_BREAK, '').replace(OCTETS, (octets) => {
      const bytes = octets
        .slice(1)
        .split('=')
        .map((hex) => Number.parseInt(hex, 16));
      return new TextDecoder().decode(Uint8Array.from(bytes));
    });
  }
  if (!BASE64.test(text)) return text;
  return text.replace(BASE64_BLOCK, (block) => {
    const binary = decodedBase64(block.replaceAll(/\s/g, ''));
    if (binary === null) return block;
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    return `${new TextDecoder().decode(bytes)}\n`;
  });
}

function decodedBase64(encoded: string): string | null {
  try {
    return atob(encoded);
  } catch {
    return null;
  }
}
