/**
 * `npm run bench:accuracy [words]`: how well does the tracker tell what really happened in simulated fleets?
 * Words choose scenarios and ways of watching by name; `seeds=N` and `hours=N` size the run.
 */
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { isScenarioName, SCENARIO_NAMES, type ScenarioName } from '../../src/simulator/scenarios/scenario.ts';
import { compare, type Comparison, merged, nothingCompared, percent } from './accuracy-compare.ts';
import { type Watch, watchFleet } from './accuracy-run.ts';

const START_MS = Date.UTC(2026, 0, 1);

const base = { phaseAware: false, logs: false, lost: 0, clockErrors: false };
const WATCHES: readonly Watch[] = [
  { ...base, name: '30s', intervalMs: 30_000 },
  { ...base, name: '60s', intervalMs: 60_000 },
  { ...base, name: '300s', intervalMs: 300_000 },
  { ...base, name: 'phase', intervalMs: 300_000, phaseAware: true },
  { ...base, name: 'phase-without-ks', intervalMs: 300_000, phaseAware: true, withoutKs: true },
  { ...base, name: '300s+logs', intervalMs: 300_000, logs: true },
  { ...base, name: 'phase+logs', intervalMs: 300_000, phaseAware: true, logs: true },
  { ...base, name: 'phase+buffer', intervalMs: 300_000, phaseAware: true, buffer: true },
  { ...base, name: 'phase+traps', intervalMs: 300_000, phaseAware: true, traps: true },
  { ...base, name: 'snmp-alone', intervalMs: 60_000, phaseAware: true, snmpAlone: true },
  { ...base, name: 'snmp+traps', intervalMs: 60_000, phaseAware: true, snmpAlone: true, traps: true },
  { ...base, name: '60s-rough', intervalMs: 60_000, lost: 0.05, clockErrors: true },
  { ...base, name: 'phase-rough', intervalMs: 300_000, phaseAware: true, lost: 0.05, clockErrors: true },
  {
    ...base,
    name: 'phase+logs-rough',
    intervalMs: 300_000,
    phaseAware: true,
    logs: true,
    lost: 0.05,
    clockErrors: true,
  },
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

const head = [
  'watch',
  'scenario',
  'group-hours',
  'true',
  'told',
  'recall',
  'of visible',
  'precision',
  'cause',
  'of decidable',
  'timer seen',
  'either timer',
  'unknown',
  'warned',
  'polls/h',
  'bytes',
];
const rows: string[][] = [head];
const totals = new Map<string, Comparison>();
for (const watch of watches) {
  let total = nothingCompared();
  for (const scenario of scenarios) {
    let sum = nothingCompared();
    for (let seed = 1; seed <= (scenario === 'field' ? 1 : seeds); seed += 1) {
      const fleet = createSimulatedFleet({ scenario, seed, startMs: START_MS });
      const watched = watchFleet(fleet, watch, { seed, startMs: START_MS, hours: hoursOf(scenario) });
      sum = merged(sum, compare(watched, { clockToleranceMs: watch.clockErrors ? 65_000 : 3_000, detail }));
    }
    rows.push(row(watch.name, scenario, sum));
    total = merged(total, sum);
  }
  rows.push(row(watch.name, 'ALL', total));
  totals.set(watch.name, total);
}

function row(watch: string, scenario: string, c: Comparison): string[] {
  return [
    watch,
    scenario,
    c.groupHours.toFixed(0),
    String(c.real),
    String(c.told),
    percent(c.matched, c.real),
    percent(c.matched, c.real - c.overwritten),
    percent(c.matched, c.told),
    percent(c.right, c.matched),
    percent(c.right, c.matched - c.undecided),
    percent(c.strictlyRight, c.matched),
    String(c.eitherTimer),
    percent(c.unknown, c.matched),
    percent(c.warned, c.warnable),
    (c.polls / Math.max(1, c.groupHours)).toFixed(1),
    c.largestStateBytes.toFixed(0),
  ];
}

function printTable(table: readonly (readonly string[])[]): void {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  for (const cells of table) {
    console.log(
      cells
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    );
  }
}

printTable(rows);
for (const [name, total] of totals) {
  console.log(`\n${name}: real cause (row) as told (column)`);
  const columns = [...new Set([...total.confusion.keys()].map((key) => key.split(' ')[1] ?? ''))].toSorted();
  const reals = [...new Set([...total.confusion.keys()].map((key) => key.split(' ')[0] ?? ''))].toSorted();
  printTable([
    ['', '', ...columns],
    ...reals.map((real) => [real, '', ...columns.map((told) => String(total.confusion.get(`${real} ${told}`) ?? ''))]),
  ]);
  const left = total.timeLeftSeconds.toSorted((a, b) => a - b);
  const quantile = (share: number) =>
    left[Math.min(left.length - 1, Math.floor(share * left.length))]?.toFixed(0) ?? '-';
  console.log(
    `warned ${total.warned} of ${total.warnable} KEK-window re-registrations before they began; time left: min ${quantile(0)} s, 10% ${quantile(0.1)} s, median ${quantile(0.5)} s, 90% ${quantile(0.9)} s; warnings without one: ${total.falseWarnings} of ${total.warnings}`,
  );
}
