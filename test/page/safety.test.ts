/** What no page may do: run a device's text, ask another origin, break its policy, shut out a keyboard or a reader. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { NOON } from '../builders/view-builder.ts';
import { fleet as aGroup, gmInFleet } from '../builders/health-builders.ts';
import { polledGm } from '../http/served.ts';
import { aMissedKekRekey } from '../builders/event-builder.ts';
import { chromiumMissing } from './browser.ts';
import { pageUnderTest } from './page-under-test.ts';
import { aKek } from '../builders/snapshots.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const MARKUP = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
const RIGHT_TO_LEFT = '\u202egm\u2066evil';
const VIEWS = ['/', '/groups', '/groups/G1', '/devices/gm1', '/devices/hostile', '/events'];
const LONG = 'x'.repeat(4096);

interface Finding {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
}

describe.skipIf(chromiumMissing())('every page', () => {
  const under = pageUnderTest();

  beforeAll(async () => {
    const at = { sentAtMs: NOON, receivedAtMs: NOON };
    const answers = new Map([['show crypto gdoi', { at, text: `${MARKUP}\n${RIGHT_TO_LEFT}\n${LONG}`, cut: true }]]);
    under.served.fleet.set({
      ...polledGm('gm1', { kek: aKek(150) }),
      answers,
      plannedPolls: [{ atMs: NOON + 9000, reason: 'confirm' }],
    });
    under.served.fleet.set({
      ...polledGm('hostile', {
        group: MARKUP,
        identity: MARKUP,
        address: LONG,
        keyServer: MARKUP,
        status: RIGHT_TO_LEFT,
      }),
      host: MARKUP,
      labels: { site: MARKUP, [RIGHT_TO_LEFT]: LONG },
      error: MARKUP,
      result: 'parse',
      answers,
    });
    under.served.fleet.set(polledGm(LONG, { group: LONG }));
    under.served.fleet.set(polledGm(RIGHT_TO_LEFT));
    under.served.fleet.setGroup(
      aGroup({ gms: [gmInFleet(), gmInFleet({ device: RIGHT_TO_LEFT })], notPolled: [MARKUP] }),
    );
    under.served.fleet.setGroup(aGroup({ group: MARKUP, gms: [gmInFleet({ device: 'hostile', registered: false })] }));
    under.served.fleet.setGroup(aGroup({ group: LONG }));
    await under.served.happens(
      aMissedKekRekey(),
      aMissedKekRekey({
        id: 'h',
        device: MARKUP,
        group: LONG,
        summary: MARKUP,
        evidence: [RIGHT_TO_LEFT, MARKUP, LONG],
        action: MARKUP,
      }),
    );
  });

  /** Only what is wrong is handed over: a report of all that axe looked at is large. */
  async function seriousViolations(page: Page, options: object = {}) {
    const violations = await page.evaluate<readonly Finding[]>(`
      axe.run({ ...${JSON.stringify(options)}, resultTypes: ['violations'] }).then(({ violations }) =>
        violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => ({ html })) })))
    `);
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))]);
  }

  test.each(VIEWS)(
    '%s shows hostile text as text, fits a phone, and is accessible, in light and dark',
    async (path) => {
      const { page, offences } = under.tab;
      await page.setViewportSize({ width: 375, height: 740 });
      await page.emulateMedia({ colorScheme: 'light' });
      await under.tab.open(path);
      await expect.poll(() => page.locator('main').innerText()).not.toContain('Loading');
      for (const summary of await page.locator('summary').all()) await summary.click();
      expect(await page.evaluate('document.querySelectorAll("main img, main script, main [style]").length')).toBe(0);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(375);
      await page.evaluate(AXE);
      expect(await seriousViolations(page)).toEqual([]);
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await seriousViolations(page, { runOnly: ['color-contrast'] })).toEqual([]);
      expect(offences.splice(0)).toEqual([]);
    },
  );

  test('the fleet is walked through by the keyboard alone', async () => {
    await under.tab.open('/');
    await under.tab.page.keyboard.press('Tab');
    expect(await under.tab.page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await under.tab.page.locator('.fleet tbody a').first().focus();
    await under.tab.page.keyboard.press('Enter');
    await under.tab.page.waitForURL('**/devices/**');
    expect(await under.tab.page.evaluate('document.activeElement.tagName')).toBe('H1');
  });
});
