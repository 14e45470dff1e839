import { FLOOR_LEAD } from '../../src/gdoi/keys/ks-lead.ts';
import { describe, expect, test } from 'vitest';
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import type { GmSnapshot } from '../../src/gdoi/seen/snapshot.ts';
import { observe } from '../../src/model/device-view.ts';
import { membershipChanges, trackOptions } from '../../src/model/group-tracking.ts';
import { trackFleet } from '../builders/track-fleet.ts';
import { initialTrackerState } from '../../src/gdoi/memory/tracker-state.ts';
import { track } from '../../src/gdoi/tracker/tracker.ts';
import { initialFleetState } from '../../src/gdoi/fleet/fleet-state.ts';
import { aDevice, NOON } from '../builders/view-builder.ts';
import { aGm, aKs, aKsKey } from '../builders/snapshots.ts';

const AT_NOON = { sentAtMs: NOON, receivedAtMs: NOON };

function showing(snapshot: GmSnapshot): Observation {
  const command = 'show crypto gdoi';
  return { kind: 'groups', device: 'gm1', ...AT_NOON, origin: 'cli', command, unknownLines: 0, snapshots: [snapshot] };
}

test('the tracker of a GM gets the lead and the lifetimes that the polled KS of its group shows', () => {
  const snapshot = aKs({
    kek: aKsKey(787, { spi: '0xAA', lifetimeSeconds: 1200, timeToRekeySeconds: 552 }),
    teks: [aKsKey(188, { spi: '0xBB', lifetimeSeconds: 600, timeToRekeySeconds: 62 })],
  });
  const { view } = trackFleet(initialFleetState('G1'), [
    {
      device: 'ks1',
      atMs: NOON,
      presence: 'present',
      gm: null,
      ks: { snapshot, at: AT_NOON },
      kekBehavior: 'timer',
      version: '17.6.3',
    },
  ]);
  const options = trackOptions((group) => (group === 'G1' ? view : null));
  expect(options.ksLeadSeconds?.('G1')).toBe(235);
  const floor = { ...view, lead: FLOOR_LEAD };
  expect(trackOptions(() => floor).ksLeadSeconds?.('G1')).toBeNull();
  expect(options.kekLifetimeSeconds?.('G1')).toBe(1200);
  expect(options.tekLifetimeSeconds?.('G1')).toBe(600);
  expect(options.kekLifetimeSeconds?.('elsewhere')).toBeNull();
});

test.each([
  ['not synchronised', { synchronised: false }, { synchronised: false, aheadSeconds: null }],
  ['an hour behind', { synchronised: true, epochMs: NOON - 3_600_000 }, { synchronised: true, aheadSeconds: -3600 }],
  ['correct', { synchronised: true, epochMs: NOON + 900 }, undefined],
  ['in a zone without a known offset', { synchronised: true, epochMs: null, zone: 'EST' }, undefined],
])('the groups of a device hear when its clock is wrong or not synchronised: %s', (_title, shown, expected) => {
  const clock = { role: 'clock', epochMs: NOON, zone: 'UTC', ...shown } as const;
  const seen: Observation[] = [{ kind: 'clock', device: 'gm1', ...AT_NOON, clock }, showing(aGm())];
  const view = seen.reduce((known, each) => observe(known, each, 600_000), aDevice());
  const context = membershipChanges(aDevice(), view, null, NOON).get('G1')?.context;
  expect(context?.clock).toEqual(expected && { readMs: NOON, ...expected });
});

describe('the reason for which a GM registers, for the explanations of its group,', () => {
  const seen = showing(aGm({ registrations: { succeeded: 1, attempted: 1 } }));
  const said = (mnemonic: string): Observation => ({
    kind: 'log',
    device: 'gm1',
    sentAtMs: NOON + 30_000,
    receivedAtMs: NOON + 30_000,
    pushed: true,
    messages: [{ facility: 'GDOI', severity: 5, mnemonic, text: 'of group G1', sequence: 7, timestamp: null }],
  });
  const contextAfter = (mnemonic: string) => {
    const observations = [seen, said(mnemonic)];
    const state = observations.reduce((known, each) => track(known, each).state, initialTrackerState('gm1'));
    return membershipChanges(aDevice(), observe(aDevice(), seen, 600_000), state, NOON).get('G1')?.context;
  };

  test('is an order of its KS after GM_RECV_DELETE', () => {
    expect(contextAfter('GM_RECV_DELETE')?.forced).toMatchObject({ atMs: NOON + 30_000 });
  });

  test.each(['GM_CM_ATTACH', 'GM_CM_DETACH'])(
    'is no order of its KS after %s, which its own configuration causes',
    (mnemonic) => {
      expect(contextAfter(mnemonic)?.forced).toBeNull();
    },
  );
});

