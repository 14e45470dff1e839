import { beforeEach, describe, expect, test } from 'vitest';
import { fleet as aGroup, gmInFleet } from '../builders/health-builders.ts';
import { aDevice } from '../builders/view-builder.ts';
import { failingDevice, polledGm, serve } from '../http/served.ts';
import {
  accessBy,
  chromiumMissing,
  emptyFleet,
  lookAgain,
  NoonClock,
  openTab,
  PATIENCE_WITH_PAGES,
  wordsOf,
} from './browser.ts';
import { pageUnderTest } from './page-under-test.ts';

describe.skipIf(chromiumMissing())('the fleet', () => {
  const under = pageUnderTest();
  beforeEach(() => {
    emptyFleet(under.served);
  });
  const rows = () => wordsOf(under.tab.page, '.fleet tbody tr');
  const names = () => wordsOf(under.tab.page, '.fleet tbody th');

  test('shows each device with its status in words and what comes next, the worst first', async () => {
    under.served.fleet.set(polledGm('gm1'));
    under.served.fleet.set(polledGm('gm2', { registered: false, status: 'Registering' }));
    under.served.fleet.set(failingDevice('gm3'));
    under.served.fleet.setGroup(aGroup());
    await under.tab.open('/');
    await expect.poll(names, PATIENCE_WITH_PAGES).toEqual(['gm2', 'gm3', 'gm1']);
    expect(await rows()).toEqual([
      expect.stringMatching(/^✕ critical gm2 GM G1 .*not registered.*/u),
      expect.stringMatching(/^! warning gm3 – .*credential.* never$/u),
      expect.stringMatching(/^✓ ok gm1 GM G1 .* in 1 h 1\d min KEK rekey from the KS \d+ s$/u),
    ]);
    expect(await wordsOf(under.tab.page, 'h1')).toEqual(['1 critical, 1 warning of 3 devices']);
    expect(await wordsOf(under.tab.page, '.counts a')).toEqual([
      '1 ✕ critical',
      '1 ! warning',
      '0 ? unknown',
      '1 ✓ ok',
    ]);
  });

  test('is searched, filtered and sorted; the address says how, and survives a reload', async () => {
    for (const name of ['taipei-1', 'taipei-2', 'oslo-1']) under.served.fleet.set(polledGm(name));
    under.served.fleet.set(failingDevice('taipei-3'));
    await under.tab.open('/');
    await expect.poll(names, PATIENCE_WITH_PAGES).toHaveLength(4);
    await under.tab.page.getByLabel('Search').fill('taipei');
    await expect.poll(names, PATIENCE_WITH_PAGES).toEqual(['taipei-3', 'taipei-1', 'taipei-2']);
    await under.tab.page.getByRole('link', { name: 'Device', exact: true }).click();
    await expect.poll(names, PATIENCE_WITH_PAGES).toEqual(['taipei-1', 'taipei-2', 'taipei-3']);
    await under.tab.page.getByRole('combobox', { name: 'Status' }).selectOption('warning');
    await expect.poll(names, PATIENCE_WITH_PAGES).toEqual(['taipei-3']);
    await under.tab.page.reload();
    await expect.poll(names, PATIENCE_WITH_PAGES).toEqual(['taipei-3']);
    expect(await under.tab.page.getByLabel('Search').inputValue()).toBe('taipei');
    await under.tab.page.getByRole('link', { name: 'Clear' }).click();
    await expect.poll(names, PATIENCE_WITH_PAGES).toEqual(['oslo-1', 'taipei-1', 'taipei-2', 'taipei-3']);
  });

  test('follows what changes without a touch', async () => {
    under.served.fleet.set(polledGm('gm1'));
    await under.tab.open('/');
    await expect.poll(rows, PATIENCE_WITH_PAGES).toEqual([expect.stringContaining('ok gm1')]);
    under.served.fleet.set(failingDevice('gm1'));
    await expect.poll(rows, PATIENCE_WITH_PAGES).toEqual([expect.stringContaining('warning gm1')]);
  });

  test('leads to a device and back', async () => {
    under.served.fleet.set(polledGm('gm1'));
    await under.tab.open('/?q=gm');
    await under.tab.page.getByRole('link', { name: 'gm1' }).click();
    await expect
      .poll(() => wordsOf(under.tab.page, 'h1'), PATIENCE_WITH_PAGES)
      .toEqual([expect.stringContaining('gm1')]);
    expect(new URL(under.tab.page.url()).pathname).toBe('/devices/gm1');
    expect(await under.tab.page.evaluate('document.activeElement.tagName')).toBe('H1');
    await under.tab.page.goBack();
    await expect.poll(names, PATIENCE_WITH_PAGES).toEqual(['gm1']);
    expect(under.tab.page.url()).toContain('/?q=gm');
  });

  test('with 10,000 devices has a hundred rows, pages on, and finds one at once', async () => {
    for (let n = 0; n < 10_000; n += 1)
      under.served.fleet.set(aDevice({ device: `gm${n}`, result: n === 77 ? 'auth' : null }));
    await under.tab.open('/');
    await expect.poll(names, PATIENCE_WITH_PAGES).toHaveLength(100);
    expect((await names())[0]).toBe('gm77');
    expect(await wordsOf(under.tab.page, '.fleet caption')).toEqual(['10000 devices, 100 on this page']);
    await under.tab.page.getByRole('link', { name: 'Next 100' }).click();
    await expect.poll(async () => (await names()).includes('gm77'), PATIENCE_WITH_PAGES).toBe(false);
    expect(await names()).toHaveLength(100);
    await under.tab.page.getByLabel('Search').fill('gm9876');
    await expect.poll(names, PATIENCE_WITH_PAGES).toEqual(['gm9876']);
  });

  test('says that no device is configured, and that none matches', async () => {
    await under.tab.open('/');
    await expect
      .poll(() => under.tab.page.getByText('No device is configured yet').count(), PATIENCE_WITH_PAGES)
      .toBe(1);
    under.served.fleet.set(polledGm('gm1'));
    await under.tab.open('/?q=nothing');
    await expect
      .poll(() => under.tab.page.getByText('The one device does not match').count(), PATIENCE_WITH_PAGES)
      .toBe(1);
  });

  test('shows a sweep under way and refused credentials', async () => {
    await using other = await serve({
      status: () => ({ firstSweepDone: false, firstSweepProgress: 0.426, quarantinedCredentials: ['main'] }),
    });
    await using its = await openTab(under.browser, other.url);
    await its.open('/');
    await expect.poll(() => its.page.getByText('The first sweep is under way').count(), PATIENCE_WITH_PAGES).toBe(1);
    await expect.poll(() => its.page.getByText('credential main').count(), PATIENCE_WITH_PAGES).toBe(1);
  });

  test('shows clearly that the agent is gone, keeps the last data greyed, and recovers by itself', async () => {
    const first = await serve({ clock: new NoonClock() });
    first.fleet.set(polledGm('gm1'));
    await using its = await openTab(under.browser, first.url);
    const itsNames = () => wordsOf(its.page, '.fleet tbody th');
    await its.open('/');
    await expect.poll(itsNames, PATIENCE_WITH_PAGES).toEqual(['gm1']);
    await first[Symbol.asyncDispose]();
    await lookAgain(its);
    await expect.poll(() => its.page.getByText('The agent does not answer').count(), PATIENCE_WITH_PAGES).toBe(1);
    expect(await itsNames()).toEqual(['gm1']);
    expect(await its.page.locator('main.stale').count()).toBe(1);
    expect(await wordsOf(its.page, 'h1')).toEqual(['The present state of the fleet is not known']);
    await using second = await serve({ port: Number(new URL(first.url).port), clock: new NoonClock() });
    second.fleet.set(polledGm('gm2'));
    await lookAgain(its);
    await expect.poll(itsNames, PATIENCE_WITH_PAGES).toEqual(['gm2']);
    expect(await its.page.getByText('The agent does not answer').count()).toBe(0);
    expect(await wordsOf(its.page, 'h1')).toEqual(['The device is well']);
  });

  test('asks for a token if one is needed, and keeps it in this tab only', async () => {
    await using guarded = await serve({ clock: new NoonClock(), web: () => accessBy('secret-token', 'read') });
    guarded.fleet.set(polledGm('gm1'));
    await using its = await openTab(under.browser, guarded.url);
    await its.open('/');
    const field = its.page.getByLabel('Token');
    await field.fill('wrong');
    await its.page.getByRole('button', { name: 'Sign in' }).click();
    await expect.poll(() => its.page.getByText('does not accept this token').count(), PATIENCE_WITH_PAGES).toBe(1);
    await field.fill('secret-token');
    await its.page.getByRole('button', { name: 'Sign in' }).click();
    await expect.poll(() => wordsOf(its.page, '.fleet tbody th'), PATIENCE_WITH_PAGES).toEqual(['gm1']);
    expect(await field.count()).toBe(0);
    expect(its.page.url()).not.toContain('secret');
    expect(await its.page.evaluate('[document.cookie, localStorage.length]')).toEqual(['', 0]);
  });

  test('a group in trouble is shown above the devices', async () => {
    under.served.fleet.set(polledGm('gm1'));
    under.served.fleet.setGroup(aGroup({ gms: [gmInFleet({ registered: false })] }));
    await under.tab.open('/');
    await expect
      .poll(() => wordsOf(under.tab.page, '.card'), PATIENCE_WITH_PAGES)
      .toEqual([expect.stringMatching(/^G1 ✕ critical not registered: gm1/u)]);
    expect(await wordsOf(under.tab.page, 'h1')).toEqual(['1 group critical; the device is well']);
  });
});
