/** Against which answers the auditor checks an event: those around it, and none that could not have shown it. */
import { expect, test } from 'vitest';
import type { ControlProcessor } from '../../src/gdoi/seen/device-facts.ts';
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import { buffer, clock, facts, gmAnswer, type GmSketch, ksAnswer, log, T0 } from '../builders/tracker-builders.ts';
import { AgentModel } from './agent-model.ts';
import { audit } from './audit/audit.ts';

type Told = Pick<AgentModel, 'emitted' | 'observations'>;

/** `setMs`: the agent's clock minus true time, from the observation `setAt` on. */
function toldOf(observations: readonly Observation[], { setMs, setAt } = { setMs: 0, setAt: 0 }): Told {
  const agent = new AgentModel();
  for (const [index, observation] of observations.entries()) {
    const clockOffsetMs = index < setAt ? 0 : setMs;
    agent.take('gm1', [observation], { trueMs: observation.receivedAtMs - clockOffsetMs, clockOffsetMs });
  }
  agent.end((observations.at(-1)?.receivedAtMs ?? 0) + 1);
  return agent;
}

function findingsOf({ emitted, observations }: Told): readonly string[] {
  return audit(emitted, observations).map(({ said }) => said);
}

/** The same, with one line of evidence replaced. */
function planted({ emitted, observations }: Told, line: string, instead: string): Told {
  const changed = emitted.map((each) => {
    const evidence = each.event.evidence.map((said) => (said === line ? instead : said));
    return { ...each, event: { ...each.event, evidence } };
  });
  return { emitted: changed, observations };
}

const TEK = { '0x0000000A': 9000 };

const CAME_BACK = 'keys changed with Succeeded registration 1, Rekeys received 0 as before';

/**
 * A GM that restarts, deletes its KEK at its end, and restarts once more: the counters come back to what they were.
 */
function restartedTwice({ kekAfter }: { readonly kekAfter: number }): readonly Observation[] {
  const gm = { succeeded: 1, received: 0, teks: TEK } satisfies GmSketch;
  return [
    gmAnswer(0, { ...gm, succeeded: 2, received: 3, kekAt: 150 }),
    gmAnswer(60, { ...gm, kekAt: 150 }),
    gmAnswer(120, { ...gm, kekAt: 150 }),
    gmAnswer(180, { ...gm, kekAt: null }),
    gmAnswer(240, { ...gm, kekAt: kekAfter }),
    gmAnswer(300, { ...gm, kekAt: kekAfter }),
  ];
}

test('the auditor accepts "keys changed" when the KEK shown last was deleted since and another one came', () => {
  const told = toldOf(restartedTwice({ kekAfter: 2500 }));
  expect(told.emitted.flatMap(({ event }) => event.evidence)).toContain(CAME_BACK);
  expect(findingsOf(told)).toEqual([]);
});

test('the auditor rejects "keys changed" when the KEK shown last is the one that is shown again', () => {
  const { emitted } = toldOf(restartedTwice({ kekAfter: 2500 }));
  const { observations } = toldOf(restartedTwice({ kekAfter: 150 }));
  expect(findingsOf({ emitted, observations })).toContain(CAME_BACK);
});

/** An answer that takes four seconds, in the middle of which the GM registers; its messages are heard meanwhile. */
function slowAnswer(at: number, gm: GmSketch): Observation {
  const answer = gmAnswer(at, gm);
  return { ...answer, sentAtMs: (T0 + at) * 1000, receivedAtMs: (T0 + at + 4) * 1000 };
}

test('an answer requested at the start of the interval and received after its end shows what came in between', () => {
  const before = { succeeded: 4, kekAt: 2000, teks: TEK } satisfies GmSketch;
  const told = toldOf([
    gmAnswer(0, before),
    gmAnswer(60, before),
    log(102, 'GDOI-5-GM_REGS_COMPL'),
    slowAnswer(100, { ...before, succeeded: 5 }),
    gmAnswer(160, { ...before, succeeded: 5 }),
  ]);
  const line = 'Succeeded registration 4 -> 5';
  const another = 'Succeeded registration 5 -> 6';
  const [registered] = told.emitted.filter(({ event }) => event.type === 'reregistration');
  expect(registered?.event.evidence).toContain(line);
  expect(registered?.event.betweenMs).toEqual([(T0 + 100) * 1000, (T0 + 102) * 1000]);
  expect(findingsOf(told)).toEqual([]);
  expect(findingsOf(planted(told, line, another))).toEqual([another]);
});

