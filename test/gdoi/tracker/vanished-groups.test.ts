/**
 * A group that a GM was registered in, and that its answers show no more: its crypto map or its group was removed, or
 * the router came back without them. Its traffic is in clear or dropped, and no line of an answer says so.
 */
import { describe, expect, test } from 'vitest';
import { CHECK_CRYPTO_MAP } from '../../../src/gdoi/events/first-steps.ts';
import { VANISHED_KEPT_MS } from '../../../src/gdoi/tracker/vanished-groups.ts';
import type { Observation } from '../../../src/gdoi/seen/observation.ts';
import {
  facts,
  failure,
  gmAnswer,
  type GmSketch,
  type History,
  history,
  ksAnswer,
  log,
  snmpAnswer,
  T0,
  types,
} from '../../builders/tracker-builders.ts';

const held: GmSketch = { kekAt: 50_000, teks: { '0x00000001': 40_000 }, timerAt: 39_900 };
const other: GmSketch = { ...held, group: 'G2', identity: '4444', succeeded: 4 };
/** Up for a day. */
const upAt = (at: number) => facts(at, 86_500 + at);
const up = upAt(-100);
/** A poll that shows no group at all, of a device that answers another command. */
const none = (at: number) => [gmAnswer(at), upAt(at + 1)];
const lost = (told: History) => told.events.filter(({ type }) => type === 'registration_lost');
const seconds = (ms: number) => Math.round(ms / 100 - T0 * 10) / 10;
const without = (at: number, change: Partial<Extract<Observation, { kind: 'groups' }>>): Observation => {
  const answer = gmAnswer(at);
  if (answer.kind !== 'groups') throw new Error('an answer has groups');
  return { ...answer, ...change };
};

describe('a group that two answers in a row do not show', () => {
  test('is a lost registration, with the answers that show it', () => {
    const told = history([up, gmAnswer(0, held), ...none(60), ...none(120)]);
    expect(types(told)).toEqual(['registration_lost']);
    const [event] = lost(told);
    expect(event).toMatchObject({ severity: 'critical', device: 'gm1', group: 'G1' });
    expect(event!.betweenMs.map(seconds)).toEqual([-0.1, 60.1]);
    expect(event!.summary).toContain('shows no such group any more');
    const evidence = event!.evidence.join('\n');
    expect(evidence).toContain('2026-01-01T00:01:00Z');
    expect(evidence).toContain('2026-01-01T00:02:00Z');
    expect(evidence).toContain('registered in it, with 10.1.11.2, at 2026-01-01T00:00:00Z');
    expect(evidence).toContain('no group at all');
    expect(evidence).toContain('up since');
    expect(told.state.groups.get('G1')).toMatchObject({ registered: false });
  });

  test('is told once, also after a restart of the agent', () => {
    const answers = [60, 120, 180, 240].flatMap(none);
    expect(types(history([up, gmAnswer(0, held), ...answers]))).toEqual(['registration_lost']);
  });

  test('is one of several: the others are named, and theirs goes on', () => {
    const told = history([up, gmAnswer(0, held, other), gmAnswer(60, other), gmAnswer(120, other)]);
    expect(lost(told).map(({ group }) => group)).toEqual(['G1']);
    expect(lost(told)[0]!.evidence.join('\n')).toContain('G2');
    expect(told.state.groups.get('G2')).toMatchObject({ registered: true });
  });

  test('is told of a GM that was not registered any more, where that was not told yet', () => {
    const told = history([
      up,
      gmAnswer(0, held),
      gmAnswer(60, { ...held, registered: false }),
      ...none(120),
      ...none(180),
    ]);
    expect(types(told)).toEqual(['registration_lost']);
  });

  test('is not told again of a GM whose loss was told', () => {
    const off: GmSketch = { ...held, registered: false, teks: {} };
    const told = history([up, gmAnswer(0, held), gmAnswer(60, off), ...none(120), ...none(180)]);
    expect(types(told)).toEqual(['registration_lost']);
    expect(told.state.groups.get('G1')?.vanished?.knownMs).not.toBeNull();
  });
});

