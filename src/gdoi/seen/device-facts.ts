/**
 * What a device says of itself, apart from any group: release, uptime, clock, log. `null` is "not shown".
 */

/**
 * Two boots by the uptime are the same one if they lie closer: it is printed in whole minutes, at each of the readings.
 */
export const SAME_BOOT_MS = 120_000;

/** From `show version`. */
export interface DeviceFacts {
  readonly role: 'device';
  readonly hostname: string | null;
  readonly software: 'ios' | 'ios-xe' | null;
  /** Release as printed: `15.6(3)M2`, `16.9.3`, `03.06.05E`. */
  readonly version: string | null;
  /** Hardware model: `ISR4451-X/K9`. */
  readonly platform: string | null;
  /** Seconds since boot, printed in whole minutes: the true value lies in [uptime, uptime + 60). */
  readonly uptimeSeconds: number | null;
  readonly reloadReason: string | null;
  /** Of the control processor that runs it, where there may be two. Absent: nothing of it is shown. */
  readonly processor?: ControlProcessor;
}

/** When another one takes over (a switchover), the device's uptime goes on, and GDOI begins anew. */
export interface ControlProcessor {
  /** Seconds since it booted, printed like the device's uptime: the other one's is another. Absent: not shown. */
  readonly uptimeSeconds?: number;
  /** Seconds since it took over (`Time since gm1 switched to active`), likewise. Absent: not shown. */
  readonly activeSeconds?: number;
  /** `System returned to ROM by SSO Switchover`. Absent: by something else. */
  readonly afterSwitchover?: true;
}

/** From `show clock`. */
export interface DeviceClock {
  readonly role: 'clock';
  /** The device's time as an instant, where its zone is UTC or GMT; null for zones whose offset it does not print. */
  readonly epochMs: number | null;
  /** For such a zone: the time as if its digits were UTC. Log lines with that zone are placed by it. */
  readonly shownMs?: number;
  /** Zone as printed, `UTC`, `EST`. */
  readonly zone: string | null;
  /** The mark before the time: `*` never set, `.` lost synchronisation. */
  readonly synchronised: boolean | null;
  /** `NTP`, `user configuration`, `none`; only from `show clock detail`. */
  readonly source?: string;
}

/** One `%FACILITY-SEVERITY-MNEMONIC: text` line. The mnemonic decides; the severity differs between releases. */
export interface LogMessage {
  readonly facility: string;
  readonly severity: number;
  readonly mnemonic: string;
  readonly text: string;
  /** Timestamp as printed, without mark and sequence number, `Aug 14 15:26:31.204`; null when there is none. */
  readonly timestamp: string | null;
  readonly sequence: number | null;
}

/** From `show logging`: the messages of the buffer, oldest first. */
export interface DeviceLog {
  readonly role: 'log';
  readonly messages: readonly LogMessage[];
}
