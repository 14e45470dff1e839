/**
 * `npm run bench:accuracy -- [words]`: how well does the tracker tell what really happened in simulated fleets, and is
 * every statement true? Words choose scenarios and ways of watching by name; `seeds=N` and `hours=N` size the run,
 * `detail` prints each fault.
 */
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { isScenarioName, SCENARIO_NAMES, type ScenarioName } from '../../src/simulator/scenarios/scenario.ts';
import { assess } from '../accuracy/assess.ts';
import { printFaults, printTable, scoreCells, SCORE_HEAD } from '../accuracy/report.ts';
import { added, NO_SCORE, scoreOf } from '../accuracy/score.ts';
import { ALL_PUSHED, aWatch, FIVE_MINUTES_MS, phaseWatch, type Watch } from '../accuracy/watch.ts';

const START_MS = Date.UTC(2026, 0, 1);
const ROUGH = { lost: 0.05, clockErrors: true };

const WATCHES: readonly Watch[] = [
  aWatch({ name: '30s', intervalMs: 30_000 }),
  aWatch({ name: '60s' }),
  aWatch({ name: '300s', intervalMs: FIVE_MINUTES_MS }),
  phaseWatch(),
  phaseWatch({ name: 'phase-without-ks', withoutKs: true }),
  aWatch({ name: '300s+logs', intervalMs: FIVE_MINUTES_MS, logs: ALL_PUSHED }),
  phaseWatch({ name: 'phase+logs', logs: ALL_PUSHED }),
  phaseWatch({ name: 'phase+buffer', buffer: true }),
  phaseWatch({ name: 'phase+traps', traps: ALL_PUSHED }),
  phaseWatch({ name: 'phase+snmp', transport: 'ssh+snmp' }),
  aWatch({ name: 'snmp-alone', transport: 'snmp', phaseAware: true }),
  aWatch({ name: 'snmp+traps', transport: 'snmp', phaseAware: true, traps: ALL_PUSHED }),
  aWatch({ name: '60s-rough', ...ROUGH }),
  phaseWatch({ name: 'phase-rough', ...ROUGH }),
  phaseWatch({ name: 'phase+logs-rough', logs: ALL_PUSHED, ...ROUGH }),
];

const words = process.argv.slice(2).filter((word) => !word.includes('='));
const numbers = new Map(
  process.argv.slice(2).flatMap((word) => (word.includes('=') ? [word.split('=', 2)] : [])) as [string, string][],
);
const seeds = Number(numbers.get('seeds') ?? 2);
const fieldHours = Number(numbers.get('hours') ?? 48);
const chosenScenarios = words.filter(isScenarioName);
const scenarios = chosenScenarios.length > 0 ? chosenScenarios : SCENARIO_NAMES;
const watchNames = words.filter((word) => !isScenarioName(word) && word !== 'detail');
const watches = WATCHES.filter((watch) => watchNames.length === 0 || watchNames.includes(watch.name));
const detail = words.includes('detail');

function hoursOf(scenario: ScenarioName): number {
  return scenario === 'field' ? fieldHours : 3;
}

const rows: string[][] = [['watch', 'scenario', ...SCORE_HEAD]];
for (const watch of watches) {
  let total = NO_SCORE;
  for (const scenario of scenarios) {
    let sum = NO_SCORE;
    for (let seed = 1; seed <= (scenario === 'field' ? 1 : seeds); seed += 1) {
      const fleet = createSimulatedFleet({ scenario, seed, startMs: START_MS });
      const assessed = assess(fleet, watch, { seed, startMs: START_MS, hours: hoursOf(scenario) });
      if (detail) printFaults(`${watch.name} ${scenario} seed ${seed}`, assessed);
      sum = added(sum, scoreOf(assessed));
    }
    rows.push([watch.name, scenario, ...scoreCells(sum)]);
    total = added(total, sum);
  }
  rows.push([watch.name, 'ALL', ...scoreCells(total)]);
}
printTable(rows, 2);
