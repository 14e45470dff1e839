/** Which event is held to be of which registration, where several lie in one interval. */
import { expect, test } from 'vitest';
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import type { TruthEvent } from '../../src/simulator/world/ground-truth.ts';
import { failure, facts, gmAnswer, type GmSketch, T0, trap } from '../builders/tracker-builders.ts';
import { AgentModel } from './agent-model.ts';
import { judge } from './judge.ts';
import { aWatch } from './watch.ts';
import type { TrueRegistration } from './undecidable.ts';

const held: GmSketch = { succeeded: 3, received: 9, kekAt: 50_000, timerAt: 40_000 };
const booted: GmSketch = { succeeded: 1, received: 0, kekAt: 50_000, timerAt: 45_000 };

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

/** Reloaded twice between two answers; traps tell of the first registration while the device does not answer. */
function reloadedTwice(): { readonly told: readonly GdoiEvent[]; readonly judged: ReturnType<typeof judge> } {
  const observations = [
    gmAnswer(0, held),
    facts(2, 900_000),
    gmAnswer(60, held),
    trap(100, 'GmRegister'),
    trap(102, 'GmRegistrationComplete'),
    ...[110, 140, 170].map((at) => failure(at)),
    trap(300, 'GmRegistrationComplete'),
    gmAnswer(330, booted),
    facts(330, 59),
    gmAnswer(390, booted),
  ];
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

test('an event that two registrations fit is left to the one that no other event fits', () => {
  const { told, judged } = reloadedTwice();
  expect(told.map(({ cause }) => cause)).toEqual(['unknown', 'reload']);
  expect(judged.invented).toEqual([]);
  expect(judged.registrations.map(({ event }) => event?.cause)).toEqual(['unknown', 'reload']);
  expect(judged.registrations.map(({ verdict }) => verdict)).toEqual(['unknown', 'right']);
});

test('no observer can name a reload that another one followed before any answer, where nothing is logged', () => {
  expect(reloadedTwice().judged.registrations.map(({ undecidable }) => undecidable)).toEqual([
    'another reload came before any answer of that boot',
    null,
  ]);
});
