/** Events, incidents and batches for tests, named by what matters. */
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import type { Incident } from '../../src/gdoi/incidents/incident.ts';
import type { Batch } from '../../src/store/event-store.ts';
import { NOON } from './view-builder.ts';

export const START_MS = Date.parse('2026-01-01T00:00:00Z');

export function anEvent(facts: Partial<GdoiEvent> & { readonly id: string }): GdoiEvent {
  const atMs = facts.atMs ?? START_MS;
  return {
    atMs,
    betweenMs: [atMs - 30_000, atMs],
    type: 'reregistration',
    device: 'gm1',
    group: 'G1',
    cause: 'legacy_ks',
    unexpected: true,
    severity: 'warning',
    summary: 'gm1 registered again 100 s before its KEK expired and got the same KEK',
    evidence: ['registrations 1 -> 2', 'KEK remaining 100 s'],
    action: 'show crypto gdoi ks policy',
    ...facts,
  };
}

/** GM gm1 registered again at noon because it missed a KEK rekey: the event that pages and the API show. */
export function aMissedKekRekey(over: Partial<GdoiEvent> = {}): GdoiEvent {
  return anEvent({
    id: 'gm1/G1/reregistration/1',
    atMs: NOON,
    betweenMs: [NOON - 1000, NOON],
    cause: 'kek_missed_rekey',
    summary: 'GM gm1 of group G1 re-registered because a KEK rekey did not reach it',
    evidence: ['Succeeded registration: 2, before: 1'],
    action: 'On the KS, show crypto gdoi ks members',
    ...over,
  });
}

export function anIncident(facts: Partial<Incident> & { readonly id: string }): Incident {
  return {
    group: 'G1',
    cause: 'ks_down',
    status: 'open',
    severity: 'critical',
    beganAtMs: START_MS,
    endedAtMs: null,
    summary: 'KS ks1 has not answered',
    consequence: 'traffic of 4 GMs stops',
    deadlineMs: START_MS + 600_000,
    firstStep: 'Is the KS up?',
    devices: ['gm1', 'ks1'],
    evidence: ['ks1: timeout'],
    endedBy: null,
    ...facts,
  };
}

export function aBatch(facts: Partial<Batch>): Batch {
  return { events: [], deviceStates: new Map(), fleetStates: new Map(), ...facts };
}
