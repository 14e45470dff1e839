/** Devices that answer `show crypto gdoi` with the test's text, and accept no other command. */
import type { DeviceAccess, Reply } from '../../src/access/device-session.ts';
import type { Clock } from '../../src/kernel/clock.ts';

/** `answer` may throw. */
export function answeringDevices(clock: Clock, answer: (device: string) => string): DeviceAccess {
  return {
    async withSession(target, _signal, use) {
      const text = answer(target.device);
      const session = {
        hostname: target.device,
        async run(command: Reply['command']): Promise<Reply> {
          const [sentAtMs, receivedAtMs] = [clock.wallMs(), clock.wallMs()];
          return command === 'show crypto gdoi'
            ? { kind: 'output', command, text, logLines: [], sentAtMs, receivedAtMs }
            : { kind: 'rejected', command, reason: 'invalid', line: '% Invalid input' };
        },
      };
      return { kind: 'done', value: await use(session) };
    },
    waitAtMost: () => 0,
    forget: async () => undefined,
    status: () => ({ openSessions: 0, handshakesActive: 0, handshakesWaiting: 0, quarantinedCredentials: [] }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
