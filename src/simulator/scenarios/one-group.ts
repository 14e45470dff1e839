/** The parts of scenarios: their shape, lifetimes, and one group on clean paths to which each adds its trouble. */
import type { FleetPlan, GmPlan, GroupPlan, KsPlan } from './fleet-plan.ts';
import type { ReleaseName } from '../world/release.ts';
import type { Path } from '../world/world.ts';

interface ScenarioSize {
  readonly gms: number;
  readonly kss: number;
}

export interface Lifetimes {
  readonly kekSeconds: number;
  readonly tekSeconds: number;
}

export interface Scenario {
  /** One line: what is simulated. */
  readonly description: string;
  /** One line: what a monitor should report, and when. */
  readonly expect: string;
  readonly defaults: ScenarioSize;
  readonly minimum: ScenarioSize;
  readonly lifetimes: Lifetimes;
  readonly plan: (size: ScenarioSize & { readonly lifetimes: Lifetimes }) => FleetPlan;
}

/** Short enough to see a KEK cycle while watching. */
export const SHORT: Lifetimes = { kekSeconds: 1200, tekSeconds: 600 };
/**
 * With these the rekeys of KEK and TEK are apart, so that a GM that misses the KEK's re-registers because of the KEK,
 * not the TEK.
 */
export const SPREAD: Lifetimes = { kekSeconds: 1800, tekSeconds: 600 };
/** The devices' defaults. */
export const FIDELITY_LIFETIMES: Lifetimes = { kekSeconds: 86_400, tekSeconds: 3_600 };

/** IOS allows no more key servers in one COOP set. */
const MAX_COOP_SET = 8;
export const NEW_GM_RELEASES: readonly ReleaseName[] = ['17.6.3', '16.9.5', '15.6(3)M2', '15.2(4)M6'];
export const OLD_GM_RELEASES: readonly ReleaseName[] = ['15.1(4)M8', '12.4(24)T8', '15.0(1)M7'];

export function group(name: string, lifetimes: Lifetimes, change: Partial<GroupPlan> = {}): GroupPlan {
  return {
    name,
    identity: '1223',
    transport: 'unicast',
    cipher: 'AES',
    antiReplay: { kind: 'counter', window: 64 },
    kekLifetimeSeconds: lifetimes.kekSeconds,
    tekLifetimeSeconds: lifetimes.tekSeconds,
    kekRemainingSeconds: Math.min(270, lifetimes.kekSeconds / 2),
    pastKekCycles: 1,
    ...change,
  };
}

export function keyServers(count: number, groups: readonly string[], release: ReleaseName): KsPlan[] {
  return Array.from({ length: Math.min(count, MAX_COOP_SET) }, (_, index) => ({
    name: `ks${index + 1}`,
    release,
    groups,
    priority: 245 - 30 * index,
  }));
}

export function groupMembers(count: number, groups: readonly string[], releases: readonly ReleaseName[]): GmPlan[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `gm${index + 1}`,
    release: releases[index % releases.length] ?? '17.6.3',
    groups,
  }));
}

/** The same change on the paths from some GMs to some KSs. */
export function paths(
  gms: readonly { name: string }[],
  kss: readonly { name: string }[],
  change: Partial<Path>,
): FleetPlan['paths'] {
  return gms.flatMap((gm) => kss.map((ks) => ({ gm: gm.name, ks: ks.name, ...change })));
}

export type Size = ScenarioSize & { readonly lifetimes: Lifetimes };

/** One unicast group with new KSs and new GMs on clean paths, changed by what a scenario gives. */
export function oneGroup({ gms, kss, lifetimes }: Size, change: Partial<GroupPlan> = {}): FleetPlan {
  return {
    groups: [group('G1', lifetimes, change)],
    kss: keyServers(kss, ['G1'], '17.6.3'),
    gms: groupMembers(gms, ['G1'], NEW_GM_RELEASES),
    paths: [],
    script: [],
  };
}
