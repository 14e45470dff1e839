/**
 * Devices that answer RESTCONF with whatever hurts, as octets on a real TLS connection: each is a failure of its kind, in
 * one line, within the time that the configuration gives, and costs nobody else.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestconfReply, RestconfTarget } from '../../src/access/device-restconf.ts';
import { createRestconfAccess } from '../../src/access/restconf/restconf-access.ts';
import { cryptoPath } from '../../src/access/restconf-path.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { selfSigned } from '../../src/simulator/restconf/self-signed.ts';
import { never } from '../access/access-under-test.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { PATIENCE } from '../builders/patience.ts';

const JSON_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/yang-data+json\r\n';
const CHUNKED = `${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n`;
/** For who may be cut off for it; the others get what the slowest machine needs. */
const TIMEOUT_MS = 1_000;

type Manners = (socket: TLSSocket) => void;

const says =
  (text: string | Uint8Array): Manners =>
  (socket) =>
    socket.write(text);
const sized = (body: string | Uint8Array, more = ''): Uint8Array =>
  Buffer.concat([
    Buffer.from(`${JSON_HEAD}${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`),
    typeof body === 'string' ? Buffer.from(body) : body,
  ]);
/** Again and again, as fast as it is taken. */
const floods =
  (head: string, piece: string): Manners =>
  (socket) => {
    socket.write(head);
    const block = piece.repeat(Math.ceil(65_536 / piece.length));
    const more = () => {
      while (!socket.destroyed && socket.write(block));
    };
    socket.on('drain', more);
    more();
  };
/** A piece each tenth of the time there is: never silent, never done. */
const drips =
  (head: string, piece: string): Manners =>
  (socket) => {
    socket.write(head);
    const timer = setInterval(() => socket.write(piece), TIMEOUT_MS / 10);
    socket.once('close', () => clearInterval(timer));
  };

const HOSTILE: Readonly<Record<string, readonly [kinds: readonly string[], manners: Manners]>> = {
  'a body without end': [['too_large'], floods(CHUNKED, '400\r\n'.concat(' '.repeat(1024), '\r\n'))],
  'a header without end': [['too_large'], floods('HTTP/1.1 200 OK\r\n', 'x: y\r\n')],
  'one header line without end': [['too_large'], floods('HTTP/1.1 200 OK\r\nx: ', 'y')],
  'a status line without end': [['too_large', 'protocol', 'timeout'], floods('HTTP/1.1 200 ', 'OK')],
  'a chunk extension without end': [['too_large', 'protocol', 'timeout'], floods(`${CHUNKED}1;`, 'x')],
  'trailers without end': [['too_large', 'protocol', 'timeout'], floods(`${CHUNKED}0\r\n`, 'x: y\r\n')],
  'early hints without end': [['timeout', 'protocol', 'closed'], floods('', 'HTTP/1.1 103 Early Hints\r\n\r\n')],
  'a header that drips': [['timeout'], drips('HTTP/1.1 200 OK\r\n', 'x')],
  'a body that drips': [['timeout'], drips(CHUNKED, '1\r\n \r\n')],
  'JSON of a million levels': [['protocol'], says(sized('['.repeat(1_000_000) + ']'.repeat(1_000_000)))],
  'objects of a million levels': [['protocol'], says(sized('{"a":'.repeat(1_000_000) + '1' + '}'.repeat(1_000_000)))],
  'JSON that never closes': [['protocol'], says(sized('['.repeat(2_000_000)))],
  'a gzip bomb': [['protocol'], says(sized(gzipSync(Buffer.alloc(64 << 20, ' ')), 'Content-Encoding: gzip\r\n'))],
  'octets that are no UTF-8': [['protocol'], says(sized(Buffer.from([0xff, 0xfe, 0x00, 0x80])))],
  'two lengths': [['protocol', 'closed'], says(`${JSON_HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`)],
  'a length of 9 digits and nothing more': [['timeout'], says(`${JSON_HEAD}Content-Length: 999999999\r\n\r\n{`)],
  'a length that is no number': [['protocol'], says(`${JSON_HEAD}Content-Length: 0x10\r\n\r\n{}`)],
  'a switch to another protocol': [
    ['protocol', 'closed'],
    says('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n'),
  ],
};

/** Strange, and documents all the same. */
const TAKEN: Readonly<Record<string, Manners>> = {
  'a key of a megabyte': says(sized(JSON.stringify({ ['k'.repeat(1 << 20)]: 1 }))),
  'a hundred thousand keys': says(
    sized(JSON.stringify(Array.from({ length: 100_000 }, (_, index) => ({ [index]: 1 })))),
  ),
  '__proto__ as a key': says(sized('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}')),
  'a date of the year 275760': says(sized('{}', 'Date: +275760-09-13T00:00:00Z\r\n')),
  'a date before the common era': says(sized('{}', 'Date: -271821-04-20T00:00:00Z\r\n')),
};

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-hostile-restconf-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What the read of a device with these manners comes to. */
async function readFrom(manners: Manners, timeoutMs: number = PATIENCE.timeout): Promise<RestconfReply> {
  const { certificatePem, keyPem } = selfSigned({ name: 'gm1', addresses: ['127.0.0.1'], nowMs: Date.now() });
  const sockets = new Set<TLSSocket>();
  const server = createServer({ cert: certificatePem, key: keyPem, ALPNProtocols: ['http/1.1'] }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', () => manners(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await using access = createRestconfAccess({
    clock: createSystemClock(),
    random: seededRandom(1),
    logger: new MemoryLogger(),
    knownCertificatesPath: join(directory, `known-${(server.address() as AddressInfo).port}`),
  });
  const target: RestconfTarget = {
    device: 'gm1',
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    credentialName: 'main',
    credential: { username: 'monitor', password: new Secret('planted-password-9'), client: null },
    trust: { authorities: null, serverName: null, fingerprint: null, certificates: 'accept-new' },
    timeoutMs,
  };
  const reply = await access.read(target, [cryptoPath('gdoi-gm')], never);
  for (const socket of sockets) socket.destroy();
  server.close();
  return reply;
}

describe('a device that answers with', () => {
  test.each(Object.entries(HOSTILE))('%s fails, in one line, without its octets', async (_, [kinds, manners]) => {
    const reply = await readFrom(manners, kinds.includes('timeout') ? TIMEOUT_MS : PATIENCE.timeout);
    if (reply.kind !== 'failed') throw new Error('it was taken');
    expect(kinds).toContain(reply.error.kind);
    expect(reply.error.message).toMatch(/^gm1: [\w-]+: [^\n]{1,200}$/);
    expect(reply.error.message).not.toContain('planted-password');
  });

  test.each(Object.entries(TAKEN))('%s gives a document, and an instant or none', async (_, manners) => {
    const reply = await readFrom(manners);
    expect(reply).toMatchObject({ kind: 'answers', answers: [{ kind: 'document', deviceNowMs: null }] });
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});
