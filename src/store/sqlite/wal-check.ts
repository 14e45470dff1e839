/**
 * Finds what SQLite will not read back from a write-ahead log. SQLite silently ends its recovery at the first frame
 * with a wrong checksum: right for the torn end of a crash, but a silent loss if committed frames follow.
 *
 * Format: sqlite.org/fileformat2.html#the_write_ahead_log. A header of 32 bytes, then frames of 24 bytes and one page;
 * each checksum continues the one before; frames of an earlier round have its salts and do not count.
 */
const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** The lowest bit of the magic number: the words of a checksum are big-endian. */
const MAGIC = 0x377f0682;

export type WalCheck =
  /** Everything that was committed is read back. */
  | { readonly kind: 'whole' }
  /** Its header is damaged: SQLite takes the log for empty. */
  | { readonly kind: 'unreadable' }
  /** At least this many commits follow a damaged frame; whether that frame was one too is unknown. */
  | { readonly kind: 'cut'; readonly lostCommits: number };

type Checksum = readonly [number, number];

/** An absent or empty log is whole: there is nothing in it. */
export function checkWal(wal: Buffer): WalCheck {
  if (wal.length === 0) return { kind: 'whole' };
  const magic = wal.length < HEADER_BYTES ? 0 : wal.readUInt32BE(0);
  const bigEndian = (magic & 1) === 1;
  const pageBytes = magic === 0 ? 0 : wal.readUInt32BE(8);
  // the salts of an untrusted header mean nothing
  if ((magic & ~1) !== MAGIC || pageBytes < 512 || pageBytes > 65_536) return { kind: 'unreadable' };
  const ofHeader = sumOf([0, 0], wal.subarray(0, 24), bigEndian);
  if (!sameSum(ofHeader, wal, 24)) return { kind: 'unreadable' };
  const lostCommits = commitsAfterDamage(wal, { pageBytes, bigEndian, sum: ofHeader });
  return lostCommits === 0 ? { kind: 'whole' } : { kind: 'cut', lostCommits };
}

interface Log {
  readonly pageBytes: number;
  readonly bigEndian: boolean;
  /** Checksum of the header: the first frame continues it. */
  readonly sum: Checksum;
}

function commitsAfterDamage(wal: Buffer, { pageBytes, bigEndian, sum }: Log): number {
  const frameBytes = FRAME_HEADER_BYTES + pageBytes;
  const salts = wal.subarray(16, 24);
  let running = sum;
  let damaged = false;
  let lost = 0;
  for (let at = HEADER_BYTES; at + frameBytes <= wal.length; at += frameBytes) {
    const frame = wal.subarray(at, at + frameBytes);
    const ofThisRound = frame.subarray(8, 16).equals(salts);
    if (damaged) {
      // a frame that ends a commit says how many pages the database has then
      if (ofThisRound && frame.readUInt32BE(4) !== 0) lost += 1;
      continue;
    }
    running = sumOf(running, frame.subarray(0, 8), bigEndian);
    running = sumOf(running, frame.subarray(FRAME_HEADER_BYTES), bigEndian);
    damaged = !ofThisRound || !sameSum(running, frame, 16);
  }
  return lost;
}

function sumOf([first, second]: Checksum, bytes: Buffer, bigEndian: boolean): Checksum {
  let s0 = first;
  let s1 = second;
  for (let at = 0; at < bytes.length; at += 8) {
    s0 = (s0 + (bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + s1) >>> 0;
    s1 = (s1 + (bigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + s0) >>> 0;
  }
  return [s0, s1];
}

/** Compares with the checksum stored at `at`, which is always big-endian. */
function sameSum([s0, s1]: Checksum, bytes: Buffer, at: number): boolean {
  return bytes.readUInt32BE(at) === s0 && bytes.readUInt32BE(at + 4) === s1;
}
