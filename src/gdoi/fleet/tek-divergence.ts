/** Which GMs hold other TEKs than the group? Traffic between them and the rest is dropped. */
import type { TekReference } from './fleet-keys.ts';
import type { FleetGm } from './fleet-state.ts';
import { hasNone } from './group-teks.ts';
import type { JudgedGm } from './judged-members.ts';

export interface TekDivergence {
  readonly reference: TekReference | null;
  /** GMs that lack the reference's keys longer than a rekey takes. */
  readonly divergent: readonly FleetGm[];
  /** GMs for which there is a verdict. */
  readonly judged: number;
  /** GMs that show TEKs but have no verdict yet: a rekey under way, or a KS that has not been asked since. */
  readonly pending: number;
}

export function tekDivergence(members: readonly JudgedGm[], reference: TekReference | null): TekDivergence {
  const divergent: FleetGm[] = [];
  let judged = 0;
  let pending = 0;
  for (const { record, holdsGroupTeks: holds } of members) {
    if (hasNone(record)) continue;
    if (holds === null) {
      if (record.reachable && record.registered !== false && record.teks !== null) pending += 1;
      continue;
    }
    judged += 1;
    if (!holds) divergent.push(record);
  }
  return { reference, divergent, judged, pending };
}
