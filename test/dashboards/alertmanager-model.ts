/**
 * What an Alertmanager with the shipped configuration would send, and when, computed: routes, inhibitions, grouping,
 * `group_wait`, `group_interval`, `repeat_interval`. Hours of alerts take milliseconds, and no machine is too slow for
 * it. `alertmanager.test.ts` holds it against the real one.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type AlertLabels, type Evaluation, keyOf } from './evaluated-rules.ts';
import { PROMETHEUS_DIRECTORY } from './promtool.ts';

interface RouteConfig {
  readonly receiver?: string;
  readonly group_by?: readonly string[];
  readonly group_wait?: string;
  readonly group_interval?: string;
  readonly repeat_interval?: string;
  readonly matchers?: readonly string[];
  readonly routes?: readonly RouteConfig[];
}

interface InhibitConfig {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal: readonly string[];
}

interface Config {
  readonly route: RouteConfig;
  readonly inhibit_rules: readonly InhibitConfig[];
}

/** One message to a receiver about the alerts of one group of its route. */
export interface Notification {
  readonly atSeconds: number;
  readonly receiver: string;
  /** Of the labels that the route groups by. */
  readonly about: string;
  readonly firing: readonly AlertLabels[];
  /** Since the last message. */
  readonly resolved: readonly AlertLabels[];
}

export const SHIPPED = parse(readFileSync(join(PROMETHEUS_DIRECTORY, 'alertmanager.yml'), 'utf8')) as Config;

/** `a="b"`, `a!="b"`, `a=~"b"`, `a!~"b"`; a label that is absent is empty. */
function matches(matcher: string, labels: AlertLabels): boolean {
  const {
    name = '',
    operator = '',
    value = '',
  } = /^(?<name>\w+)(?<operator>=~|!~|!=|=)"(?<value>[^"]*)"$/u.exec(matcher)?.groups ?? {};
  if (name === '') throw new Error(`a matcher of another form: ${matcher}`);
  const found = labels.get(name) ?? '';
  const equal = operator.endsWith('~') ? value.split('|').includes(found) : found === value;
  return operator.startsWith('!') ? !equal : equal;
}

const matchesAll = (matchers: readonly string[], labels: AlertLabels) =>
  matchers.every((matcher) => matches(matcher, labels));

/** Who mutes it: none, it is told. Nothing that fits both sides of a rule is muted by it, as the real one has it. */
export function mutedBy(alert: AlertLabels, all: readonly AlertLabels[], rules = SHIPPED.inhibit_rules): AlertLabels[] {
  return rules.flatMap(({ source_matchers: source, target_matchers: target, equal }) => {
    if (!matchesAll(target, alert)) return [];
    const both = matchesAll(source, alert);
    return all.filter(
      (other) =>
        matchesAll(source, other) &&
        !(both && matchesAll(target, other)) &&
        equal.every((name) => (other.get(name) ?? '') === (alert.get(name) ?? '')),
    );
  });
}

interface Route {
  readonly receiver: string;
  readonly groupBy: readonly string[];
  readonly waitSeconds: number;
  readonly intervalSeconds: number;
  readonly repeatSeconds: number;
}

function routeOf(labels: AlertLabels, config: RouteConfig = SHIPPED.route, above?: Route): Route {
  const here: Route = {
    receiver: config.receiver ?? above?.receiver ?? '',
    groupBy: config.group_by ?? above?.groupBy ?? [],
    waitSeconds: seconds(config.group_wait) ?? above?.waitSeconds ?? 30,
    intervalSeconds: seconds(config.group_interval) ?? above?.intervalSeconds ?? 300,
    repeatSeconds: seconds(config.repeat_interval) ?? above?.repeatSeconds ?? 4 * 3600,
  };
  const child = (config.routes ?? []).find(({ matchers = [] }) => matchesAll(matchers, labels));
  return child === undefined ? here : routeOf(labels, child, here);
}

function seconds(text: string | undefined): number | null {
  if (text === undefined) return null;
  const { count, unit } = /^(?<count>\d+)(?<unit>[smh])$/u.exec(text)?.groups ?? {};
  if (count === undefined) throw new Error(`a duration of another form: ${text}`);
  return Number(count) * ({ s: 1, m: 60, h: 3600 }[unit ?? ''] ?? Number.NaN);
}

