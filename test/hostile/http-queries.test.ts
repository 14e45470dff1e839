/**
 * Requests of any kind over every route of the running server, as octets on the wire: each is answered, none of them
 * with a failure of ours, none with what was not asked for.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PAGE_PATHS } from '../../src/http/page/page-paths.ts';
import { OPEN_ACCESS } from '../http/open-access.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { aBatch, aMissedKekRekey, anIncident } from '../builders/event-builder.ts';
import { half } from '../builders/half.ts';
import { PATIENCE } from '../builders/patience.ts';
import { polledGm, serve, type Served } from '../http/served.ts';
import { anyCodePoint } from '../builders/any-code-point.ts';

/** With `:name` where a name from outside stands. */
const ROUTES = [
  '/',
  '/groups',
  '/groups/:name',
  '/devices/:name',
  '/events',
  '/incidents',
  '/assets/:file',
  '/page/agent',
  '/metrics',
  '/probe',
  '/-/healthy',
  '/-/ready',
  '/-/reload',
  '/api/openapi.json',
  '/api/v1/devices',
  '/api/v1/devices/:name',
  '/api/v1/devices/:name/health',
  '/api/v1/groups',
  '/api/v1/groups/:name',
  '/api/v1/events',
  '/api/v1/events/stream',
  '/api/v1/incidents',
  '/api/v1/incidents/:id',
  '/api/v1/incidents/:id/ticket',
  '/api/v1/sd',
] as const;

/** What is known of the device, group, event and incident that a request must name to see them. */
const OTHERS = { device: 'quiet7', group: 'QUIET', incident: 'incident:QUIET:ks_down:1', mark: 'known-of-the-other' };
/** Liveness, and the page's own files, which hold nothing of the network. */
const OPEN_ROUTES: ReadonlySet<string> = new Set([
  '/-/healthy',
  '/-/ready',
  '/',
  '/groups',
  '/groups/:name',
  '/devices/:name',
  '/events',
  '/incidents',
  '/assets/:file',
]);
const READ_TOKEN = 'read-token-0123456789';

interface Answer {
  /** 0: the connection ended without one. */
  readonly status: number;
  readonly body: string;
}

/** One request, its octets as they are. An event stream has no end: its beginning is its answer. */
function ask(served: Served, head: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(served.url).port) });
    let text = '';
    const answered = () => {
      socket.destroy();
      const end = text.indexOf('\r\n\r\n');
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), body: end < 0 ? text : text.slice(end) });
    };
    socket.setTimeout(PATIENCE.timeout, () => {
      socket.destroy();
      reject(new Error('no answer came, and no end'));
    });
    // A server that has answered may close while the rest of a long request is still on its way.
    socket.on('error', answered);
    socket.on('close', answered);
    socket.on('data', (octets: Buffer) => {
      text += octets.toString('latin1');
      if (/^content-type: text\/event-stream/im.test(text) && text.includes('\r\n\r\n')) answered();
    });
    socket.on('connect', () => socket.write(Buffer.from(head, 'latin1')));
  });
}

const HOSTILE_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '__proto__[polluted]',
  'constructor.prototype',
  '%00',
  'gm1%00',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '..%5c..%5c',
  'a%2Fb',
  '%2F',
  '%',
  '%zz',
  '%c0%ae',
  '%ff%fe',
  '%E2%80%AE',
  '\0',
  '..',
  '.',
  '*',
  "'%20OR%201=1--",
  '%3Cimg%20src=x%3E',
  '%0d%0aX-Injected:%201',
  'x'.repeat(257),
  'x'.repeat(5_000),
  '%C3%A9'.repeat(256),
];
const NUMBERS = ['0', '-1', '1', '1000', '1001', '9'.repeat(400), '1e308', 'Infinity', 'NaN', '0x10', '1.5', '%20', ''];
const INSTANTS = [
  '2026-01-01',
  '2026-99-99',
  '99999999999999',
  '-1',
  '275760-09-13',
  'now',
  '2026-01-01T00:00:00%2B99:99',
];
const PARAMETERS = (
  'group role status key_server result q sort limit cursor cell live since until ' +
  'device type cause unexpected target confirm'
).split(' ');
const HOSTILE_KEYS = ['__proto__', 'constructor', 'limit[]', 'limit[__proto__]', '', '%00', 'x'.repeat(3_000)];
const KEYS = [...PARAMETERS, ...HOSTILE_KEYS];
const ALLOWED = 'gm1 G1 gm ok name status true false reregistration ks_down removals'.split(' ');
/** They can be read, and are of nothing that is there. */
const CURSORS = ['null', '[]', '{}', '[null]', '{"atMs":null}', '["a",{}]', '[1e999,"__proto__"]'].map((json) =>
  Buffer.from(json).toString('base64url'),
);
const VALUES = [...HOSTILE_NAMES, ...NUMBERS, ...INSTANTS, ...ALLOWED, ...CURSORS];

