/** A reason that the router states itself is believed: it is evidence and gives the summary and the first step. */
import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../src/gdoi/seen/observation.ts';
import type { GroupType } from '../../../src/gdoi/seen/snapshot.ts';
import type { KsSaid } from '../../../src/gdoi/log/ks-marks.ts';
import type { TrackOptions } from '../../../src/gdoi/tracker/tracker.ts';
import { initialTrackerState, ksSaidOfGroup } from '../../../src/gdoi/memory/tracker-state.ts';
import {
  buffer,
  causes,
  clock,
  fed,
  gmAnswer,
  type GmSketch,
  type History,
  history,
  log,
  reregistrations,
  types,
} from '../../builders/tracker-builders.ts';

const evidenceOf = (told: History) => reregistrations(told)[0]?.evidence.join('\n') ?? '';

/** The KEK expires 1000 s after T0; the GM registers at 880 s, in the window of a missed rekey. */
const KEK = 1000;
const NEW_KEK = 87_000;
const before: GmSketch = { succeeded: 1, kekAt: KEK, timerAt: 880 };
const after: GmSketch = { succeeded: 2, kekAt: NEW_KEK };

/** The keys live long enough that no timer of the GM explains a registration. */
const lasting: GmSketch = { succeeded: 1, kekAt: 50_000, timerAt: 40_000 };
const again: GmSketch = { ...lasting, succeeded: 2 };

