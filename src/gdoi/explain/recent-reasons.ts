/** What a router said a short time ago of why something does not work. */
import type { LoggedReason } from '../log/logged-reason.ts';
import type { ReasonKind } from '../log/message-meaning.ts';
import type { EpochMs } from '../seen/instant.ts';
import { RECENT_MS } from './symptom.ts';

/** Reasons of this kind, oldest first; also those that another clock places a little in the future. */
export function recentOf(
  { reasons }: { readonly reasons: readonly LoggedReason[] },
  kind: ReasonKind,
  nowMs: EpochMs,
  withinMs = RECENT_MS,
): readonly LoggedReason[] {
  return reasons.filter((reason) => reason.kind === kind && Math.abs(nowMs - reason.atMs) <= withinMs);
}
