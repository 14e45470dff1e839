/**
 * Siblings of the timelines from the field: the same kinds of trouble with other messages, stamps, groups, orders and
 * values, through the door of `gdoiwatch replay`. What must come out is the cause, the words of the routers as
 * evidence, and the first step.
 */
import { describe, expect, test } from 'vitest';
import type { GdoiEvent } from '../../../src/gdoi/events/event.ts';
import {
  asked,
  GM_ADDRESS,
  gmText,
  KS1,
  KS2,
  later,
  replayedLines,
  replayText,
  said,
  type ShownGm,
  stampAt,
  type TimelineLine,
} from '../../builders/field-timeline.ts';
import { showCryptoGdoiOfKs } from '../../builders/shown-gdoi.ts';

const GROUP = 'BRANCH-A';
const LINK = 'TenGigabitEthernet0/1/0';

function wordsOf(event: GdoiEvent | undefined): string {
  return [event?.summary, ...(event?.evidence ?? []), event?.action].join('\n');
}

function told(lines: readonly TimelineLine[], type: GdoiEvent['type'], group = GROUP): readonly GdoiEvent[] {
  return replayedLines(lines).filter((event) => event.type === type && event.group === group);
}

function registration(lines: readonly TimelineLine[], group = GROUP): GdoiEvent | undefined {
  const all = told(lines, 'reregistration', group);
  expect(all).toHaveLength(1);
  return all[0];
}

/** `show crypto gdoi` of ks1, which makes it a KS of the group; without it only its log is known. */
const KS1_ANSWERS = asked(0, showCryptoGdoiOfKs({ group: GROUP, address: KS1 }), 'show crypto gdoi', 'ks1');
const BOTH_SIDES = [
  ['of a KS that answers', [KS1_ANSWERS]],
  ['of a KS of which only the log is known', []],
] as const;

