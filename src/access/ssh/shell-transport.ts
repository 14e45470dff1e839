/**
 * A byte way to one device's interactive shell, in our words. Two implementations: ssh2 in this thread, and a proxy to
 * ssh2 in a worker thread (for key exchanges that would stall the event loop).
 */
import type { DeviceErrorKind } from '../device-error.ts';

/** What a transport needs to log in. Plain data: it may cross to a worker thread by message. */
export interface ShellLogin {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string | null;
  readonly privateKey: string | null;
  readonly passphrase: string | null;
  readonly algorithms: 'modern' | 'legacy';
  /** Host key types known for this host, to be preferred. */
  readonly knownKeyTypes: readonly string[];
}

/** What the transport asks and tells its owner; all are called on the owner's thread. */
export interface ShellHooks {
  /** TCP is open; the handshake starts when the promise resolves. */
  beforeHandshake(): Promise<void>;
  /** Is this the host's key (SSH wire format)? */
  verifyHostKey(key: Buffer): Promise<boolean>;
  /** Bytes of the terminal, latin1. */
  onData(chunk: string): void;
  /** The shell ended after it was opened; called once. */
  onClose(reason: string): void;
}

export interface Shell {
  /** Negotiated key exchange, host key, cipher: for people. */
  readonly negotiated: string;
  write(text: string): void;
  /** Say goodbye to the SSH server and close. */
  end(): void;
  /** Close now. */
  destroy(): void;
}

export interface ShellTransport extends AsyncDisposable {
  /**
   * Connect, check the host key, authenticate once, open a PTY shell. Rejects with `TransportError`; when `signal`
   * aborts, with its reason, the connection closed.
   */
  open(login: ShellLogin, hooks: ShellHooks, signal: AbortSignal): Promise<Shell>;
}

/** Why a shell could not be opened, translated once. The message holds no secret. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly kind: DeviceErrorKind;
  readonly operation: 'connect' | 'login';

  constructor(kind: DeviceErrorKind, operation: 'connect' | 'login', message: string) {
    super(message);
    this.kind = kind;
    this.operation = operation;
  }
}
