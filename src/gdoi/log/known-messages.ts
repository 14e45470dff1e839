/**
 * The log messages that matter to GETVPN, one row each: what it is good for, what it proves of a GM, where it states a
 * reason that reason in words with the first read-only step, and which kind of reason it gives the group. All others
 * are no business of this program: nothing is guessed from a name.
 *
 * Matched by facility and mnemonic, since texts and severities differ between releases. In the rows under `recalled` the
 * name is from general knowledge: neither a capture nor the vendor's text has shown it to us.
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
import type { LogProof, MessageFact, MessageMeaning, MessageUse, ReasonKind } from './message-meaning.ts';

type Fact = Pick<MessageFact, 'proof' | 'by' | 'about' | 'reason' | 'firstStep'>;
/** A mnemonic that ends in `*` is the beginning of one. */
type Row = readonly [mnemonic: string, use: MessageUse, facts?: readonly Fact[], kind?: ReasonKind];

function gm(proof: LogProof, reason: string | null = null, firstStep: string | null = null): Fact {
  return { proof, by: 'gm', about: 'member', reason, firstStep };
}

/** A KS writes it of a GM. */
function ks(proof: LogProof, reason: string, firstStep: string): Fact {
  return { proof, by: 'ks', about: 'member', reason, firstStep };
}

/** A KS writes it of the whole group: an address in it is a KS's. */
function ksOfGroup(reason: string, firstStep: string): Fact {
  return { proof: 'refused', by: 'ks', about: 'group', reason, firstStep };
}

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
const FOREIGN_TEK = 'it met a TEK that it does not hold';

/** The KS names the GM with which it failed. */
const IKE_FAILED = [
  gm('ike_failed', 'IKE with its KS failed', CHECK_IKE),
  ks('ike_failed', 'IKE between the KS and it failed', CHECK_IKE),
];

function certificate(reason: string): readonly Fact[] {
  return [gm('ike_failed', reason, CHECK_CERTIFICATE), ks('ike_failed', reason, CHECK_CERTIFICATE)];
}
const INVALID_CERTIFICATE = certificate('a certificate was not accepted');

/** What the data plane writes of a packet: CRYPTO on IOS, IPSEC (the forwarding engine) on IOS XE. */
const OF_A_PACKET_RECALLED: readonly Row[] = [
  ['RECVD_PKT_INV_SPI', 'note', [gm('invalid_spi', FOREIGN_TEK, COMPARE_TEKS)]],
  [
    'RECVD_PKT_NOT_IPSEC',
    'note',
    [gm('not_ipsec', 'packets came in clear that should be encrypted', CHECK_IN_CLEAR)],
    'in_clear',
  ],
];

/** Seen in captures, or documented by the vendor. */
const GETVPN_SEEN: readonly Row[] = [
  ['GM_RE_REGISTER', 'poll', [gm('start')]],
  // The mnemonic is misspelt on the device.
  ['GM_REGSTER', 'poll', [gm('start')]],
  ['GM_REGS_COMPL', 'poll', [gm('complete')]],
  ['GM_DELETE_EXPIRED_KEK', 'poll', [gm('kek_deleted')]],
  ['GM_INSTALL_POLICIES_SUCCESS', 'poll'],
  ['GM_REKEY_TRANS_2_UNI', 'poll'],
  ['SA_KEK_UPDATED', 'poll'],
  ['SA_TEK_UPDATED', 'poll'],
  ['GDOI_ON_OFF', 'poll'],
  [
    'UNAUTHORIZED_IDENTITY',
    'poll',
    [ks('refused', 'the KS does not permit its identity', CHECK_AUTHORIZATION)],
    'unauthorized',
  ],
  ['TIMEBASED_REPLAY_FAILED', 'note', [gm('replay')], 'replay_by_time'],
  ['PKT_REPLAY_ERR', 'note', [gm('replay')], 'replay'],
  ['IKMP_BAD_MESSAGE', 'note', IKE_FAILED],
];

