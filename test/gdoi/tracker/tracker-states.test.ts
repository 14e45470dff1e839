/** States that are reported once, sources that overlap, and devices and clocks that are wrong. */
import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../src/gdoi/seen/observation.ts';
import { silenceOf } from '../../../src/gdoi/tracker/reachability.ts';
import {
  kekExpiryOf,
  kekRekeyOverdueOf,
  reregistrationsOf,
  retriesInVain,
} from '../../../src/gdoi/memory/tracker-state.ts';
import {
  causes,
  facts,
  failure,
  gmAnswer,
  type GmSketch,
  history,
  ksAnswer,
  log,
  reregistrations,
  shiftedBy,
  snmpAnswer,
  T0,
  types,
} from '../../builders/tracker-builders.ts';

test('reports kek_rekey when a rekey replaces the KEK', () => {
  const told = history([
    gmAnswer(700, { kekAt: 1000, received: 3 }),
    gmAnswer(800, { kekAt: 2000, received: 4, since: 1, rekeyAt: 775 }),
  ]);
  expect(types(told)).toEqual(['kek_rekey']);
  expect(told.events[0]?.evidence[0]).toBe('Rekeys received 3 -> 4, Succeeded registration 1 as before');
  expect(told.events[0]?.betweenMs[1]).toBeLessThan((T0 + 776) * 1000);
});

describe('a registered GM whose countdown runs tries in vain to register', () => {
  const teks = { '0x0000000A': 2000 };
  const retries = (...answers: readonly (readonly [second: number, change: GmSketch])[]) => {
    const sketches = answers.map(([second, change]) => gmAnswer(second, { teks, timerAt: second + 40, ...change }));
    const known = history(sketches).state.groups.get('G1');
    return known !== undefined && retriesInVain(known);
  };
  const tried = (attempted: number) => ({ succeeded: 1, attempted });
  const three = [
    [0, tried(1)],
    [60, tried(2)],
    [120, tried(3)],
    [180, tried(4)],
  ] as const;

  test('once three attempts failed one after the other', () => {
    expect(retries([0, tried(1)], [60, tried(2)], [120, tried(3)])).toBe(false);
    expect(retries(...three)).toBe(true);
  });

  test('until a quarter of an hour after the last one', () => {
    expect(retries(...three, [1060, tried(4)])).toBe(true);
    expect(retries(...three, [1100, tried(4)])).toBe(false);
  });

  test('not if its countdown runs because a rekey came, or after a registration', () => {
    expect(retries(...three, [240, { ...tried(4), teks: { '0x0000000B': 2600 }, received: 6 }])).toBe(false);
    expect(retries(...three, [240, { succeeded: 2, attempted: 5 }])).toBe(false);
  });
});

test('does not report a TEK rekey', () => {
  const told = history([
    gmAnswer(0, { kekAt: 50_000, received: 3, teks: { '0x0000000A': 200 } }),
    gmAnswer(100, { kekAt: 50_000, received: 4, since: 1, teks: { '0x0000000B': 700, '0x0000000A': 200 } }),
  ]);
  expect(told.events).toEqual([]);
});

test('reports kek_rekey_overdue once per KEK when the old KEK has less time left than the lead', () => {
  const told = history([
    gmAnswer(700, { kekAt: 1000, timerAt: 880 }),
    gmAnswer(805, { kekAt: 1000, timerAt: 880 }),
    gmAnswer(820, { kekAt: 1000, timerAt: 880 }),
  ]);
  expect(types(told)).toEqual(['kek_rekey_overdue']);
  expect(told.events[0]?.summary).toContain('re-registers by itself in 75 s');
  expect(kekRekeyOverdueOf(told.state, 'G1')).toBe(true);
  expect(kekExpiryOf(told.state, 'G1')?.fromMs).toBeLessThanOrEqual((T0 + 1000) * 1000);
});

test('reports kek_rekey_overdue earlier with a longer lead of the KS, but never later than 200 s', () => {
  const observations = [gmAnswer(600, { kekAt: 1000 }), gmAnswer(770, { kekAt: 1000 })];
  expect(types(history(observations, { ksLeadSeconds: () => 235 }))).toEqual(['kek_rekey_overdue']);
  expect(types(history(observations, { ksLeadSeconds: () => null }))).toEqual([]);
  expect(types(history([...observations, gmAnswer(805, { kekAt: 1000 })], { ksLeadSeconds: () => 0 }))).toEqual([
    'kek_rekey_overdue',
  ]);
});

