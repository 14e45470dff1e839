/**
 * What the agent asks of a device connection, in our words: run one show command; the reply is a value. Implemented
 * over SSH by `access/ssh`; no library's type appears here.
 */
import type { EpochMs } from '../kernel/clock.ts';
import type { Secret } from '../kernel/secret.ts';
import type { AnswerReading } from './answer-reading.ts';
import type { Forgetting } from './credential-quarantine.ts';
import type { DeviceError } from './device-error.ts';
import type { ShowCommand } from './show-command.ts';

export type Reply =
  | {
      readonly kind: 'output';
      readonly command: ShowCommand;
      /** The answer: LF line ends, no echo, no prompt, no pager debris; log lines inside it are taken out. */
      readonly text: string;
      readonly logLines: readonly string[];
      /** What `text` says, if it was read already; absent or null: the caller reads it. */
      readonly reading?: AnswerReading | null;
      readonly sentAtMs: EpochMs;
      readonly receivedAtMs: EpochMs;
    }
  | {
      /** The device does not take this command (`% Invalid input detected`, `Command authorization failed`, ...). */
      readonly kind: 'rejected';
      readonly command: ShowCommand;
      readonly reason: 'invalid' | 'incomplete' | 'ambiguous' | 'unauthorized';
      readonly line: string;
    }
  | { readonly kind: 'failed'; readonly command: ShowCommand; readonly error: DeviceError };

/** The same object is lent again while the connection is the same; after a reconnect it is another one. */
export interface DeviceSession {
  /** The hostname in the prompt. */
  readonly hostname: string;
  /** Runs one command. Commands of one session never overlap. After `failed` the session is unusable. */
  run(command: ShowCommand, signal: AbortSignal): Promise<Reply>;
}

/** Who logs in, and with what. */
interface LoginCredential {
  readonly username: string;
  readonly password: Secret | null;
  readonly privateKey: Secret | null;
  readonly passphrase: Secret | null;
  /** Socket of an SSH agent (`SSH_AUTH_SOCK`) whose keys may be used; absent: none. */
  readonly agent?: string | null;
}

/** A host that devices are reached through. */
export interface JumpTarget extends LoginCredential {
  /** Its name in the configuration. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly hostKeys: 'strict' | 'accept-new';
  readonly algorithms: 'modern' | 'legacy';
}

/** How to reach one device over SSH, from the configuration, secrets included. */
export interface SshTarget extends LoginCredential {
  readonly device: string;
  readonly host: string;
  readonly port: number;
  /** Name of the credential in the configuration: quarantine counts by it. */
  readonly credentialName: string;
  /** Hosts to go through, the nearest first; absent: none. */
  readonly jumps?: readonly JumpTarget[];
  /** Local address that connections leave from; absent: the system's choice. */
  readonly sourceAddress?: string | null;
  readonly enablePassword: Secret | null;
  readonly hostKeys: 'strict' | 'accept-new';
  readonly algorithms: 'modern' | 'legacy';
  readonly session: 'persistent' | 'per_poll';
  /** Limit for connecting, for the login and for each command, ms. */
  readonly timeoutMs: number;
}

/** Access to the fleet: owns sessions, limits, back-off and quarantine. */
export interface DeviceAccess extends AsyncDisposable {
  /**
   * Lends the device's session to `use`, connecting if there is none. One caller per device at a time (a second one
   * waits). Returns the error if there is no session to lend, otherwise what `use` returns.
   */
  withSession<T>(
    target: SshTarget,
    signal: AbortSignal,
    use: (session: DeviceSession) => Promise<T>,
  ): Promise<{ readonly kind: 'done'; readonly value: T } | { readonly kind: 'failed'; readonly error: DeviceError }>;
  /**
   * The device seems to be up again: its back-off ends at most `ms` after its last failure. Waits for a flood or a
   * refused credential are not shortened. Returns the remaining wait, ms.
   */
  waitAtMost(device: string, ms: number): number;
  /**
   * Forgets a device: ends its session politely, drops its back-off and its wait after a refusal (it left the
   * configuration or its target changed).
   */
  forget(device: string, why?: Forgetting): Promise<void>;
  /** For metrics: open sessions, handshakes under way and waiting, quarantined credentials, algorithms per device. */
  status(): AccessStatus;
}

export interface AccessStatus {
  readonly openSessions: number;
  readonly handshakesActive: number;
  readonly handshakesWaiting: number;
  readonly quarantinedCredentials: readonly string[];
  /** Threads or processes that sessions live in; absent: none. */
  readonly workers?: number;
  /** Of these, how many ended unexpectedly since the start; absent: none. */
  readonly workersLost?: number;
}
