/**
 * The log messages that GETVPN routers send and what each is good for: `poll`, something changed that the next answer
 * shows; `note`, worth keeping as evidence, but it may come with every packet, or be about something else (another
 * peer, another interface), and no answer changes by it. All others are no business of this program. Matched by
 * mnemonic, since the severity digit differs between releases. What each states is in `gdoi/log/message-facts.ts`.
 */
import type { LogMessage } from '../../gdoi/seen/device-facts.ts';

export type MessageUse = 'poll' | 'note';

/** Facility `GDOI`; newer images write the same mnemonics under `GKM`. */
const GDOI: Readonly<Record<MessageUse, readonly string[]>> = {
  poll: [
    'GM_RE_REGISTER',
    'GM_REGS_COMPL',
    'GM_DELETE_EXPIRED_KEK',
    'GM_INSTALL_POLICIES_SUCCESS',
    'GM_REKEY_TRANS_2_MULTI',
    'GM_REKEY_TRANS_2_UNI',
    'GM_REKEY_NOT_RECD',
    'SA_KEK_UPDATED',
    'SA_TEK_UPDATED',
    'GM_CLEAR_REGISTER',
    'GM_CM_ATTACH',
    'GM_CM_DETACH',
    'GM_CONN_NEXT_SER',
    'GM_CONV_SA_DUPLEX',
    'GM_DELETE',
    'GM_HASH_FAIL',
    'GM_INCOMPLETE_CFG',
    'GM_INSTALL_POLICIES_FAIL',
    'GM_NO_CRYPTO_ENGINE',
    'GM_NO_IPSEC_FLOWS',
    'GM_POLICY_CLEANUP',
    'GM_RECOVERY_REGISTER',
    'GM_RECV_DELETE',
    'GM_RECV_DELETE_IMMEDIATE',
    'GM_RECV_POLICY_REPLACE_NOW',
    'GM_RECV_RE_AUTH',
    'GM_RECV_REKEY',
    'GM_REJECTING_SA_PAYLOAD',
    'GM_REKEY_CIPHER_HASH_CHECK_FAIL',
    'GM_REKEY_TRANSFORMSET_CHECK_FAIL',
    'GM_SA_INGRESS',
    'GM_UNREGISTER',
    'GDOI_REKEY_FAILURE',
    'GDOI_REKEY_SEQ_FAILURE',
    'IPSEC_INITIATE_GM_REGISTER',
    'NEWER_GM_VERSION_REGISTER',
    'REJECT_GM_VERSION_REGISTER',
    'UNAUTHORIZED_IDENTITY',
    'UNAUTHORIZED_IPADDR',
    'UNREGISTERED_INTERFACE',
    'UNSUPPORTED_TEK_PROTO',
    'UNEXPECTED_SIGKEY',
    'GDOI_ACE_DENY',
    'KS_BAD_ID',
    'KS_BLACKHOLE_ACK',
    'KS_CLEAR_REGISTER',
    'KS_HASH_FAIL',
    'KS_NACK_GM_EJECT',
    'KS_NO_RSA_KEYS',
    'KS_CONV_SAS_DUPLEX',
    'KS_CONV_SAS_INGRESS',
    'KS_GM_REVOKED',
    'KS_GROUP_ADD',
    'KS_GROUP_DELETE',
    'KS_REKEY_TRANS_2_MULTI',
    'KS_REKEY_TRANS_2_UNI',
    'KS_SEND_MCAST_REKEY',
    'KS_SEND_UNICAST_REKEY',
    'POLICY_CHANGE',
    'RE_AUTH',
    'COOP_ANN_SEQ_FAILURE',
    'COOP_CONFIG_MISMATCH',
    'COOP_KS_ADD',
    'COOP_KS_ADMN_USRP',
    'COOP_KS_ELECTION',
    'COOP_KS_REACH',
    'COOP_KS_REMOVE',
    'COOP_KS_TRANS_TO_PRI',
    'COOP_KS_UNAUTH',
    'COOP_KS_UNREACH',
    'COOP_LIMIT_REACHED',
  ],
  note: ['KS_REGS_COMPL', 'KS_UNSOL_ACK', 'PSEUDO_TIME_LARGE', 'PSEUDO_TIME_TOO_OLD', 'TIMEBASED_REPLAY_FAILED'],
};

/** Facility `CRYPTO`. */
const CRYPTO: Readonly<Record<MessageUse, readonly string[]>> = {
  // The mnemonic is misspelt on the device.
  poll: ['GM_REGSTER', 'GM_REGISTER', 'GM_CONN_NEXT_SER', 'GDOI_ON_OFF'],
  note: [
    'PKT_REPLAY_ERR',
    'RECVD_PKT_INV_SPI',
    'RECVD_PKT_NOT_IPSEC',
    'IKMP_BAD_MESSAGE',
    'IKMP_MODE_FAILURE',
    'IKMP_NO_SA',
    'IKMP_AUTH_FAIL',
    'IKMP_CRYPT_FAILURE',
    'IKMP_INVAL_CERT',
    'IKMP_SA_NOT_AUTH',
    'IKMP_SA_NOT_OFFERED',
    'IKMP_SETUP_FAILURE',
  ],
};

/** Of other facilities; a name that ends in `*` is the beginning of one. */
const OTHERS: ReadonlyMap<string, readonly string[]> = new Map([
  // what CRYPTO writes on IOS, the forwarding engine of IOS XE does
  ['IPSEC', ['REPLAY_ERROR', 'RECVD_PKT_INV_SPI', 'RECVD_PKT_NOT_IPSEC']],
  ['IKEV2', ['NEG_ABORT']],
  ['LINEPROTO', ['UPDOWN']],
  ['LINK', ['UPDOWN', 'CHANGED']],
  ['PKI', ['CERTIFICATE_INVALID*', 'CERTIFICATE_REVOKED', 'CRL_FETCH_FAIL', 'CRL_INSERT_FAIL', 'CRLINSERTFAIL']],
]);

const USES: ReadonlyMap<string, MessageUse> = new Map([
  ...rows(['GDOI', 'GKM'], GDOI),
  // Some releases write GETVPN's own messages under CRYPTO, and CRYPTO's under GDOI.
  ...rows(['CRYPTO'], GDOI),
  ...rows(['CRYPTO', 'GDOI', 'GKM'], CRYPTO),
  ['SYS RESTART', 'poll'] as const,
  ...[...OTHERS].flatMap(([facility, names]) => names.map((name) => [`${facility} ${name}`, 'note'] as const)),
]);

function rows(facilities: readonly string[], table: typeof GDOI): readonly (readonly [string, MessageUse])[] {
  return facilities.flatMap((facility) =>
    (['poll', 'note'] as const).flatMap((use) =>
      table[use].map((mnemonic) => [`${facility} ${mnemonic}`, use] as const),
    ),
  );
}

const BEGINNINGS = [...USES].flatMap(([name, use]) => (name.endsWith('*') ? [[name.slice(0, -1), use] as const] : []));

/** What the message is good for; null: it is none of GETVPN's. */
export function messageUse({ facility, mnemonic }: LogMessage): MessageUse | null {
  return (
    USES.get(`${facility} ${mnemonic}`) ??
    BEGINNINGS.find(([start]) => `${facility} ${mnemonic}`.startsWith(start))?.[1] ??
    null
  );
}