/** Alerts that are told together. */
class Group {
  readonly #route: Route;
  readonly #about: string;
  readonly #alerts = new Map<string, { readonly labels: AlertLabels; readonly firing: boolean }>();
  #nextFlush: number | null = null;
  /** What was told last; kept when the group is empty, as Alertmanager's log of notifications is. */
  #told: {
    readonly atSeconds: number;
    readonly firing: ReadonlySet<string>;
    readonly resolved: ReadonlySet<string>;
  } | null = null;

  constructor(route: Route, about: string) {
    this.#route = route;
    this.#about = about;
  }

  get nextFlush(): number | null {
    return this.#nextFlush;
  }

  take(labels: AlertLabels, firing: boolean, atSeconds: number): void {
    const key = keyOf(labels);
    if (!firing && !this.#alerts.has(key)) return;
    this.#alerts.set(key, { labels, firing });
    this.#nextFlush ??= atSeconds + this.#route.waitSeconds;
  }

  /** `all`: every alert that fires now. */
  flush(atSeconds: number, all: readonly AlertLabels[]): Notification | null {
    const loud = [...this.#alerts.values()].filter(({ labels }) => mutedBy(labels, all).length === 0);
    const firing = loud.filter((alert) => alert.firing).map(({ labels }) => labels);
    const resolved = loud.filter((alert) => !alert.firing).map(({ labels }) => labels);
    const due = loud.length > 0 && this.#isDue(atSeconds, firing, resolved);
    if (due) {
      this.#told = { atSeconds, firing: new Set(firing.map(keyOf)), resolved: new Set(resolved.map(keyOf)) };
    }
    for (const [key, alert] of this.#alerts) if (!alert.firing) this.#alerts.delete(key);
    this.#nextFlush = this.#alerts.size === 0 ? null : atSeconds + this.#route.intervalSeconds;
    return due ? { atSeconds, receiver: this.#route.receiver, about: this.#about, firing, resolved } : null;
  }

  #isDue(atSeconds: number, firing: readonly AlertLabels[], resolved: readonly AlertLabels[]): boolean {
    const told = this.#told;
    if (told === null) return firing.length > 0;
    if (firing.some((labels) => !told.firing.has(keyOf(labels)))) return true;
    if (firing.length === 0) return told.firing.size > 0;
    if (resolved.some((labels) => !told.resolved.has(keyOf(labels)))) return true;
    return told.atSeconds < atSeconds - this.#route.repeatSeconds;
  }
}

/** All that is sent, to `nobody` as well, until `untilSeconds`; what fires last goes on firing. */
export function notificationsOf(evaluations: readonly Evaluation[], untilSeconds: number): readonly Notification[] {
  const groups = new Map<string, Group>();
  const sent: Notification[] = [];
  let before: readonly AlertLabels[] = [];
  const flushUntil = (untilAt: number) => {
    for (;;) {
      const due = [...groups.values()]
        .filter(({ nextFlush }) => nextFlush !== null && nextFlush < untilAt)
        .toSorted((a, b) => (a.nextFlush ?? 0) - (b.nextFlush ?? 0))[0];
      if (due === undefined) return;
      const message = due.flush(due.nextFlush ?? 0, before);
      if (message !== null) sent.push(message);
    }
  };
  const groupOf = (labels: AlertLabels) => {
    const route = routeOf(labels);
    const about = route.groupBy.map((name) => `${name}=${labels.get(name) ?? ''}`).join(' ');
    const key = `${route.receiver} ${route.repeatSeconds} ${about}`;
    const group = groups.get(key) ?? new Group(route, about);
    groups.set(key, group);
    return group;
  };
  for (const { atSeconds, firing } of evaluations) {
    flushUntil(atSeconds);
    const keys = new Set(firing.map(keyOf));
    for (const labels of before) if (!keys.has(keyOf(labels))) groupOf(labels).take(labels, false, atSeconds);
    for (const labels of firing) groupOf(labels).take(labels, true, atSeconds);
    before = firing;
  }
  flushUntil(untilSeconds);
  return sent.toSorted((a, b) => a.atSeconds - b.atSeconds);
}
