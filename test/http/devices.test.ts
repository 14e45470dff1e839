import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { healthSchema } from '../../src/http/schemas/health-schema.ts';
import { type DeviceDocument, deviceListSchema, deviceSchema } from '../../src/http/schemas/device-schema.ts';
import { aReport, viewAfter } from '../builders/view-builder.ts';
import { fleet as aGroup } from '../builders/health-builders.ts';
import { failingDevice, polledGm, serve, type Served } from './served.ts';
import { aKs } from '../builders/snapshots.ts';

let served: Served;
beforeEach(async () => {
  served = await serve();
});
afterEach(() => served[Symbol.asyncDispose]());

type List = z.output<typeof deviceListSchema>;
const names = (list: List) => list.devices.map(({ device }) => device);

describe('/api/v1/devices', () => {
  test('shows each device with its health, and in each group what is due when', async () => {
    served.fleet.set(polledGm());
    const list = await served.json<List>('/api/v1/devices');
    expect(list).toMatchObject({
      next_cursor: null,
      total: 1,
      by_status: { ok: 1, warning: 0, critical: 0, unknown: 0 },
      devices: [
        {
          device: 'gm1',
          host: '192.0.2.1',
          role: 'gm',
          kek_behavior: 'timer',
          status: 'ok',
          observed_at: '2026-01-01T12:00:00Z',
          groups: [
            {
              group: 'G1',
              role: 'gm',
              status: 'ok',
              address: '10.0.0.1',
              key_server: '10.1.0.1',
              registered: true,
              kek: {
                rekey_due_at: '2026-01-01T13:20:00.500Z',
                missed_window: ['2026-01-01T13:20:10.500Z', '2026-01-01T13:22:40.500Z'],
                expires_at: '2026-01-01T13:23:20.500Z',
                expiry_window_ends_at: '2026-01-01T13:24:40.500Z',
              },
              tek_expires_at: '2026-01-01T12:33:20.500Z',
            },
          ],
        },
      ],
    });
  });

  test('goes in pages by name; a device that comes or goes between two pages moves no other', async () => {
    for (const name of ['c', 'a', 'e', 'b', 'd']) served.fleet.set(polledGm(name));
    const first = await served.json<List>('/api/v1/devices?limit=2');
    expect(names(first)).toEqual(['a', 'b']);
    served.fleet.remove('a');
    served.fleet.set(polledGm('aa'));
    const second = await served.json<List>(`/api/v1/devices?limit=2&cursor=${first.next_cursor}`);
    expect(names(second)).toEqual(['c', 'd']);
    const last = await served.json<List>(`/api/v1/devices?limit=2&cursor=${second.next_cursor}`);
    expect([names(last), last.next_cursor]).toEqual([['e'], null]);
  });

  test('puts the worst first when asked, over pages too', async () => {
    served.fleet.set(polledGm('a-well'));
    served.fleet.set(polledGm('b-lost', { registered: false, status: 'Registering' }));
    served.fleet.set(failingDevice('c-refused'));
    const first = await served.json<List>('/api/v1/devices?sort=status&limit=1');
    const rest = await served.json<List>(`/api/v1/devices?sort=status&cursor=${first.next_cursor}`);
    expect([...names(first), ...names(rest)]).toEqual(['b-lost', 'c-refused', 'a-well']);
  });

  test('filters by group, role, status and text', async () => {
    served.fleet.set({ ...polledGm('gm1'), labels: { site: 'Taipei' } });
    served.fleet.set(polledGm('gm2', { group: 'G2', registered: false }));
    served.fleet.set({ ...viewAfter(aReport({ 'show crypto gdoi': [aKs()] })), device: 'ks1' });
    const found = async (filter: string) => names(await served.json<List>(`/api/v1/devices?${filter}`));
    expect(await found('group=G2')).toEqual(['gm2']);
    expect(await found('role=ks')).toEqual(['ks1']);
    expect(await found('key_server=10.1.0.1')).toEqual(['gm1', 'gm2']);
    expect(await found('result=timeout')).toEqual([]);
    expect(await found('status=critical')).toEqual(['gm2']);
    expect(await found('q=taipei')).toEqual(['gm1']);
    expect(await found('q=not%20registered')).toEqual(['gm2']);
    expect(await found('group=G1&role=gm&status=ok')).toEqual(['gm1']);
  });

  test('is not sent again while nothing changed', async () => {
    served.fleet.set(polledGm());
    const { headers } = await served.get('/api/v1/devices');
    const again = { headers: { 'if-none-match': headers.get('etag') ?? '' } };
    const unchanged = await served.get('/api/v1/devices', again);
    expect([unchanged.status, await unchanged.text()]).toEqual([304, '']);
    served.fleet.set(polledGm('gm2'));
    expect((await served.get('/api/v1/devices', again)).status).toBe(200);
  });

  test('is sent again when time alone may have changed a verdict', async () => {
    served.fleet.set(polledGm());
    const { headers } = await served.get('/api/v1/devices');
    await served.clock.advance(400_000);
    const later = await served.get('/api/v1/devices', { headers: { 'if-none-match': headers.get('etag') ?? '' } });
    expect(later.status).toBe(200);
    expect(await later.json()).toMatchObject({ devices: [{ status: 'unknown' }] });
  });

  test.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=many', 'limit'],
    ['status=fine', 'status'],
    ['role=router', 'role'],
    ['group=', 'group'],
    ['cursor=xyz', 'cursor'],
    ['colour=red', 'colour'],
    ['group=G1&group=G2', 'group'],
    [`q=${'x'.repeat(300)}`, 'q'],
  ])('refuses %s and names the parameter', async (query, parameter) => {
    const response = await served.get(`/api/v1/devices?${query}`);
    expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
    expect(await response.json()).toMatchObject({
      status: 400,
      detail: expect.stringContaining(parameter) as string,
      errors: [{ parameter }],
    });
  });

  test('takes no cursor of another order', async () => {
    for (const name of ['a', 'b']) served.fleet.set(polledGm(name));
    const { next_cursor: cursor } = await served.json<List>('/api/v1/devices?limit=1');
    expect((await served.get(`/api/v1/devices?sort=status&cursor=${cursor}`)).status).toBe(400);
  });

  test('answers for 10,000 devices in pages of at most 1000, and lets other work in between', async () => {
    for (let n = 0; n < 10_000; n += 1) served.fleet.set(polledGm(`gm${n}`));
    const list = await served.json<List>('/api/v1/devices?limit=1000&status=ok');
    expect(list.devices).toHaveLength(1000);
    expect(list.total).toBe(10_000);
  });
});