describe('a rekey that the GM received but could not use', () => {
  const FAILURES = [
    ['GDOI-3-GDOI_REKEY_FAILURE', /mypubkey rsa/u],
    ['GKM-3-GDOI_REKEY_FAILURE', /mypubkey rsa/u],
    ['CRYPTO-3-GDOI_REKEY_FAILURE', /mypubkey rsa/u],
    ['GDOI-3-GDOI_REKEY_SEQ_FAILURE', /seq num/u],
    ['GDOI-5-GM_REKEY_CIPHER_HASH_CHECK_FAIL', /allowable/u],
    ['GDOI-5-GM_REKEY_TRANSFORMSET_CHECK_FAIL', /allowable/u],
    ['GDOI-3-PSEUDO_TIME_TOO_OLD', /pseudotime/u],
  ] as const;

  test('is stated as the reason of kek_missed_rekey when the GM logs an unexpected signature key', () => {
    const message = log(770, 'GDOI-3-UNEXPECTED_SIGKEY', 'Unexpected Signature Key detected: freeing it');
    const told = history([gmAnswer(600, before), message, gmAnswer(790, before), gmAnswer(900, after)]);
    expect(causes(told)).toEqual(['kek_missed_rekey']);
    expect(reregistrations(told)[0]?.summary).toContain('because it got a signature key that it does not expect');
  });

  test.each(FAILURES)('keeps the cause kek_missed_rekey and states the reason when the GM logs %s', (message, step) => {
    const told = history([gmAnswer(600, before), log(770, message), gmAnswer(790, before), gmAnswer(900, after)]);
    expect(causes(told)).toEqual(['kek_missed_rekey']);
    const [event] = reregistrations(told);
    expect(event?.evidence.join('\n')).toContain(message.split('-')[2]);
    expect(event?.summary).toMatch(/because a rekey came/u);
    expect(event?.action).toMatch(step);
  });

  test('is found in the log back to when the GM got its keys, over any number of answers', () => {
    const answers = [610, 650, 700, 750, 790].map((at) => gmAnswer(at, before));
    const told = history([
      gmAnswer(600, before),
      log(605, 'GDOI-3-GDOI_REKEY_FAILURE'),
      ...answers,
      gmAnswer(900, after),
    ]);
    expect(evidenceOf(told)).toContain('GDOI_REKEY_FAILURE');
  });

  test('is not evidence when it failed before a rekey brought the keys', () => {
    const fresh: GmSketch = { ...before, received: 4, since: 1, teks: { '0x00000002': 90_000 } };
    const told = history([
      gmAnswer(500, before),
      log(510, 'GDOI-3-GDOI_REKEY_FAILURE'),
      gmAnswer(600, { ...fresh, received: 3, teks: {} }),
      gmAnswer(650, fresh),
      gmAnswer(790, fresh),
      gmAnswer(900, { ...after, received: 4 }),
    ]);
    expect(evidenceOf(told)).not.toContain('GDOI_REKEY_FAILURE');
  });

  test('is not evidence when it failed before the keys came, even between the same two answers', () => {
    const failure = log(510, 'GDOI-3-GDOI_REKEY_FAILURE');
    const rekeyed: GmSketch = { ...before, received: 4, since: 1, rekeyAt: 540, teks: { '0x00000002': 90_000 } };
    const byRekey = history([
      gmAnswer(500, { ...rekeyed, received: 3, since: 0, rekeyAt: null, teks: {} }),
      failure,
      gmAnswer(650, rekeyed),
      gmAnswer(790, rekeyed),
      gmAnswer(900, { ...after, received: 4, rekeyAt: 540 }),
    ]);
    expect(causes(byRekey)).toEqual(['kek_missed_rekey']);
    expect(evidenceOf(byRekey)).not.toContain('GDOI_REKEY_FAILURE');

    const [once, twice, thrice]: readonly GmSketch[] = [
      { ...before, kekAt: 90_000 },
      { ...before, succeeded: 2 },
      { ...after, succeeded: 3 },
    ];
    const byRegistration = history([
      gmAnswer(500, once!),
      failure,
      log(541, 'GDOI-5-GM_REGS_COMPL', 'complete for group G1'),
      gmAnswer(650, twice!),
      gmAnswer(790, twice!),
      gmAnswer(900, thrice!),
    ]);
    expect(causes(byRegistration)[1]).toBe('kek_missed_rekey');
    expect(reregistrations(byRegistration)[1]?.evidence.join('\n')).not.toContain('GDOI_REKEY_FAILURE');
  });

  test('also gives the first step when a TEK rekey is missed', () => {
    const held: GmSketch = { ...lasting, timerAt: 820, teks: { '0x00000001': 1000 } };
    const told = history([
      gmAnswer(600, held),
      log(700, 'GDOI-3-GDOI_REKEY_FAILURE'),
      gmAnswer(810, held),
      gmAnswer(840, { ...again, teks: { '0x00000002': 4400 } }),
    ]);
    expect(causes(told)).toEqual(['tek_expired']);
    expect(types(told)).toContain('tek_rekey_overdue');
    expect(told.events.every(({ action }) => /mypubkey rsa/u.test(action))).toBe(true);
  });

  test('is already stated in kek_rekey_overdue', () => {
    const told = history([gmAnswer(600, before), log(770, 'GDOI-3-GDOI_REKEY_FAILURE'), gmAnswer(805, before)]);
    const overdue = told.events.find(({ type }) => type === 'kek_rekey_overdue');
    expect(overdue?.summary).toContain('could not use');
    expect(overdue?.summary).not.toContain('has not received');
  });
});

describe('a recovery registration', () => {
  const packet = (at: number) =>
    log(at, 'CRYPTO-4-RECVD_PKT_INV_SPI', "decaps: rec'd IPSEC packet has invalid spi for destaddr=10.1.13.2");
  const recovery = (at: number) => log(at, 'GDOI-4-GM_RECOVERY_REGISTER', 'recovery re-registration for group G1');
  const elsewhere: GmSketch = { ...again, keyServer: '10.1.12.2' };

  test('is reported as recovery, not as ks_failover, whichever KS it ends at: the group has two sets of keys', () => {
    for (const ended of [again, elsewhere]) {
      const told = history([gmAnswer(0, lasting), packet(40), recovery(41), gmAnswer(60, ended)]);
      expect(causes(told)).toEqual(['recovery']);
      expect(reregistrations(told)[0]).toMatchObject({ unexpected: true, severity: 'warning' });
      expect(evidenceOf(told)).toMatch(/RECVD_PKT_INV_SPI[\s\S]*GM_RECOVERY_REGISTER/u);
    }
  });

  test('is recognized by GM_RECOVERY_REGISTER with or without the packet message, not by that alone', () => {
    const swapped = history([gmAnswer(0, lasting), recovery(40), packet(41), gmAnswer(60, elsewhere)]);
    expect(causes(swapped)).toEqual(['recovery']);
    const alone = history([gmAnswer(0, lasting), recovery(40), gmAnswer(60, elsewhere)]);
    expect(causes(alone)).toEqual(['recovery']);
    // A packet with an unknown SPI comes with every rekey: it proves nothing about a registration.
    const packetOnly = history([gmAnswer(0, lasting), packet(40), gmAnswer(60, elsewhere)]);
    expect(causes(packetOnly)).toEqual(['ks_failover']);
  });

  test('does not explain the next registration once it is complete', () => {
    const told = history([
      gmAnswer(0, lasting),
      recovery(10),
      log(20, 'GDOI-5-GM_REGS_COMPL', 'complete for group G1'),
      gmAnswer(60, again),
      log(100, 'CRYPTO-5-GM_REGSTER', 'Start registration to KS 10.1.12.2 for group G1'),
      gmAnswer(120, { ...elsewhere, succeeded: 3 }),
    ]);
    expect(causes(told)).toEqual(['recovery', 'ks_failover']);
  });
});

