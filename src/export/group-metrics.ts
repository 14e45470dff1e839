/** Metrics of groups as a whole and of events: few series, rendered when Prometheus asks. */
import type { FleetReadModel } from '../model/read-model.ts';
import type { FleetView } from '../gdoi/fleet/fleet-view.ts';
import type { Labels } from './device-metrics.ts';
import { renderFamily } from './prepared-lines.ts';

interface GroupGauge {
  readonly name: string;
  readonly help: string;
  readonly value: (view: FleetView) => number;
}

const GROUP_GAUGES: readonly GroupGauge[] = [
  {
    name: 'gdoi_group_members',
    help: 'GMs of the group: those polled, and those a KS lists that are not.',
    value: (view) => view.members,
  },
  {
    name: 'gdoi_group_divergent_members',
    help: "GMs whose TEKs are not the group's, outside a rekey in progress: traffic with them is dropped.",
    value: (view) => view.divergentMembers.length,
  },
  {
    name: 'gdoi_group_mixed_versions',
    help: '1 a GM with the KEK timer can register with a KS that rekeys at expiry: two re-registrations in every KEK cycle.',
    value: (view) => Number(view.mixedVersions !== null),
  },
  {
    name: 'gdoi_group_primaries',
    help: 'Polled KSs that are primary; more than 1 is a split COOP set.',
    value: (view) => view.primaries.length,
  },
  {
    name: 'gdoi_group_coop_split',
    help: '1 two KSs were read as primary over the same time, 0 not; a failover does not overlap.',
    value: (view) => Number(view.coopSplit !== null),
  },
  {
    name: 'gdoi_group_members_not_polled',
    help: 'GMs that a polled KS lists and that are not in the inventory.',
    value: (view) => view.notPolled.length,
  },
  {
    name: 'gdoi_group_members_not_listed',
    help: 'Polled GMs that say they are registered and that no polled KS lists: ejected, or registered elsewhere.',
    value: (view) => view.notListed.length,
  },
];

export function groupMetrics(fleet: FleetReadModel): string {
  const views = [...fleet.groups()];
  const gauges = GROUP_GAUGES.map(({ name, help, value }) =>
    renderFamily(
      { name, help, type: 'gauge' },
      views.map((view): [Labels, number] => [{ group: view.group }, value(view)]),
    ),
  );
  const reregistrations = renderFamily(
    {
      name: 'gdoi_group_reregistrations_total',
      type: 'counter',
      help: 'Re-registrations in the group by cause, from the first one kept; every cause starts at 0.',
    },
    Array.from(fleet.totals.byGroup(), ({ group, cause, unexpected, count }): [Labels, number] => [
      { group, cause, unexpected: String(unexpected) },
      count,
    ]),
  );
  const events = renderFamily(
    {
      name: 'gdoi_events_total',
      type: 'counter',
      help: 'Events by type, from the first one kept; every type starts at 0.',
    },
    Array.from(fleet.totals.byType(), ([type, count]): [Labels, number] => [{ type }, count]),
  );
  return gauges.join('') + reregistrations + events;
}
