/**
 * Messages in which a device says why something does not work. Matched by mnemonic, since texts and severities differ
 * between releases; the text is kept for people, and for the address that it names.
 */
import type { LogMessage } from '../seen/device-facts.ts';
import type { EpochMs } from '../seen/instant.ts';

/**
 * `unauthorized`: a KS refused an identity or address. `members_cleared`: a KS revoked members.
 * `rekey_refused`: a GM could not accept a rekey. `no_rsa_key`: a KS has no key to sign rekeys with.
 */
export type ReasonKind = 'unauthorized' | 'members_cleared' | 'rekey_refused' | 'no_rsa_key';

export interface LoggedReason {
  readonly kind: ReasonKind;
  readonly atMs: EpochMs;
  /** As the text names it; null: the message is about all groups of the device. */
  readonly group: string | null;
  /** The message as the device wrote it, bounded. */
  readonly text: string;
}

const KINDS: ReadonlyMap<string, ReasonKind> = new Map<string, ReasonKind>([
  ['UNAUTHORIZED_IDENTITY', 'unauthorized'],
  ['UNAUTHORIZED_IPADDR', 'unauthorized'],
  ['KS_GM_REVOKED', 'members_cleared'],
  ['GDOI_REKEY_FAILURE', 'rekey_refused'],
  ['GM_HASH_FAIL', 'rekey_refused'],
  ['UNEXPECTED_SIGKEY', 'rekey_refused'],
  ['KS_NO_RSA_KEYS', 'no_rsa_key'],
]);

const GROUP_IN_TEXT = /\bgroup ([!-~]{1,80}?)[.,;:]?(?:\s|$)/iu;
const MAX_TEXT_CHARS = 200;
const MAX_REASONS = 8;

/** null: it states no reason. */
export function loggedReason({ facility, mnemonic, text, severity }: LogMessage, atMs: EpochMs): LoggedReason | null {
  const kind = facility === 'GDOI' || facility === 'GKM' ? KINDS.get(mnemonic) : undefined;
  if (kind === undefined) return null;
  return {
    kind,
    atMs,
    group: GROUP_IN_TEXT.exec(text)?.[1] ?? null,
    text: `%${facility}-${severity}-${mnemonic}: ${text}`.replaceAll(/\s+/gu, ' ').slice(0, MAX_TEXT_CHARS),
  };
}

/** With one more, newest last and bounded: of the same text only the first and the latest are worth keeping. */
export function withReason(known: readonly LoggedReason[], added: LoggedReason): readonly LoggedReason[] {
  const same = known.filter(({ kind, text }) => kind === added.kind && text === added.text);
  const [first] = same;
  const others = known.filter((reason) => reason === first || !same.includes(reason));
  return [...others, added].slice(-MAX_REASONS);
}
