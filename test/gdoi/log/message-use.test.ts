/** Which log messages are kept, and which trigger a poll. */
import { expect, test } from 'vitest';
import { messageMeaning } from '../../../src/gdoi/log/known-messages.ts';
import { parseLogMessage } from '../../../src/ios/log/log-message.ts';

function useOf(line: string) {
  const message = parseLogMessage(`Mar  2 00:00:30.001: %${line}: text`);
  return message === null ? null : (messageMeaning(message.facility, message.mnemonic)?.use ?? null);
}

test('a message about a change in GETVPN triggers a poll, whichever of its facilities it is logged under', () => {
  for (const facility of ['GDOI', 'GKM', 'CRYPTO']) {
    for (const name of [
      'GM_RE_REGISTER',
      'GDOI_REKEY_FAILURE',
      'GM_RECOVERY_REGISTER',
      'GM_INSTALL_POLICIES_FAIL',
      'KS_NACK_GM_EJECT',
    ]) {
      expect(useOf(`${facility}-3-${name}`)).toBe('poll');
    }
  }
});

test('a message that may come with every packet or concern another peer or interface is kept without a poll', () => {
  const NOTES = [
    'CRYPTO-4-RECVD_PKT_INV_SPI',
    'CRYPTO-4-RECVD_PKT_NOT_IPSEC',
    'IPSEC-3-REPLAY_ERROR',
    'IPSEC-3-RECVD_PKT_INV_SPI',
    'IPSEC-3-RECVD_PKT_NOT_IPSEC',
    'CRYPTO-6-IKMP_MODE_FAILURE',
    'CRYPTO-4-IKMP_NO_SA',
    'CRYPTO-6-IKMP_AUTH_FAIL',
    'CRYPTO-5-IKMP_INVAL_CERT',
    'CRYPTO-5-IKMP_SETUP_FAILURE',
    'IKEV2-3-NEG_ABORT',
    'GDOI-4-TIMEBASED_REPLAY_FAILED',
    'LINEPROTO-5-UPDOWN',
    'LINK-3-UPDOWN',
    'PKI-3-CERTIFICATE_INVALID_EXPIRED',
    'PKI-3-CERTIFICATE_INVALID_NOT_YET_VALID',
    'PKI-3-CERTIFICATE_REVOKED',
    'PKI-3-CRL_FETCH_FAIL',
    'PKI-4-CRLINSERTFAIL',
  ];
  for (const line of NOTES) expect([line, useOf(line)]).toEqual([line, 'note']);
});

test('any other message is ignored', () => {
  for (const line of [
    'SYS-5-CONFIG_I',
    'LINEPROTO-5-CHANGED',
    'PKI-6-TRUSTPOINT_CREATE',
    'OSPF-5-ADJCHG',
    'GDOI-5-NO_SUCH_MESSAGE',
  ]) {
    expect([line, useOf(line)]).toEqual([line, null]);
  }
});
