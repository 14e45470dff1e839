/** What a log message can mean: what it is good for, what it proves, and which reason it gives. */

/**
 * `poll`: something changed that the next answer shows; `note`: worth keeping as evidence, but it may come with every
 * packet, or be about something else (another peer, another interface), and no answer changes by it.
 */
export type MessageUse = 'poll' | 'note';

export type LogProof =
  | 'start'
  | 'complete'
  | 'clear'
  | 'kek_deleted'
  | 'forced'
  | 'restart'
  | 'rekey'
  /** A rekey came and could not be used. */
  | 'rekey_failed'
  /** The GM was taken out of the group on the GM itself. */
  | 'left'
  /** A registration was refused, or its policy not installed. */
  | 'refused'
  /** IKE with a KS failed, or its certificate was not accepted. */
  | 'ike_failed'
  | 'interface_down'
  | 'interface_up'
  /** The GM registers because it met a TEK that it does not hold. */
  | 'recovery'
  | 'invalid_spi'
  /** A packet that should have been encrypted came in clear. */
  | 'not_ipsec'
  /** An anti-replay check failed. */
  | 'replay'
  /** The pseudotime of the GM is far from that of its KS. */
  | 'pseudotime'
  /** A KS dropped a GM. */
  | 'ejected';

export interface MessageFact {
  readonly proof: LogProof;
  /** `ks`: a KS writes it, of a GM or of the whole group. */
  readonly by: 'gm' | 'ks';
  /** Whom a KS writes about: one GM, which its text may name, or the group, whatever addresses its text holds. */
  readonly about: 'member' | 'group';
  /** Goes on after "because"; null: it states no reason. */
  readonly reason: string | null;
  /** Of a KS's message it goes on after the name of the KS. */
  readonly firstStep: string | null;
  readonly recalled: boolean;
}

/**
 * `unauthorized`: a KS refused an identity or address; `version_refused`, `group_id_unknown`, `interface_unregistered`:
 * it refused a registration for the version of the GM, for the group identity in it, or for the interface on which it
 * came. `members_cleared`: a KS revoked members. `rekey_refused`: a GM could not accept a rekey. `rekey_not_allowed`:
 * it does not allow the cipher, hash or transform set of one. `rekey_out_of_sequence`: the number of one did not
 * follow, which a rekey that is sent twice may bring as well. `no_rsa_key`: a KS has no key to sign rekeys with.
 * `policies_differ`: the policies of the KSs of a group do. `kss_full`: a KS can hold no more GMs. `not_installed`: a
 * GM could not install what it got. `replay`: an anti-replay check failed; `replay_by_time`: one that compares
 * pseudotimes. `pseudotime`: that of a GM is far from its KS's, which drops nothing by itself. `in_clear`: packets came unencrypted that
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
  | 'replay_by_time'
  | 'pseudotime'
  | 'in_clear'
  | 'certificate_too_early';

/** Of one message. */
export interface MessageMeaning {
  readonly use: MessageUse;
  /** Nothing, one thing, or several, such as one of a GM and another of a KS that writes it. */
  readonly facts: readonly MessageFact[];
  /** null: it gives the group no reason. */
  readonly kind: ReasonKind | null;
}
