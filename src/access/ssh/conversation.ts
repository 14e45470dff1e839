/**
 * The IOS dialogue with one device, as its owner sees it: log in to a prompt, then one show command at a time. Where it
 * is held, in this thread or in a worker, its owner cannot tell; deadlines, limits and the host key are the owner's.
 *
 * Whatever a device does is a value here. All that is said is plain data: it may cross to a worker by message.
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

/** What is typed where the shell asks for it. */
export interface DialogueCredential {
  readonly username: string;
  readonly password: string | null;
  readonly enablePassword: string | null;
}

export type LoginOutcome =
  | { readonly kind: 'ready' }
  /** `operation`: the step at which it failed. The line is cut. */
  | { readonly kind: 'failed'; readonly operation: string; readonly end: LineEnd };

export type AskOutcome =
  | {
      readonly kind: 'answer';
      /**
       * LF line ends, no echo, no prompt, no pager debris; log lines that landed inside are taken out. Not redacted.
       */
      readonly text: string;
      readonly logLines: readonly string[];
      readonly rejection: { readonly reason: RejectionReason; readonly line: string } | null;
      /** null: nobody reads it where the conversation is held. */
      readonly reading: AnswerReading | null;
    }
  /** `bytes` of the answer had come. */
  | { readonly kind: 'ended'; readonly end: LineEnd; readonly bytes: number };

export interface Conversation {
  /** The prompt as it was printed last; empty before the login. */
  readonly prompt: string;
  /** null: it has not ended. */
  readonly ended: LineEnd | null;
  /** Called once when it has ended, by whichever side. */
  onEnd: (end: LineEnd) => void;
  logIn(credential: DialogueCredential): Promise<LoginOutcome>;
  ask(command: ShowCommand): Promise<AskOutcome>;
  /** End it now, for `end`'s reason: what is under way has that outcome. */
  cut(end: LineEnd): void;
  /** Say `exit`, wait `politeMs` for the device to hang up, then close. At once when something is under way. */
  hangUp(politeMs: number): Promise<void>;
}

/** What a conversation asks and tells its owner, on the owner's thread. */
export interface ConversationHooks {
  /** TCP is open; the handshake starts when the promise resolves. */
  beforeHandshake(): Promise<void>;
  /** Is this the host's key (SSH wire format)? */
  verifyHostKey(key: Buffer): Promise<boolean>;
  /** What the device was asked, and the bytes that went over the network, since it was told last. */
  onTraffic(traffic: ConversationTraffic): void;
}

export interface ConversationTraffic {
  /** Lines of the CLI. */
  readonly commands: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export interface Conversations extends AsyncDisposable {
  /**
   * Connect, check the host key, authenticate once, open a shell. Rejects with `TransportError`; when `signal` aborts,
   * with its reason, the connection closed.
   */
  open(login: ShellLogin, hooks: ConversationHooks, signal: AbortSignal): Promise<Conversation>;
}
