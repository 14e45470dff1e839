/**
 * The shell transport on ssh2, in the thread it is called in.
 *
 * TCP is connected first and the handshake waits for its owner's word, so that a limit on handshakes is not held up by
 * hosts that do not answer. One authentication pass, one PTY shell, nothing else on the connection. Deadlines are the
 * owner's: it aborts the signal.
 */
import { connect, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import { offeredAlgorithms } from './algorithms.ts';
import { createAuthSequence } from './auth-methods.ts';
import { passwordQuestion } from './ios-dialogue.ts';
import {
  type Shell,
  type ShellHooks,
  type ShellLogin,
  type ShellTransport,
  TransportError,
} from './shell-transport.ts';
import { closedDuring, type LoginStage, translateLoginError } from './ssh-error.ts';

/** Wide and tall, so that nothing wraps or pages even where `terminal` commands are not authorized. */
const PTY = { term: 'vt100', cols: 511, rows: 1000, width: 0, height: 0 } as const;

/** Protocol-level keepalive: finds dead peers; it does not reset the exec-timeout of IOS. */
const KEEPALIVE_INTERVAL_MS = 30_000;
const KEEPALIVE_MISSES = 3;

type ParsedKey = Exclude<ReturnType<typeof ssh2.utils.parseKey>, Error>;

export function createSsh2Transport(): ShellTransport {
  const open = new Set<ssh2.Client>();
  return {
    open: (login, hooks, signal) => openShell(login, hooks, signal, open),
    async [Symbol.asyncDispose]() {
      for (const client of open) client.destroy();
      open.clear();
    },
  };
}

async function openShell(
  login: ShellLogin,
  hooks: ShellHooks,
  signal: AbortSignal,
  open: Set<ssh2.Client>,
): Promise<Shell> {
  const where = `${login.host} port ${login.port}`;
  const key = login.privateKey === null ? null : parsePrivateKey(login.privateKey, login.passphrase);
  if (key === null && login.password === null) {
    throw new TransportError('auth', 'login', `${where}: the credential has neither a password nor a private key`);
  }
  signal.throwIfAborted();
  const socket = await connectTcp(login, signal, where);
  try {
    await hooks.beforeHandshake();
    signal.throwIfAborted();
  } catch (error) {
    socket.destroy();
    throw error;
  }
  if (socket.destroyed || socket.readableEnded) throw closedDuring('tcp', where);
  const client = new ssh2.Client();
  open.add(client);
  client.on('close', () => open.delete(client));
  try {
    return await logIn(client, socket, { login, key, hooks, signal, where });
  } catch (error) {
    client.destroy();
    socket.destroy();
    open.delete(client);
    throw error;
  }
}

function connectTcp(login: ShellLogin, signal: AbortSignal, where: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: login.host, port: login.port, noDelay: true });
    const onAbort = () => {
      socket.destroy();
      reject(asError(signal.reason));
    };
    const onError = (error: Error) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(translateLoginError(error, 'tcp', where));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError);
      // Until ssh2 listens: an error shows as `destroyed`.
      socket.on('error', () => undefined);
      socket.pause();
      resolve(socket);
    });
  });
}

interface LoginParts {
  readonly login: ShellLogin;
  readonly key: ParsedKey | null;
  readonly hooks: ShellHooks;
  readonly signal: AbortSignal;
  readonly where: string;
}

