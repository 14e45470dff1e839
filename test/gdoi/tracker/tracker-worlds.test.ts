/**
 * Cases that random worlds have shown: two things at once, an answer at an awkward moment, a long registration. If the
 * observations do not decide, the cause stays unknown; it is never a wrong one.
 */
import { describe, expect, test } from 'vitest';
import {
  causes,
  clock,
  buffer,
  facts,
  gmAnswer,
  type GmSketch,
  type History,
  history,
  log,
  reregistrations,
  shiftedBy,
  snmpAnswer,
  type SnmpSketch,
  T0,
  types,
} from '../../builders/tracker-builders.ts';

const KEK = 1000;
const evidenceOf = (told: History, index = 0) => reregistrations(told)[index]?.evidence.join('\n') ?? '';

/** The keys live long enough that no timer of the GM explains a registration. */
const lasting: GmSketch = { succeeded: 1, kekAt: 50_000, timerAt: 40_000 };

describe('an interface that went down', () => {
  const links = [
    log(30, 'LINEPROTO-5-UPDOWN', 'Line protocol on Interface Serial1/0, changed state to down'),
    log(45, 'LINEPROTO-5-UPDOWN', 'Line protocol on Interface Serial1/0, changed state to up'),
  ];

  test('explains a registration even if an answer lies between its return and the registration', () => {
    const told = history([
      gmAnswer(0, lasting),
      ...links,
      gmAnswer(46, lasting),
      log(48, 'CRYPTO-5-GM_REGSTER'),
      log(49, 'GDOI-5-GM_REGS_COMPL'),
      gmAnswer(60, { ...lasting, succeeded: 2 }),
    ]);
    expect(causes(told)).toEqual(['interface']);
  });

  test.each([
    ['is one of two possible causes', [log(48, 'CRYPTO-5-GM_REGSTER')], ['unknown']],
    ['is not the cause if the GM says that its keys ran out', [log(48, 'GDOI-4-GM_RE_REGISTER')], ['tek_expired']],
    ['is not the cause if it came back long before', [log(70, 'CRYPTO-5-GM_REGSTER')], ['tek_expired']],
    [
      'explains the first of two registrations',
      [log(46, 'CRYPTO-5-GM_REGSTER'), log(48, 'GDOI-5-GM_REGS_COMPL'), log(52, 'CRYPTO-5-GM_REGSTER')],
      ['interface', 'unknown'],
    ],
  ] as const)('just before the message of a start and before the countdown ran out, %s', (_, begins, expected) => {
    const due = begins.at(-1)!.receivedAtMs / 1000 - T0;
    const gm: GmSketch = { succeeded: 1, kekAt: 50_000, timerAt: due + 1, teks: { '0x0000000A': due + 66 } };
    const told = history([
      gmAnswer(0, gm),
      ...links,
      ...begins,
      log(due + 1, 'GDOI-5-GM_REGS_COMPL'),
      gmAnswer(90, { ...gm, succeeded: 1 + expected.length, timerAt: 500, teks: { '0x0000000B': 600 } }),
    ]);
    expect(causes(told)).toEqual(expected);
  });

  test('explains one registration, but not the one after it', () => {
    const told = history([
      gmAnswer(0, lasting),
      ...links,
      gmAnswer(60, { ...lasting, succeeded: 2 }),
      gmAnswer(120, { ...lasting, succeeded: 3 }),
    ]);
    expect(causes(told)).toEqual(['interface', 'unknown']);
  });

  test('is quoted message by message when down and up are messages of two kinds', () => {
    const told = history([
      gmAnswer(0, lasting),
      log(30, 'LINK-3-UPDOWN', 'Interface Serial1/0, changed state to down'),
      log(45, 'LINEPROTO-5-UPDOWN', 'Line protocol on Interface Serial1/0, changed state to up'),
      gmAnswer(60, { ...lasting, succeeded: 2 }),
    ]);
    expect(evidenceOf(told)).toMatch(/LINK-3-UPDOWN Serial1\/0 down at [^,]+$/mu);
    expect(evidenceOf(told)).toMatch(/LINEPROTO-5-UPDOWN Serial1\/0 up at [^,]+$/mu);
  });
});

