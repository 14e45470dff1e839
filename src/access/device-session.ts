/**
 * What the agent asks of a device connection, in our words: run one show command, get a reply that is a value.
 * Implemented over SSH by `access/ssh`; no library's type appears here.
 */
import type { EpochMs } from '../kernel/clock.ts';
import type { Secret } from '../kernel/secret.ts';
import type { AnswerReading } from './answer-reading.ts';
import type { DeviceError } from './device-error.ts';
import type { ShowCommand } from './show-command.ts';

export type Reply =
  | {
      readonly kind: 'output';
      readonly command: ShowCommand;
      /** The answer: LF line ends, no echo, no prompt, no pager debris; log lines that landed inside are taken out. */
      readonly text: string;
      readonly logLines: readonly string[];
      /** What `text` says, where it was read already; absent, or null: whoever asked reads it. */
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

/** The same object is lent again as long as the connection is the same; after a reconnect it is another one. */
export interface DeviceSession {
  /** The hostname part of the prompt. */
  readonly hostname: string;
  /** Run one command. Commands of one session never overlap. After `failed` the session is unusable. */
  run(command: ShowCommand, signal: AbortSignal): Promise<Reply>;
}

/** Who logs in, and by what. */
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

/** How to reach one device over SSH: from config, secrets included. */
export interface SshTarget extends LoginCredential {
  readonly device: string;
  readonly host: string;
  readonly port: number;
  /** Name of the credential in config: what quarantine counts by. */
  readonly credentialName: string;
  /** Hosts to go through, the nearest first; absent: none. */
  readonly jumps?: readonly JumpTarget[];
  /** Local address that connections leave from; absent: the system's choice. */
  readonly sourceAddress?: string | null;
  readonly enablePassword: Secret | null;
  readonly hostKeys: 'strict' | 'accept-new';
  readonly algorithms: 'modern' | 'legacy';
  readonly session: 'persistent' | 'per_poll';
  /** Bound for each of connect, login and one command, ms. */
  readonly timeoutMs: number;
}

/** Access to the fleet: owns sessions, limits, back-off and quarantine. */
export interface DeviceAccess extends AsyncDisposable {
  /**
   * Lend the device's session to `use`, connecting when there is none. One caller per device at a time (a second one
   * waits). Returns the error when there is no session to lend; what `use` returns otherwise.
   */
  withSession<T>(
    target: SshTarget,
    signal: AbortSignal,
    use: (session: DeviceSession) => Promise<T>,
  ): Promise<{ readonly kind: 'done'; readonly value: T } | { readonly kind: 'failed'; readonly error: DeviceError }>;
  /**
   * There is reason to think that the device is back: its back-off ends not later than `ms` after its last failure.
   * What it did to us (a flood) and what it refused (a credential) is not forgiven. Returns what is left to wait, ms.
   */
  waitAtMost(device: string, ms: number): number;
  /** Forget a device: exit politely, drop its back-off (it left the config or its target changed). */
  forget(device: string): Promise<void>;
  /** For metrics: open sessions, handshakes under way and waiting, quarantined credentials, algorithms per device. */
  status(): AccessStatus;
}

export interface AccessStatus {
  readonly openSessions: number;
  readonly handshakesActive: number;
  readonly handshakesWaiting: number;
  readonly quarantinedCredentials: readonly string[];
  /** Workers, threads beside the main one or processes, that sessions live in; absent: none. */
  readonly workers?: number;
  /** Workers that ended with what they held, since the start; absent: none. */
  readonly workersLost?: number;
}
