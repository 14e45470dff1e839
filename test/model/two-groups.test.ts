/**
 * Two groups of the same routers, with random troubles in each: the explanations and incidents of a group are those of
 * the group alone. That its routers are in another group too, and what happens or is logged there, changes nothing.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Incident } from '../../src/gdoi/incidents/incident.ts';
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import type { GmSnapshot, KsSnapshot } from '../../src/gdoi/seen/snapshot.ts';
import { deviceSettings } from '../../src/agent/poll/poll-target.ts';
import type { TrackerState } from '../../src/gdoi/memory/tracker-state.ts';
import { type DeviceView, newDeviceView } from '../../src/model/device-view.ts';
import { fleetStep, type GroupMemory } from '../../src/model/fleet-step.ts';
import { aConfiguredDevice } from '../builders/config-builder.ts';
import { NOON } from '../builders/view-builder.ts';
import { aGm, aKek, aKs, aKsKey, aKsMember, aTek, rekeysReceived } from '../builders/snapshots.ts';

const FLEET = { pollIntervalMs: 60_000, detailIntervalMs: 60_000 };
const GROUPS = ['G1', 'G2'] as const;
const GMS = ['gm1', 'gm2', 'gm3'] as const;
const ROUND_SECONDS = 60;

type Group = (typeof GROUPS)[number];

/**
 * What a GM shows in one round of one group. `old`: without the keys of the last renewals; `again`: it re-registered.
 */
const TROUBLES = ['fine', 'fine', 'fine', 'old', 'off', 'again', 'tekless', 'logged'] as const;
type Trouble = (typeof TROUBLES)[number];

interface Round {
  readonly gms: readonly Trouble[];
  readonly acksMissed: number;
}

const anyRound = fc.record({
  gms: fc.tuple(...GMS.map(() => fc.constantFrom(...TROUBLES))),
  acksMissed: fc.constantFrom(0, 0, 0, 1, 2),
});
const ROUNDS = 14;
const anyTimeline = fc.array(anyRound, { minLength: ROUNDS, maxLength: ROUNDS });

const KEK_SECONDS = 600;
const KEK_LEAD_SECONDS = 230;
const TEK_SECONDS = 300;
const TEK_LEAD_SECONDS = 90;

/** The newest KEK and TEK of the group at this second. */
const kekAt = (second: number) => Math.floor((second + KEK_LEAD_SECONDS) / KEK_SECONDS);
const tekAt = (second: number) => Math.floor((second + TEK_LEAD_SECONDS) / TEK_SECONDS);
const spiOf = (group: Group, tek: number) => `0x0000${group === 'G1' ? 'A' : 'B'}${String(tek).padStart(3, '0')}`;

function teksOf(group: Group, newest: number, second: number) {
  return [newest, newest - 1]
    .map((tek) => ({ spi: spiOf(group, tek), remainingSeconds: (tek + 1) * TEK_SECONDS - second }))
    .filter(({ remainingSeconds }) => remainingSeconds > 0);
}

function gmShown(group: Group, device: string, second: number, { trouble, registrations }: Held): GmSnapshot {
  const isOld = trouble === 'old';
  const kekRemaining = (kekAt(second) + (isOld ? 0 : 1)) * KEK_SECONDS - second;
  return aGm({
    group,
    address: `10.0.0.${device.slice(2)}`,
    keyServer: '10.1.0.1',
    ...(trouble === 'off' ? { registered: false, status: 'Registering' } : {}),
    registrations: { succeeded: registrations, attempted: registrations + (trouble === 'off' ? 2 : 0) },
    rekeys: rekeysReceived(isOld ? tekAt(second) - 1 : tekAt(second), { sinceRegistration: null, acksSent: null }),
    kek: aKek(Math.max(0, kekRemaining), { transport: group === 'G1' ? 'unicast' : 'multicast' }),
    teks:
      trouble === 'tekless'
        ? []
        : teksOf(group, isOld ? tekAt(second) - 1 : tekAt(second), second).map(({ remainingSeconds, spi }) =>
            aTek(remainingSeconds, { spi }),
          ),
  });
}

interface Held {
  readonly trouble: Trouble;
  readonly registrations: number;
}

function ksShown(group: Group, second: number, acksMissed: number): KsSnapshot {
  return aKs({
    group,
    localAddress: '10.1.0.1',
    localRole: 'primary',
    kek: aKsKey((kekAt(second) + 1) * KEK_SECONDS - second, { lifetimeSeconds: KEK_SECONDS }),
    teks: teksOf(group, tekAt(second), second).map(({ remainingSeconds, spi }) =>
      aKsKey(remainingSeconds, { spi, lifetimeSeconds: TEK_SECONDS }),
    ),
    memberDetails: GMS.map((device, index) =>
      aKsMember(`10.0.0.${device.slice(2)}`, index === 0 ? acksMissed : 0, { keyServer: '10.1.0.1' }),
    ),
  });
}

