/** When a boot happened and what it explains: its interval keeps no instant that an answer rules out. */
import { describe, expect, test } from 'vitest';
import { initialTrackerState } from '../../../src/gdoi/memory/tracker-state.ts';
import { withClockStep } from '../../../src/gdoi/memory/clock-step.ts';
import type { ControlProcessor } from '../../../src/gdoi/seen/device-facts.ts';
import type { Observation } from '../../../src/gdoi/seen/observation.ts';
import {
  BOOTED as booted,
  causes,
  facts,
  failure,
  fed,
  gmAnswer,
  type GmSketch,
  type History,
  history,
  ksAnswer,
  log,
  LONG_UP as held,
  reloadedTwice,
  reregistrations,
  snmpAnswer,
  T0,
  trap,
  types,
} from '../../builders/tracker-builders.ts';

const seconds = (ms: number) => (ms - T0 * 1000) / 1000;
const reloads = (told: History) => told.events.filter(({ type }) => type === 'reload');

describe('a reload, when the uptime is in whole minutes', () => {
  test('is reported once just after the device was first seen when the uptime comes before the groups', () => {
    // Seen at 9 s and booted then: the uptime of a minute at 129 s allows 9 s to 69 s.
    const told = history([
      facts(8, 900_000),
      gmAnswer(9, held),
      facts(128.9, 60),
      gmAnswer(130, booted),
      facts(188.9, 120),
      gmAnswer(190, booted),
    ]);
    expect(types(told)).toEqual(['reload', 'reregistration']);
    expect(causes(told)).toEqual(['reload']);
    expect(reregistrations(told)[0]?.evidence.join('\n')).toContain('restart by: uptime between');
  });

  test('is not placed before the last answer of the old boot', () => {
    // Booted at 70 s; the uptime of 0 minutes at 125 s allows 65 s to 125 s, and the device answered as before at 68 s.
    const told = history([
      gmAnswer(8, held),
      facts(8, 900_000),
      gmAnswer(68, held),
      gmAnswer(125, booted),
      facts(125, 59),
    ]);
    expect(types(told)).toEqual(['reload', 'reregistration']);
    expect(causes(told)).toEqual(['reload']);
    const [from, to] = reloads(told)[0]!.betweenMs;
    expect(seconds(from)).toBeGreaterThanOrEqual(67.8);
    expect(seconds(to)).toBeLessThanOrEqual(125.2);
  });

  test('is placed before the registration that followed it when a message gives the time of that', () => {
    const told = history([
      gmAnswer(8, held),
      facts(8, 900_000),
      log(92, 'GDOI-5-GM_REGS_COMPL', 'Registration to KS 10.1.11.2 complete for group G1 using address 10.0.0.1'),
      gmAnswer(125, booted),
      facts(125, 0),
    ]);
    expect(causes(told)).toEqual(['reload']);
    const [reload] = reloads(told);
    const [registration] = reregistrations(told);
    expect(reload!.betweenMs[1]).toBeLessThan(registration!.betweenMs[1]);
    expect(reload!.atMs).toBeLessThan(registration!.atMs);
  });

  test('is not placed before an answer that came too soon for a boot, even if the GM was not registered in it', () => {
    const told = history([
      gmAnswer(8, held),
      facts(8, 900_000),
      gmAnswer(66.5, { ...held, registered: false }),
      facts(125, 59),
    ]);
    const [from] = reloads(told)[0]!.betweenMs;
    expect(seconds(from)).toBeGreaterThanOrEqual(66.4);
  });

  test('explains the registration in the answer of the groups if that was asked for right with the uptime', () => {
    // A GM that had registered once gets its old counters again: only the uptime shows the reload.
    const once: GmSketch = { ...held, succeeded: 1, received: 0 };
    const told = history([
      facts(8, 900_000),
      gmAnswer(9, once),
      facts(69, 10),
      gmAnswer(69.395, once),
      gmAnswer(130, once),
    ]);
    expect(causes(told)).toEqual(['reload']);
    expect(seconds(reregistrations(told)[0]!.betweenMs[1])).toBeLessThanOrEqual(69.5);
  });

  test('is reported once when the uptime is asked for before the groups and shows it before any counter', () => {
    const told = history([
      facts(8, 900_000),
      gmAnswer(9, held),
      facts(67, 900_059),
      gmAnswer(68, held),
      facts(125, 59),
      gmAnswer(126, booted),
      facts(185, 119),
      gmAnswer(186, booted),
    ]);
    expect(types(told)).toEqual(['reload', 'reregistration']);
    expect(causes(told)).toEqual(['reload']);
  });

  test('is not placed before an answer with low counters whose countdown went on, which proves the old boot', () => {
    const low: GmSketch = { succeeded: 1, received: 0, kekAt: 50_000, timerAt: 40_000 };
    const again: GmSketch = { ...low, timerAt: 44_000 };
    const told = history([
      gmAnswer(8, low),
      facts(8, 900_000),
      gmAnswer(68, low),
      facts(125, 59),
      gmAnswer(126, again),
    ]);
    expect(types(told)).toEqual(['reload', 'reregistration']);
    expect(causes(told)).toEqual(['reload']);
    expect(seconds(reregistrations(told)[0]!.betweenMs[0])).toBeGreaterThanOrEqual(67.8);
  });

  test('is not the cause when the counters were cleared at another time than the boot', () => {
    const told = history([
      gmAnswer(0, held),
      facts(0, 900_000),
      gmAnswer(600, held),
      gmAnswer(660, booted),
      // The device booted at 300 s; the uptime was not asked for before now.
      facts(661, 361),
    ]);
    expect(causes(told)).toEqual(['operator_clear']);
  });

  test('is reported by SNMP alone when the uptime comes in the same reply before the keys', () => {
    const told = history([
      facts(0, 900_000),
      snmpAnswer(1, { kek: 1, sequence: 7 }),
      facts(120, 30),
      snmpAnswer(121, { kek: 1, sequence: 0, teks: { '0x00000009': 80_000 } }),
      facts(180, 90),
      snmpAnswer(181, { kek: 1, sequence: 0, teks: { '0x00000009': 80_000 } }),
    ]);
    expect(causes(told)).toEqual(['reload']);
  });
});

