/**
 * Which polls beside the schedule a device needs now: the instants that decide in any of its groups, up to its next
 * regular poll. The plan is made anew after each poll, so what lies further ahead need not wait in any heap.
 */
import { REGISTERING_MS } from '../gdoi/explain/candidate.ts';
import { type GroupState, kekExpiryOf, type TrackerState } from '../gdoi/memory/tracker-state.ts';
import { middleMs } from '../gdoi/seen/interval.ts';
import type { EpochMs } from '../gdoi/seen/instant.ts';
import { rekeySeconds } from '../gdoi/keys/ks-lead.ts';
import { type PlannedPoll, type PlanInput, planPolls } from '../gdoi/keys/poll-instants.ts';
import { type DeviceView, type GroupOnDevice, kekBehaviorOfDevice } from './device-view.ts';

/** Without an interval the plan reaches this far; the next poll makes a new one. */
const HORIZON_WITHOUT_INTERVAL_MS = 86_400_000;

export interface PhasePlanInput {
  readonly view: DeviceView;
  readonly state: TrackerState;
  readonly leadSeconds: (group: string) => number;
  /** A GM without a KEK timer shows no expiry: its KS's counts. */
  readonly ksKekExpiryMs: (group: string) => EpochMs | null;
  readonly regularIntervalMs: number | null;
  readonly nowMs: EpochMs;
  /** Of the device, in [0, 1). */
  readonly jitter: number;
  /** Something changed just now that the next poll has to confirm. */
  readonly changedAtMs: EpochMs | null;
}

export function phasePlan(input: PhasePlanInput): readonly PlannedPoll[] {
  const untilMs = input.nowMs + (input.regularIntervalMs ?? HORIZON_WITHOUT_INTERVAL_MS);
  const polls: PlannedPoll[] = [];
  for (const group of input.view.groups.values()) {
    for (const each of planInputs(input, group)) {
      for (const poll of planPolls(each)) if (poll.atMs < untilMs) polls.push(poll);
    }
  }
  return polls.length < 2 ? polls : polls.toSorted((a, b) => a.atMs - b.atMs);
}

function planInputs(input: PhasePlanInput, group: GroupOnDevice): readonly PlanInput[] {
  const { view, state, nowMs, jitter, changedAtMs, regularIntervalMs } = input;
  const common = {
    nowMs,
    jitter,
    changedAtMs,
    regularIntervalMs,
    failuresInARow: state.failures?.inARow ?? 0,
    kekBehavior: kekBehaviorOfDevice(view),
    leadSeconds: input.leadSeconds(group.group),
  };
  const inputs: PlanInput[] = [];
  if (group.gm !== null) {
    const held = kekExpiryOf(state, group.group);
    const countdown = group.gm.snapshot.reregistersInSeconds;
    inputs.push({
      role: 'gm',
      kekExpiryMs: held === null ? input.ksKekExpiryMs(group.group) : middleMs(held),
      reregistersAtMs: countdown === null ? null : group.gm.at.receivedAtMs + countdown * 1000,
      settledAtMs: settledAtMs(state.groups.get(group.group)),
      ...common,
    });
  }
  if (group.ks !== null) {
    const { kek, teks } = group.ks.snapshot;
    const readAtMs = group.ks.at.receivedAtMs;
    const toRekey = [kek, ...(teks ?? [])].flatMap((key) => key?.timeToRekeySeconds ?? []);
    inputs.push({
      role: 'ks',
      kekExpiryMs: typeof kek?.remainingSeconds === 'number' ? readAtMs + kek.remainingSeconds * 1000 : null,
      ksRekeyAtMs: toRekey.length === 0 ? null : readAtMs + Math.min(...toRekey) * 1000,
      ksRekeySentMs: sentMs(group.ks),
      ...common,
    });
  }
  return inputs;
}

/** When the rekey with its present KEK was over; null: it sends none, or does not show when that was made. */
function sentMs({ snapshot, at }: GroupOnDevice['ks'] & object): EpochMs | null {
  const { kek, localRole } = snapshot;
  if (kek?.lifetimeSeconds == null || kek.remainingSeconds === null || localRole === 'secondary') return null;
  return at.receivedAtMs + (kek.remainingSeconds - kek.lifetimeSeconds + rekeySeconds(snapshot)) * 1000;
}

/** From when on that it lacks a registration or a TEK is no registration under way; null: it lacks none. */
function settledAtMs(known: GroupState | undefined): EpochMs | null {
  const since = known?.unregistered ?? known?.trying ?? known?.withoutTek ?? null;
  return since === null ? null : since.toMs + REGISTERING_MS;
}
