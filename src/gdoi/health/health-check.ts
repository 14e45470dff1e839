/**
 * One check of a device's or group's health, and the verdict of many: the worst decides, and the summary names it.
 *
 * `unknown` is neither 0 nor ok. A required check that is unknown (does the device answer, is it registered) makes the
 * whole unknown; any other one is shown as unknown and decides nothing: that no KS is polled is no fault of a GM.
 */

/** Best first. */
export const HEALTH_STATUSES = ['ok', 'unknown', 'warning', 'critical'] as const;
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

/** In order of what on-call looks at first: of two equally bad checks the earlier one is named. */
export const CHECK_NAMES = [
  'reachable',
  'fresh',
  'snmp_reachable',
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
  'reregistrations',
  'mixed_versions',
  'certificates',
  'rekey_duration',
  'members',
  'data_agreement',
  'sources_agree',
  'commands',
  'parser',
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
}

/** On-call catalogue, row 4: acknowledgements missed in a row; at 3 the KS drops the GM. One is a warning. */
export const ACKS_MISSED_CRITICAL = 2;

/** A check without what most checks lack. */
export function check(
  name: CheckName,
  group: string | null,
  status: HealthStatus,
  detail: string,
  more: Partial<Pick<HealthCheck, 'value' | 'threshold' | 'required' | 'action'>> = {},
): HealthCheck {
  return { name, group, status, detail, value: null, threshold: null, required: false, action: null, ...more };
}

/** How much a check weighs in the verdict: an unknown that is not required weighs nothing. */
export function weightOf({ status, required }: Pick<HealthCheck, 'status' | 'required'>): number {
  return status === 'unknown' && !required ? 0 : HEALTH_STATUSES.indexOf(status);
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
 * Checks made from an answer that is too old: what was bad stays bad, since nothing has shown otherwise; what was good is
 * not known any more.
 */
export function asOfOldAnswer(checks: readonly HealthCheck[], age: string): readonly HealthCheck[] {
  return checks.map((known) => ({
    ...known,
    status: known.status === 'ok' ? 'unknown' : known.status,
    detail: `${age} ago: ${known.detail}`,
  }));
}

/** Names in one line. */
const MAX_NAMES = 5;

/** `gm1, gm2 and 7 more`. */
export function nameList(names: readonly string[]): string {
  const rest = names.length - MAX_NAMES;
  return rest > 0 ? `${names.slice(0, MAX_NAMES).join(', ')} and ${rest} more` : names.join(', ');
}
