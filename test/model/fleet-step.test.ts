import { expect, test } from 'vitest';
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import {
  type FleetMemory,
  fleetStep,
  type FromDevice,
  type GroupMemory,
  isOver,
  withoutDevice,
  withoutStrangers,
} from '../../src/model/fleet-step.ts';
import { deviceSettings } from '../../src/agent/poll/poll-target.ts';
import { aConfiguredDevice } from '../builders/config-builder.ts';
import { aDevice, aGm, aKs, NOON } from '../builders/view-builder.ts';

const FLEET = { pollIntervalMs: 60_000, detailIntervalMs: 60_000 };
const SETTINGS = { fleet: FLEET, device: deviceSettings(aConfiguredDevice({ name: 'gm1' })) };
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

test('a group is over once its last device left it, and begins anew with the next one', () => {
  const { group, view } = afterKsAndGm();
  expect(isOver(group)).toBe(false);
  const left = withoutDevice({ memory: knowing(group), before: view }, NOON + 60_000, FLEET).get('G1')!.memory;
  expect(isOver(left)).toBe(true);
  const again = (known: GroupMemory | null) =>
    fleetStep({ memory: knowing(known), before: GM1 }, shown(120, [aGm()]), SETTINGS);
  expect(again(left)).toEqual(again(null));
});

test('a group that was kept loses the members that are configured no more, and no others', () => {
  const { group } = afterKsAndGm();
  expect(withoutStrangers(group, new Set(['gm1']), NOON + 60_000, FLEET)).toBeNull();
  const step = withoutStrangers(group, new Set(['gm2']), NOON + 60_000, FLEET);
  expect(step !== null && isOver(step.memory)).toBe(true);
});
