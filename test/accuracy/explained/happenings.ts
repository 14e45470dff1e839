/** What happened in a random world, as intervals against which reported causes are checked. */
import type { TruthCause, TruthEvent } from '../../../src/simulator/world/ground-truth.ts';
import { RELEASES } from '../../../src/simulator/world/release.ts';
import type { TroubleKind } from '../../worlds/draw-trouble.ts';
import type { DrawnWorld } from '../../worlds/draw-world.ts';
import { WORLD_START_MS } from '../world-watch.ts';

type EventKind = TruthEvent['kind'];

export interface Happening {
  /** From the script, from the truth, or from the plan: paths that are weak from start to end. */
  readonly kind: TroubleKind | EventKind | 'weak_path' | 'coop_split_now';
  /** null: the whole fleet. */
  readonly device: string | null;
  readonly fromMs: number;
  readonly toMs: number;
  /** For a registration: what made the GM begin it. It may try for a long time. */
  readonly cause?: TruthCause;
}

export function happeningsOf(world: DrawnWorld, truth: readonly TruthEvent[]): readonly Happening[] {
  const endMs = WORLD_START_MS + (world.hours + 1) * 3_600_000;
  return [
    ...world.troubles.map(({ kind, device, atSeconds, untilSeconds }) => ({
      kind,
      device,
      fromMs: WORLD_START_MS + atSeconds * 1000,
      toMs: WORLD_START_MS + untilSeconds * 1000,
    })),
    ...(world.plan.paths ?? []).map(({ gm }) => ({
      kind: 'weak_path' as const,
      device: gm,
      fromMs: WORLD_START_MS,
      toMs: endMs,
    })),
    ...truth.map((event) => ({
      kind: event.kind,
      device: event.device,
      fromMs: event.kind === 'registration' ? event.startedAtMs : event.atMs,
      toMs: event.kind === 'reload' || event.kind === 'flap' ? event.upAtMs : event.atMs,
      ...(event.kind === 'registration' ? { cause: event.cause } : {}),
    })),
    ...outages(truth, endMs),
    ...splits(truth, endMs),
  ].toSorted((a, b) => a.fromMs - b.fromMs);
}

/** From `ks_down` to `ks_up`. */
function outages(truth: readonly TruthEvent[], endMs: number): readonly Happening[] {
  return truth
    .filter(({ kind }) => kind === 'ks_down')
    .map(({ device, atMs }) => {
      const up = truth.find((event) => event.kind === 'ks_up' && event.device === device && event.atMs > atMs);
      return { kind: 'ks_dead' as const, device, fromMs: atMs, toMs: up?.atMs ?? endMs };
    });
}

/** While two KSs of a group are primary at once. */
function splits(truth: readonly TruthEvent[], endMs: number): readonly Happening[] {
  const primaries = new Map<string, Set<string>>();
  const found: Happening[] = [];
  let since: number | null = null;
  for (const event of truth) {
    if (event.kind !== 'role') continue;
    const of = primaries.get(event.group) ?? new Set<string>();
    primaries.set(event.group, of);
    if (event.role === 'primary') of.add(event.device);
    else of.delete(event.device);
    const split = [...primaries.values()].some(({ size }) => size > 1);
    if (split && since === null) since = event.atMs;
    if (!split && since !== null) {
      found.push({ kind: 'coop_split_now', device: null, fromMs: since, toMs: event.atMs });
      since = null;
    }
  }
  return since === null ? found : [...found, { kind: 'coop_split_now', device: null, fromMs: since, toMs: endMs }];
}

/** Whether a KS with the old KEK behaviour has a GM with the new one. */
export function mixesReleases({ plan }: DrawnWorld): boolean {
  return (
    plan.kss.some(({ release }) => RELEASES[release].kekBehavior === 'legacy') &&
    plan.gms.some(({ release }) => RELEASES[release].kekBehavior === 'timer')
  );
}
