import { describe, expect, it } from 'vitest';
import { createMemoryStore } from './memory-store.ts';
import { aBatch, anEvent } from '../builders/event-builder.ts';
import { eventStoreContract } from './event-store-contract.ts';

describe('the store in memory', () => {
  eventStoreContract(async (options) => createMemoryStore(options));

  it('has no more events than its limit: the earliest stored are dropped first', async () => {
    const store = createMemoryStore({ maxEvents: 2 });
    await store.commit(aBatch({ events: ['a', 'b', 'c'].map((id) => anEvent({ id })) }));
    const { events } = await store.query({ limit: 10, order: 'oldest_first' });
    expect(events.map((event) => event.id)).toEqual(['b', 'c']);
  });
});
