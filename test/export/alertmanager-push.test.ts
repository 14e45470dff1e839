/** The push as Alertmanager meets it: what is one request, what is tried again, and what its troubles cost. */
import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import {
  type AlertDestinations,
  type AlertmanagerPush,
  createAlertmanagerPush,
} from '../../src/export/alertmanager/alertmanager-push.ts';
import { alertsOf } from '../../src/export/alertmanager/alerts-of-event.ts';
import { FiringAlerts } from '../../src/export/alertmanager/firing-alerts.ts';
import { pushMetrics } from '../../src/export/alertmanager/push-metrics.ts';
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { rekeyed, rekeyOverdue, reregistered } from './alertmanager-events.ts';
import { AlertmanagerServer, cutOff, silence, status, taken } from './alertmanager-server.ts';
import { PATIENCE } from '../builders/patience.ts';

const MINUTE_MS = 60_000;
const NOW = '2026-01-01T00:00:00Z';

function setUp(servers: readonly AlertmanagerServer[], changes: Partial<AlertDestinations> = {}, random = 1) {
  const clock = new FakeClock(Date.parse(NOW));
  const logger = new MemoryLogger();
  const destinations = {
    apiUrls: servers.map(({ apiUrl }) => apiUrl),
    basicAuth: null,
    labels: { job: 'gdoiwatch', instance: 'agent:9848' },
    ...changes,
  };
  // Waits are as long as they can be, unless told otherwise.
  const push = createAlertmanagerPush({
    destinations,
    clock,
    random: () => random,
    logger,
    generatorUrl: () => 'http://agent:9848',
  });
  return { clock, destinations, logger, push };
}

/** Of the only Alertmanager there is. */
function statusOf(push: AlertmanagerPush) {
  const [first] = push.status().alertmanagers;
  if (first === undefined) throw new Error('no Alertmanager');
  return first;
}

/** Each minute has a request that fails, while there is something to tell. */
async function outage(clock: FakeClock, push: AlertmanagerPush, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    const { failed } = statusOf(push);
    await clock.advance(MINUTE_MS);
    await until(() => statusOf(push).failed > failed || statusOf(push).dropped.expired > 0);
  }
}

/** The same on gm0, gm1 and so on. */
function onDevices(event: GdoiEvent, count: number): readonly GdoiEvent[] {
  return Array.from({ length: count }, (_, n) => ({ ...event, device: `gm${n}` }));
}

const until = (condition: () => boolean) => vi.waitUntil(condition, PATIENCE);
const names = (server: AlertmanagerServer) =>
  server.posted.map(({ alerts }) => alerts.map(({ labels }) => `${labels['alertname']} ${labels['device']}`));