test('a registration under way at the last answer began before it, however many attempts are counted', () => {
  const told = toldOf([
    gmAnswer(0, { succeeded: 4, received: 3, kekAt: null, teks: { '0x0000000A': 67 }, timerAt: 2 }),
    gmAnswer(60, {
      registered: false,
      succeeded: 5,
      attempted: 6,
      received: 3,
      kekAt: null,
      teks: { '0x0000000B': 117 },
    }),
    gmAnswer(120, { succeeded: 6, attempted: 7, received: 4, rekeyAt: 90, kekAt: null, teks: { '0x0000000C': 330 } }),
    gmAnswer(180, { succeeded: 6, attempted: 7, received: 4, rekeyAt: 90, kekAt: null, teks: { '0x0000000C': 330 } }),
  ]);
  const [, second] = told.emitted.filter(({ event }) => event.type === 'reregistration');
  const line = 'longest-lived TEK 0x0000000B ended at 2026-01-01T00:01:57Z, and no TEK rekey came';
  expect(second?.event.evidence).toContain(line);
  expect(findingsOf(told)).toEqual([]);
  const late = 'longest-lived TEK 0x0000000B ended at 2026-01-01T00:31:57Z, and no TEK rekey came';
  expect(findingsOf(planted(told, line, late))).toEqual([late]);
});

test('counters fall between the answers around a clock step back that exceeds the time between two looks', () => {
  const gm = { succeeded: 3, received: 4, kekAt: 2000, timerAt: 1900, teks: TEK } satisfies GmSketch;
  const later = { succeeded: 1, received: 0, kekAt: 1970, timerAt: 1870, teks: { '0x0000000A': 8970 } };
  const told = toldOf(
    [
      gmAnswer(0, gm),
      facts(0, 600_000),
      gmAnswer(60, gm),
      // A look after only 10 s; by the clock after the step it lies at 40 s.
      gmAnswer(70, { ...gm, received: 5, rekeyAt: 65 }),
      gmAnswer(100, later),
      facts(100, 600_120),
      gmAnswer(160, later),
    ],
    { setMs: -30_000, setAt: 4 },
  );
  const line = 'Rekeys received 5 -> 0';
  const another = 'Rekeys received 4 -> 0';
  const [reset] = told.emitted.filter(({ event }) => event.type === 'counters_reset');
  expect(reset?.event.evidence).toContain(line);
  expect(findingsOf(told)).toEqual([]);
  expect(findingsOf(planted(told, line, another))).toEqual([another]);
});

const RAN_OUT = 'the KEK had run out after the order of the KS: either makes a GM register: not decided';

/** An order, and the end of the KEK seconds later; an answer after both comes before the GM registers. */
function orderedAndRunOut(kekAt: number | null = null): readonly Observation[] {
  const gm = { succeeded: 3, received: 4, kekAt: 150, timerAt: 900, teks: { '0x0000000A': 1000 } } satisfies GmSketch;
  const cut = { ...gm, kekAt, timerAt: 155, teks: { '0x0000000A': 230 } } satisfies GmSketch;
  return [
    gmAnswer(0, gm),
    gmAnswer(60, gm),
    gmAnswer(120, gm),
    log(144, 'GDOI-4-GM_RECV_DELETE'),
    log(150, 'GDOI-4-GM_DELETE_EXPIRED_KEK'),
    gmAnswer(152, cut),
    log(155, 'CRYPTO-5-GM_REGSTER'),
    log(156, 'GDOI-5-GM_REGS_COMPL'),
    gmAnswer(180, { succeeded: 4, received: 4, kekAt: 2000, timerAt: 1100, teks: { '0x0000000B': 1200 } }),
  ];
}

test.each([
  ['without a KEK', null],
  ['with a KEK that has no time left', 152],
])(
  'the auditor accepts a KEK end after the order if an answer %s came between both messages and the registration',
  (_, kekAt) => {
    const told = toldOf(orderedAndRunOut(kekAt));
    const [registered] = told.emitted.filter(({ event }) => event.type === 'reregistration');
    expect(registered?.event.evidence).toContain(RAN_OUT);
    expect(findingsOf(told)).toEqual([]);
  },
);

