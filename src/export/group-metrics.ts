/** Metrics of whole groups and of events: few series, rendered when Prometheus asks. */
import type { Clock } from '../kernel/clock.ts';
import type { FleetReadModel } from '../model/read-model.ts';
import { CAUSE_MEANING } from '../gdoi/explain/cause-meaning.ts';
import type { Consequence, Explanation } from '../gdoi/explain/explanation.ts';
import type { GroupView } from '../gdoi/fleet/group-view.ts';
import { inCell } from '../gdoi/seen/cell.ts';
import type { Labels } from './label-text.ts';
import { renderFamily } from './prepared-lines.ts';

interface GroupGauge {
  readonly name: string;
  readonly help: string;
  readonly value: (view: GroupView) => number;
}

const GROUP_GAUGES: readonly GroupGauge[] = [
  {
    name: 'gdoi_group_members',
    help: 'GMs of the group: those that are polled, and others that a KS lists.',
    value: (view) => view.members,
  },
  {
    name: 'gdoi_group_divergent_members',
    help: "GMs whose TEKs are not the group's, except during a rekey: traffic with them is dropped.",
    value: (view) => view.divergentMembers.length,
  },
  {
    name: 'gdoi_group_mixed_versions',
    help: '1 if a GM with the KEK timer can register with a KS that rekeys at expiry: it then re-registers twice in every KEK cycle.',
    value: (view) => Number(view.mixedVersions !== null),
  },
  {
    name: 'gdoi_group_primaries',
    help: 'Polled KSs that are primary; more than 1 is a split COOP set.',
    value: (view) => view.primaries.length,
  },
  {
    name: 'gdoi_group_coop_split',
    help: '1 if two KSs were seen as primary at the same time, otherwise 0; a failover does not count, as the two never overlap.',
    value: (view) => Number(view.coopSplit !== null),
  },
  {
    name: 'gdoi_group_members_not_polled',
    help: 'GMs that a polled KS lists under an address that no polled device is known to have.',
    value: (view) => view.notPolled.length,
  },
  {
    name: 'gdoi_group_members_not_listed',
    help: 'Polled GMs that say they are registered and that no polled KS lists: ejected, or registered elsewhere.',
    value: (view) => view.notListed.length,
  },
];

/** After this time of our own work others get their turn. */
const TURN_MS = 10;

/** Computes what groups show on request, some microseconds a member: before a scrape, a few groups at a time. */
export async function gatherGroups(fleet: FleetReadModel, clock: Pick<Clock, 'monoMs' | 'yieldToIo'>): Promise<void> {
  let begunMs = clock.monoMs();
  for (const view of Array.from(fleet.groups())) {
    for (const { value } of GROUP_GAUGES) value(view);
    if (clock.monoMs() - begunMs < TURN_MS) continue;
    await clock.yieldToIo();
    begunMs = clock.monoMs();
  }
}

/** `planned`: what is under maintenance now. */
export function groupMetrics(fleet: FleetReadModel, planned: Planned = NOTHING_PLANNED): string {
  const views = [...fleet.groups()];
  const gauges = GROUP_GAUGES.map(({ name, help, value }) =>
    renderFamily(
      { name, help, type: 'gauge' },
      views.map((view): [Labels, number] => [groupLabels(view), value(view)]),
    ),
  );
  const reregistrations = renderFamily(
    {
      name: 'gdoi_group_reregistrations_total',
      type: 'counter',
      help: 'Re-registrations in the group by cause, counted from the first one in the store; every cause starts at 0.',
    },
    Array.from(fleet.totals.byGroup(), ({ group, cell, cause, unexpected, count }): [Labels, number] => [
      { ...groupLabels({ group, ...inCell(cell) }), cause, unexpected: String(unexpected) },
      count,
    ]),
  );
  const incidents = incidentFamilies(views, planned);
  const events = renderFamily(
    {
      name: 'gdoi_events_total',
      type: 'counter',
      help: 'Events by type, counted from the first one in the store; every type starts at 0.',
    },
    Array.from(fleet.totals.byType(), ([type, count]): [Labels, number] => [{ type }, count]),
  );
  return gauges.join('') + incidents + reregistrations + events + maintenance(fleet, views, planned);
}

/** Whether a device, or a group as a whole, is under maintenance now. */
export interface Planned {
  readonly device: (device: string, groups: readonly string[], cell: string | undefined) => boolean;
  readonly group: (group: string, cell: string | undefined) => boolean;
}

const NOTHING_PLANNED: Planned = { device: () => false, group: () => false };

function maintenance(fleet: FleetReadModel, views: readonly GroupView[], planned: Planned): string {
  const devices = [...fleet.devices()].filter(({ device, groups, cell }) =>
    planned.device(device, [...groups.keys()], cell),
  );
  const groups = views.filter(({ group, cell }) => planned.group(group, cell));
  return renderFamily(
    {
      name: 'gdoi_maintenance',
      type: 'gauge',
      help: '1 while a device or a group is in a maintenance window: what happens to it is planned; absent otherwise.',
    },
    [
      ...devices.map(({ device, cell }): [Labels, number] => [{ ...inCell(cell), device }, 1]),
      ...groups.map((view): [Labels, number] => [groupLabels(view), 1]),
    ],
  );
}

function groupLabels({ group, cell }: Pick<GroupView, 'group' | 'cell'>): Labels {
  return { ...inCell(cell), group };
}

interface Said {
  readonly view: GroupView;
  /** The labels of the group. */
  readonly labels: Labels;
  readonly explanation: Explanation;
}

interface IncidentGauge {
  readonly name: string;
  readonly help: string;
  /** Empty: the explanation has none. */
  readonly samples: (said: Said) => readonly (readonly [Labels, number])[];
}