/** A request line's octets never hold the end of the line, and no blank: that is another request, tested elsewhere. */
const octets = fc
  .array(fc.integer({ min: 1, max: 255 }), { maxLength: 40 })
  .map((codes) => String.fromCharCode(...codes.filter((code) => ![9, 10, 13, 32].includes(code))));
const encoded = fc.string({ unit: anyCodePoint, maxLength: 40 }).map((text) => encodeURIComponent(text));
const nameText = fc.oneof(fc.constantFrom('gm1', 'G1', ...HOSTILE_NAMES), encoded, octets);
const valueText = fc.oneof(fc.constantFrom(...VALUES), encoded, octets);
const query = fc
  .array(fc.tuple(fc.constantFrom(...KEYS), valueText), { maxLength: 3, size: 'small' })
  .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.map(([key, value]) => `${key}=${value}`).join('&')}`));
const header = fc.tuple(
  fc.constantFrom('Last-Event-ID', 'If-None-Match', 'X-Prometheus-Scrape-Timeout-Seconds', 'Accept', 'Range', 'Origin'),
  fc.oneof(fc.constantFrom('__proto__', '9'.repeat(300), '-1', 'NaN', '', `${'9'.repeat(16)} gm1/G1`, '0 x'), encoded),
);

const request = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'),
  route: fc.constantFrom(...ROUTES),
  name: nameText,
  query,
  headers: fc.array(header, { maxLength: 2 }),
});
type HostileRequest = typeof request extends fc.Arbitrary<infer Value> ? Value : never;

function headOf({ method, route, name, query: asked, headers }: HostileRequest, authorization?: string): string {
  const path = route.replace(/:\w+/, () => name);
  const lines = headers.map(([key, value]) => `${key}: ${value}\r\n`).join('');
  const credential = authorization === undefined ? '' : `Authorization: ${authorization}\r\n`;
  return `${method} ${path}${asked} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n${credential}${lines}\r\n`;
}

function plainly(route: HostileRequest['route'], name: string, query: string): HostileRequest {
  return { method: 'GET', route, name, query, headers: [] };
}

/** A type and not an interface: it has to pass for any object. */
type ApiDocument = {
  readonly paths: Readonly<
    Record<
      string,
      { readonly get: { readonly parameters?: ReadonlyArray<{ readonly name: string; readonly in: string }> } }
    >
  >;
};

/** Of `/api/v1/devices/{name}`: `/api/v1/devices/:name`. */
function routeOf(path: string): HostileRequest['route'] {
  const route = ROUTES.find((each) => each === path.replace(/\{(\w+)\}/, ':$1'));
  if (route === undefined) throw new Error(`${path} is no route of this test`);
  return route;
}

/** Nothing in the request says that it is about the other device: what it narrows down to is something else. */
function narrowsToSomethingElse({ route, query: asked }: HostileRequest): boolean {
  return /:(name|id)/.test(route) || /[?&](group|device)=[^&]/.test(asked);
}

async function aFleet(over: Parameters<typeof serve>[0] = {}): Promise<Served> {
  const store = createMemoryStore();
  const incidents = [
    anIncident({ id: 'incident:G1:ks_down:1' }),
    anIncident({ id: OTHERS.incident, group: OTHERS.group, devices: [OTHERS.device], summary: OTHERS.mark }),
  ];
  await store.commit(aBatch({ incidents }));
  const served = await serve({ events: store, incidents: store, ...over });
  served.fleet.set(polledGm());
  served.fleet.set({ ...polledGm(OTHERS.device, { group: OTHERS.group }), host: OTHERS.mark });
  await store.commit(
    aBatch({
      events: [
        aMissedKekRekey(),
        aMissedKekRekey({ id: 'q', device: OTHERS.device, group: OTHERS.group, summary: OTHERS.mark, evidence: [] }),
      ],
    }),
  );
  return served;
}

/** Some ten requests and more for each route. */
const RUNS = { numRuns: 400 };

test('every route of the server is asked', () => {
  const folder = fileURLToPath(new URL('../../src/http', import.meta.url));
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(folder, path), 'utf8'));
  const found = (text: string, pattern: RegExp) => Array.from(text.matchAll(pattern), ([, path = '']) => path);
  const routed = sources.flatMap((text) => [
    ...found(text, /\bapp\.(?:get|post|put|delete|all)(?:<[^;]*?>)?\(\s*'([^']+)'/g),
  ]);
  expect(new Set([...routed, ...Object.values(PAGE_PATHS)])).toEqual(new Set(ROUTES));
});

describe('any request', () => {
  let served: Served;
  beforeAll(async () => {
    served = await aFleet();
  });
  afterAll(() => served[Symbol.asyncDispose]());

  test('is answered, never with a failure of ours, never with data of a device, group or incident that it does not name', async () => {
    const everything = await ask(served, headOf(plainly('/api/v1/events', '', '')));
    expect(everything.body).toContain(OTHERS.mark);
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const { status, body } = await ask(served, headOf(asked));
        expect(status).toBeGreaterThanOrEqual(200);
        expect(status).toBeLessThan(500);
        expect(narrowsToSomethingElse(asked) && body.includes(OTHERS.mark)).toBe(false);
      }),
      RUNS,
    );
    expect(served.logger.messages('error')).toEqual([]);
    expect((await served.get('/-/healthy')).status).toBe(200);
  });

  test('with a hostile name, or one hostile value of a parameter that the route has, is refused or answered with nothing', async () => {
    const { paths } = await served.json<ApiDocument>('/api/openapi.json');
    const named = ROUTES.filter((route) => route.includes(':')).flatMap((route) =>
      HOSTILE_NAMES.map((name) => plainly(route, name, '')),
    );
    const asking = Object.entries(paths).flatMap(([path, { get }]) =>
      (get.parameters ?? [])
        .filter((parameter) => parameter.in === 'query')
        .flatMap((parameter) => VALUES.map((value) => plainly(routeOf(path), 'gm1', `?${parameter.name}=${value}`))),
    );
    expect(asking.length).toBeGreaterThan(20 * VALUES.length);
    const wrong: string[] = [];
    for (const asked of half([...named, ...asking])) {
      const { status, body } = await ask(served, headOf(asked));
      const told = narrowsToSomethingElse(asked) && body.includes(OTHERS.mark);
      if (status < 200 || status >= 500 || told) wrong.push(`${status} ${headOf(asked).slice(0, 200)}`);
    }
    expect(wrong).toEqual([]);
    expect(served.logger.messages('error')).toEqual([]);
  });

  test('that repeats a parameter, or has an unknown one, is refused on paths with parameters', async () => {
    for (const path of [
      '/api/v1/devices?limit=1&limit=2',
      '/api/v1/events?group=G1&group=QUIET',
      '/probe?target=gm1&x=1',
    ]) {
      expect([path, (await served.get(path)).status]).toEqual([path, 400]);
    }
  });
});

describe('if tokens are required, any request', () => {
  let served: Served;
  let reloads = 0;
  beforeAll(async () => {
    const sha256 = new Secret(createHash('sha256').update(READ_TOKEN).digest('hex'));
    served = await aFleet({
      web: () => ({ ...OPEN_ACCESS, tokens: [{ name: 'dashboard', scope: 'read', sha256 }] }),
      reload: async () => {
        reloads += 1;
        return { ok: true, message: 'reloaded' };
      },
    });
  });
  afterAll(() => served[Symbol.asyncDispose]());

  test('without one of them gets nothing of the network', async () => {
    const credential = fc.oneof(
      fc.constantFrom(undefined, 'Bearer', 'Bearer __proto__', `Bearer ${READ_TOKEN}x`, 'Basic Og==', 'Digest x', '\0'),
      encoded.map((text) => `Bearer ${text}`),
      fc.base64String().map((text) => `Basic ${text}`),
    );
    await fc.assert(
      fc.asyncProperty(request, credential, async (asked, authorization) => {
        const { status, body } = await ask(served, headOf(asked, authorization));
        expect(status).toBeLessThan(500);
        expect(body).not.toMatch(/known-of-the-other|quiet7|192\.0\.2\.1|gdoi_device_up/);
        expect([200, 206].includes(status) && !OPEN_ROUTES.has(asked.route)).toBe(false);
      }),
      RUNS,
    );
    expect(served.logger.messages('error')).toEqual([]);
  });

  test('with one that may only read polls nothing and reloads nothing', async () => {
    const acting = fc.oneof(
      request,
      request.map((asked) => ({ ...asked, route: '/probe' as const, query: '?target=gm1' })),
      request.map((asked) => ({ ...asked, route: '/-/reload' as const, method: 'POST' as const })),
      request.map((asked) => ({
        ...asked,
        route: '/api/v1/devices/:name/health' as const,
        name: 'gm1',
        query: '?live=true',
      })),
    );
    await fc.assert(
      fc.asyncProperty(acting, async (asked) => {
        const { status } = await ask(served, headOf(asked, `Bearer ${READ_TOKEN}`));
        expect(status).toBeLessThan(500);
      }),
      RUNS,
    );
    expect([served.polls, reloads]).toEqual([[], 0]);
    expect((await served.get('/api/v1/devices', { headers: { authorization: `Bearer ${READ_TOKEN}` } })).status).toBe(
      200,
    );
  });
});