/** A GM writes them, recalled. */
const GETVPN_RECALLED_GM: readonly Row[] = [
  ['GM_REGISTER', 'poll', [gm('start')]],
  ['GM_CLEAR_REGISTER', 'poll', [gm('clear')]],
  ['GM_CM_ATTACH', 'poll', [gm('forced', 'a GDOI crypto map was attached to an interface of it', CHECK_CRYPTO_MAP)]],
  ['GM_CM_DETACH', 'poll', [gm('forced', 'a GDOI crypto map was detached from an interface of it', CHECK_CRYPTO_MAP)]],
  ['GM_RECV_DELETE', 'poll', [gm('forced', TOLD_TO_DELETE, CHECK_ORDER)]],
  ['GM_RECV_DELETE_IMMEDIATE', 'poll', [gm('forced', TOLD_TO_DELETE, CHECK_ORDER)]],
  ['GM_RECV_POLICY_REPLACE_NOW', 'poll', [gm('forced', 'its KS told it to replace its policy at once', CHECK_ORDER)]],
  ['GM_REJECTING_SA_PAYLOAD', 'poll', [gm('forced'), gm('refused', 'it rejected the policy of its KS', CHECK_ALLOWED)]],
  ['GM_RECV_RE_AUTH', 'poll', [gm('forced', TOLD_TO_AUTHENTICATE, CHECK_ORDER)]],
  ['RE_AUTH', 'poll', [gm('forced', TOLD_TO_AUTHENTICATE, CHECK_ORDER)]],
  ['GM_UNREGISTER', 'poll', [gm('left', 'it left the group', CHECK_CRYPTO_MAP)]],
  ['GM_POLICY_CLEANUP', 'poll', [gm('left')]],
  ['GM_RECV_REKEY', 'poll', [gm('rekey')]],
  ['GM_RECOVERY_REGISTER', 'poll', [gm('recovery', FOREIGN_TEK)]],
  [
    'GDOI_REKEY_FAILURE',
    'poll',
    [gm('rekey_failed', 'a rekey came that it could not use', COMPARE_REKEY_KEYS)],
    'rekey_refused',
  ],
  [
    'GDOI_REKEY_SEQ_FAILURE',
    'poll',
    [gm('rekey_failed', 'a rekey came with a sequence number that it does not accept', COMPARE_SEQUENCE)],
    'rekey_out_of_sequence',
  ],
  [
    'GM_REKEY_CIPHER_HASH_CHECK_FAIL',
    'poll',
    [gm('rekey_failed', 'a rekey came with a cipher or hash that it does not allow', CHECK_ALLOWED)],
    'rekey_not_allowed',
  ],
  [
    'GM_REKEY_TRANSFORMSET_CHECK_FAIL',
    'poll',
    [gm('rekey_failed', 'a rekey came with a transform set that it does not allow', CHECK_ALLOWED)],
    'rekey_not_allowed',
  ],
  // It comes with a registration as well as with a rekey.
  [
    'UNEXPECTED_SIGKEY',
    'poll',
    [gm('refused', UNEXPECTED_KEY, COMPARE_REKEY_KEYS), gm('rekey_failed', UNEXPECTED_KEY, COMPARE_REKEY_KEYS)],
    'rekey_refused',
  ],
  [
    'UNSUPPORTED_TEK_PROTO',
    'poll',
    [gm('refused', 'it does not support the protocol of the TEK', CHECK_INSTALL)],
    'not_installed',
  ],
  ['GM_HASH_FAIL', 'poll', [gm('refused', 'a registration message failed its hash check', CHECK_IKE)]],
  ['GM_INCOMPLETE_CFG', 'poll', [gm('refused', 'its group configuration is incomplete', CHECK_REGISTRATION)]],
  [
    'GM_NO_CRYPTO_ENGINE',
    'poll',
    [gm('refused', 'it has no crypto engine for the group', CHECK_INSTALL)],
    'not_installed',
  ],
  [
    'GM_NO_IPSEC_FLOWS',
    'poll',
    [gm('refused', 'the IPsec flows of its platform may be used up', CHECK_INSTALL)],
    'not_installed',
  ],
  [
    'GM_INSTALL_POLICIES_FAIL',
    'poll',
    [gm('refused', 'it could not install the policy of its KS', CHECK_INSTALL)],
    'not_installed',
  ],
  ['PSEUDO_TIME_LARGE', 'note', [gm('pseudotime')], 'pseudotime'],
  [
    'PSEUDO_TIME_TOO_OLD',
    'note',
    [gm('pseudotime'), gm('rekey_failed', 'a rekey came whose pseudotime is too old for it', COMPARE_PSEUDOTIMES)],
    'pseudotime',
  ],
  ['GM_REKEY_TRANS_2_MULTI', 'poll'],
  ['GM_REKEY_NOT_RECD', 'poll'],
  ['GM_CONN_NEXT_SER', 'poll'],
  ['GM_CONV_SA_DUPLEX', 'poll'],
  ['GM_SA_INGRESS', 'poll'],
  ['IPSEC_INITIATE_GM_REGISTER', 'poll'],
  ['NEWER_GM_VERSION_REGISTER', 'poll'],
  ['GDOI_ACE_DENY', 'poll'],
];

