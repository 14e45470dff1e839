import { describe, expect, test } from 'vitest';
import { NOON } from '../builders/view-builder.ts';
import { serve } from '../http/served.ts';
import { aMissedKekRekey } from '../builders/event-builder.ts';
import { chromiumMissing, NoonClock, openTab, PATIENCE_WITH_PAGES, wordsOf } from './browser.ts';
import { pageUnderTest } from './page-under-test.ts';

describe.skipIf(chromiumMissing())('the events', () => {
  const under = pageUnderTest();
  const summaries = () => wordsOf(under.tab.page, '.event-summary');
  /** One history serves all tests: each has a device of its own. */
  const numbered = (device: string, n: number) =>
    aMissedKekRekey({ id: `${device}/${n}`, atMs: NOON - 100_000 + n, device, summary: `event ${n}` });
  const live = (of = under.tab) => of.page.getByText('Live: new events appear by themselves.').waitFor();

  test('are shown newest first and open to their evidence and first step', async () => {
    await under.served.happens(numbered('gm1', 1), numbered('gm1', 2));
    await under.tab.open('/events?device=gm1');
    await expect.poll(summaries, PATIENCE_WITH_PAGES).toEqual(['event 2', 'event 1']);
    await under.tab.page.locator('.event summary').first().click();
    expect(await wordsOf(under.tab.page, '.event[class] .evidence >> nth=0')).toEqual([
      expect.stringMatching(
        /^reregistration, cause: kek_missed_rekey, unexpected · device gm1 · group G1 .*Succeeded registration: 2, before: 1 First step: On the KS/u,
      ),
    ]);
  });

  test('appear within seconds, and a screen reader announces an incident', async () => {
    await under.tab.open('/events?device=gm2');
    await live();
    await under.served.happens(numbered('gm2', 1));
    await expect.poll(summaries, PATIENCE_WITH_PAGES).toEqual(['event 1']);
    await expect.poll(() => wordsOf(under.tab.page, '#page > [role=status]'), PATIENCE_WITH_PAGES).toEqual(['event 1']);
  });

  test('a storm of them is announced in one sentence', async () => {
    await under.tab.open('/events?device=gm3');
    await live();
    await under.served.happens(...Array.from({ length: 20 }, (_, n) => numbered('gm3', n)));
    await expect
      .poll(() => wordsOf(under.tab.page, '#page > [role=status]'), PATIENCE_WITH_PAGES)
      .toEqual(['20 new incidents. The first: event 0']);
  });

  test('are filtered, by the address too', async () => {
    const device = 'gm4';
    await under.served.happens(
      numbered(device, 1),
      aMissedKekRekey({ id: 'r', device, type: 'reload', cause: null, summary: 'reloaded' }),
      aMissedKekRekey({ id: 'old', device, atMs: NOON - 90_000_000, summary: 'long ago' }),
    );
    await under.tab.open('/events?type=reregistration&device=gm4');
    await expect.poll(summaries, PATIENCE_WITH_PAGES).toEqual(['event 1', 'long ago']);
    await under.tab.page.getByRole('combobox', { name: 'Since' }).selectOption('24');
    await expect.poll(summaries, PATIENCE_WITH_PAGES).toEqual(['event 1']);
    await under.tab.page.getByRole('combobox', { name: 'Type' }).selectOption('reload');
    await expect.poll(summaries, PATIENCE_WITH_PAGES).toEqual(['reloaded']);
    expect(new URL(under.tab.page.url()).search).toBe('?type=reload&device=gm4&hours=24');
    await under.tab.page.getByLabel('Group').fill('G2');
    await expect.poll(() => under.tab.page.getByText('No events.').count(), PATIENCE_WITH_PAGES).toBe(1);
  });

  test('older ones come page by page, each once', async () => {
    await under.served.happens(...Array.from({ length: 120 }, (_, n) => numbered('gm5', n)));
    await under.tab.open('/events?device=gm5');
    await expect.poll(summaries, PATIENCE_WITH_PAGES).toHaveLength(50);
    await under.tab.page.getByRole('button', { name: 'Older events' }).click();
    await expect.poll(summaries, PATIENCE_WITH_PAGES).toHaveLength(100);
    await under.served.happens(numbered('gm5', 120));
    await expect.poll(async () => (await summaries())[0], PATIENCE_WITH_PAGES).toBe('event 120');
    await under.tab.page.getByRole('button', { name: 'Older events' }).click();
    await expect.poll(summaries, PATIENCE_WITH_PAGES).toHaveLength(121);
    expect(await under.tab.page.getByRole('button', { name: 'Older events' }).count()).toBe(0);
  });

  test('a stream that is cut resumes where it was', async () => {
    const first = await serve({ clock: new NoonClock() });
    await using its = await openTab(under.browser, first.url);
    const asked: (string | undefined)[] = [];
    its.page.on('request', (request) => {
      if (request.url().endsWith('/stream')) asked.push(request.headers()['last-event-id']);
    });
    await its.open('/events');
    await live(its);
    await first.happens(numbered('gm6', 1));
    await expect.poll(() => wordsOf(its.page, '.event-summary'), PATIENCE_WITH_PAGES).toEqual(['event 1']);
    await first[Symbol.asyncDispose]();
    await expect.poll(() => its.page.getByText('The live stream is lost').count(), PATIENCE_WITH_PAGES).toBe(1);
    await using _second = await serve({ port: Number(new URL(first.url).port), clock: new NoonClock() });
    await live(its);
    expect(asked[0]).toBeUndefined();
    expect(asked.at(-1)).toBe(`${NOON - 100_000 + 1} gm6/1`);
  });
});
