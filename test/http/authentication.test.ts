import { createHash } from 'node:crypto';
import { hash } from 'bcryptjs';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { WebAccess } from '../../src/http/base/options.ts';
import { OPEN_ACCESS } from './open-access.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { polledGm, serve, type Served } from './served.ts';
import { PATIENCE } from '../builders/patience.ts';

const PASSWORD = 'correct horse: battery';
const READ_TOKEN = 'read-token-0123456789';
const OPERATE_TOKEN = 'operate-token-0123456789';

let web: WebAccess;
let served: Served;
let network: FakeClock;

beforeAll(async () => {
  const digest = (token: string) => new Secret(createHash('sha256').update(token).digest('hex'));
  web = {
    ...OPEN_ACCESS,
    // Cost 4, the least: the tests are of what is around bcrypt.
    basicAuthUsers: new Map([['ops', new Secret(await hash(PASSWORD, 4))]]),
    tokens: [
      { name: 'dashboard', scope: 'read', sha256: digest(READ_TOKEN) },
      { name: 'prometheus', scope: 'operate', sha256: digest(OPERATE_TOKEN) },
    ],
  };
});
beforeEach(async () => {
  network = new FakeClock();
  served = await serve({ web: () => web, network });
  served.fleet.set(polledGm());
});
afterEach(() => served[Symbol.asyncDispose]());

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const as = (authorization: string): RequestInit => ({ headers: { authorization } });
const status = async (path: string, init?: RequestInit) => (await served.get(path, init)).status;

test('without a credential everything is closed but liveness', async () => {
  for (const path of [
    '/',
    '/metrics',
    '/probe?target=gm1',
    '/api/v1/devices',
    '/api/v1/events/stream',
    '/api/openapi.json',
    '/nothing',
  ])
    expect([path, await status(path)]).toEqual([path, 401]);
  expect(await status('/-/reload', { method: 'POST' })).toBe(401);
  expect(await status('/-/healthy')).toBe(200);
  expect(await status('/-/ready')).toBe(200);
  expect(served.polls).toEqual([]);
});

test('the page’s own files need a user if users are configured, and are open if only tokens are', async () => {
  for (const path of ['/', '/devices/gm1']) expect([path, await status(path)]).toEqual([path, 401]);
  served.now.web = { ...web, basicAuthUsers: new Map() };
  for (const path of ['/', '/devices/gm1']) expect([path, await status(path)]).toEqual([path, 200]);
  const [script = ''] = /\/assets\/[^"]+\.js/.exec(await (await served.get('/')).text()) ?? [];
  expect(await status(script)).toBe(200);
  served.now.web = web;
  expect(await status(script)).toBe(401);
  served.now.web = { ...web, basicAuthUsers: new Map() };
  expect(await status('/api/v1/devices')).toBe(401);
});

test('a problem document says what is required', async () => {
  const response = await served.get('/metrics');
  expect(response.headers.get('www-authenticate')).toBe(
    'Basic realm="gdoiwatch", charset="UTF-8", Bearer realm="gdoiwatch"',
  );
  expect(await response.json()).toMatchObject({ status: 401, title: 'Unauthorized' });
});

test('a user may everything', async () => {
  const ops = as(basic('ops', PASSWORD));
  expect(await status('/metrics', ops)).toBe(200);
  expect(await status('/probe?target=gm1', ops)).toBe(200);
  expect(await status('/-/reload', { ...ops, method: 'POST' })).toBe(200);
});

test('a token with scope read may read, and nothing that polls or reloads', async () => {
  const dashboard = as(`Bearer ${READ_TOKEN}`);
  expect(await status('/api/v1/devices', dashboard)).toBe(200);
  expect(await status('/api/v1/devices/gm1/health', dashboard)).toBe(200);
  expect(await status('/api/v1/devices/gm1/health?live=true', dashboard)).toBe(403);
  expect(await status('/probe?target=gm1', dashboard)).toBe(403);
  expect(await status('/-/reload', { ...dashboard, method: 'POST' })).toBe(403);
  expect(served.polls).toEqual([]);
});

test('a token with scope operate may both', async () => {
  const prometheus = as(`bearer ${OPERATE_TOKEN}`);
  expect(await status('/metrics', prometheus)).toBe(200);
  expect(await status('/api/v1/devices/gm1/health?live=true', prometheus)).toBe(200);
  expect(await status('/-/reload', { ...prometheus, method: 'POST' })).toBe(200);
});

test.each([
  ['a wrong password', basic('ops', 'wrong')],
  ['an unknown user', basic('root', PASSWORD)],
  ['a prototype’s name', basic('__proto__', PASSWORD)],
  ['a wrong token', `Bearer ${READ_TOKEN}x`],
  ['a digest instead of the token', `Bearer ${createHash('sha256').update(READ_TOKEN).digest('hex')}`],
  ['no password', `Basic ${Buffer.from('ops').toString('base64')}`],
  ['an unknown scheme', `Digest ${READ_TOKEN}`],
  ['nonsense', 'Basic'],
  ['far too much', `Bearer ${'x'.repeat(8000)}`],
])('%s is refused', async (_what, authorization) => {
  expect(await status('/metrics', as(authorization))).toBe(401);
});

describe('wrong credentials', () => {
  const exhaust = async () => {
    for (let n = 0; n < 10; n += 1) expect(await status('/metrics', as(basic('ops', `wrong${n}`)))).toBe(401);
  };

  test('are not looked at any more after ten in a minute', async () => {
    await exhaust();
    const limited = await served.get('/metrics', as(basic('ops', 'wrong again')));
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '60']);
    expect(served.server.counters).toMatchObject({ credentialsRefused: 10, credentialsLimited: 1 });
    await network.advance(60_000);
    expect(await status('/metrics', as(basic('ops', PASSWORD)))).toBe(200);
  });

  test('do not keep out a token, or a user that is known already', async () => {
    expect(await status('/metrics', as(basic('ops', PASSWORD)))).toBe(200);
    await exhaust();
    expect(await status('/metrics', as(basic('ops', PASSWORD)))).toBe(200);
    expect(await status('/metrics', as(`Bearer ${READ_TOKEN}`))).toBe(200);
  });
});

