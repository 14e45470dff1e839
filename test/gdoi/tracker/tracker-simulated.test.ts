/**
 * The tracker on simulated fleets under poor observation, through rendered answers and the real parsers: the short form
 * of the accuracy run. Good observation is tested in `test/accuracy/scenarios.test.ts`.
 */
import { expect, test } from 'vitest';
import { createSimulatedFleet } from '../../../src/simulator/fleet/fleet.ts';
import type { ScenarioName } from '../../../src/simulator/scenarios/scenario.ts';
import { half } from '../../builders/half.ts';
import { judge, type Judgement } from '../../accuracy/judge.ts';
import { ALL_PUSHED, aWatch, phaseWatch, type Watch } from '../../accuracy/watch.ts';
import { watchFleet } from '../../accuracy/watch-fleet.ts';

const START_MS = Date.UTC(2026, 0, 1);
const PHASE = phaseWatch();

function run(scenario: ScenarioName, watch: Watch, { hours = 1, seed = 5 } = {}) {
  const fleet = createSimulatedFleet({ scenario, seed, startMs: START_MS });
  const watched = watchFleet(fleet, watch, { seed, startMs: START_MS, hours });
  return judge(watched);
}

/** The mistakes that an operator would complain about. */
function faults({ registrations, invented }: Judgement) {
  const of = (verdict: string) => registrations.filter((each) => each.verdict === verdict).length;
  return { missed: of('missed'), wrong: of('wrong'), invented: invented.length };
}

const NONE = { missed: 0, wrong: 0, invented: 0 };

const SCENARIOS: readonly ScenarioName[] = [
  'demo',
  'legacy-ks',
  'rekey-loss',
  'tek-loss',
  'ks-down',
  'ks-upgrade',
  'coop-split',
  'reload-storm',
  'ks-clear-members',
  'mixed-old-gms',
];

/** With this seed the agent's clock is set by 29 s after 65 minutes. */
const CLOCK_IS_SET = { seed: 31, hours: 2 };

test.each(half(SCENARIOS))(
  '%s: nothing is missed, wrong or invented with lost polls, log messages and a wrong clock',
  (scenario) => {
    const judgement = run(scenario, { ...PHASE, logs: ALL_PUSHED, lost: 0.05, clockErrors: true }, CLOCK_IS_SET);
    expect(faults(judgement)).toEqual(NONE);
  },
);

test.each<[string, Watch]>([
  ['the log is pushed', { ...PHASE, logs: ALL_PUSHED }],
  ['the log buffer is read before each answer', { ...PHASE, buffer: true }],
])('reports both of two clears within half a minute when %s', (_, watch) => {
  const judgement = run('operator-clear', watch);
  expect(judgement.registrations.map(({ verdict }) => verdict)).toEqual(['right', 'right', 'right']);
  expect(judgement.invented).toEqual([]);
});

/** All scenarios with traps are tested in `test/accuracy/scenarios.test.ts`. */
const WITHOUT_TRAPS: readonly ScenarioName[] = ['legacy-ks', 'rekey-loss', 'ks-down', 'reload-storm'];

test.each(half(WITHOUT_TRAPS))('%s: nothing is invented by SNMP alone', (scenario) => {
  const judgement = run(scenario, aWatch({ name: 'snmp', phaseAware: true, transport: 'snmp' }));
  expect(judgement.invented).toEqual([]);
});
