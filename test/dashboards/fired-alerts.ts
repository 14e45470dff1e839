/** The alerts that fired over evaluations of the rules, as tables of tests name them. */
import type { AlertLabels, Evaluation } from './evaluated-rules.ts';

type Severity = 'critical' | 'warning' | 'info';

/** `alertname severity device`, without a device where it is about a group. */
export type Alert = string;

export function fired(alertname: string, severity: Severity, ...devices: readonly string[]): readonly Alert[] {
  return devices.length === 0
    ? [`${alertname} ${severity}`]
    : devices.map((device) => alert(alertname, severity, device));
}

const alert = (...parts: readonly string[]): Alert => parts.filter((part) => part !== '').join(' ');

/** An incident is told; what it explains is muted by it. */
const EXPLAINING = new Set(['GdoiIncident', 'GdoiExplained']);

const label = (labels: AlertLabels, name: string) => labels.get(name) ?? '';
const isNamed = (name: string) => (labels: AlertLabels) => label(labels, 'alertname') === name;

/** Each once, sorted. */
function raisedOf(firing: readonly AlertLabels[]): readonly Alert[] {
  const raised = firing
    .filter((labels) => !EXPLAINING.has(label(labels, 'alertname')))
    .map((labels) => alert(label(labels, 'alertname'), label(labels, 'severity'), label(labels, 'device')));
  return [...new Set(raised)].toSorted();
}

/** All other alerts than those of incidents, over the whole time. */
export function raisedIn(evaluations: readonly Evaluation[]): readonly Alert[] {
  return raisedOf(evaluations.flatMap(({ firing }) => firing));
}

export function raisedAt(evaluations: readonly Evaluation[], seconds: number): readonly Alert[] {
  return raisedOf(evaluations.find(({ atSeconds }) => atSeconds === seconds)?.firing ?? []);
}

/** Incidents, `cause severity`, each once, sorted. */
export function toldIn(evaluations: readonly Evaluation[]): readonly string[] {
  const incidents = evaluations.flatMap(({ firing }) => firing.filter(isNamed('GdoiIncident')));
  return [...new Set(incidents.map((labels) => `${label(labels, 'cause')} ${label(labels, 'severity')}`))].toSorted();
}

/**
 * Symptoms that fired at a moment at which nothing explained them, for the shipped Alertmanager configuration to mute:
 * of a group, or the silence of a device.
 */
export function unexplainedIn(evaluations: readonly Evaluation[]): readonly string[] {
  return evaluations.flatMap(({ atSeconds, firing }) => {
    const explained = firing.filter(isNamed('GdoiExplained'));
    const isExplained = (name: 'group' | 'device', labels: AlertLabels) =>
      explained.some((each) => label(each, name) === label(labels, name));
    const alone = firing.filter((labels) => {
      if (EXPLAINING.has(label(labels, 'alertname'))) return false;
      if (label(labels, 'group') !== '') return !isExplained('group', labels);
      return isNamed('GdoiDeviceUnreachable')(labels) && !isExplained('device', labels);
    });
    return raisedOf(alone).map((text) => `${text} at ${atSeconds} s`);
  });
}
