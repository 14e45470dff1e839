/**
 * One check of a device's or group's health, and the verdict of many: the worst decides, and the summary names it.
 *
 * `unknown` is neither 0 nor ok. A required check that is unknown (does the device answer, is it registered) makes the
 * whole unknown; any other one is shown as unknown and decides nothing: that no KS is polled is no fault of a GM.
 */

import type { ExplanationCause, ExplanationStatus } from '../explain/explanation.ts';

/** Best first. */
export const HEALTH_STATUSES = ['ok', 'unknown', 'warning', 'critical'] as const;
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

/** In order of what on-call looks at first: of two equally bad checks the earlier one is named. */
export const CHECK_NAMES = [
  'reachable',
  'fresh',
  'snmp_reachable',
  'restconf_reachable',
  'registered',
  'kek_present',
  'kek_remaining',
  'kek_matches_ks',
  'tek_remaining',
  'tek_matches_ks',
  'coop_split',
  'coop_role',
  'coop_peers',
  'rekeys_acknowledged',
  'registration_attempts',
  'packets_dropped',
  'reregistrations',
  'sa_direction',
  'mixed_versions',
  'certificates',
  'rekey_duration',
  'members',
  'data_agreement',
  'sources_agree',
  'commands',
  'parser',
  'ike',
  'ipsec',
  'time_source',
  'cpu',
] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

export interface HealthCheck {
  readonly name: CheckName;
  /** null: the check is of the device, not of one group. */
  readonly group: string | null;
  readonly status: HealthStatus;
  /** One clause for a person, with the figures. */
  readonly detail: string;
  /** What was compared, in base units (seconds, counts); null: not shown, or nothing to compare. */
  readonly value: number | string | boolean | null;
  /** What the value is compared with, in the same unit. */
  readonly threshold: number | string | null;
  /** Unknown here makes the whole unknown. */
  readonly required: boolean;
  /** First step for on-call, read-only; null while there is nothing to do. */
  readonly action: string | null;
  /** The cause that explains it, and how bad that is; null: nothing is wrong, or nothing explains it. */
  readonly explainedBy: { readonly cause: ExplanationCause; readonly status: ExplanationStatus } | null;
}

/** A check without what most checks lack. Its group is null where it is the whole device's. */
export function check(
  [name, group]: readonly [name: CheckName, group: string | null],
  status: HealthStatus,
  detail: string,
  more: Partial<Pick<HealthCheck, 'value' | 'threshold' | 'required' | 'action'>> = {},
): HealthCheck {
  return {
    name,
    group,
    status,
    detail,
    value: null,
    threshold: null,
    required: false,
    action: null,
    explainedBy: null,
    ...more,
  };
}

/**
 * How much a check weighs in the verdict: an unknown that is not required weighs nothing, and what is explained weighs
 * no more than its cause.
 */
export function weightOf(check: Pick<HealthCheck, 'status' | 'required'> & Partial<HealthCheck>): number {
  const { status, required, explainedBy } = check;
  const own = status === 'unknown' && !required ? 0 : HEALTH_STATUSES.indexOf(status);
  return explainedBy == null ? own : Math.min(own, HEALTH_STATUSES.indexOf(explainedBy.status));
}

/** As it is shown: what is explained is no worse than its cause. */
export function shownStatus({ status, explainedBy }: Pick<HealthCheck, 'status' | 'explainedBy'>): HealthStatus {
  return explainedBy === null ? status : milderOf(status, explainedBy.status);
}

export function milderOf(a: HealthStatus, b: HealthStatus): HealthStatus {
  return HEALTH_STATUSES.indexOf(a) <= HEALTH_STATUSES.indexOf(b) ? a : b;
}

export function worseOf(a: HealthStatus, b: HealthStatus): HealthStatus {
  return HEALTH_STATUSES.indexOf(a) >= HEALTH_STATUSES.indexOf(b) ? a : b;
}

/** The check that decides; null when there is none at all. */
export function worstCheck(checks: readonly HealthCheck[]): HealthCheck | null {
  let worst: HealthCheck | null = null;
  for (const candidate of checks) {
    if (worst === null || precedes(candidate, worst)) worst = candidate;
  }
  return worst;
}

function precedes(candidate: HealthCheck, worst: HealthCheck): boolean {
  const byWeight = weightOf(candidate) - weightOf(worst);
  return byWeight > 0 || (byWeight === 0 && CHECK_NAMES.indexOf(candidate.name) < CHECK_NAMES.indexOf(worst.name));
}

/** Status of the whole. Without any check nothing is known. */
export function verdictOf(checks: readonly HealthCheck[]): HealthStatus {
  const worst = worstCheck(checks);
  return worst === null ? 'unknown' : (HEALTH_STATUSES[weightOf(worst)] ?? 'unknown');
}

/**
 * Checks made from an answer that is too old: what was bad stays bad, since nothing has shown otherwise; what was good
 * is not known any more. What is left of a lifetime is counted up to now: only the answer is of then.
 */
export function asOfOldAnswer(checks: readonly HealthCheck[], age: string): readonly HealthCheck[] {
  return checks.map((known) => ({
    ...known,
    status: known.status === 'ok' ? 'unknown' : known.status,
    detail: `by its answer of ${age} ago: ${known.detail}`,
  }));
}
