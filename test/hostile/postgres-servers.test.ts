/** What is no PostgreSQL at the address of the database: the start ends in one line, and the process lives. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';

const bytes = (...values: readonly number[]) => Buffer.from(values);

/** Frames of PostgreSQL's protocol: a letter, the length of the rest, the rest. */
const ANSWERS: Readonly<Record<string, Buffer>> = {
  'a web server': Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
  'an SSH server': Buffer.from('SSH-2.0-OpenSSH_9.2p1\r\n'),
  'a frame of no length': bytes(0x52, 0, 0, 0, 0),
  'a frame that is shorter than its kind': bytes(0x52, 0, 0, 0, 4),
  'a row with more columns than octets': bytes(0x54, 0, 0, 0, 6, 0xff, 0xff),
  'values without end': bytes(0x44, 0, 0, 0, 6, 0x7f, 0xff),
};

let answer: Buffer = Buffer.alloc(0);
const sockets = new Set<Socket>();
const server = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => undefined);
  socket.once('data', () => socket.end(answer));
});
let port = 0;

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

async function told(text: Buffer): Promise<unknown> {
  answer = text;
  return openPostgresStore({
    address: { hosts: [{ host: '127.0.0.1', port }], user: 'u', password: null, database: 'd', tls: null },
    clock: createSystemClock(),
    logger: new MemoryLogger(),
    writer: () => null,
    times: { connectMs: 2_000, statementMs: 2_000 },
  }).then(
    () => 'opened',
    (error: unknown) => error,
  );
}

describe('a store at the address of', () => {
  test.each(Object.entries(ANSWERS))('%s is not opened, in one line', async (_what, text) => {
    expect(await told(text)).toMatchObject({
      code: 'store_unreachable',
      message: expect.stringMatching(
        /^store postgres:[^\n]*: cannot be written now \([^\n]*\): is the server up[^\n]*$/,
      ),
    });
  });
});