/** A KS writes them, recalled; `GM_DELETE` either end. */
const GETVPN_RECALLED_KS: readonly Row[] = [
  [
    'GM_DELETE',
    'poll',
    [
      gm('forced', 'its KS deleted it from the group', CHECK_ORDER),
      ks('ejected', 'the KS deleted it from the group', CHECK_EJECTION),
    ],
  ],
  [
    'UNAUTHORIZED_IPADDR',
    'poll',
    [ks('refused', 'the KS does not permit its address', CHECK_AUTHORIZATION)],
    'unauthorized',
  ],
  [
    'UNREGISTERED_INTERFACE',
    'poll',
    [ks('refused', 'it reached the KS on an interface that is not registered', CHECK_REGISTERED_INTERFACE)],
    'interface_unregistered',
  ],
  [
    'KS_BAD_ID',
    'poll',
    [ks('refused', 'it sent a group identity that the KS does not know', CHECK_GROUP_IDENTITY)],
    'group_id_unknown',
  ],
  [
    'REJECT_GM_VERSION_REGISTER',
    'poll',
    [ks('refused', 'the KS refuses its GETVPN version', CHECK_VERSION)],
    'version_refused',
  ],
  ['KS_BLACKHOLE_ACK', 'poll', [ks('ejected', 'the KS takes no acknowledgement of it any more', CHECK_EJECTION)]],
  [
    'KS_NACK_GM_EJECT',
    'poll',
    [ks('ejected', 'the KS dropped it: it had not acknowledged its rekeys', CHECK_EJECTION)],
  ],
  [
    'KS_GM_REVOKED',
    'poll',
    [ks('ejected', 'the KS revoked it in a rekey', 'its log and configuration: who revoked this GM, and why?')],
    'members_cleared',
  ],
  [
    'KS_NO_RSA_KEYS',
    'poll',
    [
      ksOfGroup(
        'the KS has no RSA key for its rekeys',
        'show crypto key mypubkey rsa: the key named for rekey authentication must be there, and the same as on every other KS',
      ),
    ],
    'no_rsa_key',
  ],
  [
    'COOP_CONFIG_MISMATCH',
    'poll',
    [
      ksOfGroup(
        'the KSs of the group differ in their policy',
        'show crypto gdoi ks policy and show crypto gdoi ks acl: compare with every other KS',
      ),
    ],
    'policies_differ',
  ],
  ['COOP_LIMIT_REACHED', 'poll', [ksOfGroup('a KS can hold no more members', CHECK_FULL)], 'kss_full'],
  [
    'KS_GROUP_DELETE',
    'poll',
    [
      ksOfGroup(
        'a KS was taken out of the configuration of the group',
        'its configuration and log: who took which KS out of the group, and why?',
      ),
    ],
  ],
  ['KS_CLEAR_REGISTER', 'poll'],
  ['KS_HASH_FAIL', 'poll'],
  ['KS_CONV_SAS_DUPLEX', 'poll'],
  ['KS_CONV_SAS_INGRESS', 'poll'],
  ['KS_GROUP_ADD', 'poll'],
  ['KS_REKEY_TRANS_2_MULTI', 'poll'],
  ['KS_REKEY_TRANS_2_UNI', 'poll'],
  ['KS_SEND_MCAST_REKEY', 'poll'],
  ['KS_SEND_UNICAST_REKEY', 'poll'],
  ['POLICY_CHANGE', 'poll'],
  ['COOP_ANN_SEQ_FAILURE', 'poll'],
  ['COOP_KS_ADD', 'poll'],
  ['COOP_KS_ADMN_USRP', 'poll'],
  ['COOP_KS_ELECTION', 'poll'],
  ['COOP_KS_REACH', 'poll'],
  ['COOP_KS_REMOVE', 'poll'],
  ['COOP_KS_TRANS_TO_PRI', 'poll'],
  ['COOP_KS_UNAUTH', 'poll'],
  ['COOP_KS_UNREACH', 'poll'],
  ['KS_REGS_COMPL', 'note'],
  ['KS_UNSOL_ACK', 'note'],
];

/** IKE's own, recalled: each names the peer. */
const IKE_RECALLED: readonly Row[] = [
  ['IKMP_MODE_FAILURE', 'note', IKE_FAILED],
  ['IKMP_NO_SA', 'note', IKE_FAILED],
  ['IKMP_AUTH_FAIL', 'note', IKE_FAILED],
  ['IKMP_CRYPT_FAILURE', 'note', IKE_FAILED],
  ['IKMP_SA_NOT_AUTH', 'note', IKE_FAILED],
  ['IKMP_SA_NOT_OFFERED', 'note', IKE_FAILED],
  ['IKMP_SETUP_FAILURE', 'note', IKE_FAILED],
  ['IKMP_INVAL_CERT', 'note', INVALID_CERTIFICATE],
];

