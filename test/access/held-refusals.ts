/** Refusals that are being kept for as long as a test says: the store is slow. */
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { KeptRefusals } from '../../src/access/kept-refusals.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';

export function heldRefusals() {
  let onBegun: () => void = () => undefined;
  let letGo: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    onBegun = resolve;
  });
  const free = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const notes = {
    all: async () => [],
    put: async () => {
      onBegun();
      await free;
    },
    remove: async () => undefined,
  };
  return {
    kept: new KeptRefusals(notes, createSystemClock()),
    /** Disposes of the access while a refusal is being kept; false: it did not wait for that. */
    async endsAfterKeeping(access: AsyncDisposable): Promise<boolean> {
      await begun;
      let stillKeeping = true;
      let waited = true;
      const end = async () => {
        await access[Symbol.asyncDispose]();
        waited = !stillKeeping;
      };
      const ending = end();
      // What waits for nothing is over by then.
      for (let turns = 0; turns < 20; turns += 1) await turnOfLoop();
      stillKeeping = false;
      letGo();
      await ending;
      return waited;
    },
  };
}
