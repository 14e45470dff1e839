import { UIDS } from '../../dashboards/grafana/links.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Explanation } from '../../src/gdoi/explain/explanation.ts';
import { aReport, NOON, viewAfter } from '../builders/view-builder.ts';
import { anEvent } from '../builders/event-builder.ts';
import { fleet as aGroup, gmInFleet } from '../builders/health-builders.ts';
import { polledGm } from '../http/served.ts';
import { chromiumMissing, emptyFleet, lookAgain, PATIENCE_WITH_PAGES, wordsOf } from './browser.ts';
import { pageUnderTest } from './page-under-test.ts';
import { aKek, aKs, aKsKekOfADay } from '../builders/snapshots.ts';

/** It alone tells where the rekeys got lost. */
const LOST_ON_THE_PATH: Explanation = {
  cause: 'path_loss',
  phase: 'present',
  status: 'warning',
  sinceMs: NOON,
  summary: 'Rekeys to gm2 get lost on the path',
  consequence: null,
  deadlineMs: null,
  confidence: 'certain',
  knownAtMs: null,
  firstStep: null,
  scope: ['gm2'],
  evidence: [],
  explains: [],
};

describe.skipIf(chromiumMissing())('if Grafana is configured', () => {
  const under = pageUnderTest({ grafanaUrl: () => 'https://grafana.example.net/g' });
  const link = (text: string) => under.tab.page.getByRole('link', { name: text });
  const led = async (text: string) => {
    const url = new URL((await link(text).getAttribute('href', PATIENCE_WITH_PAGES)) ?? '');
    return [`${url.origin}${url.pathname}`, Object.fromEntries(url.searchParams)];
  };

  test('group and device lead to their dashboards, with their variables and this agent', async () => {
    under.served.fleet.set(polledGm('gm 1'));
    under.served.fleet.setGroup(aGroup({ gms: [gmInFleet({ device: 'gm 1' })] }));
    const agent = { 'var-agent_url': new URL(under.served.url).origin };
    await under.tab.open('/groups/G1');
    expect(await led('This group in Grafana')).toEqual([
      `https://grafana.example.net/g/d/${UIDS.group}`,
      { 'var-group': 'G1', ...agent },
    ]);
    expect(await link('This group in Grafana').getAttribute('rel')).toBe('noopener');
    await under.tab.open('/devices/gm%201');
    expect(await led('This device in Grafana')).toEqual([
      `https://grafana.example.net/g/d/${UIDS.device}`,
      { 'var-device': 'gm 1', ...agent },
    ]);
  });
});

