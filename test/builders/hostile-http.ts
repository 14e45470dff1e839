/** HTTP servers with harmful answers, written as octets to the client's connection. */
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

export type HttpManners = (socket: Socket) => void;

const JSON_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const CHUNKED = `${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n`;
const DRIP_MS = 100;

function says(text: string | Uint8Array): HttpManners {
  return (socket) => socket.write(text);
}

function sized(body: string | Uint8Array, more = ''): HttpManners {
  const head = `${JSON_HEAD}${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return says(Buffer.concat([Buffer.from(head), typeof body === 'string' ? Buffer.from(body) : body]));
}

/** Again and again, as fast as it is taken. */
function floods(head: string, piece: string): HttpManners {
  const block = piece.repeat(Math.ceil(65_536 / piece.length));
  return (socket) => {
    socket.write(head);
    const more = () => {
      while (!socket.destroyed && socket.write(block));
    };
    socket.on('drain', more);
    more();
  };
}

/** A piece now and then: never silent, never done. */
function drips(head: string, piece: string): HttpManners {
  return (socket) => {
    socket.write(head);
    const timer = setInterval(() => socket.write(piece), DRIP_MS);
    socket.once('close', () => clearInterval(timer));
  };
}

let packed: Buffer | null = null;
/** Of 64 MB; made when it is first sent, which takes a third of a second. */
function bomb(): Buffer {
  packed ??= gzipSync(Buffer.alloc(64 << 20, ' '));
  return packed;
}

/** Answers that nobody can use. */
export const HOSTILE_HTTP = {
  'a body without end': floods(CHUNKED, `400\r\n${' '.repeat(1024)}\r\n`),
  'a header without end': floods('HTTP/1.1 200 OK\r\n', 'x: y\r\n'),
  'one header line without end': floods('HTTP/1.1 200 OK\r\nx: ', 'y'),
  'a status line without end': floods('HTTP/1.1 200 ', 'OK'),
  'a chunk extension without end': floods(`${CHUNKED}1;`, 'x'),
  'trailers without end': floods(`${CHUNKED}0\r\n`, 'x: y\r\n'),
  'early hints without end': floods('', 'HTTP/1.1 103 Early Hints\r\n\r\n'),
  'a header that drips': drips('HTTP/1.1 200 OK\r\n', 'x'),
  'a body that drips': drips(CHUNKED, '1\r\n \r\n'),
  'JSON of a million levels': sized('['.repeat(1_000_000) + ']'.repeat(1_000_000)),
  'objects of a million levels': sized(`${'{"a":'.repeat(1_000_000)}1${'}'.repeat(1_000_000)}`),
  'JSON of a million empty objects': sized(`{"a":[${'{},'.repeat(1_000_000)}{}]}`),
  'JSON that never closes': sized('['.repeat(2_000_000)),
  'a gzip bomb': (socket) => sized(bomb(), 'Content-Encoding: gzip\r\n')(socket),
  'octets that are no UTF-8': sized(Buffer.from([0xff, 0xfe, 0x00, 0x80])),
  'two lengths': says(`${JSON_HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`),
  'a length of nine digits and nothing more': says(`${JSON_HEAD}Content-Length: 999999999\r\n\r\n{`),
  'a length that is no number': says(`${JSON_HEAD}Content-Length: 0x10\r\n\r\n{}`),
  'a switch to another protocol': says(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
  ),
} as const satisfies Readonly<Record<string, HttpManners>>;

/** Strange, but valid documents. */
export const STRANGE_HTTP = {
  'a key of a megabyte': sized(JSON.stringify({ ['k'.repeat(1 << 20)]: 1 })),
  'a hundred thousand keys': sized(JSON.stringify(Array.from({ length: 100_000 }, (_, index) => ({ [index]: 1 })))),
  '__proto__ as a key': sized('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
  'a date of the year 275760': sized('{}', 'Date: +275760-09-13T00:00:00Z\r\n'),
  'a date before the common era': sized('{}', 'Date: -271821-04-20T00:00:00Z\r\n'),
} as const satisfies Readonly<Record<string, HttpManners>>;
