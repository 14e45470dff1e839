/**
 * What devices send unasked: log messages and traps, as the listeners pass them on. The agent decides who sent it
 * (`host` is only an address, and UDP addresses can be forged): a pushed message is a hint to look.
 */
import type { EpochMs } from '../kernel/clock.ts';
import type { Varbind } from '../gdoi/seen/varbind.ts';

export interface PushedSyslog {
  readonly kind: 'syslog';
  readonly receivedAtMs: EpochMs;
  /** Address that the message came from, without an IPv4-in-IPv6 prefix. */
  readonly host: string;
  /** Host name in the message's own header, if it has one. */
  readonly claimedHost: string | null;
  /** One message without priority and framing, starting at its time stamp or `%`; valid text, bounded, no line ends. */
  readonly text: string;
}

export interface PushedTrap {
  readonly kind: 'trap';
  readonly receivedAtMs: EpochMs;
  readonly host: string;
  /** Authenticated by v3; a community proves nothing. */
  readonly authenticated: boolean;
  readonly trapOid: string;
  /** `sysUpTime.0` of the sender in seconds; null if it is absent. */
  readonly uptimeSeconds: number | null;
  /** Without sysUpTime.0 and snmpTrapOID.0. */
  readonly varbinds: readonly Varbind[];
}

export type PushedMessage = PushedSyslog | PushedTrap;

/** What a listener counts; each drop has its reason. Bounded, because the list of reasons is fixed. */
interface ListenerStatus {
  /** Everything that was read, dropped or not. */
  readonly received: number;
  /** By reason; every reason is there from the start, except `socket_full` (UDP), which depends on the kernel. */
  readonly dropped: Readonly<Record<string, number>>;
}

export interface Listener extends AsyncDisposable {
  /** Where it listens, with the real port: `udp://127.0.0.1:5514`. */
  readonly url: string;
  status(): ListenerStatus;
}
