/** A session lives for weeks: what it keeps of its login is paid for by each of ten thousand devices. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { offeredAlgorithms } from '../../src/access/ssh/algorithms.ts';
import { GuardedClient } from '../../src/access/ssh/guarded-client.ts';
import { ReadShare } from '../../src/access/ssh/read-share.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { ScriptedIos } from './scripted-ios.ts';

const clock = createSystemClock();
const share = new ReadShare(clock);
const servers: ScriptedIos[] = [];
const clients: GuardedClient[] = [];

afterAll(async () => {
  for (const client of clients) client.destroy();
  for (const server of servers) await server[Symbol.asyncDispose]();
  share[Symbol.dispose]();
});

/** What ssh2 holds of a connection that is logged in. */
async function loggedIn(port: number): Promise<object> {
  const stream = connect({ host: '127.0.0.1', port });
  await once(stream, 'connect');
  const guarded = new GuardedClient({ clock, share });
  clients.push(guarded);
  guarded.connect(stream, {
    username: 'monitor',
    password: 'pw',
    algorithms: offeredAlgorithms('modern', []),
    // Decided in the main thread, so never at once.
    hostVerifier: (_key: Buffer, verify: (valid: boolean) => void) => {
      setImmediate(verify, true);
    },
  });
  await once(guarded.client, 'ready');
  const protocol: unknown = Reflect.get(guarded.client, '_protocol');
  if (typeof protocol !== 'object' || protocol === null) throw new Error('ssh2 keeps it elsewhere');
  return protocol;
}

/** Blocks of memory that objects reachable from this one lie in; functions are not looked into. */
function blocksOf(value: unknown, found = new Set<ArrayBufferLike>(), seen = new Set<unknown>()): Set<ArrayBufferLike> {
  if (typeof value !== 'object' || value === null || seen.has(value)) return found;
  seen.add(value);
  if (Buffer.isBuffer(value)) found.add(value.buffer);
  else for (const each of Object.values(value)) blocksOf(each, found, seen);
  return found;
}

test.each(['aes128-gcm@openssh.com', 'aes128-ctr'] as const)(
  'a session with %s shares the algorithms it offers with others, and holds no block of memory for a few octets',
  async (cipher) => {
    const server = new ScriptedIos({ algorithms: { cipher: [cipher] } });
    servers.push(server);
    const port = await server.listen();
    const [first, second] = [await loggedIn(port), await loggedIn(port)];
    expect(Reflect.get(first, '_offer')).toBe(Reflect.get(second, '_offer'));
    const shared = blocksOf(first);
    const own = [...blocksOf(second)].filter((block) => !shared.has(block));
    expect(own.length).toBeGreaterThan(0);
    for (const block of own) expect(block.byteLength).toBeLessThan(1024);
  },
);

test('the secret of a key exchange is gone when the exchange is over', async () => {
  const server = new ScriptedIos();
  servers.push(server);
  const protocol = await loggedIn(await server.listen());
  const exchange: unknown = Reflect.get(protocol, '_kex');
  expect(exchange).toHaveProperty('_finished', true);
  expect(Object.keys(exchange ?? {})).not.toContain('finish');
});
