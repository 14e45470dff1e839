/**
 * What the messages of a router state, one row each: what it proves of a GM, and where it gives a reason, that reason
 * in words with the first read-only step.
 *
 * Matched by facility and mnemonic: texts and severities differ between releases, and `GKM` is how newer XE images
 * write `GDOI`. `recalled`: the name is from general knowledge; neither a capture nor the vendor's text has shown it to
 * us. A message that has no row says nothing: nothing is guessed from its name.
 */
import {
  CHECK_ALLOWED,
  CHECK_CERTIFICATE,
  CHECK_CRYPTO_MAP,
  CHECK_FULL,
  CHECK_GROUP_IDENTITY,
  CHECK_IN_CLEAR,
  CHECK_INSTALL,
  CHECK_ORDER,
  CHECK_REGISTERED_INTERFACE,
  CHECK_REGISTRATION,
  CHECK_VERSION,
  COMPARE_SEQUENCE,
} from '../events/first-steps.ts';
import type { Stated } from '../events/gdoi-events.ts';
import type { GroupType } from '../seen/snapshot.ts';

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

type Row = readonly [mnemonic: string, proof: LogProof, reason?: string, firstStep?: string];

const COMPARE_REKEY_KEYS =
  'show crypto key mypubkey rsa on every KS: the key of the rekeys must be the same; then compare the rekey sequence number of the GM (show crypto gdoi) with the KS’s (show crypto gdoi ks rekey)';
const COMPARE_PSEUDOTIMES =
  'show crypto gdoi gm replay on the GM and show crypto gdoi ks replay on every KS: whose pseudotime is off? Did a KS restart, or are two of them primary (show crypto gdoi ks coop)?';
const TOLD_TO_DELETE = 'its KS told it to delete its keys';
const TOLD_TO_AUTHENTICATE = 'its KS told it to authenticate again';
const UNEXPECTED_KEY = 'it got a signature key that it does not expect';
const CHECK_AUTHORIZATION =
  'show crypto gdoi ks and its configuration: the authorization list of the group against this GM’s address or identity';
const CHECK_IKE =
  'show crypto isakmp sa on both ends: pre-shared key or certificate, IKE policy, and the path for UDP 848 (500/4500)';
const CHECK_IKEV2 =
  'show crypto ikev2 sa on both ends: pre-shared key or certificate, IKEv2 profile and proposal, and the path for UDP 848 (500/4500)';
const COMPARE_TEKS =
  'show crypto gdoi on this GM and on the sender: do they hold the same TEK SPIs? If not, show crypto gdoi ks coop on every KS: is there exactly one primary?';
const CHECK_EJECTION =
  'show crypto gdoi ks members: Rekey Acks missed of this GM; then the path for UDP 848 from the KS to it. It gets no rekey until it registers again';

