/** Whether a reported cause really happened in its world, and was first reported before its cure. */
import type { Explanation, ExplanationCause } from '../../../src/gdoi/explain/explanation.ts';
import type { DrawnWorld } from '../../worlds/draw-world.ts';
import { type Happening, mixesReleases } from './happenings.ts';

interface Proof {
  readonly kinds: readonly Happening['kind'][];
  /** It must have happened to each of the GMs that the cause is about; default: to any device. */
  readonly each?: 'gm';
  /** Seconds after its end, besides one look, in which it may still be reported for the first time. */
  readonly withinSeconds: number;
}

const KS_OUTAGE = ['ks_dead', 'ks_reload', 'reload'] as const;
const PATHS = [
  'kek_rekeys_lost',
  'rekeys_lost',
  'acks_lost',
  'path_cut',
  'weak_path',
  'kek_rekeys_lost_by_all',
] as const;
const WINDOW = 600;

/** What makes a cause true; null: a mere symptom, which claims nothing beyond what is seen. */
const PROOFS: Readonly<Record<ExplanationCause, Proof | null>> = {
  login_refused: { kinds: [], withinSeconds: 0 },
  name_shared: { kinds: [], withinSeconds: 0 },
  coop_split: { kinds: ['coop_split_now'], withinSeconds: 60 },
  ks_members_lost: { kinds: [...KS_OUTAGE, 'members_cleared', 'policy_replaced', 'order'], withinSeconds: WINDOW },
  ks_down: { kinds: KS_OUTAGE, withinSeconds: 60 },
  no_primary: { kinds: [...KS_OUTAGE, 'coop_cut', 'role'], withinSeconds: 120 },
  redundancy_lost: { kinds: KS_OUTAGE, withinSeconds: 60 },
  role_flapping: { kinds: [...KS_OUTAGE, 'coop_cut', 'role'], withinSeconds: 1800 },
  ks_out_of_sight: { kinds: [], withinSeconds: 0 },
  coop_mismatch: { kinds: [], withinSeconds: 0 },
  legacy_ks: null,
  ks_forced: { kinds: ['order', 'policy_replaced', 'members_cleared'], withinSeconds: WINDOW },
  clock: { kinds: [], withinSeconds: 0 },
  unauthorized: { kinds: ['unauthorized'], each: 'gm', withinSeconds: WINDOW },
  registration_refused: { kinds: [], withinSeconds: 0 },
  gms_reloaded: { kinds: ['reload'], each: 'gm', withinSeconds: WINDOW },
  gms_unreachable: { kinds: ['reload'], each: 'gm', withinSeconds: 60 },
  operator_clear: { kinds: ['clear'], each: 'gm', withinSeconds: WINDOW },
  interface_flap: { kinds: ['flap'], each: 'gm', withinSeconds: WINDOW },
  without_tek: {
    kinds: ['teks_lost', 'flap', 'registrations_lost', 'path_cut', 'unauthorized', 'clear', ...KS_OUTAGE, 'weak_path'],
    withinSeconds: WINDOW,
  },
  rekeys_refused: { kinds: [], withinSeconds: 0 },
  old_kek_in_use: {
    kinds: [...PATHS, ...KS_OUTAGE, 'coop_cut', 'flap', 'policy_replaced', 'clear', 'order', 'ejection'],
    withinSeconds: WINDOW,
  },
  // Who is cleared on the KS while it loses acknowledgements is off its list for either reason.
  // A KS that restarted has lost its list as well, which the sentence does not exclude.
  ejected: { kinds: ['ejection', 'members_cleared', 'order', 'policy_replaced', ...KS_OUTAGE], withinSeconds: WINDOW },
  ks_rekeys_lost: { kinds: [...PATHS, ...KS_OUTAGE, 'coop_cut'], withinSeconds: WINDOW },
  path_loss: { kinds: [...PATHS, 'coop_cut'], withinSeconds: WINDOW },
  ks_failover: null,
  not_registered: null,
  without_kek: null,
  keys_differ: null,
  coop_peer_lost: { kinds: ['coop_cut', ...KS_OUTAGE], withinSeconds: 120 },
  member_counts_differ: null,
  replay_errors: { kinds: ['replay_errors'], each: 'gm', withinSeconds: WINDOW },
  reregistered: { kinds: ['registration'], each: 'gm', withinSeconds: WINDOW },
};

export interface Told {
  readonly explanation: Explanation;
  /** True time at which it was first reported as present. */
  readonly atMs: number;
}

/** Why it is not true; null: it is. `lookMs`: by how much a look lags behind what it shows. */
export function falsehoodOf(
  { explanation, atMs }: Told,
  world: DrawnWorld,
  happenings: readonly Happening[],
  lookMs: number,
): string | null {
  const { cause, scope } = explanation;
  if (cause === 'legacy_ks') return mixesReleases(world) ? null : 'no old KS meets a new GM';
  if (cause === 'rekeys_refused') {
    return haveOtherKeys(world) ? null : 'all KSs have one RSA key';
  }
  if (cause === 'ks_out_of_sight') return outageAt(scope, explanation.sinceMs, happenings);
  // Without the KEK a GM cannot read rekeys, whether they were lost or refused.
  if (cause === 'old_kek_in_use' && haveOtherKeys(world)) return null;
  if (haveOtherKeys(world) && / or (?:are refused|(?:it|they) refuses? them)/u.test(explanation.summary)) return null;
  const proof = PROOFS[cause];
  if (proof === null) return null;
  const tekMs = Math.max(...world.plan.groups.map(({ tekLifetimeSeconds }) => tekLifetimeSeconds)) * 1000;
  // A lost rekey is seen when its TEK ends, or when the next one is counted.
  const lagMs = lookMs + proof.withinSeconds * 1000 + (proof.withinSeconds === WINDOW ? tekMs : 0);
  const late = happenings.filter(
    ({ kind, fromMs, toMs, cause: why }) =>
      (proof.kinds.includes(kind) || why === cause) && fromMs <= atMs && atMs <= toMs + lagMs,
  );
  const gms = scope.filter((name) => name.startsWith('gm'));
  const missing =
    proof.each === 'gm'
      ? gms.filter((name) => !late.some(({ device }) => device === null || device === name))
      : late.length === 0
        ? ['anyone']
        : [];
  return missing.length === 0 ? null : `nothing of the kind happened to ${missing.join(', ')}`;
}

/** Whether KSs have different RSA keys, so that GMs refuse the rekeys that one of them signs. */
function haveOtherKeys({ plan }: DrawnWorld): boolean {
  return plan.kss.some(({ rsaKey }) => rsaKey !== undefined);
}

/** The KS is reported to have served someone then, so it must have been up at that time. */
function outageAt(kss: readonly string[], servedMs: number, happenings: readonly Happening[]): string | null {
  const kinds: readonly Happening['kind'][] = KS_OUTAGE;
  const down = happenings.find(
    ({ kind, device, fromMs, toMs }) =>
      kinds.includes(kind) &&
      kss.includes(device ?? '') &&
      fromMs + SERVED_BEFORE_MS < servedMs &&
      servedMs < toMs - CLOCKS_MS,
  );
  return down === undefined ? null : `${down.device ?? ''} was down when it is said to have served someone`;
}

/** A peer reports it as alive until its watchdog expires. */
const SERVED_BEFORE_MS = 60_000;
const CLOCKS_MS = 5000;