describe('a link that goes down and comes back', () => {
  const link = (at: number, name: string, state: 'down' | 'up', message = 'LINEPROTO-5-UPDOWN') =>
    log(
      at,
      message,
      `${message.startsWith('LINK') ? '' : 'Line protocol on '}Interface ${name}, changed state to ${state}`,
    );
  const registers = (at: number) => log(at, 'CRYPTO-5-GM_REGSTER', 'Start registration to KS 10.1.11.2 for group G1');
  const completes = (at: number) =>
    log(at, 'GDOI-5-GM_REGS_COMPL', 'Registration to KS 10.1.11.2 complete for group G1');

  test.each(['LINEPROTO-5-UPDOWN', 'LINK-3-UPDOWN', 'LINK-5-CHANGED'])(
    'is the cause when the GM logs %s for the interface that holds the keys',
    (message) => {
      const told = history([
        gmAnswer(0, lasting),
        link(30, 'Serial1/0', 'down', message),
        link(45, 'Serial1/0', 'up', message),
        registers(46),
        completes(47),
        gmAnswer(60, again),
      ]);
      expect(causes(told)).toEqual(['interface']);
      expect(reregistrations(told)[0]).toMatchObject({ unexpected: false, severity: 'info' });
      expect(evidenceOf(told)).toMatch(new RegExp(`log: ${message} Serial1/0 down at .*:30.*, up at .*:45`, 'u'));
    },
  );

  test('is the cause when it is the physical interface of the subinterface with the keys, even if abbreviated', () => {
    const carried: GmSketch = { ...lasting, interface: 'GigabitEthernet0/0/0.100' };
    const told = history([
      gmAnswer(0, carried),
      link(30, 'Gi0/0/0', 'down'),
      link(45, 'Gi0/0/0', 'up'),
      gmAnswer(60, { ...carried, succeeded: 2 }),
    ]);
    expect(causes(told)).toEqual(['interface']);
  });

  test('is not the cause when it is another interface', () => {
    for (const other of ['Serial1/1', 'Serial1/0.7', 'GigabitEthernet1/0', 'Loopback0']) {
      const told = history([gmAnswer(0, lasting), link(30, other, 'down'), link(45, other, 'up'), gmAnswer(60, again)]);
      expect(causes(told)).toEqual(['unknown']);
      expect(evidenceOf(told)).not.toContain('UPDOWN');
    }
  });

  test('is not the cause when the registration comes long after the link was back', () => {
    const told = history([
      gmAnswer(0, lasting),
      link(30, 'Serial1/0', 'down'),
      link(45, 'Serial1/0', 'up'),
      registers(900),
      completes(901),
      gmAnswer(960, again),
    ]);
    expect(causes(told)).toEqual(['unknown']);
  });

  test('leaves the cause undecided when a timer was due just after the link came back', () => {
    const told = history([
      gmAnswer(790, before),
      link(850, 'Serial1/0', 'down'),
      link(870, 'Serial1/0', 'up'),
      gmAnswer(900, after),
    ]);
    expect(causes(told)).toEqual(['unknown']);
    expect(evidenceOf(told)).toMatch(/UPDOWN Serial1\/0 down .* up at[\s\S]*not decided/u);
  });

  // A GM registers at once when the link is back.
  test('leaves the cause undecided well before a due timer, unless the log tells when the registration began', () => {
    const looks = (...meanwhile: readonly Observation[]) =>
      history([
        gmAnswer(790, before),
        link(810, 'Serial1/0', 'down'),
        link(830, 'Serial1/0', 'up'),
        ...meanwhile,
        gmAnswer(900, { ...after, kekAt: before.kekAt ?? 0 }),
      ]);
    expect(causes(looks())).toEqual(['unknown']);
    expect(evidenceOf(looks())).toMatch(/UPDOWN Serial1\/0 down .* up at/u);
    expect(causes(looks(registers(833), completes(834)))).toEqual(['interface']);
    expect(causes(looks(registers(880), completes(881)))).toEqual(['legacy_ks']);
  });

  test('is the cause when its messages are found in the log buffer', () => {
    const told = history([
      clock(-1),
      gmAnswer(0, lasting),
      buffer(59, [
        {
          stampAt: 30,
          mnemonic: 'LINEPROTO-5-UPDOWN',
          text: 'Line protocol on Interface Serial1/0, changed state to down',
        },
        {
          stampAt: 45,
          mnemonic: 'LINEPROTO-5-UPDOWN',
          text: 'Line protocol on Interface Serial1/0, changed state to up',
        },
      ]),
      gmAnswer(60, again),
    ]);
    expect(causes(told)).toEqual(['interface']);
    expect(evidenceOf(told)).toContain('show logging: LINEPROTO-5-UPDOWN Serial1/0 down');
  });
});

