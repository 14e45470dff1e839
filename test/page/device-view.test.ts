import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NOON } from '../builders/view-builder.ts';
import { fleet as aGroup } from '../builders/health-builders.ts';
import { anEvent, polledGm, serve, type Served } from '../http/served.ts';
import {
  accessBy,
  chromiumMissing,
  emptyFleet,
  launchChromium,
  leave,
  lookAgain,
  NoonClock,
  openTab,
  type Watched,
  wordsOf,
} from './browser.ts';
import { PATIENCE } from '../builders/patience.ts';

describe.skipIf(chromiumMissing())('a device', () => {
  let browser: Browser;
  let clock: NoonClock;
  let served: Served;
  let tab: Watched;

  beforeAll(async () => {
    browser = await launchChromium();
    clock = new NoonClock();
    served = await serve({ clock });
    tab = await openTab(browser, served.url);
  });
  afterAll(async () => {
    await browser.close();
    await served[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    emptyFleet(served);
    served.fleet.setGroup(aGroup());
    clock.putBack();
  });
  afterEach(() => leave(tab));
  const fact = async (name: string) => {
    const words = await wordsOf(tab.page, `.facts > div:has(dt:text-is("${name}")) dd`);
    return words[0];
  };
  /** Seconds of `in 12 min 05 s`. */
  const secondsOf = (text: string | undefined) => {
    const [, minutes, seconds] = /in (\d+) min (\d+) s/u.exec(text ?? '') ?? [];
    return Number(minutes) * 60 + Number(seconds);
  };

  test('shows its verdict, checks with value and threshold, and counters', async () => {
    const gm = polledGm('gm1', { registrations: { succeeded: 3, attempted: 5 } });
    served.fleet.set({ ...gm, planned: [{ atMs: NOON + 60_000, reason: 'confirm' }] });
    await tab.open('/devices/gm1');
    await expect.poll(() => fact('Registrations'), PATIENCE).toBe('3 of 5 attempted');
    expect(await fact('Registration')).toBe('Registered with 10.1.0.1');
    const checks = await wordsOf(tab.page, '.checks tbody tr');
    expect(checks).toEqual(
      expect.arrayContaining([expect.stringMatching(/^✓ ok kek remaining its KEK lasts .* 1 h 23 min 3 min 55 s$/u)]),
    );
    expect(await wordsOf(tab.page, '.planned li')).toEqual([expect.stringMatching(/^in \d+ s: something changed/u)]);
  });

  test('counts down each second, and by the agent’s clock', async () => {
    served.fleet.set(polledGm('gm1'));
    await tab.open('/devices/gm1');
    await expect.poll(async () => secondsOf(await fact('Last TEK expires')), PATIENCE).toBeGreaterThan(1900);
    const before = secondsOf(await fact('Last TEK expires'));
    await expect
      .poll(async () => before - secondsOf(await fact('Last TEK expires')), PATIENCE)
      .toBeGreaterThanOrEqual(2);
    clock.putForward(600_000);
    await lookAgain(tab);
    await expect.poll(async () => before - secondsOf(await fact('Last TEK expires')), PATIENCE).toBeGreaterThan(600);
  });

  test('an unhealthy one says what to do first', async () => {
    served.fleet.set(polledGm('gm1', { registered: false, status: 'Registering' }));
    await tab.open('/devices/gm1');
    await expect
      .poll(() => wordsOf(tab.page, '.first-step'), PATIENCE)
      .toEqual([expect.stringMatching(/^Do first: .*UDP 848/u)]);
  });

  test('is polled at the touch of a button, and shows what came', async () => {
    served.fleet.set(polledGm('gm1'));
    served.now.pollOutcome = async () => {
      served.fleet.set(polledGm('gm1', { registrations: { succeeded: 9, attempted: 9 } }));
      return { kind: 'polled' };
    };
    await tab.open('/devices/gm1');
    await tab.page.getByRole('button', { name: 'Check now' }).click();
    await expect.poll(() => fact('Registrations'), PATIENCE).toBe('9 of 9 attempted');
    expect(served.polls).toEqual(['gm1']);
    await expect.poll(() => tab.page.getByText('Polled now.').count(), PATIENCE).toBe(1);
  });

  test('a poll that is refused says why and when to try again', async () => {
    await using guarded = await serve({ clock, web: () => accessBy('operator', 'operate') });
    guarded.fleet.set(polledGm('gm1'));
    guarded.now.pollOutcome = async () => ({ kind: 'limited', retryAfterSeconds: 7 });
    await using its = await openTab(browser, guarded.url);
    const signIn = async (token: string) => {
      await its.page.getByLabel('Token').fill(token);
      await its.page.getByRole('button', { name: 'Sign in' }).click();
      await its.page.getByRole('button', { name: 'Check now' }).click();
    };
    await its.open('/devices/gm1');
    await signIn('operator');
    await expect
      .poll(() => its.page.getByText('Too many polls are asked for. Try again in 7 s.').count(), PATIENCE)
      .toBe(1);
    guarded.now.web = accessBy('reader', 'read');
    await signIn('reader');
    await expect.poll(() => its.page.getByText('This token may read').count(), PATIENCE).toBe(1);
  });

  test('shows its last answers and events on demand, and they stay open', async () => {
    const at = { sentAtMs: NOON, receivedAtMs: NOON };
    const answers = new Map([['show crypto gdoi', { at, text: 'GROUP INFORMATION\n    Group Name : G1', cut: false }]]);
    served.fleet.set({ ...polledGm('gm1'), answers });
    await served.happens(anEvent());
    await tab.open('/devices/gm1');
    await tab.page.locator('.answer summary').click();
    expect(await tab.page.locator('.answer pre').innerText()).toBe('GROUP INFORMATION\n    Group Name : G1');
    await tab.page.locator('.event summary').click();
    await expect.poll(() => tab.page.getByText('Succeeded registration: 2, before: 1').count(), PATIENCE).toBe(1);
    served.fleet.set({ ...polledGm('gm1', { registrations: { succeeded: 7, attempted: 7 } }), answers });
    await lookAgain(tab);
    await expect.poll(() => fact('Registrations'), PATIENCE).toBe('7 of 7 attempted');
    expect(await tab.page.locator('details[open]').count()).toBe(2);
  });

  test('of any name has an address that survives a reload', async () => {
    const name = 'gm/1 ?#%&"\'<ü>';
    served.fleet.set(polledGm(name));
    await tab.open('/');
    await tab.page.locator('.fleet tbody th a').click();
    await expect.poll(() => fact('Registration'), PATIENCE).toBe('Registered with 10.1.0.1');
    await tab.page.reload();
    await expect.poll(() => wordsOf(tab.page, 'h1'), PATIENCE).toEqual([`${name} ✓ ok`]);
  });

  test('that is not configured is said to be none', async () => {
    await tab.open('/devices/nobody');
    await expect.poll(() => tab.page.getByText('No device "nobody" is configured.').count(), PATIENCE).toBe(1);
    // The browser logs every answer that is an error.
    expect(tab.offences.splice(0).join()).toContain('404');
  });
});
