/** The limits of the syslog listener, and the reasons for which it drops messages or connections. */
import { RATE_BOUNDS, type RateBounds } from '../rate-limit.ts';

export const SYSLOG_DROPS = [
  /** Longer than `messageOctets`. */
  'too_long',
  'no_priority',
  /** The connection ended inside an octet-counted message. */
  'incomplete',
  'source_rate',
  'overall_rate',
  /** The consumer of the messages is behind. */
  'queue_full',
  'connection_limit',
  'source_connection_limit',
  /** The process has no descriptor left for another one. */
  'accept_failed',
  /** A connection was closed because nothing came for a long time. */
  'idle_connection',
] as const;
export type SyslogDrop = (typeof SYSLOG_DROPS)[number];

export interface SyslogBounds {
  /** Octets; the log parser reads no longer line. */
  readonly messageOctets: number;
  readonly rate: RateBounds;
  readonly connections: number;
  readonly connectionsOfSource: number;
  /** A router logs little: its connection is idle for hours, and TCP's own probes find dead ones. */
  readonly idleMs: number;
}

export const SYSLOG_BOUNDS: SyslogBounds = {
  messageOctets: 8192,
  rate: RATE_BOUNDS,
  connections: 2000,
  connectionsOfSource: 16,
  idleMs: 24 * 3600_000,
};
