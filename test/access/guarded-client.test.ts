/** A peer decides neither how long it is listened to in one go nor how long it holds a descriptor. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { GuardedClient } from '../../src/access/ssh/guarded-client.ts';
import { ReadShare } from '../../src/access/ssh/read-share.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { ScriptedIos } from './scripted-ios.ts';

test.each(['end', 'destroy'] as const)('a peer that never closes its side is let go: %s', async (way) => {
  const held = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    held.add(socket);
    socket.on('error', () => undefined);
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const stream = connect({ host: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
  await once(stream, 'connect');
  const clock = createSystemClock();
  using share = new ReadShare(clock);
  const guarded = new GuardedClient({ clock, share });
  guarded.client.on('error', () => undefined);
  guarded.connect(stream, { username: 'monitor', readyTimeout: 0 });
  guarded.client.end();
  guarded[way]();
  await expect.poll(() => stream.destroyed).toBe(true);
  for (const socket of held) socket.destroy();
  server.close();
  await once(server, 'close');
});

test('packets go out in one piece each: a question, and what ssh2 replies to what it reads', async () => {
  await using router = new ScriptedIos();
  const stream = connect({ host: '127.0.0.1', port: await router.listen() });
  const clock = createSystemClock();
  using share = new ReadShare(clock);
  const guarded = new GuardedClient({ clock, share });
  guarded.connect(stream, { username: 'monitor', password: 'pw', hostVerifier: () => true });
  await once(guarded.client, 'ready');
  const piece = vi.spyOn(stream, '_write');
  const pieces = vi.spyOn(stream, '_writev');
  guarded.inOnePiece(() =>
    guarded.client.shell({}, (_error, channel) => {
      channel.once('data', () => guarded.inOnePiece(() => channel.write('show clock\n')));
    }),
  );
  await expect.poll(() => router.commands).toContain('show clock');
  expect(piece).not.toHaveBeenCalled();
  expect(pieces.mock.calls.length).toBeGreaterThanOrEqual(3);
  guarded.destroy();
});