describe('an order of the KS', () => {
  test('is recognized when it cuts TEKs of different age by different amounts', () => {
    const told = history([
      gmAnswer(0, { ...lasting, teks: { '0x0000000A': 100, '0x0000000B': 360 }, timerAt: 290 }),
      gmAnswer(20, { ...lasting, teks: { '0x0000000A': 100, '0x0000000B': 105 }, timerAt: 40 }),
      gmAnswer(60, { ...lasting, succeeded: 2, kekAt: 51_000, teks: { '0x0000000C': 400 } }),
    ]);
    expect(causes(told)).toEqual(['ks_forced']);
    expect(evidenceOf(told)).toContain('TEK lifetime cut by 255 s');
  });

  test('is recognized by a TEK that a rekey has just brought and that ends soon', () => {
    const told = history(
      [
        gmAnswer(0, { ...lasting, received: 3, teks: { '0x0000000A': 100 }, timerAt: 35 }),
        gmAnswer(60, {
          ...lasting,
          received: 4,
          since: 4,
          teks: { '0x0000000B': 130, '0x0000000A': 100 },
          timerAt: 65,
        }),
        gmAnswer(120, { ...lasting, succeeded: 2, received: 4, kekAt: 51_000, teks: { '0x0000000C': 700 } }),
      ],
      { tekLifetimeSeconds: () => 600 },
    );
    expect(causes(told)).toEqual(['ks_forced']);
    expect(evidenceOf(told)).toContain('the TEK that a rekey has just brought ends in 70 s');
  });

  // The TEK is as old as the rekey.
  test('is recognized by such a TEK even if the rekey came long after the last answer', () => {
    const told = history(
      [
        gmAnswer(0, { ...lasting, received: 3, teks: { '0x0000000A': 278 }, timerAt: 213 }),
        gmAnswer(199, { ...lasting, received: 4, since: 4, rekeyAt: 125, teks: { '0x0000000B': 287 }, timerAt: 224 }),
        gmAnswer(230, { ...lasting, succeeded: 2, received: 4, kekAt: 51_000, teks: { '0x0000000C': 500 } }),
      ],
      { tekLifetimeSeconds: () => 300 },
    );
    expect(causes(told)).toEqual(['ks_forced']);
  });

  test('does not explain a registration long after the TEKs that it cut have ended', () => {
    const cut: GmSketch = { ...lasting, teks: { '0x0000000B': 105 }, timerAt: 40 };
    const told = history([
      gmAnswer(0, { ...lasting, teks: { '0x0000000B': 360 }, timerAt: 290 }),
      gmAnswer(20, cut),
      gmAnswer(60, { ...cut, teks: {}, timerAt: null }),
      gmAnswer(900, { ...cut, teks: {}, timerAt: null }),
      gmAnswer(960, { ...lasting, succeeded: 2, teks: { '0x0000000C': 1500 } }),
    ]);
    expect(causes(told)).toEqual(['unknown']);
  });

  test('explains the next registration when it came after one: the cut TEKs are still held', () => {
    const held: GmSketch = { ...lasting, teks: { '0x0000000A': 900 }, timerAt: 830 };
    const cut: GmSketch = { ...held, succeeded: 2, teks: { '0x0000000A': 368 }, timerAt: 300 };
    const told = history([
      gmAnswer(0, held),
      gmAnswer(280, cut),
      gmAnswer(310, { ...cut, succeeded: 3, kekAt: 51_000, teks: { '0x0000000B': 1500 }, timerAt: 1430 }),
    ]);
    expect(causes(told)).toEqual(['unknown', 'ks_forced']);
  });

  test('explains the next registration when it came after one between the same two answers', () => {
    const short = { tekLifetimeSeconds: () => 650 };
    const lost: GmSketch = { ...lasting, registered: false, teks: {} };
    const cut: GmSketch = { ...lasting, succeeded: 2, timerAt: 94, teks: { '0x0000000B': 163 } };
    const told = history(
      [
        gmAnswer(0, lasting),
        gmAnswer(30, lost),
        log(77, 'GDOI-4-GM_RECV_DELETE'),
        gmAnswer(83, cut),
        log(94, 'GDOI-4-GM_RE_REGISTER'),
        gmAnswer(101, { ...lasting, succeeded: 3, teks: { '0x0000000C': 700 } }),
      ],
      short,
    );
    expect(causes(told).at(-1)).toBe('ks_forced');
  });

  test('is not taken for a clock step when it cuts the TEKs of a GM without a KEK timer', () => {
    const old: GmSketch = { succeeded: 1, kekWithoutLifetime: true, timerAt: 205, teks: { '0x0000000A': 269 } };
    const told = history([
      gmAnswer(0, old),
      log(47, 'GDOI-4-GM_RECV_DELETE'),
      gmAnswer(57, { ...old, timerAt: 73, teks: { '0x0000000A': 136 } }),
      log(73, 'GDOI-4-GM_RE_REGISTER'),
      log(74, 'GDOI-5-GM_REGS_COMPL'),
      gmAnswer(84, { ...old, succeeded: 2, timerAt: 580, teks: { '0x0000000B': 645 } }),
    ]);
    expect(causes(told)).toEqual(['ks_forced']);
  });

  test('leaves the cause undecided when the KEK has just run out as well: either makes the GM register', () => {
    const told = history([
      gmAnswer(950, { succeeded: 1, kekAt: KEK, timerAt: 1040, teks: { '0x0000000A': 1400 } }),
      log(970, 'GDOI-4-GM_RECV_DELETE'),
      log(1000, 'GDOI-5-GM_DELETE_EXPIRED_KEK', 'KEK expired for group G1 and was deleted'),
      log(1005, 'GDOI-4-GM_RE_REGISTER'),
      log(1006, 'GDOI-5-GM_REGS_COMPL'),
      gmAnswer(1020, { succeeded: 2, kekAt: 87_000, teks: { '0x0000000B': 1600 } }),
    ]);
    expect(causes(told)).toEqual(['unknown']);
    expect(evidenceOf(told)).toContain('GM_RECV_DELETE');
    expect(evidenceOf(told)).toContain('GM_DELETE_EXPIRED_KEK');
  });

  test('leaves the cause undecided at about the end of the KEK when no message tells that the KEK ran out', () => {
    const ending: GmSketch = { succeeded: 1, kekAt: KEK, timerAt: 1016, teks: { '0x0000000A': 2000 } };
    const told = history([
      gmAnswer(945, ending),
      gmAnswer(985, { ...ending, timerAt: 1019, teks: { '0x0000000A': 1144 } }),
      gmAnswer(1002, { ...ending, kekAt: null, timerAt: 1019, teks: { '0x0000000A': 1144 } }),
      gmAnswer(1024, { succeeded: 2, kekAt: 6400, timerAt: 4400, teks: { '0x0000000B': 4580 } }),
    ]);
    expect(causes(told)).toEqual(['unknown']);
    expect(evidenceOf(told)).toContain('its end or the order of the KS can have made the GM register');
  });

  test('is reported as ks_forced when the countdown ends before the KEK does', () => {
    const ending: GmSketch = { succeeded: 1, kekAt: KEK, timerAt: 1016, teks: { '0x0000000A': 2000 } };
    const told = history([
      gmAnswer(945, ending),
      gmAnswer(965, { ...ending, timerAt: 978, teks: { '0x0000000A': 1055 } }),
      gmAnswer(1004, { succeeded: 2, kekAt: 6400, timerAt: 4400, teks: { '0x0000000B': 4580 } }),
    ]);
    expect(causes(told)).toEqual(['ks_forced']);
  });

  test.each([
    ['GDOI-4-GM_RECV_DELETE', 'interface'],
    ['GDOI-4-GM_RECV_DELETE_IMMEDIATE', 'ks_forced'],
    ['GDOI-4-GM_RECV_POLICY_REPLACE_NOW', 'ks_forced'],
  ])('%s in the seconds after an interface came back: a registration at once has the cause %s', (order, cause) => {
    const told = history([
      gmAnswer(0, lasting),
      log(30, 'LINEPROTO-5-UPDOWN', 'Line protocol on Interface Serial1/0, changed state to down'),
      log(48, 'LINEPROTO-5-UPDOWN', 'Line protocol on Interface Serial1/0, changed state to up'),
      log(49, order),
      log(50, 'CRYPTO-5-GM_REGSTER'),
      log(51, 'GDOI-5-GM_REGS_COMPL'),
      gmAnswer(60, { ...lasting, succeeded: 2 }),
    ]);
    expect(causes(told)).toEqual([cause]);
  });

  // An order would draw the countdown anew; here it moves with the clock.
  test('is not seen in keys that look shorter because the agent’s clock was set back', () => {
    const old: GmSketch = { succeeded: 1, kekWithoutLifetime: true, teks: { '0x0000000A': 140 }, timerAt: 75 };
    const told = history([
      gmAnswer(0, old),
      shiftedBy(gmAnswer(40, old), -12),
      shiftedBy(gmAnswer(90, { ...old, succeeded: 2, teks: { '0x0000000B': 500 }, timerAt: 430 }), -12),
    ]);
    expect(causes(told)).toEqual(['tek_expired']);
  });
});

