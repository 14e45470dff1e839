/**
 * Failures of ssh2 and the network in our words, translated once at the border. Nobody above reads a library's message.
 * Peer text is not quoted (it could contain anything); no message contains a secret.
 */
import { NETWORK_ERRORS } from '../network-error.ts';
import { GroupTooLarge } from './group-exchange.ts';
import { TransportError } from './shell-transport.ts';

/** How far a login had come when it failed. */
export type LoginStage =
  | 'tcp' // not connected yet
  | 'ident' // connected, no SSH identification read or no keys agreed
  | 'auth' // keys agreed
  | 'credential' // keys agreed and a credential sent
  | 'shell'; // authenticated, shell asked for

interface LibraryError {
  readonly code?: unknown;
  readonly level?: unknown;
  readonly message: string;
}

const NETWORK: typeof NETWORK_ERRORS = new Map([
  ...NETWORK_ERRORS,
  ['ECONNREFUSED', ['refused', 'connection refused: no SSH server there, an access list, or all vty lines in use']],
]);

/** A failure before the shell was open. `where` is `host port N`. */
export function translateLoginError(error: unknown, stage: LoginStage, where: string): TransportError {
  if (error instanceof GroupTooLarge) return new TransportError('handshake', 'login', `${where}: ${error.message}`);
  const { code, level, message } = asLibraryError(error);
  const network = typeof code === 'string' ? NETWORK.get(code) : undefined;
  if (network !== undefined && stage === 'tcp')
    return new TransportError(network[0], 'connect', `${where}: ${network[1]}`);
  if (level === 'client-authentication') {
    return new TransportError('auth', 'login', `${where}: the device refused the credential`);
  }
  if (
    /no matching|unsupported|bad packet|handshake failed|prime|mac|signature|hash/i.test(message) &&
    stage === 'ident'
  ) {
    return new TransportError('handshake', 'login', `${where}: ${handshakeHint(message)}`);
  }
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED' || /connection lost/i.test(message)) {
    return closedDuring(stage, where);
  }
  if (level === 'client-timeout' || network?.[0] === 'timeout') {
    return new TransportError('timeout', stage === 'tcp' ? 'connect' : 'login', `${where}: no answer from the host`);
  }
  if (stage === 'credential') return closedDuring(stage, where);
  return new TransportError(
    'handshake',
    stage === 'tcp' ? 'connect' : 'login',
    `${where}: SSH protocol error before the shell was open`,
  );
}

/** The connection ended before the shell was open, without an error. */
export function closedDuring(stage: LoginStage, where: string): TransportError {
  switch (stage) {
    case 'tcp':
    case 'ident':
      return new TransportError(
        'refused',
        'connect',
        `${where}: the device closed the connection before SSH login: all vty lines may be in use, or an access-class forbids this host`,
      );
    case 'auth':
      return new TransportError('closed', 'login', `${where}: the connection ended during login`);
    case 'credential':
      return new TransportError(
        'auth',
        'login',
        `${where}: the device ended the connection after the credential was sent`,
      );
    case 'shell':
      return new TransportError(
        'no_shell',
        'login',
        `${where}: the device accepted the login but gave no shell: all vty lines may be in use, or exec is not authorized`,
      );
    default:
      return stage satisfies never;
  }
}

function handshakeHint(message: string): string {
  const what = /key exchange|kex/i.test(message)
    ? 'key exchange'
    : /host key/i.test(message)
      ? 'host key'
      : /cipher/i.test(message)
        ? 'cipher'
        : /mac/i.test(message)
          ? 'MAC'
          : null;
  return what !== null && /no matching/i.test(message)
    ? `no ${what} algorithm in common; for old IOS set ssh.algorithms: legacy (or the device's algorithms: legacy)`
    : 'the SSH handshake failed; for old IOS try ssh.algorithms: legacy';
}

function asLibraryError(error: unknown): LibraryError {
  if (error instanceof Error) return error;
  return { message: String(error) };
}