test('quotes the lead of the KS for an overdue KEK rekey only if a KS shows it', () => {
  const observations = [gmAnswer(600, { kekAt: 1000 }), gmAnswer(805, { kekAt: 1000 })];
  const said = (lead: number | null) =>
    history(observations, { ksLeadSeconds: () => lead }).events[0]?.evidence[0]?.replace(/^KEK lifetime: \d+ s; /u, '');
  expect(said(235)).toBe('the KS sends the KEK rekey 235 s before expiry');
  for (const lead of [null, 0])
    expect(said(lead)).toBe('a KS of 15.2(1)T / XE 3.5S or later sends the KEK rekey 200 s before expiry or earlier');
});

test('reports kek_missing once when the KEK of a registered GM is gone', () => {
  const told = history([
    gmAnswer(990, { kekAt: 1000, timerAt: 1050 }),
    gmAnswer(1005, { kekAt: null, timerAt: 1050 }),
    gmAnswer(1010, { kekZero: true, timerAt: 1050 }),
  ]);
  expect(types(told)).toEqual(['kek_rekey_overdue', 'kek_missing']);
});

test('reports kek_missing over RESTCONF, where the table of rekey SAs shows it and no TEK is listed', () => {
  const overRestconf = (observation: Observation): Observation =>
    observation.kind === 'groups'
      ? {
          ...observation,
          origin: 'restconf',
          snapshots: observation.snapshots.map((shown) =>
            shown.role === 'gm' ? { ...shown, teks: null, ...(shown.kek === null ? { kekAbsent: true } : {}) } : shown,
          ),
        }
      : observation;
  const answers = [gmAnswer(500, { kekAt: 1000 }), gmAnswer(1005, { kekAt: null }), gmAnswer(1065, { kekAt: null })];
  const told = history(answers.map(overRestconf));
  expect(types(told)).toEqual(['kek_missing']);
  expect(told.events[0]?.evidence[0]).toBe('no KEK of the group among the rekey SAs');
  // Where none was held before, nothing is missing that was there.
  expect(history(answers.slice(1).map(overRestconf)).events).toEqual([]);
});

test('does not report a missing KEK on a release that shows no KEK lifetime', () => {
  const old = { kekWithoutLifetime: true };
  expect(history([gmAnswer(0, old), gmAnswer(60, old), gmAnswer(120, { kekAt: null })]).events).toEqual([]);
});

test('reports registration_lost and registration_restored when the state changes', () => {
  const lost = { registered: false, kekAt: null, teks: {}, keyServer: null };
  const told = history([
    gmAnswer(0, { kekAt: 50_000, timerAt: 110 }),
    gmAnswer(120, { ...lost, attempted: 2 }),
    gmAnswer(180, { ...lost, attempted: 4 }),
    gmAnswer(240, { succeeded: 2, attempted: 6, kekAt: 50_000 }),
  ]);
  expect(types(told)).toEqual(['registration_lost', 'registration_failed', 'reregistration', 'registration_restored']);
  expect(told.events[0]?.severity).toBe('critical');
});

test('dates the beginning of a re-registration with failed attempts by the first unregistered answer', () => {
  const told = history([
    gmAnswer(790, { kekAt: 1000, timerAt: 880 }),
    gmAnswer(900, { registered: false, attempted: 2, kekAt: null }),
    gmAnswer(1300, { registered: false, attempted: 12, kekAt: null }),
    gmAnswer(1400, { succeeded: 2, attempted: 14, kekAt: 87_000 }),
  ]);
  expect(causes(told)).toEqual(['kek_missed_rekey']);
});

test('reports unreachable after three failures in a row and reachable at the next answer', () => {
  const told = history([
    gmAnswer(0, { kekAt: 50_000 }),
    failure(60),
    failure(120),
    failure(180),
    failure(240),
    gmAnswer(300, { kekAt: 50_000 }),
    failure(360),
    gmAnswer(420, { kekAt: 50_000 }),
  ]);
  expect(types(told)).toEqual(['unreachable', 'reachable']);
});

