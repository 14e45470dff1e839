/** Many random worlds, scored in total and by cell, the worst cell first. */
import type { Judgement } from './judge.ts';
import { percent, printTable } from './report.ts';
import {
  added,
  type Cells,
  cellsOf,
  faults,
  mergedCells,
  namedShare,
  NO_SCORE,
  precision,
  recall,
  type Score,
  scoreOf,
  wrongShare,
} from './score.ts';
import { type AssessedWorld, assessWorld } from './world-watch.ts';
import type { WorldLimits } from '../worlds/draw-world.ts';
import { RELEASES } from '../../src/simulator/world/release.ts';

export interface WorldsScore {
  /** Worlds polled over SSH, phase-aware or every minute: what the goals are about. */
  readonly bySsh: Score;
  readonly bySnmpAlone: Score;
  readonly cells: Cells;
  /** Why no observer could tell -> how often something was missed, unknown or wrong for that reason. */
  readonly reasons: ReadonlyMap<string, number>;
  /** The seeds of worlds with faults, and the weight of these. */
  readonly faulty: readonly { readonly seed: number; readonly faults: number }[];
}

const NOTHING: WorldsScore = {
  bySsh: NO_SCORE,
  bySnmpAlone: NO_SCORE,
  cells: new Map(),
  reasons: new Map(),
  faulty: [],
};

export function scoreWorlds(
  seeds: Iterable<number>,
  { limits, onWorld }: { readonly limits?: WorldLimits; readonly onWorld?: (world: AssessedWorld) => void } = {},
): WorldsScore {
  let sum = NOTHING;
  for (const seed of seeds) {
    const assessed = assessWorld(seed, limits);
    onWorld?.(assessed);
    sum = withWorld(sum, assessed);
  }
  return sum;
}

function withWorld(sum: WorldsScore, assessed: AssessedWorld): WorldsScore {
  const score = scoreOf(assessed);
  const alone = assessed.watch.transport === 'snmp';
  const heavy = faults(score);
  return {
    bySsh: alone ? sum.bySsh : added(sum.bySsh, score),
    bySnmpAlone: alone ? added(sum.bySnmpAlone, score) : sum.bySnmpAlone,
    cells: mergedCells(
      sum.cells,
      cellsOf(assessed, (device) => place(assessed, device)),
    ),
    reasons: withReasons(sum.reasons, assessed.judgement),
    faulty: heavy === 0 ? sum.faulty : [...sum.faulty, { seed: assessed.world.seed, faults: heavy }],
  };
}

function withReasons(sum: WorldsScore['reasons'], { registrations }: Judgement): WorldsScore['reasons'] {
  const reasons = new Map(sum);
  for (const { verdict, invisible, undecidable } of registrations) {
    const isLeftOpen = verdict === 'unknown' || verdict === 'wrong';
    const reason = verdict === 'missed' ? invisible : isLeftOpen ? undecidable : null;
    if (reason !== null) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return reasons;
}

/** Releases of the GM and of the KSs, interval and source. */
function place({ world, watch }: AssessedWorld, device: string | null): string {
  const { kss, gms } = world.plan;
  const behaviors = new Set(kss.map(({ release }) => RELEASES[release].kekBehavior));
  const ofKs = behaviors.size > 1 ? 'mixed' : behaviors.has('legacy') ? 'old' : 'new';
  const gm = gms.find(({ name }) => name === device);
  const ofGm = gm === undefined ? '-' : RELEASES[gm.release].kekBehavior === 'legacy' ? 'old' : 'new';
  return `GM ${ofGm}, KS ${ofKs} | ${watch.name}${watch.clockErrors ? ', clock set' : ''}`;
}

const SHOWN_CELLS = 25;
const SHOWN_SEEDS = 40;

export function printWorldsScore({ bySsh, bySnmpAlone, cells, reasons, faulty }: WorldsScore): void {
  printTable(
    [
      [
        'asked over',
        'group-hours',
        'true',
        'recall',
        'precision',
        'wrong',
        'of it undecidable',
        'named',
        'undecidable',
        'invisible',
        'false statements',
      ],
      ['SSH', ...row(bySsh)],
      ['SNMP alone', ...row(bySnmpAlone)],
    ],
    1,
  );
  const worst = [...cells].filter(([, score]) => faults(score) > 0).toSorted(([, a], [, b]) => faults(b) - faults(a));
  const [worstCell] = worst;
  console.log(
    worstCell === undefined
      ? '\nno cell has a fault'
      : `\nworst cell: ${worstCell[0]}: ${faults(worstCell[1])} points of fault in ${worstCell[1].real} re-registrations`,
  );
  console.log(`${worst.length} of ${cells.size} cells (cause | releases | watch) have a fault; the worst first:`);
  printTable(
    [
      ['cell', 'true', 'missed', 'invented', 'wrong', 'unknown', 'of it undecidable', 'false statements'],
      ...worst
        .slice(0, SHOWN_CELLS)
        .map(([name, score]) => [
          name,
          ...[score.real, score.missed - score.invisible, score.invented, score.wrong, score.unknown].map(String),
          String(score.undecidable),
          String(score.falseStatements),
        ]),
    ],
    1,
  );
  console.log('\nwhat no observer could tell:');
  const rows = [...reasons].toSorted(([, a], [, b]) => b - a).map(([reason, count]) => [reason, String(count)]);
  printTable([['reason', 'times'], ...rows], 1);
  const seeds = faulty.toSorted((a, b) => b.faults - a.faults).slice(0, SHOWN_SEEDS);
  console.log(`\n${faulty.length} worlds with a fault; heaviest first: ${seeds.map(({ seed }) => seed).join(' ')}`);
}

function row(score: Score): string[] {
  return [
    score.groupHours.toFixed(0),
    String(score.real),
    percent(recall(score)),
    percent(precision(score)),
    `${score.wrong} (${percent(wrongShare(score))})`,
    String(score.wrongUndecidable),
    percent(namedShare(score)),
    String(score.undecidable),
    String(score.invisible),
    String(score.falseStatements),
  ];
}
