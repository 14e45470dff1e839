/** A byte stream to one device's interactive shell, in our words. */
import type { DeviceErrorKind } from '../device-error.ts';

/** How to log in at one host. Plain data, because it may be sent to a worker by message. */
export interface HostLogin {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string | null;
  readonly privateKey: string | null;
  readonly passphrase: string | null;
  /** Socket of an SSH agent whose keys may be used. */
  readonly agent: string | null;
  readonly algorithms: 'modern' | 'legacy';
  /** Host key types known for this host, to be preferred. */
  readonly knownKeyTypes: readonly string[];
}

/** The host, and what is needed to trust it. */
export interface JumpPlace extends Pick<HostLogin, 'host' | 'port'> {
  readonly name: string;
  readonly hostKeys: 'strict' | 'accept-new';
}

/** A host on the way to a device. */
export interface JumpLogin extends HostLogin, JumpPlace {}

/** What a transport needs to log in at a device. */
export interface ShellLogin extends HostLogin {
  /** Hosts to go through, the nearest first; each is logged in to from the one before. */
  readonly jumps: readonly JumpLogin[];
  /** Local address that connections leave from; null: the system's choice. */
  readonly sourceAddress: string | null;
}

/** Why a jump host's key (SSH wire format) is not good enough; null: it is. Called on the owner's thread. */
export type VerifyJumpKey = (jump: JumpPlace, key: Buffer) => Promise<string | null>;

/** What the transport asks and tells its owner, on the owner's thread. */
export interface ShellHooks {
  /** TCP is open; the handshake starts when the promise resolves. */
  beforeHandshake(): Promise<void>;
  /** Whether this is the host's key (SSH wire format). */
  verifyHostKey(key: Buffer): Promise<boolean>;
  /** Bytes that went over the network since the last call, as far as this end sees them. */
  onOctets?(received: number, sent: number): void;
  /** Bytes of the terminal, latin1. */
  onData(chunk: string): void;
  /** The shell ended after it was opened; called once. `flooded`: it was cut because the device sent too much. */
  onClose(reason: string, flooded?: boolean): void;
}

export interface Shell {
  write(text: string): void;
  /** Says goodbye to the SSH server and closes. */
  end(): void;
  /** Closes now. */
  destroy(): void;
}

export interface ShellTransport extends AsyncDisposable {
  /**
   * Connects, checks the host key, authenticates once, opens a PTY shell. Rejects with `TransportError`; when `signal`
   * aborts, with its reason, after closing the connection.
   */
  open(login: ShellLogin, hooks: ShellHooks, signal: AbortSignal): Promise<Shell>;
}

/** `jump`: a host on the way failed, and the device was not reached. */
export type TransportOperation = 'connect' | 'login' | 'jump';

/** Why a shell could not be opened, translated once. The message contains no secret. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly kind: DeviceErrorKind;
  readonly operation: TransportOperation;

  constructor(kind: DeviceErrorKind, operation: TransportOperation, message: string) {
    super(message);
    this.kind = kind;
    this.operation = operation;
  }
}
