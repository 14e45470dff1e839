/** The UDP side of the syslog listener: one message a datagram (RFC 5426). */
import type { RemoteInfo } from 'node:dgram';
import type { Logger } from '../../../kernel/logger.ts';
import { kernelDrops } from '../kernel-drops.ts';
import { plainAddress } from '../../../kernel/plain-address.ts';
import { type ListenerAddress, listenUrl } from '../listen-address.ts';
import type { SyslogServer } from './syslog-server.ts';
import { closeUdpSocket, openUdpSocket } from '../udp-socket.ts';

export async function openSyslogUdp(
  listen: ListenerAddress,
  onDatagram: (octets: Buffer, host: string) => void,
  logger: Logger,
): Promise<SyslogServer> {
  const socket = await openUdpSocket(listen);
  socket.on('message', (octets: Buffer, from: RemoteInfo) => onDatagram(octets, plainAddress(from.address)));
  socket.on('error', (error) => logger.error({ err: error, listener: listenUrl(listen) }, 'listener socket failed'));
  const bound = socket.address();
  return { port: bound.port, kernelDrops: () => kernelDrops(bound), close: () => closeUdpSocket(socket) };
}
