/**
 * The ways in which routers word one message: where the group stands, with and without VRF, cut off. A message goes to
 * the group that it is about; one that does not say which, or names another one, is nobody's.
 */
import { describe, expect, test } from 'vitest';
import { buffer, clock, gmAnswer, type GmSketch, type History, history, log } from '../../builders/tracker-builders.ts';

const first: GmSketch = { group: 'G1', identity: '3333', succeeded: 1, kekAt: 50_000, timerAt: 40_000 };
const second: GmSketch = { ...first, group: 'WAN-2', identity: '4444' };
const again = (sketch: GmSketch): GmSketch => ({ ...sketch, succeeded: 2 });

/** Group -> cause of its registration. */
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

describe('an order of the KS on a GM of two groups is the second one’s, where its text says so', () => {
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

  test.each(['GDOI', 'GKM', 'CRYPTO'])('whichever facility its release writes: %s', (facility) => {
    const told = afterMessage(`${facility}-4-GM_RECV_DELETE`, 'in group WAN-2');
    expect(told).toEqual({ G1: 'unknown', 'WAN-2': 'ks_forced' });
  });
});

describe('it is nobody’s', () => {
  test.each([
    ['cut off before the name', 'GM received delete-msg from KS 10.1.11.2 in group'],
    ['cut off within the name', 'GM received delete-msg from KS 10.1.11.2 in group WAN'],
    ['cut off before the word', 'GM received delete-msg from KS 10.'],
    ['of a group that the GM is not in', 'GM received delete-msg from KS 10.1.11.2 in group WAN-22'],
    ['of a name that only begins like one of its groups', 'delete received in group G1-OLD'],
    ['without a text', ''],
  ])('%s', (_, text) => {
    expect(afterMessage('GDOI-4-GM_RECV_DELETE', text)).toEqual({ G1: 'unknown', 'WAN-2': 'unknown' });
  });

  test('but the only group’s, where the GM has but one', () => {
    const told = history([gmAnswer(0, first), log(30, 'GDOI-4-GM_RECV_DELETE', 'cut'), gmAnswer(60, again(first))]);
    expect(causesByGroup(told)).toEqual({ G1: 'ks_forced' });
  });
});

describe('what is about the router is about each of its groups', () => {
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

describe('a message that is not known', () => {
  test.each([
    'GDOI-4-GM_RECV_DELETE_LATER',
    'GDOI-4-GM_DELETE_SOMETHING',
    'GDOI-3-GDOI_REKEY_FAILURE_OTHER',
    'GDOI-5-GM_CLEAR_REGISTER_ALL',
    'OSPF-5-GM_RECV_DELETE',
    'SYS-5-GM_CLEAR_REGISTER',
  ])('%s says nothing of the cause', (mnemonic) => {
    expect(afterMessage(mnemonic, 'in group WAN-2')).toEqual({ G1: 'unknown', 'WAN-2': 'unknown' });
  });
});

describe('in the log buffer', () => {
  const order = { mnemonic: 'GDOI-4-GM_RECV_DELETE', text: 'delete received in group WAN-2' };
  /** A reading knows what is new in it by the lines that the one before it ended with. */
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
  ])('%s it is the same message', (_, line) => {
    expect(read(line)).toEqual({ G1: 'unknown', 'WAN-2': 'ks_forced' });
  });
});
