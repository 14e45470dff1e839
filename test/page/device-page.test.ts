import { beforeEach, describe, expect, test } from 'vitest';
import { NOON } from '../builders/view-builder.ts';
import { fleet as aGroup } from '../builders/health-builders.ts';
import { polledGm, serve } from '../http/served.ts';
import { aMissedKekRekey } from '../builders/event-builder.ts';
import { accessBy, chromiumMissing, emptyFleet, lookAgain, openTab, PATIENCE_WITH_PAGES, wordsOf } from './browser.ts';
import { pageUnderTest } from './page-under-test.ts';

describe.skipIf(chromiumMissing())('a device', () => {
  const under = pageUnderTest();
  beforeEach(() => {
    emptyFleet(under.served);
    under.served.fleet.setGroup(aGroup());
    under.clock.putBack();
  });
  const fact = async (name: string) => {
    const words = await wordsOf(under.tab.page, `.facts > div:has(dt:text-is("${name}")) dd`);
    return words[0];
  };
  /** Seconds of `in 12 min 05 s`. */
  const secondsOf = (text: string | undefined) => {
    const [, minutes, seconds] = /in (\d+) min (\d+) s/u.exec(text ?? '') ?? [];
    return Number(minutes) * 60 + Number(seconds);
  };

  test('shows its verdict, checks with value and threshold, and counters', async () => {
    const gm = polledGm('gm1', { registrations: { succeeded: 3, attempted: 5 } });
    under.served.fleet.set({ ...gm, plannedPolls: [{ atMs: NOON + 60_000, reason: 'confirm' }] });
    await under.tab.open('/devices/gm1');
    await expect.poll(() => fact('Registrations'), PATIENCE_WITH_PAGES).toBe('3 of 5 attempted');
    expect(await fact('Registration')).toBe('Registered with 10.1.0.1');
    const checks = await wordsOf(under.tab.page, '.checks tbody tr');
    expect(checks).toEqual(
      expect.arrayContaining([expect.stringMatching(/^✓ ok kek remaining its KEK lasts .* 1 h 23 min 3 min 55 s$/u)]),
    );
    expect(await wordsOf(under.tab.page, '.planned li')).toEqual([
      expect.stringMatching(/^in \d+ s: something changed/u),
    ]);
  });

  test('counts down each second, and by the agent’s clock', async () => {
    under.served.fleet.set(polledGm('gm1'));
    await under.tab.open('/devices/gm1');
    await expect.poll(async () => secondsOf(await fact('Last TEK expires')), PATIENCE_WITH_PAGES).toBeGreaterThan(1900);
    const before = secondsOf(await fact('Last TEK expires'));
    await expect
      .poll(async () => before - secondsOf(await fact('Last TEK expires')), PATIENCE_WITH_PAGES)
      .toBeGreaterThanOrEqual(2);
    under.clock.putForward(600_000);
    await lookAgain(under.tab);
    await expect
      .poll(async () => before - secondsOf(await fact('Last TEK expires')), PATIENCE_WITH_PAGES)
      .toBeGreaterThan(600);
  });

  test('the duration of the last poll is shown with the last answer only if that poll got it', async () => {
    under.served.fleet.set(polledGm('gm1'));
    await under.tab.open('/devices/gm1');
    await expect.poll(() => fact('Last answer'), PATIENCE_WITH_PAGES).toMatch(/ ago \(took 0\.12 s\)$/u);
    under.served.fleet.set({ ...polledGm('gm1'), result: 'backoff', pollDurationMs: 0.2 });
    await lookAgain(under.tab);
    await expect.poll(() => fact('Last answer'), PATIENCE_WITH_PAGES).toMatch(/ ago$/u);
  });

  test('an unhealthy one says what to do first', async () => {
    under.served.fleet.set(polledGm('gm1', { registered: false, status: 'Registering' }));
    await under.tab.open('/devices/gm1');
    await expect
      .poll(() => wordsOf(under.tab.page, '.first-step'), PATIENCE_WITH_PAGES)
      .toEqual([expect.stringMatching(/^First step: .*UDP 848/u)]);
  });

  test('is polled at the touch of a button, and shows what came', async () => {
    under.served.fleet.set(polledGm('gm1'));
    under.served.now.pollOutcome = async () => {
      under.served.fleet.set(polledGm('gm1', { registrations: { succeeded: 9, attempted: 9 } }));
      return { kind: 'polled' };
    };
    await under.tab.open('/devices/gm1');
    await under.tab.page.getByRole('button', { name: 'Check now' }).click();
    await expect.poll(() => fact('Registrations'), PATIENCE_WITH_PAGES).toBe('9 of 9 attempted');
    expect(under.served.polls).toEqual(['gm1']);
    await expect.poll(() => under.tab.page.getByText('Polled now.').count(), PATIENCE_WITH_PAGES).toBe(1);
  });

  test('a poll that is refused says why and when to try again', async () => {
    await using guarded = await serve({ clock: under.clock, web: () => accessBy('operator', 'operate') });
    guarded.fleet.set(polledGm('gm1'));
    guarded.now.pollOutcome = async () => ({ kind: 'limited', retryAfterSeconds: 7 });
    await using its = await openTab(under.browser, guarded.url);
    const signIn = async (token: string) => {
      await its.page.getByLabel('Token').fill(token);
      await its.page.getByRole('button', { name: 'Sign in' }).click();
      await its.page.getByRole('button', { name: 'Check now' }).click();
    };
    await its.open('/devices/gm1');
    await signIn('operator');
    await expect
      .poll(() => its.page.getByText('Too many polls were requested. Try again in 7 s.').count(), PATIENCE_WITH_PAGES)
      .toBe(1);
    guarded.now.web = accessBy('reader', 'read');
    await signIn('reader');
    await expect.poll(() => its.page.getByText('This token may only read').count(), PATIENCE_WITH_PAGES).toBe(1);
  });

  test('shows its last answers and events on demand, and they stay open', async () => {
    const at = { sentAtMs: NOON, receivedAtMs: NOON };
    const answers = new Map([['show crypto gdoi', { at, text: 'GROUP INFORMATION\n    Group Name : G1', cut: false }]]);
    under.served.fleet.set({ ...polledGm('gm1'), answers });
    await under.served.happens(aMissedKekRekey());
    await under.tab.open('/devices/gm1');
    await under.tab.page.locator('.answer summary').click();
    expect(await under.tab.page.locator('.answer pre').innerText()).toBe('GROUP INFORMATION\n    Group Name : G1');
    await under.tab.page.locator('.event summary').click();
    await expect
      .poll(() => under.tab.page.getByText('Succeeded registration: 2, before: 1').count(), PATIENCE_WITH_PAGES)
      .toBe(1);
    under.served.fleet.set({ ...polledGm('gm1', { registrations: { succeeded: 7, attempted: 7 } }), answers });
    await lookAgain(under.tab);
    await expect.poll(() => fact('Registrations'), PATIENCE_WITH_PAGES).toBe('7 of 7 attempted');
    expect(await under.tab.page.locator('details[open]').count()).toBe(2);
  });

  test('of any name has an address that survives a reload', async () => {
    const name = 'gm/1 ?#%&"\'<ü>';
    under.served.fleet.set(polledGm(name));
    await under.tab.open('/');
    await under.tab.page.locator('.fleet tbody th a').click();
    await expect.poll(() => fact('Registration'), PATIENCE_WITH_PAGES).toBe('Registered with 10.1.0.1');
    await under.tab.page.reload();
    await expect.poll(() => wordsOf(under.tab.page, 'h1'), PATIENCE_WITH_PAGES).toEqual([`${name} ✓ ok`]);
  });

  test('that is not configured is said to be none', async () => {
    await under.tab.open('/devices/nobody');
    await expect
      .poll(() => under.tab.page.getByText('No device "nobody" is configured.').count(), PATIENCE_WITH_PAGES)
      .toBe(1);
    // The browser logs every answer that is an error.
    expect(under.tab.offences.splice(0).join()).toContain('404');
  });
});
