/** Every dashboard and the file that holds it, as Grafana reads it. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { agentDashboard } from './agent.ts';
import { deviceDashboard } from './device.ts';
import { fleetOverview } from './fleet-overview.ts';
import { groupDashboard } from './group.ts';

export const DASHBOARDS: ReadonlyMap<string, Dashboard> = new Map([
  ['fleet-overview.json', fleetOverview],
  ['group.json', groupDashboard],
  ['device.json', deviceDashboard],
  ['agent.json', agentDashboard],
]);