/** Seen in captures, or documented by the vendor. */
const GDOI_SEEN: readonly Row[] = [
  ['GM_RE_REGISTER', 'start'],
  ['GM_REGSTER', 'start'],
  ['GM_REGS_COMPL', 'complete'],
  ['GM_DELETE_EXPIRED_KEK', 'kek_deleted'],
  ['TIMEBASED_REPLAY_FAILED', 'replay'],
];
const GDOI_SEEN_KS: readonly Row[] = [
  ['UNAUTHORIZED_IDENTITY', 'refused', 'the KS does not permit its identity', CHECK_AUTHORIZATION],
];
const GDOI_RECALLED: readonly Row[] = [
  ['GM_REGISTER', 'start'],
  ['GM_CLEAR_REGISTER', 'clear'],
  ['GM_CM_ATTACH', 'forced', 'a GDOI crypto map was attached to an interface of it', CHECK_CRYPTO_MAP],
  ['GM_CM_DETACH', 'forced', 'a GDOI crypto map was detached from an interface of it', CHECK_CRYPTO_MAP],
  ['GM_RECV_DELETE', 'forced', TOLD_TO_DELETE, CHECK_ORDER],
  ['GM_RECV_DELETE_IMMEDIATE', 'forced', TOLD_TO_DELETE, CHECK_ORDER],
  ['GM_RECV_POLICY_REPLACE_NOW', 'forced', 'its KS told it to replace its policy at once', CHECK_ORDER],
  ['GM_DELETE', 'forced', 'its KS deleted it from the group', CHECK_ORDER],
  ['GM_REJECTING_SA_PAYLOAD', 'forced'],
  ['GM_REJECTING_SA_PAYLOAD', 'refused', 'it rejected the policy of its KS', CHECK_ALLOWED],
  ['GM_RECV_RE_AUTH', 'forced', TOLD_TO_AUTHENTICATE, CHECK_ORDER],
  ['RE_AUTH', 'forced', TOLD_TO_AUTHENTICATE, CHECK_ORDER],
  ['GM_UNREGISTER', 'left', 'it left the group', CHECK_CRYPTO_MAP],
  ['GM_POLICY_CLEANUP', 'left'],
  ['GM_RECV_REKEY', 'rekey'],
  ['GM_RECOVERY_REGISTER', 'recovery', 'it met a TEK that it does not hold'],
  ['GDOI_REKEY_FAILURE', 'rekey_failed', 'a rekey came that it could not use', COMPARE_REKEY_KEYS],
  [
    'GDOI_REKEY_SEQ_FAILURE',
    'rekey_failed',
    'a rekey came with a sequence number that it does not accept',
    COMPARE_SEQUENCE,
  ],
  [
    'GM_REKEY_CIPHER_HASH_CHECK_FAIL',
    'rekey_failed',
    'a rekey came with a cipher or hash that it does not allow',
    CHECK_ALLOWED,
  ],
  [
    'GM_REKEY_TRANSFORMSET_CHECK_FAIL',
    'rekey_failed',
    'a rekey came with a transform set that it does not allow',
    CHECK_ALLOWED,
  ],
  // It comes with a registration as well as with a rekey.
  ['UNEXPECTED_SIGKEY', 'refused', UNEXPECTED_KEY, COMPARE_REKEY_KEYS],
  ['UNEXPECTED_SIGKEY', 'rekey_failed', UNEXPECTED_KEY, COMPARE_REKEY_KEYS],
  ['UNSUPPORTED_TEK_PROTO', 'refused', 'it does not support the protocol of the TEK', CHECK_INSTALL],
  ['GM_HASH_FAIL', 'refused', 'a registration message failed its hash check', CHECK_IKE],
  ['GM_INCOMPLETE_CFG', 'refused', 'its group configuration is incomplete', CHECK_REGISTRATION],
  ['GM_NO_CRYPTO_ENGINE', 'refused', 'it has no crypto engine for the group', CHECK_INSTALL],
  ['GM_NO_IPSEC_FLOWS', 'refused', 'the IPsec flows of its platform may be used up', CHECK_INSTALL],
  ['GM_INSTALL_POLICIES_FAIL', 'refused', 'it could not install the policy of its KS', CHECK_INSTALL],
  ['PSEUDO_TIME_LARGE', 'pseudotime'],
  ['PSEUDO_TIME_TOO_OLD', 'pseudotime'],
  ['PSEUDO_TIME_TOO_OLD', 'rekey_failed', 'a rekey came whose pseudotime is too old for it', COMPARE_PSEUDOTIMES],
];
/** Of the whole group: an address in it is a KS's. */
const GDOI_RECALLED_KS_GROUP: readonly Row[] = [
  [
    'KS_NO_RSA_KEYS',
    'refused',
    'the KS has no RSA key for its rekeys',
    'show crypto key mypubkey rsa: the key named for rekey authentication must be there, and the same as on every other KS',
  ],
  [
    'COOP_CONFIG_MISMATCH',
    'refused',
    'the KSs of the group differ in their policy',
    'show crypto gdoi ks policy and show crypto gdoi ks acl: compare with every other KS',
  ],
  ['COOP_LIMIT_REACHED', 'refused', 'a KS can hold no more members', CHECK_FULL],
  [
    'KS_GROUP_DELETE',
    'refused',
    'a KS was taken out of the configuration of the group',
    'its configuration and log: who took which KS out of the group, and why?',
  ],
];
const GDOI_RECALLED_KS: readonly Row[] = [
  ['UNAUTHORIZED_IPADDR', 'refused', 'the KS does not permit its address', CHECK_AUTHORIZATION],
  [
    'UNREGISTERED_INTERFACE',
    'refused',
    'it reached the KS on an interface that is not registered',
    CHECK_REGISTERED_INTERFACE,
  ],
  ['KS_BAD_ID', 'refused', 'it sent a group identity that the KS does not know', CHECK_GROUP_IDENTITY],
  ['REJECT_GM_VERSION_REGISTER', 'refused', 'the KS refuses its GETVPN version', CHECK_VERSION],
  ['KS_BLACKHOLE_ACK', 'ejected', 'the KS takes no acknowledgement of it any more', CHECK_EJECTION],
  ['KS_NACK_GM_EJECT', 'ejected', 'the KS dropped it: it had not acknowledged its rekeys', CHECK_EJECTION],
  [
    'KS_GM_REVOKED',
    'ejected',
    'the KS revoked it in a rekey',
    'its log and configuration: who revoked this GM, and why?',
  ],
  ['GM_DELETE', 'ejected', 'the KS deleted it from the group', CHECK_EJECTION],
];
const CRYPTO_SEEN: readonly Row[] = [
  ['GM_REGSTER', 'start'],
  ['PKT_REPLAY_ERR', 'replay'],
  ['IKMP_BAD_MESSAGE', 'ike_failed', 'IKE with its KS failed', CHECK_IKE],
];
/** `IKMP_AUTH_FAIL` and the like: each names the peer. */
const IKE_FAILURES = [
  'IKMP_MODE_FAILURE',
  'IKMP_NO_SA',
  'IKMP_AUTH_FAIL',
  'IKMP_CRYPT_FAILURE',
  'IKMP_SA_NOT_AUTH',
  'IKMP_SA_NOT_OFFERED',
  'IKMP_SETUP_FAILURE',
] as const;
const INVALID_IKE_CERTIFICATE: Row = [
  'IKMP_INVAL_CERT',
  'ike_failed',
  'a certificate was not accepted',
  CHECK_CERTIFICATE,
];
const CRYPTO_RECALLED: readonly Row[] = [
  ['RECVD_PKT_INV_SPI', 'invalid_spi', 'it met a TEK that it does not hold', COMPARE_TEKS],
  ['RECVD_PKT_NOT_IPSEC', 'not_ipsec', 'packets came in clear that should be encrypted', CHECK_IN_CLEAR],
  ...IKE_FAILURES.map((mnemonic): Row => [mnemonic, 'ike_failed', 'IKE with its KS failed', CHECK_IKE]),
  INVALID_IKE_CERTIFICATE,
];
/** The same on the other end: the KS names the GM with which it failed. */
const CRYPTO_SEEN_KS: readonly Row[] = [
  ['IKMP_BAD_MESSAGE', 'ike_failed', 'IKE between the KS and it failed', CHECK_IKE],
];
const CRYPTO_RECALLED_KS: readonly Row[] = [
  ...IKE_FAILURES.map((mnemonic): Row => [mnemonic, 'ike_failed', 'IKE between the KS and it failed', CHECK_IKE]),
  INVALID_IKE_CERTIFICATE,
];
/** What CRYPTO writes on IOS, the forwarding engine of IOS XE does under a facility of its own. */
const IPSEC_SEEN: readonly Row[] = [['REPLAY_ERROR', 'replay']];
const IPSEC_RECALLED = CRYPTO_RECALLED.filter(([, proof]) => proof === 'invalid_spi' || proof === 'not_ipsec');
/** It names no peer. */
const IKEV2_RECALLED: readonly Row[] = [['NEG_ABORT', 'ike_failed', 'an IKEv2 negotiation was aborted', CHECK_IKEV2]];
/** The rest of the name says what is wrong with the certificate. */
const INVALID_CERTIFICATE = 'CERTIFICATE_INVALID';
const PKI_SEEN: readonly Row[] = [
  [INVALID_CERTIFICATE, 'ike_failed', 'a certificate was not accepted', CHECK_CERTIFICATE],
];
const PKI_RECALLED: readonly Row[] = [
  ['CERTIFICATE_REVOKED', 'ike_failed', 'a certificate is revoked', CHECK_CERTIFICATE],
  ['CRL_FETCH_FAIL', 'ike_failed', 'the CRL could not be fetched', CHECK_CERTIFICATE],
  ['CRL_INSERT_FAIL', 'ike_failed', 'the CRL could not be used', CHECK_CERTIFICATE],
  ['CRLINSERTFAIL', 'ike_failed', 'the CRL could not be used', CHECK_CERTIFICATE],
];
/** A KS that writes one does not say whose registration failed for it. */
const OF_ANY_PEER: ReadonlySet<string> = new Set(
  [...PKI_SEEN, ...PKI_RECALLED, ...IKEV2_RECALLED].map(([mnemonic]) => mnemonic),
);

