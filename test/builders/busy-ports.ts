/** Ports of loopback that somebody else has. */
import { createSocket } from 'node:dgram';
import { type AddressInfo, createServer } from 'node:net';

export async function busyTcp() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => void server.close() };
}

export async function busyUdp() {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await new Promise((resolve) => socket.once('listening', resolve));
  const { port } = socket.address();
  return { port, [Symbol.asyncDispose]: async () => void socket.close() };
}
