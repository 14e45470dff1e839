/** Deadlines of operations with a peer: they pass only when the peer is late, and not when this process was. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { Watchdog } from '../../src/kernel/watchdog.ts';

const DEADLINE_MS = 20;

test('a deadline passes when nothing came', async () => {
  const watchdog = new Watchdog(createSystemClock());
  let late = false;
  watchdog.arm(DEADLINE_MS, () => {
    late = true;
  });
  await expect.poll(() => late).toBe(true);
});

test('an answer that came in time counts, even if the thread was busy beyond the deadline', async () => {
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const client = connect({ host: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
  const [peer] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
  const watchdog = new Watchdog(createSystemClock());
  const outcome = await new Promise<string>((resolve) => {
    client.once('data', () => {
      watchdog.disarm();
      resolve('answered');
    });
    watchdog.arm(DEADLINE_MS, () => resolve('late'));
    peer[0].write('answer');
    const clock = createSystemClock();
    const untilMs = clock.monoMs() + 3 * DEADLINE_MS;
    while (clock.monoMs() < untilMs);
  });
  client.destroy();
  server.close();
  await once(server, 'close');
  expect(outcome).toBe('answered');
});
