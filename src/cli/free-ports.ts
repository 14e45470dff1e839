/** Free UDP ports of loopback, for a demo that listens where nobody else does. */
import { createSocket } from 'node:dgram';
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