describe('a reload of a KS, which has no counters', () => {
  // Booted at 100 s or so; the uptime of 4 minutes at 362 s allows 62 s to 122 s.
  const reloaded = [ksAnswer(360), facts(362, 262), ksAnswer(364)];
  const told = (before: readonly Observation[]) => history([ksAnswer(0), facts(2, 900_000), ...before, ...reloaded]);

  test.each([
    ['the only answer', [ksAnswer(65)]],
    ['the last of several commands', [ksAnswer(61), ksAnswer(63), ksAnswer(65)]],
  ])('is not placed before %s that came too soon for a boot, even if later answers hide it', (_name, before) => {
    const [from, to] = reloads(told(before))[0]!.betweenMs;
    expect([seconds(from), seconds(to)]).toEqual([64.9, 122.3]);
  });

  test.each([
    ['an answer', ksAnswer(360)],
    ['a look over SNMP', { ...ksAnswer(360), origin: 'snmp' } as Observation],
  ])(
    'is not placed before the last of a row of answers without a pause if the first came too soon, when %s follows',
    (_name, next) => {
      const answers = [ksAnswer(0), facts(2, 900_000), ksAnswer(61), ksAnswer(65), ksAnswer(69)];
      const [from, to] = reloads(history([...answers, next, facts(362, 262), ksAnswer(364)]))[0]!.betweenMs;
      expect([seconds(from), seconds(to)]).toEqual([68.9, 122.3]);
    },
  );

  test.each([
    ['the groups come first', [ksAnswer(360, { role: 'secondary', kekAt: 900 }), facts(362, 262)]],
    ['the uptime comes first', [facts(362, 262), ksAnswer(364, { role: 'secondary', kekAt: 900 })]],
  ])('is not placed before an answer in which the KS is still primary with its old KEK, when %s', (_name, since) => {
    const held = { role: 'primary', kekAt: 900 } as const;
    const [from, to] = reloads(history([facts(2, 900_000), ksAnswer(40, held), ksAnswer(75, held), ...since]))[0]!
      .betweenMs;
    expect([seconds(from), seconds(to)]).toEqual([74.9, 122.3]);
  });

  test.each([
    ['primary with another KEK', { kekAt: 900 }, { kekAt: 1800 }],
    [
      'secondary, which is given the KEK of the primary',
      { role: 'secondary', kekAt: 900 },
      { role: 'secondary', kekAt: 900 },
    ],
  ] as const)('may be placed before an answer after a pause in which the KS is %s', (_name, before, after) => {
    const [from] = reloads(told([ksAnswer(40, before), ksAnswer(75, after)]))[0]!.betweenMs;
    expect(seconds(from)).toBeLessThan(65);
  });

  test('may be placed before an answer that came after a pause', () => {
    const [from] = reloads(told([ksAnswer(61), ksAnswer(69)]))[0]!.betweenMs;
    expect(seconds(from)).toBeLessThan(65);
  });

  test('is not placed before the last answer that precedes the restart message', () => {
    const [from, to] = reloads(told([ksAnswer(50), ksAnswer(80), log(110, 'SYS-5-RESTART', 'System restarted')]))[0]!
      .betweenMs;
    expect([seconds(from), seconds(to)]).toEqual([79.9, 122.3]);
  });

  test('may be placed before an answer at the time of the restart message, which may belong to either boot', () => {
    const [from] = reloads(told([ksAnswer(109), log(110, 'SYS-5-RESTART', 'System restarted')]))[0]!.betweenMs;
    expect(seconds(from)).toBeLessThan(65);
  });

  test('has the times of its remembered answers moved with the clock of the agent', () => {
    const { state } = fed(initialTrackerState('gm1'), [
      ksAnswer(0),
      ksAnswer(30),
      log(40, 'SYS-5-RESTART', 'System restarted'),
      ksAnswer(60),
    ]);
    const { answeredBefore, answeredBeforeSinceMs, answeringSinceMs, oldBootAnsweredMs } = withClockStep(state, 25_000);
    expect([seconds(answeredBefore!.sentAtMs), seconds(oldBootAnsweredMs!)]).toEqual([54.9, 54.9]);
    expect([seconds(answeredBeforeSinceMs!), seconds(answeringSinceMs!)]).toEqual([54.9, 84.9]);
  });

  test('has the times of the KEK held as primary moved with the clock of the agent', () => {
    const { state } = fed(initialTrackerState('gm1'), [ksAnswer(0, { kekAt: 900 })]);
    const [kek] = withClockStep(state, 25_000).primaryKeks ?? [];
    expect([seconds(kek!.readMs), seconds(kek!.expiry.fromMs)]).toEqual([24.9, 924.9]);
  });
});

