/**
 * The messages between a worker with sessions (thread or process) and its owner. Plain values only; `id` is one
 * conversation. Each conversation has at most one question under way in either direction, so what waits to be read is
 * bounded by the number of conversations and the limit of an answer. A credential goes one way, when a login begins,
 * and never comes back.
 */
import type { DeviceErrorKind } from '../device-error.ts';
import type { ShowCommand } from '../show-command.ts';
import type { AnswerBounds } from './answer-reader.ts';
import type { AskOutcome, ConversationTraffic, DialogueCredential, LineEnd, LoginOutcome } from './conversation.ts';
import type { JumpPlace, ShellLogin, TransportOperation } from './shell-transport.ts';

/** What such a worker is started with; no secret. */
export interface WorkerSettings {
  readonly bounds: AnswerBounds;
}

export type ToWorker =
  | { readonly type: 'open'; readonly id: number; readonly login: ShellLogin }
  | { readonly type: 'go'; readonly id: number }
  | { readonly type: 'host_key_verdict'; readonly id: number; readonly accepted: boolean }
  | { readonly type: 'jump_key_verdict'; readonly id: number; readonly problem: string | null }
  | { readonly type: 'log_in'; readonly id: number; readonly credential: DialogueCredential }
  | { readonly type: 'ask'; readonly id: number; readonly command: ShowCommand }
  | { readonly type: 'cut'; readonly id: number; readonly end: LineEnd }
  | { readonly type: 'hang_up'; readonly id: number; readonly politeMs: number }
  /** Given up before it was open, or its end was received: the worker may drop it. */
  | { readonly type: 'release'; readonly id: number }
  | { readonly type: 'ping' };

export type FromWorker =
  | { readonly type: 'connected'; readonly id: number }
  | { readonly type: 'host_key'; readonly id: number; readonly key: string }
  /** `id` is the question's own. */
  | { readonly type: 'jump_key'; readonly id: number; readonly jump: JumpPlace; readonly key: string }
  | { readonly type: 'opened'; readonly id: number; readonly traffic: ConversationTraffic }
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly kind: DeviceErrorKind;
      readonly operation: TransportOperation;
      readonly message: string;
      readonly traffic: ConversationTraffic;
    }
  | {
      readonly type: 'logged_in';
      readonly id: number;
      readonly outcome: LoginOutcome;
      readonly prompt: string;
      readonly traffic: ConversationTraffic;
    }
  | {
      readonly type: 'asked';
      readonly id: number;
      readonly outcome: AskOutcome;
      readonly prompt: string;
      readonly traffic: ConversationTraffic;
    }
  | { readonly type: 'ended'; readonly id: number; readonly end: LineEnd; readonly traffic: ConversationTraffic }
  /** After `hang_up`: the connection is closed. */
  | { readonly type: 'hung_up'; readonly id: number }
  | { readonly type: 'pong' }
  /** A bug of ours in the worker, which goes on; `id`: the conversation whose question met it; null: none. */
  | { readonly type: 'fault'; readonly id: number | null; readonly stack: string };
