/**
 * Devices that answer RESTCONF with whatever hurts, as octets on a real TLS connection: each is a failure of its kind,
 * in one line, within the time that the configuration gives, and costs nobody else.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeviceErrorKind } from '../../src/access/device-error.ts';
import type { RestconfReply, RestconfTarget } from '../../src/access/device-restconf.ts';
import { createRestconfAccess } from '../../src/access/restconf/restconf-access.ts';
import { cryptoPath } from '../../src/access/restconf-path.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { selfSigned } from '../../src/simulator/restconf/self-signed.ts';
import { never } from '../access/access-under-test.ts';
import { HOSTILE_HTTP, type HttpManners, STRANGE_HTTP } from '../builders/hostile-http.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { half } from '../builders/half.ts';
import { PATIENCE } from '../builders/patience.ts';

/** For who may be cut off for it; the others get what the slowest machine needs. */
const TIMEOUT_MS = 1_000;

/** What the failure may be called. */
const KINDS: Readonly<Record<keyof typeof HOSTILE_HTTP, readonly DeviceErrorKind[]>> = {
  'a body without end': ['too_large'],
  'a header without end': ['too_large'],
  'one header line without end': ['too_large'],
  'a status line without end': ['too_large', 'protocol', 'timeout'],
  'a chunk extension without end': ['too_large', 'protocol', 'timeout'],
  'trailers without end': ['too_large', 'protocol', 'timeout'],
  'early hints without end': ['timeout', 'protocol', 'closed'],
  'a header that drips': ['timeout'],
  'a body that drips': ['timeout'],
  'JSON of a million levels': ['protocol'],
  'objects of a million levels': ['protocol'],
  'JSON of a million empty objects': ['too_large'],
  'JSON that never closes': ['protocol'],
  'a gzip bomb': ['protocol'],
  'octets that are no UTF-8': ['protocol'],
  'two lengths': ['protocol', 'closed'],
  'a length of nine digits and nothing more': ['timeout'],
  'a length that is no number': ['protocol'],
  'a switch to another protocol': ['protocol', 'closed'],
};

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-hostile-restconf-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const PATH = cryptoPath('gdoi-gm');

function restconfAccess() {
  return createRestconfAccess({
    clock: createSystemClock(),
    random: seededRandom(1),
    logger: new MemoryLogger(),
    // A port may be given out twice.
    knownCertificatesPath: join(directory, randomUUID()),
  });
}

function targetAt(port: number, timeoutMs: number): RestconfTarget {
  return {
    device: 'gm1',
    host: '127.0.0.1',
    port,
    credentialName: 'main',
    credential: { username: 'monitor', password: new Secret('planted-password-9'), client: null },
    trust: { authorities: null, serverName: null, fingerprint: null, certificates: 'accept-new' },
    timeoutMs,
  };
}

/** What the read of a device with these manners comes to. */
async function readFrom(manners: HttpManners, timeoutMs: number = PATIENCE.timeout): Promise<RestconfReply> {
  const { certificatePem, keyPem } = selfSigned({ name: 'gm1', addresses: ['127.0.0.1'], nowMs: Date.now() });
  const sockets = new Set<TLSSocket>();
  const server = createServer({ cert: certificatePem, key: keyPem, ALPNProtocols: ['http/1.1'] }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', () => manners(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await using access = restconfAccess();
  const reply = await access.read(targetAt((server.address() as AddressInfo).port, timeoutMs), [PATH], never);
  for (const socket of sockets) socket.destroy();
  server.close();
  return reply;
}

/** Before TLS is agreed on, as octets on TCP. */
const HOSTILE_TLS: Readonly<Record<string, (socket: Socket) => void>> = {
  'says nothing': () => undefined,
  'drips its handshake': (socket) => {
    // The head of a record of a handshake, of 16 KiB.
    socket.write(Buffer.from([0x16, 3, 3, 0x40, 0]));
    const timer = setInterval(() => socket.write(Buffer.from([2])), 50);
    socket.once('close', () => clearInterval(timer));
  },
  'drips warnings': (socket) => {
    const timer = setInterval(() => socket.write(Buffer.from([0x15, 3, 3, 0, 2, 1, 0])), 50);
    socket.once('close', () => clearInterval(timer));
  },
  'answers in clear text': (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'),
  'hangs up': (socket) => socket.destroy(),
};

describe('a device that, asked for TLS,', () => {
  test.each(Object.entries(HOSTILE_TLS))('%s fails in time, and its connection is closed', async (_, manners) => {
    const sockets = new Set<Socket>();
    const server = createTcpServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
      socket.once('data', () => manners(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await using access = restconfAccess();
    const reply = await access.read(targetAt((server.address() as AddressInfo).port, TIMEOUT_MS), [PATH], never);
    if (reply.kind !== 'failed') throw new Error('it was taken');
    expect(['timeout', 'closed', 'protocol', 'handshake']).toContain(reply.error.kind);
    expect(reply.error.message).toMatch(/^gm1: [\w-]+: [^\n]{1,200}$/);
    await expect.poll(() => sockets.size, PATIENCE).toBe(0);
    server.close();
  });
});

describe('a device that answers with', () => {
  test.each(half(Object.entries(KINDS)))('%s fails, in one line, without its octets', async (name, kinds) => {
    const manners = HOSTILE_HTTP[name as keyof typeof HOSTILE_HTTP];
    const reply = await readFrom(manners, kinds.includes('timeout') ? TIMEOUT_MS : PATIENCE.timeout);
    if (reply.kind !== 'failed') throw new Error('it was taken');
    expect(kinds).toContain(reply.error.kind);
    expect(reply.error.message).toMatch(/^gm1: [\w-]+: [^\n]{1,200}$/);
    expect(reply.error.message).not.toContain('planted-password');
  });

  test.each(Object.entries(STRANGE_HTTP))('%s gives a document, with or without an instant', async (_, manners) => {
    const reply = await readFrom(manners);
    expect(reply).toMatchObject({ kind: 'answers', answers: [{ kind: 'document', deviceNowMs: null }] });
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});
