/**
 * One login over ssh2, from an open byte stream to an authenticated client: key exchange, host key, each part of the
 * credential once. Deadlines are the owner's: it aborts the signal. Every failure is a `TransportError`.
 */
import type { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import { abortReason } from '../../kernel/abort-reason.ts';
import { offeredAlgorithms } from './algorithms.ts';
import { type AuthSequence, createAuthSequence } from './auth-methods.ts';
import type { GuardedClient } from './guarded-client.ts';
import { hostPlaceText } from './host-place.ts';
import { passwordQuestion } from './ios-dialogue.ts';
import { type HostLogin, TransportError } from './shell-transport.ts';
import { closedDuring, type LoginStage, translateLoginError } from './ssh-error.ts';

type ParsedKey = Exclude<ReturnType<typeof ssh2.utils.parseKey>, Error>;

export interface SshLoginParts {
  readonly login: HostLogin;
  readonly key: ParsedKey | null;
  readonly verifyHostKey: (key: Buffer) => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** What is needed until the login is over. */
interface Attempt extends Omit<SshLoginParts, 'verifyHostKey'> {
  readonly sequence: AuthSequence;
}

/** The private key of a login, or null. Throws if there is nothing to log in with. */
export function loginKey(login: HostLogin): ParsedKey | null {
  const key = login.privateKey === null ? null : parsePrivateKey(login.privateKey, login.passphrase);
  if (key === null && login.password === null && login.agent === null) {
    throw new TransportError(
      'auth',
      'login',
      `${hostPlaceText(login)}: the credential has neither a password nor a key`,
    );
  }
  return key;
}

export class SshLogin {
  readonly #guarded: GuardedClient;
  readonly #verify: SshLoginParts['verifyHostKey'];
  readonly #where: string;
  /** Null: the login is over. ssh2 references this object as long as the connection lives. */
  #attempt: Attempt | null;
  #stage: LoginStage = 'ident';
  #hostKeyRefused = false;
  #partly = false;
  #finish: (error: Error | null) => void = () => undefined;

  constructor(guarded: GuardedClient, { login, key, verifyHostKey, signal }: SshLoginParts) {
    this.#guarded = guarded;
    this.#verify = verifyHostKey;
    this.#where = hostPlaceText(login);
    const { password, agent } = login;
    const sequence = createAuthSequence({ key: key !== null, agent: agent !== null, password: password !== null });
    this.#attempt = { login, key, signal, sequence };
  }

  /** Resolves when authenticated; rejects with a `TransportError`, or with the signal's reason. */
  run(stream: Duplex): Promise<void> {
    const attempt = this.#attempt;
    if (attempt === null) return Promise.reject(new Error('a login is made once'));
    const { signal, login } = attempt;
    return new Promise<void>((resolve, reject) => {
      const onAbort = () => this.#finish(abortReason(signal));
      this.#finish = (error) => {
        signal.removeEventListener('abort', onAbort);
        this.#attempt = null;
        this.#finish = () => undefined;
        if (error === null) resolve();
        else reject(error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#listen();
      try {
        this.#guarded.connect(stream, this.#config(login));
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  #listen(): void {
    const { client } = this.#guarded;
    client.on('error', (error) => this.#fail(error));
    client.on('close', () => this.#fail(closedDuring(this.#stage, this.#where)));
    client.on('change password', () => this.#refused('the device asks for a change of the password'));
    client.on('handshake', () => {
      if (this.#stage === 'ident') this.#stage = 'auth';
    });
    client.on('ready', () => {
      this.#stage = 'shell';
      this.#finish(null);
    });
  }

  #config({ username, algorithms, knownKeyTypes }: HostLogin): ssh2.ConnectConfig {
    return {
      username,
      algorithms: offeredAlgorithms(algorithms, knownKeyTypes),
      readyTimeout: 0,
      hostVerifier: (hostKey: Buffer, verify: (valid: boolean) => void) => {
        const tell = (accepted: boolean) => {
          try {
            verify(accepted);
          } catch (error) {
            // ssh2 takes no verdict for a connection that has ended meanwhile.
            this.#guarded.client.emit('error', error);
          }
        };
        this.#verifyHostKey(hostKey).then(tell, (error: unknown) => {
          this.#hostKeyRefused = true;
          this.#finish(error instanceof Error ? error : new Error(String(error)));
          tell(false);
        });
      },
      authHandler: (offered, partialSuccess, next) => {
        this.#partly ||= partialSuccess;
        const method = this.#nextMethod(offered);
        if (method === null) return false;
        next(method);
        return undefined;
      },
    };
  }

  async #verifyHostKey(hostKey: Buffer): Promise<boolean> {
    const accepted = await this.#verify(hostKey);
    this.#hostKeyRefused = !accepted;
    return accepted;
  }

  #nextMethod(offered: ssh2.AuthenticationType[] | null): ssh2.AnyAuthMethod | null {
    if (this.#attempt === null) return null;
    const { login, key, sequence } = this.#attempt;
    const { username, password, agent } = login;
    const method = sequence.next(offered);
    if (method !== null && method !== 'none') this.#stage = 'credential';
    switch (method) {
      case null:
        if (this.#stage === 'auth' && !this.#partly) {
          this.#refused(`the device takes none of the login methods configured (it offers ${methodNames(offered)})`);
        }
        return null;
      case 'none':
        return { type: 'none', username };
      case 'agent':
        return { type: 'agent', username, agent: agent ?? '' };
      case 'publickey':
        return key === null ? null : { type: 'publickey', username, key };
      case 'password':
        return { type: 'password', username, password: password ?? '' };
      case 'keyboard-interactive':
        return {
          type: 'keyboard-interactive',
          username,
          prompt: answerOnce(password ?? '', () => this.#refused('the device asked for more than the password')),
        };
      default:
        return method satisfies never;
    }
  }

  #refused(what: string): void {
    this.#finish(new TransportError('auth', 'login', `${this.#where}: ${what}`));
  }

  #fail(error: unknown): void {
    if (this.#hostKeyRefused) this.#finish(new TransportError('host_key', 'login', `${this.#where}: host key refused`));
    else this.#finish(error instanceof TransportError ? error : translateLoginError(error, this.#stage, this.#where));
  }
}

/** What ssh2 passes. */
type KeyboardQuestion = [
  name: string,
  instructions: string,
  language: string,
  prompts: ReadonlyArray<{ readonly prompt: string; readonly echo?: boolean }>,
  finish: (answers: string[]) => void,
];
type KeyboardHandler = (...question: KeyboardQuestion) => void;

/** Answers one password question of keyboard-interactive; anything else ends the login. */
function answerOnce(password: string, onUnknown: () => void): KeyboardHandler {
  let answered = false;
  return (...[name, instructions, , prompts, finish]) => {
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

function methodNames(offered: readonly string[] | null): string {
  const names = (offered ?? []).filter((name) => /^[a-z@.-]{1,40}$/.test(name));
  return names.length === 0 ? 'none' : names.join(', ');
}
