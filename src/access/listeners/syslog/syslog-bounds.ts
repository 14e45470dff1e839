/** What the syslog listener bounds, and what it counts when a bound is reached or a message is none. */
import { RATE_BOUNDS, type RateBounds } from '../rate-limit.ts';

export const SYSLOG_DROPS = [
  /** Longer than `messageOctets`. */
  'too_long',
  'no_priority',
  /** The connection ended inside an octet-counted message. */
  'incomplete',
  'source_rate',
  'overall_rate',
  /** Whoever takes the messages is behind. */
  'queue_full',
  'connection_limit',
  'source_connection_limit',
  /** The process has no descriptor left for one more. */
  'accept_failed',
  /** A connection closed because nothing came for long. */
  'idle_connection',
] as const;
export type SyslogDrop = (typeof SYSLOG_DROPS)[number];

export interface SyslogBounds {
  /** The log parser reads no longer line; octets. */
  readonly messageOctets: number;
  readonly rate: RateBounds;
  readonly connections: number;
  readonly connectionsOfSource: number;
  /** A router logs little: its connection is idle for hours, and dead ones are found by TCP's own probes. */
  readonly idleMs: number;
}

export const SYSLOG_BOUNDS: SyslogBounds = {
  messageOctets: 8192,
  rate: RATE_BOUNDS,
  connections: 2000,
  connectionsOfSource: 16,
  idleMs: 24 * 3600_000,
};
