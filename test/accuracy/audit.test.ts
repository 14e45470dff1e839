/** Every statement of every event of every scenario is true of what was observed. */
import { expect, test } from 'vitest';
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { SCENARIO_NAMES } from '../../src/simulator/scenarios/scenario.ts';
import { audit } from './audit/audit.ts';
import { ALL_PUSHED, aWatch, phaseWatch, type Watch } from './watch.ts';
import { watchFleet } from './watch-fleet.ts';

const START_MS = Date.UTC(2026, 0, 1);
const WATCHES: readonly Watch[] = [
  phaseWatch({ name: 'polls alone' }),
  phaseWatch({ name: 'pushed messages and traps', logs: ALL_PUSHED, traps: ALL_PUSHED }),
  aWatch({ name: 'SNMP alone with traps', transport: 'snmp', phaseAware: true, traps: ALL_PUSHED }),
];

/** The two days of the field fleet are the accuracy run's. */
const SCENARIOS = SCENARIO_NAMES.filter((name) => name !== 'field');

for (const watch of WATCHES) {
  test.each(SCENARIOS)(`%s, by ${watch.name}: all that is said is true`, (scenario) => {
    const fleet = createSimulatedFleet({ scenario, seed: 3, startMs: START_MS });
    const watched = watchFleet(fleet, watch, { seed: 3, startMs: START_MS, hours: 1 });
    const findings = audit(watched.emitted, watched.observations);
    expect(findings.map(({ event, said, wrong }) => `${event.id}: "${said}": ${wrong}`)).toEqual([]);
  });
}
