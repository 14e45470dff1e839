/**
 * Messages in which a device says why something does not work. Which ones do is in `known-messages.ts`; the text
 * is kept for people, and for the address that it names.
 */
import type { LogMessage } from '../seen/device-facts.ts';
import type { EpochMs } from '../seen/instant.ts';
import { messageMeaning } from './known-messages.ts';
import type { ReasonKind } from './message-meaning.ts';

export interface LoggedReason {
  readonly kind: ReasonKind;
  readonly atMs: EpochMs;
  /** As the text names it; null: the message is about all groups of the device. */
  readonly group: string | null;
  /** The message as the device wrote it, bounded. */
  readonly text: string;
}

const GROUP_IN_TEXT = /\bgroup ([!-~]{1,80}?)[.,;:]?(?:\s|$)/iu;
/** A longer text of a message is cut. */
export const MAX_REASON_CHARS = 200;
const MAX_REASONS = 16;

/** null: it states no reason. */
export function loggedReason({ facility, mnemonic, text, severity }: LogMessage, atMs: EpochMs): LoggedReason | null {
  const kind = messageMeaning(facility, mnemonic)?.kind ?? null;
  if (kind === null) return null;
  return {
    kind,
    atMs,
    group: groupNamedIn(text),
    text: `%${facility}-${severity}-${mnemonic}: ${text}`.replaceAll(/\s+/gu, ' ').slice(0, MAX_REASON_CHARS),
  };
}

/** Each dropped packet has figures of its own, so no text is repeated: they must not push out what is said once. */
const OF_A_PACKET: ReadonlySet<ReasonKind> = new Set<ReasonKind>([
  'replay',
  'replay_by_time',
  'pseudotime',
  'in_clear',
  'rekey_out_of_sequence',
]);

/** With one more, newest last and bounded. Of the same text only the first and the latest are kept. */
export function withReason(known: readonly LoggedReason[], added: LoggedReason): readonly LoggedReason[] {
  const same = known.filter(({ kind, text }) => kind === added.kind && (text === added.text || OF_A_PACKET.has(kind)));
  const [first] = same;
  const others = known.filter((reason) => reason === first || !same.includes(reason));
  return [...others, added].slice(-MAX_REASONS);
}

/** null: the message is about the device. */
export function groupNamedIn(text: string): string | null {
  return GROUP_IN_TEXT.exec(text)?.[1] ?? null;
}