/** Facilities whose messages are told apart by the same names. */
type MessageFamily = 'getvpn' | 'ipsec' | 'ikev2' | 'pki' | 'system' | 'line' | 'link';

const FAMILIES: ReadonlyMap<string, MessageFamily> = new Map<string, MessageFamily>([
  // Newer images of IOS XE write `GKM` for `GDOI`; some releases write GETVPN's messages under CRYPTO, and CRYPTO's
  // under GDOI.
  ['GDOI', 'getvpn'],
  ['GKM', 'getvpn'],
  ['CRYPTO', 'getvpn'],
  ['IPSEC', 'ipsec'],
  ['IKEV2', 'ikev2'],
  ['PKI', 'pki'],
  ['SYS', 'system'],
  ['LINEPROTO', 'line'],
  ['LINK', 'link'],
]);

type Table = ReadonlyMap<string, MessageMeaning>;

const MESSAGES: Readonly<Record<MessageFamily, Table>> = {
  getvpn: table(GETVPN_SEEN, [...GETVPN_RECALLED_GM, ...GETVPN_RECALLED_KS, ...IKE_RECALLED, ...OF_A_PACKET_RECALLED]),
  ipsec: table([['REPLAY_ERROR', 'note', [gm('replay')], 'replay']], OF_A_PACKET_RECALLED),
  // It names no peer.
  ikev2: table(
    [],
    [
      [
        'NEG_ABORT',
        'note',
        [
          gm('ike_failed', 'an IKEv2 negotiation was aborted', CHECK_IKEV2),
          ks('ike_failed', 'an IKEv2 negotiation was aborted', CHECK_IKEV2),
        ],
      ],
    ],
  ),
  pki: table(
    [
      ['CERTIFICATE_INVALID_NOT_YET_VALID', 'note', INVALID_CERTIFICATE, 'certificate_too_early'],
      // The rest of the name says what is wrong with the certificate.
      ['CERTIFICATE_INVALID*', 'note', INVALID_CERTIFICATE],
    ],
    [
      ['CERTIFICATE_REVOKED', 'note', certificate('a certificate is revoked')],
      ['CRL_FETCH_FAIL', 'note', certificate('the CRL could not be fetched')],
      ['CRL_INSERT_FAIL', 'note', certificate('the CRL could not be used')],
      ['CRLINSERTFAIL', 'note', certificate('the CRL could not be used')],
    ],
  ),
  system: table([['RESTART', 'poll', [gm('restart')]]], []),
  // Whether the link went up or down is in the text (`message-detail.ts`).
  line: table([['UPDOWN', 'note']], []),
  link: table(
    [
      ['UPDOWN', 'note'],
      ['CHANGED', 'note'],
    ],
    [],
  ),
};

function table(seen: readonly Row[], recalled: readonly Row[]): Table {
  const meant = (rows: readonly Row[], isRecalled: boolean) =>
    rows.map(([mnemonic, use, facts = [], kind = null]): readonly [string, MessageMeaning] => [
      mnemonic,
      { use, facts: facts.map((fact) => ({ ...fact, recalled: isRecalled })), kind },
    ]);
  return new Map([...meant(seen, false), ...meant(recalled, true)]);
}

/** Of the names that end in `*`. */
const BEGINNINGS = Object.values(MESSAGES).flatMap((messages) =>
  [...messages].flatMap(([name, meaning]) =>
    name.endsWith('*') ? [{ messages, start: name.slice(0, -1), meaning }] : [],
  ),
);

function meaningIn(messages: Table, mnemonic: string): MessageMeaning | null {
  const begun = () => BEGINNINGS.find((each) => each.messages === messages && mnemonic.startsWith(each.start));
  return messages.get(mnemonic) ?? begun()?.meaning ?? null;
}

/** null: it is none of GETVPN's. */
export function messageMeaning(facility: string, mnemonic: string): MessageMeaning | null {
  const family = FAMILIES.get(facility);
  return family === undefined ? null : meaningIn(MESSAGES[family], mnemonic);
}

/** The same of a message of which only the mnemonic was kept: where several families have it, it says the same. */
export function mnemonicMeaning(
  mnemonic: string,
): { readonly family: MessageFamily; readonly meaning: MessageMeaning } | null {
  for (const family of ['getvpn', 'pki', 'ikev2', 'ipsec'] as const) {
    const meaning = meaningIn(MESSAGES[family], mnemonic);
    if (meaning !== null) return { family, meaning };
  }
  return null;
}
