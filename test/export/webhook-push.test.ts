import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test, vi } from 'vitest';
import { createWebhookPush, type WebhookPush } from '../../src/export/webhooks/webhook-push.ts';
import { webhookMetrics } from '../../src/export/webhooks/webhook-metrics.ts';
import type { WebhookDestination } from '../../src/export/webhooks/webhook-sender.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { anEvent } from '../builders/event-builder.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { PATIENCE } from '../builders/patience.ts';

const SECRET = 'whsec_c2VjcmV0LWtleS1vZi10aGUtbm9j';

interface Told {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real HTTP server that answers each request as the test says. */
class Receiver implements AsyncDisposable {
  readonly told: Told[] = [];
  status: (request: number) => number = () => 204;
  readonly #server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      this.told.push({ headers: request.headers, body });
      response.writeHead(this.status(this.told.length), { location: '/elsewhere' }).end('an answer');
    });
  });

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook?token=t0ken`;
  }

  ids(): readonly string[] {
    return this.told.map(({ body }) => JSON.parse(body).id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function pushTo(url: string, over: Partial<WebhookDestination> = {}) {
  const logger = new MemoryLogger();
  const clock = createSystemClock();
  // Waits between tries pass at once.
  const soon = { ...clock, sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms >= 5000 ? ms : 1, signal) };
  const push = createWebhookPush({
    destinations: [{ name: 'noc', url, secret: new Secret(SECRET), types: null, ...over }],
    clock: soon,
    random: seededRandom(1),
    logger,
    source: () => 'http://agent.example:9848',
  });
  return { push, logger };
}
const delivered = (push: WebhookPush, events: number) =>
  vi.waitFor(() => expect(push.status()[0]).toMatchObject({ delivered: events, queued: 0 }), PATIENCE);

test('an event is sent as a CloudEvent, signed over id, time and body', async () => {
  await using receiver = new Receiver();
  const { push } = pushTo(await receiver.listen());
  await using _ = push;
  const event = anEvent({ id: 'e1', type: 'reregistration', device: 'gm1', group: 'G1' });
  push.push([event]);
  await delivered(push, 1);
  const [{ headers, body }] = receiver.told as [Told];
  expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
  expect(JSON.parse(body)).toMatchObject({
    specversion: '1.0',
    id: 'e1',
    source: 'http://agent.example:9848',
    type: 'gdoiwatch.reregistration',
    subject: 'gm1',
    time: new Date(event.atMs).toISOString().replace('.000Z', 'Z'),
    datacontenttype: 'application/json',
    data: { id: 'e1', device: 'gm1', group: 'G1', summary: event.summary, evidence: event.evidence },
  });
  const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
  const signed = `e1.${String(headers['webhook-timestamp'])}.${body}`;
  expect(headers['webhook-id']).toBe('e1');
  expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
});

test('a receiver that was down gets everything later, in order, and nothing twice', async () => {
  await using receiver = new Receiver();
  receiver.status = (request) => (request <= 3 ? 503 : 200);
  const { push, logger } = pushTo(await receiver.listen());
  await using _ = push;
  push.push([anEvent({ id: 'a' }), anEvent({ id: 'b' })]);
  await delivered(push, 2);
  expect(receiver.ids()).toEqual(['a', 'a', 'a', 'a', 'b']);
  expect(push.status()).toMatchObject([{ failed: 3, failing: false, dropped: { refused: 0 } }]);
  expect(logger.messages('error')).toHaveLength(1);
});

test('an event that it refuses is dropped and counted, and the next one is sent', async () => {
  await using receiver = new Receiver();
  receiver.status = (request) => (request === 1 ? 400 : request === 2 ? 302 : 200);
  const { push } = pushTo(await receiver.listen());
  await using _ = push;
  push.push([anEvent({ id: 'a' }), anEvent({ id: 'b' }), anEvent({ id: 'c' })]);
  await delivered(push, 1);
  expect(receiver.ids()).toEqual(['a', 'b', 'c']);
  expect(push.status()).toMatchObject([{ dropped: { refused: 2, overflow: 0 } }]);
});

test('only the types that it wants are sent', async () => {
  await using receiver = new Receiver();
  const { push } = pushTo(await receiver.listen(), { types: new Set(['reload']) });
  await using _ = push;
  push.push([anEvent({ id: 'a', type: 'kek_rekey' }), anEvent({ id: 'b', type: 'reload' })]);
  await delivered(push, 1);
  expect(receiver.ids()).toEqual(['b']);
});

test('ten thousand events wait for a receiver that is down; then the oldest are dropped and counted', async () => {
  const { push } = pushTo('http://127.0.0.1:9/hook');
  push.push(Array.from({ length: 10_005 }, (_, index) => anEvent({ id: `e${index}` })));
  expect(push.status()).toMatchObject([{ queued: 10_000, dropped: { overflow: 5 } }]);
  await push[Symbol.asyncDispose]();
});

test('neither the URL nor the key reaches a log or a metric', async () => {
  const { push, logger } = pushTo('http://127.0.0.1:9/hook?token=t0ken');
  push.push([anEvent({ id: 'a' })]);
  await vi.waitFor(() => expect(push.status()[0]?.failed).toBeGreaterThan(0), PATIENCE);
  await push[Symbol.asyncDispose]();
  const logged = JSON.stringify([logger.lines('error'), logger.lines('warn'), logger.messages('error')]);
  const shown = logged + webhookMetrics(push.status());
  expect(shown).not.toMatch(/t0ken|whsec|c2VjcmV0/);
  expect(logged).toContain('noc');
});