describe('registration attempts that fail', () => {
  const failing = (at: number, attempted: number, over: GmSketch = {}) =>
    gmAnswer(at, {
      succeeded: 1,
      attempted,
      kekAt: 50_000,
      address: '198.51.100.7',
      keyServers: ['192.0.2.1'],
      ...over,
    });
  const failed = (told: History) => told.events.find(({ type }) => type === 'registration_failed');
  const unregistered: GmSketch = { registered: false, teks: {} };

  const OWN = [
    ['GDOI-3-GM_NO_IPSEC_FLOWS', /flows/u],
    ['GDOI-1-GM_INSTALL_POLICIES_FAIL', /install the policy/u],
    ['GDOI-3-GM_INCOMPLETE_CFG', /incomplete/u],
    ['CRYPTO-6-IKMP_MODE_FAILURE', /IKE/u],
    ['CRYPTO-4-IKMP_NO_SA', /IKE/u],
    ['PKI-3-CERTIFICATE_INVALID_EXPIRED', /certificate/u],
    ['PKI-3-CERTIFICATE_INVALID_NOT_YET_VALID', /certificate/u],
    ['PKI-3-CERTIFICATE_REVOKED', /certificate is revoked/u],
    ['PKI-3-CRL_FETCH_FAIL', /CRL/u],
    ['PKI-4-CRLINSERTFAIL', /CRL/u],
    ['GDOI-5-GM_REJECTING_SA_PAYLOAD', /rejected the policy/u],
  ] as const;

  test('already have their reason in registration_lost', () => {
    const told = history([
      failing(0, 1),
      log(40, 'GDOI-1-GM_INSTALL_POLICIES_FAIL'),
      failing(60, 2, { registered: false, teks: {} }),
    ]);
    const lost = told.events.find(({ type }) => type === 'registration_lost');
    expect(lost?.summary).toMatch(/no longer registered .*; it could not install the policy of its KS$/u);
    expect(lost?.action).toContain('is the downloaded policy installed');
  });

  describe('after the GM lost its registration', () => {
    const lostOf = (told: History) => told.events.find(({ type }) => type === 'registration_lost');
    const link = (at: number, state: 'up' | 'down', name = 'Serial1/0') =>
      log(at, 'LINEPROTO-5-UPDOWN', `Line protocol on Interface ${name}, changed state to ${state}`);

    const ENDINGS = [
      ['GDOI-5-GM_CM_DETACH', /crypto map was detached/u, /crypto map on the GM/u],
      ['GDOI-5-GM_UNREGISTER', /it left the group/u, /crypto map on the GM/u],
      ['GDOI-4-GM_RECV_DELETE', /its KS told it to delete its keys/u, /who removed members/u],
      ['GDOI-4-GM_RECV_DELETE_IMMEDIATE', /its KS told it to delete its keys/u, /who removed members/u],
      ['GDOI-4-GM_RECV_POLICY_REPLACE_NOW', /replace its policy at once/u, /who removed members/u],
    ] as const;

    test.each(ENDINGS)('%s is evidence and states why the registration was lost', (message, reason, step) => {
      const told = history([failing(0, 1), log(40, message), failing(60, 3, unregistered)]);
      expect(lostOf(told)?.evidence.join('\n')).toContain(message.split('-')[2]);
      expect(lostOf(told)?.summary).toMatch(reason);
      expect(lostOf(told)?.action).toMatch(step);
    });

    test('an order of the KS is evidence, but not the reason why the attempts after it fail', () => {
      const told = history([failing(0, 1), log(40, 'GDOI-4-GM_RECV_DELETE'), failing(60, 3, unregistered)]);
      expect(failed(told)?.summary).toMatch(/does not succeed$/u);
      expect(failed(told)?.evidence.join('\n')).toContain('GM_RECV_DELETE');
    });

    test.each([
      'GDOI-4-GM_RE_REGISTER',
      'GDOI-3-GDOI_REKEY_FAILURE',
      'GDOI-5-GM_DELETE_EXPIRED_KEK',
      'CRYPTO-4-RECVD_PKT_INV_SPI',
      'GDOI-5-GM_POLICY_CLEANUP',
    ])('%s is evidence, but not the reason why the attempts fail', (message) => {
      const told = history([failing(0, 1), log(40, message), failing(60, 3, unregistered)]);
      expect(lostOf(told)?.evidence.join('\n')).toContain(message.split('-')[2]);
      expect(failed(told)?.evidence.join('\n')).toContain(message.split('-')[2]);
      expect(failed(told)?.summary).toMatch(/does not succeed$/u);
    });

    test('the interface with the keys is the reason and the first step when it is down, not the path to the KS', () => {
      const told = history([failing(0, 1), link(40, 'down'), failing(60, 3, unregistered)]);
      const said = 'its interface Serial1/0 went down, and no message says that it is back';
      expect(lostOf(told)?.summary).toContain(said);
      expect(failed(told)?.summary).toContain(said);
      expect(failed(told)?.action).toMatch(/^show interfaces/u);
      expect(failed(told)?.evidence).toContain('log: LINEPROTO-5-UPDOWN Serial1/0 down at 2026-01-01T00:00:40Z');
      // It is not kept for the group: the next message may be that the interface is back.
      expect(told.state.groups.get('G1')?.failingFor).toBeUndefined();
    });

    test('an interface that went down and came back is evidence, but not the reason', () => {
      const told = history([failing(0, 1), link(40, 'down'), link(50, 'up'), failing(60, 3, unregistered)]);
      expect(failed(told)?.summary).toMatch(/does not succeed$/u);
      expect(failed(told)?.evidence.join('\n')).toMatch(/Serial1\/0 down at .*, up at /u);
    });

    test('an interface flap long before the attempts began to fail is not evidence', () => {
      const flap = [link(40, 'down'), link(50, 'up')];
      const told = history([failing(0, 1), ...flap, failing(3000, 1), failing(3600, 3, unregistered)]);
      expect(failed(told)?.evidence.join('\n')).not.toContain('LINEPROTO');
    });

    test('an interface that does not hold the keys is not evidence when it goes down', () => {
      const told = history([failing(0, 1), link(40, 'down', 'Serial9/9'), failing(60, 3, unregistered)]);
      expect(failed(told)?.evidence.join('\n')).not.toContain('LINEPROTO');
    });

    test('messages from before the GM got its keys are not evidence', () => {
      const told = history([
        failing(0, 1),
        link(20, 'down'),
        log(25, 'GDOI-4-GM_RECV_DELETE'),
        log(30, 'GDOI-5-GM_REGS_COMPL', 'Registration to KS 192.0.2.1 complete for group G1'),
        failing(60, 2, { succeeded: 2, teks: { '0x00000002': 90_000 } }),
        failing(120, 5, { ...unregistered, succeeded: 2 }),
      ]);
      const lines = [lostOf(told), failed(told)].flatMap((event) => event?.evidence ?? []).join('\n');
      expect(lines).not.toMatch(/LINEPROTO|GM_RECV_DELETE/u);
    });
  });

  test('are not explained by a message that stands before an older answer in a recording', () => {
    const told = history([
      failing(0, 1),
      log(70, 'GDOI-1-GM_INSTALL_POLICIES_FAIL'),
      failing(60, 3, { registered: false, teks: {} }),
    ]);
    expect(failed(told)?.evidence.join('\n')).not.toContain('INSTALL');
  });

  test.each(OWN)('have the reason that the GM states with %s', (message, reason) => {
    const told = history([
      failing(0, 1),
      log(40, message, 'without a group'),
      failing(60, 3, unregistered),
      failing(120, 5, unregistered),
    ]);
    expect(failed(told)?.summary).toMatch(reason);
    expect(failed(told)?.evidence.join('\n')).toContain(message.split('-')[2]);
  });

  test('have their reason kept for the explanation of the group until the GM is registered', () => {
    const lost = [failing(0, 1), log(40, 'GDOI-3-GM_INCOMPLETE_CFG'), failing(60, 3, unregistered)];
    const kept = (observations: readonly Observation[]) => history(observations).state.groups.get('G1')?.failingFor;
    expect(kept(lost)).toMatchObject({ reason: 'its group configuration is incomplete' });
    const still = Array.from({ length: 30 }, (_, index) => failing(120 + index * 60, 4 + index, unregistered));
    expect(kept([...lost, ...still])).toMatchObject({ reason: 'its group configuration is incomplete' });
    expect(kept([...lost, failing(120, 5, { succeeded: 2 })])).toBeUndefined();
  });

  test('have IKE as their reason when it fails with a KS, not when it fails with another peer', () => {
    const of = (peer: string) =>
      log(40, 'CRYPTO-6-IKMP_MODE_FAILURE', `Processing of Main mode failed with peer at ${peer}`);
    const own = history([failing(0, 1), of('192.0.2.1'), failing(60, 3, unregistered)]);
    expect(failed(own)?.summary).toContain('IKE');
    const other = history([failing(0, 1), of('203.0.113.9'), failing(60, 3, unregistered)]);
    expect(failed(other)?.summary).not.toContain('IKE');
  });

  test('do not have an unknown message as evidence', () => {
    const told = history([failing(0, 1), log(40, 'GDOI-3-GM_SOMETHING_FAILURE'), failing(60, 3, unregistered)]);
    expect(failed(told)?.evidence.join('\n')).not.toContain('SOMETHING');
  });

  /** The tracker of the GM gets the messages of ks1 through the view of the group. */
  function saidBy(ks: string, ...messages: readonly ReturnType<typeof log>[]): TrackOptions {
    const { state } = fed(initialTrackerState('gm1'), messages);
    const said = ksSaidOfGroup(state, 'G1', '3333').map((mark): KsSaid => ({ ks, mark }));
    return { ksSaid: () => said };
  }

  const REFUSALS = [
    [
      'GDOI-1-UNAUTHORIZED_IPADDR',
      'Group G1 received registration from unauthorized ip address: 198.51.100.7',
      /authorization/u,
    ],
    [
      'GDOI-1-UNAUTHORIZED_IDENTITY',
      'Group G1 received registration from unauthorized identity: x. Peer Address: 198.51.100.7',
      /authorization/u,
    ],
    [
      'GKM-4-REJECT_GM_VERSION_REGISTER',
      'Reject registration of GM 198.51.100.7 in group G1 as it has GDOI version 1.0.1',
      /version/u,
    ],
    ['GDOI-1-KS_NO_RSA_KEYS', 'RSA Key - K : Not found, Required for group G1', /mypubkey rsa/u],
    [
      'GDOI-3-COOP_CONFIG_MISMATCH',
      'WARNING: replay method configuration between Primary KS and Secondary KS are mismatched',
      /ks policy/u,
    ],
  ] as const;

  test.each(REFUSALS)('have the reason that the KS logs about the GM: %s', (message, text, step) => {
    const told = history([failing(0, 1), failing(60, 3, unregistered)], saidBy('ks1', log(50, message, text)));
    expect(failed(told)?.evidence.join('\n')).toContain(`ks1 log: ${message.split('-')[2]}`);
    expect(failed(told)?.action).toMatch(/^On ks1, /u);
    expect(failed(told)?.action).toMatch(step);
  });

  test('do not have as evidence what a KS logs about another GM or another group', () => {
    for (const text of [
      'Group G1 received registration from 198.51.100.70',
      'Group G2 received registration from 198.51.100.7',
    ]) {
      const told = history(
        [failing(0, 1), failing(60, 3, unregistered)],
        saidBy('ks1', log(50, 'GDOI-1-UNAUTHORIZED_IPADDR', text)),
      );
      expect(failed(told)?.evidence.join('\n')).not.toContain('UNAUTHORIZED');
    }
  });

  test('have the reason that the KS logs with an IPv6 address and the number of the group', () => {
    const six: GmSketch = { ...unregistered, address: '2001:DB8::7' };
    const options = saidBy(
      'ks1',
      log(50, 'GDOI-1-UNAUTHORIZED_IPADDR', 'Group id 3333 received registration from 2001:db8::7.'),
    );
    const told = history([failing(0, 1, { address: '2001:DB8::7' }), failing(60, 3, six)], options);
    expect(failed(told)?.summary).toContain('does not permit its address');
  });

  test.each(['2001:db8::7', '2001:DB8:0:0:0:0:0:7', '2001:0db8::0007'])(
    'have the reason that the KS logs, also when it writes the IPv6 address of the GM as %s',
    (text) => {
      const options = saidBy(
        'ks1',
        log(50, 'GDOI-1-UNAUTHORIZED_IPADDR', `Group G1 received registration from unauthorized ip address: ${text}`),
      );
      const address = '2001:DB8::7';
      const of = (own: string) =>
        failed(history([failing(0, 1, { address: own }), failing(60, 3, { ...unregistered, address: own })], options));
      expect(of(address)?.summary).toContain('does not permit its address');
      expect(of('2001:DB8::70')?.summary).not.toContain('does not permit');
    },
  );
});

