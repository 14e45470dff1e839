/**
 * Receives SNMP traps and informs of all versions over UDP. The gate decides who may send; here are the socket, the
 * limits and the counting. An inform is answered only once its message is taken, because the sender repeats what is not
 * answered.
 */
import type { RemoteInfo } from 'node:dgram';
import type { Clock } from '../../../kernel/clock.ts';
import type { KnownSecrets } from '../../../kernel/known-secrets.ts';
import type { Logger } from '../../../kernel/logger.ts';
import type { SnmpCredential } from '../../device-snmp.ts';
import type { Listener, PushedTrap } from '../../pushed.ts';
import { withoutSecrets } from '../../redacted-varbinds.ts';
import { DropCounts } from '../drop-counts.ts';
import { HandOver } from '../hand-over.ts';
import { kernelDrops } from '../kernel-drops.ts';
import { plainAddress } from '../../../kernel/plain-address.ts';
import { type ListenerAddress, listenUrl } from '../listen-address.ts';
import { createOwnEngine } from './own-engine.ts';
import { RATE_BOUNDS, type RateBounds, RateLimit } from '../rate-limit.ts';
import { TRAP_REFUSALS, TrapGate, type TrapRefusal } from './trap-gate.ts';
import { closeUdpSocket, openUdpSocket } from '../udp-socket.ts';

type TrapDrop = TrapRefusal | 'too_long' | 'source_rate' | 'overall_rate' | 'queue_full';
const TRAP_DROPS: readonly TrapDrop[] = [...TRAP_REFUSALS, 'too_long', 'source_rate', 'overall_rate', 'queue_full'];

/** IOS sends up to 1,500 octets by default (`snmp-server packetsize`, at most 17,940). */
const MAX_DATAGRAM_OCTETS = 17_940;

export interface TrapListenerOptions {
  readonly listen: ListenerAddress & { readonly protocol: 'udp' };
  /** Whose notifications are accepted; v2c communities count for v1 too. */
  readonly credentials: readonly SnmpCredential[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onMessage: (message: PushedTrap) => void;
  readonly rate?: RateBounds;
  /** Removed from the values. */
  readonly secrets?: KnownSecrets;
}

/** Resolves when it listens; rejects with a UserError if it cannot have the address. */
export async function startTrapListener(options: TrapListenerOptions): Promise<Listener> {
  const { clock, logger } = options;
  const rate = new RateLimit(options.rate ?? RATE_BOUNDS, clock);
  const handOver = new HandOver<PushedTrap>({ take: options.onMessage, clock, logger });
  const socket = await openUdpSocket(options.listen);
  const bound = socket.address();
  const { port } = bound;
  const url = listenUrl({ ...options.listen, port });
  const engine = createOwnEngine(port, clock);
  const gate = new TrapGate(options.credentials, engine, clock);
  const drops = new DropCounts<TrapDrop>(TRAP_DROPS, { clock, logger, url: () => url });
  let received = 0;

  const answer = (octets: Buffer | null, to: RemoteInfo): void => {
    // An answer that cannot be sent is like a lost one: the sender repeats its message.
    if (octets !== null) socket.send(octets, to.port, to.address, () => undefined);
  };
  const accept = (octets: Buffer, from: RemoteInfo, host: string): 'taken' | 'discovery' | TrapDrop => {
    if (octets.length > MAX_DATAGRAM_OCTETS) return 'too_long';
    const allowed = rate.take(host);
    if (allowed !== 'pass') return allowed;
    const verdict = gate.judge(octets);
    if (verdict.kind !== 'notification') {
      answer(verdict.answer, from);
      return verdict.kind === 'discovery' ? 'discovery' : verdict.reason;
    }
    const { authenticated, notification } = verdict;
    const { secrets } = options;
    const varbinds = secrets ? withoutSecrets(notification.varbinds, secrets) : notification.varbinds;
    const pushed: PushedTrap = {
      kind: 'trap',
      receivedAtMs: clock.wallMs(),
      host,
      authenticated,
      ...notification,
      varbinds,
    };
    if (!handOver.push(pushed, octets.length)) return 'queue_full';
    answer(verdict.answer, from);
    return 'taken';
  };
  socket.on('message', (octets: Buffer, from: RemoteInfo) => {
    const host = plainAddress(from.address);
    const outcome = accept(octets, from, host);
    if (outcome !== 'discovery') received += 1;
    if (outcome !== 'discovery' && outcome !== 'taken') drops.add(outcome, host);
  });
  socket.on('error', (error) => logger.error({ err: error, listener: url }, 'listener socket failed'));
  // The ID that `snmp-server engineID remote` needs for v3 informs.
  logger.info({ listener: url, engineId: engine.id.toString('hex') }, 'listening for traps');
  return {
    url,
    status: () => ({ received, dropped: { ...drops.totals(), ...kernelDrops(bound) } }),
    async [Symbol.asyncDispose]() {
      await closeUdpSocket(socket);
      await handOver.drained();
    },
  };
}
