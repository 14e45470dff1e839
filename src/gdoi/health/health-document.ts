/** A device's health as the contract's document: instants in ISO 8601, names in snake_case. */
import { isoInstant } from '../events/event-document.ts';
import type { Confidence, Explanation, ExplanationCause, ExplanationStatus, Phase } from '../explain/explanation.ts';
import type { SymptomCheck } from '../explain/symptom.ts';
import type { DeviceHealth } from './health.ts';
import { type HealthCheck, type HealthStatus, shownStatus } from './health-check.ts';
import type { NextOccurrence } from './health-next.ts';
import type { EpochMs } from '../seen/instant.ts';

export interface HealthDocument {
  readonly device: string;
  readonly status: HealthStatus;
  readonly summary: string;
  readonly observed_at: string | null;
  readonly age_seconds: number | null;
  readonly checks: HealthCheckDocument[];
  readonly groups: {
    readonly group: string;
    readonly role: 'gm' | 'ks' | 'both';
    readonly status: HealthStatus;
    readonly summary: string;
    readonly next: NextDocument | null;
    readonly action: string | null;
  }[];
  readonly next: NextDocument | null;
  readonly action: string | null;
  readonly explanations: ExplanationDocument[];
}

export interface ExplanationDocument {
  readonly cause: ExplanationCause;
  readonly phase: Phase;
  readonly status: ExplanationStatus;
  readonly since: string;
  readonly summary: string;
  readonly consequence: string | null;
  readonly deadline: string | null;
  readonly confidence: Confidence;
  readonly known_at: string | null;
  readonly first_step: string | null;
  readonly scope: string[];
  readonly evidence: string[];
  readonly explains: { readonly check: SymptomCheck; readonly devices: string[] }[];
}

export interface HealthCheckDocument extends Omit<HealthCheck, 'required' | 'explainedBy'> {
  readonly explained_by: ExplanationCause | null;
}

export interface NextDocument {
  readonly what: string;
  readonly at: string;
}

export function healthDocument(health: DeviceHealth): HealthDocument {
  return {
    device: health.device,
    status: health.status,
    summary: health.summary,
    observed_at: isoOrNull(health.observedAtMs),
    age_seconds: health.ageSeconds,
    checks: checkDocuments(health.checks),
    groups: health.groups.map((part) => ({
      group: part.group,
      role: part.role,
      status: part.status,
      summary: part.summary,
      next: nextDocument(part.next),
      action: part.action,
    })),
    next: nextDocument(health.next),
    action: health.action,
    explanations: health.explanations.map(explanationDocument),
  };
}

export function explanationDocument(explanation: Explanation): ExplanationDocument {
  const { consequence, sinceMs, deadlineMs, knownAtMs, firstStep, scope, evidence, explains, ...same } = explanation;
  return {
    ...same,
    since: isoInstant(Math.round(sinceMs)),
    consequence:
      consequence && `${consequence.what}${consequence.unless === null ? '' : `, unless ${consequence.unless}`}`,
    deadline: isoOrNull(deadlineMs),
    known_at: isoOrNull(knownAtMs),
    first_step: firstStep,
    scope: [...scope],
    evidence: [...evidence],
    explains: explains.map(({ check, devices }) => ({ check, devices: [...devices] })),
  };
}

export function checkDocuments(checks: readonly HealthCheck[]): HealthCheckDocument[] {
  return checks.map(({ name, group, status, detail, value, threshold, action, explainedBy }) => ({
    name,
    group,
    status: shownStatus({ status, explainedBy }),
    detail,
    value,
    threshold,
    action,
    explained_by: explainedBy?.cause ?? null,
  }));
}

export function nextDocument(next: NextOccurrence | null): NextDocument | null {
  return next === null ? null : { what: next.what, at: isoInstant(Math.round(next.atMs)) };
}

/** null also for an instant that no date can show. */
export function isoOrNull(ms: EpochMs | null): string | null {
  return ms === null || !(Math.abs(ms) <= 8.64e15) ? null : isoInstant(Math.round(ms));
}
