/** The batches of the process that is killed: batch n leaves every state at n. */
import type { Batch } from '../../src/store/event-store.ts';
import { aBatch, anEvent, START_MS } from '../builders/event-builder.ts';

export const EVENTS_PER_BATCH = 5;

export function writtenBatch(number: number): Batch {
  return aBatch({
    events: Array.from({ length: EVENTS_PER_BATCH }, (_, n) =>
      anEvent({ id: `${number}/${n}`, atMs: START_MS + number, summary: 'x'.repeat(2000) }),
    ),
    deviceStates: new Map([
      ['gm1', number],
      ['gm2', number],
    ]),
    fleetStates: new Map([['G1', number]]),
    memberStates: [{ group: 'G1', device: 'gm1', state: number }],
  });
}
