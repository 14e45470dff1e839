/** A bound UDP socket: the one way both listeners open theirs. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { type ListenAddress, listenError } from './listen-address.ts';

/**
 * Room in the kernel for messages that come while the event loop is busy; it gives what `net.core.rmem_max` allows.
 * What does not fit is lost, and counted where the kernel tells. Linux gives 208 KB unless told otherwise: about 250
 * messages.
 */
const RECEIVE_BUFFER_OCTETS = 4 * 1024 * 1024;

/** Bind; rejects with a UserError where that is not possible. */
export async function openUdpSocket(listen: ListenAddress): Promise<Socket> {
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
