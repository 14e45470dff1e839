import { expect, test } from 'vitest';
import { createMemoryStore } from '../../src/store/memory-store.ts';
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

test('one is found by its id; an unknown one is said to be unknown', async () => {
  await using server = await served();
  const id = encodeURIComponent('incident:G1:ks_down:1');
  expect(await server.json(`/api/v1/incidents/${id}`)).toMatchObject({ id: 'incident:G1:ks_down:1' });
  expect((await server.get('/api/v1/incidents/none')).status).toBe(404);
  expect((await server.get('/api/v1/incidents?cause=bad')).status).toBe(400);
});