describe('nothing is told', () => {
  test('of one answer without it', () => {
    expect(types(history([up, gmAnswer(0, held), ...none(60), gmAnswer(120, held), ...none(180)]))).toEqual([]);
  });

  test('of a group in which it never was registered', () => {
    const never: GmSketch = { ...held, registered: false, succeeded: 0, teks: {}, kekAt: null };
    expect(types(history([up, gmAnswer(0, never), ...none(60), ...none(120), ...none(180)]))).toEqual([]);
  });

  test('of a GM that nobody has seen registered', () => {
    expect(types(history([up, ...none(0), ...none(60), ...none(120)]))).toEqual([]);
  });

  test('within minutes of a boot', () => {
    const booted = facts(301, 61);
    const later = [360, 420, 480].map((at) => gmAnswer(at));
    const told = history([up, gmAnswer(0, held), gmAnswer(300), booted, ...later]);
    expect(types(told)).toEqual(['reload']);
    const after = history([up, gmAnswer(0, held), gmAnswer(300), booted, ...later, gmAnswer(600), gmAnswer(660)]);
    expect(types(after)).toEqual(['reload', 'registration_lost']);
  });

  test('until minutes have passed, where the device does not show whether it has booted', () => {
    const answers = [gmAnswer(0, held, other), ...[60, 120, 180, 240].map((at) => gmAnswer(at, other))];
    expect(types(history(answers))).toEqual([]);
    expect(types(history([...answers, gmAnswer(361, other)]))).toEqual(['registration_lost']);
  });

  test('of answers without a word, as long as the device answers nothing else', () => {
    const silent = [60, 120, 180, 240, 300, 360, 420].map((at) => gmAnswer(at));
    expect(types(history([up, gmAnswer(0, held), ...silent]))).toEqual([]);
    expect(types(history([up, gmAnswer(0, held), ...silent, upAt(430), gmAnswer(480)]))).toEqual(['registration_lost']);
  });

  test('of answers that failed or were not understood', () => {
    const strange = [60, 120, 180].flatMap((at) => [without(at, { unknownLines: 1 }), upAt(at + 1)]);
    expect(types(history([up, gmAnswer(0, held), failure(30, 'command'), failure(90, 'command')]))).toEqual([]);
    expect(types(history([up, gmAnswer(0, held), ...strange]))).toEqual([]);
  });

  test('of the answer to another command', () => {
    const details = [60, 120, 180].flatMap((at) => [
      without(at, { command: 'show crypto gdoi gm replay' }),
      upAt(at + 1),
    ]);
    expect(types(history([up, gmAnswer(0, held), ...details]))).toEqual([]);
  });

  test('of SNMP or RESTCONF, which show other things', () => {
    const bySnmp = [60, 120, 180].flatMap((at) => [
      without(at, { origin: 'snmp', command: 'CISCO-GDOI-MIB' }),
      upAt(at + 1),
    ]);
    const beside = [63, 123, 183].map((at) => without(at, { origin: 'restconf', beside: true }));
    expect(types(history([up, gmAnswer(0, held), ...bySnmp, ...beside]))).toEqual([]);
  });

  test('while SNMP still shows its keys', () => {
    const told = history([up, gmAnswer(0, held), ...none(60), snmpAnswer(90), ...none(120), snmpAnswer(150)]);
    expect(types(told)).toEqual([]);
  });

  test('of a device that serves the group as its KS now', () => {
    expect(types(history([up, gmAnswer(0, held), ksAnswer(60), ksAnswer(120), ksAnswer(180)]))).toEqual([]);
  });

  test('of a device that the operator says is a KS', () => {
    const told = history([up, gmAnswer(0, held), ...none(60), ...none(120)], { asGm: false });
    expect(types(told)).toEqual([]);
    expect(told.state.groups.size).toBe(0);
  });

  test.each([
    ['in another spelling', { ...held, group: 'g1 ', identity: null }],
    ['of another name for the same group number', { ...held, group: 'GETVPN-1' }],
  ])('of a group that is shown %s', (_how, now) => {
    const told = history([up, gmAnswer(0, held), gmAnswer(60, now), gmAnswer(120, now), gmAnswer(180, now)]);
    expect(types(told)).toEqual([]);
    expect([...told.state.groups.keys()]).toEqual([now.group]);
  });
});

