/**
 * What is said of a group: a cause, whom it concerns, what follows from it and until when, what to do first, and which
 * symptoms it explains. Plain values, so that JSON keeps them.
 */
import type { EpochMs } from '../seen/instant.ts';
import type { Symptom } from './symptom.ts';

/**
 * Closed, in causal order: what stands earlier claims symptoms before what stands later. The last ones are symptoms
 * that nothing explains.
 */
export const EXPLANATION_CAUSES = [
  'login_refused',
  'name_shared',
  'coop_split',
  'ks_members_lost',
  'ks_down',
  'no_primary',
  'redundancy_lost',
  'role_flapping',
  'ks_out_of_sight',
  'coop_mismatch',
  'legacy_ks',
  'ks_forced',
  'clock',
  'unauthorized',
  'registration_refused',
  'gms_reloaded',
  'gms_unreachable',
  'operator_clear',
  'interface_flap',
  'without_tek',
  'rekeys_refused',
  'old_kek_in_use',
  'ejected',
  'ks_rekeys_lost',
  'path_loss',
  'ks_failover',
  'not_registered',
  'without_kek',
  'keys_differ',
  'coop_peer_lost',
  'member_counts_differ',
  'replay_errors',
  'reregistered',
] as const;
export type ExplanationCause = (typeof EXPLANATION_CAUSES)[number];

/** How bad it is: `ok` needs no one tonight, `warning` is a ticket, `critical` a page. */
export type ExplanationStatus = 'ok' | 'warning' | 'critical';

/**
 * `present`: it is so now. `unclear`: the evidence is thin, and the next planned look decides. `over`: it has ended,
 * and what is still seen follows from it.
 */
export type Phase = 'present' | 'unclear' | 'over';

/** `certain`: devices say so themselves. `likely`: nothing else fits what they show. `possible`: not yet clear. */
export type Confidence = 'certain' | 'likely' | 'possible';

export interface Consequence {
  /** `traffic of 4 GMs stops`. */
  readonly what: string;
  /** What would keep it from happening: `a KS answers them before`; null: nothing, or it has happened. */
  readonly unless: string | null;
  /**
   * It holds at this look only: a rule that repeats an earlier explanation must not repeat it. Absent: it is still
   * ahead.
   */
  readonly isNow?: true;
}

export interface Explanation {
  readonly cause: ExplanationCause;
  readonly phase: Phase;
  readonly status: ExplanationStatus;
  readonly sinceMs: EpochMs;
  /** One sentence for a person at 3 a.m. It holds instants, never ages: it stays the same while nothing changes. */
  readonly summary: string;
  readonly consequence: Consequence | null;
  /** When the consequence comes; null: it is there already, or it is not known when. */
  readonly deadlineMs: EpochMs | null;
  readonly confidence: Confidence;
  /** When an unclear one is decided at the latest; null: it is decided, or no look is planned. */
  readonly knownAtMs: EpochMs | null;
  /** Read-only; null: there is nothing to do. */
  readonly firstStep: string | null;
  /** Devices it concerns, causes and sufferers, in the order people count. */
  readonly scope: readonly string[];
  readonly evidence: readonly string[];
  readonly explains: readonly Explained[];
}

/** Symptoms of one kind that follow from the cause. */
export interface Explained {
  readonly check: Symptom['check'];
  /** By name, else by address; empty: the symptom is the group's. */
  readonly devices: readonly string[];
}

const PHASES: readonly Phase[] = ['present', 'over', 'unclear'];
const STATUSES: readonly ExplanationStatus[] = ['ok', 'warning', 'critical'];

export function worseStatus(a: ExplanationStatus, b: ExplanationStatus): ExplanationStatus {
  return STATUSES.indexOf(a) >= STATUSES.indexOf(b) ? a : b;
}

/**
 * The worst first; of two equally bad the one that is so now, one that is clear, that explains more, then the deeper
 * one.
 */
export function byWeight(a: Explanation, b: Explanation): number {
  return (
    STATUSES.indexOf(b.status) - STATUSES.indexOf(a.status) ||
    PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase) ||
    explainedCount(b) - explainedCount(a) ||
    EXPLANATION_CAUSES.indexOf(a.cause) - EXPLANATION_CAUSES.indexOf(b.cause)
  );
}

/** That releases are mixed stands as long as they are: whatever happens beside it comes first. */
function explainedCount({ explains }: Explanation): number {
  return explains.reduce(
    (sum, { check, devices }) => sum + (check === 'mixed_versions' ? 0 : Math.max(1, devices.length)),
    0,
  );
}
