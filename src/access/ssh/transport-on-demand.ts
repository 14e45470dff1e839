/**
 * The shell transport, loaded when the first shell is opened: where sessions live in workers the main thread opens none, and
 * ssh2 is the largest part of what it would load for them.
 */
import type { ShellTransport } from './shell-transport.ts';
import type { Ssh2TransportOptions } from './ssh2-transport.ts';

export function createTransportOnDemand(options: Ssh2TransportOptions): ShellTransport {
  let loaded: Promise<ShellTransport> | null = null;
  return {
    async open(login, hooks, signal) {
      loaded ??= import('./ssh2-transport.ts').then(({ createSsh2Transport }) => createSsh2Transport(options));
      const transport = await loaded;
      signal.throwIfAborted();
      return transport.open(login, hooks, signal);
    },
    async [Symbol.asyncDispose]() {
      const transport = await loaded;
      await transport?.[Symbol.asyncDispose]();
    },
  };
}
