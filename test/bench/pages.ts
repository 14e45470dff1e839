/**
 * `npm run bench:pages`: drawn worlds up to the pager, and healthy ones: how often is who told, and is it right?
 *
 * `-- --worlds N [--first N]`: worlds with troubles. `-- --healthy GROUPDAYS [--first N] [--rules N]`: worlds in which
 * nothing goes wrong; the explanations are heard at each look, the rules are evaluated over every Nth world.
 */
import { parseArgs } from 'node:util';
import { healthyDays } from '../accuracy/pages/healthy-days.ts';
import { pagedWorld, pagesIn } from '../accuracy/pages/paged-world.ts';

const { values: flags } = parseArgs({
  options: {
    worlds: { type: 'string', default: '100' },
    first: { type: 'string', default: '1' },
    healthy: { type: 'string' },
    rules: { type: 'string', default: '20' },
  },
});
const first = Number(flags.first);
const startedMs = performance.now();
const elapsed = () => `${((performance.now() - startedMs) / 1000).toFixed(0)} s`;

if (flags.healthy === undefined) await printWorlds(Number(flags.worlds));
else await printHealthy(Number(flags.healthy), Number(flags.rules));

async function printWorlds(count: number): Promise<void> {
  const pages = new Map<string, number>();
  const sum = { groupHours: 0, page: 0, ticket: 0, log: 0, faults: 0 };
  for (let seed = first; seed < first + count; seed += 1) {
    const { world, sent, faults } = await pagedWorld(seed);
    sum.groupHours += world.hours * world.plan.groups.length;
    for (const receiver of ['page', 'ticket', 'log'] as const) sum[receiver] += pagesIn(sent, receiver).length;
    for (const { labels } of pagesIn(sent)) {
      const name = labels.get('cause') ?? labels.get('alertname') ?? '';
      pages.set(name, (pages.get(name) ?? 0) + 1);
    }
    sum.faults += faults.length;
    for (const fault of faults) console.log(`seed ${seed}: ${fault}`);
  }
  console.log(`${count} worlds from seed ${first} on in ${elapsed()}: ${JSON.stringify(sum)}`);
  for (const [name, times] of [...pages].toSorted(([, a], [, b]) => b - a)) console.log(`  ${name} ${times}`);
}

async function printHealthy(groupDays: number, rulesEvery: number): Promise<void> {
  const { worlds, days, looks, kekRekeys, judged, told } = await healthyDays({ groupDays, first, rulesEvery });
  for (const line of told) console.log(line);
  console.log(
    `${days.toFixed(0)} healthy group-days in ${worlds} worlds from seed ${first} on, in ${elapsed()}: ${looks} looks, ` +
      `${kekRekeys} KEK rekeys; ${told.length} sentences, pages and tickets (rules over ${judged.toFixed(0)} group-days)`,
  );
}
