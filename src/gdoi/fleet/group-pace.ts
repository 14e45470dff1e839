/**
 * The pace of one group: what waits for a look at each of its devices waits as long as the slowest of them is polled,
 * however seldom a device of another group is.
 */
import type { FleetSettings } from './fleet-settings.ts';
import type { FleetState } from './fleet-state.ts';

export function atItsOwnPace({ gms, kss }: Pick<FleetState, 'gms' | 'kss'>, settings: FleetSettings): FleetSettings {
  let pollIntervalMs = 0;
  for (const members of [gms.list(), kss.values()]) {
    for (const { context } of members) {
      if (context.intervalMs === undefined) return settings;
      pollIntervalMs = Math.max(pollIntervalMs, context.intervalMs);
    }
  }
  return pollIntervalMs === 0 ? settings : { ...settings, pollIntervalMs };
}
