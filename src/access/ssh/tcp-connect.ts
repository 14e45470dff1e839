/** A TCP connection to an SSH server, paused until somebody reads. */
import { connect, type Socket } from 'node:net';
import { abortReason } from '../../kernel/abort-reason.ts';
import { translateLoginError } from './ssh-error.ts';

export interface TcpPlace {
  readonly host: string;
  readonly port: number;
  /** Null: the system's choice. */
  readonly sourceAddress: string | null;
}

/** Rejects with a `TransportError`, or with the signal's reason. */
export function connectTcp({ host, port, sourceAddress }: TcpPlace, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const local = sourceAddress === null ? {} : { localAddress: sourceAddress };
    const socket = connect({ host, port, noDelay: true, ...local });
    const onAbort = () => {
      socket.destroy();
      reject(abortReason(signal));
    };
    const onError = (error: Error) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(translateLoginError(error, 'tcp', `${host} port ${port}`));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError);
      // Until ssh2 listens: an error shows as `destroyed`.
      socket.on('error', ignored);
      socket.pause();
      resolve(socket);
    });
  });
}

/** Made once: a function made beside the promise would keep its signal as long as the socket lives. */
function ignored(): void {
  // The owner sees that the socket is destroyed.
}