describe('a rekey came and could not be used', () => {
  /** The KEK has 260 s left and the GM registers 150 s before its end. */
  const held: ShownGm = { timer: 110, kek: 260, teks: [{ left: 1500 }] };
  const after: ShownGm = { succeeded: 5, kek: 86_300, timer: 1300, teks: [{ left: 1380 }] };
  const around = (...messages: readonly TimelineLine[]) => [
    asked(1, gmText(held)),
    ...messages.filter(({ at }) => at < 61),
    asked(61, gmText(later(held, 60))),
    ...messages.filter(({ at }) => at > 61),
    asked(121, gmText(after)),
  ];

  test.each([
    [
      'GDOI-3-GDOI_REKEY_FAILURE',
      `Processing of REKEY payloads failed on GM ${GM_ADDRESS} in the group ${GROUP}`,
      /rsa/u,
    ],
    ['GKM-3-GDOI_REKEY_FAILURE', `failed in group ${GROUP}, with peer at ${KS2}`, /rsa/u],
    ['GDOI-3-GDOI_REKEY_SEQ_FAILURE', `Failed to process rekey seq # 1 for group ${GROUP}, last seq # 17`, /seq num/u],
    ['GDOI-5-GM_REKEY_CIPHER_HASH_CHECK_FAIL', `Rekey cipher AES used in Group ${GROUP} is unacceptable`, /allowable/u],
    ['GDOI-5-GM_REKEY_TRANSFORMSET_CHECK_FAIL', `Transformset used in Group ${GROUP} is unacceptable`, /allowable/u],
    ['GDOI-3-GDOI_REKEY_FAILURE', '', /rsa/u],
  ])('%s: %s', (message, text, step) => {
    for (const at of [2, 30, 60, 62, 80]) {
      const event = registration(around(said(at, `${message}: ${text}`)));
      expect(event).toMatchObject({ cause: 'kek_missed_rekey', severity: 'warning', unexpected: true });
      expect(event?.evidence.join('\n')).toContain(`log: ${message.split('-')[2]} at 2026-05-11T22:0`);
      expect(event?.summary).toContain('because a rekey came');
      expect(event?.action).toMatch(step);
    }
  });

  test('of another group it says nothing', () => {
    const event = registration(around(said(30, 'GDOI-3-GDOI_REKEY_FAILURE: failed in the group BRANCH-B')));
    expect(wordsOf(event)).not.toContain('REKEY_FAILURE');
    expect(event?.summary).toContain('did not reach it');
  });

  test('with another KS afterwards both are said', () => {
    const lines = around(said(30, `GDOI-3-GDOI_REKEY_FAILURE: in group ${GROUP}`)).slice(0, -1);
    const event = registration([...lines, asked(121, gmText({ ...after, server: KS2 }))]);
    expect(event?.cause).toBe('kek_missed_rekey');
    expect(wordsOf(event)).toMatch(new RegExp(`REKEY_FAILURE[\\s\\S]*Registered with ${KS1} -> ${KS2}`, 'u'));
  });

  test('where no timer explains the registration it is the only word there is', () => {
    const event = registration([
      asked(1, gmText({})),
      said(30, `GDOI-3-GDOI_REKEY_FAILURE: in the group ${GROUP}`),
      asked(61, gmText({ ...later({}, 60), succeeded: 5, timer: 2300 })),
    ]);
    expect(event?.cause).toBe('unknown');
    expect(event?.summary).toContain('its log: a rekey came that it could not use');
    expect(event?.action).toMatch(/rsa/u);
  });

  test('before the TEK’s end likewise', () => {
    const short: ShownGm = { timer: 90, teks: [{ left: 165 }] };
    const event = registration([
      asked(1, gmText(short)),
      said(30, `GDOI-3-GDOI_REKEY_FAILURE: in the group ${GROUP}`),
      asked(61, gmText(later(short, 60))),
      asked(121, gmText({ succeeded: 5, kek: 29_880, timer: 3400, teks: [{ spi: '0x00AABB01', left: 3570 }] })),
    ]);
    expect(event).toMatchObject({ cause: 'tek_expired' });
    expect(event?.summary).toContain('a rekey came that it could not use');
  });

  describe.each(BOTH_SIDES)('in the words %s', (_name, before) => {
    test.each([
      ['KS_NO_RSA_KEYS', `RSA Key - rekeys : Not found, Required for group ${GROUP}`, /On ks1, .*mypubkey rsa/u],
      ['KS_NACK_GM_EJECT', `KS ejected GM ${GM_ADDRESS} in group ${GROUP}.`, /On ks1, .*Acks missed/u],
      ['COOP_CONFIG_MISMATCH', `WARNING: TEK configuration in group ${GROUP} mismatched with ${KS2}`, /On ks1, /u],
    ])('%s', (message, text, step) => {
      const event = registration([...before, ...around(said(30, `GDOI-1-${message}: ${text}`, 'ks1'))]);
      expect(event?.cause).toBe('kek_missed_rekey');
      expect(event?.evidence.join('\n')).toContain(`ks1 log: ${message}`);
      expect(event?.action).toMatch(step);
    });
  });
});

