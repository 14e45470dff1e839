/** A GM whose answers show its group no more: what its view, its health, its group and its metrics say. */
import { expect, test } from 'vitest';
import { deviceSettings } from '../../src/agent/poll/poll-target.ts';
import type { GroupViewOf } from '../../src/gdoi/fleet/group-view.ts';
import { deviceHealth } from '../../src/gdoi/health/health.ts';
import type { GmSnapshot } from '../../src/gdoi/seen/snapshot.ts';
import { type FleetMemory, type FleetStep, fleetStep } from '../../src/model/fleet-step.ts';
import { DEVICE_METRICS } from '../../src/export/device-metrics.ts';
import { newDeviceView } from '../../src/model/device-view.ts';
import { aConfiguredDevice } from '../builders/config-builder.ts';
import { teks } from '../builders/health-builders.ts';
import { aDevice, aReport, facts, NOON } from '../builders/view-builder.ts';
import { aGm } from '../builders/snapshots.ts';

const FINE = aGm({
  address: '10.1.13.2',
  identity: '3333',
  keyServer: '10.1.11.2',
  teks: teks(3000),
  registrations: { succeeded: 1, attempted: 1 },
});
const OTHER: GmSnapshot = { ...FINE, group: 'G2', identity: '4444' };

type Answers = readonly (readonly GmSnapshot[])[];

/** One poll a minute from noon on, each with the uptime of a device that has been up for long. */
function polled(answers: Answers, role: 'gm' | 'ks' | 'auto' = 'auto', from: FleetStep | null = null): FleetStep {
  const device = deviceSettings(aConfiguredDevice({ name: 'gm1', role }));
  const settings = { fleet: { pollIntervalMs: 60_000, detailIntervalMs: 60_000 }, maintenance: [], device };
  const groups = new Map(Array.from(from?.groups ?? [], ([key, { memory }]) => [key, memory] as const));
  let step = from;
  for (const [index, shown] of answers.entries()) {
    const atMs = (from?.view.lastPollAtMs ?? NOON - 60_000) + (index + 1) * 60_000;
    const report = aReport({ 'show crypto gdoi': shown, 'show version': facts({ uptimeSeconds: 86_400 }) }, {}, atMs);
    const known = step;
    const memory: FleetMemory = {
      state: () => known?.state ?? null,
      group: (key) => groups.get(key) ?? null,
      groups: () => groups.values(),
    };
    step = fleetStep({ memory, before: known?.view ?? aDevice() }, { kind: 'polled', report }, settings);
    for (const [key, group] of step.groups) groups.set(key, group.memory);
  }
  if (step === null) throw new Error('nothing was polled');
  return {
    ...step,
    groups: new Map(
      Array.from(groups, ([key, memory]) => [key, { memory, events: [], incidents: [], members: new Map() }]),
    ),
  };
}

const health = ({ view, groups }: FleetStep) => {
  const groupOf: GroupViewOf = (group) => groups.get(group)?.memory.view ?? null;
  return deviceHealth(view, groupOf, view.lastPollAtMs ?? NOON);
};

function registeredMetric({ view }: FleetStep): readonly unknown[] {
  const metric = DEVICE_METRICS.find(({ name }) => name === 'gdoi_gm_registered');
  return [...view.groups.values()].flatMap(({ gm }) => {
    const values: unknown[] = [];
    if (gm !== null && metric?.of === 'gm')
      metric.samples(gm.snapshot, (_, value) => values.push(value), {
        at: gm.at,
        tracking: null,
        inGroup: null,
        newestKek: null,
      });
    return values;
  });
}

test('one answer without the group leaves the GM in it, and nothing is known of it', () => {
  const step = polled([[FINE], []]);
  expect(registeredMetric(step)).toEqual([null]);
  expect(step.groups.get('G1')?.memory.view.gms).toMatchObject([{ device: 'gm1', registered: null }]);
  expect(health(step)).toMatchObject({ status: 'unknown' });
  expect(step.groups.get('G1')?.memory.view.explanations).toEqual([]);
});

test('two answers without the group are a GM that is not registered, with its reason and its first step', () => {
  const step = polled([[FINE], [], []]);
  expect(step.events.map(({ type }) => type)).toEqual(['registration_lost']);
  expect(registeredMetric(step)).toEqual([false]);
  const { view } = step.groups.get('G1')!.memory;
  expect(view.gms).toMatchObject([{ device: 'gm1', address: '10.1.13.2', registered: false }]);
  expect(view.explanations).toMatchObject([
    {
      cause: 'not_registered',
      status: 'critical',
      summary: 'GM gm1 shows no group G1 any more since 12:01:00 UTC and is not registered in it',
    },
  ]);
  expect(view.explanations[0]!.firstStep).toContain('show running-config');
  const { status, summary, action, checks } = health(step);
  expect(status).toBe('critical');
  expect(summary).toContain('shows no group G1 any more since 12:01:00 UTC');
  expect(action).toContain('show crypto map');
  expect(checks.find(({ name }) => name === 'registered')).toMatchObject({ group: 'G1', status: 'critical' });
});

test('it stays so, poll after poll, and after a restart of the agent', () => {
  const before = polled([[FINE], [], [], [], []]);
  expect(registeredMetric(before)).toEqual([false]);
  const started: FleetStep = {
    ...before,
    view: { ...newDeviceView({ device: 'gm1', host: '192.0.2.1' }), lastPollAtMs: before.view.lastPollAtMs },
  };
  const after = polled([[]], 'auto', started);
  expect(after.events).toEqual([]);
  expect(registeredMetric(after)).toEqual([false]);
  const { view } = after.groups.get('G1')!.memory;
  expect(view.gms).toMatchObject([{ device: 'gm1', address: '10.1.13.2', registered: false }]);
  expect(view.explanations.map(({ cause }) => cause)).toEqual(['not_registered']);
});

test('one of several groups is missed by name, and the other one is well', () => {
  const step = polled([[FINE, OTHER], [OTHER], [OTHER]]);
  expect([...step.view.groups.keys()]).toEqual(['G1', 'G2']);
  expect(registeredMetric(step)).toEqual([false, true]);
  const registered = health(step).checks.filter(({ name }) => name === 'registered');
  expect(registered.map(({ group, status }) => [group, status])).toEqual([
    ['G1', 'critical'],
    ['G2', 'ok'],
  ]);
});

test('it is well again once it shows the group again', () => {
  const step = polled([[FINE], [], [], [FINE], [FINE]]);
  expect(registeredMetric(step)).toEqual([true]);
  expect(step.view.tracking.get('G1')?.vanishedSinceMs).toBeUndefined();
  expect(step.groups.get('G1')?.memory.view.gms).toMatchObject([{ registered: true }]);
});

test('a device that is configured as a KS is missed nowhere', () => {
  const step = polled([[], [], []], 'ks', polled([[FINE]]));
  expect(step.view.groups.size).toBe(0);
  expect(step.groups.get('G1')?.memory.view.over).toBe(true);
});
