/** Messages that are pushed, found in the log or sent as traps make events more precise but do not invent any. */
import { describe, expect, test } from 'vitest';
import { initialTrackerState } from '../../../src/gdoi/memory/tracker-state.ts';
import {
  buffer,
  type BufferLine,
  causes,
  clock,
  facts,
  failure,
  fed,
  gmAnswer,
  type GmSketch,
  history,
  log,
  reregistrations,
  T0,
  trap,
  types,
} from '../../builders/tracker-builders.ts';

const KEK = 1000;
const before: GmSketch = { succeeded: 1, kekAt: KEK, timerAt: 880 };
const after: GmSketch = { succeeded: 2, kekAt: 87_000, timerAt: 80_000 };

const started = (at: number): BufferLine => ({ stampAt: at, mnemonic: 'GDOI-4-GM_RE_REGISTER' });
const completed = (at: number): BufferLine => ({ stampAt: at, mnemonic: 'GDOI-5-GM_REGS_COMPL' });
const noise = (at: number): BufferLine => ({ stampAt: at, mnemonic: 'SYS-5-CONFIG_I', text: `at ${at}` });
const between = (told: ReturnType<typeof history>) =>
  reregistrations(told).map(({ betweenMs }) => betweenMs.map((ms) => Math.round((ms - T0 * 1000) / 100) / 10));

describe('the log buffer', () => {
  test('gives the instant by the line’s own stamp once show clock has shown the device’s clock', () => {
    const told = history([
      gmAnswer(790, before),
      clock(795, 3600),
      buffer(796, [noise(3600 + 700)]),
      buffer(960, [noise(3600 + 700), started(3600 + 880), completed(3600 + 881)]),
      gmAnswer(970, after),
    ]);
    expect(causes(told)).toEqual(['kek_missed_rekey']);
    const [[from, to] = []] = between(told);
    expect(from).toBeGreaterThanOrEqual(880.8);
    expect(to).toBeLessThanOrEqual(881.2);
    expect(reregistrations(told)[0]?.evidence[2]).toMatch(/^show logging: GM_REGS_COMPL at /u);
  });

  test('gives the instant by the line’s own stamp also once a pushed message with a stamp has shown the clock', () => {
    const pushed = log(795, 'SYS-5-CONFIG_I', 'Configured from console');
    const stamped = { ...pushed, messages: [{ ...messageOf(pushed), timestamp: 'Jan  1 02:13:14.500 EST' }] } as const;
    const line = { ...completed(7200 + 881) };
    const read = buffer(960, [line]);
    const est = { ...read, messages: [{ ...messageOf(read), timestamp: 'Jan  1 02:14:41.000 EST' }] } as const;
    const told = history([gmAnswer(790, before), stamped, est, gmAnswer(970, after)]);
    const [[from, to] = []] = between(told);
    expect(from).toBeGreaterThan(878);
    expect(to).toBeLessThan(883);
  });

  test('places a new line between this reading and the one before when the clock is not known', () => {
    const told = history([
      gmAnswer(790, before),
      buffer(850, [noise(1)]),
      buffer(900, [noise(1), { stampAt: null, mnemonic: 'GDOI-5-GM_REGS_COMPL' }]),
      gmAnswer(970, after),
    ]);
    const [[from, to] = []] = between(told);
    expect(from).toBeGreaterThanOrEqual(849.9);
    expect(to).toBeLessThanOrEqual(900.1);
    expect(causes(told)).toEqual(['kek_missed_rekey']);
  });

  test('does not narrow the time by lines of the first reading or lines that a later reading shows again', () => {
    const lines = [completed(100), completed(881), noise(890)];
    const told = history([
      gmAnswer(790, before),
      buffer(850, lines),
      buffer(900, lines),
      buffer(950, lines),
      gmAnswer(970, after),
    ]);
    expect(between(told)).toEqual([[789.9, 970.1]]);
  });

  test('is read as new from its first line on when a reload has emptied it', () => {
    const { state } = fed(initialTrackerState('gm1'), [
      gmAnswer(790, before),
      buffer(850, [noise(1), noise(2), noise(3), noise(4)]),
      buffer(900, [{ stampAt: null, mnemonic: 'SYS-5-RESTART', text: 'System restarted' }]),
    ]);
    expect(state.groups.get('G1')?.marks.map(({ proof }) => proof)).toEqual(['restart']);
  });

  test('does not give the instant by a stamp when the clock was set meanwhile', () => {
    const told = history([
      gmAnswer(790, before),
      clock(795, 0),
      buffer(850, [noise(700)]),
      buffer(900, [noise(700), completed(500_000)]),
      gmAnswer(970, after),
    ]);
    const [[from, to] = []] = between(told);
    expect(from).toBeGreaterThanOrEqual(849.9);
    expect(to).toBeLessThanOrEqual(900.1);
  });

  test('reports a registration once together with poll, syslog and trap', () => {
    const told = history([
      gmAnswer(790, before),
      clock(795, 0),
      buffer(800, [noise(700)]),
      log(880.2, 'GDOI-4-GM_RE_REGISTER'),
      trap(880.3, 'GmReRegister'),
      log(881.2, 'GDOI-5-GM_REGS_COMPL'),
      trap(881.3, 'GmRegistrationComplete'),
      buffer(950, [noise(700), started(880), completed(881)]),
      gmAnswer(970, after),
    ]);
    expect(causes(told)).toEqual(['kek_missed_rekey']);
    expect(reregistrations(told)[0]?.evidence[2]).toMatch(/^log and trap and show logging: GM_REGS_COMPL/u);
  });

  test('reports two events for two clears that only it shows separately', () => {
    const told = history([
      gmAnswer(0, { succeeded: 3, kekAt: 50_000 }),
      clock(1, 0),
      buffer(2, [noise(0)]),
      buffer(290, [
        noise(0),
        { stampAt: 70, mnemonic: 'GDOI-5-GM_CLEAR_REGISTER' },
        completed(71),
        { stampAt: 100, mnemonic: 'GDOI-5-GM_CLEAR_REGISTER' },
        completed(101),
      ]),
      gmAnswer(300, { succeeded: 1, received: 0, kekAt: 50_000 }),
    ]);
    expect(causes(told)).toEqual(['operator_clear', 'operator_clear']);
  });
});

