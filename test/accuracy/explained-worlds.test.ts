/**
 * Explanations in random worlds: each is true in its world, agrees with the devices and the forecast, and does not come
 * and go; a world in which nothing goes wrong gives none. `npm run bench:explained` checks hundreds of worlds.
 */
import { expect, test } from 'vitest';
import { createFleetFromPlan } from '../../src/simulator/fleet/fleet.ts';
import { drawWorld } from '../worlds/draw-world.ts';
import { half } from '../builders/half.ts';
import { explainedWorld } from './explained/explained-world.ts';
import { ALL_PUSHED, aWatch, type Watch } from './watch.ts';
import { watchFleet } from './watch-fleet.ts';
import { WORLD_START_MS } from './world-watch.ts';

const BY_SSH: Watch = aWatch({ name: '60 s, ssh, logs', logs: ALL_PUSHED });
const SEEDS = Array.from({ length: 4 }, (_, index) => 3001 + index);

test('raises no explanation above ok and no event above info in worlds in which nothing goes wrong', () => {
  const told = half(SEEDS).flatMap((seed) => {
    const { plan } = drawWorld(seed);
    const kss = plan.kss.map((ks) => ({ ...ks, release: '17.6.3' as const, rsaKey: 'of all' }));
    const fleet = createFleetFromPlan({ ...plan, kss, paths: [], script: [] }, { seed, startMs: WORLD_START_MS });
    const { said, emitted } = watchFleet(fleet, BY_SSH, { seed, startMs: WORLD_START_MS, hours: 2 });
    expect(said.length).toBeGreaterThan(100);
    const loud = said.flatMap(({ explanations }) => explanations).filter(({ status }) => status !== 'ok');
    return [
      ...loud.map(({ cause, summary }) => `${seed}: ${cause}: ${summary}`),
      ...emitted.filter(({ event }) => event.severity !== 'info').map(({ event }) => `${seed}: ${event.summary}`),
    ];
  });
  expect(told).toEqual([]);
});

/** Worlds that each once showed a fault, every one of another kind, and what is right in them. */
const FAULTY: readonly (readonly [seed: number, what: string])[] = [
  [6, 'reports neither ejections nor path loss when a KS restarts'],
  [7, 'does not report a KS as out of sight when it serves its GMs again before it was polled again'],
  [10, 'reports no split when a GM missed a rekey and registered with another KS than the others'],
  [13, 'reports the same despite a lost answer of one GM, and announces no rekey to an unregistered GM'],
  [36, 'reports no split because of a GM without TEKs'],
  [532, 'does not report all GMs as registered after an outage while one is not'],
  [81_117, 'no longer announces the consequence of a lost rekey once it has come'],
  [81_196, 'does not report a KS as back because a look at another KS failed'],
  [81_213, 'does not take the first sight of a KEK over SNMP for a rekey'],
  [81_402, 'does not take a legacy KS for down because its GMs lack a KEK in each cycle'],
  [81_433, 'does not also report path loss of the GMs for rekeys that the KS loses'],
  [99_010, 'does not go on blaming the path beside the old KS that was the reason'],
  [47, 'does not report members as ejected that were cleared while they lost rekeys'],
];

test.each(half(FAULTY))('world %i: %s', (seed) => {
  expect(explainedWorld(seed).faults).toEqual([]);
});

test('reports nothing untrue, contradictory or flapping, in calm and rough worlds alike', () => {
  const faults = [401, 402, 403].flatMap((seed) => {
    const { faults: found, told, looks } = explainedWorld(seed, { gms: 4, troubles: 8, hours: 1 });
    expect(looks).toBeGreaterThan(50);
    expect(told).toBeGreaterThan(0);
    return found.map(({ kind, text }) => `${seed} ${kind}: ${text}`);
  });
  expect(faults).toEqual([]);
});
