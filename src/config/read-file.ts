/** Reads the few files that a configuration names, each with an upper bound. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { codeOf } from '../kernel/error-code.ts';
import { reasonOfCode } from '../kernel/system-reason.ts';

/** A file's content and permission bits. */
interface FileContent {
  readonly bytes: Uint8Array;
  /** `st_mode`. */
  readonly mode: number;
}

/** Reads a file of at most `maxBytes`; rejects with Node's file-system error, or with a RangeError if it is larger. */
export type ReadFile = (path: string, maxBytes: number) => Promise<FileContent>;

/** Pipes that a shell passes: `/dev/stdin` and `<(...)`. The writer is the one who wrote the command line. */
const HANDED_OVER = /^\/(?:dev|proc\/(?:self|\d{1,10}))\/(?:stdin|fd\/\d{1,6})$/;

/** The path names a pipe, a socket or a device: it is unknown who writes there, and when. */
class NoRegularFile extends Error {
  readonly code = 'NO_REGULAR_FILE';
}

/** The size is found by reading, not by `stat`: `/dev/stdin` and `<(...)` have none. */
export const readFileFromDisk: ReadFile = async (path, maxBytes) => {
  const handedOver = HANDED_OVER.test(path);
  // Opening a named pipe without a writer would block, and occupy one of the few threads that read files.
  const file = await open(path, handedOver ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    const { mode } = stat;
    if (!handedOver && !stat.isFile() && !stat.isDirectory()) throw new NoRegularFile();
    const chunks: Uint8Array[] = [];
    let total = 0;
    for (;;) {
      const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(Math.min(maxBytes + 1, 1 << 20)) });
      if (bytesRead === 0) return { bytes: Buffer.concat(chunks), mode };
      total += bytesRead;
      if (total > maxBytes) throw new RangeError(`${path} is larger than ${maxBytes} bytes`);
      chunks.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
};

export type TextFile =
  | { readonly kind: 'read'; readonly text: string; readonly mode: number }
  /** `reason`: the end of `"/etc/x" cannot be read: ...`. */
  | { readonly kind: 'failed'; readonly reason: string };

const READABLE_BY_ALL = 0o004;

/** Also by users that are neither its owner nor in its group. */
export function isReadableByAll({ mode }: { readonly mode: number }): boolean {
  return (mode & READABLE_BY_ALL) !== 0;
}

/** Reads a text file. What a user can cause is a value; anything else is thrown. */
export async function readText(readFile: ReadFile, path: string, maxBytes: number): Promise<TextFile> {
  try {
    const { bytes, mode } = await readFile(path, maxBytes);
    return { kind: 'read', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), mode };
  } catch (error) {
    // The decoder's error; its message contains nothing of the file.
    if (error instanceof TypeError) return { kind: 'failed', reason: 'not UTF-8 text' };
    return { kind: 'failed', reason: readFailure(error, maxBytes) };
  }
}

/** Why a file was not read. Rethrows anything but a reading failure. */
function readFailure(error: unknown, maxBytes: number): string {
  if (error instanceof RangeError) return `larger than ${maxBytes} bytes`;
  const code = codeOf(error);
  if (code === '') throw error;
  return reasonOfCode(code);
}
