/**
 * One thing, one severity: what is told of a device in its group's document, and in its own, at the same instant. Where
 * they may differ, and why, is the table of docs/on-call.md.
 */
import type { Explanation, ExplanationCause } from '../../src/gdoi/explain/explanation.ts';
import { type CheckName, HEALTH_STATUSES, type HealthStatus } from '../../src/gdoi/health/health-check.ts';
import { type DeviceHealth, deviceHealth } from '../../src/gdoi/health/health.ts';
import type { GroupHealth } from '../../src/gdoi/health/health-group.ts';
import { checkDocuments } from '../../src/gdoi/health/health-document.ts';
import type { FleetReadModel } from '../../src/model/read-model.ts';

/** The KSs that they name are what is wrong. */
const OF_KSS: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>([
  'coop_split',
  'ks_members_lost',
  'ks_down',
  'no_primary',
  'redundancy_lost',
  'role_flapping',
  'ks_out_of_sight',
  'coop_mismatch',
  'rekeys_refused',
  'ks_rekeys_lost',
  'coop_peer_lost',
  'member_counts_differ',
]);
/** The GMs that they name are what is wrong, one as much as the other. */
const OF_GMS: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>([
  'unauthorized',
  'registration_refused',
  'without_tek',
  'old_kek_in_use',
  'ejected',
  'not_registered',
  'without_kek',
  'keys_differ',
  'replay_errors',
  'gms_unreachable',
]);
/** The worst of the GMs that they name is as bad as that: the others may have missed less. */
const OF_THE_WORST: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>(['path_loss', 'interface_flap']);
/**
 * Of a device in a group that is well: what is over but needs a look within the hour, a list that is empty for a while
 * or for good, and a peer that has come back since, or that others reach.
 */
const OF_THE_DEVICE: ReadonlySet<CheckName> = new Set<CheckName>(['reregistrations', 'members', 'coop_peers']);

const weight = (status: HealthStatus) => HEALTH_STATUSES.indexOf(status);

export function severitiesApart(health: GroupHealth, readModel: FleetReadModel, nowMs: number): readonly string[] {
  const view = readModel.group(health.group);
  if (view === undefined) return [];
  const kss = new Set(view.kss.map(({ device }) => device));
  return [...new Set([...kss, ...view.gms.map(({ device }) => device)])].flatMap((device) => {
    const shown = readModel.device(device);
    if (shown === undefined) return [];
    const own = deviceHealth(shown, (name) => readModel.group(name) ?? null, nowMs);
    return apartIn(health, own, kss.has(device)).map((what) => `${device}: ${what}`);
  });
}

function apartIn(group: GroupHealth, own: DeviceHealth, isKs: boolean): readonly string[] {
  const part = own.groups.find(({ group: name }) => name === group.group);
  if (part === undefined) return [];
  const causes = group.explanations.map(({ cause, phase, status }) => `${cause} ${phase} ${status}`).join(', ');
  const reachable = checkDocuments(own.checks).find(({ name }) => name === 'reachable')?.status ?? 'unknown';
  const risk = group.atRisk.find(({ gm }) => gm === own.device);
  return [
    ...(own.status === 'critical' && group.status !== 'critical' && own.groups.length === 1
      ? [`critical ("${own.summary}") beside ${group.status} for ${causes}`]
      : []),
    ...(weight(reachable) > weight(part.status)
      ? [`reachable is ${reachable}, its part in the group ${part.status}`]
      : []),
    ...group.explanations
      .filter((each) => weight(least(each, own.device, isKs)) > weight(part.status))
      .map((each) => `${each.cause} ${each.phase} ${each.status} ("${each.summary}") of one that is ${part.status}`),
    ...(group.status === 'ok' ? unexplained(own, group.group) : []).map(
      (what) => `${what}, beside a group that is ok for ${causes}`,
    ),
    ...(risk !== undefined && risk.status !== part.status
      ? [`at risk, ${risk.status} (${risk.reason}), beside its part, ${part.status} (${part.summary})`]
      : []),
  ];
}

/** What a device is at least by a cause that names it. What it will suffer, or suffers with all, is a step milder. */
function least({ cause, phase, status, scope }: Explanation, device: string, isKs: boolean): HealthStatus {
  if (phase === 'over' || status === 'ok' || !scope.includes(device)) return 'ok';
  const milder = status === 'critical' ? 'warning' : 'ok';
  if (isKs) return OF_KSS.has(cause) ? status : milder;
  if (OF_GMS.has(cause)) return status;
  return OF_THE_WORST.has(cause) ? (scope.length === 1 ? status : 'warning') : milder;
}

function unexplained({ checks }: DeviceHealth, group: string): readonly string[] {
  return checks
    .filter((check) => check.group === group && (check.status === 'warning' || check.status === 'critical'))
    .filter(({ name, explainedBy }) => explainedBy === null && !OF_THE_DEVICE.has(name))
    .map(({ name, status, detail }) => `${name} is ${status} ("${detail}")`);
}