describe('what is pushed', () => {
  test('events of several groups are one request to each Alertmanager', async () => {
    await using first = await AlertmanagerServer.start();
    await using second = await AlertmanagerServer.start();
    const { push } = setUp([first, second]);
    await using _push = push;
    push.push([
      reregistered('unknown', { device: 'gm1', group: 'A' }),
      rekeyOverdue({ device: 'gm2', group: 'B' }),
      reregistered('tek_expired', { device: 'gm3', group: 'C' }),
    ]);
    await until(() => first.posted.length > 0 && second.posted.length > 0);
    for (const server of [first, second]) {
      expect(server.posted).toEqual([expect.objectContaining({ path: '/api/v2/alerts', authorization: null })]);
      expect(names(server)).toEqual([
        ['GdoiUnexpectedReregistration gm1', 'GdoiKekRekeyOverdue gm2', 'GdoiUnexpectedReregistration gm3'],
      ]);
    }
    await until(() => push.status().alertmanagers.every(({ sent }) => sent === 3));
  });

  test('an alert says what, since when, until when, and what to do', async () => {
    await using server = await AlertmanagerServer.start();
    const { push } = setUp([server]);
    await using _push = push;
    push.push([reregistered('kek_missed_rekey', { atMs: Date.parse(NOW) - 7000, evidence: ['one', 'two'] })]);
    await until(() => server.posted.length > 0);
    const { summary, action } = reregistered('kek_missed_rekey');
    expect(server.posted[0]?.alerts).toEqual([
      {
        labels: {
          alertname: 'GdoiUnexpectedReregistration',
          severity: 'warning',
          job: 'gdoiwatch',
          device: 'gm1',
          group: 'G1',
          unexpected: 'true',
          cause: 'kek_missed_rekey',
        },
        annotations: {
          summary,
          description: `${summary}; one; two. First step: ${action}.`,
          evidence: 'one\ntwo',
          action,
          runbook_url:
            'https://github.com/gdoiwatch/gdoiwatch/blob/main/dashboards/runbooks/GdoiUnexpectedReregistration.md',
        },
        startsAt: '2025-12-31T23:59:53Z',
        endsAt: '2026-01-01T00:15:00Z',
        generatorURL: 'http://agent:9848/api/v1/events?type=reregistration&device=gm1&group=G1',
      },
    ]);
  });

  test('external labels are on every alert, but replace none of its own', async () => {
    await using server = await AlertmanagerServer.start();
    const { push } = setUp([server], { labels: { job: 'j', instance: 'i', site: 'taipei', device: 'not this' } });
    await using _push = push;
    push.push([reregistered('legacy_ks')]);
    await until(() => server.posted.length > 0);
    expect(server.posted[0]?.alerts.map(({ labels }) => labels)).toEqual([
      expect.objectContaining({ alertname: 'GdoiUnexpectedReregistration', job: 'j', site: 'taipei', device: 'gm1' }),
      // An external label that the rule's alert has not is added by Prometheus, too.
      { alertname: 'GdoiLegacyKeyServer', severity: 'warning', group: 'G1', site: 'taipei', device: 'not this' },
    ]);
  });

  test('the event that ends a state ends its alert, now, and once', async () => {
    await using server = await AlertmanagerServer.start();
    const { clock, push } = setUp([server]);
    await using _push = push;
    push.push([rekeyOverdue()]);
    await until(() => server.posted.length === 1);
    await clock.advance(90_000);
    push.push([rekeyed(), rekeyed()]);
    await until(() => server.posted.length === 2);
    const [[fired], [ended]] = server.posted.map(({ alerts }) => alerts) as [[unknown], [object]];
    expect(ended).toEqual({ ...(fired as object), endsAt: '2026-01-01T00:01:30Z' });
    push.push([rekeyed()]);
    await clock.advance(MINUTE_MS);
    expect(server.posted).toHaveLength(2);
  });

  test('the end of an alert that was never pushed is not pushed', async () => {
    await using server = await AlertmanagerServer.start();
    const { clock, push } = setUp([server]);
    await using _push = push;
    push.push([rekeyed()]);
    push.push([rekeyOverdue({ device: 'gm2' })]);
    await until(() => server.posted.length === 1);
    // By then it has ended by itself.
    await clock.advance(11 * MINUTE_MS);
    push.push([rekeyed({ device: 'gm2' })]);
    push.push([rekeyOverdue({ device: 'gm3' })]);
    await until(() => server.posted.length === 2);
    expect(names(server)).toEqual([['GdoiKekRekeyOverdue gm2'], ['GdoiKekRekeyOverdue gm3']]);
  });
});

