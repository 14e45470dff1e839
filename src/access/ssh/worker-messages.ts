/** What the main thread and the legacy worker say to each other. Plain values only; `id` is one connection. */
import type { DeviceErrorKind } from '../device-error.ts';
import type { JumpLogin, ShellLogin, TransportOperation } from './shell-transport.ts';

export type ToWorker =
  | { readonly type: 'open'; readonly id: number; readonly login: ShellLogin }
  | { readonly type: 'go'; readonly id: number }
  | { readonly type: 'host_key_verdict'; readonly id: number; readonly accepted: boolean }
  | { readonly type: 'jump_key_verdict'; readonly id: number; readonly problem: string | null }
  | { readonly type: 'write'; readonly id: number; readonly text: string }
  | { readonly type: 'end'; readonly id: number }
  | { readonly type: 'destroy'; readonly id: number };

export type FromWorker =
  | { readonly type: 'connected'; readonly id: number }
  | { readonly type: 'host_key'; readonly id: number; readonly key: string }
  | { readonly type: 'opened'; readonly id: number; readonly negotiated: string }
  /** `id` is the question's own. */
  | { readonly type: 'jump_key'; readonly id: number; readonly jump: JumpLogin; readonly key: string }
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly kind: DeviceErrorKind;
      readonly operation: TransportOperation;
      readonly message: string;
    }
  | { readonly type: 'octets'; readonly id: number; readonly received: number; readonly sent: number }
  | { readonly type: 'data'; readonly id: number; readonly chunk: string }
  | { readonly type: 'closed'; readonly id: number; readonly reason: string; readonly flooded: boolean };
