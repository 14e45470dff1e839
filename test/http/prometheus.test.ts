import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { failingDevice, polledGm, serve, type Served } from './served.ts';

let served: Served;
beforeEach(async () => {
  served = await serve();
});
afterEach(() => served[Symbol.asyncDispose]());

describe('/probe', () => {
  test('polls the device and answers its metrics, success and duration', async () => {
    served.fleet.set(polledGm());
    const response = await served.get('/probe?target=gm1');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    expect(text).toContain('gdoi_device_up{device="gm1"} 1\n');
    expect(text).toMatch(/^probe_success 1$/m);
    expect(text).toMatch(/^probe_duration_seconds \d+(\.\d+)?(e-\d+)?$/m);
    expect(served.polls).toEqual(['gm1']);
  });

  test('a device that fails is an answer, not an error', async () => {
    served.fleet.set(failingDevice('gm1'));
    const response = await served.get('/probe?target=gm1');
    expect([response.status, await response.text()]).toEqual([200, expect.stringMatching(/^probe_success 0$/m)]);
  });

  test('answers before Prometheus gives up', async () => {
    served.fleet.set(polledGm());
    served.now.pollOutcome = (_device, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'abandoned' })));
    const response = await served.get('/probe?target=gm1', {
      headers: { 'x-prometheus-scrape-timeout-seconds': '0.7' },
    });
    const text = await response.text();
    expect(text).toMatch(/^probe_success 0$/m);
    expect(Number(/^probe_duration_seconds (.*)$/m.exec(text)?.[1])).toBeGreaterThanOrEqual(0.19);
    expect(text).not.toContain('gdoi_device_up');
  });

  test.each([
    ['no target', '', 400],
    ['two targets', '?target=gm1&target=gm2', 400],
    ['an unknown parameter', '?target=gm1&module=x', 400],
    ['a device that is not configured', '?target=192.0.2.66', 404],
  ])('refuses %s, and polls nothing', async (_what, query, status) => {
    served.fleet.set(polledGm());
    const response = await served.get(`/probe${query}`);
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    expect(served.polls).toEqual([]);
  });

  test('says when to come again after too many', async () => {
    served.fleet.set(polledGm());
    served.now.pollOutcome = async () => ({ kind: 'limited', retryAfterSeconds: 2 });
    const response = await served.get('/probe?target=gm1');
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '2']);
  });
});

test('/api/v1/sd lists every device in the format of http_sd', async () => {
  expect(await served.json('/api/v1/sd')).toEqual([]);
  served.fleet.set({ ...polledGm(), labels: { site: 'taipei' } });
  expect(await served.json('/api/v1/sd')).toEqual([
    {
      targets: ['gm1'],
      labels: { site: 'taipei', __meta_gdoi_host: '192.0.2.1', __meta_gdoi_role: 'gm', __meta_gdoi_groups: ',G1,' },
    },
  ]);
});
