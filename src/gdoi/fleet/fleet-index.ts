/**
 * What a group's view says of one of its GMs, without a walk through the view for each of ten thousand. The index is made
 * once for a view, which never changes, and goes with it.
 */
import type { FleetView } from './fleet-view.ts';
import type { GmInGroup } from './gm-in-group.ts';

export interface GmInFleet {
  readonly gm: GmInGroup;
  /** Can register with a KS of the other KEK behaviour. */
  readonly meetsLegacyKs: boolean;
  /** Registered, but no polled KS lists it. */
  readonly notListed: boolean;
}

const indexes = new WeakMap<FleetView, ReadonlyMap<string, GmInFleet>>();

/** null: not a GM of this group. */
export function gmInFleet(fleet: FleetView, device: string): GmInFleet | null {
  let index = indexes.get(fleet);
  if (index === undefined) {
    index = indexOf(fleet);
    indexes.set(fleet, index);
  }
  return index.get(device) ?? null;
}

function indexOf({ gms, mixedVersions, notListed }: FleetView): ReadonlyMap<string, GmInFleet> {
  const affected = new Set(mixedVersions?.affectedGms);
  const unlisted = new Set(notListed);
  return new Map(
    gms.map((gm) => [gm.device, { gm, meetsLegacyKs: affected.has(gm.device), notListed: unlisted.has(gm.device) }]),
  );
}