type Facility = 'GDOI' | 'CRYPTO' | 'IPSEC' | 'IKEV2' | 'PKI' | 'SYS';

/** The same GETVPN message may come under any of the three names: releases differ. */
export const GETVPN_FACILITIES: ReadonlySet<string> = new Set(['GDOI', 'GKM', 'CRYPTO']);

const FACTS: Readonly<Record<Facility, ReadonlyMap<string, readonly MessageFact[]>>> = {
  GDOI: byMnemonic(
    rows(GDOI_SEEN, 'gm', false),
    rows(GDOI_SEEN_KS, 'ks', false),
    rows(GDOI_RECALLED, 'gm', true),
    rows(GDOI_RECALLED_KS, 'ks', true),
    rows(GDOI_RECALLED_KS_GROUP, 'ks', true, 'group'),
  ),
  CRYPTO: byMnemonic(
    rows(CRYPTO_SEEN, 'gm', false),
    rows(CRYPTO_SEEN_KS, 'ks', false),
    rows(CRYPTO_RECALLED, 'gm', true),
    rows(CRYPTO_RECALLED_KS, 'ks', true),
  ),
  PKI: byMnemonic(
    rows(PKI_SEEN, 'gm', false),
    rows(PKI_RECALLED, 'gm', true),
    rows(PKI_SEEN, 'ks', false),
    rows(PKI_RECALLED, 'ks', true),
  ),
  IPSEC: byMnemonic(rows(IPSEC_SEEN, 'gm', false), rows(IPSEC_RECALLED, 'gm', true)),
  IKEV2: byMnemonic(rows(IKEV2_RECALLED, 'gm', true), rows(IKEV2_RECALLED, 'ks', true)),
  SYS: byMnemonic(rows([['RESTART', 'restart']], 'gm', false)),
};

