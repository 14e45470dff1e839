/**
 * Routers word one message in several ways: the group stands elsewhere, a VRF is named or not, the text is cut off.
 * A message counts for the group that it names; if it names none, or a foreign one, it counts for no group.
 */
import { describe, expect, test } from 'vitest';
import { buffer, clock, gmAnswer, type GmSketch, type History, history, log } from '../../builders/tracker-builders.ts';

const first: GmSketch = { group: 'G1', identity: '3333', succeeded: 1, kekAt: 50_000, timerAt: 40_000 };
const second: GmSketch = { ...first, group: 'WAN-2', identity: '4444' };
const again = (sketch: GmSketch): GmSketch => ({ ...sketch, succeeded: 2 });

/** Maps each group to the cause of its registration. */
function causesByGroup(told: History): Readonly<Record<string, string | null>> {
  const registered = told.events.filter(({ type }) => type === 'reregistration');
  return Object.fromEntries(registered.map(({ group, cause }) => [group ?? '', cause]));
}

/** Both groups register again after the message. */
function afterMessage(mnemonic: string, text: string): Readonly<Record<string, string | null>> {
  return causesByGroup(
    history([gmAnswer(0, first, second), log(30, mnemonic, text), gmAnswer(60, again(first), again(second))]),
  );
}

describe('an order of the KS to a GM with two groups counts for the second one when its text says so', () => {
  test.each([
    'GM received delete-msg from KS 10.1.11.2 in group WAN-2. TEKs lifetime are reduced',
    'Group WAN-2: delete received from KS 10.1.11.2',
    'group WAN-2 vrf RED, fvrf BLUE: delete received',
    'VRF RED: KS 10.1.11.2 deletes the members of group WAN-2',
    'delete received, Group: WAN-2, KS: 10.1.11.2',
    'delete received in the group "WAN-2" (fvrf RED)',
    'delete received in [group WAN-2]',
    'delete received for group id 4444',
    'delete received for group number 4444 using address 10.16.0.2 fvrf default ivrf RED',
    'DELETE RECEIVED IN GROUP WAN-2',
  ])('%s', (text) => {
    expect(afterMessage('GDOI-4-GM_RECV_DELETE', text)).toEqual({ G1: 'unknown', 'WAN-2': 'ks_forced' });
  });

  test.each(['GDOI', 'GKM', 'CRYPTO'])('whichever facility the release writes: %s', (facility) => {
    const told = afterMessage(`${facility}-4-GM_RECV_DELETE`, 'in group WAN-2');
    expect(told).toEqual({ G1: 'unknown', 'WAN-2': 'ks_forced' });
  });
});

describe('an order of the KS counts for no group when its message is', () => {
  test.each([
    ['cut off before the name', 'GM received delete-msg from KS 10.1.11.2 in group'],
    ['cut off within the name', 'GM received delete-msg from KS 10.1.11.2 in group WAN'],
    ['cut off before the word', 'GM received delete-msg from KS 10.'],
    ['about a group that the GM is not in', 'GM received delete-msg from KS 10.1.11.2 in group WAN-22'],
    ['about a group whose name only begins like one of the GM’s groups', 'delete received in group G1-OLD'],
    ['without a text', ''],
  ])('%s', (_, text) => {
    expect(afterMessage('GDOI-4-GM_RECV_DELETE', text)).toEqual({ G1: 'unknown', 'WAN-2': 'unknown' });
  });

  test('cut off, unless the GM has only one group', () => {
    const told = history([gmAnswer(0, first), log(30, 'GDOI-4-GM_RECV_DELETE', 'cut'), gmAnswer(60, again(first))]);
    expect(causesByGroup(told)).toEqual({ G1: 'ks_forced' });
  });
});

describe('a message about the whole router counts for each of its groups', () => {
  test.each([
    ['LINEPROTO-5-UPDOWN', 'Line protocol on Interface Serial1/0, changed state to'],
    ['LINK-3-UPDOWN', 'Interface Serial1/0, changed state to'],
    ['LINK-5-CHANGED', 'Interface Serial1/0, changed state to'],
  ])('%s', (mnemonic, text) => {
    const told = history([
      gmAnswer(0, first, second),
      log(20, mnemonic, `${text} down`),
      log(40, mnemonic, `${text} up`),
      gmAnswer(60, again(first), again(second)),
    ]);
    expect(causesByGroup(told)).toEqual({ G1: 'interface', 'WAN-2': 'interface' });
  });
});

describe('an unknown message', () => {
  test.each([
    'GDOI-4-GM_RECV_DELETE_LATER',
    'GDOI-4-GM_DELETE_SOMETHING',
    'GDOI-3-GDOI_REKEY_FAILURE_OTHER',
    'GDOI-5-GM_CLEAR_REGISTER_ALL',
    'OSPF-5-GM_RECV_DELETE',
    'SYS-5-GM_CLEAR_REGISTER',
  ])('%s does not decide the cause', (mnemonic) => {
    expect(afterMessage(mnemonic, 'in group WAN-2')).toEqual({ G1: 'unknown', 'WAN-2': 'unknown' });
  });
});

describe('a message read from the log buffer', () => {
  const order = { mnemonic: 'GDOI-4-GM_RECV_DELETE', text: 'delete received in group WAN-2' };
  /** The last lines of the previous reading tell which lines of the next one are new. */
  const known = { stampAt: null, mnemonic: 'SYS-5-CONFIG_I', text: 'Configured from console by console' };
  const read = (...lines: Parameters<typeof buffer>[1]) =>
    causesByGroup(
      history([
        clock(-10),
        buffer(-5, [known]),
        gmAnswer(0, first, second),
        buffer(59, [known, ...lines]),
        gmAnswer(60, again(first), again(second)),
      ]),
    );

  test.each([
    ['with a stamp', { ...order, stampAt: 30 }],
    ['with a stamp and a sequence number', { ...order, stampAt: 30, sequence: 22_701 }],
    ['with a sequence number alone', { ...order, stampAt: null, sequence: 48 }],
    ['without either', { ...order, stampAt: null }],
  ])('%s gives the same cause', (_, line) => {
    expect(read(line)).toEqual({ G1: 'unknown', 'WAN-2': 'ks_forced' });
  });
});
