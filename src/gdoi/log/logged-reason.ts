/**
 * Messages in which a device says why something does not work. Matched by mnemonic, since texts and severities differ
 * between releases; the text is kept for people, and for the address that it names.
 */
import type { LogMessage } from '../seen/device-facts.ts';
import type { EpochMs } from '../seen/instant.ts';
import { GETVPN_FACILITIES } from './message-facts.ts';

/**
 * `unauthorized`: a KS refused an identity or address; `version_refused`, `group_id_unknown`, `interface_unregistered`:
 * it refused a registration for the version of the GM, for the group identity in it, or for the interface on which it
 * came. `members_cleared`: a KS revoked members. `rekey_refused`: a GM could not accept a rekey. `rekey_not_allowed`:
 * it does not allow the cipher, hash or transform set of one. `rekey_out_of_sequence`: the number of one did not
 * follow, which a rekey that is sent twice may bring as well. `no_rsa_key`: a KS has no key to sign rekeys with.
 * `policies_differ`: the policies of the KSs of a group do. `kss_full`: a KS can hold no more GMs. `not_installed`: a
 * GM could not install what it got. `replay`: an anti-replay check failed. `in_clear`: packets came unencrypted that
 * should not. `certificate_too_early`: not valid yet, by the clock of the device that says so.
 */
export type ReasonKind =
  | 'unauthorized'
  | 'version_refused'
  | 'group_id_unknown'
  | 'interface_unregistered'
  | 'members_cleared'
  | 'rekey_refused'
  | 'rekey_not_allowed'
  | 'rekey_out_of_sequence'
  | 'no_rsa_key'
  | 'policies_differ'
  | 'kss_full'
  | 'not_installed'
  | 'replay'
  | 'in_clear'
  | 'certificate_too_early';

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
  ['REJECT_GM_VERSION_REGISTER', 'version_refused'],
  ['KS_BAD_ID', 'group_id_unknown'],
  ['UNREGISTERED_INTERFACE', 'interface_unregistered'],
  ['KS_GM_REVOKED', 'members_cleared'],
  ['GDOI_REKEY_FAILURE', 'rekey_refused'],
  ['UNEXPECTED_SIGKEY', 'rekey_refused'],
  ['GM_REKEY_CIPHER_HASH_CHECK_FAIL', 'rekey_not_allowed'],
  ['GM_REKEY_TRANSFORMSET_CHECK_FAIL', 'rekey_not_allowed'],
  ['GDOI_REKEY_SEQ_FAILURE', 'rekey_out_of_sequence'],
  ['KS_NO_RSA_KEYS', 'no_rsa_key'],
  ['COOP_CONFIG_MISMATCH', 'policies_differ'],
  ['COOP_LIMIT_REACHED', 'kss_full'],
  ['GM_NO_IPSEC_FLOWS', 'not_installed'],
  ['GM_INSTALL_POLICIES_FAIL', 'not_installed'],
  ['GM_NO_CRYPTO_ENGINE', 'not_installed'],
  ['UNSUPPORTED_TEK_PROTO', 'not_installed'],
  ['TIMEBASED_REPLAY_FAILED', 'replay'],
  ['PKT_REPLAY_ERR', 'replay'],
  ['REPLAY_ERROR', 'replay'],
  ['PSEUDO_TIME_LARGE', 'replay'],
  ['PSEUDO_TIME_TOO_OLD', 'replay'],
  ['RECVD_PKT_NOT_IPSEC', 'in_clear'],
]);

const GROUP_IN_TEXT = /\bgroup ([!-~]{1,80}?)[.,;:]?(?:\s|$)/iu;
/** A longer text of a message is cut. */
export const MAX_REASON_CHARS = 200;
const MAX_REASONS = 16;

/** null: it states no reason. */
export function loggedReason({ facility, mnemonic, text, severity }: LogMessage, atMs: EpochMs): LoggedReason | null {
  const kind = kindOf(facility, mnemonic);
  if (kind === undefined) return null;
  return {
    kind,
    atMs,
    group: groupNamedIn(text),
    text: `%${facility}-${severity}-${mnemonic}: ${text}`.replaceAll(/\s+/gu, ' ').slice(0, MAX_REASON_CHARS),
  };
}

function kindOf(facility: string, mnemonic: string): ReasonKind | undefined {
  if (facility === 'PKI') return mnemonic === 'CERTIFICATE_INVALID_NOT_YET_VALID' ? 'certificate_too_early' : undefined;
  return GETVPN_FACILITIES.has(facility) || facility === 'IPSEC' ? KINDS.get(mnemonic) : undefined;
}

/** Each dropped packet has figures of its own, so no text is repeated: they must not push out what is said once. */
const OF_A_PACKET: ReadonlySet<ReasonKind> = new Set<ReasonKind>(['replay', 'in_clear', 'rekey_out_of_sequence']);

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