/** The agent's memory of these routers, and the explanations of each group at each step. */
class Watched {
  readonly said = new Map<Group, string[]>(GROUPS.map((group) => [group, []]));
  readonly incidents = new Map<string, Incident>();
  readonly #states = new Map<string, TrackerState>();
  readonly #groups = new Map<string, GroupMemory>();
  readonly #views = new Map<string, DeviceView>();

  see(observations: readonly Observation[]): void {
    const device = observations[0]?.device ?? '';
    const memory = {
      state: (name: string) => this.#states.get(name) ?? null,
      group: (key: string) => this.#groups.get(key) ?? null,
      groups: () => this.#groups.values(),
    };
    const before = this.#views.get(device) ?? newDeviceView({ device, host: device });
    const settings = { fleet: FLEET, maintenance: [], device: deviceSettings(aConfiguredDevice({ name: device })) };
    const step = fleetStep({ memory, before }, { kind: 'pushed', observations }, settings);
    this.#states.set(device, step.state);
    this.#views.set(device, step.view);
    for (const [key, group] of step.groups) {
      this.#groups.set(key, group.memory);
      for (const incident of group.incidents) this.incidents.set(incident.id, incident);
    }
    for (const [group, said] of this.said) {
      const known = this.#groups.get(group)?.view.explanations ?? [];
      const line = JSON.stringify(known);
      if (said.at(-1) !== line) said.push(line);
    }
  }
}

/** One round of the timelines of these groups: every GM, then the KS. */
function watch(timelines: ReadonlyMap<Group, readonly Round[]>): Watched {
  const watched = new Watched();
  const registrations = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const of = [...timelines].map(([group, all]) => ({ group, now: all[round] ?? CALM }));
    for (const [index, device] of GMS.entries()) {
      const second = round * ROUND_SECONDS + index;
      const snapshots = of.map(({ group, now }) => {
        const trouble = now.gms[index] ?? 'fine';
        const key = `${group} ${device}`;
        const count = (registrations.get(key) ?? 1) + (trouble === 'again' ? 1 : 0);
        registrations.set(key, count);
        return gmShown(group, device, second, { trouble, registrations: count });
      });
      const logged = of.filter(({ now }) => now.gms[index] === 'logged').map(({ group }) => group);
      watched.see([...(logged.length === 0 ? [] : [logOf(device, second, logged)]), answer(device, second, snapshots)]);
    }
    // One answer covers all groups of the KS.
    const second = round * ROUND_SECONDS + 30;
    watched.see([
      answer(
        'ks1',
        second,
        of.map(({ group, now }) => ksShown(group, second, now.acksMissed)),
      ),
    ]);
  }
  return watched;
}

const CALM: Round = { gms: ['fine', 'fine', 'fine'], acksMissed: 0 };

function answer(device: string, second: number, snapshots: readonly (GmSnapshot | KsSnapshot)[]): Observation {
  const sentAtMs = NOON + second * 1000;
  const at = { device, sentAtMs, receivedAtMs: sentAtMs + 50 };
  return { ...at, kind: 'groups', origin: 'cli', command: 'show crypto gdoi', snapshots, unknownLines: 0 };
}

function logOf(device: string, second: number, groups: readonly Group[]): Observation {
  const sentAtMs = NOON + second * 1000 - 500;
  const messages = groups.map((group) => ({
    facility: 'GDOI',
    severity: 4,
    mnemonic: 'GM_RE_REGISTER',
    text: `The IPSec SA created for group ${group} may have expired/been cleared. Re-register to KS.`,
    timestamp: null,
    sequence: null,
  }));
  return { kind: 'log', device, sentAtMs, receivedAtMs: sentAtMs, messages, pushed: true };
}

test('the explanations and incidents of a group are the same with another group on its routers as without', () => {
  let told = 0;
  fc.assert(
    fc.property(anyTimeline, anyTimeline, (first, second) => {
      const timelines = [first, second];
      const together = watch(new Map(GROUPS.map((group, index) => [group, timelines[index] ?? []])));
      for (const [index, group] of GROUPS.entries()) {
        const alone = watch(new Map([[group, timelines[index] ?? []]]));
        const incidents = ({ incidents: all }: Watched) => [...all.values()].filter((each) => each.group === group);
        expect(together.said.get(group)).toEqual(alone.said.get(group));
        expect(incidents(together)).toEqual(incidents(alone));
        told += incidents(together).length;
      }
      expect([...together.incidents.values()].every(({ group }) => GROUPS.some((each) => each === group))).toBe(true);
    }),
    { numRuns: 16 },
  );
  expect(told).toBeGreaterThan(16);
});