describe('a recovery registration', () => {
  const again: ShownGm = { ...later({}, 60), succeeded: 5, timer: 2300 };
  const packet = (at: number) =>
    said(
      at,
      `CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr=${GM_ADDRESS}, prot=50`,
    );
  const recovers = (at: number, text = `register to KS to refresh policy in group ${GROUP}`) =>
    said(at, `GDOI-4-GM_RECOVERY_REGISTER: ${text}`);

  test.each([
    ['with the same KS', [packet(20), recovers(22)], again],
    ['with another KS', [packet(20), recovers(22)], { ...again, server: KS2 }],
    ['said before the packet', [recovers(20), packet(22)], { ...again, server: KS2 }],
    ['without the packet', [recovers(22)], { ...again, server: KS2 }],
    ['without the name of the group', [packet(20), recovers(22, 'GM recovery re-registration')], again],
  ])('%s', (_name, messages, ended) => {
    const event = registration([asked(1, gmText({})), ...messages, asked(61, gmText(ended))]);
    expect(event).toMatchObject({ cause: 'recovery', severity: 'warning', unexpected: true });
    expect(wordsOf(event)).toContain('log: GM_RECOVERY_REGISTER at ');
    expect(event?.action).toContain('show crypto gdoi ks coop');
  });

  test('of one group of two is that group’s only', () => {
    const other: ShownGm = { group: 'BRANCH-B', identity: '99', teks: [{ left: 3000, spi: '0x00000011' }] };
    const lines = [
      asked(1, gmText({}, other)),
      packet(20),
      recovers(22, 'recovery re-registration for group BRANCH-B'),
      asked(61, gmText(later({}, 60), { ...later(other, 60), succeeded: 5, server: KS2, timer: 2300 })),
    ];
    expect(registration(lines, 'BRANCH-B')).toMatchObject({ cause: 'recovery' });
    expect(told(lines, 'reregistration', GROUP)).toEqual([]);
  });

  test('that only its packets tell of keeps them as evidence', () => {
    const same = registration([asked(1, gmText({})), packet(20), asked(61, gmText(again))]);
    expect(same?.cause).toBe('unknown');
    expect(same?.summary).toContain('a TEK that it does not hold');
    const other = registration([asked(1, gmText({})), packet(20), asked(61, gmText({ ...again, server: KS2 }))]);
    expect(wordsOf(other)).toContain('RECVD_PKT_INV_SPI');
  });
});

describe('an interface that goes down', () => {
  const again: ShownGm = { ...later({}, 60), succeeded: 5, timer: 2300 };
  const changed = (name: string, state: string, message = 'LINEPROTO-5-UPDOWN') =>
    `${message}: ${message.startsWith('LINEPROTO') ? 'Line protocol on ' : ''}Interface ${name}, changed state to ${state}`;
  const flap = (down: TimelineLine, up: TimelineLine, on = {}) =>
    registration([asked(1, gmText(on)), down, up, asked(61, gmText({ ...later(on, 60), succeeded: 5, timer: 2300 }))]);

  test.each(['LINEPROTO-5-UPDOWN', 'LINK-3-UPDOWN', 'LINK-5-CHANGED'])('%s', (message) => {
    const event = flap(said(20, changed(LINK, 'down', message)), said(40, changed(LINK, 'up', message)));
    expect(event).toMatchObject({ cause: 'interface', unexpected: false, severity: 'info' });
    expect(wordsOf(event)).toMatch(new RegExp(`${message} ${LINK} down at .*22:00:20.* up at .*22:00:40`, 'u'));
  });

  test.each([
    ['GigabitEthernet0/0/1.300', 'GigabitEthernet0/0/1'],
    ['GigabitEthernet0/0/1', 'Gi0/0/1'],
    ['Port-channel10.200', 'Port-channel10'],
    ['Tunnel7', 'Tunnel7'],
    ['Vlan12', 'Vlan12'],
    ['Cellular0/2/0', 'Cellular0/2/0'],
    ['Dialer1', 'Dialer1'],
    ['ATM0/1/0.1', 'ATM0/1/0'],
  ])('%s, in a message of %s', (holding, name) => {
    const on: ShownGm = { teks: [{ left: 3100, interface: holding }] };
    expect(flap(said(20, changed(name, 'down')), said(40, changed(name, 'up')), on)?.cause).toBe('interface');
  });

  /** The same stamp in both messages, as whole seconds or an uptime of weeks print it. */
  const STAMPS: readonly (readonly [string, (at: number, message: string) => string])[] = [
    ['no stamp', (_at, message) => `<189>%${message}`],
    ['an uptime of weeks', (_at, message) => `<189>1w2d: %${message}`],
    ['an uptime of hours', (at, message) => `<189>03:10:${at}: %${message}`],
    ['a clock never set', (at, message) => `<189>77: *${stampAt(at)}: %${message}`],
    ['a zone', (at, message) => `<189>77: ${stampAt(at, { zone: ' CEST' })}: %${message}`],
    ['a year', (at, message) => `<189>${stampAt(at, { year: true })}: %${message}`],
    ['a relay’s head', (at, message) => `<189>May 11 22:00:${at} gm1 77: ${stampAt(at)}: %${message}`],
    ['RFC 5424’s head', (at, message) => `<189>1 2026-05-11T22:00:${at}Z gm1 - - - - : ${stampAt(at)}: %${message}`],
    ['a process of IOS XE', (at, message) => `<189>${stampAt(at)}: %${message.replace(': ', ': R0/0: ifmgr: ')}`],
    ['whole seconds, both in one', (_at, message) => `<189>${stampAt(40).slice(0, -4)}: %${message}`],
  ];

  test.each(STAMPS)('with %s', (_name, written) => {
    const line = (at: number, state: string) => ({ at, syslog: written(at, changed(LINK, state)) });
    expect(wordsOf(flap(line(20, 'down'), line(40, 'up')))).toMatch(/down at .*22:00:20.*, up at .*22:00:40/u);
  });

  test('one that comes back before a timer was due leaves both causes', () => {
    const due: ShownGm = { timer: 55, teks: [{ left: 125 }] };
    const event = registration([
      asked(1, gmText(due)),
      said(20, changed(LINK, 'down')),
      said(50, changed(LINK, 'up')),
      asked(61, gmText({ succeeded: 5, kek: 29_940, timer: 3300, teks: [{ spi: '0x00000077', left: 3560 }] })),
    ]);
    expect(event?.cause).toBe('unknown');
    expect(wordsOf(event)).toContain('not decided');
  });

  test('is the reason of a GM that could not register meanwhile, and did then', () => {
    const lost: ShownGm = { server: null, attempted: 7, kek: null, teks: [], timer: null };
    const event = registration([
      asked(1, gmText({})),
      said(20, changed(LINK, 'down')),
      asked(61, gmText(lost)),
      said(100, changed(LINK, 'up')),
      asked(121, gmText({ ...later(again, 60), attempted: 8 })),
    ]);
    expect(event?.cause).toBe('interface');
  });
});