test('a message about one boot is not evidence for the registration after the next boot', () => {
  const told = history(reloadedTwice());
  expect(causes(told)).toEqual(['unknown', 'reload']);
  const [first, second] = reregistrations(told);
  expect(first?.evidence.join('\n')).toContain('GmRegister ');
  expect(second?.evidence.join('\n')).not.toContain('GmRegister ');
});

test('a clear that only the log shows is quoted once', () => {
  const low: GmSketch = { succeeded: 1, received: 0, kekAt: 50_000 };
  const told = history([gmAnswer(0, low), log(30, 'GDOI-5-GM_CLEAR_REGISTER'), gmAnswer(60, low)]);
  const reset = told.events.find(({ type }) => type === 'counters_reset');
  expect(new Set(reset?.evidence).size).toBe(reset?.evidence.length);
});

test('reports operator_clear when a rekey came but was not counted: the counters had restarted', () => {
  const before: GmSketch = { succeeded: 1, received: 1, rekeyAt: -160, kekAt: 900, teks: { '0x00000001': 900 } };
  const after: GmSketch = { succeeded: 1, received: 1, rekeyAt: 33, kekAt: 4000, teks: { '0x00000002': 4000 } };
  const told = history([gmAnswer(0, before), facts(0, 900_000), gmAnswer(60, after), facts(60, 900_060)]);
  expect(causes(told)).toEqual(['operator_clear']);
});

