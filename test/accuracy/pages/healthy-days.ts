/**
 * Watches healthy worlds, one after the other, for a number of group-days, and collects all that was reported or sent.
 */
import { createFleetFromPlan } from '../../../src/simulator/fleet/fleet.ts';
import { notificationsOf } from '../../dashboards/alertmanager-model.ts';
import { evaluationsOf } from '../../dashboards/evaluated-rules.ts';
import type { Look } from '../agent-model.ts';
import { watchFleet } from '../watch-fleet.ts';
import { groupHealth } from '../../../src/gdoi/health/health-group.ts';
import { WORLD_START_MS } from '../world-watch.ts';
import { healthyWatch, healthyWorld } from './healthy-world.ts';
import { pagesIn, textOf } from './paged-world.ts';
import { SCRAPE_SECONDS, WatchedScrapes } from './watched-scrapes.ts';

const DAYS_OF_A_WORLD = 2;
/** Checks are examined at every 10th look; explanations at each look. */
const CHECKS_EVERY = 10;
/** The length of a world over which rules are evaluated: an hour of it takes seconds. */
const JUDGED_HOURS = 2;

export interface HealthyDays {
  readonly worlds: number;
  /** Group-days. */
  readonly days: number;
  readonly looks: number;
  readonly kekRekeys: number;
  /** Group-days over which the rules were evaluated. */
  readonly judged: number;
  /** What was reported or sent; empty in a healthy world. */
  readonly told: readonly string[];
}

export async function healthyDays(wanted: {
  readonly groupDays: number;
  readonly first: number;
  /** The rules are evaluated over every n-th world. */
  readonly rulesEvery: number;
}): Promise<HealthyDays> {
  const sum = { worlds: 0, days: 0, looks: 0, kekRekeys: 0, judged: 0 };
  const told: string[] = [];
  for (let seed = wanted.first; sum.days < wanted.groupDays; seed += 1) {
    const withRules = (seed - wanted.first) % wanted.rulesEvery === 0;
    const { looks, kekRekeys, days, lines } = await healthyOne(seed, withRules);
    sum.worlds += 1;
    sum.looks += looks;
    sum.kekRekeys += kekRekeys;
    sum.days += days;
    if (withRules) sum.judged += days;
    told.push(...lines.map((line) => `seed ${seed}: ${line}`));
  }
  return { ...sum, told };
}

async function healthyOne(seed: number, withRules: boolean) {
  const hours = withRules ? JUDGED_HOURS : DAYS_OF_A_WORLD * 24;
  const world = healthyWorld(seed, hours);
  const fleet = createFleetFromPlan(world.plan, { seed, startMs: WORLD_START_MS });
  const exported = new WatchedScrapes(WORLD_START_MS);
  const lines = new Set<string>();
  let looks = 0;
  const onLook = (look: Look) => {
    looks += 1;
    for (const line of explainedAt(look)) lines.add(line);
    if (looks % CHECKS_EVERY === 0) for (const line of checkedAt(look)) lines.add(line);
    if (withRules) exported.hear(look);
  };
  const watching = { seed, startMs: WORLD_START_MS, hours, onLook };
  const { emitted, truth } = watchFleet(fleet, healthyWatch(seed), watching);
  const loud = emitted.filter(({ event }) => event.severity !== 'info');
  return {
    looks,
    days: (world.plan.groups.length * hours) / 24,
    kekRekeys: emitted.filter(({ event }) => event.type === 'kek_rekey').length,
    lines: [
      ...truth
        .filter((event) => event.kind === 'registration' && event.startedAtMs > WORLD_START_MS)
        .map(({ device }) => `the world is not healthy: ${device} registers`),
      ...lines,
      ...loud.map(({ event }) => `event: ${event.summary}`),
      ...(withRules ? await sentOver(exported) : []),
    ],
  };
}

/** A lost answer may raise a cause that is not yet clear; any other cause is a fault. */
function explainedAt({ view }: Look): readonly string[] {
  return view.explanations
    .filter(({ status, phase }) => status !== 'ok' && phase !== 'unclear')
    .map(({ cause, summary }) => `${cause}: ${summary}`);
}

function checkedAt({ view, deviceOf, nowMs }: Look): readonly string[] {
  if (view.explanations.some(({ phase }) => phase === 'unclear')) return [];
  const { status, summary, checks } = groupHealth(view, deviceOf, nowMs);
  const bad = checks.filter((check) => check.status === 'warning' || check.status === 'critical');
  return [
    ...(status === 'ok' || status === 'unknown' ? [] : [`${status}: ${summary}`]),
    ...bad.map(({ name, detail }) => `check ${name}: ${detail}`),
  ];
}

async function sentOver(exported: WatchedScrapes): Promise<readonly string[]> {
  const { scrapes, minutes } = exported.all();
  const evaluations = await evaluationsOf(scrapes, { minutes, scrapeSeconds: SCRAPE_SECONDS });
  const sent = notificationsOf(evaluations, minutes * 60);
  return ['page', 'ticket'].flatMap((receiver) =>
    pagesIn(sent, receiver).map((page) => `${receiver}: ${textOf(page)}`),
  );
}