function logIn(client: ssh2.Client, socket: Socket, parts: LoginParts): Promise<Shell> {
  const { login, key, hooks, signal, where } = parts;
  let stage: LoginStage = 'ident';
  let hostKeyRefused = false;
  let negotiated = '';
  return new Promise<Shell>((resolve, reject) => {
    const onAbort = () => reject(asError(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    const fail = (error: Error) => {
      signal.removeEventListener('abort', onAbort);
      reject(error);
    };
    const failLogin = (error: unknown) => {
      if (hostKeyRefused) fail(new TransportError('host_key', 'login', `${where}: host key refused`));
      else fail(translateLoginError(error, stage, where));
    };

    client.on('error', failLogin);
    client.on('close', () => fail(closedDuring(stage, where)));
    client.on('change password', () => {
      fail(new TransportError('auth', 'login', `${where}: the device asks for a change of the password`));
    });
    client.on('handshake', (agreed) => {
      if (stage !== 'ident') return;
      stage = 'auth';
      negotiated = `${agreed.kex} ${agreed.serverHostKey} ${agreed.cs.cipher} ${agreed.cs.mac || 'aead'}`;
    });
    client.on('ready', () => {
      stage = 'shell';
      client.shell(PTY, (error, channel) => {
        if (error !== undefined) {
          fail(closedDuring('shell', where));
          return;
        }
        signal.removeEventListener('abort', onAbort);
        resolve(shellOf(client, channel, hooks, negotiated));
      });
    });

    const sequence = createAuthSequence({ key: key !== null, password: login.password !== null });
    let partly = false;
    try {
      client.connect({
        sock: socket,
        username: login.username,
        algorithms: offeredAlgorithms(login.algorithms, login.knownKeyTypes),
        readyTimeout: 0,
        keepaliveInterval: KEEPALIVE_INTERVAL_MS,
        keepaliveCountMax: KEEPALIVE_MISSES,
        hostVerifier: (hostKey: Buffer, verify: (valid: boolean) => void) => {
          const decide = async (): Promise<void> => {
            const accepted = await hooks.verifyHostKey(hostKey);
            hostKeyRefused = !accepted;
            verify(accepted);
          };
          decide().catch((error: unknown) => {
            hostKeyRefused = true;
            fail(error instanceof Error ? error : new Error(String(error)));
            verify(false);
          });
        },
        authHandler: (offered, partialSuccess, next) => {
          partly ||= partialSuccess;
          const method = sequence.next(offered);
          if (method === 'publickey' && key !== null) {
            stage = 'credential';
            next({ type: 'publickey', username: login.username, key });
            return undefined;
          }
          if (method !== null && method !== 'none') stage = 'credential';
          switch (method) {
            case null:
              if (stage === 'auth' && !partly) {
                fail(
                  new TransportError(
                    'auth',
                    'login',
                    `${where}: the device takes none of the login methods configured (it offers ${methodNames(offered)})`,
                  ),
                );
              }
              return false;
            case 'none':
              next({ type: 'none', username: login.username });
              return undefined;
            case 'publickey':
            case 'password':
              next({ type: 'password', username: login.username, password: login.password ?? '' });
              return undefined;
            case 'keyboard-interactive':
              next({
                type: 'keyboard-interactive',
                username: login.username,
                prompt: answerOnce(login.password ?? '', () =>
                  fail(new TransportError('auth', 'login', `${where}: the device asked for more than the password`)),
                ),
              });
              return undefined;
            default:
              return method satisfies never;
          }
        },
      });
    } catch (error) {
      failLogin(error);
    }
  });
}

type KeyboardHandler = (
  name: string,
  instructions: string,
  language: string,
  prompts: ReadonlyArray<{ readonly prompt: string; readonly echo?: boolean }>,
  finish: (answers: string[]) => void,
) => void;

/** Answer one password question of keyboard-interactive; anything else ends the login. */
function answerOnce(password: string, onUnknown: () => void): KeyboardHandler {
  let answered = false;
  return (name, instructions, _language, prompts, finish) => {
    const question = prompts[0];
    if (question === undefined) {
      finish([]);
      return;
    }
    const asksPassword =
      prompts.length === 1 &&
      question.echo !== true &&
      passwordQuestion(question.prompt.trim(), [name, ...instructions.split('\n')]) === 'login';
    if (answered || !asksPassword) {
      onUnknown();
      return;
    }
    answered = true;
    finish([password]);
  };
}

function shellOf(client: ssh2.Client, channel: ssh2.ClientChannel, hooks: ShellHooks, negotiated: string): Shell {
  let closed = false;
  const onClosed = (reason: string) => {
    if (closed) return;
    closed = true;
    hooks.onClose(reason);
    client.end();
  };
  client.removeAllListeners('error');
  client.on('error', (error: Error & { readonly level?: string }) =>
    onClosed(error.level === 'client-timeout' ? 'no answer to keepalives' : 'connection lost'),
  );
  client.on('close', () => onClosed('the device closed the connection'));
  channel.on('data', (data: Buffer) => hooks.onData(data.toString('latin1')));
  channel.stderr.resume();
  channel.on('error', () => undefined);
  channel.on('end', () => onClosed('the device ended the shell'));
  channel.on('close', () => onClosed('the device ended the shell'));
  return {
    negotiated,
    write(text) {
      if (!closed) channel.write(text);
    },
    end() {
      client.end();
    },
    destroy() {
      closed = true;
      client.destroy();
    },
  };
}

function parsePrivateKey(text: string, passphrase: string | null): ParsedKey {
  const parsed = passphrase === null ? ssh2.utils.parseKey(text) : ssh2.utils.parseKey(text, passphrase);
  const key: ParsedKey | Error | undefined = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined || key instanceof Error || !key.isPrivateKey()) {
    const why =
      key instanceof Error && /encrypted|passphrase|decrypt/i.test(key.message)
        ? 'the private key is encrypted and the passphrase is missing or wrong'
        : 'the private key cannot be read (OpenSSH or PEM format wanted)';
    throw new TransportError('auth', 'login', why);
  }
  return key;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted');
}

function methodNames(offered: readonly string[] | null): string {
  const names = (offered ?? []).filter((name) => /^[a-z@.-]{1,40}$/.test(name));
  return names.length === 0 ? 'none' : names.join(', ');
}
