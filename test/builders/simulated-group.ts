/** Fleets for tests: builders that name only what matters, and readers of the simulated answers. */
import type { FleetPlan, GmPlan, GroupPlan, KsPlan } from '../../src/simulator/scenarios/fleet-plan.ts';
import { type SimulatedFleet, createFleetFromPlan } from '../../src/simulator/fleet/fleet.ts';
import type { TruthEvent } from '../../src/simulator/world/ground-truth.ts';
import type { ReleaseName } from '../../src/simulator/world/release.ts';

export const START_MS = Date.UTC(2026, 0, 5, 8, 0, 0);

interface Build {
  readonly ks?: ReleaseName;
  readonly gm?: ReleaseName;
  readonly gms?: number;
  readonly kss?: number;
  readonly group?: Partial<GroupPlan>;
  readonly paths?: FleetPlan['paths'];
  readonly script?: FleetPlan['script'];
  readonly seed?: number;
}

/** A group G1 with unicast rekeys, at the beginning of a KEK. */
export const G1: GroupPlan = {
  name: 'G1',
  identity: '1223',
  transport: 'unicast',
  cipher: 'AES',
  antiReplay: { kind: 'counter', window: 64 },
  kekLifetimeSeconds: 1800,
  tekLifetimeSeconds: 600,
  kekRemainingSeconds: 1750,
  pastKekCycles: 0,
};

/** One group G1, `kss` key servers ks1.., `gms` members gm1... */
export function groupOf(build: Build): SimulatedFleet {
  const group: GroupPlan = { ...G1, ...build.group };
  const kss: KsPlan[] = Array.from({ length: build.kss ?? 1 }, (_, index) => ({
    name: `ks${index + 1}`,
    release: build.ks ?? '17.6.3',
    groups: ['G1'],
    priority: 200 - index,
  }));
  const gms: GmPlan[] = Array.from({ length: build.gms ?? 1 }, (_, index) => ({
    name: `gm${index + 1}`,
    release: build.gm ?? '17.6.3',
    groups: ['G1'],
  }));
  return createFleetFromPlan(
    { groups: [group], kss, gms, paths: build.paths ?? [], script: build.script ?? [] },
    { seed: build.seed ?? 1, startMs: START_MS },
  );
}

export type Registration = Extract<TruthEvent, { kind: 'registration' }>;

export function registrations(fleet: SimulatedFleet, device?: string): Registration[] {
  return fleet
    .groundTruth()
    .filter((event): event is Registration => event.kind === 'registration')
    .filter((event) => event.cause !== 'initial' && (device === undefined || event.device === device));
}

export function rekeys(fleet: SimulatedFleet): Extract<TruthEvent, { kind: 'rekey' }>[] {
  return fleet.groundTruth().filter((event) => event.kind === 'rekey');
}

/** `show crypto gdoi` of a device `seconds` after the start. */
export function showAt(fleet: SimulatedFleet, device: string, seconds: number, command = 'show crypto gdoi'): string {
  return fleet.answer(device, command, START_MS + seconds * 1000);
}

/** First value after `label` and a colon; null when the label is not there. */
export function valueOf(text: string, label: string): string | null {
  const escaped = label.replace(/[.*+?^${}()|[\]\\]/gu, '\\$&');
  return new RegExp(`^\\s*${escaped}\\s*: *(.*?)\\s*$`, 'mu').exec(text)?.[1] ?? null;
}

export function numberOf(text: string, label: string): number | null {
  const value = valueOf(text, label);
  return value === null ? null : Number.parseInt(value, 10);
}

export function spisOf(text: string): string[] {
  return [...text.matchAll(/spi: (0x[0-9A-F]{8})/gu)].map((match) => match[1] ?? '');
}
