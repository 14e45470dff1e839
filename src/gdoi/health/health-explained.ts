/**
 * The explanations of a group in the health of a device or of the group: which ones concern it, which checks they
 * explain, and what is said first. A check that is explained weighs no more than its cause, and what to do first about it
 * is what to do about the cause.
 */
import type { Explanation, ExplanationCause } from '../explain/explanation.ts';
import { SYMPTOM_CHECKS, type SymptomCheck } from '../explain/symptom.ts';
import type { CheckName, HealthCheck } from './health-check.ts';

/** Of a KS these are the group's, whichever device shows them. */
const OF_THE_GROUP: ReadonlySet<CheckName> = new Set<CheckName>([
  'coop_split',
  'coop_role',
  'coop_peers',
  'mixed_versions',
  'members',
]);

/** Checks that no symptom has for itself, and the symptom that they go with. */
const SAME_AS: ReadonlyMap<CheckName, SymptomCheck> = new Map<CheckName, SymptomCheck>([
  ['registration_attempts', 'registered'],
]);

const SYMPTOMS: ReadonlySet<string> = new Set(SYMPTOM_CHECKS);

/** `device` null: the checks are the group's own. */
export function withExplanations(
  checks: readonly HealthCheck[],
  explanations: readonly Explanation[],
  device: string | null,
): readonly HealthCheck[] {
  if (explanations.length === 0) return checks;
  return checks.map((known) => {
    if (known.status === 'ok' || known.status === 'unknown') return known;
    const found = explanations.find((explanation) => explains(explanation, known.name, device));
    if (found === undefined) return known;
    // The check's own step is for the commonest cause: where the cause is known it may send people the wrong way.
    return { ...known, action: found.firstStep, explainedBy: { cause: found.cause, status: found.status } };
  });
}

function explains({ explains: all }: Explanation, name: CheckName, device: string | null): boolean {
  const symptom = SAME_AS.get(name) ?? name;
  if (!SYMPTOMS.has(symptom)) return false;
  return all.some(
    ({ check, devices }) =>
      check === symptom &&
      (device === null || OF_THE_GROUP.has(name) || devices.length === 0 || devices.includes(device)),
  );
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
      ((BEYOND_REKEYS.has(cause) && scope.includes(device)) ||
        all.some(
          ({ check, devices }) =>
            devices.includes(device) &&
            (check === 'registered' || (cause === 'ks_members_lost' && check === 'rekeys_acknowledged')),
        )),
  );
}

/** Those that concern the device: it causes it, suffers from it, or will. */
export function explanationsOf(explanations: readonly Explanation[], device: string): readonly Explanation[] {
  return explanations.filter(
    ({ scope, explains: all }) => scope.includes(device) || all.some(({ devices }) => devices.includes(device)),
  );
}
