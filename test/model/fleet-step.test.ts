import { describe, expect, test } from 'vitest';
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import {
  type FleetMemory,
  fleetStep,
  type FromDevice,
  type GroupMemory,
  isOver,
  settled,
  withoutDevice,
  withoutRemoved,
} from '../../src/model/fleet-step.ts';
import type { PlannedWork } from '../../src/model/planned-work.ts';
import { initialTrackerState } from '../../src/gdoi/memory/tracker-state.ts';
import { settle } from '../../src/gdoi/tracker/tracker.ts';
import { deviceSettings } from '../../src/agent/poll/poll-target.ts';
import { aConfiguredDevice } from '../builders/config-builder.ts';
import { teks } from '../builders/health-builders.ts';
import { facts, fed, gmAnswer, T0 } from '../builders/tracker-builders.ts';
import { aDevice, aReport, NOON } from '../builders/view-builder.ts';
import { aGm, aKs } from '../builders/snapshots.ts';

const FLEET = { pollIntervalMs: 60_000, detailIntervalMs: 60_000 };
const OF_GROUPS = { fleet: FLEET, maintenance: [] };
const SETTINGS = { ...OF_GROUPS, device: deviceSettings(aConfiguredDevice({ name: 'gm1' })) };
const GM1 = aDevice();

/** What the device shows, `seconds` after noon. */
function shown(seconds: number, snapshots: readonly (ReturnType<typeof aGm> | ReturnType<typeof aKs>)[]): FromDevice {
  const sentAtMs = NOON + seconds * 1000;
  const answer: Observation = {
    kind: 'groups',
    origin: 'cli',
    device: GM1.device,
    command: 'show crypto gdoi',
    sentAtMs,
    receivedAtMs: sentAtMs + 50,
    snapshots,
    unknownLines: 0,
  };
  return { kind: 'pushed', observations: [answer] };
}

const knowing = (group: GroupMemory | null): FleetMemory => ({
  state: () => null,
  group: () => group,
  groups: () => (group === null ? [] : [group]),
});

function afterKsAndGm(): { readonly group: GroupMemory; readonly view: typeof GM1 } {
  const step = fleetStep({ memory: knowing(null), before: GM1 }, shown(0, [aKs(), aGm()]), SETTINGS);
  return { group: step.groups.get('G1')!.memory, view: step.view };
}

test('a group is over once its last device has left it, and starts from scratch with the next one', () => {
  const { group, view } = afterKsAndGm();
  expect(isOver(group)).toBe(false);
  const left = withoutDevice({ memory: knowing(group), before: view }, NOON + 60_000, OF_GROUPS).get('G1')!.memory;
  expect(isOver(left)).toBe(true);
  const again = (known: GroupMemory | null) =>
    fleetStep({ memory: knowing(known), before: GM1 }, shown(120, [aGm()]), SETTINGS);
  expect(again(left)).toEqual(again(null));
});

test('an answer that was under way while its group was judged does not set the group back', () => {
  const { group } = afterKsAndGm();
  const see = (known: GroupMemory, device: string, seconds: number) =>
    fleetStep({ memory: knowing(known), before: aDevice({ device }) }, shown(seconds, [aGm()]), SETTINGS).groups.get(
      'G1',
    )!.memory;
  const judged = see(group, 'gm1', 30);
  expect(judged.view.atMs).toBe(NOON + 30_050);
  expect(see(judged, 'gm1', 29).view.atMs).toBe(judged.view.atMs);
});

test('what a device left open when it is polled no more has its cell, and whether it was planned', () => {
  const { state } = fed(initialTrackerState('gm1'), [
    facts(0, 100_000),
    gmAnswer(0, { succeeded: 4, attempted: 4 }),
    gmAnswer(60, { succeeded: 1, attempted: 1, received: 0 }),
  ]);
  const atMs = (T0 + 60) * 1000;
  const work = {
    devices: [],
    groups: ['G1'],
    cells: [],
    reason: '',
    fromMs: atMs - 3_600_000,
    untilMs: atMs + 3_600_000,
  };
  const marks = (cell: string | undefined, maintenance: readonly PlannedWork[]) =>
    new Set(settled({ state, cell }, maintenance).events.map((event) => [event.cell, event.planned].join()));
  expect(settle(state).events).not.toEqual([]);
  expect(marks('acme', [work])).toEqual(new Set(['acme,true']));
  expect(marks(undefined, [])).toEqual(new Set([',']));
});

test('a stored group loses the members that are no longer configured, and no others', () => {
  const { group } = afterKsAndGm();
  expect(withoutRemoved(group, new Set(['gm1']), NOON + 60_000, OF_GROUPS)).toBeNull();
  const step = withoutRemoved(group, new Set(['gm2']), NOON + 60_000, OF_GROUPS);
  expect(step !== null && isOver(step.memory)).toBe(true);
});

