/** Which event is matched to which registration when several lie in one interval. */
import { expect, test } from 'vitest';
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import type { TruthEvent } from '../../src/simulator/world/ground-truth.ts';
import { BOOTED, gmAnswer, reloadedTwice, T0 } from '../builders/tracker-builders.ts';
import { AgentModel } from './agent-model.ts';
import { judge } from './judge.ts';
import { aWatch } from './watch.ts';
import type { TrueRegistration } from './undecidable.ts';

function reload(at: number): readonly TruthEvent[] {
  const registered: TrueRegistration = {
    kind: 'registration',
    atMs: (T0 + at) * 1000,
    startedAtMs: (T0 + at) * 1000 - 500,
    device: 'gm1',
    group: 'G1',
    cause: 'reload',
    alsoTrue: [],
    keyServer: 'ks1',
    attempts: 1,
    sameKek: true,
    kekExpiryMs: (T0 + 50_000) * 1000,
    before: {
      kekExpiryMs: null,
      tekExpiryMs: null,
      tekLifetimeMs: null,
      countdownSinceMs: null,
      succeeded: 3,
      rekeysReceived: 9,
    },
    kekTimer: true,
  };
  return [{ kind: 'reload', device: 'gm1', atMs: (T0 + at - 30) * 1000, upAtMs: (T0 + at - 5) * 1000 }, registered];
}

function toldOfTwoReloads(): { readonly told: readonly GdoiEvent[]; readonly judged: ReturnType<typeof judge> } {
  const observations = [...reloadedTwice(), gmAnswer(390, BOOTED)];
  const agent = new AgentModel();
  for (const observation of observations) {
    agent.take('gm1', [observation], { trueMs: observation.receivedAtMs, clockOffsetMs: 0 });
  }
  const answersMs = [0, 60, 330, 390].map((at) => (T0 + at) * 1000);
  const judged = judge({
    watch: aWatch({ name: '60s' }),
    emitted: agent.emitted,
    observations: agent.observations,
    said: [],
    truth: [...reload(101.5), ...reload(300)],
    endMs: Infinity,
    answers: new Map([['gm1', answersMs]]),
    polls: answersMs.length,
    groupHours: 1,
    largestStateBytes: 0,
    clock: (trueMs) => trueMs,
  });
  return { told: agent.emitted.map(({ event }) => event).filter(({ type }) => type === 'reregistration'), judged };
}

test('an event that fits two registrations is matched to the one that no other event fits', () => {
  const { told, judged } = toldOfTwoReloads();
  expect(told.map(({ cause }) => cause)).toEqual(['unknown', 'reload']);
  expect(judged.invented).toEqual([]);
  expect(judged.registrations.map(({ event }) => event?.cause)).toEqual(['unknown', 'reload']);
  expect(judged.registrations.map(({ verdict }) => verdict)).toEqual(['unknown', 'right']);
});

test('a reload is undecidable when another reload followed before any answer and nothing is logged', () => {
  expect(toldOfTwoReloads().judged.registrations.map(({ undecidable }) => undecidable)).toEqual([
    'another reload came before any answer of that boot',
    null,
  ]);
});