test('a message between the last answer and a clock step may lie on either side of the step', () => {
  const { state } = fed(initialTrackerState('gm1'), [
    gmAnswer(0, held),
    log(-10, 'GDOI-5-GM_REGS_COMPL'),
    log(30, 'GDOI-4-GM_RE_REGISTER'),
  ]);
  const marksAfter = (byMs: number) =>
    withClockStep(state, byMs)
      .groups.get('G1')!
      .marks.map(({ proof, fromMs, atMs }) => [proof, seconds(fromMs), seconds(atMs)]);
  expect(marksAfter(25_000)).toEqual([
    ['complete', 13, 15],
    ['start', 28, 55],
  ]);
  expect(marksAfter(-25_000)).toEqual([
    ['complete', -37, -35],
    ['start', 3, 30],
  ]);
});

test('by SNMP alone, a registration at the very moment of a look is reported once, and that it kept its KEK', () => {
  const look = (at: number, sequence: number) => snmpAnswer(at, { kek: 1, kekAt: 1000, sequence });
  const done = [trap(899.9, 'GmReRegister'), trap(900, 'GmRegistrationComplete')];
  const told = history([look(790, 5), ...done, look(900.04, 5), look(960, 5)]);
  expect(reregistrations(told).map(({ cause }) => cause)).toEqual(['legacy_ks']);
});

describe('a GM that registers again soon after a boot that a message shows, before it is polled', () => {
  const once: GmSketch = { succeeded: 1, received: 0, kekAt: 50_000, timerAt: 230, teks: { '0x0000000A': 290 } };
  const twice: GmSketch = { ...once, succeeded: 2, timerAt: 1200, teks: { '0x0000000B': 1300, '0x0000000A': 290 } };
  const restarted = log(170, 'SYS-5-RESTART', 'System restarted');

  test('gets both registrations reported when its counters restarted and rose again', () => {
    const told = history([gmAnswer(0, once), facts(1, 900_000), restarted, facts(235, 59), gmAnswer(240, twice)]);
    expect(causes(told)[0]).toBe('reload');
    expect(causes(told)).toHaveLength(2);
    expect(causes(told)).not.toContain('tek_expired');
  });

  test('gets one registration reported when its counters are too high for a fresh boot: they only rose on', () => {
    const many: GmSketch = { ...once, succeeded: 7, received: 40 };
    const told = history([gmAnswer(0, many), restarted, gmAnswer(240, { ...twice, succeeded: 8, received: 40 })]);
    expect(causes(told)).toHaveLength(1);
  });
});

describe('a registration that is reported from the log while the device does not answer', () => {
  const silent = [
    gmAnswer(0, held),
    facts(2, 900_000),
    gmAnswer(60, held),
    log(100, 'CRYPTO-5-GM_REGSTER'),
    log(101, 'GDOI-5-GM_REGS_COMPL'),
    ...[110, 140, 170].map((at) => failure(at)),
  ];

  test('is not the registration of a later boot: the counter of that boot holds another one', () => {
    const told = history([...silent, gmAnswer(330, booted), facts(330, 59)]);
    expect(causes(told)).toEqual(['unknown', 'reload']);
    expect(reregistrations(told)[1]!.betweenMs.map(seconds)).toEqual([270.2, 330.1]);
  });

  test('is the registration that the counter holds when the boot came before it', () => {
    const told = history([...silent, gmAnswer(180, booted), facts(180, 119)]);
    expect(causes(told)).toHaveLength(1);
  });
});

