/**
 * Random worlds up to the pager, with the shipped rules and the shipped Alertmanager configuration: a fleet in which
 * nothing goes wrong notifies nobody; elsewhere no incident gives a second page, and no page begins after the cure.
 * `npm run bench:pages` checks the same in hundreds of worlds.
 *
 * Moments of the same worlds go to a real Alertmanager, which must send the same notifications as the model of it on
 * which the judgement of all other worlds rests.
 */
import { describe, expect, test, vi } from 'vitest';
import { half } from '../builders/half.ts';
import { PATIENCE_WITH_PROCESSES } from '../builders/patience.ts';
import { notificationsOf } from '../dashboards/alertmanager-model.ts';
import { type AlertLabels, type Evaluation, keyOf } from '../dashboards/evaluated-rules.ts';
import { missing } from '../dashboards/promtool.ts';
import { Receiver, startAlertmanager } from '../dashboards/real-servers.ts';
import { healthyDays } from './pages/healthy-days.ts';
import { pagedWorld, pagesIn, type PagedWorld } from './pages/paged-world.ts';

const SEEDS = half([401, 402, 403, 404]);
const watched = new Map<number, Promise<PagedWorld>>();

/** Each world is watched once, for all tests. */
function paged(seed: number): Promise<PagedWorld> {
  const known = watched.get(seed) ?? pagedWorld(seed, { gms: 4, troubles: 8, hours: 1 });
  watched.set(seed, known);
  return known;
}

describe.skipIf(missing('promtool'))('random worlds up to the pager', () => {
  test('healthy fleets give no explanation, no warning, no ticket and no page', async () => {
    // A COOP pair with KEKs of two hours, and a rekey planned by an operator.
    const { told, kekRekeys, judged, looks } = await healthyDays({ groupDays: 0.05, first: 36, rulesEvery: 1 });
    expect(told).toEqual([]);
    // Something did happen.
    expect(kekRekeys).toBeGreaterThan(0);
    expect(judged).toBeGreaterThan(0.05);
    expect(looks).toBeGreaterThan(100);
  });

  test.each(SEEDS)('world %i sends pages or tickets, and no page is wrong', async (seed) => {
    const { faults, sent } = await paged(seed);
    expect(faults).toEqual([]);
    expect(pagesIn(sent).length + pagesIn(sent, 'ticket').length).toBeGreaterThan(0);
  });
});

const MOMENTS_OF_A_WORLD = 8;
/** All moments are sent at once, so each gets groups and devices of its own. */
const NAMES = ['group', 'device', 'member', 'peer', 'instance'] as const;

/** The moments with the most alerts, each set of alerts once. */
function fullestMoments(evaluations: readonly Evaluation[]): readonly Evaluation[] {
  const different = new Map(evaluations.map((each) => [each.firing.map(keyOf).toSorted().join('\n'), each]));
  return [...different.values()]
    .filter(({ firing }) => firing.length > 0)
    .toSorted((a, b) => b.firing.length - a.firing.length)
    .slice(0, MOMENTS_OF_A_WORLD);
}

function apart(labels: AlertLabels, moment: string): AlertLabels {
  const renamed = NAMES.flatMap((name): [string, string][] => {
    const value = labels.get(name);
    return value === undefined ? [] : [[name, `${moment}-${value}`]];
  });
  return new Map([...labels, ...renamed]);
}

function messageText(to: string, alerts: readonly AlertLabels[]): string {
  return `${to}: ${alerts.map(keyOf).toSorted().join(' ')}`;
}

describe.skipIf(missing('promtool') || missing('prometheus-alertmanager'))('the alerts of random worlds', () => {
  test('give the same notifications from a real Alertmanager as from the model of it', async () => {
    const alerts: AlertLabels[] = [];
    for (const seed of SEEDS) {
      const { evaluations } = await paged(seed);
      for (const [index, { firing }] of fullestMoments(evaluations).entries()) {
        alerts.push(...firing.map((labels) => apart(labels, `${seed}-${index}`)));
      }
    }
    const computed = notificationsOf([{ atSeconds: 0, firing: alerts }], 600)
      .filter(({ receiver }) => receiver !== 'nobody')
      .map(({ receiver, firing }) => messageText(receiver, firing));
    expect(computed.length).toBeGreaterThan(10);
    expect(new Set(computed.map((text) => text.split(':')[0]))).toEqual(new Set(['page', 'ticket', 'log']));

    await using receiver = await Receiver.start();
    await using alertmanager = await startAlertmanager(receiver.address);
    const api = `http://${alertmanager.address}/api/v2`;
    await vi.waitFor(() => fetch(`${api}/status`), PATIENCE_WITH_PROCESSES);
    const response = await fetch(`${api}/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts.map((labels) => ({ labels: Object.fromEntries(labels) }))),
    });
    expect(response.ok).toBe(true);
    const real = () =>
      receiver.told.map(({ receiver: name, alerts: told }) =>
        messageText(
          name,
          told.map(({ labels }) => new Map(Object.entries(labels))),
        ),
      );
    await vi.waitUntil(() => real().length >= computed.length, PATIENCE_WITH_PROCESSES);
    expect(real().toSorted()).toEqual(computed.toSorted());
  });
});
