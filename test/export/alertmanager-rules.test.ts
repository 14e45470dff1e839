/**
 * What is pushed and what the rules tell is one alert to Alertmanager only if no label differs. So Prometheus's own
 * rule engine evaluates the rules on what the agent exports for an occurrence, and what fires has to be what is pushed.
 */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { addedLabels, alertLabels } from '../../src/export/alertmanager/alert-message.ts';
import {
  type AlertChange,
  alertsOf,
  ENDED_BY_EVENTS,
  PUSHED_RULES,
} from '../../src/export/alertmanager/alerts-of-event.ts';
import { CAUSES, EVENT_TYPES, type EventType, type GdoiEvent } from '../../src/gdoi/events/event.ts';
import { missing, RULES_FILE, testRules } from '../dashboards/promtool.ts';
import { anEventOfType, rekeyed, rekeyOverdue, reregistered } from './alertmanager-events.ts';

const PUSHED = Object.keys(PUSHED_RULES);
const TARGET = { job: 'gdoiwatch', instance: '127.0.0.1:9848' };

function firing(changes: readonly AlertChange[]): string[] {
  return changes.flatMap(({ kind, alert }) => (kind === 'fires' ? [`${alert.alertname} ${alert.severity}`] : []));
}

function ended(changes: readonly AlertChange[]): string[] {
  return changes.flatMap(({ kind, alert }) => (kind === 'ends' ? [alert.alertname] : []));
}

interface Occurrence {
  readonly title: string;
  readonly event: GdoiEvent;
  /** Series and values, one every 30 s, as the agent exports them; the labels of the scrape are added. */
  readonly exported: Readonly<Record<string, string>>;
}

const GM = 'device="gm1",group="G1"';
const KS = 'device="ks1",group="G1"';

function reregistrations(cause: string, counts: string): Occurrence['exported'] {
  return {
    [`gdoi_gm_reregistrations_total{${GM},unexpected="true"}`]: counts,
    [`gdoi_gm_reregistrations_total{${GM},unexpected="false"}`]: '0x30',
    [`gdoi_gm_last_reregistration_timestamp_seconds{${GM},cause="${cause}",unexpected="true"}`]: '_x9 300x20',
    [`gdoi_ks_kek_lifetime_seconds{${KS}}`]: '86400x30',
  };
}

const OCCURRENCES: readonly Occurrence[] = [
  {
    title: 'an unexpected re-registration',
    event: reregistered('tek_expired'),
    exported: reregistrations('tek_expired', '0x9 1x20'),
  },
  {
    title: 'the third one within an hour',
    event: reregistered('unknown', { repeated: true }),
    exported: reregistrations('unknown', '0x5 1 2 3x22'),
  },
  {
    title: 'one that an old KS causes',
    event: reregistered('legacy_ks'),
    exported: reregistrations('legacy_ks', '0x9 1x20'),
  },
  {
    title: 'an overdue KEK rekey',
    event: rekeyOverdue(),
    exported: {
      [`gdoi_gm_kek_rekey_overdue{${GM}}`]: '1x30',
      [`gdoi_gm_kek_expiry_timestamp_seconds{${GM}}`]: '700x30',
    },
  },
  {
    title: 'an expired KEK in use',
    event: anEventOfType('kek_expired_in_use', { severity: 'critical' }),
    exported: {
      [`gdoi_gm_kek_matches_ks{${GM}}`]: '0x30',
      [`gdoi_gm_kek_present{${GM}}`]: '1x30',
    },
  },
  {
    title: 'TEKs that differ, on one GM',
    event: anEventOfType('tek_divergence', { severity: 'critical' }),
    exported: { 'gdoi_group_divergent_members{group="G1"}': '1x30' },
  },
  {
    title: 'two primaries',
    event: anEventOfType('coop_split', { severity: 'critical', device: null }),
    exported: { 'gdoi_group_coop_split{group="G1"}': '1x30' },
  },
];

function braces(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',');
}

describe.skipIf(missing('promtool'))('what is pushed has the labels and the severity of what the rules tell', () => {
  test.each(OCCURRENCES.map((one) => [one.title, one] as const))('%s', async (title, { event, exported }) => {
    const pushed = alertsOf(event).flatMap(({ kind, alert }) =>
      kind === 'fires' ? [alertLabels(alert, addedLabels(TARGET))] : [],
    );
    expect(pushed).not.toEqual([]);
    const said = await testRules(
      [
        {
          name: title,
          interval: '30s',
          input_series: Object.entries(exported).map(([series, values]) => ({
            series: series.replace('}', `,${braces(TARGET)}}`),
            values,
          })),
          promql_expr_test: [
            {
              expr: `ALERTS{alertstate="firing",alertname=~"${PUSHED.join('|')}"}`,
              eval_time: '8m',
              exp_samples: pushed.map((labels) => ({
                labels: `ALERTS{alertstate="firing",${braces(labels)}}`,
                value: 1,
              })),
            },
          ],
        },
      ],
      '30s',
    );
    expect(said).toBe('');
  });
});

