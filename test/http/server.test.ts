import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serve, type Served } from './served.ts';

let served: Served;
let firstSweepDone: boolean;
let outcast: boolean;
let reload: { ok: boolean; message: string };

beforeEach(async () => {
  firstSweepDone = true;
  outcast = false;
  reload = { ok: true, message: 'reloaded' };
  served = await serve({
    status: () => ({ firstSweepDone, firstSweepProgress: 1, quarantinedCredentials: [] }),
    outcast: () => outcast,
    reload: async () => reload,
  });
});
afterEach(() => served[Symbol.asyncDispose]());

test('/metrics is the agent and then the devices, as Prometheus text', async () => {
  const response = await served.get('/metrics');
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await response.text()).toBe(
    'gdoi_build_info 1\ngdoi_device_up{device="gm1"} 1\ngdoi_device_up{device="gm2"} 0\n',
  );
});

test('the agent is healthy at once, and ready when every device was polled', async () => {
  firstSweepDone = false;
  expect((await served.get('/-/healthy')).status).toBe(200);
  expect((await served.get('/-/ready')).status).toBe(503);
  firstSweepDone = true;
  expect((await served.get('/-/ready')).status).toBe(200);
});

test('an agent that has had no part in the cluster for long is healthy, and not ready', async () => {
  outcast = true;
  const response = await served.get('/-/ready');
  expect(response.status).toBe(503);
  expect(await response.text()).toBe('gdoiwatch polls nothing: it cannot join the agents that share its store.\n');
  expect((await served.get('/-/healthy')).status).toBe(200);
});

test('a reload answers what changed, or 422 and why it was refused', async () => {
  expect(await (await served.get('/-/reload', { method: 'POST' })).text()).toBe('reloaded\n');
  reload = { ok: false, message: 'gdoiwatch.yml:3:5: listen: ...' };
  const refused = await served.get('/-/reload', {
    method: 'POST',
    body: '',
    headers: { 'content-type': 'text/plain' },
  });
  expect(refused.status).toBe(422);
  expect(await refused.text()).toBe('gdoiwatch.yml:3:5: listen: ...\n');
  expect((await served.get('/-/reload')).status).toBe(404);
});

test('every answer forbids frames, sniffing, referrers and scripts of others', async () => {
  for (const path of ['/', '/metrics', '/api/v1/devices', '/nothing']) {
    const { headers } = await served.get(path);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  }
});

describe('an error is a problem document', () => {
  test('for a missing path, without the query, which might contain a secret', async () => {
    const response = await served.get('/nothing?secret=1');
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'There is no GET /nothing.',
    });
  });

  test('for a path that cannot be read', async () => {
    const response = await served.get('/api/v1/devices/%zz');
    expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
  });

  test('for a request that is too large', async () => {
    const response = await served.get(`/api/v1/devices?q=${'x'.repeat(20_000)}`);
    expect([response.status, response.headers.get('content-type')]).toEqual([431, 'application/problem+json']);
    const body = await served.get('/-/reload', { method: 'POST', body: 'x'.repeat(5000) });
    expect([body.status, body.headers.get('content-type')]).toEqual([413, 'application/problem+json']);
  });

  test('for a failure of ours: the client learns nothing of it, the log everything', async () => {
    await using broken = await serve({ selfMetrics: () => Promise.reject(new Error('secret inside')) });
    const response = await broken.get('/metrics');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(broken.logger.messages('error')).toEqual(['internal error; everything else goes on']);
    expect(inspect(broken.logger.lines('error'))).toContain('secret inside');
  });
});