describe('an SNMP look beside SSH while SSH, which decides, fails', () => {
  const look = (at: number) => ({ ...snmpAnswer(at, { kek: 1, kekAt: 50_000 }), beside: true as const });

  test('does not interrupt the row of failures: the device is reachable only when SSH answers again', () => {
    const told = history([
      gmAnswer(0, { kekAt: 50_000 }),
      failure(60),
      look(90),
      failure(120),
      look(150),
      failure(180, 'auth'),
      look(190),
      failure(240),
      look(250),
      gmAnswer(300, { kekAt: 50_000 }),
    ]);
    expect(types(told)).toEqual(['unreachable', 'reachable']);
    expect(told.events[0]).toMatchObject({
      summary: 'gm1 did not let the agent in over SSH 3 times in a row',
      evidence: ['last failure: auth', 'SNMP answers'],
      severity: 'warning',
    });
    expect(told.state.failures).toBeNull();
  });

  test('is not mentioned in the event when it was answered before the first failure', () => {
    const told = history([look(50), failure(60), failure(120), failure(180)]);
    expect(told.events.map(({ summary }) => summary)).toEqual(['gm1 gave no answer 3 times in a row']);
  });

  test('does not outdate the failure of a poll that began before it', () => {
    const told = history([failure(60), failure(120), look(190), failure(180)]);
    expect(types(told)).toEqual(['unreachable']);
  });

  test('restarts the time since when nothing at all answers', () => {
    const { failures } = history([failure(60), failure(120), look(130), failure(180), failure(240)]).state;
    expect(silenceOf(failures!)).toEqual({ inARow: 2, firstMs: (T0 + 180) * 1000, unreachable: false });
    expect(silenceOf(history([failure(60), look(130)]).state.failures!)).toBeNull();
  });
});

test('quotes the original failure when later polls only back off', () => {
  const told = history([failure(60, 'refused'), failure(120, 'backoff'), failure(180, 'backoff')]);
  expect(told.events[0]?.evidence).toEqual(['last failure: refused']);
});

test('ends the failures by an SNMP answer when SNMP is the only source', () => {
  const look = snmpAnswer(200, { kek: 1, kekAt: 50_000 });
  expect(types(history([failure(60), failure(120), failure(180), look]))).toEqual(['unreachable', 'reachable']);
});

test('reports a re-registration seen in log and poll as one event, whose instant the log narrows', () => {
  const told = history([
    gmAnswer(790, { kekAt: 1000, timerAt: 880 }),
    log(880, 'GDOI-4-GM_RE_REGISTER'),
    log(881, 'GDOI-5-GM_REGS_COMPL'),
    log(881, 'GDOI-5-GM_REGS_COMPL'),
    gmAnswer(890, { succeeded: 2, kekAt: 87_000 }),
    log(881, 'GDOI-5-GM_REGS_COMPL'),
    gmAnswer(950, { succeeded: 2, kekAt: 87_000 }),
  ]);
  expect(causes(told)).toEqual(['kek_missed_rekey']);
  const [from, to] = reregistrations(told)[0]!.betweenMs;
  expect(to - from).toBeLessThanOrEqual(3000);
});

test('reports a logged registration of a device that no longer answers once, even after it answers again', () => {
  const told = history([
    gmAnswer(790, { kekAt: 1000, timerAt: 880 }),
    log(881, 'GDOI-5-GM_REGS_COMPL'),
    failure(900),
    failure(960),
    failure(1020),
    gmAnswer(1080, { succeeded: 2, kekAt: 87_000 }),
  ]);
  expect(types(told).filter((type) => type === 'reregistration')).toHaveLength(1);
});

test('ignores older observations and duplicates', () => {
  const first = gmAnswer(0, { kekAt: 50_000 });
  const second = gmAnswer(60, { succeeded: 2, kekAt: 50_000, timerAt: 5000 });
  const third = gmAnswer(120, { succeeded: 2, kekAt: 50_000, timerAt: 5000 });
  const told = history([first, second, first, second, third, second, first]);
  const inOrder = history([first, second, third]);
  expect(reregistrations(told)).toHaveLength(1);
  expect(told.events).toEqual(inOrder.events);
  expect({ ...told.state, backInTime: null }).toEqual(inOrder.state);
});