describe('messages in the log buffer, read with the answers', () => {
  const lines = (...messages: readonly (readonly [at: number, text: string])[]) =>
    `Syslog logging: enabled\n\nLog Buffer (8192 bytes):\n\n${messages.map(([at, text]) => `${stampAt(at)}: %${text}\n`).join('')}`;
  const known = [-300, 'SYS-5-CONFIG_I: Configured from console by vty0'] as const;
  const down = [20, `LINEPROTO-5-UPDOWN: Line protocol on Interface ${LINK}, changed state to down`] as const;
  const up = [40, `LINEPROTO-5-UPDOWN: Line protocol on Interface ${LINK}, changed state to up`] as const;
  const clockAt = (at: number) =>
    asked(at, `22:0${Math.floor(at / 60)}:0${at % 60}.000 UTC Mon May 11 2026\n`, 'show clock');
  const again: ShownGm = { ...later({}, 60), succeeded: 5, timer: 2300 };

  test.each([
    [
      'before them',
      (at: number, text: string, answer: string) => [clockAt(at), asked(at, text, 'show logging'), asked(at, answer)],
    ],
    [
      'after them',
      (at: number, text: string, answer: string) => [asked(at, answer), clockAt(at), asked(at, text, 'show logging')],
    ],
    [
      'between',
      (at: number, text: string, answer: string) => [clockAt(at), asked(at, answer), asked(at, text, 'show logging')],
    ],
  ])('%s they say the same', (_name, look) => {
    const event = registration([
      ...look(1, lines(known), gmText({})),
      ...look(61, lines(known, down, up), gmText(again)),
    ]);
    expect(event?.cause).toBe('interface');
    expect(wordsOf(event)).toMatch(/show logging: LINEPROTO-5-UPDOWN .* down at .*22:00:20.*, up at .*22:00:40/u);
  });
});

