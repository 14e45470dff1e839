/** Each message means the same under every facility that writes it: what it is good for, what it proves, its reason. */
import { expect, test } from 'vitest';
import { loggedReason } from '../../../src/gdoi/log/logged-reason.ts';
import { messageFacts } from '../../../src/gdoi/log/message-facts.ts';
import { messageMeaning } from '../../../src/gdoi/log/known-messages.ts';

function meaning(facility: string, mnemonic: string) {
  const message = { facility, severity: 4, mnemonic, text: 'text', timestamp: null, sequence: null };
  return {
    use: messageMeaning(facility, mnemonic)?.use ?? null,
    facts: messageFacts(facility, mnemonic),
    kind: loggedReason(message, 0)?.kind ?? null,
  };
}

test.each([
  ['GM_RE_REGISTER'],
  ['GM_REGSTER'],
  ['GM_REGISTER'],
  ['GM_CONN_NEXT_SER'],
  ['GDOI_REKEY_FAILURE'],
  ['TIMEBASED_REPLAY_FAILED'],
  ['UNAUTHORIZED_IDENTITY'],
  ['PKT_REPLAY_ERR'],
  ['RECVD_PKT_INV_SPI'],
  ['RECVD_PKT_NOT_IPSEC'],
  ['IKMP_BAD_MESSAGE'],
  ['IKMP_MODE_FAILURE'],
  ['IKMP_NO_SA'],
  ['IKMP_AUTH_FAIL'],
  ['IKMP_INVAL_CERT'],
])('%s says the same under GDOI, GKM and CRYPTO', (mnemonic) => {
  const [first, ...others] = ['CRYPTO', 'GDOI', 'GKM'].map((facility) => meaning(facility, mnemonic));
  expect(first?.use).not.toBeNull();
  for (const other of others) expect(other).toEqual(first);
});

test.each([
  ['PKT_REPLAY_ERR', 'replay'],
  ['TIMEBASED_REPLAY_FAILED', 'replay_by_time'],
  ['PSEUDO_TIME_LARGE', 'pseudotime'],
  ['PSEUDO_TIME_TOO_OLD', 'pseudotime'],
])('%s is of kind %s, whatever its text says', (mnemonic, kind) => {
  expect(meaning('GDOI', mnemonic).kind).toBe(kind);
});