test.each([30, -30, 3600, -3600])('reports no event when the agent clock steps by %i s', (step) => {
  const teks = { '0x0000000A': 9000 };
  const told = history([
    gmAnswer(0, { kekAt: 50_000, teks, timerAt: 8900 }),
    facts(0, 100_000),
    shiftedBy(gmAnswer(300, { kekAt: 50_000, teks, timerAt: 8900 }), step),
    shiftedBy(facts(300, 100_300), step),
    shiftedBy(gmAnswer(600, { kekAt: 50_000, teks, timerAt: 8900 }), step),
  ]);
  expect(told.events).toEqual([]);
  expect(told.state.clockSteps).toBe(1);
  expect(told.state.answered?.sentAtMs).toBe((T0 + 600 + step) * 1000 - 100);
});

describe('a device that falls silent after the agent’s clock was set back, of which no TEK tells', () => {
  const silent = [3600, 3660, 3720].map((at) => failure(at));
  const back = [3780, 3840].map((at) => ksAnswer(at));

  test('is unreachable after three failures, and reachable at the first answer', () => {
    const told = history([ksAnswer(7200), ...silent]);
    expect(types(told)).toEqual(['unreachable']);
    expect(told.events[0]).toMatchObject({ atMs: (T0 + 3600) * 1000 });
    expect(told.state.failures).toMatchObject({ inARow: 3, unreachable: true });
    const again = history([ksAnswer(7200), ...silent, ...back]);
    expect(types(again)).toEqual(['unreachable', 'reachable']);
    expect(again.state).toMatchObject({ failures: null, answered: { sentAtMs: (T0 + 3840) * 1000 - 100 } });
  });

  test('is unreachable also after some answers since, or so many that the step is certain', () => {
    const since = (answers: number) => Array.from({ length: answers }, (_, index) => ksAnswer(600 + index * 60));
    expect(types(history([ksAnswer(7200), ...since(4), ...silent]))).toEqual(['unreachable']);
    expect(types(history([ksAnswer(7200), ...since(14), ...silent]))).toEqual(['unreachable']);
  });

  test('is unreachable if it was before, and not twice', () => {
    const before = [7260, 7320, 7380].map((at) => failure(at));
    expect(types(history([ksAnswer(7200), ...before, ...silent, ...back]))).toEqual(['unreachable', 'reachable']);
  });

  test('is a GM whose TEKs tell of the step once it answers again', () => {
    const held = (at: number) => gmAnswer(at, { kekAt: 50_000 + at, teks: { '0x0000000A': 20_000 + at } });
    const gm: GmSketch = { kekAt: 50_000, timerAt: 8900, teks: { '0x0000000A': 9000 } };
    expect(types(history([held(7200), ...silent]))).toEqual(['unreachable']);
    const told = history([
      gmAnswer(0, gm),
      ...[300, 360, 420].map((at) => shiftedBy(failure(at), -3600)),
      shiftedBy(gmAnswer(480, gm), -3600),
    ]);
    expect(types(told)).toEqual(['unreachable', 'reachable']);
    expect(told.events[1]?.betweenMs).toEqual([(T0 + 420 - 3600) * 1000, (T0 + 480 - 3600) * 1000 + 100]);
    expect(told.state.groups.get('G1')?.view?.kek).not.toBeNull();
  });

  test('is a KS that was silent before, and is reachable after three answers: nothing is lost with what was known', () => {
    const before = [7260, 7320, 7380].map((at) => failure(at));
    const answers = [3600, 3660, 3720].map((at) => ksAnswer(at));
    expect(types(history([ksAnswer(7200), ...before, ...answers.slice(1)]))).toEqual(['unreachable']);
    expect(types(history([ksAnswer(7200), ...before, ...answers.toReversed()]))).toEqual(['unreachable']);
    const told = history([ksAnswer(7200), ...before, ...answers]);
    expect(types(told)).toEqual(['unreachable', 'reachable']);
    expect(told.state).toMatchObject({ failures: null, clockSteps: 1, latestSentMs: (T0 + 3720) * 1000 - 100 });
  });

  test('is a GM whose counters are kept for longer, because registrations since would be lost with them', () => {
    const gm = (at: number, succeeded = 1) => gmAnswer(at, { succeeded, kekAt: null });
    const back = [6900, 6960, 7020, 7080, 7140].map((at) => gm(at, 2));
    expect(types(history([gm(7200), ...back, gm(7260, 2)]))).toContain('reregistration');
  });

  test('is not told of late copies: fewer, not in order, or between newer ones', () => {
    expect(types(history([ksAnswer(7200), ...silent.slice(1), ksAnswer(7260), ...silent.slice(0, 1)]))).toEqual([]);
    expect(types(history([ksAnswer(7200), ...silent.toReversed()]))).toEqual([]);
    const [first, second, third] = silent;
    expect(types(history([ksAnswer(7200), first!, failure(7260), second!, failure(7320), third!]))).toEqual([]);
  });
});

