/**
 * A TCP connection that a test cuts: what was sent before may arrive or not, and nothing more does, in either
 * direction.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface CuttableWay extends AsyncDisposable {
  readonly port: number;
  /** Silence: no byte passes, and no end is reported. */
  cut(): void;
  heal(): void;
}

/** `port`: the value when a connection is made. */
export async function cuttableWayTo(port: number | (() => number)): Promise<CuttableWay> {
  const sockets = new Set<Socket>();
  let passing = true;
  const server = createServer((near) => {
    const far = connect(typeof port === 'number' ? port : port(), '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('data', (bytes) => {
        // What comes while it is cut is lost, and with it the connection.
        if (passing && !from.destroyed) to.write(bytes);
      });
      from.on('close', () => {
        sockets.delete(from);
        if (passing) to.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    cut() {
      passing = false;
    },
    heal() {
      // Bytes are missing in every one of them.
      for (const socket of sockets) socket.destroy();
      passing = true;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A connection on which every `from` sent by the near side becomes a `to` of the same length. */
export async function rewritingWayTo(
  port: number,
  from: string,
  to: string,
): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    near.on('data', (bytes) => far.write(Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1')));
    far.pipe(near);
    near.on('close', () => far.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
