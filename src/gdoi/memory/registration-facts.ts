/** What is known of one registration when its cause is asked for. */
import type { Interval } from '../seen/interval.ts';
import type { KsSaid } from '../log/ks-marks.ts';
import type { LogMark } from '../log/log-evidence.ts';
import type { GroupType } from '../seen/snapshot.ts';
import type { GroupState, HeldView } from './tracker-state.ts';

/** The KEK after the registration, against the one held before. `gone`: registered and without one. */
export type KekAfter = 'same' | 'new' | 'gone' | 'unknown';

export interface RegistrationFacts {
  /** In which the registration began. */
  readonly start: Interval;
  /** In which it was completed. */
  readonly completed: Interval;
  /** In which the KEK's own timer can have begun it, where no counter shows other registrations; null: counters do. */
  readonly begunByKek: Interval | null;
  /** Attempts and successes moved alike: it took its one attempt. */
  readonly quick: boolean;
  readonly before: HeldView | null;
  readonly kekAfter: KekAfter;
  readonly keyServerAfter: string | null;
  /** No TEK held before is held after; null: not known. */
  readonly teksReplaced: boolean | null;
  /** When the KS made the KEK held after, where the lifetime is known. */
  readonly kekMade: Interval | null;
  /** The same of the TEK, where it is another one than before. */
  readonly tekMade: Interval | null;
  /** Rekeys received after `before` and before the registration. */
  readonly rekeysBetween: number | null;
  /** The last of them came before the KEK held after was made: a TEK is what it brought. */
  readonly rekeyBroughtTek: boolean;
  /** When the last of them came; null: not known. */
  readonly lastRekey: Interval | null;
  readonly marks: readonly LogMark[];
  /** What the KSs of the group said of this GM, or of all. */
  readonly ksSaid: readonly KsSaid[];
  readonly forced: GroupState['forced'];
  readonly legacyKek: number | null;
  readonly tekLifetimeSeconds: number | null;
  /** What the longest-lived TEK held after has left: TEKs of the group live so long at least. Absent: not seen. */
  readonly tekSecondsAfter?: number;
  /** Addresses of the KSs that this GM may register with, and its own. */
  readonly keyServers: readonly string[];
  /** Which IKE its group uses; null: not shown. */
  readonly groupType: GroupType | null;
}