describe('a GM that is polled every quarter of an hour', () => {
  const device = { ...SETTINGS.device, regularIntervalMs: 900_000, phaseAware: true };
  const FINE = aGm({ teks: teks(3000), registrations: { succeeded: 1, attempted: 1 } });
  const LOST = aGm({ status: 'Registering', registered: false, registrations: { succeeded: 1, attempted: 2 } });

  /** The polls planned after the last of these answers, in seconds after noon. */
  function plannedAfter(...answers: readonly (readonly [seconds: number, shown: ReturnType<typeof aGm>])[]) {
    let known: ReturnType<typeof fleetStep> | null = null;
    for (const [seconds, gm] of answers) {
      const report = aReport({ 'show crypto gdoi': [gm] }, {}, NOON + seconds * 1000);
      const before = known;
      const memory: FleetMemory = {
        state: () => before?.state ?? null,
        group: () => before?.groups.get('G1')?.memory ?? null,
        groups: () => [],
      };
      known = fleetStep({ memory, before: before?.view ?? GM1 }, { kind: 'polled', report }, { ...SETTINGS, device });
    }
    return known?.view.plannedPolls.map(({ reason, atMs }) => [reason, Math.round((atMs - NOON) / 1000)]);
  }
  const SETTLED = ['settled', 93];

  test('is polled soon after it lost its registration, and once a registration under way would be over', () => {
    const confirmed = plannedAfter([-900, FINE], [0, LOST]);
    expect(confirmed).toEqual([['confirm', 5], SETTLED]);
    expect(plannedAfter([-900, FINE], [0, LOST], [5, LOST])).toEqual([SETTLED]);
    expect(plannedAfter([-900, FINE], [0, LOST], [5, LOST], [94, LOST])).toEqual([]);
    expect(plannedAfter([-900, FINE], [0, LOST], [5, FINE])?.map(([reason]) => reason)).not.toContain('settled');
  });

  test('is polled once a registration under way would be over when it is unregistered at first sight', () => {
    expect(plannedAfter([0, LOST])).toEqual([SETTLED]);
  });

  test('is polled soon, and once a registration would be over, when it is registered without a TEK', () => {
    const bare = aGm({ teks: [], registrations: { succeeded: 1, attempted: 1 } });
    expect(plannedAfter([-900, FINE], [0, bare])).toEqual([['confirm', 5], SETTLED]);
  });
});

describe('a KS whose log buffer shows that it refuses a GM', () => {
  const TEXT = 'Group G1 received registration from unauthorized ip address: 203.0.113.42';
  const clock = (seconds: number): Observation => ({
    kind: 'clock',
    device: GM1.device,
    sentAtMs: NOON + seconds * 1000,
    receivedAtMs: NOON + seconds * 1000 + 50,
    clock: { role: 'clock', epochMs: NOON + seconds * 1000, zone: 'UTC', synchronised: true },
  });
  const log = (seconds: number, pushed: boolean, stamp: string | null = 'Jan  1 12:00:20.000'): Observation => ({
    kind: 'log',
    device: GM1.device,
    sentAtMs: NOON + seconds * 1000,
    receivedAtMs: NOON + seconds * 1000 + 50,
    pushed,
    messages: [
      { facility: 'GDOI', severity: 1, mnemonic: 'UNAUTHORIZED_IPADDR', text: TEXT, sequence: null, timestamp: stamp },
    ],
  });
  /** Each look continues from what is known after the one before. */
  const after = (...looks: readonly (readonly Observation[])[]) =>
    looks.reduce(
      ({ state, group, view }, observations) => {
        const memory = { ...knowing(group), state: () => state };
        const step = fleetStep({ memory, before: view }, { kind: 'pushed', observations }, SETTINGS);
        return { state: step.state, group: step.groups.get('G1')?.memory ?? group, view: step.view };
      },
      { state: null, group: null, view: GM1 } as {
        state: ReturnType<FleetMemory['state']>;
        group: GroupMemory | null;
        view: typeof GM1;
      },
    );
  const answer = (seconds: number) => {
    const from = shown(seconds, [aKs()]);
    return from.kind === 'pushed' ? from.observations : [];
  };

  test('is reported by its group with the instant on the device clock, even from the buffer alone', () => {
    const { view, group } = after([...answer(0), clock(1)], [clock(30), log(31, false), ...answer(32)]);
    expect(view.reasons).toMatchObject([{ kind: 'unauthorized', atMs: expect.closeTo(NOON + 20_000, -3) }]);
    expect(group?.view.explanations).toMatchObject([
      {
        cause: 'unauthorized',
        summary: expect.stringMatching(/^KS gm1 refuses GM 203\.0\.113\.42 since 12:00:20 UTC/u),
      },
    ]);
  });

  test('gives one reason when it also sends the same message', () => {
    const { view } = after([...answer(0), clock(1)], [log(20, true)], [clock(30), log(31, false), ...answer(32)]);
    expect(view.reasons).toHaveLength(1);
  });

  test('keeps the message that it sent when the buffer holds many older ones', () => {
    const old: Observation = {
      ...log(31, false),
      kind: 'log',
      pushed: false,
      messages: Array.from({ length: 20 }, (_, n) => ({
        facility: 'GDOI',
        severity: 1,
        mnemonic: 'UNAUTHORIZED_IPADDR',
        text: `Group G1 received registration from unauthorized ip address: 198.51.100.${n}`,
        sequence: null,
        timestamp: `Jan  1 11:${String(10 + n)}:00.000`,
      })),
    };
    const { reasons } = after([...answer(0), clock(1)], [log(20, true)], [clock(30), old, ...answer(32)]).view;
    expect(reasons).toHaveLength(16);
    expect(reasons.at(-1)?.text).toContain('203.0.113.42');
  });

  test('gives no reason when the message has no instant by its clock', () => {
    expect(after([...answer(0), log(1, false, null)], [log(31, false, null)]).view.reasons).toEqual([]);
  });
});