describe.skipIf(chromiumMissing())('a group', () => {
  const under = pageUnderTest();
  beforeEach(() => {
    emptyFleet(under.served);
    under.clock.putBack();
  });

  /** GMs by the seconds that their KEK lasts. */
  function group(lasting: Readonly<Record<string, number>>, over: Parameters<typeof aGroup>[0] = {}) {
    for (const [name, seconds] of Object.entries(lasting))
      under.served.fleet.set(polledGm(name, { kek: aKek(seconds) }));
    const gms = Object.keys(lasting).map((device) => gmInFleet({ device }));
    under.served.fleet.setGroup(aGroup({ gms, members: gms.length, ...over }));
  }

  const row = (name: string) =>
    under.tab.page.locator('.members tbody tr', { has: under.tab.page.getByText(name, { exact: true }) });
  /** Left and right edge of something drawn in a member's row, in pixels. */
  async function edges(name: string, selector: string) {
    const box = await row(name).locator(selector).boundingBox();
    if (box === null) throw new Error(`${selector} of ${name} is not drawn`);
    return { left: box.x, right: box.x + box.width };
  }
  const phase = (name: string) => row(name).locator('.track').getAttribute('data-stage');

  test('draws each member on its own KEK: before its rekey, late in the window, expired', async () => {
    group({ healthy: 5000, late: 150, last: 20, waiting: 210 });
    await under.tab.open('/groups/G1');
    await row('late').waitFor();
    const now = async (name: string) => (await edges(name, 'circle.now')).left + 5;
    expect(await now('healthy')).toBeLessThan((await edges('healthy', 'rect.due')).left);
    const window = await edges('late', 'rect.missed');
    expect(await now('late')).toBeGreaterThan(window.left);
    expect(await now('late')).toBeLessThan(window.right);
    expect(await now('waiting')).toBeLessThan(window.left);
    expect(await now('last')).toBeGreaterThan(window.right);
    expect(await Promise.all(['healthy', 'waiting', 'late', 'last'].map(phase))).toEqual([
      'valid',
      'rekey_due',
      'missed_window',
      'window_over',
    ]);
    under.clock.putForward(60_000);
    await lookAgain(under.tab);
    await expect.poll(() => phase('last'), PATIENCE_WITH_PAGES).toBe('expiry_window');
    expect(await now('last')).toBeGreaterThan((await edges('last', 'rect.expiring')).left);
  });

  test('the countdown of a healthy member runs, and says so', async () => {
    group({ gm1: 5000 });
    await under.tab.open('/groups/G1');
    await row('gm1').waitFor();
    expect(await wordsOf(under.tab.page, '.members thead th')).toContain('Re-registers, unless rekeyed');
  });

  test('now moves: a member that gets no rekey goes to the right, a new KEK puts it back to the left', async () => {
    group({ gm1: 220 });
    await under.tab.open('/groups/G1');
    await row('gm1').waitFor();
    const before = (await edges('gm1', 'circle.now')).left;
    await expect
      .poll(async () => (await edges('gm1', 'circle.now')).left, PATIENCE_WITH_PAGES)
      .toBeGreaterThan(before + 2);
    group({ gm1: 86_400 });
    await lookAgain(under.tab);
    await expect.poll(async () => (await edges('gm1', 'circle.now')).left, PATIENCE_WITH_PAGES).toBeLessThan(before);
  });

  test('says who is at risk, missed the rekey, is not polled or not listed, and whether the KSs agree', async () => {
    const key = aKsKekOfADay(5000);
    under.served.fleet.set({
      ...viewAfter(aReport({ 'show crypto gdoi': [aKs({ localRole: 'primary', kek: key })] })),
      device: 'ks1',
    });
    group(
      { gm1: 5000, gm2: 150 },
      {
        gms: [gmInFleet(), gmInFleet({ device: 'gm2', kekMatchesKs: false })],
        rekeyLoss: { where: 'path', gms: ['gm2'], share: 0.5, evidence: ['1 of 2'] },
        explanations: [LOST_ON_THE_PATH],
        notPolled: ['10.0.0.9'],
        notListed: ['gm1'],
        mixedVersions: {
          legacyKss: [{ device: 'ks1', version: '15.1(4)M8' }],
          sending: ['ks1'],
          affectedGms: ['gm1', 'gm2'],
        },
        coopSplit: { primaries: ['ks1', 'ks2'], sinceMs: under.clock.wallMs() },
        separateKeyServers: [['ks1'], ['ks2']],
      },
    );
    await under.tab.open('/groups/G1');
    await row('gm2').waitFor();
    const facts = Object.fromEntries(
      (await wordsOf(under.tab.page, '.facts > div')).map((text) => [text.slice(0, 12), text] as const),
    );
    expect(Object.values(facts)).toEqual(
      expect.arrayContaining([
        'Rekey overdue, or missed in the last 10 min gm2 the loss is on the path',
        'Listed by a KS, matched to no device 10.0.0.9',
        'Registered, listed by no KS gm1',
        'Mixed versions upgrade ks1 (15.1(4)M8); until then 2 GMs re-register twice in every KEK cycle',
        'COOP split: ks1, ks2 are both primary',
      ]),
    );
    expect(await wordsOf(under.tab.page, 'main .note.refused')).toEqual([
      'KSs ks1, ks2 share no peer, no KEK and no member: two groups of one name? Give their devices cells',
    ]);
    expect(await wordsOf(under.tab.page, '.risk li')).toEqual([
      expect.stringMatching(/^. warning gm1: registered, but no KS lists it/u),
      expect.stringMatching(/^. (warning|critical) gm2: does not hold/u),
    ]);
    expect(await wordsOf(under.tab.page, '.members tbody tr')).toEqual([
      expect.stringMatching(/^. critical ks1 .* primary /u),
      expect.stringContaining('gm2'),
      expect.stringContaining('gm1'),
    ]);
  });

  test('members with the same KEK are in natural order, however its end was read; one whose KEK ends earlier is first', async () => {
    group({ gm10: 5003, gm2: 5000, gm1: 5002, gm9: 4000 });
    await under.tab.open('/groups/G1');
    await row('gm10').waitFor();
    const names = await wordsOf(under.tab.page, '.members tbody th');
    expect(names).toEqual(['ks1', 'gm9', 'gm1', 'gm2', 'gm10']);
  });

  test('draws the keys of 40 members over the chosen span on a phone, and says the same in words', async () => {
    group(Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`gm${n + 1}`, 5000])));
    await under.served.happens(
      anEvent({
        id: 'r',
        device: 'gm3',
        type: 'reregistration',
        cause: 'tek_expired',
        atMs: under.clock.wallMs() - 600_000,
      }),
    );
    await under.tab.page.setViewportSize({ width: 375, height: 800 });
    await under.tab.open('/groups/G1');
    const picture = under.tab.page.getByRole('img', { name: 'Keys of the group' });
    await expect.poll(() => picture.locator('circle.unexpected').count(), PATIENCE_WITH_PAGES).toBe(1);
    expect(await picture.locator('rect.kek').count()).toBeGreaterThanOrEqual(40);
    expect(await picture.locator('desc').textContent()).toBe(
      '41 members, 1 unexpected re-registration (gm3), 0 incidents',
    );
    expect(await under.tab.page.evaluate<number>('document.documentElement.scrollWidth')).toBe(375);
    await under.tab.page.getByText('In words').click();
    expect(await wordsOf(under.tab.page, '.key-history details li')).toContainEqual(
      expect.stringMatching(/^GM gm3: KEK until .*; re-registered: tek_expired, /u),
    );
    await under.tab.page.getByLabel('KEKs, TEKs and re-registrations of').selectOption('the last hour');
    await expect.poll(() => picture.locator('circle.unexpected').count(), PATIENCE_WITH_PAGES).toBe(1);
    await under.tab.page.setViewportSize({ width: 1280, height: 720 });
  });

  test('of one name in two cells differ in every link, and in the address', async () => {
    for (const [device, cell] of [
      ['gm-acme', 'acme'],
      ['gm-ours', 'default'],
    ] as const) {
      under.served.fleet.set({ ...polledGm(device, { kek: aKek(5000) }), cell });
      under.served.fleet.setGroup(aGroup({ cell, gms: [gmInFleet({ device })] }));
    }
    await under.served.happens(anEvent({ id: 'e', device: 'gm-acme', cell: 'acme' }));
    const links = (within: string) =>
      under.tab.page
        .locator(`${within} a[href^="/groups/"]`)
        .evaluateAll((found) => found.map((a) => a.getAttribute('href')));
    const ofAcme = '/groups/G1?cell=acme';
    const ours = '/groups/G1?cell=default';

    await under.tab.open('/groups');
    await expect.poll(() => wordsOf(under.tab.page, '.cards h3 a'), PATIENCE_WITH_PAGES).toEqual(['G1 (acme)', 'G1']);
    expect(await links('.cards')).toEqual([ofAcme, ours]);

    await under.tab.page.getByRole('link', { name: 'G1 (acme)' }).click();
    await row('gm-acme').waitFor();
    expect(under.tab.page.url()).toBe(under.served.url + ofAcme);
    expect(await wordsOf(under.tab.page, 'h1')).toEqual([expect.stringMatching(/^Group G1, cell acme /)]);
    expect(await row('gm-ours').count()).toBe(0);
    await under.tab.page.getByText('All events of this group').click();
    await expect.poll(() => links('.events'), PATIENCE_WITH_PAGES).toEqual([ofAcme]);
    expect(under.tab.page.url()).toBe(`${under.served.url}/events?group=G1&cell=acme`);
    expect(await under.tab.page.getByLabel('Cell').inputValue()).toBe('acme');

    await under.tab.open('/devices/gm-ours');
    await expect.poll(() => links('.part'), PATIENCE_WITH_PAGES).toEqual([ours]);
    await under.tab.open('/');
    await expect.poll(() => links('.c-groups'), PATIENCE_WITH_PAGES).toEqual(expect.arrayContaining([ofAcme, ours]));
  });

  test('of 1,000 members draws a hundred, and all on request', async () => {
    group(Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`gm${n}`, n === 500 ? 150 : 5000])));
    await under.tab.open('/groups/G1');
    const rows = under.tab.page.locator('.members tbody tr');
    await expect.poll(() => rows.count(), PATIENCE_WITH_PAGES).toBe(101);
    expect(await wordsOf(under.tab.page, '.members tbody th')).toContain('gm500');
    await under.tab.page.getByRole('button', { name: 'Show all 1000 GMs' }).click();
    await expect.poll(() => rows.count(), PATIENCE_WITH_PAGES).toBe(1001);
  });
});
