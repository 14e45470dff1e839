/**
 * A fleet and its troubles drawn from a seed: lifetimes, releases, paths, and what goes wrong when. The same seed and
 * limits give the same world; a smaller limit removes parts and leaves the others unchanged, so that a fault found in a
 * large world can be looked for in a small one.
 */
import { type Random, seededRandom } from '../../src/kernel/random.ts';
import type { FleetPlan, GmPlan, GroupPlan, KsPlan } from '../../src/simulator/scenarios/fleet-plan.ts';
import type { ReleaseName } from '../../src/simulator/world/release.ts';
import type { Path } from '../../src/simulator/world/world.ts';
import { drawTrouble, type Trouble } from './draw-trouble.ts';

export interface WorldLimits {
  readonly gms: number;
  readonly troubles: number;
  readonly hours: number;
  /**
   * Rare but possible properties of fleets: TEKs that outlive the KEK or are tiny beside it, groups that share a GM and
   * no KS, troubles that coincide with a renewal of the keys.
   */
  readonly unusual?: boolean;
}

export const WHOLE_WORLD: WorldLimits = { gms: 6, troubles: 12, hours: 4 };

export interface DrawnWorld {
  readonly seed: number;
  readonly hours: number;
  readonly plan: FleetPlan;
  /** In the order of their beginning. */
  readonly troubles: readonly Trouble[];
}

const NEW_RELEASES: readonly ReleaseName[] = ['17.6.3', '16.9.5', '15.6(3)M2', '15.2(4)M6'];
const OLD_RELEASES: readonly ReleaseName[] = ['15.1(4)M8', '12.4(24)T8', '15.0(1)M7'];
const KEK_SECONDS: readonly number[] = [900, 1200, 1800, 2400, 3600, 5400, 7200, 14_400];
const TEK_SECONDS: readonly number[] = [300, 450, 600, 900, 1200, 1800, 3600];
const UNUSUAL_KEK_SECONDS: readonly number[] = [600, 1000, 3600, 14_400, 86_400];
const UNUSUAL_TEK_SECONDS: readonly number[] = [300, 450, 1000, 2400, 5400, 7200];

export function drawWorld(seed: number, limits: WorldLimits = WHOLE_WORLD): DrawnWorld {
  const unusual = limits.unusual === true;
  const groups = drawGroups(streamOf(seed, 'groups'), unusual);
  const names = groups.map(({ name }) => name);
  const drawn = drawKeyServers(streamOf(seed, 'kss'), names);
  const kss = unusual ? eachItsOwn(drawn, names) : drawn;
  const gms = Array.from({ length: drawnCount(streamOf(seed, 'count'), 2, limits.gms) }, (_, index) =>
    drawGroupMember(streamOf(seed, `gm${index}`), { index, groups: names, kss }),
  );
  const hours = Math.max(1, Math.min(limits.hours, 1 + Math.floor(streamOf(seed, 'hours')() * 4)));
  const count = Math.min(limits.troubles, 3 + Math.floor(streamOf(seed, 'troubles')() * 10));
  const troubles = Array.from({ length: count }, (_, index) =>
    drawTrouble(streamOf(seed, `trouble${index}`), {
      seconds: hours * 3600,
      gms,
      kss,
      renewalsSeconds: unusual ? groups.flatMap((group) => renewalsOf(group, hours * 3600)) : [],
    }),
  ).toSorted((a, b) => a.atSeconds - b.atSeconds);
  const paths = gms.flatMap((gm, index) => drawPaths(streamOf(seed, `path${index}`), gm, kss));
  return { seed, hours, troubles, plan: { groups, kss, gms, paths, script: troubles.flatMap(({ acts }) => acts) } };
}

/** Randomness of one part: removing another part does not change it. */
export function streamOf(seed: number, part: string): Random {
  let hash = (seed ^ 0x9e_37_79_b9) >>> 0;
  for (const character of part) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01_00_01_93) >>> 0;
  const random = seededRandom(hash);
  random();
  return random;
}

export function pick<T>(random: Random, from: readonly [T, ...T[]] | readonly T[]): T {
  const picked = from[Math.floor(random() * from.length)];
  if (picked === undefined) throw new Error('nothing to pick from');
  return picked;
}

function drawnCount(random: Random, least: number, most: number): number {
  return Math.min(most, least + Math.floor(random() * 5));
}

