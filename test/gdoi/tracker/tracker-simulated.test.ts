/**
 * The tracker against simulated fleets that are watched badly, through rendered answers and the real parsers: the short
 * form of the accuracy run. Watched well, they are in `test/accuracy/scenarios.test.ts`.
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

/** What an operator would complain of. */
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

/** By this seed the agent's clock is set after 65 minutes, by 29 s. */
const CLOCK_IS_SET = { seed: 31, hours: 2 };

test.each(half(SCENARIOS))(
  '%s: nothing is missed or wrong with lost polls, log messages and a wrong clock',
  (scenario) => {
    const judgement = run(scenario, { ...PHASE, logs: ALL_PUSHED, lost: 0.05, clockErrors: true }, CLOCK_IS_SET);
    expect(faults(judgement)).toEqual(NONE);
  },
);

test.each<[string, Watch]>([
  ['two clears within half a minute are both told where the log is pushed', { ...PHASE, logs: ALL_PUSHED }],
  ['the log buffer, read before each answer, shows the second clear as well', { ...PHASE, buffer: true }],
])('%s', (_, watch) => {
  const judgement = run('operator-clear', watch);
  expect(judgement.registrations.map(({ verdict }) => verdict)).toEqual(['right', 'right', 'right']);
  expect(judgement.invented).toEqual([]);
});

/** With traps all scenarios are in `test/accuracy/scenarios.test.ts`. */
const WITHOUT_TRAPS: readonly ScenarioName[] = ['legacy-ks', 'rekey-loss', 'ks-down', 'reload-storm'];

test.each(half(WITHOUT_TRAPS))('%s by SNMP alone: nothing is invented', (scenario) => {
  const judgement = run(scenario, aWatch({ name: 'snmp', phaseAware: true, transport: 'snmp' }));
  expect(judgement.invented).toEqual([]);
});
