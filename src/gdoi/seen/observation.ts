/**
 * What was seen of one device at one time: the only thing that flows from the edges into the core.
 *
 * An observation has two instants, when the question was sent and when the answer was whole: a whole-second countdown
 * read in between is an interval, never a point.
 */
import type { DeviceCertificates } from './certificate.ts';
import type { DeviceClock, DeviceFacts, LogMessage } from './device-facts.ts';
import type { GdoiTrap } from './gdoi-trap.ts';
import type { GroupSnapshot } from './snapshot.ts';
import type { EpochMs, ReadAt } from './instant.ts';
import type { Interval } from './interval.ts';

export type Observation = ReadAt & {
  readonly device: string;
} & (
    | {
        readonly kind: 'groups';
        /**
         * Where the snapshots come from: `cli` and `restconf` show registrations and their counters, `snmp`
         * shows less.
         */
        readonly origin: 'cli' | 'snmp' | 'restconf';
        /** The show command, or the name of the MIB or model. */
        readonly command: string;
        readonly snapshots: readonly GroupSnapshot[];
        readonly unknownLines: number;
        /** Another transport decides the device's state: this one only looks. */
        readonly beside?: true;
      }
    /** `unknownLines` absent, here and below: all lines were known, or it was no text. */
    | { readonly kind: 'facts'; readonly facts: DeviceFacts; readonly unknownLines?: number }
    | { readonly kind: 'clock'; readonly clock: DeviceClock; readonly unknownLines?: number }
    /** For the view of the device only: the tracker concludes nothing from it. */
    | { readonly kind: 'certificates'; readonly certificates: DeviceCertificates; readonly unknownLines: number }
    /**
     * `pushed`: the device sent the messages just now (syslog), so `receivedAtMs` is their instant; otherwise they were
     * found in a log buffer or inside an answer and only their own time stamps say when.
     */
    | {
        readonly kind: 'log';
        readonly messages: readonly LogMessage[];
        readonly pushed: boolean;
        readonly unknownLines?: number;
      }
    /**
     * The device says itself when its GM registered last (`prev-reg-time`): `deviceMs` on its own clock, `between` on
     * the agent's.
     */
    | {
        readonly kind: 'registered';
        readonly group: string;
        readonly deviceMs: EpochMs;
        readonly between: Interval;
      }
    /** The device sent it just now: `receivedAtMs` is its instant. */
    | { readonly kind: 'trap'; readonly trap: GdoiTrap }
    /** The device was asked and there was no whole answer; `result` is the poll's. */
    | { readonly kind: 'failure'; readonly result: string }
  );
