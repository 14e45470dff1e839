/**
 * Random worlds through the explanations: what is said of a group is a true happening of its world, holds against its
 * devices and the forecast, does not come and go, and of a world in which nothing happens nothing is said.
 * `npm run bench:explained` asks the same of hundreds.
 */
import { expect, test } from 'vitest';
import { createFleetFromPlan } from '../../src/simulator/fleet/fleet.ts';
import { drawWorld } from '../../src/simulator/worlds/draw-world.ts';
import { half } from '../builders/half.ts';
import { explainedWorld } from './explained/explained-world.ts';
import { ALL_PUSHED, aWatch, type Watch } from './watch.ts';
import { watchFleet } from './watch-fleet.ts';
import { WORLD_START_MS } from './world-watch.ts';

const BY_SSH: Watch = aWatch({ name: '60 s, ssh, logs', logs: ALL_PUSHED });
const SEEDS = Array.from({ length: 4 }, (_, index) => 3001 + index);

test('of worlds in which nothing happens nothing is said, and nobody is paged', () => {
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

/** Worlds that each showed a fault of another kind, and how far they have to be watched to show it. */
const FAULTY: readonly (readonly [seed: number, what: string])[] = [
  [6, 'a KS that restarts drops nobody, and its GMs are no lossy paths'],
  [7, 'a KS that serves its GMs again is not out of the agent’s sight before it was asked again'],
  [10, 'a GM that missed a rekey, and registered with another KS than the others, is no split'],
  [13, 'a lost answer of one GM changes nothing of what is said; who is not registered is announced no rekey'],
  [36, 'a GM without TEKs is no split'],
  [532, 'after an outage not all are called registered while one GM is not'],
  [81_117, 'what was to follow from a lost rekey is not ahead any more once it has come'],
  [81_196, 'a KS is not back because a look at another one failed'],
  [81_213, 'over SNMP the first sight of a KEK is no sign that a rekey came'],
  [81_402, 'the KEK that GMs of an old KS lack in each cycle is no sign that it is down'],
  [81_433, 'what the KS loses is not told of the path of its GMs as well'],
  [47, 'members that were cleared while they lost rekeys are not dropped for it'],
];

test.each(half(FAULTY))('world %i: %s', (seed) => {
  expect(explainedWorld(seed).faults).toEqual([]);
});

test('in calm and rough worlds alike nothing contradicts, flips or is untrue', () => {
  const faults = [401, 402, 403].flatMap((seed) => {
    const { faults: found, told, looks } = explainedWorld(seed, { gms: 4, troubles: 8, hours: 1 });
    expect(looks).toBeGreaterThan(50);
    expect(told).toBeGreaterThan(0);
    return found.map(({ kind, text }) => `${seed} ${kind}: ${text}`);
  });
  expect(faults).toEqual([]);
});
