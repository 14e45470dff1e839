/**
 * Who is told what, when and how often, in each scenario: the agent watches it on a fast clock, Prometheus's rule
 * engine evaluates the shipped rules at each scrape, and the shipped Alertmanager configuration says what is sent. The
 * table of causes is the specification; docs/notifications.md has each message, word for word.
 */
import { describe, expect, test } from 'vitest';
import { durationText } from '../../src/gdoi/events/duration-text.ts';
import { EXPLANATION_CAUSES } from '../../src/gdoi/explain/explanation.ts';
import { SCENARIO_NAMES, scenarioNamed, type ScenarioName } from '../../src/simulator/scenarios/scenario.ts';
import { half } from '../builders/half.ts';
import { partOf, partOfSections, table } from '../docs/generated-part.ts';
import { mutedBy, type Notification, notificationsOf, SHIPPED } from './alertmanager-model.ts';
import { type AlertLabels, type Told, toldOver } from './evaluated-rules.ts';
import { raisedAt, raisedIn, toldIn, unexplainedIn } from './fired-alerts.ts';
import { missing } from './promtool.ts';
import { ALERTS, type ToldScenario } from './scenario-alerts.ts';
import { scrapesOf } from './simulated-scrapes.ts';

const SCRAPE_SECONDS = 30;
const POLL_SECONDS = 60;
/** Of incidents: how long the message of a cure waits at most. */
const GROUP_INTERVAL_SECONDS = 60;
const PAGE = 'docs/notifications.md';

interface Sent {
  /** Until nothing fires any more, or as long as it shows something new; default: 25. */
  readonly minutes?: number;
  /** Messages of something new, `receiver cause`, in their order; + between what one message tells. */
  readonly told: readonly string[];
  /** When the simulator's script mends it. */
  readonly curedSeconds?: number;
}

const SENT: Readonly<Record<ToldScenario, Sent>> = {
  demo: {
    told: ['log operator_clear', 'ticket legacy_ks', 'ticket path_loss', 'log gms_reloaded', 'ticket path_loss'],
  },
  healthy: { told: [] },
  'legacy-ks': { told: ['ticket legacy_ks'] },
  'rekey-loss': { minutes: 26, told: ['ticket path_loss'] },
  // What is left of it when the GMs have registered again is no ticket beside the page.
  'rekey-loss-fleet': { told: ['page ks_rekeys_lost'] },
  'tek-loss': { told: ['ticket path_loss'] },
  // Dropped before anybody looked, and once more: it gets worse twice, and the pager has one conversation about it.
  ejection: { minutes: 40, told: ['page ejected', 'ticket path_loss', 'page path_loss', 'page ejected'] },
  'ks-down': { minutes: 38, told: ['page ks_down'], curedSeconds: 620 },
  'coop-failover': { minutes: 22, told: ['ticket redundancy_lost'], curedSeconds: 310 },
  'ks-upgrade': { minutes: 31, told: ['ticket legacy_ks'] },
  'coop-split': { minutes: 31, told: ['page coop_split'], curedSeconds: 910 },
  // Each GM is back before it would be a ticket.
  'reload-storm': { minutes: 29, told: ['log gms_reloaded'] },
  'operator-clear': { minutes: 28, told: ['log operator_clear'] },
  'ks-clear-members': { minutes: 28, told: ['log ks_forced'] },
  // The GM heals itself by registering; what dropped the rekey is still there.
  'mixed-old-gms': { told: ['page old_kek_in_use', 'ticket path_loss'] },
  multicast: { told: ['ticket path_loss'] },
  unregistered: { told: ['page not_registered'] },
  unauthorized: { told: ['log gms_reloaded', 'page unauthorized'], curedSeconds: 360 },
  'rsa-mismatch': { minutes: 30, told: ['page rekeys_refused', 'ticket redundancy_lost'] },
  'replay-errors': { minutes: 30, told: ['ticket replay_errors'] },
  'interface-flap': { minutes: 30, told: ['log interface_flap'] },
  'tek-missing': { minutes: 22, told: ['page without_tek'] },
  'registration-fails': { told: ['page not_registered', 'ticket path_loss'], curedSeconds: 600 },
  'ejection-coop': {
    minutes: 45,
    told: ['page ejected', 'ticket path_loss', 'page path_loss', 'ticket redundancy_lost', 'page ejected'],
  },
};

const TELLS = SCENARIO_NAMES.filter((name): name is ToldScenario => name !== 'field');
const sections = new Map<ScenarioName, string>();