function rows(
  table: readonly Row[],
  by: MessageFact['by'],
  recalled: boolean,
  about: MessageFact['about'] = 'member',
): readonly (readonly [string, MessageFact])[] {
  return table.map(([mnemonic, proof, reason = null, firstStep = null]) => [
    mnemonic,
    { proof, by, about, reason, firstStep, recalled },
  ]);
}

function byMnemonic(
  ...tables: readonly (readonly (readonly [string, MessageFact])[])[]
): ReadonlyMap<string, readonly MessageFact[]> {
  const facts = new Map<string, readonly MessageFact[]>();
  for (const [mnemonic, fact] of tables.flat()) facts.set(mnemonic, [...(facts.get(mnemonic) ?? []), fact]);
  return facts;
}

/** What a message states: nothing, one thing, or several, such as one of a GM and another of a KS that writes it. */
export function messageFacts(facility: string, mnemonic: string): readonly MessageFact[] {
  if (facility === 'SYS' || facility === 'IPSEC' || facility === 'IKEV2') return FACTS[facility].get(mnemonic) ?? [];
  if (facility === 'PKI') {
    return FACTS.PKI.get(mnemonic.startsWith(INVALID_CERTIFICATE) ? INVALID_CERTIFICATE : mnemonic) ?? [];
  }
  if (!GETVPN_FACILITIES.has(facility)) return [];
  return FACTS.GDOI.get(mnemonic) ?? (facility === 'CRYPTO' ? (FACTS.CRYPTO.get(mnemonic) ?? []) : []);
}

/** A GM writes these when its own configuration was changed: no KS ordered anything. */
const OWN_CHANGES: ReadonlySet<string> = new Set(['GM_CM_ATTACH', 'GM_CM_DETACH']);

export function isOwnChange(mnemonic: string): boolean {
  return OWN_CHANGES.has(mnemonic);
}

const OF_THE_GROUP: ReadonlySet<string> = new Set(GDOI_RECALLED_KS_GROUP.map(([mnemonic]) => mnemonic));

/** Is this message of a KS about its whole group? */
export function isAboutGroup(mnemonic: string): boolean {
  return OF_THE_GROUP.has(mnemonic);
}

/** A KS may write this about any of its peers: it is shown as evidence, and is no reason. */
export function isOfAnyPeer(mnemonic: string): boolean {
  return OF_ANY_PEER.has(mnemonic.startsWith(INVALID_CERTIFICATE) ? INVALID_CERTIFICATE : mnemonic);
}

const IKEV1 = /^IKMP_/u;

/**
 * A failure of the IKE that a group of this type does not use: a router has other peers than the KSs of its groups. A
 * group whose type is not shown may use either.
 */
export function isOfOtherIke(mnemonic: string, groupType: GroupType | null): boolean {
  if (groupType === 'gdoi') return FACTS.IKEV2.has(mnemonic);
  return groupType === 'gikev2' && IKEV1.test(mnemonic);
}

function facilityOf(mnemonic: string): Facility {
  if (mnemonic.startsWith(INVALID_CERTIFICATE) || FACTS.PKI.has(mnemonic)) return 'PKI';
  return FACTS.IKEV2.has(mnemonic) ? 'IKEV2' : 'CRYPTO';
}

/** The reason that a kept message states, by its mnemonic alone; null: it states none. */
export function statedReason(mnemonic: string, by: MessageFact['by']): Stated | null {
  const fact = messageFacts(facilityOf(mnemonic), mnemonic).find((each) => each.by === by && each.reason !== null);
  return fact === undefined || fact.reason === null ? null : { reason: fact.reason, firstStep: fact.firstStep };
}
