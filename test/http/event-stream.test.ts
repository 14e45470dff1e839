import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeClock } from '../builders/fake-clock.ts';
import { NOON } from '../builders/view-builder.ts';
import { serve, type Served } from './served.ts';
import { aMissedKekRekey } from '../builders/event-builder.ts';
import { PATIENCE } from '../builders/patience.ts';

let served: Served;
const clients: Socket[] = [];
beforeEach(async () => {
  served = await serve();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await served[Symbol.asyncDispose]();
});

interface Stream {
  /** All that came so far. */
  text(): string;
  ids(): string[];
  readonly socket: Socket;
}

/** A client that reads what comes, unless it is told to read nothing. */
async function listen(of: Served, headers = '', reads = true): Promise<Stream> {
  const { port } = new URL(of.url);
  const socket = connect(Number(port), '127.0.0.1');
  clients.push(socket);
  let text = '';
  const before = of.server.counters.streamsOpen;
  socket.write(`GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  socket.on('error', () => undefined);
  if (reads) socket.setEncoding('utf8').on('data', (data) => (text += String(data)));
  await vi.waitFor(() => expect(of.server.counters.streamsOpen).toBe(before + 1), PATIENCE);
  return { text: () => text, ids: () => Array.from(text.matchAll(/^id: \d+ (.*)$/gm), ([, id]) => id ?? ''), socket };
}

const until = (check: () => void) => vi.waitFor(check, PATIENCE);

test('events come as they are stored, with an id to resume from', async () => {
  const stream = await listen(served);
  await served.happens(aMissedKekRekey());
  await until(() => expect(stream.ids()).toEqual(['gm1/G1/reregistration/1']));
  expect(stream.text()).toContain('content-type: text/event-stream');
  expect(stream.text()).toContain('cache-control: no-store');
  expect(stream.text()).toMatch(
    /id: 1767268800000 gm1\/G1\/reregistration\/1\nevent: reregistration\ndata: \{"id":"gm1\/G1\/reregistration\/1".*\}\n\n/,
  );
});

test('a listener that comes back gets exactly what it missed, in the original order', async () => {
  // The second event happened before the first, but its cause was found later.
  await served.happens(aMissedKekRekey({ id: 'a', atMs: NOON }), aMissedKekRekey({ id: 'b', atMs: NOON - 5000 }));
  await served.happens(aMissedKekRekey({ id: 'c', atMs: NOON + 1000 }));
  const stream = await listen(served, `Last-Event-ID: ${NOON} a\r\n`);
  await until(() => expect(stream.ids()).toEqual(['b', 'c']));
  await served.happens(aMissedKekRekey({ id: 'd' }));
  await until(() => expect(stream.ids()).toEqual(['b', 'c', 'd']));
});

test('after a restart of the agent the history gives what was missed; an event may come again, none is left out', async () => {
  const events = [
    aMissedKekRekey({ id: 'a', atMs: NOON }),
    aMissedKekRekey({ id: 'b', atMs: NOON - 5000 }),
    aMissedKekRekey({ id: 'c', atMs: NOON + 1 }),
  ];
  await using restarted = await serve({
    events: { query: async () => ({ events: events.toReversed(), nextCursor: null }) },
  });
  const stream = await listen(restarted, `Last-Event-ID: ${NOON} a\r\n`);
  await until(() => expect(stream.ids()).toEqual(['b', 'c']));
});

test('when the history cannot be read the stream ends, and the listener may come back', async () => {
  await using broken = await serve({ events: { query: () => Promise.reject(new Error('disk full')) } });
  const response = await broken.get('/api/v1/events/stream', { headers: { 'last-event-id': `${NOON} a` } });
  expect(await response.text()).toBe(': gdoiwatch events\nretry: 3000\n\n');
  expect(broken.logger.messages('warn')).toEqual(['an event stream could not be resumed']);
});

test('what is no id of ours resumes nothing', async () => {
  await served.happens(aMissedKekRekey({ id: 'a' }));
  const stream = await listen(served, 'Last-Event-ID: %00; drop table\r\n');
  await served.happens(aMissedKekRekey({ id: 'b' }));
  await until(() => expect(stream.ids()).toEqual(['b']));
});

test('a listener that does not read is closed and counted; the others get everything', async () => {
  const slow = await listen(served, '', false);
  const good = await listen(served);
  const evidence = ['x'.repeat(100_000)];
  let told = 0;
  await until(() => {
    // Who reads is never behind, however busy the machine is.
    expect(good.ids()).toHaveLength(told);
    void served.happens(aMissedKekRekey({ id: `big/${told}`, evidence }));
    told += 1;
    expect(served.server.counters.streamsClosedSlow).toBe(1);
  });
  expect(served.server.counters.streamsOpen).toBe(1);
  await until(() => expect(good.ids()).toHaveLength(told));
  slow.socket.destroy();
});

test('a quiet stream shows that it is alive', async () => {
  const network = new FakeClock();
  await using quiet = await serve({ network });
  const stream = await listen(quiet);
  await network.advance(15_000);
  await until(() => expect(stream.text()).toContain(': still here'));
});

test('there are only so many streams at once', async () => {
  await using few = await serve({ maxStreams: 3 });
  const streams = [await listen(few), await listen(few), await listen(few)];
  const refused = await few.get('/api/v1/events/stream');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
  expect(few.server.counters.streamsRefused).toBe(1);
  streams[0]?.socket.destroy();
  await until(() => expect(few.server.counters.streamsOpen).toBe(2));
  await listen(few);
});

test('the server stops although someone listens', async () => {
  const stopped = await serve();
  const stream = await listen(stopped);
  await stopped[Symbol.asyncDispose]();
  await until(() => expect(stream.socket.closed).toBe(true));
});
