/**
 * The IOS dialogue with one device as its owner sees it: log in to a prompt, then one show command at a time. The owner
 * cannot tell whether it runs in this thread or in a worker; deadlines, limits and the host key are the owner's.
 *
 * Whatever a device does is a value here. Everything is plain data, because it may be sent to a worker by message.
 */
import type { AnswerReading } from '../answer-reading.ts';
import type { DeviceErrorKind } from '../device-error.ts';
import type { ShowCommand } from '../show-command.ts';
import type { RejectionReason } from './ios-dialogue.ts';
import type { ShellLogin } from './shell-transport.ts';

/** Why a line ended. */
export interface LineEnd {
  readonly kind: DeviceErrorKind;
  readonly reason: string;
  /** The last line that the device printed, whole and not redacted: it is redacted before it is cut and quoted. */
  readonly lastLine?: string;
}

/** What is typed if the shell asks for it. */
export interface DialogueCredential {
  readonly username: string;
  readonly password: string | null;
  readonly enablePassword: string | null;
}

export type LoginOutcome =
  | { readonly kind: 'ready' }
  /** `operation`: the step that failed. The line is cut. */
  | { readonly kind: 'failed'; readonly operation: string; readonly end: LineEnd };

export type AskOutcome =
  | {
      readonly kind: 'answer';
      /** LF line ends, no echo, no prompt, no pager debris; log lines inside are taken out. Not redacted. */
      readonly text: string;
      readonly logLines: readonly string[];
      readonly rejection: { readonly reason: RejectionReason; readonly line: string } | null;
      /** Null: answers are not read where the conversation runs. */
      readonly reading: AnswerReading | null;
    }
  /** `bytes` of the answer had come. */
  | { readonly kind: 'ended'; readonly end: LineEnd; readonly bytes: number };

export interface Conversation {
  /** The prompt as it was printed last; empty before the login. */
  readonly prompt: string;
  /** Null: it has not ended. */
  readonly ended: LineEnd | null;
  /** Called once when either side has ended it. */
  onEnd: (end: LineEnd) => void;
  logIn(credential: DialogueCredential): Promise<LoginOutcome>;
  ask(command: ShowCommand): Promise<AskOutcome>;
  /** Ends it now, for the reason `end`, which is also the outcome of what is under way. */
  cut(end: LineEnd): void;
  /** Says `exit`, waits `politeMs` for the device to hang up, then closes. Closes at once if something is under way. */
  hangUp(politeMs: number): Promise<void>;
}

/** What a conversation asks and tells its owner, on the owner's thread. */
export interface ConversationHooks {
  /** TCP is open; the handshake starts when the promise resolves. */
  beforeHandshake(): Promise<void>;
  /** Whether this is the host's key (SSH wire format). */
  verifyHostKey(key: Buffer): Promise<boolean>;
  /** What the device was asked, and the bytes that went over the network, since the last call. */
  onTraffic(traffic: ConversationTraffic): void;
}

export interface ConversationTraffic {
  /** CLI lines. */
  readonly commands: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export interface Conversations extends AsyncDisposable {
  /**
   * Connects, checks the host key, authenticates once, opens a shell. Rejects with `TransportError`; when `signal`
   * aborts, with its reason, after closing the connection.
   */
  open(login: ShellLogin, hooks: ConversationHooks, signal: AbortSignal): Promise<Conversation>;
}
