/**
 * The explanations of a group in the health of a device or of the group: which ones concern it, which checks they
 * explain, and what is said first. A check that is explained weighs no more than its cause, and what to do first about
 * it is what to do about the cause.
 */
import { type Explanation, type ExplanationCause, worseStatus } from '../explain/explanation.ts';
import { SYMPTOM_CHECKS, type SymptomCheck } from '../explain/symptom.ts';
import { isAmong } from '../seen/is-among.ts';
import { type CheckName, type HealthCheck, type HealthStatus, milderOf, worseOf } from './health-check.ts';

/** Of a KS these are the group's, whichever device shows them. */
const OF_THE_GROUP: ReadonlySet<CheckName> = new Set<CheckName>([
  'coop_split',
  'coop_role',
  'coop_peers',
  'mixed_versions',
  'members',
]);

/** Checks without a symptom of their own, and the symptom that they go with. */
const SAME_AS: ReadonlyMap<CheckName, SymptomCheck> = new Map<CheckName, SymptomCheck>([
  ['registration_attempts', 'registered'],
]);

/**
 * A group's check of the last rekey counts the GMs to whom none came, too: overdue first, then without keys, with
 * old ones or without a registration, then registered anew for it.
 */
const ALSO_OF_A_GROUP: ReadonlyMap<CheckName, readonly SymptomCheck[]> = new Map<CheckName, readonly SymptomCheck[]>([
  [
    'rekeys_acknowledged',
    [
      'kek_remaining',
      'reregistrations',
      'registered',
      'kek_present',
      'kek_matches_ks',
      'tek_remaining',
      'tek_matches_ks',
    ],
  ],
]);

const SYMPTOMS: ReadonlySet<string> = new Set(SYMPTOM_CHECKS);

/** By its countdown a KEK ends after the look that was explained. */
const ENDS_BETWEEN_LOOKS: ReadonlySet<CheckName> = new Set<CheckName>(['kek_present', 'kek_remaining']);

/** Nothing of a key that ends follows from these. */
const NOT_OF_KEYS: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>([
  'login_refused',
  'clock',
  'replay_errors',
  'member_counts_differ',
  'coop_mismatch',
]);

/** A KS shows these of its GMs. */
const COUNTED_BY_KS: ReadonlySet<SymptomCheck> = new Set<SymptomCheck>(['rekeys_acknowledged']);

/**
 * `explanations`: the worst first. `device` null: the checks are the group's own; one that no cause explains tells of
 * what is over, since a symptom that stands alone is an explanation too, and so it is no worse than the group. `isKs`:
 * they are those of a KS.
 */
export function withExplanations(
  checks: readonly HealthCheck[],
  explanations: readonly Explanation[],
  device: string | null,
  isKs = false,
): readonly HealthCheck[] {
  const [worst] = explanations;
  if (worst === undefined) return checks;
  return checks.map((known) => {
    if (known.status === 'ok' || known.status === 'unknown') return known;
    const own = SAME_AS.get(known.name) ?? known.name;
    const symptoms = device === null ? [own, ...(ALSO_OF_A_GROUP.get(known.name) ?? [])] : [own];
    const found = symptoms
      .flatMap((symptom) => explanations.find((explanation) => explains(explanation, symptom, device, isKs)) ?? [])
      .at(0);
    const ofKeys = explanations.find(({ cause }) => !NOT_OF_KEYS.has(cause));
    if (found === undefined && device !== null && ofKeys !== undefined && ENDS_BETWEEN_LOOKS.has(known.name)) {
      // What is said of this GM's keys is so: at its next look it is told what became of its KEK.
      const { cause, status, firstStep } = ofKeys;
      return {
        ...known,
        action: firstStep ?? known.action,
        explainedBy: { cause, status: worseStatus(status, 'warning') },
      };
    }
    if (found === undefined) {
      return device === null && SYMPTOMS.has(own) ? { ...known, status: milderOf(known.status, worst.status) } : known;
    }
    // The check's own step is for the commonest cause: where the cause is known it may send people the wrong way.
    return { ...known, action: found.firstStep, explainedBy: { cause: found.cause, status: found.status } };
  });
}