// A rekey this recent rules out a clock step.
test('reports ks_forced, not a clock step, when an order happens to move the countdown by as much as the TEK', () => {
  const old: GmSketch = { succeeded: 1, kekWithoutLifetime: true, rekeyAt: -10, received: 16, since: 16 };
  const told = history([
    gmAnswer(0, { ...old, teks: { '0x0000000A': 438 }, timerAt: 376 }),
    gmAnswer(114, { ...old, teks: { '0x0000000A': 189 }, timerAt: 127 }),
    gmAnswer(140, { ...old, succeeded: 2, teks: { '0x0000000B': 700 }, timerAt: 600 }),
  ]);
  expect(types(told)).toEqual(['reregistration']);
  expect(causes(told)).toEqual(['ks_forced']);
});

// The TEK has more time left than an order leaves.
test('takes a shortened TEK for a clock that was set back, even beside a registration', () => {
  const held: GmSketch = { succeeded: 1, kekAt: 1000, timerAt: 880, teks: { '0x0000000A': 4500 } };
  const next: GmSketch = { ...held, succeeded: 2, kekAt: 1500, timerAt: 1300 };
  const told = history(
    [
      gmAnswer(700, held),
      gmAnswer(860, held),
      shiftedBy(gmAnswer(900, next), -19),
      shiftedBy(gmAnswer(960, next), -19),
    ],
    { tekLifetimeSeconds: () => 5400 },
  );
  expect(causes(told)).toEqual(['kek_missed_rekey']);
});