/** Only what is there now: not what is unclear, and not what is over. */
const INCIDENT_GAUGES: readonly IncidentGauge[] = [
  {
    name: 'gdoi_incident',
    help: '1 while an incident is open: its cause is known and present. severity: critical, warning, info (nothing to do).',
    samples: ({ labels, explanation }) => [
      [{ ...labels, cause: explanation.cause, severity: severityOf(explanation) }, 1],
    ],
  },
  {
    name: 'gdoi_incident_devices',
    help: 'Devices that an open incident concerns.',
    samples: ({ labels, explanation }) => [[{ ...labels, cause: explanation.cause }, explanation.scope.length]],
  },
  {
    name: 'gdoi_incident_first_devices',
    help: '1 for each open incident, with the first devices that it concerns as a label for alert texts: KSs before GMs, then how many more.',
    samples: ({ view, labels, explanation: { cause, scope } }) =>
      scope.length === 0 ? [] : [[{ ...labels, cause, devices: firstDevices(scope, view) }, 1]],
  },
  {
    name: 'gdoi_incident_consequence',
    help: '1 for each open incident that has a consequence, with the consequence as a label for alert texts.',
    samples: ({ labels, explanation: { cause, consequence } }) =>
      consequence === null ? [] : [[{ ...labels, cause, consequence: inShort(consequence) }, 1]],
  },
  {
    name: 'gdoi_incident_first_step',
    help: '1 for each open incident that needs action, with the first step as a label for alert texts.',
    samples: ({ labels, explanation: { cause, firstStep } }) =>
      firstStep === null ? [] : [[{ ...labels, cause, first_step: asSentence(firstStep) }, 1]],
  },
  {
    name: 'gdoi_incident_began_timestamp_seconds',
    help: 'When an open incident began, Unix time.',
    samples: ({ labels, explanation }) => [[{ ...labels, cause: explanation.cause }, explanation.sinceMs / 1000]],
  },
  {
    name: 'gdoi_incident_deadline_timestamp_seconds',
    help: 'When the consequence of an open incident comes if nothing is done, Unix time; absent if it is already there, or the time is not known.',
    samples: ({ labels, explanation: { cause, deadlineMs } }) =>
      deadlineMs === null ? [] : [[{ ...labels, cause }, deadlineMs / 1000]],
  },
];

function incidentFamilies(views: readonly GroupView[], planned: Planned): string {
  const said = views.flatMap((view) =>
    view.explanations.map((explanation): Said => ({ view, labels: groupLabels(view), explanation })),
  );
  // An incident whose devices are all under maintenance is not shown as open.
  const open = said.filter(
    ({ explanation, view: { group, cell } }) =>
      explanation.phase === 'present' &&
      !(explanation.scope.length > 0 && explanation.scope.every((name) => planned.device(name, [group], cell))),
  );
  const gauges = INCIDENT_GAUGES.map(({ name, help, samples }) =>
    renderFamily({ name, help, type: 'gauge' }, open.flatMap(samples)),
  );
  const meanings = renderFamily(
    {
      name: 'gdoi_incident_cause_info',
      type: 'gauge',
      help: '1 for each cause of an open incident, with its meaning in words as a label for alert texts.',
    },
    [...new Set(open.map(({ explanation: { cause } }) => cause))].map((cause): [Labels, number] => [
      { cause, meaning: CAUSE_MEANING[cause] },
      1,
    ]),
  );
  const explained = renderFamily(
    {
      name: 'gdoi_explanation',
      type: 'gauge',
      help: '1 for each cause that explains what is seen in the group. phase: present, unclear (not decided yet), over (only its traces are left).',
    },
    said.map(({ labels, explanation: { cause, phase } }): [Labels, number] => [{ ...labels, cause, phase }, 1]),
  );
  const unreachable = renderFamily(
    {
      name: 'gdoi_explained_unreachable',
      type: 'gauge',
      help: '1 for a device that does not answer, if a cause found in its group explains that.',
    },
    said.flatMap(({ labels, explanation: { cause, explains } }) =>
      explains
        .filter(({ check }) => check === 'reachable')
        .flatMap(({ devices }) => devices.map((device): [Labels, number] => [{ device, ...labels, cause }, 1])),
    ),
  );
  return gauges.join('') + meanings + explained + unreachable;
}

/** Keeps labels short, whatever devices are called. */
const MOST_CHARS = 240;
/** The longest step that names no device is shorter than 260. */
const MOST_CHARS_OF_A_STEP = 400;

function inShort({ what, unless }: Consequence): string {
  return cut(`${what}${unless === null ? '' : `, unless ${unless}`}`, MOST_CHARS);
}

/** With a full stop, so that a text can go on after it. */
function asSentence(step: string): string {
  const text = cut(step, MOST_CHARS_OF_A_STEP);
  return /[.?!…]$/u.test(text) ? text : `${text}.`;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Most names in a label: they tell the person on call where to look, and keep labels short in a large group. */
const MOST_NAMES = 3;

/** `ks1, gm2, gm10 and 3 more`: the KSs, which are few, first, then the GMs. */
function firstDevices(scope: readonly string[], { kss }: GroupView): string {
  const servers = new Set(kss.map(({ device }) => device));
  const all = [...scope.filter((name) => servers.has(name)), ...scope.filter((name) => !servers.has(name))];
  const rest = all.length - MOST_NAMES;
  return `${all.slice(0, MOST_NAMES).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** Refused logins have alerts of their own, one a credential and not one a group. */
function severityOf({ cause, status }: Explanation): 'critical' | 'warning' | 'info' {
  return status === 'ok' || cause === 'login_refused' ? 'info' : status;
}
