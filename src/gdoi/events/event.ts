/**
 * What the product emits: one occurrence, one event. The names are the contract's; `id` is derived from what happened,
 * so that a restart, a replay or a second source of the same occurrence cannot double it.
 */
import type { EpochMs } from '../seen/instant.ts';

/**
 * Causes of a re-registration (GETVPN facts; `initial` is a baseline and never counted). `recovery`: the GM met a TEK
 * that it does not hold, by its own word.
 */
export const CAUSES = [
  'initial',
  'reload',
  'operator_clear',
  'kek_missed_rekey',
  'legacy_ks',
  'kek_expired',
  'tek_expired',
  'ks_failover',
  'ks_forced',
  'interface',
  'recovery',
  'unknown',
] as const;
export type Cause = (typeof CAUSES)[number];

/** `data_problem`: the device contradicts itself; nothing is concluded from such figures. */
export const EVENT_TYPES = [
  'reregistration',
  'kek_rekey',
  'kek_rekey_overdue',
  'kek_expired_in_use',
  'kek_missing',
  'registration_lost',
  'registration_restored',
  'registration_failed',
  'reload',
  'counters_reset',
  'tek_divergence',
  'mixed_versions',
  'ks_role_changed',
  'coop_peer_lost',
  'coop_split',
  'unreachable',
  'reachable',
  'data_problem',
  'tek_missing',
  'tek_rekey_overdue',
  'member_ejected',
  'replay_errors',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export type Severity = 'info' | 'warning' | 'critical';

export interface GdoiEvent {
  readonly id: string;
  /** Best estimate of the instant. */
  readonly atMs: EpochMs;
  /** The interval that is certain. */
  readonly betweenMs: readonly [from: EpochMs, to: EpochMs];
  readonly type: EventType;
  /** null: the event is of the group, not of one device. */
  readonly device: string | null;
  /** Of the device or the group; absent: there is only the default one. */
  readonly cell?: string;
  /** null: the event is of the device, not of one group. */
  readonly group: string | null;
  /** Only of a re-registration. */
  readonly cause: Cause | null;
  /** Only of a re-registration: must on-call act? */
  readonly unexpected: boolean | null;
  readonly severity: Severity;
  /** One line for a person. */
  readonly summary: string;
  /** Facts an engineer can check on the device. */
  readonly evidence: readonly string[];
  /** First step for on-call, read-only. */
  readonly action: string;
  /** It happened in a maintenance window, and wakes nobody; absent: it did not. */
  readonly planned?: true;
}

/**
 * Lines of evidence under one statement, an event or an explanation: for people to read, and devices are not trusted.
 */
export const MAX_EVIDENCE = 12;
