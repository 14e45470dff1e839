/** Which answers the auditor holds an event against: those around it, and none that could not have shown it. */
import { expect, test } from 'vitest';
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import { gmAnswer, type GmSketch, log, T0 } from '../builders/tracker-builders.ts';
import { AgentModel } from './agent-model.ts';
import { audit } from './audit/audit.ts';

type Told = Pick<AgentModel, 'emitted' | 'observations'>;

function toldOf(observations: readonly Observation[]): Told {
  const agent = new AgentModel();
  for (const observation of observations) {
    agent.take('gm1', [observation], { trueMs: observation.receivedAtMs, clockOffsetMs: 0 });
  }
  agent.end((observations.at(-1)?.receivedAtMs ?? 0) + 1);
  return agent;
}

function findingsOf({ emitted, observations }: Told): readonly string[] {
  return audit(emitted, observations).map(({ said }) => said);
}

/** The same, with another line for one of its lines. */
function planted({ emitted, observations }: Told, line: string, instead: string): Told {
  const changed = emitted.map((each) => {
    const evidence = each.event.evidence.map((said) => (said === line ? instead : said));
    return { ...each, event: { ...each.event, evidence } };
  });
  return { emitted: changed, observations };
}

const TEK = { '0x0000000A': 9000 };

const CAME_BACK = 'keys changed with Succeeded registration 1, Rekeys received 0 as before';

/** Restarted, with a KEK that is deleted at its end, and restarted once more: the counters come back to what they were. */
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

test('keys changed where the KEK shown last has been deleted since, and another one came', () => {
  const told = toldOf(restartedTwice({ kekAfter: 2500 }));
  expect(told.emitted.flatMap(({ event }) => event.evidence)).toContain(CAME_BACK);
  expect(findingsOf(told)).toEqual([]);
});

test('keys did not change where the KEK shown last is the one that is shown again', () => {
  const { emitted } = toldOf(restartedTwice({ kekAfter: 2500 }));
  const { observations } = toldOf(restartedTwice({ kekAfter: 150 }));
  expect(findingsOf({ emitted, observations })).toContain(CAME_BACK);
});

/** An answer that takes four seconds, in the middle of which the GM registers; its messages are heard meanwhile. */
function slowAnswer(at: number, gm: GmSketch): Observation {
  const answer = gmAnswer(at, gm);
  return { ...answer, sentAtMs: (T0 + at) * 1000, receivedAtMs: (T0 + at + 4) * 1000 };
}

test('an answer that was asked for when the interval begins, and was read after it ended, shows what came meanwhile', () => {
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

test('a registration that was under way at the last answer began before it, whatever attempts are counted', () => {
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
