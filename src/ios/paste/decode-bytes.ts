/**
 * Bytes of a file as text: UTF-8, UTF-16 of either order with or without its mark, else the Windows code page of
 * western Europe, which is what a terminal on Windows saves. Files that are no text are refused by name.
 */

export type Decoded =
  | { readonly kind: 'text'; readonly text: string }
  /** What it is, and what to do instead. */
  | { readonly kind: 'refused'; readonly message: string };

/** The first bytes of files that people attach in place of text. */
const NO_TEXT: readonly (readonly [start: readonly number[], message: string])[] = [
  [[0x1f, 0x8b], 'it is compressed (gzip): unpack it first'],
  [[0x42, 0x5a, 0x68], 'it is compressed (bzip2): unpack it first'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'it is compressed (xz): unpack it first'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'it is compressed (zstd): unpack it first'],
  [[0x50, 0x4b, 0x03, 0x04], 'it is a ZIP archive or an Office document: save the text in it as plain text'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'it is an Office document: save the text in it as plain text'],
  [[0x25, 0x50, 0x44, 0x46], 'it is a PDF: copy the text out of it'],
  [[0x7b, 0x5c, 0x72, 0x74, 0x66], 'it is rich text (RTF): save it as plain text'],
  [[0x89, 0x50, 0x4e, 0x47], 'it is a picture (PNG): copy the text from the terminal, not a screenshot'],
  [[0xff, 0xd8, 0xff], 'it is a picture (JPEG): copy the text from the terminal, not a screenshot'],
  [[0x47, 0x49, 0x46, 0x38], 'it is a picture (GIF): copy the text from the terminal, not a screenshot'],
  [[0xd4, 0xc3, 0xb2, 0xa1], 'it is a packet capture: this command reads what show commands print'],
  [[0xa1, 0xb2, 0xc3, 0xd4], 'it is a packet capture: this command reads what show commands print'],
  [[0x0a, 0x0d, 0x0d, 0x0a], 'it is a packet capture: this command reads what show commands print'],
  [[0xff, 0xfe, 0x00, 0x00], 'it is UTF-32: save it as UTF-8'],
  [[0x00, 0x00, 0xfe, 0xff], 'it is UTF-32: save it as UTF-8'],
];

/** Bytes looked at to tell UTF-16 without its mark. */
const PROBED = 4096;
/** A text of a router is nearly all ASCII: in UTF-16 nearly every second byte is 0. */
const ZERO_SHARE = 0.8;

export function decodeBytes(bytes: Uint8Array): Decoded {
  const known = NO_TEXT.find(([start]) => start.every((byte, index) => bytes[index] === byte));
  if (known !== undefined) return { kind: 'refused', message: known[1] };
  const wide = wideEncoding(bytes);
  if (wide !== null) return { kind: 'text', text: new TextDecoder(wide).decode(bytes) };
  try {
    return {
      kind: 'text',
      text: new TextDecoder('utf-8', { fatal: true }).decode(bytes),
    };
  } catch {
    return {
      kind: 'text',
      text: new TextDecoder('windows-1252').decode(bytes),
    };
  }
}

function wideEncoding(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const length = Math.min(bytes.length, PROBED) & ~1;
  let even = 0;
  let odd = 0;
  for (let index = 0; index < length; index += 2) {
    if (bytes[index] === 0) even += 1;
    if (bytes[index + 1] === 0) odd += 1;
  }
  if (length < 4) return null;
  const least = (length / 2) * ZERO_SHARE;
  if (odd >= least && even < odd / 8) return 'utf-16le';
  return even >= least && odd < even / 8 ? 'utf-16be' : null;
}
