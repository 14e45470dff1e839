/** What agents that share a store tell each other about devices, as notes in the store. */
import type { AcceptedKeys } from '../access/accepted-keys.ts';
import { KeptRefusals } from '../access/kept-refusals.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Notes } from '../store/notes.ts';
import { StoreError } from '../store/store-error.ts';

export function acceptedKeys(notes: Notes, kind: 'host_key' | 'certificate'): AcceptedKeys {
  return {
    get: (host) => notes.get(kind, host),
    putFirst: (host, key) => notes.putFirst(kind, host, key),
    put: (host, key) => notes.put(kind, host, key),
  };
}

export function keptRefusals(notes: Notes, clock: Clock, logger: Logger): KeptRefusals {
  const orTold = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      logger.warn({ reason: error.message }, 'the refusal of a credential could not be shared with the other agents');
    }
  };
  return new KeptRefusals(
    {
      all: () => notes.all('refusal'),
      put: (name, text) => orTold(() => notes.put('refusal', name, text)),
      remove: (name) => orTold(() => notes.remove('refusal', name)),
    },
    clock,
  );
}
