import { expect, test } from 'vitest';
import { createMemoryStore } from '../store/memory-store.ts';
import { aBatch, anEvent, anIncident } from '../builders/event-builder.ts';
import { serve } from './served.ts';

async function served() {
  const store = createMemoryStore();
  const ended = anIncident({ id: 'incident:G1:ks_down:1', status: 'closed', endedAtMs: 1_767_225_900_000 });
  const event = anEvent({ id: 'gm1/G1/reregistration/1', atMs: ended.beganAtMs + 60_000 });
  await store.commit(aBatch({ incidents: [ended, anIncident({ id: 'other', group: 'G2' })], events: [event] }));
  return serve({ events: store, incidents: store });
}

test('incidents are listed with the contract’s names, and filtered', async () => {
  await using server = await served();
  expect(await server.json('/api/v1/incidents?group=G1')).toEqual({
    incidents: [
      {
        id: 'incident:G1:ks_down:1',
        group: 'G1',
        cause: 'ks_down',
        status: 'closed',
        severity: 'critical',
        began_at: '2026-01-01T00:00:00Z',
        ended_at: '2026-01-01T00:05:00Z',
        summary: 'KS ks1 has not answered',
        consequence: 'traffic of 4 GMs stops',
        deadline: '2026-01-01T00:10:00Z',
        first_step: 'Is the KS up?',
        devices: ['gm1', 'ks1'],
        events: ['gm1/G1/reregistration/1'],
        evidence: ['ks1: timeout'],
        ended_by: null,
      },
    ],
    next_cursor: null,
  });
});

test('one is found by its id; an unknown id is reported as unknown', async () => {
  await using server = await served();
  const id = encodeURIComponent('incident:G1:ks_down:1');
  expect(await server.json(`/api/v1/incidents/${id}`)).toMatchObject({ id: 'incident:G1:ks_down:1' });
  expect((await server.get('/api/v1/incidents/none')).status).toBe(404);
  expect((await server.get('/api/v1/incidents?cause=bad')).status).toBe(400);
});

test('pages go on from their cursor; one of no page is refused', async () => {
  const store = createMemoryStore();
  const incidents = [1, 2, 3].map((n) => anIncident({ id: `i${n}`, beganAtMs: n * 1000, endedAtMs: n * 1000 + 500 }));
  await store.commit(aBatch({ incidents }));
  await using server = await serve({ events: store, incidents: store });
  type Page = { readonly incidents: { readonly id: string }[]; readonly next_cursor: string | null };
  const first = await server.json<Page>('/api/v1/incidents?limit=2');
  const second = await server.json<Page>(`/api/v1/incidents?limit=2&cursor=${first.next_cursor ?? ''}`);
  expect([first, second].map((page) => page.incidents.map(({ id }) => id))).toEqual([['i3', 'i2'], ['i1']]);
  expect(second.next_cursor).toBeNull();
  expect((await server.get('/api/v1/incidents?cursor=bad')).status).toBe(400);
});

test('an event names its incident, in the list and in the stream; an event without incident names none', async () => {
  await using server = await served();
  await server.happens();
  const { events } = await server.json<{
    readonly events: { readonly id: string; readonly incident: string | null }[];
  }>('/api/v1/events');
  expect(events).toMatchObject([{ id: 'gm1/G1/reregistration/1', incident: 'incident:G1:ks_down:1' }]);
  const stop = new AbortController();
  const answer = await server.get('/api/v1/events/stream', { signal: stop.signal });
  const heard: string[] = [];
  const reading = (async () => {
    for await (const part of answer.body!) {
      heard.push(new TextDecoder().decode(part));
      if (heard.join('').includes('"id":"b"')) return;
    }
  })();
  server.fleet.addEvents([anEvent({ id: 'a' }), anEvent({ id: 'b', device: 'gm7' })]);
  await reading;
  stop.abort();
  const data = [...heard.join('').matchAll(/^data: (.*)$/gm)].map(([, text = '']): object => JSON.parse(text));
  expect(data).toMatchObject([
    { id: 'a', incident: 'incident:G1:ks_down:1' },
    { id: 'b', incident: null },
  ]);
});

test('a ticket is the Markdown of the command', async () => {
  await using server = await served();
  const answer = await server.get(`/api/v1/incidents/${encodeURIComponent('incident:G1:ks_down:1')}/ticket`);
  expect(answer.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
  const text = await answer.text();
  expect(text).toMatch(/^## G1: ks_down \(critical\)\n\nKS ks1 has not answered\n/);
  expect(text).toContain('| between 2026-01-01T00:00:30Z and 2026-01-01T00:01:00Z | gm1 registered again');
  expect((await server.get('/api/v1/incidents/none/ticket')).status).toBe(404);
});
