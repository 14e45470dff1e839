/** One tracker state with something in every part of it. */
import { initialTrackerState, type TrackerState } from '../../../src/gdoi/memory/tracker-state.ts';
import { buffer, clock, facts, failure, fed, gmAnswer, log, snmpAnswer } from '../../builders/tracker-builders.ts';

/** Its history has three groups, both sources, a log, a failure and drafts that wait. */
export function fullState(): TrackerState {
  const first = [
    gmAnswer(
      0,
      { succeeded: 1, attempted: 1, received: 2, kekAt: 1000, timerAt: 880 },
      { group: 'G2', identity: '4444', succeeded: 4, kekAt: 5000 },
      { group: 'G3', identity: '5555' },
    ),
    snmpAnswer(20, { kekAt: 1000 }),
    snmpAnswer(50, { kekAt: 1000, kek: 2, sequence: 5 }),
    log(60, 'GDOI-4-GM_RECV_DELETE', 'group G2'),
  ];
  const between = [
    gmAnswer(
      815,
      { succeeded: 1, attempted: 1, received: 2, kekAt: 1000, timerAt: 880 },
      { group: 'G2', identity: '4444', succeeded: 4, kekAt: 5000 },
      { group: 'G3', identity: '5555', registered: false, teks: {} },
    ),
    log(880, 'GDOI-4-GM_RE_REGISTER'),
    log(881, 'GDOI-5-GM_REGS_COMPL', 'complete for group G1'),
  ];
  const last = gmAnswer(
    900,
    { succeeded: 2, attempted: 2, received: 2, kekAt: 1000, timerAt: 1040 },
    { group: 'G2', identity: '4444', succeeded: 1, attempted: 1, received: 0, kekAt: 5000 },
    { group: 'G3', identity: '5555', registered: false, attempted: 5, succeeded: 1, teks: {} },
  );
  const observations = [
    clock(-5, 3),
    buffer(-4, [{ stampAt: -100, mnemonic: 'GDOI-5-GM_REGS_COMPL', sequence: 7 }]),
    facts(0, 100_000),
    ...first,
    ...between,
    last,
    failure(960),
  ];
  return fed(initialTrackerState('gm1'), observations).state;
}
