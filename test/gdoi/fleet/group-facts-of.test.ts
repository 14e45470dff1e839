import { expect, test } from 'vitest';
import type { MemberContext } from '../../../src/gdoi/explain/group-facts.ts';
import { trackFleet } from '../../builders/track-fleet.ts';
import { initialFleetState } from '../../../src/gdoi/fleet/fleet-state.ts';
import { assessFleet, measuresOf } from '../../../src/gdoi/fleet/assessment.ts';
import { DEFAULT_FLEET_SETTINGS } from '../../../src/gdoi/fleet/fleet-settings.ts';
import { factsOf } from '../../../src/gdoi/fleet/group-facts-of.ts';
import { gm, ks, START } from '../../builders/fleet-group.ts';

/** All fields: `Required` makes sure that a new one is added here, too. */
const EVERYTHING: Required<MemberContext> = {
  failure: { sinceMs: START, inARow: 1, result: 'timeout', established: false },
  bootMs: START - 1,
  forced: { atMs: START - 2, evidence: 'a log line' },
  unregisteredSinceMs: START - 3,
  failedAttempts: 4,
  retrying: true,
  reregistersAtMs: START + 5,
  nextLookMs: START + 6,
  intervalMs: 60_000,
  answeredMs: START + 7,
  reasons: [],
  logHeardSinceMs: START,
  linkDown: { sinceMs: START - 7, backMs: null, evidence: ['another log line'] },
  clock: { readMs: START - 8, synchronised: false, aheadSeconds: 90 },
  dropping: true,
  failingFor: { reason: 'IKE with its KS failed', firstStep: null },
  vanishedSinceMs: 950_000,
};

test('includes in the facts of a GM and of a KS all that is known of it beside its last answer', () => {
  const changes = [
    { ...ks(0), context: EVERYTHING },
    { ...gm(1), context: EVERYTHING },
  ];
  const { state } = trackFleet(initialFleetState('G1'), changes);
  const assessment = assessFleet(state, measuresOf(state, DEFAULT_FLEET_SETTINGS));
  const facts = factsOf(state, assessment, START + 1000, DEFAULT_FLEET_SETTINGS);
  expect(facts.gms[0]).toMatchObject(EVERYTHING);
  expect(facts.kss[0]).toMatchObject(EVERYTHING);
});
