/** What the campaigns of clusters go by: who is connected to whom, as the kernel has it. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { connectionsOf, KnownSockets } from './open-connections.ts';

async function server(): Promise<{ readonly address: string; connect(): Promise<Socket> } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const listening = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const address = listening.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  return {
    address: `127.0.0.1:${port}`,
    async connect() {
      const socket = connect(port, '127.0.0.1');
      sockets.add(socket);
      await once(socket, 'connect');
      return socket;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        listening.close(resolve);
      });
    },
  };
}

test('a connection is seen from its first look on, also one that is made after others were looked at', async () => {
  await using first = await server();
  await using second = await server();
  const known = new KnownSockets();
  await first.connect();
  expect(known.remotesOf(process.pid)).toContain(first.address);
  expect(known.remotesOf(process.pid)).not.toContain(second.address);
  const late = await second.connect();
  expect(known.remotesOf(process.pid)).toEqual(expect.arrayContaining([first.address, second.address]));
  expect(connectionsOf(process.pid)).toEqual(expect.arrayContaining([first.address, second.address]));
  late.destroy();
  await once(late, 'close');
  expect(known.remotesOf(process.pid)).not.toContain(second.address);
});