describe('/api/v1/devices/NAME', () => {
  test('shows all that is known: snapshots in the contract’s shape, plans, health, the device’s own words', async () => {
    served.fleet.set({
      ...polledGm(),
      plannedPolls: [{ atMs: Date.parse('2026-01-01T13:20:00Z'), reason: 'rekey_due' }],
      answers: new Map([
        ['show crypto gdoi', { at: { sentAtMs: 0, receivedAtMs: 0 }, text: 'GROUP INFORMATION', cut: false }],
      ]),
    });
    const device = await served.json<DeviceDocument>('/api/v1/devices/gm1');
    expect(deviceSchema.safeParse(device).error).toBeUndefined();
    expect(device).toMatchObject({
      device: 'gm1',
      polls: { ok: 1 },
      groups: [
        { group: 'G1', gm: { role: 'gm', reregisters_in_seconds: null, kek: { remaining_seconds: 5000 } }, ks: null },
      ],
      planned_polls: [{ at: '2026-01-01T13:20:00Z', reason: 'rekey_due' }],
      health: { status: 'ok' },
      answers: [{ command: 'show crypto gdoi', text: 'GROUP INFORMATION' }],
    });
  });

  test('of an unknown name is 404, whatever the name looks like', async () => {
    for (const name of [
      'gm9',
      '__proto__',
      'constructor',
      '..%2f..%2fetc%2fpasswd',
      '%00',
      '%E2%80%AE',
      encodeURIComponent('<img src=x>'),
    ]) {
      const response = await served.get(`/api/v1/devices/${name}`);
      expect([name, response.status]).toEqual([name, 404]);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
    }
    expect((await served.get(`/api/v1/devices/${'x'.repeat(300)}`)).status).toBe(400);
  });

  test('of a hostile name that is configured is that device', async () => {
    const name = 'a/b?c#d<script> é';
    served.fleet.set(polledGm(name));
    expect((await served.json<DeviceDocument>(`/api/v1/devices/${encodeURIComponent(name)}`)).device).toBe(name);
  });
});

describe('/api/v1/devices/NAME/health', () => {
  test('is the contract’s document, from the group’s view as well', async () => {
    served.fleet.set(polledGm());
    served.fleet.setGroup(aGroup());
    const health = await served.json('/api/v1/devices/gm1/health');
    expect(healthSchema.safeParse(health).error).toBeUndefined();
    expect(health).toMatchObject({ device: 'gm1', status: 'ok', age_seconds: 0 });
    expect(served.polls).toEqual([]);
  });

  test('live: the device is polled first', async () => {
    served.fleet.set(polledGm());
    served.now.pollOutcome = async () => {
      served.fleet.set(polledGm('gm1', { registered: false }));
      return { kind: 'polled' };
    };
    expect(await served.json('/api/v1/devices/gm1/health?live=true')).toMatchObject({ status: 'critical' });
    expect(served.polls).toEqual(['gm1']);
  });

  test('live: too many polls, no poll in time, no such device', async () => {
    served.fleet.set(polledGm());
    served.now.pollOutcome = async () => ({ kind: 'limited', retryAfterSeconds: 7 });
    const limited = await served.get('/api/v1/devices/gm1/health?live=true');
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
    expect(served.server.counters.pollsLimited).toBe(1);
    served.now.pollOutcome = async () => ({ kind: 'abandoned' });
    expect((await served.get('/api/v1/devices/gm1/health?live=true')).status).toBe(504);
    served.now.pollOutcome = async () => ({ kind: 'unknown_device' });
    expect((await served.get('/api/v1/devices/gm9/health?live=true')).status).toBe(404);
  });

  test('live: a client that goes takes its poll back', async () => {
    served.fleet.set(polledGm());
    const client = new AbortController();
    const abandoned = new Promise((resolve) => {
      served.now.pollOutcome = (_device, signal) => {
        client.abort();
        return new Promise((end) => {
          signal.addEventListener('abort', () => {
            end({ kind: 'abandoned' });
            resolve(signal.reason);
          });
        });
      };
    });
    await expect(served.get('/api/v1/devices/gm1/health?live=true', { signal: client.signal })).rejects.toThrow(
      'abort',
    );
    expect(await abandoned).toEqual(new Error('the client is gone'));
  });
});