test('quotes GM_RE_REGISTER as evidence, though it does not state a reason', () => {
  const told = history([
    gmAnswer(0, lasting),
    log(40, 'GDOI-4-GM_RE_REGISTER', 'Re-register to KS for group G1'),
    gmAnswer(60, again),
  ]);
  expect(evidenceOf(told)).toContain('log: GM_RE_REGISTER at ');
});

test('says of a registration without a timer that the GM had left the group, but not what a clean-up may do at any time', () => {
  const told = history([
    gmAnswer(0, lasting),
    log(30, 'GDOI-5-GM_UNREGISTER', 'GM left the group G1'),
    log(31, 'GDOI-5-GM_POLICY_CLEANUP', 'policy removed, group G1'),
    gmAnswer(60, again),
  ]);
  expect(causes(told)).toEqual(['unknown']);
  const [event] = reregistrations(told);
  expect(event?.summary).toMatch(/cause not known; its log: it left the group$/u);
  expect(event?.evidence.join('\n')).toContain('log: GM_UNREGISTER at');
  expect(event?.evidence.join('\n')).not.toContain('GM_POLICY_CLEANUP');
  expect(event?.action).toContain('crypto map');
});

test('quotes GM_RE_REGISTER after a clear as well, together with the message of the clear', () => {
  const told = history([
    gmAnswer(0, { ...lasting, succeeded: 3 }),
    log(30, 'GDOI-5-GM_CLEAR_REGISTER', 'Config: GM 10.1.13.2 cleared gdoi configuration in the group G1.'),
    log(40, 'GDOI-4-GM_RE_REGISTER', 'Re-register to KS for group G1'),
    log(42, 'GDOI-5-GM_REGS_COMPL', 'complete for group G1'),
    gmAnswer(60, { ...lasting, succeeded: 1, received: 0 }),
  ]);
  expect(causes(told)).toEqual(['operator_clear']);
  expect(evidenceOf(told)).toMatch(/GM_RE_REGISTER at[\s\S]*GM_REGS_COMPL at[\s\S]*GM_CLEAR_REGISTER at/u);
});