test('takes cut TEKs from a rekey, in an answer that took seconds, neither for a clock step nor for a new KEK', () => {
  const cut = gmAnswer(155, {
    received: 4,
    since: 1,
    rekeyAt: 136,
    kekAt: 5340,
    teks: { '0x0000000B': 235, '0x0000000A': 235 },
  });
  const told = history([
    gmAnswer(0, { kekAt: 5340, teks: { '0x0000000A': 240 } }),
    { ...cut, sentAtMs: (T0 + 151) * 1000 },
  ]);
  expect(told.state.clockSteps).toBe(0);
  expect(types(told)).not.toContain('kek_rekey');
});

test('reports a re-registration across a step of the agent clock', () => {
  const teks = { '0x0000000A': 9000 };
  const told = history([
    gmAnswer(790, { kekAt: 1000, teks, timerAt: 880 }),
    shiftedBy(gmAnswer(900, { succeeded: 2, kekAt: 1000, teks, timerAt: 1040 }), -600),
  ]);
  expect(causes(told)).toEqual(['legacy_ks']);
});

// The registration handed the TEK over with a second or two less.
test('quotes instants from before a clock step as approximate when the step is not known to the second', () => {
  const held = { kekAt: 1000, timerAt: 1009 };
  const told = history([
    gmAnswer(560, { ...held, received: 2, teks: { '0x00000009': 630 } }),
    gmAnswer(575, { ...held, teks: { '0x0000000A': 1213 } }),
    gmAnswer(970, { ...held, teks: { '0x0000000A': 1213 } }),
    shiftedBy(gmAnswer(1012, { succeeded: 2, kekAt: 3400, teks: { '0x0000000A': 1211.5 }, timerAt: 1150 }), -16),
  ]);
  expect(told.state.clockSteps).toBe(1);
  const countdown = told.events
    .flatMap(({ evidence }) => evidence)
    .find((line) => line.startsWith('Reregisters in pointed'));
  const about = /^Reregisters in pointed at about (\S+) \(answer of about (\S+): the agent’s clock was set since\)$/u;
  const [, end, answered] = about.exec(countdown ?? '') ?? [];
  expect(Math.abs(Date.parse(end ?? '') / 1000 - T0 - (1009.5 - 16))).toBeLessThanOrEqual(1.5);
  expect(Math.abs(Date.parse(answered ?? '') / 1000 - T0 - (970 - 16))).toBeLessThanOrEqual(2);
});

test('does not take a TEK that a registration hands over with two seconds less for a step of the agent clock', () => {
  const old = { kekWithoutLifetime: true, teks: { '0x0000000A': 9000.99 } };
  const told = history([
    gmAnswer(770, { ...old, received: 2, teks: { '0x00000009': 850 } }),
    gmAnswer(780, old),
    gmAnswer(790.95, old),
    gmAnswer(900, { ...old, succeeded: 2, teks: { '0x0000000A': 8998.99 } }),
  ]);
  expect(told.state.clockSteps).toBe(0);
});

