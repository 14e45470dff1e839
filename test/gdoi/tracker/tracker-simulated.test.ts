/** The tracker against simulated fleets, through rendered answers and the real parsers: the short form of the accuracy run. */
import { expect, test } from 'vitest';
import { createSimulatedFleet } from '../../../src/simulator/fleet/fleet.ts';
import type { ScenarioName } from '../../../src/simulator/scenarios/scenario.ts';
import { judge, type Judgement, warningsOf } from '../../accuracy/judge.ts';
import { ALL_PUSHED, aWatch, phaseWatch, type Watch } from '../../accuracy/watch.ts';
import { watchFleet } from '../../accuracy/watch-fleet.ts';

const START_MS = Date.UTC(2026, 0, 1);
const PHASE = phaseWatch();

function run(scenario: ScenarioName, watch: Watch, { hours = 2, seed = 5 } = {}) {
  const fleet = createSimulatedFleet({ scenario, seed, startMs: START_MS });
  const watched = watchFleet(fleet, watch, { seed, startMs: START_MS, hours });
  return { watched, judgement: judge(watched) };
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

test.each(SCENARIOS)('%s: every re-registration is told once, and no cause is wrong', (scenario) => {
  const { judgement } = run(scenario, PHASE);
  expect(faults(judgement)).toEqual(NONE);
  // What the device's own figures leave open is unknown, never guessed; what they decide is named.
  const unknown = judgement.registrations.filter(({ verdict }) => verdict === 'unknown');
  expect(unknown.filter(({ undecidable }) => undecidable === null)).toEqual([]);
});

test.each(SCENARIOS)('%s: the same with lost polls, log messages and a wrong clock', (scenario) => {
  const { judgement } = run(scenario, { ...PHASE, logs: ALL_PUSHED, lost: 0.05, clockErrors: true }, { hours: 4 });
  expect(faults(judgement)).toEqual(NONE);
});

test.each<[string, Watch]>([
  ['two clears within half a minute are both told where the log is pushed', { ...PHASE, logs: ALL_PUSHED }],
  ['the log buffer, read before each answer, shows the second clear as well', { ...PHASE, buffer: true }],
])('%s', (_, watch) => {
  const { judgement } = run('operator-clear', watch, { hours: 1 });
  expect(judgement.registrations.map(({ verdict }) => verdict)).toEqual(['right', 'right', 'right']);
  expect(judgement.invented).toEqual([]);
});

test.each<ScenarioName>(['legacy-ks', 'rekey-loss', 'tek-loss'])(
  '%s by SNMP and traps alone: nothing is invented or left open',
  (scenario) => {
    const watch = aWatch({ name: 'snmp', phaseAware: true, transport: 'snmp', traps: ALL_PUSHED });
    const { judgement } = run(scenario, watch);
    expect(judgement.registrations.length).toBeGreaterThan(1);
    // A registration in the very moment of a look, whose keys stay the same, may be missed.
    expect(faults(judgement)).toMatchObject({ wrong: 0, invented: 0 });
    expect(faults(judgement).missed).toBeLessThanOrEqual(1);
    expect(judgement.registrations.filter(({ verdict }) => verdict === 'unknown')).toEqual([]);
  },
);

test.each(SCENARIOS)('%s by SNMP alone: nothing is invented', (scenario) => {
  const { judgement } = run(scenario, aWatch({ name: 'snmp', phaseAware: true, transport: 'snmp' }));
  expect(judgement.invented).toEqual([]);
});

test('a KEK-driven re-registration is announced before it begins', () => {
  const { watched } = run('legacy-ks', PHASE);
  const { warnable, warned } = warningsOf(watched);
  expect(warnable).toBeGreaterThan(0);
  expect(warned).toBe(warnable);
});

test('a healthy fleet is quiet but for its KEK rekeys', () => {
  const { watched } = run('healthy', PHASE);
  expect(new Set(watched.emitted.map(({ event }) => event.type))).toEqual(new Set(['kek_rekey']));
});
