/** Why an address could not be had: the system's code decides, never its text. */
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { listenFailure } from '../../src/kernel/listen-failure.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    await once(server, 'close');
  }
});

async function failureOfListening(port: number, host: string): Promise<unknown> {
  const server = createServer().listen(port, host);
  const [error]: unknown[] = await once(server, 'error');
  return error;
}

test('a port that another process has is port_in_use, and the machine is in the way: exit status 1', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const failure = listenFailure('listen: cannot listen on it', await failureOfListening(port, '127.0.0.1'));
  expect(failure).toMatchObject({ code: 'port_in_use', exitCode: 1 });
  expect(failure?.message).toMatch(/^listen: cannot listen on it: the port is in use/);
});

test('an address of another machine is address_not_local', async () => {
  expect(listenFailure('x', await failureOfListening(0, '192.0.2.1'))).toMatchObject({ code: 'address_not_local' });
});

test.each([
  ['a text that only looks like it', new Error('listen EADDRINUSE: the port is in use')],
  ['another code', Object.assign(new Error('no'), { code: 'ENOENT' })],
  ['no error', 'EADDRINUSE'],
])('%s is no failure to listen', (_, cause) => {
  expect(listenFailure('x', cause)).toBeNull();
});
