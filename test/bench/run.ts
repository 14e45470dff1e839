/**
 * `npm run bench`: every benchmark, or those whose name holds one of the words given. Prints figures and their ratios
 * to a bare limit measured in the same run; it passes no judgement by exit status, machines differ.
 */
import type { BenchRow } from './bench-row.ts';
import { benchExposition } from './exposition.ts';
import { benchFleet } from './fleet.ts';
import { benchHeard } from './heard.ts';
import { benchHttp } from './http-load.ts';
import { benchJudging } from './judging.ts';
import { benchListeners } from './listeners.ts';
import { benchParse } from './parse.ts';
import { benchRestconf } from './restconf.ts';
import { benchSnmp } from './snmp.ts';
import { benchSshPoll } from './ssh-poll.ts';
import { benchWorkers } from './session-workers.ts';
import { benchStep } from './step.ts';
import { benchStore } from './store.ts';
import { benchTracker } from './tracker.ts';

const BENCHMARKS: Readonly<Record<string, () => Promise<readonly BenchRow[]>>> = {
  parse: benchParse,
  ssh: benchSshPoll,
  workers: benchWorkers,
  snmp: benchSnmp,
  restconf: benchRestconf,
  exposition: benchExposition,
  tracker: benchTracker,
  judging: benchJudging,
  step: benchStep,
  store: benchStore,
  listeners: benchListeners,
  heard: benchHeard,
  http: benchHttp,
};

/** Minutes long: only where it is named. */
const LONG: Readonly<Record<string, () => Promise<readonly BenchRow[]>>> = { fleet: benchFleet };

const words = process.argv.slice(2);
const rows: BenchRow[] = [];
for (const [name, bench] of Object.entries(BENCHMARKS)) {
  if (words.length === 0 || words.some((word) => name.includes(word))) rows.push(...(await bench()));
}
for (const [name, bench] of Object.entries(LONG)) {
  if (words.some((word) => name.includes(word))) rows.push(...(await bench()));
}
const figure = (value: number | null, unit: string) => (value === null ? '' : `${value.toPrecision(3)} ${unit}`);
const cells = rows.map((row) => [
  row.name,
  figure(row.measured, row.unit),
  figure(row.bare, row.unit),
  row.ratio === null ? '' : row.ratio.toFixed(2),
  row.budget === null ? '' : String(row.budget),
  row.ratio === null || row.budget === null ? '' : row.ratio <= row.budget ? 'within' : 'OVER',
]);
const table = [['benchmark', 'measured', 'bare', 'ratio', 'budget', ''], ...cells];
const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
for (const row of table)
  console.log(
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