describe('a trap', () => {
  test('gives the instant of a re-registration', () => {
    const told = history([
      gmAnswer(790, before),
      trap(880, 'GmReRegister'),
      trap(881, 'GmRegistrationComplete'),
      gmAnswer(970, after),
    ]);
    expect(causes(told)).toEqual(['kek_missed_rekey']);
    expect(between(told)).toEqual([[879, 881]]);
  });

  test('does not make an event when the next answer does not confirm it, however often it comes', () => {
    const forged = [100, 200, 300].flatMap((at) => [trap(at, 'GmReRegister'), trap(at + 1, 'GmRegistrationComplete')]);
    expect(history([gmAnswer(0, before), ...forged, gmAnswer(400, before)]).events).toEqual([]);
  });

  test('does not make a registration event alone when the device does not answer', () => {
    const failures = [500, 600, 700, 800].map((at) => failure(at));
    const told = history([gmAnswer(0, before), trap(100, 'GmRegistrationComplete'), ...failures]);
    expect(types(told)).toEqual(['unreachable']);
  });

  test('that was reported while the device did not answer is not reported again after its reload', () => {
    const told = history([
      gmAnswer(0, { succeeded: 90, kekAt: 50_000 }),
      facts(1, 900_000),
      failure(60),
      failure(120),
      trap(140, 'GmRegister'),
      trap(141, 'GmRegistrationComplete'),
      failure(150),
      gmAnswer(160, { succeeded: 1, received: 0, kekAt: 50_000 }),
      facts(161, 0),
    ]);
    expect(types(told)).toEqual(['unreachable', 'reregistration', 'reachable', 'reload']);
    expect(reregistrations(told)[0]?.evidence[0]).toBe('the device does not answer: known from its log only');
  });

  test('does not count for a group when it carries the number of another group', () => {
    const told = history([gmAnswer(790, before), trap(881, 'GmRegistrationComplete', '4444'), gmAnswer(970, after)]);
    expect(between(told)).toEqual([[789.9, 970.1]]);
  });

  test('without a number counts for the only group, but for none when there are two', () => {
    const one = history([gmAnswer(790, before), trap(881, 'GmRegistrationComplete', null), gmAnswer(970, after)]);
    expect(between(one)).toEqual([[879, 881]]);
    const other: GmSketch = { group: 'G2', identity: '4444', kekAt: 50_000 };
    const two = history([
      gmAnswer(790, before, other),
      trap(881, 'GmRegistrationComplete', null),
      gmAnswer(970, after, other),
    ]);
    expect(between(two)).toEqual([[789.9, 970.1]]);
  });

  test('about a failed rekey is evidence for the registration after the missed rekey', () => {
    const told = history([gmAnswer(790, before), trap(800, 'GmRekeyFailure'), gmAnswer(970, after)]);
    expect(reregistrations(told)[0]?.evidence.join('\n')).toContain('trap: GmRekeyFailure at');
  });
});

function messageOf(observation: ReturnType<typeof log>) {
  if (observation.kind !== 'log' || observation.messages[0] === undefined) throw new Error('no message');
  return observation.messages[0];
}
