/**
 * What polls taught about a device over RESTCONF, so that each poll asks only what is needed: which nodes it has, which
 * of them show groups, what was asked when. Learned again after a day, or after the first 404 of a main node.
 */
import { CPU_PATH, cryptoPath, type RestconfPath, SYSTEM_PATH, YANG_LIBRARY_PATH } from '../../access/restconf-path.ts';
import type { Collector } from '../../config/resolved-config.ts';
import { cpuLookEveryMs } from '../../gdoi/seen/beside-facts.ts';
import type { EpochMs } from '../../gdoi/seen/instant.ts';
import type { GroupSnapshot } from '../../gdoi/seen/snapshot.ts';
import { type AskedWhen, isAnswerOld, isTaken } from './asked-when.ts';
import { CLOCK_NOT_SEEN, type DeviceClockMemory } from './device-clock.ts';
import type { GdoiModel } from '../../yang/yang-library.ts';

/** An upgrade may bring what is missing. */
const LEARN_ANEW_MS = 24 * 3_600_000;

/** A node that NACM hides, or that the device does not have, is refused. */
export interface RestconfMemory extends AskedWhen<RestconfPath> {
  /** Monotonic ms; null: nothing learned yet, or forgotten. */
  readonly learntAtMs: number | null;
  readonly model: GdoiModel | null;
  /** Whether the device showed groups as a GM, as a KS, in the last answers; null: not asked yet. */
  readonly isGm: boolean | null;
  readonly isKs: boolean | null;
  /** Group -> registrations and rekeys counted: what a reload resets. */
  readonly counters: ReadonlyMap<string, { readonly succeeded: number | null; readonly received: number | null }>;
  readonly registered: Registered;
  readonly clock: DeviceClockMemory;
  /** CPU of the last minute at the last look, in percent; null: not seen yet. */
  readonly cpuPercent: number | null;
}

/** Group -> when its GM registered last, by the device's clock; absent if it does not show it. */
export type Registered = ReadonlyMap<string, EpochMs>;

export const NOTHING_LEARNT_BY_RESTCONF: RestconfMemory = {
  learntAtMs: null,
  model: null,
  isGm: null,
  isKs: null,
  answeredAtMs: new Map(),
  refusedUntilMs: new Map(),
  counters: new Map(),
  registered: new Map(),
  clock: CLOCK_NOT_SEEN,
  cpuPercent: null,
};

export interface RestconfInterest {
  readonly role: 'gm' | 'ks' | 'auto';
  readonly collect: readonly Collector[];
  readonly detailIntervalMs: number;
  /** SSH decides and gives the details; RESTCONF is polled beside it. */
  readonly beside: boolean;
  readonly nowMonoMs: number;
}

/** The state of a GM is in three nodes; without one of them it is incomplete. */
export const GM_MAIN = [cryptoPath('gdoi-gm'), cryptoPath('gdoi-gm-rekey'), cryptoPath('gdoi-rekey-sa')] as const;
export const KS_MAIN = [cryptoPath('gdoi-ks')] as const;
const KS_DETAILS = [
  cryptoPath('gdoi-ks-policy'),
  cryptoPath('gdoi-ks-mem'),
  cryptoPath('gdoi-ks-coop'),
  cryptoPath('gdoi-ks-rekey'),
] as const;

export function mustLearn({ learntAtMs }: RestconfMemory, nowMonoMs: number): boolean {
  return learntAtMs === null || nowMonoMs - learntAtMs >= LEARN_ANEW_MS;
}

/** What each poll asks. A role that the device does not show is looked for at the interval of details. */
export function mainPaths(memory: RestconfMemory, interest: RestconfInterest): readonly RestconfPath[] {
  const { role, detailIntervalMs, nowMonoMs } = interest;
  const shows = (known: boolean | null, head: RestconfPath) =>
    known !== false || isAnswerOld(memory, head, detailIntervalMs, nowMonoMs);
  return [
    ...when(mustLearn(memory, nowMonoMs), [YANG_LIBRARY_PATH]),
    ...when(role !== 'ks' && shows(memory.isGm, GM_MAIN[0]), GM_MAIN),
    ...when(role !== 'gm' && shows(memory.isKs, KS_MAIN[0]), KS_MAIN),
  ];
}

/** What a main answer shows. */
export interface MainAnswer {
  readonly snapshots: readonly GroupSnapshot[];
  readonly registered: Registered;
}

/** Another instant than before: it registered, whatever its counters say. */
export function hasRegistered(before: Registered, now: Registered): boolean {
  return [...now].some(([group, atMs]) => (before.get(group) ?? atMs) !== atMs);
}

/** What to ask after the main answer. */
export function followUpPaths(
  memory: RestconfMemory,
  { snapshots, registered }: MainAnswer,
  interest: RestconfInterest,
): readonly RestconfPath[] {
  const { collect, detailIntervalMs, nowMonoMs, beside } = interest;
  if (beside) return [];
  const isGm = snapshots.some(({ role }) => role === 'gm');
  const isKs = snapshots.some(({ role }) => role === 'ks');
  const details = [
    ...when(isKs, KS_DETAILS),
    ...when(isGm && collect.includes('replay'), [cryptoPath('gdoi-gm-replay')]),
    ...when(isGm && collect.includes('dataplane'), [cryptoPath('gdoi-gm-dp-counters')]),
  ];
  const system =
    mustLearn(memory, nowMonoMs) || hintsAtReload(memory, snapshots) || hasRegistered(memory.registered, registered);
  return [
    ...when(system, [SYSTEM_PATH]),
    ...details.filter((path) => isAnswerOld(memory, path, detailIntervalMs, nowMonoMs)),
    ...when(isAnswerOld(memory, CPU_PATH, cpuLookEveryMs(memory.cpuPercent), nowMonoMs), [CPU_PATH]),
  ].filter((path) => isTaken(memory, path, nowMonoMs));
}

function when(wanted: boolean, paths: readonly RestconfPath[]): readonly RestconfPath[] {
  return wanted ? paths : [];
}

/** A registration counter that moved, or any counter that fell: only the boot time tells a reload from a clear. */
function hintsAtReload({ counters }: RestconfMemory, snapshots: readonly GroupSnapshot[]): boolean {
  return snapshots.some((snapshot) => {
    if (snapshot.role !== 'gm') return false;
    const known = counters.get(snapshot.group);
    if (known === undefined) return false;
    const { received } = snapshot.rekeys;
    return (
      known.succeeded !== snapshot.registrations.succeeded ||
      (known.received !== null && received !== null && received < known.received)
    );
  });
}

export function rememberMainAnswer(memory: RestconfMemory, { snapshots, registered }: MainAnswer): RestconfMemory {
  return {
    ...memory,
    registered,
    counters: new Map(
      snapshots.flatMap((snapshot) =>
        snapshot.role === 'gm'
          ? [
              [
                snapshot.group,
                { succeeded: snapshot.registrations.succeeded, received: snapshot.rekeys.received },
              ] as const,
            ]
          : [],
      ),
    ),
  };
}
