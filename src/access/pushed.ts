/**
 * What devices send by themselves: log messages and traps, as the listeners hand them on. Who sent it is for the agent
 * to decide (`host` is only an address, and UDP addresses can be forged): a pushed message is a hint to look.
 */
import type { EpochMs } from '../kernel/clock.ts';
import type { Varbind } from '../gdoi/seen/varbind.ts';

export interface PushedSyslog {
  readonly kind: 'syslog';
  readonly receivedAtMs: EpochMs;
  /** Address the message came from, without an IPv4-in-IPv6 prefix. */
  readonly host: string;
  /** Host name in the message's own header, where it has one. */
  readonly claimedHost: string | null;
  /** One message without priority and framing, from its time stamp or `%` on; valid text, bounded, no line ends. */
  readonly text: string;
}

export interface PushedTrap {
  readonly kind: 'trap';
  readonly receivedAtMs: EpochMs;
  readonly host: string;
  /** Proven by v3 authentication; a community proves nothing. */
  readonly authenticated: boolean;
  readonly trapOid: string;
  /** `sysUpTime.0` of the sender in seconds; null where it is not there. */
  readonly uptimeSeconds: number | null;
  /** Without sysUpTime.0 and snmpTrapOID.0. */
  readonly varbinds: readonly Varbind[];
}

export type PushedMessage = PushedSyslog | PushedTrap;

/** What a listener counts; each drop has its reason. Bounded by construction: reasons are a fixed list. */
export interface ListenerStatus {
  /** What was read, dropped or not. */
  readonly received: number;
  /** By reason; every reason is there from the start, but `socket_full` (of UDP) only where the kernel tells. */
  readonly dropped: Readonly<Record<string, number>>;
}

export interface Listener extends AsyncDisposable {
  /** `udp://127.0.0.1:5514`: where it listens, the real port included. */
  readonly url: string;
  status(): ListenerStatus;
}
