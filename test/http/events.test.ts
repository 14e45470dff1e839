import { afterEach, beforeEach, expect, test } from 'vitest';
import type { z } from 'zod';
import type { eventListSchema } from '../../src/http/schemas/event-schema.ts';
import { NOON } from '../builders/view-builder.ts';
import { serve, type Served } from './served.ts';
import { aMissedKekRekey } from '../builders/event-builder.ts';

let served: Served;
beforeEach(async () => {
  served = await serve();
  await served.happens(
    aMissedKekRekey({ id: '1', atMs: NOON - 3000 }),
    aMissedKekRekey({
      id: '2',
      atMs: NOON - 2000,
      device: 'gm2',
      cause: 'reload',
      unexpected: false,
      severity: 'info',
    }),
    aMissedKekRekey({
      id: '3',
      atMs: NOON - 1000,
      type: 'coop_split',
      device: null,
      group: 'G2',
      cause: null,
      unexpected: null,
    }),
  );
});
afterEach(() => served[Symbol.asyncDispose]());

type List = z.output<typeof eventListSchema>;

async function ids(query: string): Promise<string[]> {
  return (await served.json<List>(`/api/v1/events?${query}`)).events.map(({ id }) => id);
}

test('the history comes newest first, as the contract’s documents', async () => {
  const { events } = await served.json<List>('/api/v1/events?device=gm1');
  expect(events).toEqual([
    {
      id: '1',
      at: '2026-01-01T11:59:57Z',
      between: ['2026-01-01T11:59:59Z', '2026-01-01T12:00:00Z'],
      type: 'reregistration',
      device: 'gm1',
      group: 'G1',
      cause: 'kek_missed_rekey',
      unexpected: true,
      severity: 'warning',
      summary: 'GM gm1 of group G1 re-registered because a KEK rekey did not reach it',
      evidence: ['Succeeded registration: 2, before: 1'],
      action: 'On the KS, show crypto gdoi ks members',
      incident: null,
      planned: false,
    },
  ]);
  expect(await ids('')).toEqual(['3', '2', '1']);
});

test.each([
  ['group=G2', ['3']],
  ['type=coop_split', ['3']],
  ['cause=reload', ['2']],
  ['unexpected=true', ['1']],
  ['unexpected=false', ['2']],
  ['since=2026-01-01T11:59:58Z', ['3', '2']],
  ['since=2026-01-01T12:59:58%2B01:00', ['3', '2']],
  ['until=2026-01-01T11:59:58Z', ['1']],
  [`since=${(NOON - 2000) / 1000}&until=${(NOON - 1000) / 1000}`, ['2']],
])('filter %s', async (query, expected) => {
  expect(await ids(query)).toEqual(expected);
});

test('each page starts where the previous one ended', async () => {
  const first = await served.json<List>('/api/v1/events?limit=2');
  const second = await served.json(`/api/v1/events?limit=2&cursor=${first.next_cursor}`);
  expect(second).toMatchObject({ events: [{ id: '1' }], next_cursor: null });
});

test('a problem that the client can fix has a code', async () => {
  const response = await served.get('/api/v1/events?cursor=xyz');
  expect(await response.json()).toMatchObject({ code: 'cursor_invalid', detail: expect.any(String) as string });
});

test.each([
  ['since=yesterday', 'since'],
  ['since=2026-01-01T11:59:58', 'since'],
  ['since=2026-02-30T00:00:00Z', 'since'],
  ['until=1e99', 'until'],
  ['type=explosion', 'type'],
  ['cause=gremlins', 'cause'],
  ['unexpected=1', 'unexpected'],
  ['limit=5000', 'limit'],
  ['cursor=xyz', 'cursor'],
  ["device='%20OR%201=1&sort=x", 'sort'],
])('%s is refused, and the parameter named', async (query, parameter) => {
  const response = await served.get(`/api/v1/events?${query}`);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    title: 'Bad Request',
    detail: expect.stringContaining(parameter) as string,
  });
});