test('reports ks_forced when an order moves the countdown nearly as much as the TEK', () => {
  const old: GmSketch = { succeeded: 1, kekWithoutLifetime: true };
  const told = history([
    gmAnswer(0, { ...old, teks: { '0x0000000A': 285 }, timerAt: 220 }),
    gmAnswer(60, { ...old, teks: { '0x0000000A': 126 }, timerAt: 63 }),
    gmAnswer(120, { ...old, succeeded: 2, teks: { '0x0000000B': 486 }, timerAt: 414 }),
  ]);
  expect(causes(told)).toEqual(['ks_forced']);
});

test.each([
  ['stays', { teks: { '0x0000000C': 265 }, timerAt: 201 }],
  ['is cut by more', { teks: { '0x0000000C': 181 }, timerAt: 136 }],
])(
  'does not take an order that looks like a clock step in one group for one when the TEK of another group %s',
  (_, shown) => {
    const one: GmSketch = { succeeded: 1, kekWithoutLifetime: true };
    const other: GmSketch = { ...one, group: 'G2', teks: { '0x0000000C': 265 }, timerAt: 201 };
    const told = history([
      gmAnswer(0, { ...one, teks: { '0x0000000A': 195 }, timerAt: 127 }, other),
      gmAnswer(92, { ...one, teks: { '0x0000000A': 181 }, timerAt: 114 }, { ...other, ...shown }),
      gmAnswer(130, { ...one, succeeded: 2, teks: { '0x0000000B': 900 }, timerAt: 830 }, { ...other, ...shown }),
    ]);
    expect(told.state.clockSteps).toBe(0);
    expect(causes(told)).toEqual(['ks_forced']);
    expect(evidenceOf(told)).toMatch(/TEK lifetime cut by 1[345] s/u);
  },
);

// The GM may have begun before the order.
test('reports unknown when the KS replaced the KEK early but attempts had failed', () => {
  const told = history([
    gmAnswer(0, { ...lasting, attempted: 1 }),
    gmAnswer(300, { ...lasting, succeeded: 2, attempted: 3, kekAt: 90_000, teks: { '0x0000000B': 90_000 } }),
  ]);
  expect(causes(told)).toEqual(['unknown']);
});