describe('registered, and attempts fail', () => {
  const ending: ShownGm = { timer: 62, teks: [{ left: 130 }] };
  const failing = (attempts: readonly number[], ...messages: readonly TimelineLine[]) => [
    asked(1, gmText({ ...ending, attempted: attempts[0] ?? 4 })),
    ...messages,
    ...attempts.slice(1).map((attempted, index) => {
      const seconds = 30 * (index + 1);
      return asked(1 + seconds, gmText({ ...later(ending, seconds), timer: 10, attempted }));
    }),
  ];
  const failed = (lines: readonly TimelineLine[]) => told(lines, 'registration_failed');

  test.each([
    ['by two', [4, 6, 8], 2],
    ['one by one', [4, 5, 6], 2],
    ['from failures long ago', [9, 9, 12], 3],
    ['at once', [4, 9], 5],
  ])('%s', (_name, attempts, count) => {
    const [event, ...others] = failed(failing(attempts));
    expect(others).toEqual([]);
    expect(event?.severity).toBe('warning');
    expect(wordsOf(event)).toMatch(
      new RegExp(`still registered, \\d+ s of its last TEK left[\\s\\S]*: ${count} attempts failed`, 'u'),
    );
  });

  test('not where none failed since it registered', () => {
    expect(failed(failing([9, 9, 9]))).toEqual([]);
    expect(failed(failing([4, 5, 5]))).toEqual([]);
  });

  describe.each(BOTH_SIDES)('a reason in the words %s', (_name, before) => {
    test.each([
      [
        'GDOI-1-UNAUTHORIZED_IPADDR',
        `Group ${GROUP} received registration from unauthorized ip address: ${GM_ADDRESS}`,
        /authorization list/u,
      ],
      [
        'GDOI-1-UNAUTHORIZED_IDENTITY',
        `Group ${GROUP} received registration from unauthorized identity:    cn=x. Peer Address: ${GM_ADDRESS}`,
        /authorization list/u,
      ],
      [
        'GKM-4-REJECT_GM_VERSION_REGISTER',
        `Reject registration of GM ${GM_ADDRESS} in group ${GROUP}`,
        /upgrade the GM/u,
      ],
      ['GDOI-1-KS_NO_RSA_KEYS', `RSA Key - k : Not found, Required for group ${GROUP}`, /mypubkey rsa/u],
      ['GDOI-3-COOP_LIMIT_REACHED', `Peer ${KS2} cannot support 1200 GMs in group ${GROUP}`, /members summary/u],
    ])('%s: %s', (message, text, step) => {
      const [event] = failed([...before, ...failing([4, 7], said(20, `${message}: ${text}`, 'ks1'))]);
      expect(wordsOf(event)).toContain(`ks1 log: ${message.split('-')[2]}`);
      expect(event?.summary).toMatch(/does not succeed: /u);
      expect(event?.action).toMatch(/^On ks1, /u);
      expect(event?.action).toMatch(step);
    });

    test.each([
      ['another GM', `Group ${GROUP} received registration from unauthorized ip address: 203.0.113.42`],
      [
        'an address that only begins so',
        `Group ${GROUP} received registration from unauthorized ip address: ${GM_ADDRESS}0`,
      ],
      ['another group', `Group BRANCH-B received registration from unauthorized ip address: ${GM_ADDRESS}`],
    ])('about %s is none', (_about, text) => {
      const [event] = failed([...before, ...failing([4, 7], said(20, `GDOI-1-UNAUTHORIZED_IPADDR: ${text}`, 'ks1'))]);
      expect(wordsOf(event)).not.toContain('UNAUTHORIZED');
    });
  });

  test.each([
    ['CRYPTO-6-IKMP_MODE_FAILURE', `Processing of Main mode failed with peer at ${KS1}`, /IKE with its KS/u],
    ['CRYPTO-4-IKMP_NO_SA', `IKE message from ${KS1} has no SA`, /IKE with its KS/u],
    ['CRYPTO-6-IKMP_AUTH_FAIL', `Authentication method 4 failed with host ${KS1}`, /IKE with its KS/u],
    ['CRYPTO-5-IKMP_INVAL_CERT', `Certificate received from ${KS1} is bad: unknown error`, /certificate/u],
    [
      'CRYPTO-5-IKMP_SETUP_FAILURE',
      `IKE SETUP FAILED for local:${GM_ADDRESS} local_id:${GM_ADDRESS} remote:${KS1} remote_id:None IKE profile:None fvrf:None fail_reason:Peer lost fail_class_cnt:1`,
      /IKE with its KS/u,
    ],
    ['IKEV2-3-NEG_ABORT', 'Negotiation aborted due to ERROR: Auth exchange failed', /IKEv2 negotiation/u],
    ['PKI-3-CERTIFICATE_INVALID_EXPIRED', 'Certificate chain validation has failed.', /certificate/u],
    ['PKI-3-CRL_FETCH_FAIL', 'CRL fetch for trustpoint CA failed', /CRL/u],
    ['GDOI-3-GM_NO_IPSEC_FLOWS', 'IPSec FLOW limit possibly reached', /flows/u],
    [
      'GDOI-1-GM_INSTALL_POLICIES_FAIL',
      `FAILED: Installation of policies from KS ${KS1} for group ${GROUP}`,
      /install/u,
    ],
  ])('a reason of its own: %s', (message, text, reason) => {
    const [event] = failed(failing([4, 7], said(20, `${message}: ${text}`)));
    expect(event?.summary).toMatch(reason);
    expect(wordsOf(event)).toContain(`log: ${message.split('-')[2]}`);
  });

  test('IKE with another peer is none', () => {
    const text =
      'CRYPTO-5-IKMP_SETUP_FAILURE: IKE SETUP FAILED for local:198.51.100.200 local_id:198.51.100.200 remote:203.0.113.99 remote_id:None';
    expect(wordsOf(failed(failing([4, 7], said(20, text)))[0])).not.toContain('IKMP');
  });

  test('IKE that failed on the KS’s end is one where it names the GM', () => {
    const at = (peer: string) =>
      failed([
        KS1_ANSWERS,
        ...failing(
          [4, 7],
          said(20, `CRYPTO-6-IKMP_MODE_FAILURE: Processing of Main mode failed with peer at ${peer}`, 'ks1'),
        ),
      ])[0];
    expect(at(GM_ADDRESS)?.summary).toContain('IKE between the KS and it failed');
    expect(wordsOf(at('203.0.113.99'))).not.toContain('IKMP');
  });

  test.each([
    ['CERTIFICATE_INVALID_EXPIRED', 'PKI-3-CERTIFICATE_INVALID_EXPIRED: Certificate chain validation has failed.'],
    ['NEG_ABORT', 'IKEV2-3-NEG_ABORT: Negotiation aborted due to ERROR: Auth exchange failed'],
  ])('%s of the KS may be about another GM: it is shown and is no reason', (mnemonic, message) => {
    const [event] = failed([KS1_ANSWERS, ...failing([4, 7], said(20, message, 'ks1'))]);
    expect(wordsOf(event)).toContain(`ks1 log: ${mnemonic}`);
    expect(event?.summary).toMatch(/does not succeed; it is still registered/u);
  });
});

