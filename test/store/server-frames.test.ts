import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ServerFrames } from '../../src/store/postgres/server-frames.ts';
import { int16, int32, message, row, text } from '../builders/postgres-messages.ts';

const READY = message('Z', Buffer.from('I'));
const SIGNED_IN = message('R', int32(0));
const ONE_COLUMN = message('T', int16(1), text('n'), Buffer.alloc(18));

/** As a server sends them, one of each type that is taken. */
const SOUND = [
  message('N', text('SNOTICE'), text('Mhello'), text('')),
  message('R', int32(10), text('SCRAM-SHA-256'), text('')),
  message('R', int32(11), Buffer.from('r=x,s=y,i=4096')),
  message('R', int32(12), Buffer.from('v=z')),
  message('R', int32(3)),
  message('R', int32(5), Buffer.alloc(4)),
  SIGNED_IN,
  message('S', text('server_version'), text('15.3')),
  message('K', int32(1), int32(2)),
  READY,
  message('1'),
  message('2'),
  message('3'),
  message('n'),
  message('s'),
  message('I'),
  message('t', int16(2), int32(25), int32(16)),
  ONE_COLUMN,
  row('one'),
  row(null),
  row(''),
  message('C', text('SELECT 3')),
  message('E', text('SERROR'), text('C42P01'), text('Mno such table'), text('')),
  message('A', int32(7), text('channel'), text('payload')),
  READY,
];

/** Never the end of what it is. */
const UNSOUND: Readonly<Record<string, Buffer>> = {
  'an error without its end': message('E', text('SERROR'), text('Mnone')),
  'an error of an unended text': message('E', Buffer.from('SERROR')),
  'an error of nothing': message('E'),
  'a notice that goes on after its end': message('N', text('SNOTICE'), text(''), text('M')),
  'a setting without a value': message('S', text('server_version')),
  'a text without its end': message('C', Buffer.from('SELECT 1')),
  'a row with fewer values than it says': message('D', int16(2), int32(1), Buffer.from('x')),
  'a row with more than it says': message('D', int16(0), Buffer.from('x')),
  'a row of fewer than no values': message('D', int16(-1)),
  'a value of a length that is none': message('D', int16(1), int32(-2)),
  'a value longer than its row': message('D', int16(1), int32(0x7f_ff_ff_ff), Buffer.from('x')),
  'columns that are not there': message('T', int16(0x7f_ff)),
  'parameters that are not there': message('t', int16(3), int32(25)),
  'ways to sign in without their end': message('R', int32(10), text('SCRAM-SHA-256')),
  'a way to sign in that nobody knows': message('R', int32(99)),
  'a way to sign in, of nothing': message('R'),
  'a state of two letters': message('Z', Buffer.from('II')),
  'an end that holds something': message('1', Buffer.from('x')),
  'a letter of no type': message('?'),
  'an answer to COPY, which nobody asked for': message('G', Buffer.from([0]), int16(0)),
  'a length that leaves no room for itself': Buffer.from([0x5a, 0, 0, 0, 3]),
  'a length of four gigabytes': Buffer.from([0x44, 0xff, 0xff, 0xff, 0xff]),
};

function fed(chunks: readonly Buffer[]): { readonly taken: Buffer; readonly why: string | null } {
  const frames = new ServerFrames();
  const taken: Buffer[] = [];
  for (const chunk of chunks) {
    const each = frames.feed(chunk);
    if (each.kind === 'refused') return { taken: Buffer.concat(taken), why: each.why };
    if (each.messages !== null) taken.push(each.messages);
  }
  return { taken: Buffer.concat(taken), why: null };
}

const whole = (bytes: Buffer) => fed([bytes]);

function cut(bytes: Buffer, at: readonly number[]): readonly Buffer[] {
  const ends = [...at.map((each) => each % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe('what a server of PostgreSQL sends', () => {
  test('is given on byte for byte, in whatever pieces it comes', () => {
    const all = Buffer.concat(SOUND);
    expect(whole(all)).toEqual({ taken: all, why: null });
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 40 }), (at) => {
        expect(fed(cut(all, at))).toEqual({ taken: all, why: null });
      }),
    );
  });

  test('is passed on as soon as it is complete, and not before', () => {
    const frames = new ServerFrames();
    for (const byte of READY.subarray(0, -1)) {
      expect(frames.feed(Buffer.from([byte]))).toEqual({ kind: 'whole', messages: null });
    }
    expect(frames.feed(READY.subarray(-1))).toEqual({ kind: 'whole', messages: READY });
  });

  test('may be one row of megabytes once the session is open', () => {
    const large = row('x'.repeat(3_000_000));
    expect(whole(Buffer.concat([SIGNED_IN, READY, ONE_COLUMN, large, READY])).why).toBeNull();
  });
});

describe('refused is', () => {
  test.each(Object.entries(UNSOUND))('%s', (_what, bytes) => {
    const before = Buffer.concat([SIGNED_IN, READY]);
    const { taken, why } = fed([before, bytes]);
    expect(why).not.toBeNull();
    expect(taken).toEqual(before);
  });

  test('a length beyond its bound as soon as the header is there: nothing is gathered for it', () => {
    const header = (letter: string, length: number) => Buffer.concat([Buffer.from(letter), int32(length)]);
    for (const bytes of [header('E', 2_000_000), header('D', 100_000_000), header('C', 40_000)]) {
      expect(fed([SIGNED_IN, READY, bytes]).why).not.toBeNull();
    }
    // Before the session is open nothing is long.
    expect(whole(header('E', 40_000)).why).not.toBeNull();
  });

  test('an answer that never ends: of notices, and of rows without a column', () => {
    const notices = Buffer.concat(
      Array.from({ length: 5_000 }, () => message('N', text(`M${'x'.repeat(900)}`), text(''))),
    );
    expect(fed([SIGNED_IN, READY, notices]).why).not.toBeNull();
    const frames = new ServerFrames();
    frames.feed(Buffer.concat([SIGNED_IN, READY]));
    const rows = Buffer.concat(Array.from({ length: 100_000 }, () => message('D', int16(0))));
    const refusedAfter = Array.from({ length: 100 }).findIndex(() => frames.feed(rows).kind === 'refused');
    expect(refusedAfter).toBeGreaterThan(10);
  });
});

test('nothing that a server can send throws, and everything is passed on unchanged up to what is refused', () => {
  const all = Buffer.concat(SOUND);
  const changes = fc.array(fc.tuple(fc.nat(all.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(changes, fc.array(fc.nat(), { maxLength: 10 }), (changed, at) => {
      const bytes = Buffer.from(all);
      for (const [index, byte] of changed) bytes[index] = byte;
      const { taken } = fed(cut(bytes, at));
      expect(taken).toEqual(bytes.subarray(0, taken.length));
    }),
    { numRuns: 500 },
  );
});
