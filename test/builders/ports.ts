/** Ports of loopback: one that nobody has, and ones that somebody else has. */
import { createSocket } from 'node:dgram';
import { type AddressInfo, createServer } from 'node:net';

/** A TCP port that was free a moment ago: for programs that cannot tell which one they took. */
export async function freePort(): Promise<number> {
  const { port, [Symbol.asyncDispose]: release } = await busyTcp();
  await release();
  return port;
}

export async function busyTcp() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

export async function busyUdp() {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await new Promise((resolve) => socket.once('listening', resolve));
  const { port } = socket.address();
  return { port, [Symbol.asyncDispose]: async () => void socket.close() };
}
