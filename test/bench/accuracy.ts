/**
 * `npm run bench:accuracy`: how well does the tracker tell what really happened in simulated fleets, and is every
 * statement true? First the scenarios, then worlds drawn from seeds.
 *
 * `-- --worlds N [--first N] [--detail]`: N worlds only; `-- --seed N [--device gm1]`: one world with its timeline,
 * truth and events, `--plain` a calmer one; `--gms N --troubles N --hours N` make worlds smaller, and `--unusual` draws
 * what fleets hardly ever are. Words choose scenarios and ways of watching by name; `seeds=N`, `hours=N` size the run,
 * `detail` prints each fault.
 */
import { parseArgs } from 'node:util';
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { isScenarioName, SCENARIO_NAMES, type ScenarioName } from '../../src/simulator/scenarios/scenario.ts';
import { WHOLE_WORLD } from '../worlds/draw-world.ts';
import { assess } from '../accuracy/assess.ts';
import { printFaults, printTable, scoreCells, SCORE_HEAD } from '../accuracy/report.ts';
import { added, NO_SCORE, scoreOf } from '../accuracy/score.ts';
import { printWorld } from '../accuracy/world-report.ts';
import { ALL_HARDSHIPS, assessWorld, NO_HARDSHIPS } from '../accuracy/world-watch.ts';
import { printWorldsScore, scoreWorlds } from '../accuracy/worlds-table.ts';
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
  phaseWatch({ name: 'restconf', transport: 'restconf' }),
  phaseWatch({ name: 'phase+restconf', transport: 'ssh+restconf' }),
  aWatch({ name: 'snmp-alone', transport: 'snmp', phaseAware: true }),
  aWatch({ name: 'snmp+traps', transport: 'snmp', phaseAware: true, traps: ALL_PUSHED }),
  aWatch({ name: '60s-rough', ...ROUGH }),
  phaseWatch({ name: 'phase-rough', ...ROUGH }),
  phaseWatch({ name: 'phase+logs-rough', logs: ALL_PUSHED, ...ROUGH }),
];

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    worlds: { type: 'string' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
    device: { type: 'string' },
    gms: { type: 'string' },
    troubles: { type: 'string' },
    hours: { type: 'string' },
    plain: { type: 'boolean', default: false },
    unusual: { type: 'boolean', default: false },
    detail: { type: 'boolean', default: false },
  },
});
const words = positionals.filter((word) => !word.includes('='));
const sizes = new Map(
  positionals.filter((word) => word.includes('=')).map((word) => word.split('=', 2) as [string, string]),
);
const detail = flags.detail || words.includes('detail');
const DEFAULT_WORLDS = 300;

const limits = {
  gms: Number(flags.gms ?? WHOLE_WORLD.gms),
  troubles: Number(flags.troubles ?? WHOLE_WORLD.troubles),
  hours: Number(flags.hours ?? WHOLE_WORLD.hours),
  unusual: flags.unusual,
};

if (flags.seed !== undefined) {
  const hardships = flags.plain ? NO_HARDSHIPS : ALL_HARDSHIPS;
  printWorld(assessWorld(Number(flags.seed), limits, hardships), flags.device ?? null);
} else {
  if (flags.worlds === undefined) runScenarios();
  if (words.length === 0) runWorlds(Number(flags.first), Number(flags.worlds ?? DEFAULT_WORLDS));
}

function runWorlds(first: number, count: number): void {
  const startedMs = performance.now();
  const seeds = Array.from({ length: count }, (_, index) => first + index);
  const score = scoreWorlds(seeds, {
    limits,
    onWorld: (world) => {
      if (detail) printFaults(`seed ${world.world.seed} (${world.watch.name})`, world);
    },
  });
  const seconds = (performance.now() - startedMs) / 1000;
  const ofThousand =
    count === 1000 ? '' : `; 1,000 would take ${((seconds * 1000) / count / 60).toFixed(0)} min at this pace`;
  console.log(`\n${count} worlds from seed ${first} on, in ${seconds.toFixed(0)} s of wall time${ofThousand}`);
  printWorldsScore(score);
}

function runScenarios(): void {
  const seeds = Number(sizes.get('seeds') ?? 1);
  const fieldHours = Number(sizes.get('hours') ?? 48);
  const chosenScenarios = words.filter(isScenarioName);
  const scenarios = chosenScenarios.length > 0 ? chosenScenarios : SCENARIO_NAMES;
  const watchNames = words.filter((word) => !isScenarioName(word) && word !== 'detail');
  const hoursOf = (scenario: ScenarioName) => (scenario === 'field' ? fieldHours : 3);
  const rows: string[][] = [['watch', 'scenario', ...SCORE_HEAD]];
  for (const watch of WATCHES.filter(({ name }) => watchNames.length === 0 || watchNames.includes(name))) {
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
}
