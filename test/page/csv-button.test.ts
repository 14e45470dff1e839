/** The button CSV saves what the list shows, as a file that a spreadsheet opens. */
import { readFile } from 'node:fs/promises';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { aBatch, anEvent, anIncident } from '../builders/event-builder.ts';
import { NOON } from '../builders/view-builder.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { chromiumMissing } from './browser.ts';
import { pageUnderTest } from './page-under-test.ts';

describe.skipIf(chromiumMissing())('the button CSV', () => {
  const store = createMemoryStore();
  const under = pageUnderTest({ events: store, incidents: store });

  beforeAll(async () => {
    const incident = anIncident({
      id: 'loss',
      beganAtMs: NOON - 600_000,
      summary: 'The path to gm7 drops "rekeys", all',
    });
    const event = anEvent({ id: 'e', atMs: NOON - 300_000, summary: 'gm1 missed a rekey' });
    await store.commit(aBatch({ incidents: [incident], events: [event] }));
  });
  beforeEach(() => under.clock.putBack());

  test.each([
    ['/events', 'gm1 missed a rekey', /^at,severity,[^\n]*,not before,not after\r\n/u],
    ['/incidents', '"The path to gm7 drops ""rekeys"", all"', /^began,ended,group,/u],
  ])('of %s', async (path, row, head) => {
    await under.tab.open(path);
    const button = under.tab.page.getByRole('button', { name: 'CSV' });
    const [download] = await Promise.all([under.tab.page.waitForEvent('download'), button.click()]);
    expect(download.suggestedFilename()).toMatch(/\.csv$/u);
    const text = await readFile(await download.path(), 'utf8');
    expect(text.replace(/^\uFEFF/u, '')).toMatch(head);
    expect(text).toContain(row);
  });
});