// The KEK expiry may be unchanged.
test('does not take a TEK shorter by some seconds, in an answer that took as long, for an agent clock step', () => {
  const slow = (at: number, sketch: GmSketch) => {
    const answer = gmAnswer(at, { ...sketch, kekAt: 1055 });
    return { ...answer, sentAtMs: answer.sentAtMs - 2200, receivedAtMs: answer.receivedAtMs + 2200 };
  };
  const told = history([
    slow(65, { teks: { '0x0000000A': 355 }, timerAt: 289 }),
    slow(282, { teks: { '0x0000000A': 346 }, timerAt: 282 }),
  ]);
  expect(told.state.clockSteps).toBe(0);
  expect(types(told)).not.toContain('data_problem');
});

test('reports data_problem once when the KEK lifetime grows without a rekey or registration', () => {
  const told = history([
    gmAnswer(0, { kekAt: 1000 }),
    gmAnswer(60, { kekAt: 5000 }),
    gmAnswer(120, { kekAt: 9000 }),
    gmAnswer(180, { kekAt: 1000 }),
  ]);
  expect(types(told)).toEqual(['data_problem']);
});

test('reports data_problem, not a re-registration, when the counter jumps absurdly and comes back', () => {
  const told = history([
    gmAnswer(0, { succeeded: 5, kekAt: 50_000 }),
    gmAnswer(60, { succeeded: 5_000_000, kekAt: 50_000 }),
    gmAnswer(120, { succeeded: 5, kekAt: 50_000 }),
  ]);
  expect(types(told)).toEqual(['data_problem']);
});

test('reports data_problem when the registration counter falls while the other counters stay', () => {
  const told = history([
    gmAnswer(0, { succeeded: 5, attempted: 5, received: 17, kekAt: 50_000 }),
    gmAnswer(60, { succeeded: 4, attempted: 5, received: 17, kekAt: 50_000 }),
    gmAnswer(120, { succeeded: 5, attempted: 5, received: 17, kekAt: 50_000 }),
  ]);
  expect(types(told)).toEqual(['data_problem']);
});

test('tracks the groups of one device separately', () => {
  const told = history([
    gmAnswer(0, { group: 'A', kekAt: 50_000 }, { group: 'B', kekAt: 50_000 }),
    gmAnswer(60, { group: 'A', succeeded: 2, kekAt: 50_000 }, { group: 'B', kekAt: 50_000 }),
  ]);
  expect(reregistrations(told).map(({ group }) => group)).toEqual(['A']);
  const counted = reregistrationsOf(told.state);
  expect(counted.get('A')).toMatchObject({ unexpected: 1 });
  expect(counted.get('B')).toMatchObject({ unexpected: 0, last: null });
});

test('makes the third unexpected re-registration within an hour critical', () => {
  const told = history(
    [1, 2, 3, 4].map((succeeded) => gmAnswer(succeeded * 100, { succeeded, kekAt: 50_000, timerAt: 9000 })),
  );
  expect(reregistrations(told).map(({ severity }) => severity)).toEqual(['warning', 'warning', 'critical']);
});

test.each([
  [55, 'critical', 'lie within an hour: the third is one too many'],
  [120, 'warning', 'may lie hours apart: nobody knows that it was the third within one'],
])(
  'three unexpected re-registrations in %i minutes without an answer make the last one %s: they %s',
  (minutes, severity) => {
    const told = history([
      gmAnswer(0, { succeeded: 1, kekAt: 50_000, timerAt: 40_000 }),
      gmAnswer(minutes * 60, { succeeded: 4, kekAt: 50_000, timerAt: 40_000 }),
    ]);
    const events = reregistrations(told);
    expect(events.map(({ unexpected }) => unexpected)).toEqual([true, true, true]);
    expect(events.at(-1)?.severity).toBe(severity);
    expect(/within an hour/u.test(events.at(-1)?.summary ?? '')).toBe(severity === 'critical');
  },
);

test('reports reload when all counters restarted and no uptime was seen, which the evidence says', () => {
  const told = history([
    gmAnswer(0, { succeeded: 4, kekAt: 50_000 }),
    gmAnswer(300, { succeeded: 1, received: 0, kekAt: 50_000 }),
    gmAnswer(360, { succeeded: 1, received: 0, kekAt: 50_000 }),
  ]);
  expect(causes(told)).toEqual(['reload']);
  expect(reregistrations(told)[0]?.evidence).toContain('the uptime was not seen');
});
