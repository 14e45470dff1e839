/** What the agent must report for each scenario, headline by headline: `cause status`, in the order of appearance. */
import { SCENARIO_NAMES, type ScenarioName } from '../../src/simulator/scenarios/scenario.ts';

export interface Said {
  readonly minutes: number;
  /** Group -> headlines in order; no other may be reported. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

export const LEGACY = 'legacy_ks warning';

/** The KS ejected gm1 before the agent first looked, and ejects it again. */
const DROPPED_TWICE = [
  'ejected? warning',
  'ejected critical',
  '(ejected) ok',
  'path_loss? warning',
  'path_loss warning',
  'path_loss critical',
  'ejected critical',
];

/** `path_loss?`: until the KS is seen to live after it sent the rekey. */
export const SAID: Readonly<Partial<Record<ScenarioName, Said>>> = {
  healthy: { minutes: 30, groups: { G1: ['ok'] } },
  'legacy-ks': { minutes: 30, groups: { G1: [LEGACY] } },
  'ks-upgrade': { minutes: 20, groups: { G1: [LEGACY, '(legacy_ks) ok', 'ok'] } },
  'rekey-loss': { minutes: 15, groups: { G1: ['ok', 'path_loss? warning', 'path_loss warning', 'ok'] } },
  'rekey-loss-fleet': {
    minutes: 16,
    groups: { G1: ['ok', 'ks_rekeys_lost critical', 'ks_rekeys_lost warning', 'ok'] },
  },
  'tek-loss': { minutes: 20, groups: { G1: ['ok', 'path_loss? warning', 'path_loss warning'] } },
  ejection: {
    minutes: 35,
    groups: { G1: [...DROPPED_TWICE, '(ejected) warning'] },
  },
  'ks-down': {
    minutes: 25,
    groups: { G1: ['ok', 'ks_down? warning', 'ks_down critical', '(ks_down) warning', '(ks_down) ok', 'ok'] },
  },
  'coop-failover': {
    minutes: 15,
    groups: {
      G1: [
        'ok',
        // Its peer reports the loss before the next look at the dead KS.
        'coop_peer_lost? warning',
        'redundancy_lost? warning',
        'redundancy_lost warning',
        '(redundancy_lost) ok',
        'ok',
      ],
    },
  },
  'coop-split': { minutes: 25, groups: { G1: ['ok', 'coop_split critical', 'ok'] } },
  'reload-storm': {
    minutes: 15,
    groups: { G1: ['ok', 'gms_unreachable warning', 'gms_reloaded warning', 'gms_reloaded ok', 'ok'] },
  },
  'operator-clear': { minutes: 15, groups: { G1: ['ok', 'operator_clear ok', 'ok'] } },
  'ks-clear-members': { minutes: 15, groups: { G1: ['ok', 'ks_members_lost? warning', 'ks_forced ok', 'ok'] } },
  'mixed-old-gms': { minutes: 20, groups: { G1: ['ok', 'old_kek_in_use critical', 'path_loss warning', 'ok'] } },
  multicast: { minutes: 15, groups: { G1: ['ok', 'path_loss? warning', 'path_loss warning', 'ok'] } },
  unregistered: { minutes: 10, groups: { G1: ['not_registered? warning', 'not_registered critical'] } },
  unauthorized: {
    minutes: 15,
    groups: {
      G1: ['ok', 'gms_unreachable warning', 'gms_reloaded ok', 'unauthorized critical', 'gms_reloaded ok', 'ok'],
    },
  },
  'rsa-mismatch': {
    minutes: 20,
    groups: {
      G1: [
        'ok',
        'coop_peer_lost? warning',
        'redundancy_lost? warning',
        'rekeys_refused critical',
        'redundancy_lost warning',
      ],
    },
  },
  'replay-errors': { minutes: 25, groups: { G1: ['ok', 'replay_errors warning', 'ok'] } },
  'interface-flap': {
    minutes: 30,
    groups: {
      G1: ['ok', 'interface_flap warning', 'interface_flap ok', 'interface_flap warning', 'interface_flap ok', 'ok'],
    },
  },
  'registration-fails': {
    minutes: 25,
    groups: {
      G1: ['ok', 'path_loss? warning', 'path_loss warning', 'not_registered critical', 'path_loss warning', 'ok'],
    },
  },
  'tek-missing': { minutes: 20, groups: { G1: ['ok', 'without_tek critical', 'ok'] } },
  'ejection-coop': {
    minutes: 40,
    groups: { G1: DROPPED_TWICE },
  },
  demo: {
    minutes: 12,
    groups: {
      CORP: ['ok', 'path_loss? warning', 'path_loss warning'],
      BRANCH: [LEGACY],
      MCAST: ['ok', 'path_loss warning'],
    },
  },
};

/** `field` is a mixture of all, used for measurements. */
export const WATCHED = SCENARIO_NAMES.filter((name) => name !== 'field');
