/** Prints scores as tables, and faults as lines that say where to look. */
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import type { JudgedRegistration } from './judge.ts';
import { type Assessed, namedShare, precision, recall, type Score, wrongShare } from './score.ts';

export const SCORE_HEAD = [
  'group-hours',
  'true',
  'recall',
  'precision',
  'wrong',
  'named',
  'unknown',
  'undecidable',
  'timer named',
  'false statements',
  'warned',
  'polls/h',
  'bytes',
] as const;

export function scoreCells(score: Score): string[] {
  const matched = score.real - score.missed;
  return [
    score.groupHours.toFixed(0),
    String(score.real),
    percent(recall(score)),
    percent(precision(score)),
    `${score.wrong} (${percent(wrongShare(score))})`,
    percent(namedShare(score)),
    String(score.unknown),
    String(score.undecidable),
    matched === 0 ? '-' : percent(score.right / matched),
    String(score.falseStatements),
    score.warnable === 0 ? '-' : percent(score.warned / score.warnable),
    (score.polls / Math.max(1, score.groupHours)).toFixed(1),
    score.largestStateBytes.toFixed(0),
  ];
}

export function percent(part: number): string {
  return `${(100 * part).toFixed(2)}%`;
}

/** The first `left` columns hold words, the others figures. */
export function printTable(table: readonly (readonly string[])[], left: number): void {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  for (const cells of table) {
    const padded = cells.map((cell, column) =>
      column < left ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(padded.join('  ').trimEnd());
  }
}

/** Prints registrations that are wrong, needlessly unknown, needlessly missed or invented, and false statements. */
export function printFaults(where: string, { judgement, findings }: Assessed): void {
  for (const each of judgement.registrations) {
    if (isFault(each)) console.log(`${where}: ${registrationLine(each)}`);
  }
  for (const event of judgement.invented) console.log(`${where}: INVENTED ${eventLine(event)}`);
  for (const { event, said, wrong } of findings) {
    console.log(`${where}: FALSE "${said}": ${wrong}\n    in ${eventLine(event)}`);
  }
}

function isFault({ verdict, undecidable, invisible }: JudgedRegistration): boolean {
  switch (verdict) {
    case 'right':
    case 'also_true':
      return false;
    case 'wrong':
      return true;
    case 'unknown':
      return undecidable === null;
    case 'missed':
      return invisible === null;
    default:
      return verdict satisfies never;
  }
}

export function registrationLine({ truth, event, verdict, undecidable, invisible }: JudgedRegistration): string {
  const { device, group, cause, alsoTrue, startedAtMs, atMs, sameKek, attempts } = truth;
  const truly = [cause, ...alsoTrue.map((other) => `or ${other}`)].join(' ');
  const took = `${attempts} attempt${attempts === 1 ? '' : 's'}, ${sameKek ? 'the same' : 'another'} KEK`;
  const reason = undecidable ?? invisible;
  return [
    `${verdict.toUpperCase()} ${device} ${group} began ${iso(startedAtMs)}, complete ${iso(atMs)}: ${truly} (${took})`,
    ...(reason === null ? [] : [`    no observer could tell: ${reason}`]),
    ...(event === null ? [] : [`    told ${eventLine(event)}`]),
  ].join('\n');
}

export function eventLine({ type, device, group, cause, betweenMs, evidence, summary }: GdoiEvent): string {
  const [from, to] = betweenMs;
  const what = cause ?? summary;
  return `${type} ${device ?? ''} ${group ?? ''} [${iso(from)}, ${iso(to)}] ${what}: ${evidence.join(' | ')}`;
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