test('does not decide by a TEK’s window into which a rekey came when the countdown points elsewhere', () => {
  const told = history([
    gmAnswer(0, { ...lasting, received: 43, teks: { '0x0000000A': 124 }, timerAt: 62 }),
    gmAnswer(59, { ...lasting, succeeded: 2, received: 44, rekeyAt: 1, kekAt: 51_000, teks: { '0x0000000B': 378 } }),
  ]);
  expect(causes(told)).toEqual(['unknown']);
});

describe('a registration that took long', () => {
  test('and was complete only after the old KEK had ended brought another KEK, even if that is gone already', () => {
    const told = history([
      gmAnswer(800, { succeeded: 1, kekAt: KEK, timerAt: 830 }),
      gmAnswer(860, { succeeded: 1, attempted: 3, registered: false }),
      gmAnswer(2600, { succeeded: 1, attempted: 40, registered: false }),
      log(2650, 'GDOI-5-GM_REGS_COMPL'),
      gmAnswer(2660, { succeeded: 2, attempted: 41, timerAt: 2700 }),
    ]);
    expect(causes(told)).toEqual(['kek_missed_rekey']);
    expect(evidenceOf(told)).toContain('it brought another one');
  });

  test('is explained by a timer that only a rekey after its beginning has renewed', () => {
    const tek: GmSketch = { succeeded: 1, kekAt: 50_000, teks: { '0x0000000A': 700 }, timerAt: 600, received: 3 };
    const told = history([
      gmAnswer(580, tek),
      gmAnswer(620, { ...tek, attempted: 2, registered: false }),
      gmAnswer(900, { ...tek, succeeded: 2, attempted: 5, received: 4, rekeyAt: 800, teks: { '0x0000000B': 4000 } }),
    ]);
    expect(causes(told)).toEqual(['tek_expired']);
  });

  test('is not explained by a timer that a rekey had renewed before', () => {
    const tek: GmSketch = { succeeded: 1, kekAt: 50_000, teks: { '0x0000000A': 700 }, timerAt: 600, received: 3 };
    const told = history([
      gmAnswer(580, tek),
      gmAnswer(620, {
        ...tek,
        attempted: 2,
        received: 4,
        since: 4,
        registered: false,
        teks: { '0x0000000B': 4200, '0x0000000A': 700 },
      }),
      gmAnswer(640, { ...tek, succeeded: 2, attempted: 2, received: 4, teks: { '0x0000000B': 4200 } }),
    ]);
    expect(causes(told)).toEqual(['unknown']);
  });

  test('is explained by the timer when the log shows the rekey after its beginning', () => {
    const tek: GmSketch = { succeeded: 1, kekAt: 50_000, teks: { '0x0000000A': 700 }, timerAt: 600, received: 3 };
    const lines = [
      { stampAt: 600.9, mnemonic: 'GDOI-4-GM_RE_REGISTER' },
      { stampAt: 601.3, mnemonic: 'GDOI-5-GM_RECV_REKEY' },
      { stampAt: 601.7, mnemonic: 'GDOI-5-GM_REGS_COMPL' },
    ];
    const told = history([
      clock(590),
      buffer(590, []),
      gmAnswer(591, tek),
      clock(620),
      buffer(620, lines),
      gmAnswer(621, { ...tek, succeeded: 2, received: 4, rekeyAt: 601.3, teks: { '0x0000000B': 4000 } }),
    ]);
    expect(causes(told)).toEqual(['tek_expired']);
  });
});

describe('two timers', () => {
  test('a GM that got its KEK again waits for its expiry: a registration before that is tek_expired', () => {
    const told = history([
      gmAnswer(790, { succeeded: 1, kekAt: KEK, timerAt: 820, teks: { '0x0000000A': 1100 } }),
      gmAnswer(840, { succeeded: 2, kekAt: KEK, timerAt: 959, teks: { '0x0000000B': 1022 } }),
      gmAnswer(970, { succeeded: 3, kekAt: KEK, timerAt: 1030, teks: { '0x0000000C': 1500 } }),
    ]);
    expect(causes(told)).toEqual(['legacy_ks', 'tek_expired']);
  });

  test('a countdown that has a second left is not due', () => {
    const told = history([
      gmAnswer(0, { ...lasting, teks: { '0x0000000A': 300 }, timerAt: 230 }),
      log(227, 'GDOI-4-GM_RE_REGISTER'),
      log(228, 'GDOI-5-GM_REGS_COMPL'),
      gmAnswer(240, { ...lasting, succeeded: 2, teks: { '0x0000000B': 4000 } }),
    ]);
    expect(causes(told)).toEqual(['unknown']);
    expect(evidenceOf(told)).toContain('that was not due yet');
  });
});