describe('a device whose SSH fails while SNMP answers', () => {
  const failed = (result: string, at: number): Observation => {
    return { kind: 'failure', device: 'gm1', sentAtMs: NOON + at, receivedAtMs: NOON + at, result };
  };
  const look: Observation = {
    kind: 'groups',
    device: 'gm1',
    origin: 'snmp',
    command: 'CISCO-GDOI-MIB',
    beside: true,
    unknownLines: 0,
    sentAtMs: NOON + 4000,
    receivedAtMs: NOON + 4000,
    snapshots: [aGm({ registered: null })],
  };
  const bySnmp = { result: 'ok', error: null, polls: {}, lastSuccessAtMs: NOON + 4000 } as const;
  const memberAfter = (result: 'auth' | 'timeout', more: readonly Observation[] = []) => {
    const seen = [failed(result, 1000), failed(result, 2000), failed(result, 3000), look, ...more];
    const state = seen.reduce((known, each) => track(known, each).state, initialTrackerState('gm1'));
    const view = observe(aDevice({ failure: result, snmp: bySnmp }), showing(aGm()), 600_000);
    return membershipChanges(aDevice(), view, state, NOON).get('G1');
  };

  test('is present in its groups even if SSH times out', () => {
    expect(memberAfter('timeout')).toMatchObject({ presence: 'present', context: { failure: null } });
  });

  test('is present in its groups by SNMP if SSH refuses the login, and the refusal is reported', () => {
    const failure = { result: 'auth', sinceMs: NOON + 1000, answersBy: 'SNMP', established: false };
    expect(memberAfter('auth')).toMatchObject({ presence: 'present', context: { failure } });
  });

  test('counts as silent from the first failure after its last SNMP answer', () => {
    const failure = { sinceMs: NOON + 5000, inARow: 1, established: false, answeredMs: NOON + 4000 };
    expect(memberAfter('timeout', [failed('timeout', 5000)])).toMatchObject({
      presence: 'present',
      context: { failure },
    });
  });
});

test('a group gets the poll interval of its device, if it is known', () => {
  const paceOf = (regularIntervalMs: number | null) =>
    membershipChanges(aDevice(), observe(aDevice({ regularIntervalMs }), showing(aGm()), 600_000), null, NOON).get('G1')
      ?.context?.intervalMs;
  expect([paceOf(900_000), paceOf(null)]).toEqual([900_000, undefined]);
});

describe('a device that gives no answer', () => {
  const failedAt = NOON + 1000;
  const message = (atMs: number, pushed = true): Observation => ({
    kind: 'log',
    device: 'gm1',
    sentAtMs: atMs,
    receivedAtMs: atMs,
    pushed,
    messages: [
      { facility: 'SYS', severity: 5, mnemonic: 'CONFIG_I', text: 'of no group', sequence: 7, timestamp: null },
    ],
  });
  const heardAfter = (failure: 'timeout' | null, ...pushed: readonly Observation[]) => {
    const failed: Observation = {
      kind: 'failure',
      device: 'gm1',
      sentAtMs: failedAt,
      receivedAtMs: failedAt,
      result: 'timeout',
    };
    const state = track(initialTrackerState('gm1'), failed).state;
    const first = observe(aDevice({ failure }), showing(aGm()), 600_000);
    const view = pushed.reduce((known, each) => observe(known, each, 600_000), first);
    return membershipChanges(aDevice(), view, state, NOON).get('G1')?.context?.failure?.heardMs;
  };

  test('counts as heard when it sends a message, whatever the message is about', () => {
    expect(heardAfter('timeout', message(failedAt + 90_000))).toBe(failedAt + 90_000);
  });

  test('does not count as heard by a message soon after the failure, from its log buffer, or while it answered', () => {
    expect(heardAfter('timeout', message(failedAt + 20_000))).toBeUndefined();
    expect(heardAfter('timeout', message(failedAt + 90_000, false))).toBeUndefined();
    expect(heardAfter(null, message(failedAt + 90_000))).toBeUndefined();
  });

  test('answered last over whichever transport did, even if that answer showed nothing of the group', () => {
    const failed = { kind: 'failure', device: 'gm1', sentAtMs: failedAt, receivedAtMs: failedAt, result: 'timeout' };
    const state = track(initialTrackerState('gm1'), failed as Observation).state;
    const beside = (lastSuccessAtMs: number) =>
      ({ result: 'timeout', error: null, polls: {}, lastSuccessAtMs }) as const;
    const lastAnswerOf = (answers: Parameters<typeof aDevice>[0]) => {
      const view = observe(aDevice({ failure: 'timeout', ...answers }), showing(aGm()), 600_000);
      return membershipChanges(aDevice(), view, state, NOON).get('G1')?.context?.failure?.answeredMs;
    };
    expect(lastAnswerOf({ lastSuccessAtMs: NOON + 500 })).toBe(NOON + 500);
    expect(lastAnswerOf({ lastSuccessAtMs: NOON, snmp: beside(NOON + 900) })).toBe(NOON + 900);
    expect(lastAnswerOf({ lastSuccessAtMs: NOON, restconf: beside(NOON + 700) })).toBe(NOON + 700);
    expect(lastAnswerOf({ lastSuccessAtMs: null })).toBeUndefined();
  });

  test('has the instant at which it was heard updated at most once in half a minute', () => {
    const storm = [90, 100, 119, 121].map((second) => message(failedAt + second * 1000));
    expect(heardAfter('timeout', ...storm)).toBe(failedAt + 121_000);
    expect(heardAfter('timeout', ...storm.slice(0, 3))).toBe(failedAt + 90_000);
  });
});
