/** What a group's view says of one of its GMs. */
import type { KekBehavior } from '../seen/release.ts';

export interface GmInFleet {
  readonly gm: GmInGroup;
  /** Can register with a KS of the other KEK behaviour. */
  readonly meetsLegacyKs: boolean;
  /** Registered, but no polled KS lists it. */
  readonly notListed: boolean;
  /** Its rekeys come by multicast, as it showed last, or a KS of its group. */
  readonly multicast: boolean;
}

export interface GmInGroup {
  readonly device: string;
  readonly address: string | null;
  readonly reachable: boolean;
  readonly registered: boolean | null;
  readonly keyServer: string | null;
  readonly behavior: KekBehavior;
  /** Holds the KS's current KEK; null: unknown, or a rekey is under way. */
  readonly kekMatchesKs: boolean | null;
  readonly tekMatchesKs: boolean | null;
  readonly divergent: boolean;
  /**
   * The keys that it holds instead are older ones, as a lost rekey leaves them; false: of another set, or it has the
   * current ones.
   */
  readonly kekBehind: boolean;
  readonly teksBehind: boolean;
  /** No KEK timer, and the KS's new KEK did not arrive. */
  readonly kekExpiredInUse: boolean;
  /** A KS that answers lists it; false: it says it is registered, but none does. null: unknown. */
  readonly listedByKs: boolean | null;
  /** As its KS counts; null: not listed. */
  readonly acksMissed: number | null;
  /** The list with that count may be from before it registered: what the KS counts since then is not known. */
  readonly registeredSinceList: boolean;
  /** It shows that it holds no TEK. Absent: it holds one, or shows none, or nothing at all. */
  readonly withoutTek?: true;
  /** It is there, and shows nothing: it refuses the login, or the command. Absent: it shows the group, or gives no answer. */
  readonly hidden?: true;
}