/** About when a KS that rekeys ahead renews the KEK. */
function renewalsOf({ kekLifetimeSeconds, kekRemainingSeconds }: GroupPlan, untilSeconds: number): readonly number[] {
  const everySeconds = Math.max(60, kekLifetimeSeconds - LEAD_SECONDS);
  const count = Math.ceil(untilSeconds / everySeconds);
  return Array.from({ length: count }, (_, index) => kekRemainingSeconds + index * everySeconds).filter(
    (seconds) => seconds < untilSeconds,
  );
}

/** Seen: 225 s and 235 s. */
const LEAD_SECONDS = 230;

/** Each of two groups has its own KSs, if there are enough. */
function eachItsOwn(kss: readonly KsPlan[], groups: readonly string[]): readonly KsPlan[] {
  if (groups.length < 2 || kss.length < 2) return kss;
  return kss.map((ks, index) => ({ ...ks, groups: groups.filter((_, place) => place === index % groups.length) }));
}

function drawGroups(random: Random, unusual: boolean): readonly GroupPlan[] {
  const names = random() < (unusual ? 0.4 : 0.7) ? ['G1'] : ['G1', 'G2'];
  return names.map((name, index): GroupPlan => {
    const kekLifetimeSeconds = pick(random, unusual ? UNUSUAL_KEK_SECONDS : KEK_SECONDS);
    const shorter = unusual ? UNUSUAL_TEK_SECONDS : TEK_SECONDS.filter((seconds) => seconds < kekLifetimeSeconds);
    const antiReplay =
      random() < 0.5 ? ({ kind: 'counter', window: 64 } as const) : ({ kind: 'time', window: 5 } as const);
    return {
      name,
      identity: String(1223 + index),
      transport: random() < 0.75 ? 'unicast' : 'multicast',
      cipher: random() < 0.5 ? '3DES' : 'AES',
      antiReplay,
      kekLifetimeSeconds,
      // An odd length now and then: otherwise the ends of KEK and TEK keep coinciding.
      tekLifetimeSeconds: pick(random, shorter) + (random() < 0.5 ? 0 : Math.floor(random() * 97)),
      kekRemainingSeconds: Math.floor(kekLifetimeSeconds * (0.1 + 0.8 * random())),
      pastKekCycles: 1,
      retransmit: { periodSeconds: pick(random, [10, 15, 20]), attempts: pick(random, [1, 2, 3]) },
    };
  });
}

function drawKeyServers(random: Random, groups: readonly string[]): readonly KsPlan[] {
  const count = random() < 0.45 ? 1 : random() < 0.8 ? 2 : 3;
  const old = random() < 0.3;
  const mixed = random() < 0.15;
  const otherKey = random() < 0.2;
  return Array.from({ length: count }, (_, index): KsPlan => {
    const isOld = mixed ? index === 0 : old;
    return {
      name: `ks${index + 1}`,
      release: pick(random, isOld ? OLD_RELEASES : NEW_RELEASES),
      groups,
      priority: 245 - 30 * index,
      ...(otherKey && index > 0 ? { rsaKey: `of ks${index + 1}` } : {}),
    };
  });
}

function drawGroupMember(
  random: Random,
  {
    index,
    groups,
    kss,
  }: { readonly index: number; readonly groups: readonly string[]; readonly kss: readonly KsPlan[] },
): GmPlan {
  const names = kss.map(({ name }) => name);
  const turned = Math.floor(random() * names.length);
  return {
    name: `gm${index + 1}`,
    release: pick(random, random() < 0.75 ? NEW_RELEASES : OLD_RELEASES),
    groups: groups.length === 1 || random() < 0.5 ? groups : [pick(random, groups)],
    keyServers: [...names.slice(turned), ...names.slice(0, turned)],
    clock: pick(random, ['ntp', 'ntp', 'ntp', 'lost', 'never-set']),
    sequenceNumbers: random() < 0.3,
    staysRegistered: random() < 0.3,
  };
}

/** Weak paths that stay weak: most are clean. */
function drawPaths(random: Random, gm: GmPlan, kss: readonly KsPlan[]): FleetPlan['paths'] {
  const chance = random();
  const change: Partial<Path> | null =
    chance < 0.12
      ? { kekRekeyLoss: 1 }
      : chance < 0.2
        ? { rekeyLoss: 0.3 + 0.5 * random() }
        : chance < 0.26
          ? { ackLoss: 0.5 + 0.5 * random() }
          : chance < 0.32
            ? { registrationLoss: 0.4 * random() }
            : null;
  return change === null ? [] : kss.map((ks) => ({ gm: gm.name, ks: ks.name, ...change }));
}
