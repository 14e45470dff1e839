/** A bound UDP socket, as both listeners open it. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { type ListenerAddress, listenError } from './listen-address.ts';

/**
 * Room in the kernel for messages that come while the event loop is busy; limited by `net.core.rmem_max`. What does not
 * fit is lost, and counted if the kernel tells. Linux allows 208 KB by default: about 250 messages.
 */
const RECEIVE_BUFFER_OCTETS = 4 * 1024 * 1024;

/** Binds the socket; rejects with a UserError if that is not possible. */
export async function openUdpSocket(listen: ListenerAddress): Promise<Socket> {
  const socket = createSocket({ type: isIPv6(listen.host) ? 'udp6' : 'udp4', recvBufferSize: RECEIVE_BUFFER_OCTETS });
  try {
    socket.bind(listen.port, listen.host);
    await once(socket, 'listening');
    return socket;
  } catch (error) {
    socket.close();
    throw listenError(listen, error);
  }
}

export function closeUdpSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(resolve);
  });
}
