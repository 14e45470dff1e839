/** Free loopback ports for a demo or a simulated fleet. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { SHARED_ADDRESS } from '../../simulator/push/loopback-addresses.ts';
import type { PushPorts } from './simulated-config.ts';

/** Free when asked; another program may take one before they are used. */
export async function freePushPorts(): Promise<PushPorts> {
  const [syslog, traps] = await Promise.all([freePort(), freePort()]);
  return { syslog, traps };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, SHARED_ADDRESS, () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

const USUAL_PORT = 9848;

/**
 * Where the agent of a written configuration listens: at the usual port, or at a free one if, say, a demo is running.
 */
export async function usualOrFreeListen(usual = USUAL_PORT): Promise<string> {
  return `${SHARED_ADDRESS}:${(await freeTcpPort(usual)) ?? (await freeTcpPort(0)) ?? usual}`;
}

/** Null: it is in use. */
function freeTcpPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, SHARED_ADDRESS, () => {
      const address = server.address();
      const found = typeof address === 'object' && address !== null ? address.port : null;
      server.close(() => resolve(found));
    });
  });
}
