import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fleet as aGroup } from '../builders/health-builders.ts';
import { aBatch, anEvent, anIncident } from '../builders/event-builder.ts';
import { NOON } from '../builders/view-builder.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { serve } from '../http/served.ts';
import { chromiumMissing } from './browser.ts';
import { pageUnderTest } from './page-under-test.ts';

describe.skipIf(chromiumMissing())('incidents', () => {
  const store = createMemoryStore();
  const under = pageUnderTest({ events: store, incidents: store });

  beforeAll(async () => {
    const down = anIncident({ id: 'down', beganAtMs: NOON - 600_000, deadlineMs: NOON + 300_000 });
    const loss = anIncident({
      id: 'loss',
      cause: 'path_loss',
      group: 'G2',
      severity: 'warning',
      status: 'closed',
      beganAtMs: NOON - 7_200_000,
      endedAtMs: NOON - 3_600_000,
      summary: 'The path to gm7 drops rekeys',
      endedBy: 'the GMs have the current keys',
    });
    const event = anEvent({ id: 'e', atMs: NOON - 300_000, summary: 'gm1 missed a rekey' });
    await store.commit(aBatch({ incidents: [down, loss], events: [event] }));
    under.served.fleet.setGroup(aGroup({}));
  });
  beforeEach(() => under.clock.putBack());

  const focused = (property: string) => under.tab.page.evaluate<string>(`document.activeElement.${property}`);
  const entry = (text: string) => under.tab.page.locator('.incidents > li', { hasText: text });

  test('are in one list, the open one unfolded with its consequence and the first step', async () => {
    await under.tab.open('/incidents');
    await entry('KS ks1 has not answered').getByText('First step:').waitFor();
    expect(await entry('KS ks1 has not answered').innerText()).toContain(' · open for 10 min');
    expect(await entry('KS ks1 has not answered').innerText()).toMatch(/Follows: traffic of 4 GMs stops, in [45] min/);
    expect(await entry('The path to gm7').innerText()).toContain(
      'for 1 h 00 min; ended: the GMs have the current keys',
    );
  });

  test('are copied as the ticket that the command gives', async () => {
    await under.tab.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await under.tab.open('/incidents');
    await entry('KS ks1 has not answered').getByRole('button', { name: 'Copy as ticket' }).click();
    const told = entry('KS ks1 has not answered').getByRole('status');
    await told.filter({ hasText: /Copied|take it from here/ }).waitFor();
    const shown = under.tab.page.getByLabel('Ticket');
    const text =
      (await shown.count()) > 0
        ? await shown.inputValue()
        : await under.tab.page.evaluate<string>('navigator.clipboard.readText()');
    expect(text).toMatch(/^## G1: ks_down \(critical\)\n/);
    expect(text).toContain('| between 2026-01-01T11:54:30Z and 2026-01-01T11:55:00Z | gm1 missed a rekey |');
  });

  test('of one group are on its page, with a link to all of them', async () => {
    await under.tab.open('/groups/G1');
    await entry('KS ks1 has not answered').waitFor();
    expect(await under.tab.page.locator('.incidents > li').count()).toBe(1);
    await under.tab.page.getByRole('link', { name: 'All incidents of this group' }).click();
    await under.tab.page.getByRole('heading', { name: 'Incidents', exact: true }).waitFor();
    expect(new URL(under.tab.page.url()).search).toBe('?group=G1');
  });

  test('/ goes to the search field, the arrows through the list', async () => {
    await under.tab.open('/incidents');
    await entry('The path to gm7').waitFor();
    await under.tab.page.keyboard.press('/');
    expect(await focused('type')).toBe('search');
    await entry('KS ks1 has not answered').locator('summary').focus();
    await under.tab.page.keyboard.press('ArrowDown');
    expect(await focused('textContent')).toContain('The path to gm7');
    await under.tab.page.keyboard.press('ArrowUp');
    expect(await focused('textContent')).toContain('KS ks1 has not answered');
  });
});

test('an address without a page is answered for people; for scripts with a problem', async () => {
  await using server = await serve();
  const asPerson = await server.get('/devics/gm1', { headers: { accept: 'text/html,*/*' } });
  expect(asPerson.status).toBe(404);
  expect(await asPerson.text()).toContain('There is no page at this address');
  expect((await server.get('/devics/gm1')).headers.get('content-type')).toContain('application/problem+json');
  const api = await server.get('/api/v1/devics', { headers: { accept: 'text/html' } });
  expect(api.headers.get('content-type')).toContain('application/problem+json');
});