test('the auditor rejects that a KEK ran out after the order if the order came later', () => {
  const told = toldOf(orderedAndRunOut());
  const order = 'log: GM_RECV_DELETE at 2026-01-01T00:02:24Z';
  expect(findingsOf(planted(told, order, 'log: GM_RECV_DELETE at 2026-01-01T00:02:31Z'))).toContain(RAN_OUT);
});

/** The interval of the boot as the uptime alone gives it. */
function withWideBoot(observations: readonly Observation[]): Told {
  const told = toldOf(observations);
  const betweenMs = [(T0 + 62) * 1000, (T0 + 122) * 1000] as const;
  const reloads = told.emitted.filter(({ event }) => event.type === 'reload');
  const emitted = reloads.map((each) => ({ ...each, event: { ...each.event, betweenMs } }));
  return { emitted, observations: told.observations };
}

test.each([
  ['as secondary (accepted: it may be of either boot)', ksAnswer(75, { role: 'secondary', kekAt: 900 }), []],
  ['as secondary, too soon for a boot (rejected)', ksAnswer(64, { role: 'secondary', kekAt: 900 }), ['between']],
  ['as primary with the same KEK as before (rejected)', ksAnswer(75, { kekAt: 900 }), ['between']],
  ['as primary with another KEK (accepted)', ksAnswer(75, { kekAt: 9900 }), []],
])('the auditor judges a boot interval in which the KS answered %s', (_, inside, found) => {
  const since = [ksAnswer(360, { kekAt: 900 }), facts(362, 262)];
  const told = withWideBoot([facts(2, 900_000), ksAnswer(40, { kekAt: 900 }), inside, ...since]);
  expect(findingsOf(told)).toEqual(found);
});

test('the auditor rejects a boot interval in which a GM answered: its counters show the boot of that answer', () => {
  expect(findingsOf(withWideBoot([facts(2, 900_000), gmAnswer(40, {}), gmAnswer(75, {}), facts(362, 262)]))).toContain(
    'between',
  );
});

test('an old message that a log buffer shows again does not count as the start of a registration', () => {
  const gm = {
    succeeded: 2,
    attempted: 4,
    kekAt: 50_000,
    timerAt: 880,
    teks: { '0x0000000A': 945 },
  } satisfies GmSketch;
  const old = [{ stampAt: 100, mnemonic: 'GDOI-4-GM_RE_REGISTER', sequence: 1 }];
  const told = toldOf([
    clock(500),
    buffer(501, old),
    gmAnswer(502, gm),
    clock(800),
    buffer(801, old),
    gmAnswer(802, gm),
    clock(830),
    buffer(831, old),
    gmAnswer(900, { ...gm, succeeded: 3, attempted: 7, timerAt: 1700, teks: { '0x0000000B': 1800 } }),
  ]);
  expect(told.emitted.flatMap(({ event }) => event.evidence).join()).toContain('Reregisters in pointed at');
  expect(findingsOf(told)).toEqual([]);
});

test.each([
  ['another uptime', { uptimeSeconds: 900_000 }, { uptimeSeconds: 500_040 }],
  ['a switchover', { uptimeSeconds: 900_000 }, { uptimeSeconds: 900_120, afterSwitchover: true }],
  ['the time since', { uptimeSeconds: 900_000 }, { activeSeconds: 0 }],
] as const)('the auditor checks which control processor took over: shown by %s', (_how, before, after) => {
  const low: GmSketch = { succeeded: 1, received: 0, kekAt: 50_000, timerAt: 45_000 };
  const high: GmSketch = { succeeded: 3, received: 9, kekAt: 50_000, timerAt: 40_000 };
  const answers = (now: ControlProcessor) => [
    gmAnswer(0, high),
    facts(2, 900_000, before),
    gmAnswer(60, high),
    gmAnswer(120, low),
    facts(121, 900_119, now),
  ];
  const told = toldOf(answers(after));
  expect(told.emitted.flatMap(({ event }) => event.evidence).join('\n')).toMatch(/took over|switchover/);
  expect(findingsOf(told)).toEqual([]);
  const { observations } = toldOf(answers({ uptimeSeconds: 900_119 }));
  expect(findingsOf({ emitted: told.emitted, observations }).join('\n')).toMatch(/took over|switchover/);
});
