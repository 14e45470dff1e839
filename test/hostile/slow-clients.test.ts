/**
 * Clients that open many connections and say little, or ask and do not read: whoever asks whether the agent lives is
 * answered, and so is Prometheus. Judged by counts: how fast the machine is does not matter.
 */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { hash } from 'bcryptjs';
import { afterEach, describe, expect, test } from 'vitest';
import { OPEN_ACCESS } from '../http/open-access.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { half } from '../builders/half.ts';
import { serve, type Served } from '../http/served.ts';

/** Above every bound; the attack that stopped an earlier version had as many. */
const CLIENTS = 2_100;
/** Of one manner: above the bound for all connections. */
const CLIENTS_OF_ONE_MANNER = 1_200;
/**
 * Of a manner in which the server waits as it does for those who say nothing: above its bound for one client. For all
 * at once they are among the 2,100.
 */
const CLIENTS_ALIKE = 400;
/** Above the bound for busy connections of one client; the kernel takes 3.9 MB for each, which is copied. */
const CLIENTS_READING_NOTHING = 135;
/**
 * Of all manners at once: so many-th a client asks for much, which makes more of them than the bound for busy
 * connections.
 */
const GREEDY_EVERY = 15;
const PROBES = 90;

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A connection that a hostile client opened; whether the server closes it is the server's. */
function open(served: Served, say: (socket: Socket) => void): void {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(served.url).port) });
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.on('connect', () => say(socket));
}

/** Status of a request on a connection of its own, as a prober makes it; 0: it was not answered. */
function probe(served: Served, path: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve) => {
    const request = httpRequest(`${served.url}${path}`, { agent: false, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', () => resolve(0));
    request.end();
  });
}

async function probes(served: Served, path: string, count: number): Promise<number> {
  let answered = 0;
  for (let asked = 0; asked < count; asked += 1) if ((await probe(served, path)) === 200) answered += 1;
  return answered;
}

const HEAD = 'GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n';

type Manner = (socket: Socket) => void;

const SAYING_LITTLE: Readonly<Record<string, Manner>> = {
  'say nothing': () => undefined,
  'stop inside the first line': (socket) => socket.write('GET /met'),
  'stop inside the headers': (socket) => socket.write(`${HEAD}X-Slow: `),
  'stop inside the body': (socket) =>
    socket.write('POST /-/reload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\nx'),
  'keep their connection after a request': (socket) =>
    socket.write('GET /-/healthy HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'),
};
const WAITED_FOR: ReadonlySet<string> = new Set([
  'stop inside the first line',
  'stop inside the headers',
  'keep their connection after a request',
]);
const READING_NOTHING: Readonly<Record<string, Manner>> = {
  'ask for much and read nothing': (socket) => {
    socket.pause();
    socket.write(`${HEAD}\r\n`);
  },
  'ask again and again without reading': (socket) => {
    socket.pause();
    socket.write(`${HEAD}\r\n`.repeat(50));
  },
};

/** More than the kernel takes for a reader who does not read (3.9 MB on loopback). Made once, as prepared lines are. */
const LARGE = Array.from({ length: 64 }, () => Buffer.alloc(64 * 1024, `# ${'x'.repeat(1021)}\n`).toString('latin1'));

describe('while thousands of clients', () => {
  const large = () => LARGE;

  const manners = [
    ...Object.entries(SAYING_LITTLE).map(
      ([name, manner]) => [name, manner, WAITED_FOR.has(name) ? CLIENTS_ALIKE : CLIENTS_OF_ONE_MANNER] as const,
    ),
    ...Object.entries(READING_NOTHING).map(([name, manner]) => [name, manner, CLIENTS_READING_NOTHING] as const),
  ];

  test.each(half(manners))('%s, every probe of liveness and readiness is answered', async (_, manner, clients) => {
    await using served = await serve({ deviceMetrics: large });
    for (let count = 0; count < clients; count += 1) open(served, manner);
    expect(await probes(served, '/-/healthy', PROBES / 3)).toBe(PROBES / 3);
    expect(await probes(served, '/-/ready', PROBES / 10)).toBe(PROBES / 10);
    expect(await probes(served, '/metrics', 1)).toBe(1);
  });

  test('of all these manners come at once, the same holds, and the closed ones are counted', async () => {
    await using served = await serve({ deviceMetrics: large });
    for (let count = 0; count < CLIENTS; count += 1) {
      const manners = Object.values(count % GREEDY_EVERY === 0 ? READING_NOTHING : SAYING_LITTLE);
      open(served, manners[Math.floor(count / GREEDY_EVERY) % manners.length] ?? (() => undefined));
    }
    const answered = await probes(served, '/-/healthy', PROBES);
    expect(answered).toBe(PROBES);
    expect(served.server.counters.connectionsEvicted).toBeGreaterThan(0);
  });
});

describe('a request that does not come to its end', () => {
  test.each([
    ['in its first line', 'GET /met'],
    ['in its headers', `${HEAD}X-Slow: `],
    ['in its body', 'POST /-/reload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\nx'],
    ['before it begins', ''],
  ])('%s is closed when its time is over, also where the client keeps its side open', async (_, text) => {
    await using served = await serve({ requestTimeoutMs: 200 });
    const socket = connect({
      host: '127.0.0.1',
      port: Number(new URL(served.url).port),
      allowHalfOpen: true,
    });
    sockets.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    if (text !== '') socket.write(text);
    socket.resume();
    await once(socket, 'end');
    // The server has let go of it too: what is sent now meets a reset.
    await expect
      .poll(
        () => {
          if (!socket.destroyed) socket.write('x');
          return socket.destroyed;
        },
        { timeout: 10_000 },
      )
      .toBe(true);
  });
});

describe('while twenty clients try passwords', () => {
  test('the thread that polls goes on: four of one address are checked beside it, the others told to come back', async () => {
    const costly = new Secret(await hash('right', 10));
    await using served = await serve({
      web: () => ({ ...OPEN_ACCESS, basicAuthUsers: new Map([['ops', costly]]) }),
    });
    const checked = new AbortController();
    let turns = 0;
    const counting = (async () => {
      while (!checked.signal.aborted) {
        await new Promise((resolve) => setImmediate(resolve));
        turns += 1;
      }
    })();
    const verdicts = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const authorization = `Basic ${Buffer.from(`ops:guess${index}`).toString('base64')}`;
        return probe(served, '/metrics', { authorization });
      }),
    );
    checked.abort();
    await counting;
    expect(verdicts.filter((status) => status === 401)).toHaveLength(4);
    expect(verdicts.filter((status) => status === 429)).toHaveLength(16);
    // On the polling thread bcrypt gives way ten times a second, however fast the machine.
    expect(turns).toBeGreaterThan(500);
  });
});