describe('a group that is shown again', () => {
  test('is registered again, and may vanish once more', () => {
    const back: GmSketch = { ...held, received: 0, kekAt: 60_000, teks: { '0x00000009': 50_000 }, timerAt: 49_900 };
    const told = history([
      up,
      gmAnswer(0, held),
      ...none(60),
      ...none(120),
      gmAnswer(180, back),
      gmAnswer(240, back),
      ...none(300),
      ...none(360),
    ]);
    expect(types(told)).toEqual([
      'registration_lost',
      'registration_restored',
      'counters_reset',
      'reregistration',
      'registration_lost',
    ]);
    expect(new Set(told.events.map(({ id }) => id)).size).toBe(5);
    expect(told.events.find(({ type }) => type === 'reregistration')).toMatchObject({ unexpected: false });
  });

  const again: GmSketch = { ...held, received: 0, kekAt: 60_000, teks: { '0x00000009': 50_000 }, timerAt: 49_900 };
  const gone = [up, gmAnswer(0, { ...held, succeeded: 4 }), ...none(60), ...none(120)];
  const ofReturn = (told: History) =>
    told.events.filter(({ type }) => type === 'reregistration' || type === 'counters_reset');

  test('was removed and configured again, and not cleared by an operator', () => {
    for (const uptime of [[upAt(181)], []]) {
      const told = history([...gone, gmAnswer(180, again), ...uptime, gmAnswer(240, again)]);
      expect(ofReturn(told)).toMatchObject([
        { type: 'counters_reset', action: CHECK_CRYPTO_MAP },
        {
          cause: 'operator_clear',
          unexpected: false,
          summary: 'gm1 (group G1) registered again after its group had been removed and was configured again',
          action: CHECK_CRYPTO_MAP,
        },
      ]);
      expect(told.state.groups.get('G1')?.tally.last).toMatchObject({ configuredAgain: true });
    }
  });

  test('came with a reload if the uptime says so, and with a clear if the log does', () => {
    const reloaded = history([...gone, gmAnswer(480, again), facts(481, 121), gmAnswer(540, again)]);
    expect(ofReturn(reloaded)).toMatchObject([{ cause: 'reload' }]);
    const said = log(170, 'GDOI-5-GM_CLEAR_REGISTER');
    const cleared = history([...gone, said, gmAnswer(180, again), upAt(181), gmAnswer(240, again)]);
    expect(ofReturn(cleared).at(-1)?.summary).toContain('clear crypto gdoi');
  });

  test('is forgotten at the next clear', () => {
    const later: GmSketch = { ...again, succeeded: 3 };
    const seen = [...gone, gmAnswer(180, again), upAt(181), gmAnswer(240, later), gmAnswer(300, again), upAt(301)];
    expect(ofReturn(history(seen)).at(-1)?.summary).toContain('clear crypto gdoi');
  });

  test('has lost nothing if one answer did not show it', () => {
    const told = history([up, gmAnswer(0, held), ...none(60), gmAnswer(120, held), gmAnswer(180, held)]);
    expect(types(told)).toEqual([]);
    expect(told.state.groups.get('G1')?.vanished).toBeUndefined();
  });
});

test('a group that stays away is given up after a week', () => {
  const kept = VANISHED_KEPT_MS / 1000;
  const before = [up, gmAnswer(0, held), ...none(60), ...none(120), ...none(kept)];
  expect(history(before).state.groups.has('G1')).toBe(true);
  expect(history([...before, ...none(kept + 180)]).state.groups.has('G1')).toBe(false);
});
