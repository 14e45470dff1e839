/**
 * What is no PostgreSQL at the address of the database, or one in other hands, in the open and inside TLS: the start
 * ends in one line, and the process lives.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { int16, int32, message, row, text } from '../builders/postgres-messages.ts';

const bytes = (...values: readonly number[]) => Buffer.from(values);

const READY = message('Z', Buffer.from('I'));
const SIGNED_IN = Buffer.concat([message('R', int32(0)), message('S', text('server_version'), text('15.3')), READY]);
const COLUMN = (name: string, type: number) =>
  message('T', int16(1), text(name), int32(0), int16(0), int32(type), int16(-1), int32(-1), int16(0));
/** To the first question: no standby. */
const WRITABLE = Buffer.concat([COLUMN('standby', 16), row('f'), message('C', text('SELECT 1')), READY]);

const ANSWERS: Readonly<Record<string, Buffer>> = {
  'a web server': Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
  'an SSH server': Buffer.from('SSH-2.0-OpenSSH_9.2p1\r\n'),
  'a frame of no length': bytes(0x52, 0, 0, 0, 0),
  'a frame that is shorter than its kind': bytes(0x52, 0, 0, 0, 4),
  'a row with more columns than octets': bytes(0x54, 0, 0, 0, 6, 0xff, 0xff),
  'values without end': bytes(0x44, 0, 0, 0, 6, 0x7f, 0xff),
  'an error without its end': message('E', text('SFATAL'), text('Mgone')),
  'an error of several lines that would draw on a terminal': message(
    'E',
    text('SFATAL'),
    text('C57P03'),
    text(`M\u{1b}[2Jgone\nstore: all is well\r${'x'.repeat(20_000)}`),
    text(''),
  ),
  'a message of four gigabytes': bytes(0x45, 0xff, 0xff, 0xff, 0xff),
  'a way to sign in that nobody knows': message('R', int32(7)),
  'rows that nobody asked for': Buffer.concat([row('x'), row('y'), READY]),
  'notices without end': Buffer.concat(
    Array.from({ length: 9_000 }, () => message('N', text(`M${'x'.repeat(500)}`), text(''))),
  ),
  'a key derived a thousand million times': Buffer.concat([
    message('R', int32(10), text('SCRAM-SHA-256'), text('')),
    message('R', int32(11), Buffer.from('r=x,s=c2FsdA==,i=1000000000')),
  ]),
};

/** What the server says to the first word of a client, and to each later one; then it hangs up. */
let said: readonly Buffer[] = [];
let context: SecureContext;
let folder = '';
let ca = '';
const sockets = new Set<Socket>();
const server = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => undefined);
  socket.once('data', (first) => {
    if (first.length !== 8) {
      talk(socket);
      return;
    }
    // It asks for TLS.
    socket.pause();
    socket.write('S');
    const secured = new TLSSocket(socket, { isServer: true, secureContext: context });
    secured.on('error', () => undefined);
    secured.once('data', () => talk(secured));
  });
});
let port = 0;

function talk(socket: Socket): void {
  const left = [...said];
  const answer = () => {
    const next = left.shift();
    if (next !== undefined) socket.write(next);
    if (left.length === 0) socket.end();
  };
  socket.on('data', answer);
  answer();
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gdoiwatch-hostile-pg-'));
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', 'key', '-out', 'crt', '-subj', '/CN=db'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...names], { cwd: folder, stdio: 'pipe' });
  ca = readFileSync(join(folder, 'crt'), 'utf8');
  context = createSecureContext({ cert: ca, key: readFileSync(join(folder, 'key')) });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

type Way = 'in the open' | 'inside TLS';
const WAYS: readonly Way[] = ['in the open', 'inside TLS'];

/** `patienceMs`: where the server does not hang up, the end comes by time. */
async function told(answers: readonly Buffer[], way: Way, patienceMs = 60_000): Promise<unknown> {
  said = answers;
  const tls = way === 'in the open' ? null : { ca, cert: null, key: null, serverName: null };
  return openPostgresStore({
    address: { hosts: [{ host: '127.0.0.1', port }], user: 'u', password: new Secret('s3cret'), database: 'd', tls },
    clock: createSystemClock(),
    logger: new MemoryLogger(),
    writer: () => null,
    times: { connectMs: patienceMs, statementMs: patienceMs },
  }).then(
    () => 'opened',
    (error: unknown) => error,
  );
}

const IN_ONE_LINE = {
  name: 'UserError',
  code: 'store_unreachable',
  message: expect.stringMatching(
    /^store postgres:\P{C}*: cannot be written now \(\P{C}{1,400}\): is the server up\P{C}*$/u,
  ),
};

describe.each(WAYS)('a store, %s, at the address of', (way) => {
  test.each(Object.entries(ANSWERS))('%s is not opened, in one line', async (_what, answer) => {
    expect(await told([answer], way)).toMatchObject(IN_ONE_LINE);
  });

  test.each(Object.entries(ANSWERS))(
    'one that lets in, and answers a question as %s, is not opened',
    async (_what, answer) => {
      expect(await told([SIGNED_IN, answer], way)).toMatchObject(IN_ONE_LINE);
      expect(await told([SIGNED_IN, WRITABLE, answer], way)).toMatchObject(IN_ONE_LINE);
    },
  );
});

test('an unencrypted message after TLS was agreed on is not read: the connection ends', async () => {
  const early = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.concat([Buffer.from('S'), SIGNED_IN])));
  });
  await once(early.listen(0, '127.0.0.1'), 'listening');
  const address = early.address();
  const other = typeof address === 'object' && address !== null ? address.port : 0;
  const mine = port;
  port = other;
  try {
    expect(await told([], 'inside TLS')).toMatchObject(IN_ONE_LINE);
  } finally {
    port = mine;
    early.close();
  }
});

test('a conversation with any octets of it changed ends: never in a hang, never in the process', async () => {
  const answers = [
    SIGNED_IN,
    WRITABLE,
    Buffer.concat([message('C', text('BEGIN')), READY]),
    Buffer.concat([COLUMN('major', 23), row('15'), message('C', text('SELECT 1')), READY]),
  ];
  const all = Buffer.concat(answers);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(all.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (changes, secured) => {
        const changed = Buffer.from(all);
        for (const [at, byte] of changes) changed[at] = byte;
        let from = 0;
        const parts = answers.map(({ length }) => changed.subarray(from, (from += length)));
        expect(await told(parts, secured ? 'inside TLS' : 'in the open', 200)).toMatchObject({ name: 'UserError' });
      },
    ),
    { numRuns: 100 },
  );
});
