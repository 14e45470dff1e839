/** The tracker against simulated fleets, through rendered answers and the real parsers: the short form of the accuracy run. */
import { expect, test } from 'vitest';
import { createSimulatedFleet } from '../../../src/simulator/fleet/fleet.ts';
import type { ScenarioName } from '../../../src/simulator/scenarios/scenario.ts';
import { compare } from '../../bench/accuracy-compare.ts';
import { type Watch, watchFleet } from '../../bench/accuracy-run.ts';

const START_MS = Date.UTC(2026, 0, 1);
const PHASE: Watch = { name: 'phase', intervalMs: 300_000, phaseAware: true, logs: false, lost: 0, clockErrors: false };

function run(scenario: ScenarioName, watch: Watch, hours = 2) {
  const fleet = createSimulatedFleet({ scenario, seed: 5, startMs: START_MS });
  const watched = watchFleet(fleet, watch, { seed: 5, startMs: START_MS, hours });
  return {
    watched,
    compared: compare(watched, { clockToleranceMs: watch.clockErrors ? 65_000 : 3_000, detail: false }),
  };
}

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
  const { compared } = run(scenario, PHASE);
  expect(compared.matched).toBe(compared.real);
  expect(compared.told).toBe(compared.real);
  // What the device's own figures leave open is unknown, never guessed.
  expect(compared.right + compared.undecided).toBe(compared.matched);
});

test.each(SCENARIOS)('%s: the same with lost polls, log messages and a wrong clock', (scenario) => {
  const { compared } = run(scenario, { ...PHASE, logs: true, lost: 0.05, clockErrors: true }, 4);
  expect(compared.matched).toBe(compared.real);
  expect(compared.told).toBe(compared.real);
  expect(compared.right + compared.unknown).toBe(compared.matched);
});

test('two clears within half a minute are both told where the log is pushed', () => {
  const { compared } = run('operator-clear', { ...PHASE, logs: true }, 1);
  expect(compared).toMatchObject({ real: 3, matched: 3, told: 3, right: 3 });
});

test('the log buffer, read before each answer, shows the second clear as well', () => {
  const { compared } = run('operator-clear', { ...PHASE, buffer: true }, 1);
  expect(compared).toMatchObject({ real: 3, matched: 3, told: 3, right: 3 });
});

test.each<ScenarioName>(['legacy-ks', 'rekey-loss', 'tek-loss'])(
  '%s by SNMP and traps alone: nothing is invented or missed',
  (scenario) => {
    const { compared } = run(scenario, { ...PHASE, intervalMs: 60_000, snmpAlone: true, traps: true });
    expect(compared.real).toBeGreaterThan(0);
    expect(compared).toMatchObject({ matched: compared.real, told: compared.real, right: compared.real });
  },
);

test.each(SCENARIOS)('%s by SNMP alone: nothing is invented', (scenario) => {
  const { compared } = run(scenario, { ...PHASE, intervalMs: 60_000, snmpAlone: true });
  expect(compared.told).toBe(compared.matched);
});

test('a KEK-driven re-registration is announced before it begins', () => {
  const { compared } = run('legacy-ks', PHASE);
  expect(compared.warnable).toBeGreaterThan(0);
  expect(compared.warned).toBe(compared.warnable);
});

test('a healthy fleet is quiet but for its KEK rekeys', () => {
  const { watched } = run('healthy', PHASE);
  expect(new Set(watched.events.map(({ type }) => type))).toEqual(new Set(['kek_rekey']));
});
