/**
 * Random worlds through the explanations: what is said of a group is a true happening of its world, and of a world in which
 * nothing happens nothing is said.
 */
import { expect, test } from 'vitest';
import type { ExplanationCause } from '../../src/gdoi/explain/explanation.ts';
import { createFleetFromPlan } from '../../src/simulator/fleet/fleet.ts';
import type { TruthEvent } from '../../src/simulator/world/ground-truth.ts';
import { drawWorld } from '../../src/simulator/worlds/draw-world.ts';
import { ALL_PUSHED, aWatch, type Watch } from './watch.ts';
import { watchFleet } from './watch-fleet.ts';
import { WORLD_START_MS } from './world-watch.ts';

const BY_SSH: Watch = aWatch({ name: '60 s, ssh, logs', logs: ALL_PUSHED });
const SEEDS = Array.from({ length: 4 }, (_, index) => 3001 + index);

test('of worlds in which nothing happens nothing is said, and nobody is paged', () => {
  const told = SEEDS.flatMap((seed) => {
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

/** What has to have happened, of late, for a cause to be true. */
const HAPPENED: Readonly<Partial<Record<ExplanationCause, (event: TruthEvent) => boolean>>> = {
  ks_down: ({ kind, ...event }) => kind === 'ks_down' || (kind === 'reload' && 'device' in event),
  operator_clear: ({ kind }) => kind === 'clear',
  gms_reloaded: ({ kind }) => kind === 'reload',
  interface_flap: ({ kind }) => kind === 'flap',
};

test('who says that a KS is down, a GM cleared, reloaded or cut off, says what happened', () => {
  const wrong = SEEDS.flatMap((seed) => {
    const { plan } = drawWorld(seed, { gms: 4, troubles: 12, hours: 2 });
    const fleet = createFleetFromPlan(plan, { seed, startMs: WORLD_START_MS });
    const { said, truth } = watchFleet(fleet, BY_SSH, { seed, startMs: WORLD_START_MS, hours: 2 });
    return said.flatMap(({ atMs, explanations }) =>
      explanations
        .filter(({ phase }) => phase === 'present')
        .flatMap(({ cause, summary }) => {
          const happened = HAPPENED[cause];
          const isTrue = happened === undefined || truth.some((event) => event.atMs <= atMs && happened(event));
          return isTrue ? [] : [`${seed}: ${cause}: ${summary}`];
        }),
    );
  });
  expect([...new Set(wrong)]).toEqual([]);
});
