/** What simulated devices push: log messages to a syslog host, notifications to a trap receiver. */
import type { Clock } from '../../kernel/clock.ts';
import type { SimulatedFleet } from '../fleet/fleet.ts';
import { SHARED_ADDRESS } from './loopback-addresses.ts';
import { type PushCounters, SyslogSender, type SyslogTarget } from './syslog-sender.ts';
import { type TrapCounters, TrapSender, type TrapTarget } from './trap-sender.ts';

export interface SimulatedSendersOptions {
  readonly fleet: SimulatedFleet;
  readonly clock: Clock;
  readonly syslog?: SyslogTarget | undefined;
  readonly traps?: TrapTarget | undefined;
  /** Source address by device; default 127.0.0.1 for all. */
  readonly addressFor?: (device: string) => string;
}

export interface SimulatedSenders extends AsyncDisposable {
  readonly syslog: Readonly<PushCounters> | null;
  readonly traps: Readonly<TrapCounters> | null;
}

export function startSimulatedSenders(options: SimulatedSendersOptions): SimulatedSenders {
  const { fleet, clock } = options;
  const addressOf = options.addressFor ?? (() => SHARED_ADDRESS);
  const syslog = options.syslog === undefined ? null : new SyslogSender(fleet, options.syslog, addressOf);
  const traps = options.traps === undefined ? null : new TrapSender(fleet, clock, options.traps, addressOf);
  return {
    syslog: syslog?.counters ?? null,
    traps: traps?.counters ?? null,
    async [Symbol.asyncDispose]() {
      await syslog?.[Symbol.asyncDispose]();
      await traps?.[Symbol.asyncDispose]();
    },
  };
}
