/** A router that is polled shows by its answers that it is there: it is asked for signs of life only where nobody polls it. */
import { afterEach, expect, test, vi } from 'vitest';
import { createSsh2Transport } from '../../src/access/ssh/ssh2-transport.ts';
import type { ShellHooks, ShellLogin } from '../../src/access/ssh/shell-transport.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { never } from './access-under-test.ts';
import { ScriptedIos } from './scripted-ios.ts';

const MINUTE_MS = 60_000;

afterEach(() => {
  vi.useRealTimers();
});

function loginAt(port: number): ShellLogin {
  return {
    host: '127.0.0.1',
    port,
    username: 'monitor',
    password: 'pw',
    privateKey: null,
    passphrase: null,
    agent: null,
    algorithms: 'modern',
    knownKeyTypes: [],
    jumps: [],
    sourceAddress: null,
  };
}

test('keepalives are sent to a router that is left alone, and not to one that is asked every minute', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
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
  const shell = await transport.open(loginAt(await router.listen()), hooks, never);
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