describe('registered without a TEK', () => {
  test.each([
    ['that ran out', [{ left: 20 }], [61]],
    ['that went before its end', [{ left: 2000 }], [61, 121]],
    ['that never was there', [], [61]],
  ])('%s', (_name, teks, answers) => {
    const none: ShownGm = { teks: [] };
    const [event, ...others] = told(
      [
        asked(1, gmText({ teks })),
        ...answers.map((at) => asked(at, gmText(later(none, at - 1)))),
        asked(181, gmText(later(none, 180))),
      ],
      'tek_missing',
    );
    expect(others).toEqual([]);
    expect(event).toMatchObject({ severity: 'critical' });
    expect(event?.summary).toContain('holds no TEK');
  });

  test('a lifetime of 0 that stays is none', () => {
    const over: ShownGm = { teks: [{ left: 0 }] };
    const lines = [asked(1, gmText({ teks: [{ left: 20 }] })), asked(61, gmText({ ...over, kek: 29_940 }))];
    expect(told(lines, 'tek_missing')).toHaveLength(1);
  });

  test('the policy that it could not install is the reason', () => {
    const message = `GDOI-1-GM_INSTALL_POLICIES_FAIL: FAILED: Installation of policies from KS ${KS1} for group ${GROUP}`;
    const none: ShownGm = { succeeded: 5, teks: [] };
    const lines = [
      asked(1, gmText({ teks: [{ left: 80 }] })),
      said(30, message),
      asked(61, gmText(later(none, 60))),
      asked(121, gmText(later(none, 120))),
    ];
    const [event] = told(lines, 'tek_missing');
    expect(event?.summary).toContain('could not install the policy');
    expect(wordsOf(event)).toContain('GM_INSTALL_POLICIES_FAIL');
  });
});

