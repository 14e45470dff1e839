/**
 * `npm run bench:explained`: drawn worlds through the explanations. At every look: do causes contradict each other, the
 * devices or the forecast; does what is said come, go and come again; is it a true happening of its world?
 *
 * `-- --worlds N [--first N] [--detail]`, or `-- --seed N [--gms N --troubles N --hours N --plain]`: one world, all
 * that was said in it, and what happened.
 */
import { parseArgs } from 'node:util';
import { WHOLE_WORLD } from '../worlds/draw-world.ts';
import { type ExplainedWorld, explainedWorld, FAULT_KINDS } from '../accuracy/explained/explained-world.ts';
import { printTable } from '../accuracy/report.ts';
import { ALL_HARDSHIPS, NO_HARDSHIPS } from '../accuracy/world-watch.ts';

const { values: flags } = parseArgs({
  options: {
    worlds: { type: 'string', default: '300' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
    gms: { type: 'string' },
    troubles: { type: 'string' },
    hours: { type: 'string' },
    plain: { type: 'boolean', default: false },
    detail: { type: 'boolean', default: false },
  },
});
const hardships = flags.plain ? NO_HARDSHIPS : ALL_HARDSHIPS;
const limits = {
  gms: Number(flags.gms ?? WHOLE_WORLD.gms),
  troubles: Number(flags.troubles ?? WHOLE_WORLD.troubles),
  hours: Number(flags.hours ?? WHOLE_WORLD.hours),
};

if (flags.seed === undefined) printWorlds(Number(flags.first), Number(flags.worlds));
else printOne(explainedWorld(Number(flags.seed), limits, { hardships }));

function printWorlds(first: number, count: number): void {
  const startedMs = performance.now();
  const kinds = new Map<string, number[]>();
  const sum = { looks: 0, told: 0, hours: 0 };
  for (let seed = first; seed < first + count; seed += 1) {
    const { looks, told, faults, world } = explainedWorld(seed, limits, { hardships });
    sum.looks += looks;
    sum.told += told;
    sum.hours += world.hours * world.plan.groups.length;
    for (const { kind, text, atMs } of faults) {
      if (flags.detail) console.log(`seed ${seed} ${new Date(atMs).toISOString()} ${kind}: ${text}`);
      const key = `${kind}: ${text.split(/[:"]| at 20/u)[0] ?? ''}`;
      kinds.set(key, [...(kinds.get(key) ?? []), seed]);
    }
  }
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  console.log(
    `${count} worlds from seed ${first} on in ${seconds} s: ${sum.hours} group-hours, ${sum.looks} looks, ${sum.told} causes told`,
  );
  for (const kind of FAULT_KINDS) {
    const rows = [...kinds].filter(([name]) => name.startsWith(`${kind}:`));
    console.log(`\n${kind}: ${rows.reduce((all, [, seeds]) => all + seeds.length, 0)}`);
    const sorted = rows.toSorted(([, a], [, b]) => b.length - a.length);
    printTable(
      sorted.map(([name, seeds]) => [name, String(seeds.length), [...new Set(seeds)].slice(0, 12).join(' ')]),
      3,
    );
  }
}

function printOne({ world, watch, lines, faults }: ExplainedWorld): void {
  const { groups, kss, gms, paths } = world.plan;
  console.log(JSON.stringify({ groups, kss, gms, paths }, null, 1));
  console.log(watch);
  for (const { atSeconds, kind, description } of world.troubles) console.log(`${atSeconds} s: ${kind}: ${description}`);
  for (const line of lines) console.log(line);
  for (const { atMs, kind, group, text } of faults)
    console.log(`${new Date(atMs).toISOString()} ${group} ${kind}: ${text}`);
}
