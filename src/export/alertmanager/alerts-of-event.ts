/**
 * Which alerts an event raises and which it ends: the same alerts that the rules (`dashboards/prometheus/rules.yml`)
 * raise from the metrics, sent before the next scrape, with the same labels, so that Alertmanager takes both for one.
 *
 * An alert is pushed if its rule does not wait, or if the tracker has already waited as long as the rule's `for`. Where
 * a rule waits for a good reason, a push would page for every blip: such alerts are left to the rules, and so are
 * storms, which rules count.
 */
import { inCell } from '../../gdoi/seen/cell.ts';
import type { GdoiEvent, Severity } from '../../gdoi/events/event.ts';

interface PushedRule {
  /** Labels of the scraped series that the rule's expression leaves on the alert. */
  readonly targetLabels: readonly TargetLabel[];
  /** How long it fires unless an event ends it earlier. */
  readonly holdMs: number;
}

export type TargetLabel = 'job' | 'instance';

/** The rules report a re-registration for 15 minutes after it became known. */
const OCCURRENCE_MS = 15 * 60_000;
/** By then Prometheus has scraped the state, has waited its `for` (at most 3 minutes), and reports the end. */
const TAKEN_OVER_MS = 10 * 60_000;

export const PUSHED_RULES = {
  GdoiUnexpectedReregistration: { targetLabels: ['job'], holdMs: OCCURRENCE_MS },
  GdoiLegacyKeyServer: { targetLabels: [], holdMs: OCCURRENCE_MS },
  GdoiKekRekeyOverdue: { targetLabels: ['job', 'instance'], holdMs: TAKEN_OVER_MS },
  GdoiKekExpiredInUse: { targetLabels: ['job', 'instance'], holdMs: TAKEN_OVER_MS },
  GdoiTekDivergence: { targetLabels: [], holdMs: TAKEN_OVER_MS },
  GdoiCoopSplit: { targetLabels: [], holdMs: TAKEN_OVER_MS },
} as const satisfies Readonly<Record<string, PushedRule>>;
export type PushedAlertName = keyof typeof PUSHED_RULES;

/** The others last until `holdMs`, or until Prometheus ends them: no event reports their end. */
export const ENDED_BY_EVENTS: readonly PushedAlertName[] = ['GdoiKekRekeyOverdue', 'GdoiKekExpiredInUse'];

/** What identifies an alert, without the labels of the agent's scrape. */
export interface AlertIdentity {
  readonly alertname: PushedAlertName;
  readonly severity: Severity;
  readonly labels: Readonly<Record<string, string>>;
}

export type AlertChange =
  | { readonly kind: 'fires'; readonly alert: AlertIdentity; readonly event: GdoiEvent }
  | { readonly kind: 'ends'; readonly alert: AlertIdentity };

export function alertsOf(event: GdoiEvent): readonly AlertChange[] {
  switch (event.type) {
    case 'reregistration':
      return ofReregistration(event);
    case 'kek_rekey_overdue':
      return [fires(event, 'GdoiKekRekeyOverdue', 'warning', ofGm(event))];
    case 'kek_expired_in_use':
      // Sent when the GM was read again after the time of a rekey, for which the rule waits too.
      return [fires(event, 'GdoiKekExpiredInUse', 'critical', ofGm(event))];
    case 'tek_divergence':
      // Sent when all were read again after the time of a rekey, for which the rule waits too.
      return [fires(event, 'GdoiTekDivergence', 'critical', ofGroup(event))];
    case 'coop_split':
      // Sent when both said primary at every answer for a minute, for which the rule waits too.
      return [fires(event, 'GdoiCoopSplit', 'critical', ofGroup(event))];
    case 'kek_rekey':
    case 'kek_missing':
      return oldKekGone(event);
    // Why these are left to the rules: alertmanager-rules.test.ts.
    case 'registration_restored':
    case 'registration_lost':
    case 'registration_failed':
    case 'mixed_versions':
    case 'coop_peer_lost':
    case 'unreachable':
    case 'reachable':
    case 'reload':
    case 'counters_reset':
    case 'ks_role_changed':
    case 'data_problem':
    case 'tek_missing':
    case 'tek_rekey_overdue':
    case 'member_ejected':
    case 'replay_errors':
      return [];
    default:
      return event.type satisfies never;
  }
}

function ofReregistration(event: GdoiEvent): readonly AlertChange[] {
  // A KS that rekeys only at expiry hands out the same KEK again: its rekey stays overdue.
  const changes: AlertChange[] = event.cause === 'legacy_ks' ? [] : [...oldKekGone(event)];
  if (event.unexpected !== true || event.cause === null) return changes;
  const labels = { ...ofGm(event), unexpected: 'true', cause: event.cause };
  changes.push(fires(event, 'GdoiUnexpectedReregistration', 'warning', labels));
  // The third one within an hour: the rules then raise the critical one beside the other, and it mutes that.
  if (event.severity === 'critical') changes.push(fires(event, 'GdoiUnexpectedReregistration', 'critical', labels));
  // It mutes those of this cause, so it has to be there before them.
  if (event.cause === 'legacy_ks') changes.push(fires(event, 'GdoiLegacyKeyServer', 'warning', ofGroup(event)));
  return changes;
}

function oldKekGone(event: GdoiEvent): readonly AlertChange[] {
  const labels = ofGm(event);
  return [
    { kind: 'ends', alert: { alertname: 'GdoiKekRekeyOverdue', severity: 'warning', labels } },
    { kind: 'ends', alert: { alertname: 'GdoiKekExpiredInUse', severity: 'critical', labels } },
  ];
}

function fires(
  event: GdoiEvent,
  alertname: PushedAlertName,
  severity: Severity,
  labels: AlertIdentity['labels'],
): AlertChange {
  return { kind: 'fires', event, alert: { alertname, severity, labels } };
}

function ofGm(event: GdoiEvent): AlertIdentity['labels'] {
  return { ...(event.device === null ? {} : { device: event.device }), ...ofGroup(event) };
}

function ofGroup({ cell, group }: GdoiEvent): AlertIdentity['labels'] {
  return { ...inCell(cell), ...(group === null ? {} : { group }) };
}