describe('packets that are dropped', () => {
  const message =
    `GDOI-4-TIMEBASED_REPLAY_FAILED: An anti replay check has failed in group ${GROUP}: ` +
    'my_pseudotime = 5012.66 secs, peer_pseudotime = 4998.44 secs, replay_window = 5 (sec), src_ip = 203.0.113.9';
  const counters = (at: number, group: string, input: number, output = 0) =>
    asked(at, replayText(group, input, output), 'show crypto gdoi gm replay');
  const answer = (at: number) => asked(at, gmText(later({}, at - 1)));

  test.each([
    ['one a second and more', 5, 2005, 0, 'critical'],
    ['a few', 5, 8, 0, 'warning'],
    ['of those sent', 5, 5, 900, 'critical'],
  ])('%s', (_name, before, after, output, severity) => {
    const [event] = told(
      [answer(1), counters(1, GROUP, before), answer(61), counters(61, GROUP, after, output)],
      'replay_errors',
    );
    expect(event).toMatchObject({ severity });
    expect(event?.action).toContain('show crypto gdoi gm replay');
  });

  test('of one group of two, and not those of long ago', () => {
    const two = (at: number) => asked(at, gmText(later({}, at), later({ group: 'BRANCH-B', identity: '99' }, at)));
    const shown = (at: number, errors: number) =>
      asked(at, replayText(GROUP, 7000) + replayText('BRANCH-B', errors), 'show crypto gdoi gm replay');
    const lines = [two(1), shown(1, 5), two(61), shown(61, 700)];
    expect(told(lines, 'replay_errors', 'BRANCH-B')).toHaveLength(1);
    expect(told(lines, 'replay_errors', GROUP)).toEqual([]);
  });

  test.each([
    ['TIMEBASED_REPLAY_FAILED', message, /own 5012\.66 s, peer 4998\.44 s, window 5 s/u],
    [
      'PSEUDO_TIME_LARGE',
      `GDOI-3-PSEUDO_TIME_LARGE: Pseudotime difference is larger than expected in group ${GROUP}`,
      /PSEUDO_TIME_LARGE/u,
    ],
    ['PKT_REPLAY_ERR', 'CRYPTO-4-PKT_REPLAY_ERR: decrypt: replay check failed connection id=2001', /PKT_REPLAY_ERR/u],
    [
      'the same of the forwarding engine of IOS XE',
      'IOSXE-3-PLATFORM: R0/0: cpp_cp: QFP:0.0 Thread:001 TS:00000612 %IPSEC-3-REPLAY_ERROR: IPSec SA receives anti-replay error, DP Handle 9, src_addr 198.51.100.9, dest_addr 198.51.100.7, SPI 0x77aa0001',
      /REPLAY_ERROR \(from 198\.51\.100\.9\)/u,
    ],
  ])('%s alone tells of them where no counter is read', (_name, text, words) => {
    const [event] = told([answer(1), said(30, text), answer(61)], 'replay_errors');
    expect(wordsOf(event)).toMatch(words);
  });

  test('nor are counters that are not read again: the message tells, and says so', () => {
    const [event] = told(
      [answer(1), counters(1, GROUP, 5), said(30, message), answer(61), answer(181)],
      'replay_errors',
    );
    expect(wordsOf(event)).toContain('last read before');
  });

  test('a message before the counters that rise is told with them, once', () => {
    const lines = [
      answer(1),
      counters(1, GROUP, 5),
      said(30, message),
      answer(61),
      counters(61, GROUP, 9000),
      answer(121),
    ];
    const [event, ...others] = told(lines, 'replay_errors');
    expect(others).toEqual([]);
    expect(event?.severity).toBe('critical');
    expect(wordsOf(event)).toMatch(/5 -> 9000[\s\S]*TIMEBASED_REPLAY_FAILED/u);
  });
});