function explains({ explains: all }: Explanation, symptom: CheckName, device: string | null, isKs: boolean): boolean {
  if (!SYMPTOMS.has(symptom)) return false;
  return all.some(
    ({ check, devices }) =>
      check === symptom &&
      (device === null ||
        OF_THE_GROUP.has(symptom) ||
        (isKs && COUNTED_BY_KS.has(check)) ||
        devices.length === 0 ||
        isAmong(devices, device)),
  );
}

/**
 * Who of those that a cause names is what is wrong: the KSs; the GMs, as bad as the worst of them; `ks_says`: others, of
 * which KSs say it; none: what it will do to them, or does to all, is not yet one of their own checks.
 */
const BLAMED: Readonly<Record<ExplanationCause, 'kss' | 'ks_says' | 'gms' | 'none'>> = {
  login_refused: 'none',
  name_shared: 'none',
  coop_split: 'kss',
  ks_members_lost: 'kss',
  ks_down: 'kss',
  no_primary: 'kss',
  redundancy_lost: 'kss',
  role_flapping: 'kss',
  ks_out_of_sight: 'kss',
  coop_mismatch: 'kss',
  legacy_ks: 'none',
  ks_forced: 'none',
  clock: 'none',
  unauthorized: 'ks_says',
  registration_refused: 'ks_says',
  gms_reloaded: 'none',
  gms_unreachable: 'gms',
  operator_clear: 'none',
  interface_flap: 'gms',
  without_tek: 'gms',
  rekeys_refused: 'kss',
  old_kek_in_use: 'gms',
  ejected: 'gms',
  ks_rekeys_lost: 'kss',
  path_loss: 'gms',
  ks_failover: 'none',
  not_registered: 'gms',
  without_kek: 'gms',
  keys_differ: 'gms',
  coop_peer_lost: 'kss',
  member_counts_differ: 'kss',
  replay_errors: 'gms',
  reregistered: 'none',
};

/**
 * How bad a device is at least by a cause that names it, also where none of its checks shows that. Of several GMs each
 * is as bad as its own checks, and needs a look.
 */
export function leastBy({ cause, phase, status, scope }: Explanation, device: string, isKs: boolean): HealthStatus {
  if (phase === 'over' || status === 'ok' || !isAmong(scope, device)) return 'ok';
  const blamed = BLAMED[cause];
  if (isKs && blamed === 'kss') return status;
  if (isKs && blamed === 'ks_says') return 'warning';
  if (!isKs && blamed === 'gms') return scope.length === 1 ? status : 'warning';
  return status === 'critical' ? 'warning' : 'ok';
}

/** What a GM shows is no worse than its cause, and no better than one that names it. */
export function asByCauses(status: HealthStatus, explanations: readonly Explanation[], gm: string): HealthStatus {
  const found = explanations.find(({ explains: all }) => all.some(({ devices }) => isAmong(devices, gm)));
  const own = found === undefined ? status : milderOf(status, found.status);
  return explanations.reduce((worst, each) => worseOf(worst, leastBy(each, gm, false)), own);
}

/** Whom it concerns gets no rekey until it registers again. */
const BEYOND_REKEYS: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>([
  'old_kek_in_use',
  'ejected',
  'without_kek',
]);

/** Is it known that no rekey reaches this GM now? `explanations`: those that concern it. */
export function isBeyondRekeys(explanations: readonly Explanation[], device: string): boolean {
  return explanations.some(
    ({ cause, phase, scope, explains: all }) =>
      phase === 'present' &&
      ((BEYOND_REKEYS.has(cause) && isAmong(scope, device)) ||
        all.some(
          ({ check, devices }) =>
            isAmong(devices, device) &&
            (check === 'registered' || (cause === 'ks_members_lost' && check === 'rekeys_acknowledged')),
        )),
  );
}

/** Those that concern the device: it causes it, suffers from it, will, or as a KS counts what others suffer. */
export function explanationsOf(
  explanations: readonly Explanation[],
  device: string,
  isKs = false,
): readonly Explanation[] {
  return explanations.filter(
    ({ scope, explains: all }) =>
      isAmong(scope, device) ||
      all.some(({ check, devices }) => isAmong(devices, device) || (isKs && COUNTED_BY_KS.has(check))),
  );
}
