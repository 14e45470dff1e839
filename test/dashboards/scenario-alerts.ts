/** Which alerts each scenario raises, from its start to its end; whom they reach is in notifications.test.ts. */
import type { ScenarioName } from '../../src/simulator/scenarios/scenario.ts';
import { type Alert, fired } from './fired-alerts.ts';

/** `field` is a mixture of all, for measuring. */
export type ToldScenario = Exclude<ScenarioName, 'field'>;

export interface ScenarioAlerts {
  /** Incidents that were told, `cause severity`; all else is muted by what explains it. */
  readonly tells: readonly string[];
  /** All other alerts that fired in that time. */
  readonly raises: readonly (readonly Alert[])[];
  /** What fires at a minute. */
  readonly at?: Readonly<Record<number, readonly (readonly Alert[])[]>>;
}

function gms(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `gm${index + 1}`);
}

/** GMs that wait for a KEK rekey in vain and register again. */
function waitingInVain(...devices: readonly string[]): readonly Alert[] {
  return [
    ...fired('GdoiKekRekeyOverdue', 'warning', ...devices),
    ...fired('GdoiUnexpectedReregistration', 'warning', ...devices),
  ];
}

export const ALERTS: Readonly<Record<ToldScenario, ScenarioAlerts>> = {
  healthy: { tells: [], raises: [] },
  // A path that drops KEK rekeys: overdue before, unexpected after, and the KS counts the GM.
  'rekey-loss': {
    tells: ['path_loss warning'],
    raises: [waitingInVain('gm1'), fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1')],
    at: {
      1: [],
      // The KEK expires 4.5 minutes after the start; the GM re-registers up to 40 s before.
      2: [fired('GdoiKekRekeyOverdue', 'warning', 'gm1')],
      5: [fired('GdoiUnexpectedReregistration', 'warning', 'gm1')],
      26: [],
    },
  },
  // KEK rekeys that no GM gets: the group is told as a whole.
  'rekey-loss-fleet': {
    // What is left of it afterwards is told with the page.
    tells: ['ks_rekeys_lost critical'],
    raises: [
      waitingInVain(...gms(8)),
      fired('GdoiReregistrationStorm', 'critical'),
      fired('GdoiGmRekeyUnacknowledged', 'critical'),
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1'),
    ],
  },
  // A path that drops every rekey.
  'tek-loss': {
    tells: ['path_loss warning'],
    raises: [waitingInVain('gm1'), fired('GdoiUnexpectedReregistration', 'critical', 'gm1')],
  },
  // An old KS with new GMs: said from the inventory, then seen in every KEK cycle.
  'legacy-ks': {
    tells: ['legacy_ks warning'],
    raises: [
      fired('GdoiMixedVersions', 'warning'),
      fired('GdoiLegacyKeyServer', 'warning'),
      waitingInVain(...gms(4)),
      // The third within an hour.
      fired('GdoiUnexpectedReregistration', 'critical', ...gms(4)),
      fired('GdoiReregistrationStorm', 'critical'),
    ],
  },
  // The upgrade of the KSs ends it, one KEK cycle later.
  'ks-upgrade': {
    tells: ['legacy_ks warning'],
    raises: [
      fired('GdoiMixedVersions', 'warning'),
      fired('GdoiLegacyKeyServer', 'warning'),
      waitingInVain(...gms(4)),
      fired('GdoiReregistrationStorm', 'critical'),
    ],
    at: { 31: [] },
  },
  // Acknowledgements that get lost: one, two, and the GM is off the list, by KS and GM.
  ejection: {
    tells: ['path_loss warning', 'path_loss critical', 'ejected critical'],
    raises: [
      waitingInVain('gm1'),
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1'),
      fired('GdoiGmRekeyUnacknowledged', 'critical', 'ks1'),
      fired('GdoiGmEjected', 'critical'),
      fired('GdoiGmEjected', 'critical', 'gm1'),
    ],
  },
  // The only KS dies: the KS, then its GMs, and all is over when it is back.
  'ks-down': {
    tells: ['ks_down critical'],
    raises: [
      fired('GdoiKeyServerUnreachable', 'critical', 'ks1'),
      fired('GdoiKekRekeyOverdue', 'warning', ...gms(4)),
      fired('GdoiGmNotRegistered', 'critical', ...gms(4)),
      fired('GdoiReregistrationStorm', 'critical'),
      fired('GdoiUnexpectedReregistration', 'warning', ...gms(4)),
    ],
    at: { 38: [] },
  },
  // A primary that dies is no split and costs no re-registration.
  'coop-failover': {
    tells: ['redundancy_lost warning'],
    raises: [fired('GdoiKeyServerUnreachable', 'critical', 'ks1'), fired('GdoiCoopPeerDown', 'warning', 'ks2')],
    at: { 22: [] },
  },
  // Two primaries, and what follows from them.
  'coop-split': {
    tells: ['coop_split critical'],
    raises: [
      fired('GdoiCoopSplit', 'critical'),
      fired('GdoiCoopPeerDown', 'warning', 'ks1', 'ks2'),
      fired('GdoiTekDivergence', 'critical'),
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1', 'ks2'),
      fired('GdoiGmRekeyUnacknowledged', 'critical', '', 'ks1', 'ks2'),
    ],
    at: { 31: [] },
  },
  // GMs that reload are no unexpected re-registration; a rekey sent meanwhile is not acknowledged.
  'reload-storm': {
    tells: ['gms_unreachable warning', 'gms_reloaded info', 'gms_reloaded warning'],
    raises: [fired('GdoiReregistrationStorm', 'info'), fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1', 'ks2')],
    at: { 29: [] },
  },
  // A clear by the operator is nothing to act upon.
  'operator-clear': {
    tells: ['operator_clear info'],
    raises: [],
  },
  // A KS that told its members to register anew is told once, for information.
  'ks-clear-members': {
    tells: ['ks_forced info'],
    raises: [fired('GdoiReregistrationStorm', 'info')],
    at: { 28: [] },
  },
  // An old GM that misses the KEK rekey works with the old KEK until its TEK ends.
  'mixed-old-gms': {
    tells: ['old_kek_in_use critical', 'path_loss warning'],
    raises: [
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1'),
      fired('GdoiKekExpiredInUse', 'critical', 'gm1'),
      fired('GdoiUnexpectedReregistration', 'warning', 'gm1'),
    ],
  },
  // Multicast rekeys are not acknowledged, so only the GM tells.
  multicast: {
    tells: ['path_loss warning'],
    raises: [waitingInVain('gm1')],
  },
  // A GM that reaches no KS; one that gets through within three minutes is not told.
  unregistered: {
    tells: ['not_registered critical'],
    raises: [fired('GdoiGmNotRegistered', 'critical', 'gm1')],
    at: { 25: [fired('GdoiGmNotRegistered', 'critical', 'gm1')] },
  },
  // A GM that the KSs refuse after its reload: not registered until they know its identity again.
  unauthorized: {
    tells: ['gms_unreachable warning', 'gms_reloaded info', 'unauthorized critical'],
    raises: [
      fired('GdoiGmNotRegistered', 'critical', 'gm1'),
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1', 'ks2'),
    ],
    at: { 20: [] },
  },
  // A KS that took over with another RSA key: no GM can use its rekeys.
  'rsa-mismatch': {
    tells: ['redundancy_lost warning', 'rekeys_refused critical'],
    raises: [
      fired('GdoiKeyServerUnreachable', 'critical', 'ks1'),
      fired('GdoiCoopPeerDown', 'warning', 'ks2'),
      waitingInVain(...gms(4)),
      fired('GdoiReregistrationStorm', 'critical'),
      fired('GdoiGmRekeyUnacknowledged', 'critical'),
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks2'),
    ],
  },
  // A GM whose packets are dropped by the anti-replay check.
  'replay-errors': {
    tells: ['replay_errors warning'],
    raises: [fired('GdoiReplayErrors', 'warning', 'gm1')],
  },
  // A GM whose interface goes down, as its messages say: first as not yet over, then for information.
  'interface-flap': {
    tells: ['interface_flap info', 'interface_flap warning'],
    raises: [],
  },
  // A GM that is registered and holds no TEK.
  'tek-missing': {
    tells: ['without_tek critical'],
    raises: [fired('GdoiGmWithoutTek', 'critical', 'gm1')],
  },
  // A GM whose registrations fail while it is still registered: told before its traffic stops.
  'registration-fails': {
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
  // Acknowledgements that get lost in a group of two KSs, one of which goes away.
  'ejection-coop': {
    tells: ['path_loss warning', 'path_loss critical', 'ejected critical', 'redundancy_lost warning'],
    raises: [
      fired('GdoiKeyServerUnreachable', 'critical', 'ks1'),
      fired('GdoiCoopPeerDown', 'warning', 'ks2'),
      fired('GdoiUnexpectedReregistration', 'warning', 'gm1'),
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1', 'ks2'),
      fired('GdoiGmRekeyUnacknowledged', 'critical', 'ks1', 'ks2'),
      fired('GdoiGmEjected', 'critical', 'gm1'),
    ],
  },
  // The three groups of the demo.
  demo: {
    tells: ['path_loss warning', 'legacy_ks warning', 'operator_clear info', 'gms_reloaded info'],
    raises: [
      fired('GdoiMixedVersions', 'warning'),
      fired('GdoiLegacyKeyServer', 'warning'),
      fired('GdoiReregistrationStorm', 'critical'),
      waitingInVain('gm3', 'gm5', 'gm6', 'gm7', 'gm11'),
      // The third within an hour.
      fired('GdoiUnexpectedReregistration', 'critical', 'gm5', 'gm6', 'gm7', 'gm11'),
      fired('GdoiGmRekeyUnacknowledged', 'warning', 'ks1', 'ks2'),
    ],
  },
};
