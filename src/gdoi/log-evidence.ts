/**
 * What a pushed log message of a GM proves: an instant, and sometimes a cause. Matched by mnemonic only, since texts and
 * severities differ between releases. Messages found in a buffer are left alone: only their own clock says when.
 */
import type { LogMessage } from './device-facts.ts';
import { intersection, type Interval } from './interval.ts';
import type { EpochMs } from './observation.ts';

export type LogProof = 'start' | 'complete' | 'clear' | 'kek_deleted' | 'forced' | 'restart';

export interface LogMark {
  readonly proof: LogProof;
  readonly mnemonic: string;
  /** When the agent got it. */
  readonly atMs: EpochMs;
  /** Distinguishes a message from its duplicates: sequence number or time stamp as printed. */
  readonly key: string;
}

const PROOFS: ReadonlyMap<string, LogProof> = new Map<string, LogProof>([
  ['GM_RE_REGISTER', 'start'],
  ['GM_REGSTER', 'start'],
  ['GM_REGISTER', 'start'],
  ['GM_REGS_COMPL', 'complete'],
  ['GM_CLEAR_REGISTER', 'clear'],
  ['GM_DELETE_EXPIRED_KEK', 'kek_deleted'],
  ['GM_CM_ATTACH', 'forced'],
  ['GM_CM_DETACH', 'forced'],
  ['GM_RECV_DELETE', 'forced'],
  ['GM_RECV_DELETE_IMMEDIATE', 'forced'],
  ['GM_RECV_POLICY_REPLACE_NOW', 'forced'],
  ['GM_DELETE', 'forced'],
  ['GM_REJECTING_SA_PAYLOAD', 'forced'],
  ['GM_RECV_RE_AUTH', 'forced'],
  ['RE_AUTH', 'forced'],
]);

/** A pushed message is this old at most when the agent gets it. */
const DELIVERY_MS = 2000;
const MAX_MARKS = 12;
const MAX_KEY_CHARS = 40;

const GROUP_IN_TEXT = /\bgroup ([!-~]{1,80})/iu;

/** The mark of a message with the group its text names (null: none named); null for messages that prove nothing. */
export function logMark(
  message: LogMessage,
  atMs: EpochMs,
): { readonly mark: LogMark; readonly group: string | null } | null {
  const proof = message.facility === 'SYS' && message.mnemonic === 'RESTART' ? 'restart' : PROOFS.get(message.mnemonic);
  if (proof === undefined) return null;
  const named = GROUP_IN_TEXT.exec(message.text)?.[1];
  const stamp =
    message.sequence === null ? (message.timestamp ?? String(atMs)) : `${message.sequence} ${message.timestamp}`;
  return {
    mark: { proof, mnemonic: message.mnemonic, atMs, key: `${message.mnemonic} ${stamp}`.slice(0, MAX_KEY_CHARS) },
    group: named === undefined ? null : named.replace(/[.,;:)]+$/u, ''),
  };
}

/** With one more mark, bounded; the same array when the mark is known. */
export function withMark(marks: readonly LogMark[], mark: LogMark): readonly LogMark[] {
  if (marks.some(({ key }) => key === mark.key)) return marks;
  return [...marks, mark].slice(-MAX_MARKS);
}

/** When the message's occurrence took place. */
export function instantOf(mark: LogMark): Interval {
  return { fromMs: mark.atMs - DELIVERY_MS, toMs: mark.atMs };
}

/** Marks of one kind whose instant can lie in an interval, oldest first. */
export function marksIn(marks: readonly LogMark[], proof: LogProof, interval: Interval): readonly LogMark[] {
  if (marks.length === 0) return marks;
  return marks.filter((mark) => mark.proof === proof && intersection(instantOf(mark), interval) !== null);
}

export function quoted(mark: LogMark): string {
  return `log: ${mark.mnemonic} at ${new Date(mark.atMs).toISOString()}`;
}
