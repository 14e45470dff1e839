/**
 * Alerts of worlds that no scenario shows as it stands: over Prometheus's own rule engine, as in notifications.test.ts.
 */
import { describe, expect, test } from 'vitest';
import { FIDELITY_LIFETIMES } from '../../src/simulator/scenarios/scenario.ts';
import { evaluationsOf } from './evaluated-rules.ts';
import { fired, raisedAt, raisedIn, toldIn } from './fired-alerts.ts';
import { missing } from './promtool.ts';
import { scrapesOf } from './simulated-scrapes.ts';

const SCRAPE_SECONDS = 30;

describe.skipIf(missing('promtool'))('an incident raises exactly its alerts', () => {
  test('an interface that goes down without messages: its GM registers again, and nothing shows why', async () => {
    const over = { minutes: 30, scrapeSeconds: SCRAPE_SECONDS };
    const scrapes = await scrapesOf({ scenario: 'interface-flap', ...over, pollInterval: '60s' });
    const evaluations = await evaluationsOf(scrapes, over);
    expect(raisedIn(evaluations)).toEqual(fired('GdoiUnexpectedReregistration', 'warning', 'gm1'));
    expect(toldIn(evaluations)).toEqual(['reregistered warning']);
  });

  test('a certificate with five days left: its device alone, an hour after the first look at it', async () => {
    const over = { minutes: 75, scrapeSeconds: 60 };
    const scrapes = await scrapesOf({
      scenario: 'healthy',
      ...over,
      pollInterval: '60s',
      gms: 2,
      lifetimes: FIDELITY_LIFETIMES,
      amend: (device, command, text) =>
        device === 'gm1' && command === 'show crypto pki certificates'
          ? text.replace(/end {3}date: .*/u, 'end   date: 00:00:00 UTC Jan 6 2026')
          : text,
    });
    const evaluations = await evaluationsOf(scrapes, over);
    const expiring = fired('GdoiCertificateExpiring', 'critical', 'gm1');
    expect(raisedAt(evaluations, 55 * 60)).toEqual([]);
    expect(raisedAt(evaluations, 65 * 60)).toEqual(expiring);
    expect(raisedIn(evaluations)).toEqual(expiring);
    expect(toldIn(evaluations)).toEqual([]);
  });
});
