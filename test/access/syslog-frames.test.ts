import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SyslogFrames } from '../../src/access/listeners/syslog/syslog-frames.ts';

const MAX_OCTETS = 100;

/** What a receiver makes of a stream that comes in these chunks and then ends. */
function framesOf(chunks: readonly Buffer[]): { frames: string[]; tooLong: number; incomplete: boolean } {
  const reader = new SyslogFrames(MAX_OCTETS);
  const frames: string[] = [];
  let tooLong = 0;
  for (const read of [...chunks.map((chunk) => () => reader.push(chunk)), () => reader.rest('left')]) {
    const part = read();
    frames.push(...part.frames.map((frame) => frame.toString('latin1')));
    tooLong += part.tooLong;
  }
  return { frames, tooLong, incomplete: reader.holding };
}

const streamOf = (text: string) => framesOf([Buffer.from(text, 'latin1')]);

/** `stream` cut at these places. */
function cut(stream: Buffer, places: readonly number[]): Buffer[] {
  const bounds = [0, ...places.filter((place) => place < stream.length).toSorted((a, b) => a - b), stream.length];
  return bounds.slice(1).map((end, index) => stream.subarray(bounds[index], end));
}

describe('a stream of syslog messages', () => {
  it.each<[title: string, stream: string, frames: string[]]>([
    ['ended by line feeds', '<1>a\n<2>b\n', ['<1>a', '<2>b']],
    ['ended by CR LF', '<1>a\r\n<2>b\r\n', ['<1>a\r', '<2>b\r']],
    ['ended by NUL', '<1>a\0<2>b\0', ['<1>a', '<2>b']],
    ['counted', '4 <1>a5 <2>bb', ['<1>a', '<2>bb']],
    ['counted, with line feeds inside and between', '6 <1>a\nb\n5 <2>bb\n', ['<1>a\nb', '<2>bb']],
    ['of both kinds', '4 <1>a<2>b\n5 <3>cc<4>d\n', ['<1>a', '<2>b', '<3>cc', '<4>d']],
    ['of IOS, with nothing in between', '<189>45: *a: %A-1-B: x<189>46: b', ['<189>45: *a: %A-1-B: x', '<189>46: b']],
    ['with empty lines', '\n\r\n\0<1>a\n\n\n<2>b\n', ['<1>a', '<2>b']],
    ['without a last end', '<1>a\n<2>b', ['<1>a', '<2>b']],
    ['with a number that is no count', '12 apples\n<1>a\n', ['12 apples', '<1>a']],
    ['with what is like a message inside one', '<1>a <2>b <3>4 <5>6:\n', ['<1>a <2>b <3>4 <5>6:']],
  ])('%s is taken apart', (_, stream, frames) => {
    expect(streamOf(stream)).toEqual({ frames, tooLong: 0, incomplete: false });
  });

  it('loses only the message that is too long', () => {
    const long = 'x'.repeat(MAX_OCTETS + 1);
    expect(streamOf(`<1>a\n${long}\n<2>b\n`)).toEqual({ frames: ['<1>a', '<2>b'], tooLong: 1, incomplete: false });
    expect(streamOf(`4 <1>a104 <1>${long}4 <2>b`)).toEqual({ frames: ['<1>a', '<2>b'], tooLong: 1, incomplete: false });
    const fits = 'y'.repeat(MAX_OCTETS);
    expect(streamOf(`${fits}\n<2>b\n`)).toEqual({ frames: [fits, '<2>b'], tooLong: 0, incomplete: false });
  });

  it('that ends inside a counted message is incomplete', () => {
    expect(streamOf('4 <1>a9 <2>b')).toEqual({ frames: ['<1>a'], tooLong: 0, incomplete: true });
  });

  it('of 10 MB without an end is held nowhere and counted once', () => {
    const reader = new SyslogFrames(8192);
    let tooLong = 0;
    for (let megabyte = 0; megabyte < 10; megabyte += 1) tooLong += reader.push(Buffer.alloc(1 << 20, 'x')).tooLong;
    expect(tooLong).toBe(1);
    expect(reader.push(Buffer.from('\n<1>a\n')).frames.map(String)).toEqual(['<1>a']);
  });

  it('that goes quiet in a line has a message there, and is read on', () => {
    const reader = new SyslogFrames(MAX_OCTETS);
    expect(reader.push(Buffer.from('<189>*Mar  1: %A-1-B: x')).frames).toEqual([]);
    expect(reader.holding).toBe(true);
    expect(reader.rest('quiet').frames.map(String)).toEqual(['<189>*Mar  1: %A-1-B: x']);
    expect(reader.holding).toBe(false);
    reader.push(Buffer.alloc(MAX_OCTETS * 3, 'x'));
    expect(reader.rest('quiet').frames).toEqual([]);
    expect(reader.push(Buffer.from('<1>a\n')).frames.map(String)).toEqual(['<1>a']);
  });

  it.each(['<1>a\n<2>b', '<1>a\0<2>b', '4 <1>a<2>b'])('whose sender ends its frames is waited for: %j', (stream) => {
    const reader = new SyslogFrames(MAX_OCTETS);
    expect(reader.push(Buffer.from(stream)).frames.map(String)).toEqual(['<1>a']);
    expect(reader.rest('quiet').frames).toEqual([]);
    expect(reader.push(Buffer.from('c\n')).frames.map(String)).toEqual(['<2>bc']);
  });

  const part = fc.oneof(
    fc.constantFrom('\n', '\r\n', '\0', '<189>46: ', '<1>', '12 <', '4 <1>a', '<', '>', ': ', '9', '500 <', '0 <'),
    fc.string({ unit: 'binary-ascii', maxLength: 150 }),
    fc.integer({ min: 90, max: 140 }).map((length) => 'z'.repeat(length)),
  );

  it('is the same however it is cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.array(fc.nat(600), { maxLength: 40 }), (parts, places) => {
        const stream = Buffer.from(parts.join(''), 'latin1');
        const whole = framesOf([stream]);
        expect(framesOf(cut(stream, places))).toEqual(whole);
        expect(framesOf([...stream].map((octet) => Buffer.from([octet])))).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  it('gives back what was framed', () => {
    const message = fc.string({ minLength: 1, maxLength: 60 }).map((text) => `<189>${text.replaceAll('<', '(')}`);
    const framed = fc.record({ message, counted: fc.boolean() });
    fc.assert(
      fc.property(fc.array(framed), fc.array(fc.nat(2000)), (messages, places) => {
        const octets = messages.map((one) =>
          one.counted ? `${Buffer.byteLength(one.message)} ${one.message}` : `${one.message}\n`,
        );
        const read = framesOf(cut(Buffer.from(octets.join('')), places));
        expect(read.frames).toEqual(messages.map((one) => one.message));
      }),
    );
  });
});
