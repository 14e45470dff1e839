/**
 * Messages of PostgreSQL's protocol, as a server sends them: a letter, the length of the rest with itself, the rest.
 */

export function message(letter: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(letter, 'latin1'), int32(body.length + 4), body]);
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** With its end. */
export function text(of: string): Buffer {
  return Buffer.from(`${of}\0`);
}

/** null: NULL. */
export function row(...values: readonly (string | null)[]): Buffer {
  const shown = values.map((value) =>
    value === null ? int32(-1) : Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]),
  );
  return message('D', int16(values.length), ...shown);
}