describe.skipIf(missing('promtool'))('who is told what', () => {
  test.each(half(TELLS))('%s', async (scenario) => {
    const { minutes = 25, told, curedSeconds } = SENT[scenario];
    const over = { minutes, scrapeSeconds: SCRAPE_SECONDS };
    const scrapes = await scrapesOf({ scenario, ...over, pollInterval: `${POLL_SECONDS}s`, logs: true });
    const { evaluations, words } = await toldOver(scrapes, over);
    const sent = notificationsOf(evaluations, minutes * 60).filter(({ receiver }) => receiver !== 'nobody');
    sections.set(scenario, sectionOf(scenario, { minutes, sent, evaluations, words }));
    const { raises, tells, at = {} } = ALERTS[scenario];
    expect(raisedIn(evaluations)).toEqual(raises.flat().toSorted());
    expect(toldIn(evaluations)).toEqual(tells.toSorted());
    // At no moment is a symptom told that the agent explains: neither before its cause, nor after the cure.
    expect(unexplainedIn(evaluations)).toEqual([]);
    for (const [minute, alerts] of Object.entries(at)) {
      expect([minute, ...raisedAt(evaluations, Number(minute) * 60)]).toEqual([minute, ...alerts.flat().toSorted()]);
    }
    expect(sent.flatMap(toldAnew)).toEqual(told);
    if (curedSeconds === undefined) return;
    const endsBy = curedSeconds + POLL_SECONDS + SCRAPE_SECONDS + GROUP_INTERVAL_SECONDS;
    const pages = sent.filter(({ receiver }) => receiver === 'page');
    expect(pages.filter(({ atSeconds, firing }) => firing.length > 0 && atSeconds > curedSeconds)).toEqual([]);
    expect(pages.filter(({ atSeconds, firing }) => firing.length === 0 && atSeconds > endsBy)).toEqual([]);
    expect(pages.at(-1)?.firing ?? []).toEqual([]);
  });

  test('docs/notifications.md says the same (npm run goldens writes it)', () => {
    const generated = partOfSections(PAGE, TELLS, sections);
    expect(partOf(PAGE, generated)).toBe(generated);
  });
});

test('the causes that are one message in all groups are causes, and the others are not forgotten', () => {
  const named = SHIPPED.route.routes?.flatMap(({ matchers = [] }) =>
    matchers.flatMap((matcher) => /^cause=~"(?<causes>.*)"$/u.exec(matcher)?.groups?.['causes']?.split('|') ?? []),
  );
  const known: readonly string[] = EXPLANATION_CAUSES;
  expect(named?.filter((cause) => !known.includes(cause))).toEqual([]);
  // Of single GMs, or of one group: whoever adds a cause decides to which it belongs.
  expect(known.filter((cause) => named?.includes(cause) !== true)).toEqual([
    'name_shared',
    'clock',
    'unauthorized',
    'registration_refused',
    'operator_clear',
    'interface_flap',
    'without_tek',
    'old_kek_in_use',
    'ejected',
    'path_loss',
    'not_registered',
    'without_kek',
    'keys_differ',
    'replay_errors',
    'reregistered',
  ]);
});

function lastEvaluation({ atSeconds }: Notification): number {
  return Math.floor((atSeconds - 1) / SCRAPE_SECONDS) * SCRAPE_SECONDS;
}

const nameOf = (labels: AlertLabels) =>
  labels.get('alertname') === 'GdoiIncident' ? (labels.get('cause') ?? '') : (labels.get('alertname') ?? '');

function toldAnew(message: Notification): readonly string[] {
  const { receiver, firing } = message;
  return firing.length === 0 ? [] : [`${receiver} ${firing.map(nameOf).join(' + ')}`];
}

/** promtool's scrapes begin at the epoch: `as seen at 1970-01-01 00:03:00 +0000 UTC`. */
function fromTheStart(words: string): string {
  return words.replace(
    /(?<=, as seen )at (?<date>1970-\d\d-\d\d) (?<time>[\d:]+) \+0000 UTC/u,
    (_whole, date: string, time: string) => `${durationText(Date.parse(`${date}T${time}Z`) / 1000)} after the start`,
  );
}

interface Messages extends Told {
  readonly minutes: number;
  readonly sent: readonly Notification[];
}

function sectionOf(scenario: ScenarioName, { minutes, sent, evaluations, words }: Messages): string {
  const rows = sent.map((message) => {
    const at = lastEvaluation(message);
    const firing = message.firing.map((labels) => `**${nameOf(labels)}**: ${fromTheStart(words(labels, at))}`);
    const resolved = message.resolved.map((labels) => `${nameOf(labels)} is over (${labels.get('group') ?? ''})`);
    return [durationText(message.atSeconds), message.receiver, [...firing, ...resolved].join('; ')];
  });
  const count = (receiver: string) =>
    sent.filter((message) => message.receiver === receiver && message.firing.length > 0).length;
  const sum = `In ${minutes} minutes: ${count('page')} for the pager, ${count('ticket')} for tickets, ${count('log')} for the log.`;
  return [
    `## ${scenario}`,
    scenarioNamed(scenario).description,
    ...(rows.length === 0 ? ['Nobody is told anything.'] : [table(['after', 'to', 'message'], rows), sum]),
    ...mutedText(evaluations),
  ].join('\n\n');
}

/** Alerts that fired and were told nobody, with whom they were about. */
function mutedText(evaluations: Told['evaluations']): readonly string[] {
  const muted = new Map<string, Set<string>>();
  for (const { firing } of evaluations) {
    for (const alert of firing.filter((labels) => mutedBy(labels, firing).length > 0)) {
      const name = `${alert.get('alertname') ?? ''} ${alert.get('severity') ?? ''}`;
      const about = muted.get(name) ?? new Set();
      muted.set(name, about.add(alert.get('device') ?? alert.get('member') ?? alert.get('group') ?? ''));
    }
  }
  const texts = [...muted].map(([name, about]) => `${name} (${[...about].join(', ')})`);
  return texts.length === 0 ? [] : [`Muted by what explains it: ${texts.toSorted().join(', ')}.`];
}