test('counts unexpected re-registrations within an hour in the summary from the third one on', () => {
  const answers = Array.from({ length: 10 }, (_, index) => gmAnswer(60 * index, { ...lasting, succeeded: 1 + index }));
  const told = reregistrations(history(answers)).map(
    ({ summary }) => /, ([^,]*) unexpected one/u.exec(summary)?.[1] ?? null,
  );
  expect(told).toEqual([
    null,
    null,
    'the third',
    'the fourth',
    'the fifth',
    'the sixth',
    'the seventh',
    'the eighth',
    'at least the eighth',
  ]);
});

test('an order of the KS explains the registration that follows it, but not one by a timer half an hour later', () => {
  const order = (at: number) => log(at, 'GDOI-4-GM_RECV_POLICY_REPLACE_NOW');
  expect(causes(history([gmAnswer(0, lasting), order(30), gmAnswer(60, again)]))).toEqual(['ks_forced']);
  const due: GmSketch = { ...lasting, timerAt: 2400, teks: { '0x00000001': 2500 } };
  const told = history([
    gmAnswer(0, due),
    order(30),
    gmAnswer(2390, due),
    gmAnswer(2420, { ...due, succeeded: 2, timerAt: 5900, teks: { '0x00000002': 6000 } }),
  ]);
  expect(causes(told)).toEqual(['tek_expired']);
});