describe('a rekey after which the counters have the same values as before', () => {
  const known: GmSketch = { ...lasting, received: 1, since: 1 };
  const uncounted = [
    gmAnswer(0, { ...known, rekeyAt: -500 }),
    gmAnswer(300, { ...known, rekeyAt: 250, teks: { '0x0000000B': 9000 } }),
  ];

  test('shows that they restarted; without an uptime the cause stays unknown', () => {
    const told = history(uncounted);
    expect(causes(told)).toEqual(['unknown']);
  });

  test('is reported as operator_clear when the uptime goes on', () => {
    const told = history([facts(0, 90_000), ...uncounted, facts(300, 90_300)]);
    expect(causes(told)).toEqual(['operator_clear']);
  });
});

describe('a boot', () => {
  test('is placed before the end of the answer of its own poll, however long that took', () => {
    const slow = { ...gmAnswer(330, { registered: false, succeeded: 0, received: 0, teks: {} }) };
    const told = history([
      facts(0, 90_000),
      gmAnswer(1, lasting),
      { ...slow, sentAtMs: (T0 + 328) * 1000, receivedAtMs: (T0 + 334.1) * 1000 },
      { ...facts(336, 5), sentAtMs: (T0 + 334) * 1000, receivedAtMs: (T0 + 340) * 1000 },
    ]);
    const reload = told.events.find(({ type }) => type === 'reload');
    expect(reload?.betweenMs[1]).toBeLessThanOrEqual((T0 + 334.1) * 1000);
  });
});

test('waits for the counters when an uptime before them allows a boot before the last answer', () => {
  const known: GmSketch = { ...lasting, received: 3, since: 3, rekeyAt: 145 };
  const told = history([
    facts(0, 90_000),
    gmAnswer(1, { ...lasting, received: 2, since: 2 }),
    gmAnswer(183, known),
    facts(301, 61),
    gmAnswer(302, { ...lasting, received: 0 }),
  ]);
  expect(types(told)).toEqual(['reload', 'reregistration']);
  expect(causes(told)).toEqual(['reload']);
  expect(told.events[0]?.betweenMs[0]).toBeGreaterThanOrEqual((T0 + 182) * 1000);
});

describe('SNMP', () => {
  const held: SnmpSketch = { kek: 1, kekAt: KEK, sequence: 5, teks: { '0x0000000A': 1500 } };

  test('does not show a registration when the GM tries one KS after the other in vain', () => {
    const told = history([
      snmpAnswer(800, held),
      snmpAnswer(860, { ...held, kek: null, keyServer: '10.1.12.2' }),
      snmpAnswer(920, { ...held, kek: null, keyServer: '10.1.11.2' }),
    ]);
    expect(types(told)).not.toContain('reregistration');
  });

  test('does not date a later registration back by a change that the CLI has already shown', () => {
    const cli: GmSketch = { succeeded: 1, kekAt: 50_000, timerAt: 130, teks: { '0x0000000A': 200 } };
    const far: SnmpSketch = { kek: 1, kekAt: 50_000, sequence: 0 };
    const told = history([
      gmAnswer(90, cli),
      snmpAnswer(100, { ...far, teks: { '0x0000000A': 200 } }),
      gmAnswer(140, { ...cli, succeeded: 2, timerAt: 3700, teks: { '0x0000000B': 3800, '0x0000000A': 200 } }),
      snmpAnswer(160, { ...far, teks: { '0x0000000B': 3800, '0x0000000A': 200 } }),
      gmAnswer(900, { ...cli, succeeded: 3, timerAt: 3700, teks: { '0x0000000B': 3800 } }),
    ]);
    const last = reregistrations(told).at(-1);
    expect(last?.betweenMs[1]).toBeGreaterThan((T0 + 800) * 1000);
  });
});
