/**
 * What the shipped rules say at each evaluation over scrapes: `promtool test rules` is Prometheus's own engine on a
 * clock of its own, and it prints what it got where nothing was expected.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { RULES_FILE, testRules } from './promtool.ts';
import { notation, type Scrapes } from './scrape-series.ts';

/** Label -> value, with `alertname`. */
export type AlertLabels = ReadonlyMap<string, string>;

export function keyOf(labels: AlertLabels): string {
  return JSON.stringify([...labels].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const { groups: RULE_GROUPS } = parse(readFileSync(RULES_FILE, 'utf8')) as {
  readonly groups: readonly { readonly rules: readonly { readonly alert?: string }[] }[];
};
const ALERTNAMES = [...new Set(RULE_GROUPS.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? [])))];

/** One evaluation of the rules. */
export interface Evaluation {
  readonly atSeconds: number;
  readonly firing: readonly AlertLabels[];
}

export interface EvaluatedOver {
  readonly minutes: number;
  readonly scrapeSeconds: number;
}

/** The rules are evaluated at each scrape, as often as Prometheus asks the agent. */
export async function evaluationsOf(scrapes: Scrapes, over: EvaluatedOver): Promise<readonly Evaluation[]> {
  return evaluationsIn(await answerTo(scrapes, over, []), over);
}

export interface Told {
  readonly evaluations: readonly Evaluation[];
  /** What an alert says at an instant: its description. */
  readonly words: (labels: AlertLabels, atSeconds: number) => string;
}

/** The same with the words of each alert. */
export async function toldOver(scrapes: Scrapes, over: EvaluatedOver): Promise<Told> {
  const output = await answerTo(scrapes, over, ALERTNAMES);
  const said = saidBySecond(output);
  return {
    evaluations: evaluationsIn(output, over),
    words: (labels, atSeconds) => said.get(atSeconds)?.get(keyOf(labels)) ?? '',
  };
}

function instantsOf({ minutes, scrapeSeconds }: EvaluatedOver): readonly number[] {
  return Array.from({ length: Math.floor((minutes * 60) / scrapeSeconds) + 1 }, (_, i) => i * scrapeSeconds);
}

/** promtool is asked for what fires at each scrape, and for the words of these alerts. */
function answerTo(scrapes: Scrapes, over: EvaluatedOver, alertnames: readonly string[]): Promise<string> {
  const interval = `${over.scrapeSeconds}s`;
  const asked = {
    name: 'what fires',
    interval,
    input_series: [...scrapes].map(([series, values]) => ({ series, values: notation(values) })),
    promql_expr_test: instantsOf(over).map((seconds) => ({
      expr: 'ALERTS{alertstate="firing"}',
      eval_time: `${seconds}s`,
      exp_samples: [],
    })),
    alert_rule_test: instantsOf(over).flatMap((seconds) =>
      alertnames.map((alertname) => ({ alertname, eval_time: `${seconds}s`, exp_alerts: [] })),
    ),
  };
  return testRules([asked], interval);
}

function evaluationsIn(output: string, over: EvaluatedOver): readonly Evaluation[] {
  const instants = instantsOf(over);
  const got = gotBySecond(output);
  const unknown = [...got.keys()].filter((seconds) => !instants.includes(seconds));
  if (unknown.length > 0) throw new Error(`promtool speaks of instants that were not asked for: ${unknown.join(', ')}`);
  return instants.map((atSeconds) => ({ atSeconds, firing: got.get(atSeconds) ?? [] }));
}

/** `alertname: GdoiIncident, time: 3m,` and below it, for each alert, `Labels:{...}` and `Annotations:{...}`. */
function saidBySecond(output: string): ReadonlyMap<number, ReadonlyMap<string, string>> {
  const found = new Map<number, Map<string, string>>();
  let seconds = 0;
  let labels: AlertLabels = new Map();
  for (const line of output.split('\n')) {
    const time = /^ *alertname: \w+, time: (?<time>\w+), *$/u.exec(line)?.groups?.['time'];
    if (time !== undefined) seconds = secondsOf(time);
    const [key, text] = /^ *(?:Labels|Annotations):\{/u.test(line) ? [line.trim().slice(0, 1), line] : ['', ''];
    if (key === 'L') labels = samplesIn(text)[0] ?? new Map<string, string>();
    if (key !== 'A') continue;
    const at = found.get(seconds) ?? new Map<string, string>();
    found.set(seconds, at.set(keyOf(labels), samplesIn(text)[0]?.get('description') ?? ''));
  }
  return found;
}

/** `expr: "ALERTS{...}", time: 2m30s,`, and two lines below it `got: {a="b", c="d"} 1E+00, {...} 1E+00`. */
function gotBySecond(output: string): ReadonlyMap<number, readonly AlertLabels[]> {
  const found = new Map<number, readonly AlertLabels[]>();
  let seconds: number | null = null;
  for (const line of output.split('\n')) {
    const time = /^ *expr: .*, time: (?<time>\w+), *$/u.exec(line)?.groups?.['time'];
    if (time !== undefined) seconds = secondsOf(time);
    const got = /^ *got: (?<got>\{.*)$/u.exec(line)?.groups?.['got'];
    if (got === undefined) continue;
    if (seconds === null) throw new Error(`promtool tells no time: ${output}`);
    found.set(seconds, samplesIn(got));
  }
  if (output !== '' && found.size === 0) throw new Error(output);
  return found;
}

function samplesIn(text: string): readonly AlertLabels[] {
  return Array.from(text.matchAll(/\{(?<labels>(?:[^"{}]|"(?:[^"\\]|\\.)*")*)\}/gu), ({ groups }) => {
    const pairs = (groups?.['labels'] ?? '').matchAll(/(?<name>\w+)=(?<value>"(?:[^"\\]|\\.)*")/gu);
    const labels = Array.from(pairs, (pair): [string, string] => [
      pair.groups?.['name'] ?? '',
      JSON.parse(pair.groups?.['value'] ?? '""') as string,
    ]);
    return new Map(labels.filter(([name]) => name !== '__name__' && name !== 'alertstate'));
  });
}

/** `1h2m30s` */
function secondsOf(text: string): number {
  const units: readonly (readonly [string, number])[] = [
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ];
  return units.reduce(
    (sum, [unit, each]) => sum + each * Number(new RegExp(`(\\d+)${unit}`, 'u').exec(text)?.[1] ?? 0),
    0,
  );
}
