/**
 * Servers that the agent asks or tells over HTTP, and that answer with whatever hurts: a list of targets stays as it
 * was, an event is told or not, and nothing else suffers. Real servers on loopback, octet by octet.
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { askForTargets } from '../../src/config/service-discovery/http-targets.ts';
import { targetsOfJson } from '../../src/config/service-discovery/target-text.ts';
import { createWebhookPush } from '../../src/export/webhooks/webhook-push.ts';
import { createSystemClock, type Clock } from '../../src/kernel/clock.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { never } from '../access/access-under-test.ts';
import { anEvent } from '../builders/event-builder.ts';
import { HOSTILE_HTTP, type HttpManners, STRANGE_HTTP } from '../builders/hostile-http.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { half } from '../builders/half.ts';
import { PATIENCE } from '../builders/patience.ts';

/** Ten seconds, the time of a request, pass in one, and waits between tries at once. */
function quickClock(): Clock {
  const clock = createSystemClock();
  return { ...clock, sleep: (ms, ...more) => clock.sleep(ms >= 10_000 ? 1_000 : 1, ...more) };
}

async function hostileServer(manners: HttpManners) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', () => manners(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const EVERY_MANNER: Readonly<Record<string, HttpManners>> = { ...HOSTILE_HTTP, ...STRANGE_HTTP };

describe('a list of targets that is', () => {
  test.each(half(Object.entries(EVERY_MANNER)))('%s gives no target', async (_, manners) => {
    await using server = await hostileServer(manners);
    const answer = await askForTargets(
      { url: server.url, authorization: null },
      { clock: quickClock(), refreshMs: 60_000, fetch, signal: never },
    );
    const list = answer.kind === 'text' ? targetsOfJson(answer.text) : answer;
    expect(list).toMatchObject({
      kind: answer.kind === 'text' ? 'malformed' : 'failed',
      reason: expect.stringMatching(/^[^\n]{1,100}$/),
    });
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('a receiver of events whose answer is', () => {
  test.each(half(Object.entries(EVERY_MANNER), { otherWay: true }))('%s costs only itself', async (_, manners) => {
    await using hostile = await hostileServer(manners);
    const told: string[] = [];
    const good = createHttpServer((request, response) => {
      told.push(String(request.headers['content-type']));
      request.resume();
      request.on('end', () => response.writeHead(204).end());
    });
    good.listen(0, '127.0.0.1');
    await once(good, 'listening');
    const logger = new MemoryLogger();
    const push = createWebhookPush({
      destinations: [
        { name: 'hostile', url: hostile.url, secret: null, types: null },
        { name: 'good', url: `http://127.0.0.1:${(good.address() as AddressInfo).port}/`, secret: null, types: null },
      ],
      clock: quickClock(),
      random: seededRandom(1),
      logger,
      source: () => 'http://agent.example:9848',
    });
    push.push([anEvent({ id: 'a' }), anEvent({ id: 'b' })]);
    const judged = ({ delivered, failed }: { readonly delivered: number; readonly failed: number }) =>
      delivered + failed > 0;
    await vi.waitUntil(() => push.status().every(judged) && told.length >= 2, PATIENCE);
    await push[Symbol.asyncDispose]();
    good.closeAllConnections();
    good.close();
    expect(JSON.stringify(logger.lines('error'))).not.toMatch(/x{20}|y{20}|\[\[\[/);
  });
});