describe('a failure of the IKE that the group does not use', () => {
  const ABORT = 'IKEV2-3-NEG_ABORT';
  const aborted = (at: number) => log(at, ABORT, 'Negotiation aborted due to ERROR: Auth exchange failed');
  const bad = (at: number) =>
    log(at, 'CRYPTO-4-IKMP_BAD_MESSAGE', 'IKE message from 10.1.11.2 failed its sanity check');
  const lost: GmSketch = { ...lasting, registered: false, attempted: 3 };
  const failed = (groupType: GroupType | null, ...messages: readonly Observation[]) =>
    history([
      gmAnswer(0, { ...lasting, groupType }),
      ...messages,
      gmAnswer(60, { ...lost, groupType }),
      gmAnswer(120, { ...lost, groupType, attempted: 5 }),
      gmAnswer(180, { ...lost, groupType, attempted: 7 }),
    ]).events.find(({ type }) => type === 'registration_failed');
  const registered = (groupType: GroupType | null, ...messages: readonly Observation[]) =>
    history([gmAnswer(0, { ...lasting, groupType }), ...messages, gmAnswer(60, { ...again, groupType })]).events[0];

  test.each([
    ['gdoi', aborted(30), 'NEG_ABORT', 'IKEv2'],
    ['gikev2', bad(30), 'IKMP_BAD_MESSAGE', 'IKE with its KS failed'],
  ] as const)('is evidence of a %s group, and no reason', (groupType, message, mnemonic, words) => {
    for (const event of [failed(groupType, message), registered(groupType, message)]) {
      expect(event?.evidence.join('\n')).toContain(mnemonic);
      expect(event?.summary).not.toContain(words);
      expect(event?.action).not.toMatch(/^show crypto (?:ikev2|isakmp) sa/u);
    }
  });

  test.each([
    ['gikev2', aborted(30), 'an IKEv2 negotiation was aborted'],
    ['gdoi', bad(30), 'IKE with its KS failed'],
    [null, aborted(30), 'an IKEv2 negotiation was aborted'],
    [null, bad(30), 'IKE with its KS failed'],
  ] as const)(
    'is the reason of a %s group if it is of the one that this uses, or may use',
    (groupType, message, why) => {
      expect(failed(groupType, message)?.summary).toContain(why);
      expect(registered(groupType, message)?.summary).toContain(why);
    },
  );

  test('does not hide the reason that came before it', () => {
    expect(failed('gdoi', bad(30), aborted(35))?.summary).toContain('IKE with its KS failed');
    expect(registered('gdoi', bad(30), aborted(35))?.summary).toContain('IKE with its KS failed');
  });
});
