import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createReadModel, type AgentStatus, type MutableReadModel } from '../../src/agent/read-model.ts';
import { type HttpServer, startHttpServer } from '../../src/http/server.ts';
import { FakeClock } from '../fake-clock.ts';
import { aDevice, aGm, aReport, NOON, viewAfter } from '../agent/view-builder.ts';

const CALM: AgentStatus = {
  startedAtMs: NOON,
  firstSweepDone: true,
  pollsRunning: 0,
  pollsQueued: 0,
  pollsSkippedLate: 0,
  openSessions: 0,
  handshakesActive: 0,
  handshakesWaiting: 0,
  quarantinedCredentials: [],
  recordErrors: 0,
  storeErrors: 0,
  eventsDropped: 0,
  configReloadOk: true,
  configReloadedAtMs: null,
};

let server: HttpServer;
let fleet: MutableReadModel;
let status: AgentStatus;
let reload: { ok: boolean; message: string };

beforeEach(async () => {
  fleet = createReadModel();
  status = CALM;
  reload = { ok: true, message: 'reloaded' };
  server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    version: '9.9.9',
    clock: new FakeClock(NOON),
    fleet,
    status: () => status,
    deviceMetrics: () => ['gdoi_device_up{device="gm1"} 1\n', 'gdoi_device_up{device="gm2"} 0\n'],
    selfMetrics: () => Promise.resolve('gdoi_build_info 1\n'),
    reload: () => Promise.resolve(reload),
  });
});
afterEach(() => server[Symbol.asyncDispose]());

const get = (path: string, init?: RequestInit) => fetch(`${server.url}${path}`, init);

test('/metrics is the agent and then the devices, as Prometheus text', async () => {
  const response = await get('/metrics');
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await response.text()).toBe(
    'gdoi_build_info 1\ngdoi_device_up{device="gm1"} 1\ngdoi_device_up{device="gm2"} 0\n',
  );
});

test('the agent is healthy at once, and ready when every device was polled', async () => {
  status = { ...CALM, firstSweepDone: false };
  expect((await get('/-/healthy')).status).toBe(200);
  expect((await get('/-/ready')).status).toBe(503);
  status = CALM;
  expect((await get('/-/ready')).status).toBe(200);
});

test('a reload answers what changed, or 422 and why it was refused', async () => {
  expect(await (await get('/-/reload', { method: 'POST' })).text()).toBe('reloaded\n');
  reload = { ok: false, message: 'gdoiwatch.yml:3:5: listen: ...' };
  const refused = await get('/-/reload', { method: 'POST', body: '', headers: { 'content-type': 'text/plain' } });
  expect(refused.status).toBe(422);
  expect(await refused.text()).toBe('gdoiwatch.yml:3:5: listen: ...\n');
  expect((await get('/-/reload')).status).toBe(404);
});

test('what is not there is a problem document', async () => {
  const response = await get('/nothing?secret=1');
  expect(response.status).toBe(404);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect(await response.json()).toEqual({
    type: 'about:blank',
    title: 'Not Found',
    status: 404,
    detail: 'GET /nothing is not here.',
  });
});

describe('the landing page', () => {
  test('puts devices that need a look first, and says why', async () => {
    fleet.set(
      viewAfter(
        aReport({
          'show crypto gdoi': [
            aGm({
              kek: {
                transport: null,
                remainingSeconds: 56,
                encryption: null,
                keyBits: null,
                signatureHash: null,
                signatureKeyBits: null,
              },
            }),
          ],
        }),
      ),
    );
    fleet.set(aDevice({ device: 'gm2', result: 'auth', error: 'gm2: the device refused the credential' }));
    const page = await (await get('/')).text();
    expect(page.indexOf('gm2: the device refused the credential')).toBeLessThan(page.indexOf('>gm1<'));
    expect(page).toContain('1 of 2 devices answer');
    expect(page).toContain('<td class="n">56 s</td>');
  });

  test('shows device text as text, and allows no script', async () => {
    fleet.set(viewAfter(aReport({ 'show crypto gdoi': [aGm({ group: '<script>alert(1)</script>' })] })));
    const response = await get('/');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    const page = await response.text();
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;');
  });

  test('stays a page with 10,000 devices: the troubled ones, and how many are not shown', async () => {
    for (let n = 0; n < 10_000; n += 1)
      fleet.set(aDevice({ device: `gm${n}`, result: n === 9_999 ? 'timeout' : 'ok' }));
    const page = await (await get('/')).text();
    expect(page).toContain('>gm9999<');
    expect(page).toContain('9500 more rows are not shown');
  });
});
