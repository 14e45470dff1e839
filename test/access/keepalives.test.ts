/**
 * A router that is polled shows by its answers that it is there: it is asked for signs of life only where nobody polls
 * it.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { GuardedClient } from '../../src/access/ssh/guarded-client.ts';
import { ReadShare } from '../../src/access/ssh/read-share.ts';
import { createSsh2Transport } from '../../src/access/ssh/ssh2-transport.ts';
import type { ShellHooks } from '../../src/access/ssh/shell-transport.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { never, shellLogin } from './access-under-test.ts';
import { ScriptedIos } from './scripted-ios.ts';

const MINUTE_MS = 60_000;
/** Keepalives are ssh2's, and so are the timers: the rest of the world goes on. */
const TIMERS = { toFake: ['setInterval', 'clearInterval'] } satisfies Parameters<typeof vi.useFakeTimers>[0];

afterEach(() => {
  vi.useRealTimers();
});

test('keepalives are sent to a router that is left alone, and not to one that is asked every minute', async () => {
  vi.useFakeTimers(TIMERS);
  await using router = new ScriptedIos({ countKeepalives: true });
  await using transport = createSsh2Transport({
    clock: createSystemClock(),
    random: seededRandom(1),
    verifyJumpKey: () => Promise.resolve(null),
  });
  let heard = '';
  const hooks: ShellHooks = {
    beforeHandshake: () => Promise.resolve(),
    verifyHostKey: () => Promise.resolve(true),
    onData: (text) => {
      heard += text;
    },
    onClose: () => undefined,
  };
  const shell = await transport.open(shellLogin(await router.listen()), hooks, never);
  for (let asked = 1; asked <= 5; asked += 1) {
    vi.advanceTimersByTime(MINUTE_MS);
    shell.write('show crypto gdoi\n');
    await expect.poll(() => heard.split('answer to show crypto gdoi').length - 1).toBe(asked);
  }
  // Packets of a connection come in order: a keepalive before them would have been counted.
  expect(router.keepalives).toBe(0);

  vi.advanceTimersByTime(2 * MINUTE_MS);
  await expect.poll(() => router.keepalives).toBe(1);
});

test('a jump host is asked twice a minute, whatever goes through it', async () => {
  vi.useFakeTimers(TIMERS);
  await using host = new ScriptedIos({ countKeepalives: true });
  const stream = connect({ host: '127.0.0.1', port: await host.listen() });
  const clock = createSystemClock();
  using share = new ReadShare(clock);
  const carrier = new GuardedClient({ clock, share }, 'carrier');
  carrier.connect(stream, { username: 'monitor', password: 'pw', hostVerifier: () => true });
  await once(carrier.client, 'ready');
  vi.advanceTimersByTime(MINUTE_MS);
  await expect.poll(() => host.keepalives).toBe(2);
  carrier.destroy();
});