describe('a KS put the GM out', () => {
  test.each(['KS_GM_REVOKED', 'GM_DELETE'])('by its own word, %s, and no timer was due', (message) => {
    const event = registration([
      KS1_ANSWERS,
      asked(1, gmText({})),
      said(30, `GDOI-5-${message}: GM ${GM_ADDRESS} in group ${GROUP}`, 'ks1'),
      asked(61, gmText({ ...later({}, 60), succeeded: 5, timer: 2300 })),
    ]);
    expect(event?.cause).toBe('ks_forced');
    expect(wordsOf(event)).toContain(`ks1 log: ${message}`);
  });
});

describe('a message that a relay has kept, and hands on when the next registration is near', () => {
  const SHOWN: ShownGm = { succeeded: 4, timer: 2500, kek: 30_000 };
  const AFTER: ShownGm = { succeeded: 5, timer: 2900, kek: 28_400, teks: [{ spi: '0x11111111', left: 3500 }] };
  const polls = (from: number, to: number, shown: ShownGm) =>
    Array.from({ length: Math.floor((to - from) / 60) + 1 }, (_, index) =>
      asked(from + index * 60, gmText(later(shown, index * 60))),
    );
  const stamped = (at: number, stampSeconds: number, message: string): TimelineLine => ({
    at,
    syslog: `<189>${500 + at}: ${stampAt(stampSeconds)}: %${message}`,
  });
  const world = (...messages: readonly TimelineLine[]) =>
    [...polls(1, 1561, SHOWN), ...polls(1621, 1861, AFTER), ...messages].toSorted((a, b) => a.at - b.at);
  const early = said(5, 'SYS-5-CONFIG_I: Configured from console by admin on vty0');

  const MESSAGES = [
    `LINEPROTO-5-UPDOWN: Line protocol on Interface ${LINK}, changed state to down`,
    `GDOI-5-GM_CLEAR_REGISTER: Config: GM cleared gdoi configuration for the group ${GROUP}`,
    `GDOI-4-GM_RECV_DELETE: GM received delete-msg from KS in group ${GROUP}. TEKs lifetime are reduced`,
    `GDOI-4-GM_RECOVERY_REGISTER: GM recovery re-registration for group ${GROUP} will start in a randomly chosen period of 10 sec`,
    'SYS-5-RESTART: System restarted --',
  ];

  test.each(MESSAGES)('is of the time of its stamp, and no cause: %s', (message) => {
    const event = registration(world(early, stamped(1580, 100, message)));
    expect(event).toMatchObject({ cause: 'unknown', unexpected: true });
    expect(wordsOf(event)).not.toContain(/-\d-(\w+):/u.exec(message)?.[1] ?? '');
  });

  test.each(MESSAGES.slice(0, 4))('and is a cause where its stamp is of that time: %s', (message) => {
    expect(registration(world(early, stamped(1580, 1580, message)))?.cause).not.toBe('unknown');
  });

  test('is of now if the clock was set back meanwhile, as a message half a minute before has shown', () => {
    const [, clear = ''] = MESSAGES;
    const back = stamped(1500, 300, 'SYS-5-CONFIG_I: Configured from console by admin on vty0');
    expect(registration(world(early, back, stamped(1580, 380, clear)))?.cause).toBe('operator_clear');
  });

  test('is of now if its clock was never set: no relay keeps a message for months', () => {
    const [, clear = ''] = MESSAGES;
    const unset = { at: 1580, syslog: `<189>2080: *Mar  1 00:01:10.001: %${clear}` };
    expect(registration(world(early, unset))?.cause).toBe('operator_clear');
  });
});
