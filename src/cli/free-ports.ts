/** Free ports of loopback, for a demo or a simulated fleet that listens where nobody else does. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { SHARED_ADDRESS } from '../simulator/push/loopback-addresses.ts';
import type { PushPorts } from './simulated-config.ts';

/** Free when asked: who takes one of them first has it. */
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

/** Where the agent of a written configuration listens: as always, or where it is free, since a demo may be running. */
export async function usualOrFreeListen(usual = USUAL_PORT): Promise<string> {
  return `${SHARED_ADDRESS}:${(await freeTcpPort(usual)) ?? (await freeTcpPort(0)) ?? usual}`;
}

/** null: somebody has it. */
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