test('a password is computed once, not at every scrape', async () => {
  const slow = await hash(PASSWORD, 11);
  served.now.web = { ...web, basicAuthUsers: new Map([['ops', new Secret(slow)]]) };
  const timed = async () => {
    const beganMs = process.cpuUsage().user;
    expect(await status('/-/reload', { ...as(basic('ops', PASSWORD)), method: 'POST' })).toBe(200);
    return process.cpuUsage().user - beganMs;
  };
  const first = await timed();
  const again = Math.min(await timed(), await timed(), await timed());
  expect(again).toBeLessThan(first / 3);
});

test('a changed password counts at once, the old one no more', async () => {
  expect(await status('/metrics', as(basic('ops', PASSWORD)))).toBe(200);
  served.now.web = { ...web, basicAuthUsers: new Map([['ops', new Secret(await hash('another', 4))]]) };
  expect(await status('/metrics', as(basic('ops', PASSWORD)))).toBe(401);
  expect(await status('/metrics', as(basic('ops', 'another')))).toBe(200);
});

test('a page that asks for many things at once is let in with one computation', async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => status('/metrics', as(basic('ops', PASSWORD)))));
  expect(new Set(answers)).toEqual(new Set([200]));
});

test('headers of the web config file are on every answer', async () => {
  served.now.web = { ...web, headers: { 'strict-transport-security': 'max-age=31536000' } };
  for (const path of ['/metrics', '/-/healthy'])
    expect((await served.get(path)).headers.get('strict-transport-security')).toBe('max-age=31536000');
});

test('no answer and no log line contains a credential', async () => {
  const secrets = [
    PASSWORD,
    READ_TOKEN,
    OPERATE_TOKEN,
    ...web.tokens.map(({ sha256 }) => sha256.reveal()),
    ...Array.from(web.basicAuthUsers.values(), (known) => known.reveal()),
  ];
  const said: string[] = [];
  for (const path of [
    '/',
    '/metrics',
    '/api/v1/devices',
    '/api/v1/devices/gm1',
    '/api/openapi.json',
    `/nothing?token=${READ_TOKEN}`,
    `/api/v1/devices?token=${READ_TOKEN}`,
  ]) {
    for (const authorization of [basic('ops', PASSWORD), `Bearer ${OPERATE_TOKEN}`, `Bearer ${READ_TOKEN}wrong`]) {
      const response = await served.get(path, as(authorization));
      said.push(await response.text(), JSON.stringify([...response.headers]));
    }
  }
  said.push(JSON.stringify(served.logger.lines('error')), JSON.stringify(served.logger.lines('warn')));
  for (const secret of secrets) expect(said.join('\n').includes(secret)).toBe(false);
});

test('a listener with a token gets the stream', async () => {
  const response = await served.get('/api/v1/events/stream', as(`Bearer ${READ_TOKEN}`));
  expect(response.status).toBe(200);
  await response.body?.cancel();
  await vi.waitFor(() => expect(served.server.counters.streamsOpen).toBe(0), PATIENCE);
});
