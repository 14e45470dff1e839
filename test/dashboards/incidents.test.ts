/**
 * Each scenario of the simulator raises exactly the alerts it should, from the start to its end: the agent watches it on
 * a fast clock, Prometheus's own rule engine evaluates what it would have scraped, and `ALERTS` tells all that fired.
 */
import { describe, expect, test } from 'vitest';
import { FIDELITY_LIFETIMES, SCENARIO_NAMES, type ScenarioName } from '../../src/simulator/scenarios/scenario.ts';
import { fired, type Firing, firingTest } from './fired-alerts.ts';
import { missing, testRules } from './promtool.ts';
import { scrapesOf } from './simulated-scrapes.ts';

const SCRAPE_SECONDS = 30;

interface Incident extends Firing {
  readonly title: string;
}

function gms(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `gm${index + 1}`);
}

const INCIDENTS: readonly Incident[] = [
  {
    scenario: 'rekey-loss',
    title: 'a path that drops KEK rekeys: overdue before, unexpected after, and the KS counts the GM',
    minutes: 26,
    tells: ['path_loss warning'],
    raises: [
      fired('GdoiKekRekeyOverdue', 'warning', 'gm1'),
      fired('GdoiUnexpectedReregistration', 'warning', 'gm1'),
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1'),
    ],
    at: {
      1: [],
      // The KEK expires 4.5 minutes after the start; the GM re-registers up to 40 s before.
      2: [fired('GdoiKekRekeyOverdue', 'warning', 'gm1')],
      5: [fired('GdoiUnexpectedReregistration', 'warning', 'gm1')],
      26: [],
    },
  },
  {
    scenario: 'rekey-loss-fleet',
    title: 'KEK rekeys that no GM gets: the group is told as a whole',
    minutes: 20,
    // What is left of it afterwards is told with the page.
    tells: ['ks_rekeys_lost critical'],
    raises: [
      fired('GdoiKekRekeyOverdue', 'warning', ...gms(8)),
      fired('GdoiUnexpectedReregistration', 'warning', ...gms(8)),
      fired('GdoiReregistrationStorm', 'critical'),
      fired('GdoiGmRekeyUnacknowledged', 'critical'),
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1'),
    ],
  },
  {
    scenario: 'tek-loss',
    title: 'a path that drops every rekey',
    minutes: 15,
    tells: ['path_loss warning'],
    raises: [fired('GdoiKekRekeyOverdue', 'warning', 'gm1'), fired('GdoiUnexpectedReregistration', 'warning', 'gm1')],
  },
  {
    scenario: 'legacy-ks',
    title: 'an old KS with new GMs: said from the inventory, then seen in every KEK cycle',
    minutes: 20,
    tells: ['legacy_ks warning'],
    raises: [
      fired('GdoiMixedVersions', 'warning'),
      fired('GdoiLegacyKeyServer', 'warning'),
      fired('GdoiKekRekeyOverdue', 'warning', ...gms(4)),
      fired('GdoiUnexpectedReregistration', 'warning', ...gms(4)),
      fired('GdoiReregistrationStorm', 'critical'),
    ],
  },
  {
    scenario: 'ks-upgrade',
    title: 'the upgrade of the KSs ends it, one KEK cycle later',
    minutes: 45,
    tells: ['legacy_ks warning'],
    raises: [
      fired('GdoiMixedVersions', 'warning'),
      fired('GdoiLegacyKeyServer', 'warning'),
      fired('GdoiKekRekeyOverdue', 'warning', ...gms(4)),
      fired('GdoiUnexpectedReregistration', 'warning', ...gms(4)),
      fired('GdoiReregistrationStorm', 'critical'),
    ],
    at: { 45: [] },
  },
  {
    scenario: 'ejection',
    title: 'acknowledgements that get lost: one, two, and the GM is off the list, by KS and GM',
    minutes: 40,
    tells: ['path_loss warning', 'path_loss critical', 'ejected critical'],
    raises: [
      fired('GdoiKekRekeyOverdue', 'warning', 'gm1'),
      fired('GdoiUnexpectedReregistration', 'warning', 'gm1'),
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1'),
      fired('GdoiGmRekeyUnacknowledged', 'critical', 'ks1'),
      fired('GdoiGmEjected', 'critical'),
      fired('GdoiGmEjected', 'critical', 'gm1'),
    ],
  },
  {
    scenario: 'ks-down',
    title: 'the only KS dies: the KS, then its GMs, and all is over when it is back',
    minutes: 45,
    tells: ['ks_down critical'],
    raises: [
      fired('GdoiKeyServerUnreachable', 'critical', 'ks1'),
      fired('GdoiKekRekeyOverdue', 'warning', ...gms(4)),
      fired('GdoiGmNotRegistered', 'critical', ...gms(4)),
      fired('GdoiReregistrationStorm', 'critical'),
      fired('GdoiUnexpectedReregistration', 'warning', ...gms(4)),
    ],
    at: { 45: [] },
  },
  {
    scenario: 'coop-failover',
    title: 'a primary that dies is no split and costs no re-registration',
    minutes: 30,
    tells: ['redundancy_lost warning'],
    raises: [fired('GdoiKeyServerUnreachable', 'critical', 'ks1'), fired('GdoiCoopPeerDown', 'warning', 'ks2')],
    at: { 30: [] },
  },
  {
    scenario: 'coop-split',
    title: 'two primaries, and what follows from them',
    minutes: 40,
    tells: ['coop_split critical'],
    raises: [
      fired('GdoiCoopSplit', 'critical'),
      fired('GdoiCoopPeerDown', 'warning', 'ks1', 'ks2'),
      fired('GdoiTekDivergence', 'critical'),
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1', 'ks2'),
      fired('GdoiGmRekeyUnacknowledged', 'critical', '', 'ks1', 'ks2'),
    ],
    at: { 40: [] },
  },
  {
    scenario: 'reload-storm',
    title: 'GMs that reload are no unexpected re-registration; a rekey sent meanwhile is not acknowledged',
    minutes: 30,
    tells: ['gms_unreachable warning', 'gms_reloaded info', 'gms_reloaded warning'],
    raises: [fired('GdoiReregistrationStorm', 'info'), fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1', 'ks2')],
    at: { 30: [] },
  },
  {
    scenario: 'operator-clear',
    title: 'a clear by the operator is nothing to act upon',
    minutes: 30,
    tells: ['operator_clear info'],
    raises: [],
  },
  {
    scenario: 'ks-clear-members',
    title: 'a KS that told its members to register anew is told once, for information',
    minutes: 30,
    tells: ['ks_forced info'],
    raises: [fired('GdoiReregistrationStorm', 'info')],
    at: { 30: [] },
  },
  {
    scenario: 'mixed-old-gms',
    title: 'an old GM that misses the KEK rekey works with the old KEK until its TEK ends',
    minutes: 20,
    tells: ['old_kek_in_use critical', 'path_loss warning'],
    raises: [
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1'),
      fired('GdoiKekExpiredInUse', 'critical', 'gm1'),
      fired('GdoiUnexpectedReregistration', 'warning', 'gm1'),
    ],
  },
  {
    scenario: 'multicast',
    title: 'multicast rekeys are not acknowledged, so only the GM tells',
    minutes: 20,
    tells: ['path_loss warning'],
    raises: [fired('GdoiKekRekeyOverdue', 'warning', 'gm1'), fired('GdoiUnexpectedReregistration', 'warning', 'gm1')],
  },
  {
    scenario: 'unregistered',
    title: 'a GM that reaches no KS; one that gets through within three minutes is not told',
    minutes: 30,
    tells: ['not_registered critical'],
    raises: [fired('GdoiGmNotRegistered', 'critical', 'gm1')],
    at: { 30: [fired('GdoiGmNotRegistered', 'critical', 'gm1')] },
  },
  {
    scenario: 'unauthorized',
    title: 'a GM that the KSs refuse after its reload: not registered until they know its identity again',
    minutes: 20,
    tells: ['gms_unreachable warning', 'gms_reloaded info', 'not_registered critical'],
    raises: [
      fired('GdoiGmNotRegistered', 'critical', 'gm1'),
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1', 'ks2'),
    ],
    at: { 20: [] },
  },
  {
    scenario: 'rsa-mismatch',
    title: 'a KS that took over with another RSA key: no GM can use its rekeys',
    minutes: 30,
    tells: ['redundancy_lost warning', 'ks_rekeys_lost critical'],
    raises: [
      fired('GdoiKeyServerUnreachable', 'critical', 'ks1'),
      fired('GdoiCoopPeerDown', 'warning', 'ks2'),
      fired('GdoiKekRekeyOverdue', 'warning', ...gms(4)),
      fired('GdoiUnexpectedReregistration', 'warning', ...gms(4)),
      fired('GdoiReregistrationStorm', 'critical'),
      fired('GdoiGmRekeyUnacknowledged', 'critical'),
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks2'),
    ],
  },
  {
    scenario: 'replay-errors',
    title: 'a GM whose packets are dropped by the anti-replay check',
    minutes: 30,
    tells: ['replay_errors warning'],
    raises: [fired('GdoiReplayErrors', 'warning', 'gm1')],
  },
  {
    scenario: 'interface-flap',
    title: 'a GM whose interface goes down where no messages are sent: it registers again, and nothing tells why',
    minutes: 30,
    tells: ['reregistered warning'],
    raises: [fired('GdoiUnexpectedReregistration', 'warning', 'gm1')],
  },
  {
    scenario: 'tek-missing',
    title: 'a GM that is registered and holds no TEK',
    minutes: 25,
    tells: ['without_tek critical'],
    raises: [fired('GdoiGmWithoutTek', 'critical', 'gm1')],
  },
  {
    scenario: 'registration-fails',
    title: 'a GM whose registrations fail while it is still registered: told before its traffic stops',
    minutes: 25,
    tells: ['path_loss warning', 'not_registered critical'],
    raises: [
      fired('GdoiKekRekeyOverdue', 'warning', 'gm1'),
      fired('GdoiGmWithoutKek', 'critical', 'gm1'),
      fired('GdoiTekRekeyOverdue', 'warning', 'gm1'),
      fired('GdoiGmNotRegistered', 'critical', 'gm1'),
      fired('GdoiUnexpectedReregistration', 'warning', 'gm1'),
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1'),
      fired('GdoiGmRekeyUnacknowledged', 'critical', 'ks1'),
    ],
  },
  {
    scenario: 'ejection-coop',
    title: 'acknowledgements that get lost in a group of two KSs, one of which goes away',
    minutes: 40,
    tells: ['path_loss warning', 'path_loss critical', 'ejected critical', 'redundancy_lost warning'],
    raises: [
      fired('GdoiKeyServerUnreachable', 'critical', 'ks1'),
      fired('GdoiCoopPeerDown', 'warning', 'ks2'),
      fired('GdoiKekRekeyOverdue', 'warning', 'gm1'),
      fired('GdoiUnexpectedReregistration', 'warning', 'gm1'),
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1', 'ks2'),
      fired('GdoiGmRekeyUnacknowledged', 'critical', 'ks1', 'ks2'),
      fired('GdoiGmEjected', 'critical', 'gm1'),
    ],
  },
  {
    scenario: 'demo',
    title: 'the three groups of the demo',
    minutes: 15,
    tells: ['path_loss warning', 'legacy_ks warning', 'operator_clear info', 'gms_reloaded info'],
    raises: [
      fired('GdoiMixedVersions', 'warning'),
      fired('GdoiLegacyKeyServer', 'warning'),
      fired('GdoiReregistrationStorm', 'critical'),
      fired('GdoiKekRekeyOverdue', 'warning', 'gm3', 'gm5', 'gm6', 'gm7', 'gm11'),
      fired('GdoiUnexpectedReregistration', 'warning', 'gm3', 'gm5', 'gm6', 'gm7', 'gm11'),
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1', 'ks2'),
    ],
  },
];

/** `healthy` is watched for days; `field` is a mixture of all, for measuring. */
const NOT_AN_INCIDENT: readonly ScenarioName[] = ['healthy', 'field'];

test('every scenario of the simulator is here', () => {
  const covered = [...INCIDENTS.map(({ scenario }) => scenario), ...NOT_AN_INCIDENT];
  expect(covered.toSorted()).toEqual(SCENARIO_NAMES.toSorted());
});

describe.skipIf(missing('promtool'))('an incident raises exactly its alerts', () => {
  test.each(INCIDENTS.map((incident) => [incident.scenario, incident.title, incident] as const))(
    '%s: %s',
    async (scenario, _, incident) => {
      const { minutes } = incident;
      const scrapes = await scrapesOf({ scenario, minutes, scrapeSeconds: SCRAPE_SECONDS, pollInterval: '60s' });
      expect(await testRules([firingTest(incident, scrapes, SCRAPE_SECONDS)], `${SCRAPE_SECONDS}s`)).toBe('');
    },
  );

  test('a certificate with five days left: its device alone, an hour after the first look at it', async () => {
    const minutes = 75;
    const scrapes = await scrapesOf({
      scenario: 'healthy',
      minutes,
      scrapeSeconds: SCRAPE_SECONDS,
      pollInterval: '60s',
      gms: 2,
      lifetimes: FIDELITY_LIFETIMES,
      amend: (device, command, text) =>
        device === 'gm1' && command === 'show crypto pki certificates'
          ? text.replace(/end {3}date: .*/u, 'end   date: 00:00:00 UTC Jan 6 2026')
          : text,
    });
    const raises = [fired('GdoiCertificateExpiring', 'critical', 'gm1')];
    const incident: Firing = { scenario: 'healthy', minutes, raises, at: { 55: [], 65: raises } };
    expect(await testRules([firingTest(incident, scrapes, SCRAPE_SECONDS)], `${SCRAPE_SECONDS}s`)).toBe('');
  });
});
