import { request } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OPEN_ACCESS } from './open-access.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { polledGm, serve, type Served } from './served.ts';

let served: Served;
beforeEach(async () => {
  served = await serve();
  served.fleet.set(polledGm());
});
afterEach(() => served[Symbol.asyncDispose]());

/** As a browser would send it: with headers that `fetch` sets itself. */
function ask(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const { hostname, port } = new URL(served.url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, method, path, headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });
}

test.each(['localhost', 'LOCALHOST:9848', '127.0.0.1', '127.8.8.8:80', '[::1]:9848'])(
  'a loopback server answers to %s',
  async (host) => {
    expect(await ask('GET', '/api/v1/devices', { host })).toBe(200);
  },
);

test.each(['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:9848', '192.0.2.1', '[::2]'])(
  'a name that was made to point at loopback (%j) is answered nothing',
  async (host) => {
    expect(await ask('GET', '/api/v1/devices', { host })).toBe(421);
    expect(served.server.counters.crossSiteRefused).toBe(1);
  },
);

test('behind a proxy that forwards its own name, with credentials, the name does not matter', async () => {
  served.now.web = { ...OPEN_ACCESS, basicAuthUsers: new Map([['ops', new Secret('$2y$10$x')]]) };
  expect(await ask('GET', '/api/v1/devices', { host: 'gdoi.example' })).toBe(401);
});

test.each([
  ['another site', { 'sec-fetch-site': 'cross-site' }],
  ['a sibling site', { 'sec-fetch-site': 'same-site' }],
  ['another origin, in an old browser', { origin: 'http://evil.example' }],
  ['a sandboxed frame', { origin: 'null' }],
])('%s can neither reload nor poll', async (_what, headers) => {
  const host = 'localhost';
  expect(await ask('POST', '/-/reload', { host, ...headers })).toBe(403);
  expect(await ask('GET', '/probe?target=gm1', { host, ...headers })).toBe(403);
  expect(await ask('GET', '/api/v1/devices/gm1/health?live=true', { host, ...headers })).toBe(403);
  expect(served.polls).toEqual([]);
});

test('our own page, a person who types the address, and a client that is no browser can', async () => {
  for (const headers of [
    { host: 'localhost:1', origin: 'http://localhost:1' },
    { host: 'localhost', 'sec-fetch-site': 'same-origin' },
    { host: 'localhost', 'sec-fetch-site': 'none' },
    { host: 'localhost' },
  ])
    expect(await ask('POST', '/-/reload', headers)).toBe(200);
});