describe('an Alertmanager that refuses', () => {
  test.each([
    [400, '"invalid label set"', 'HTTP status 400: "invalid label set"'],
    [401, '', 'HTTP status 401'],
    [302, '', 'HTTP status 302'],
  ])('with %i is not asked again; it is counted and logged with its words, once', async (code, body, reason) => {
    await using elsewhere = await AlertmanagerServer.start();
    await using server = await AlertmanagerServer.start(status(code, body, { location: elsewhere.apiUrl }));
    const { clock, logger, push } = setUp([server], {
      basicAuth: { username: 'gdoi', password: new Secret('planted-secret') },
    });
    await using _push = push;
    push.push([reregistered('unknown'), reregistered('unknown', { device: 'gm2' })]);
    await until(() => statusOf(push).failed === 1);
    await clock.advance(5 * MINUTE_MS);
    push.push([reregistered('unknown', { device: 'gm3' })]);
    await until(() => statusOf(push).failed === 2);
    expect(server.posted).toHaveLength(2);
    expect(elsewhere.posted).toEqual([]);
    expect(statusOf(push)).toMatchObject({
      sent: 0,
      queued: 0,
      dropped: { refused: 3, expired: 0, overflow: 0 },
      failing: true,
    });
    expect(logger.lines('error')).toEqual([{ url: server.apiUrl, reason }]);
  });

  test('cannot fill the log: its words are one line of bounded length', async () => {
    await using server = await AlertmanagerServer.start(status(400, `a\r\nb\u001B[31m${'x'.repeat(100_000)}`));
    const { push, logger } = setUp([server]);
    await using _push = push;
    push.push([reregistered('unknown')]);
    await until(() => statusOf(push).failed === 1);
    expect(logger.lines('error')).toEqual([
      { url: server.apiUrl, reason: expect.stringMatching(/^HTTP status 400: a b \[31mx{200,400}$/) },
    ]);
  });
});

describe('an Alertmanager in trouble', () => {
  test.each([
    ['answers 500', status(500)],
    ['answers 503', status(503)],
    ['wants it slower', status(429)],
    ['cuts the connection', cutOff],
    ['does not answer in time', silence],
  ])('that %s is told later', async (_, trouble) => {
    await using server = await AlertmanagerServer.start(trouble);
    const { clock, logger, push } = setUp([server]);
    await using _push = push;
    push.push([reregistered('unknown')]);
    await until(() => server.posted.length === 1);
    if (trouble === silence) await clock.advance(5000);
    await until(() => statusOf(push).failed === 1);
    server.answer = taken;
    await clock.advance(1000);
    await until(() => statusOf(push).sent === 1);
    expect(server.posted[1]).toEqual(server.posted[0]);
    expect(statusOf(push)).toMatchObject({ failed: 1, queued: 0, failing: false });
    expect(logger.messages('error')).toEqual(['Alertmanager does not accept alerts']);
    expect(logger.messages('info')).toEqual(['Alertmanager accepts alerts again']);
  });

  test('is left alone longer and longer, up to a minute', async () => {
    await using server = await AlertmanagerServer.start(status(500));
    const { clock, logger, push } = setUp([server]);
    await using _push = push;
    push.push([reregistered('unknown')]);
    const waits = [1, 2, 4, 8, 16, 32, 60, 60];
    for (const [tried, seconds] of waits.entries()) {
      await until(() => statusOf(push).failed === tried + 1);
      await clock.advance(seconds * 1000 - 1);
      expect(server.posted).toHaveLength(tried + 1);
      await clock.advance(1);
    }
    expect(logger.messages('error')).toHaveLength(1);
  });

  test('agents do not come back in step: half of the wait is random', async () => {
    await using server = await AlertmanagerServer.start(status(500));
    const { clock, push } = setUp([server], {}, 0);
    await using _push = push;
    push.push([reregistered('unknown')]);
    await until(() => statusOf(push).failed === 1);
    await clock.advance(500);
    expect(await until(() => statusOf(push).failed === 2)).toBe(true);
  });

  test('does not delay another one', async () => {
    await using slow = await AlertmanagerServer.start(silence);
    await using quick = await AlertmanagerServer.start();
    const { clock, push } = setUp([slow, quick]);
    push.push([reregistered('unknown')]);
    await until(() => quick.posted.length === 1 && slow.posted.length === 1);
    push.push([reregistered('unknown', { device: 'gm2' })]);
    await until(() => quick.posted.length === 2);
    expect(slow.posted).toHaveLength(1);
    const closed = push[Symbol.asyncDispose]();
    await clock.advance(2000);
    await closed;
  });

  test('gets the latest state of each alert, and nothing that is over', async () => {
    await using server = await AlertmanagerServer.start(status(500));
    const { clock, push } = setUp([server]);
    await using _push = push;
    push.push([reregistered('unknown', { device: 'gm1' })]);
    await outage(clock, push, 10);
    push.push([rekeyOverdue({ device: 'gm2' }), rekeyOverdue({ device: 'gm3' })]);
    push.push([rekeyed({ device: 'gm3' })]);
    await outage(clock, push, 6);
    server.answer = taken;
    await clock.advance(MINUTE_MS);
    await until(() => statusOf(push).sent === 2);
    expect(names(server).at(-1)).toEqual(['GdoiKekRekeyOverdue gm2', 'GdoiKekRekeyOverdue gm3']);
    const ends = server.posted.at(-1)?.alerts.map(({ endsAt }) => endsAt);
    expect(ends).toEqual(['2026-01-01T00:20:00Z', '2026-01-01T00:10:00Z']);
    expect(statusOf(push).dropped.expired).toBe(1);
  });

  test('misses what was over before it came back, and that is counted', async () => {
    await using server = await AlertmanagerServer.start(status(500));
    const { clock, push } = setUp([server]);
    await using _push = push;
    push.push([reregistered('unknown')]);
    await outage(clock, push, 16);
    expect(statusOf(push)).toMatchObject({ sent: 0, queued: 0, dropped: { expired: 1 } });
  });

  test('costs a bounded queue: the oldest are dropped and counted', async () => {
    await using server = await AlertmanagerServer.start(status(500));
    const { clock, push } = setUp([server]);
    await using _push = push;
    push.push(onDevices(reregistered('unknown'), 10_003));
    await until(() => statusOf(push).failed === 1);
    expect(statusOf(push)).toMatchObject({ queued: 10_000, dropped: { overflow: 3 } });
    server.answer = taken;
    await clock.advance(1000);
    await until(() => statusOf(push).sent === 10_000);
    expect(names(server)[1]?.[0]).toBe('GdoiUnexpectedReregistration gm3');
    expect(Math.max(...server.posted.map(({ alerts }) => alerts.length))).toBe(500);
  });

  test('that is not there at all leaves no rejection behind', async () => {
    const gone = await AlertmanagerServer.start();
    const { apiUrl } = gone;
    await gone[Symbol.asyncDispose]();
    const { push, logger } = setUp([], { apiUrls: [apiUrl] });
    await using _push = push;
    push.push([reregistered('unknown')]);
    await until(() => statusOf(push).failed === 1);
    expect(logger.lines('error')).toEqual([{ url: apiUrl, reason: 'ECONNREFUSED' }]);
  });
});

describe('another configuration', () => {
  test('takes effect at once: an Alertmanager that is new, one that goes, another password, other labels', async () => {
    await using stays = await AlertmanagerServer.start();
    await using goes = await AlertmanagerServer.start();
    await using comes = await AlertmanagerServer.start();
    const { destinations, push } = setUp([stays, goes]);
    await using _push = push;
    push.push([rekeyOverdue()]);
    await until(() => stays.posted.length === 1 && goes.posted.length === 1);
    await push.configure({
      apiUrls: [stays.apiUrl, comes.apiUrl],
      basicAuth: { username: 'gdoi', password: new Secret('pw') },
      labels: { ...destinations.labels, site: 'taipei' },
    });
    push.push([rekeyed(), rekeyOverdue({ device: 'gm2' })]);
    await until(() => stays.posted.length === 2 && comes.posted.length === 1);
    expect(goes.posted).toHaveLength(1);
    const [ended, fired] = stays.posted[1]?.alerts ?? [];
    // What fires ends as the alert that it began as.
    expect(ended?.labels).toEqual(stays.posted[0]?.alerts[0]?.labels);
    expect(fired?.labels).toMatchObject({ device: 'gm2', site: 'taipei' });
    expect(stays.posted[1]?.authorization).toMatch(/^Basic /);
    await until(() => push.status().alertmanagers.every(({ sent }) => sent > 0));
    expect(push.status().alertmanagers).toMatchObject([
      { url: stays.apiUrl, sent: 3 },
      { url: comes.apiUrl, sent: 2 },
    ]);
  });

  test('without Alertmanagers costs nothing, and they can come back', async () => {
    await using server = await AlertmanagerServer.start();
    const { destinations, push } = setUp([server]);
    await using _push = push;
    await push.configure(null);
    push.push([reregistered('unknown')]);
    expect(push.status().alertmanagers).toEqual([]);
    await push.configure(destinations);
    push.push([reregistered('unknown', { device: 'gm2' })]);
    await until(() => statusOf(push).sent === 1);
    expect(names(server)).toEqual([['GdoiUnexpectedReregistration gm2']]);
  });
});

test('more firing alerts than are remembered end by themselves, and that is counted', () => {
  const firing = new FiringAlerts(() => 'http://agent:9848');
  const nowMs = Date.parse(NOW);
  const take = (event: GdoiEvent) => alertsOf(event).flatMap((change) => firing.take(change, nowMs) ?? []);
  for (const event of onDevices(rekeyOverdue(), 20_001)) take(event);
  expect(firing.forgotten).toBe(1);
  expect(take(rekeyed({ device: 'gm0' }))).toEqual([]);
  expect(take(rekeyed({ device: 'gm1' }))).toHaveLength(1);
});

describe('the end of the agent', () => {
  test('waits for what is queued, without the wait after a failure', async () => {
    await using server = await AlertmanagerServer.start(status(500));
    const { logger, push } = setUp([server]);
    push.push([reregistered('unknown')]);
    await until(() => statusOf(push).failed === 1);
    server.answer = taken;
    await push[Symbol.asyncDispose]();
    expect(logger.messages('info')).toEqual(['Alertmanager accepts alerts again']);
    expect(logger.messages('warn')).toEqual([]);
    expect(server.posted).toHaveLength(2);
  });

  test('waits two seconds at most, and reports what was not pushed', async () => {
    await using server = await AlertmanagerServer.start(silence);
    const { clock, logger, push } = setUp([server]);
    push.push([reregistered('unknown')]);
    await until(() => server.posted.length === 1);
    const closed = push[Symbol.asyncDispose]();
    await clock.advance(2000);
    await closed;
    expect(logger.lines('warn')).toEqual([{ url: server.apiUrl, alerts: 1 }]);
  });
});

describe('a password', () => {
  test('is sent, and shown nowhere', async () => {
    await using server = await AlertmanagerServer.start();
    const { logger, push } = setUp([server], {
      basicAuth: { username: 'gdoi', password: new Secret('planted-secret') },
    });
    await using _push = push;
    push.push([reregistered('unknown')]);
    await until(() => server.posted.length === 1);
    const sent = server.posted[0]?.authorization ?? '';
    expect(sent).toBe(`Basic ${Buffer.from('gdoi:planted-secret').toString('base64')}`);
    server.answer = (response, request) => response.writeHead(403).end(request.headers.authorization);
    push.push([reregistered('unknown')]);
    await until(() => statusOf(push).failed === 1);
    const log = [...logger.lines('error'), ...logger.lines('warn'), ...logger.lines('info')];
    const shown = inspect([log, push, push.status()], { depth: 10 }) + pushMetrics(push.status());
    expect(shown).toContain('HTTP status 403');
    for (const secret of ['planted-secret', sent.slice('Basic '.length)]) expect(shown).not.toContain(secret);
  });
});

test('metrics show, per Alertmanager, what was accepted and what was not, and why', async () => {
  await using server = await AlertmanagerServer.start(status(400));
  const { push } = setUp([server]);
  await using _push = push;
  push.push([reregistered('unknown')]);
  await until(() => statusOf(push).failed === 1);
  const samples = pushMetrics(push.status())
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const url = server.apiUrl;
  expect(samples).toEqual([
    `gdoi_alertmanager_up{alertmanager="${url}"} 0`,
    `gdoi_alertmanager_alerts_sent_total{alertmanager="${url}"} 0`,
    `gdoi_alertmanager_requests_failed_total{alertmanager="${url}"} 1`,
    `gdoi_alertmanager_alerts_queued{alertmanager="${url}"} 0`,
    `gdoi_alertmanager_alerts_dropped_total{alertmanager="${url}",reason="overflow"} 0`,
    `gdoi_alertmanager_alerts_dropped_total{alertmanager="${url}",reason="expired"} 0`,
    `gdoi_alertmanager_alerts_dropped_total{alertmanager="${url}",reason="refused"} 1`,
    'gdoi_alertmanager_alerts_forgotten_total 0',
  ]);
  expect(pushMetrics({ alertmanagers: [], forgotten: 0 })).toBe('');
});
