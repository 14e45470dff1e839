/**
 * What a group's yardstick says of each of its GMs. A group of thousands is judged again because of a few of them: for
 * a record that has not changed, by the same yardstick, the last verdict stands.
 */
import type { GmFacts } from '../explain/group-facts.ts';
import type { FleetGm } from './fleet-state.ts';
import type { GmInGroup } from './gm-in-group.ts';
import { gmFacts } from './member-facts.ts';
import { gmInGroup, holdsTeksOfGroup, type Yardstick } from './yardstick.ts';

export class JudgedGm {
  readonly record: FleetGm;
  readonly yardstick: Yardstick;
  readonly inGroup: GmInGroup;
  /** The TEKs of the group, wherever it is registered; null: a rekey may be under way, or nothing tells. */
  readonly holdsGroupTeks: boolean | null;
  #facts: GmFacts | null = null;

  constructor(record: FleetGm, yardstick: Yardstick) {
    this.record = record;
    this.yardstick = yardstick;
    this.holdsGroupTeks = holdsTeksOfGroup(record, yardstick);
    this.inGroup = gmInGroup(record, yardstick, this.holdsGroupTeks);
  }

  get facts(): GmFacts {
    this.#facts ??= gmFacts(this.record, this.inGroup);
    return this.#facts;
  }
}

/** `records`, and `before`: in the order of their names. */
export function judgedMembers(
  records: readonly FleetGm[],
  yardstick: Yardstick,
  before: readonly JudgedGm[],
): readonly JudgedGm[] {
  let next = 0;
  return records.map((record) => {
    const asBefore = before[next];
    if (asBefore?.record === record && asBefore.yardstick === yardstick) {
      next += 1;
      return asBefore;
    }
    while ((before[next]?.record.device ?? record.device) < record.device) next += 1;
    const known = before[next];
    return known?.record === record && known.yardstick === yardstick ? known : new JudgedGm(record, yardstick);
  });
}