describe('the rules', () => {
  test('every alert that is pushed is held against its rule', () => {
    const held = OCCURRENCES.flatMap(({ event }) => alertsOf(event)).map(({ alert }) => alert.alertname);
    expect(PUSHED.filter((name) => !held.some((alert) => alert === name))).toEqual([]);
  });

  test('take over, however long they wait, while what was pushed fires', async () => {
    const { groups } = parse(await readFile(RULES_FILE, 'utf8')) as {
      groups: { rules: { alert?: string; for?: string }[] }[];
    };
    for (const { alert, for: wait = '0m' } of groups.flatMap(({ rules }) => rules)) {
      const pushed = Object.entries(PUSHED_RULES).find(([name]) => name === alert)?.[1];
      if (pushed === undefined) continue;
      expect(wait).toMatch(/^\d+m$/);
      // Two minutes for a scrape and an evaluation.
      expect((Number.parseInt(wait, 10) + 2) * 60_000).toBeLessThan(pushed.holdMs);
    }
  });
});

/** Events that raise no alert by push, and why. */
const LEFT_TO_THE_RULES = {
  kek_rekey: 'it ends alerts',
  registration_restored: 'good news; what it ends is not pushed',
  registration_lost: 'GdoiGmNotRegistered waits 3 minutes: a GM that boots or re-registers is through before that',
  registration_failed: 'GdoiGmNotRegistered waits 3 minutes: the next attempt may succeed',
  kek_missing: 'GdoiGmWithoutKek waits 2 minutes: up to 80 s after an expiry the GM heals itself',
  mixed_versions: 'GdoiMixedVersions waits 5 minutes: a finding for working hours',
  coop_peer_lost:
    'GdoiCoopPeerDown waits 2 minutes, and names the KS that misses the peer, where the event names the peer',
  unreachable:
    'GdoiDeviceUnreachable waits 5 minutes and GdoiKeyServerUnreachable 3: three failed polls may be one blip; the latter needs the view of the group',
  reachable: 'good news',
  reload: 'expected; many of them are a storm, which the rules count',
  counters_reset: 'expected',
  ks_role_changed: 'has no alert: what a failover breaks has',
  data_problem: 'has no alert: a defect of device or parser',
  tek_missing: 'GdoiGmWithoutTek waits 2 minutes: a registration under way installs its TEKs at once',
  tek_rekey_overdue: 'GdoiTekRekeyOverdue is left to the rules: the GM heals itself within minutes',
  member_ejected: 'GdoiGmEjected waits a minute, and counts what the KSs list',
  replay_errors: 'GdoiReplayErrors waits 5 minutes: single packets are late on every network',
} as const satisfies Partial<Record<EventType, string>>;

describe('an event', () => {
  test.each(Object.entries(LEFT_TO_THE_RULES))('%s raises nothing: %s', (type, reason) => {
    expect(reason).not.toBe('');
    for (const severity of ['info', 'warning', 'critical'] as const) {
      expect(firing(alertsOf(anEventOfType(type as GdoiEvent['type'], { severity })))).toEqual([]);
    }
  });

  test('of any other type raises something', () => {
    const raising = OCCURRENCES.map(({ event }) => event.type);
    const left = Object.keys(LEFT_TO_THE_RULES);
    expect([...new Set([...raising, ...left])].toSorted()).toEqual(EVENT_TYPES.toSorted());
  });

  test.each(CAUSES)('a re-registration by %s is pushed when it is unexpected, and only then', (cause) => {
    const event = reregistered(cause);
    const told = firing(alertsOf(event)).includes('GdoiUnexpectedReregistration warning');
    expect(told).toBe(event.unexpected);
  });

  test('the third re-registration within an hour is pushed as both of its rules have it', () => {
    expect(firing(alertsOf(reregistered('unknown', { repeated: true })))).toEqual([
      'GdoiUnexpectedReregistration warning',
      'GdoiUnexpectedReregistration critical',
    ]);
  });

  test.each([
    ['a new KEK by rekey', rekeyed()],
    ['a KEK that expired', anEventOfType('kek_missing', { severity: 'warning' })],
    ['a re-registration', reregistered('kek_missed_rekey')],
    ['an expected re-registration', reregistered('reload')],
  ])('%s ends what is told of the old KEK', (_, event) => {
    expect(ended(alertsOf(event))).toEqual(ENDED_BY_EVENTS);
  });

  test('a re-registration with an old KS gives the old KEK again and ends nothing', () => {
    expect(ended(alertsOf(reregistered('legacy_ks')))).toEqual([]);
  });
});
