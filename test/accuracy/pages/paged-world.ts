/**
 * A random world up to the pager: the shipped rules over what the agent exported, and what the shipped Alertmanager
 * configuration sends. A page is wrong if nothing happened in its group, if it is the second one for the same incident,
 * or if it begins after the cure.
 */
import type { Explanation } from '../../../src/gdoi/explain/explanation.ts';
import { createFleetFromPlan } from '../../../src/simulator/fleet/fleet.ts';
import { type DrawnWorld, drawWorld, type WorldLimits } from '../../worlds/draw-world.ts';
import { type Notification, notificationsOf } from '../../dashboards/alertmanager-model.ts';
import { type AlertLabels, type Evaluation, evaluationsOf } from '../../dashboards/evaluated-rules.ts';
import { type Happening, happeningsOf } from '../explained/happenings.ts';
import { falsehoodOf } from '../explained/true-causes.ts';
import type { Watch } from '../watch.ts';
import { watchFleet } from '../watch-fleet.ts';
import { drawWatch, WORLD_START_MS } from '../world-watch.ts';
import { SCRAPE_SECONDS, WatchedScrapes } from './watched-scrapes.ts';

/** A page with the same cause this soon after the last one, while nothing happens, is about the same incident. */
const SAME_SECONDS = 900;

export interface PagedWorld {
  readonly world: DrawnWorld;
  readonly watch: Watch;
  /** The evaluations of the shipped rules, at each scrape. */
  readonly evaluations: readonly Evaluation[];
  /** Notifications to the pager, to tickets and to the log. */
  readonly sent: readonly Notification[];
  readonly faults: readonly string[];
}

/** `world` replaces the world of the seed. */
export async function pagedWorld(
  seed: number,
  limits?: WorldLimits,
  world: DrawnWorld = drawWorld(seed, limits),
): Promise<PagedWorld> {
  const fleet = createFleetFromPlan(world.plan, { seed, startMs: WORLD_START_MS });
  const exported = new WatchedScrapes(WORLD_START_MS);
  const watch = drawWatch(seed);
  const watching = { seed, startMs: WORLD_START_MS, hours: world.hours };
  const { truth, said } = watchFleet(fleet, watch, { ...watching, onLook: (look) => exported.hear(look) });
  const { scrapes, minutes } = exported.all();
  const evaluations = await evaluationsOf(scrapes, { minutes, scrapeSeconds: SCRAPE_SECONDS });
  const sent = notificationsOf(evaluations, minutes * 60).filter(({ receiver }) => receiver !== 'nobody');
  const happenings = happeningsOf(world, truth);
  const lookMs = Math.max(watch.intervalMs, 300_000) + 60_000;
  const pages = pagesIn(sent);
  const saidOf = ({ labels, atSeconds }: Page): Explanation | undefined =>
    said
      .findLast(({ atMs, group }) => group === labels.get('group') && atMs <= WORLD_START_MS + atSeconds * 1000)
      ?.explanations.find(({ cause }) => cause === labels.get('cause'));
  return {
    world,
    watch,
    evaluations,
    sent,
    faults: [
      ...secondPages(pages, happenings, lookMs),
      ...pages.flatMap((page) => {
        const explanation = saidOf(page);
        if (explanation === undefined) return [];
        const atMs = WORLD_START_MS + page.atSeconds * 1000;
        const why = falsehoodOf({ explanation, atMs }, world, happenings, lookMs + SCRAPE_SECONDS * 1000);
        return why === null ? [] : [`${textOf(page)}: ${explanation.summary}: ${why}`];
      }),
    ],
  };
}

/** One alert, from the notification that it fires to the one that it is resolved. */
export interface Page {
  readonly labels: AlertLabels;
  readonly atSeconds: number;
  /** Infinity: it was never resolved. */
  readonly overSeconds: number;
}

function keyOf(labels: AlertLabels): string {
  return [...labels].map((pair) => pair.join('=')).join(' ');
}

export function pagesIn(sent: readonly Notification[], receiver = 'page'): readonly Page[] {
  const open = new Map<string, Page>();
  const over: Page[] = [];
  for (const message of sent.filter((each) => each.receiver === receiver)) {
    const { atSeconds } = message;
    for (const labels of message.firing) {
      if (!open.has(keyOf(labels))) open.set(keyOf(labels), { labels, atSeconds, overSeconds: Infinity });
    }
    for (const labels of message.resolved) {
      const page = open.get(keyOf(labels));
      if (page !== undefined) over.push({ ...page, overSeconds: atSeconds });
      open.delete(keyOf(labels));
    }
  }
  return [...over, ...open.values()].toSorted((a, b) => a.atSeconds - b.atSeconds);
}

function secondPages(pages: readonly Page[], happenings: readonly Happening[], lookMs: number): readonly string[] {
  const instants = happenings.flatMap(({ fromMs, toMs }) => [fromMs, toMs]);
  return pages.flatMap((page) => {
    const before = pages.findLast(
      ({ labels, overSeconds }) => keyOf(labels) === keyOf(page.labels) && overSeconds <= page.atSeconds,
    );
    if (before === undefined || page.atSeconds - before.overSeconds > SAME_SECONDS) return [];
    const fromMs = WORLD_START_MS + before.overSeconds * 1000 - lookMs;
    const toMs = WORLD_START_MS + page.atSeconds * 1000;
    return instants.some((ms) => ms >= fromMs && ms <= toMs)
      ? []
      : [`${textOf(page)}: ${page.atSeconds - before.overSeconds} s after the end of the same, and nothing happened`];
  });
}

export function textOf({ labels, atSeconds }: Page): string {
  const about = ['alertname', 'cause', 'group', 'device', 'member'].flatMap((name) => labels.get(name) ?? []);
  return `${atSeconds} s: ${about.join(' ')}`;
}
