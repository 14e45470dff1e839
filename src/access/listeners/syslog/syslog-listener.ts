/**
 * Receives syslog over UDP or TCP. Its work ends at framing and header: `text` is what the log parser reads.
 *
 * Nothing here proves who sent a message. Every wait and buffer has a limit, and each limit a reason under which it is
 * counted.
 */
import type { Clock } from '../../../kernel/clock.ts';
import type { KnownSecrets } from '../../../kernel/known-secrets.ts';
import type { Logger } from '../../../kernel/logger.ts';
import type { Listener, PushedSyslog } from '../../pushed.ts';
import { DropCounts } from '../drop-counts.ts';
import { HandOver } from '../hand-over.ts';
import { type ListenerAddress, listenUrl } from '../listen-address.ts';
import { RateLimit } from '../rate-limit.ts';
import { SYSLOG_BOUNDS, SYSLOG_DROPS, type SyslogBounds, type SyslogDrop } from './syslog-bounds.ts';
import { readSyslogMessage } from './syslog-header.ts';
import type { SyslogServer } from './syslog-server.ts';
import { openSyslogTcp } from './syslog-tcp.ts';
import { openSyslogUdp } from './syslog-udp.ts';

export interface SyslogListenerOptions {
  readonly listen: ListenerAddress;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onMessage: (message: PushedSyslog) => void;
  readonly bounds?: Partial<SyslogBounds>;
  /** Removed from the messages. */
  readonly secrets?: KnownSecrets;
}

/** Resolves when it listens; rejects with a UserError if it cannot have the address. */
export async function startSyslogListener(options: SyslogListenerOptions): Promise<Listener> {
  const { clock, logger } = options;
  const bounds = { ...SYSLOG_BOUNDS, ...options.bounds };
  let url = listenUrl(options.listen);
  let received = 0;
  const drops = new DropCounts<SyslogDrop>(SYSLOG_DROPS, { clock, logger, url: () => url });
  const rate = new RateLimit(bounds.rate, clock);
  const handOver = new HandOver<PushedSyslog>({ take: options.onMessage, clock, logger });

  const accept = (octets: Buffer, host: string): 'taken' | SyslogDrop => {
    if (octets.length > bounds.messageOctets) return 'too_long';
    const verdict = rate.take(host);
    if (verdict !== 'pass') return verdict;
    const message = readSyslogMessage(octets);
    if (message === null) return 'no_priority';
    const redact = (text: string): string => options.secrets?.redact(text) ?? text;
    const pushed: PushedSyslog = {
      kind: 'syslog',
      receivedAtMs: clock.wallMs(),
      host,
      claimedHost: message.claimedHost === null ? null : redact(message.claimedHost),
      text: redact(message.text),
    };
    return handOver.push(pushed, octets.length) ? 'taken' : 'queue_full';
  };
  const onFrame = (octets: Buffer, host: string): 'taken' | SyslogDrop => {
    received += 1;
    const outcome = accept(octets, host);
    if (outcome !== 'taken') drops.add(outcome, host);
    return outcome;
  };
  const onTooLong = (count: number, host: string): void => {
    received += count;
    drops.add('too_long', host, count);
  };
  const onDrop = (reason: SyslogDrop, host: string): void => drops.add(reason, host);

  const server: SyslogServer =
    options.listen.protocol === 'tcp'
      ? await openSyslogTcp(options.listen, { clock, bounds, onFrame, onTooLong, onDrop })
      : await openSyslogUdp(options.listen, (octets, host) => void onFrame(octets, host), logger);
  url = listenUrl({ ...options.listen, port: server.port });
  return {
    url,
    status: () => ({ received, dropped: { ...drops.totals(), ...server.kernelDrops() } }),
    async [Symbol.asyncDispose]() {
      await server.close();
      await handOver.drained();
    },
  };
}