describe('counters that restart while the uptime goes on, on a router with two control processors', () => {
  /** Polled every minute; the counters restart between 60 s and 120 s. */
  const restart = (before: ControlProcessor | undefined, after: ControlProcessor) => [
    gmAnswer(0, held),
    ...(before === undefined ? [] : [facts(2, 900_000, before)]),
    gmAnswer(60, held),
    gmAnswer(120, booted),
    facts(121, 900_119, after),
  ];

  test.each<[string, ControlProcessor | undefined, ControlProcessor]>([
    ['another uptime', { uptimeSeconds: 900_000 }, { uptimeSeconds: 500_040 }],
    [
      'another uptime, and by a switchover',
      { uptimeSeconds: 900_000 },
      { uptimeSeconds: 500_040, afterSwitchover: true },
    ],
    [
      'a switchover, and both booted together',
      { uptimeSeconds: 900_000 },
      { uptimeSeconds: 900_120, afterSwitchover: true },
    ],
    ['a switchover, and nothing was known before', undefined, { uptimeSeconds: 900_120, afterSwitchover: true }],
    [
      'the time since, and both booted together',
      { uptimeSeconds: 900_000 },
      { uptimeSeconds: 900_120, activeSeconds: 0 },
    ],
    ['the time since, and nothing was known before', undefined, { activeSeconds: 0 }],
  ])('were not cleared by anybody who is known of: shown by %s', (_how, before, after) => {
    const told = history(restart(before, after));
    expect(causes(told)).toEqual(['unknown']);
    expect(types(told)).toEqual(['counters_reset', 'reregistration']);
    expect(reregistrations(told)[0]?.evidence.join('\n')).toMatch(/took over|by a switchover/);
    expect(told.events.map(({ action }) => action).join('\n')).not.toContain('who cleared it');
  });

  test.each<[string, ControlProcessor | undefined, ControlProcessor]>([
    ['it is the same one', { uptimeSeconds: 900_060 }, { uptimeSeconds: 900_180 }],
    [
      'the last switchover was before',
      { uptimeSeconds: 500_040, afterSwitchover: true },
      { uptimeSeconds: 500_160, afterSwitchover: true },
    ],
    ['it had taken over long before', { uptimeSeconds: 500_040 }, { uptimeSeconds: 500_160, activeSeconds: 7200 }],
    ['it had taken over long before, by its first answer', undefined, { activeSeconds: 7200 }],
  ])('were cleared if no other one took over: %s', (_how, before, after) => {
    const told = history(restart(before, after));
    expect(causes(told)).toEqual(['operator_clear']);
    expect(reregistrations(told)[0]?.evidence.join('\n')).not.toMatch(/took over|switchover/);
  });

  test('restarted by a reload if the uptime restarted too', () => {
    const told = history([
      gmAnswer(0, held),
      facts(2, 900_000, { uptimeSeconds: 900_000 }),
      gmAnswer(60, held),
      gmAnswer(125, booted),
      facts(126, 59, { uptimeSeconds: 59, activeSeconds: 0 }),
    ]);
    expect(causes(told)).toEqual(['reload']);
  });

  test('were cleared if a message says so', () => {
    const [first, before, second, third, after] = restart({ uptimeSeconds: 900_000 }, { uptimeSeconds: 500_040 });
    const told = history([first!, before!, second!, log(90, 'GDOI-5-GM_CLEAR_REGISTER'), third!, after!]);
    expect(causes(told)).toEqual(['operator_clear']);
  });

  test('are judged by the last answer that showed the processor, if SNMP told of the uptime since', () => {
    const [first, before, second, third, after] = restart({ uptimeSeconds: 900_000 }, { uptimeSeconds: 500_040 });
    const told = history([first!, before!, facts(30, 900_030), second!, third!, after!]);
    expect(causes(told)).toEqual(['unknown']);
  });

  test('stay so across a step of the clock', () => {
    const known = fed(initialTrackerState('gm1'), [gmAnswer(0, held), facts(2, 900_000, { uptimeSeconds: 900_000 })]);
    const moved = withClockStep(known.state, 3600_000);
    const cleared = gmAnswer(3720, { ...booted, kekAt: 53_600, timerAt: 48_600 });
    expect(causes(fed(moved, [cleared, facts(3721, 900_119, { uptimeSeconds: 900_119 })]))).toEqual(['operator_clear']);
  });
});
