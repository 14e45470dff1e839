/**
 * When the device booted, from its uptime: a reload is told once, and decides for every group whose counters restarted.
 */
import { decidePending } from '../registrations/counter-restart.ts';
import type { GdoiEvent } from '../events/event.ts';
import { reloadEvent } from '../events/gdoi-events.ts';
import { type Interval, intersection, middleMs, overlaps, widened } from '../seen/interval.ts';
import { driftMs } from '../keys/kek-identity.ts';
import { restartMark, withMark } from '../log/log-evidence.ts';
import type { Observation } from '../seen/observation.ts';
import type { ReadAt } from '../seen/instant.ts';
import { instant } from '../events/instant-text.ts';
import { ignored, mapGroups, type Tracked } from '../memory/tracked.ts';
import type { Boot, GroupState, TrackerState } from '../memory/tracker-state.ts';

/** Uptime is printed in whole minutes. */
const UPTIME_STEP_MS = 60_000;

const BOOT_TOLERANCE_MS = 2000;

export function trackFacts(
  state: TrackerState,
  at: ReadAt,
  observation: Extract<Observation, { kind: 'facts' }>,
): Tracked {
  const { uptimeSeconds } = observation.facts;
  if (state.factsSentMs !== null && at.sentAtMs <= state.factsSentMs) return ignored(state);
  if (uptimeSeconds === null || !Number.isFinite(uptimeSeconds) || uptimeSeconds < 0) {
    return { state: { ...state, factsSentMs: at.sentAtMs }, events: [] };
  }
  const events: GdoiEvent[] = [];
  const shown: Interval = {
    fromMs: at.sentAtMs - uptimeSeconds * 1000 - UPTIME_STEP_MS,
    toMs: at.receivedAtMs - uptimeSeconds * 1000,
  };
  const before = state.boot;
  const rebooted = before !== null && isNewBoot(before, shown, uptimeSeconds, at);
  const narrowed =
    before === null || rebooted ? null : intersection(widened(before.at, driftMs(at.sentAtMs - before.sentMs)), shown);
  const boot: Boot = { at: narrowed ?? shown, uptimeSeconds, sentMs: at.sentAtMs };
  const evidence = `uptime ${uptimeSeconds} s at ${instant(at.sentAtMs)}: booted about ${instant(middleMs(boot.at))}`;
  let reloaded = rebooted;
  const groups = mapGroups(state, (group, known) => {
    const place = { device: state.device, group };
    const { pending } = known;
    if (pending !== null) {
      // Without an earlier uptime the boot itself must lie where the counters restarted.
      const isReload = rebooted || (before === null && overlaps(widened(pending.between, 1000), boot.at));
      if (isReload && pending.kind === 'restart') reloaded = true;
      const cause = isReload ? 'reload' : 'operator_clear';
      return decidePending(place, known, { cause, evidence }, events);
    }
    return rebooted ? hiddenReload(known, boot.at, place, evidence, events) : known;
  });
  let { toldBoot } = state;
  if (reloaded && (toldBoot === null || !overlaps(widened(toldBoot, UPTIME_STEP_MS), boot.at))) {
    toldBoot = boot.at;
    const reason = observation.facts.reloadReason;
    events.unshift(
      reloadEvent(
        { device: state.device, group: null },
        {
          occurrence: [Math.round(middleMs(boot.at) / UPTIME_STEP_MS)],
          between: boot.at,
          evidence: [
            ...(before === null ? [] : [`uptime ${before.uptimeSeconds} s at ${instant(before.sentMs)}`]),
            evidence,
            ...(reason === null ? [] : [`reload reason: ${reason}`]),
          ],
        },
      ),
    );
  }
  return { state: { ...state, boot, toldBoot, factsSentMs: at.sentAtMs, groups }, events };
}

function isNewBoot(before: Boot, shown: Interval, uptimeSeconds: number, at: ReadAt): boolean {
  // One source prints seconds, another whole minutes.
  if (uptimeSeconds * 1000 + UPTIME_STEP_MS < before.uptimeSeconds * 1000) return true;
  const elapsedMs = at.receivedAtMs - before.sentMs;
  return shown.fromMs > before.at.toMs + BOOT_TOLERANCE_MS + driftMs(elapsedMs) && uptimeSeconds * 1000 <= elapsedMs;
}

/** Without counters, and no keys yet: the registration that is to come is the reload's. */
function newEpoch(known: GroupState, boot: Interval): GroupState {
  const id = Math.max(known.epoch.id + 1, Math.floor(boot.fromMs / 1000));
  return { ...known, epoch: { id, began: 'reload', since: boot }, told: 0, legacyKek: null };
}

/** The uptime alone tells of a reload: the counters came back to what they were. */
function hiddenReload(
  known: GroupState,
  boot: Interval,
  place: { readonly device: string; readonly group: string },
  evidence: string,
  events: GdoiEvent[],
): GroupState {
  if (known.epoch.since.toMs >= boot.fromMs) {
    return known.epoch.began === 'unknown' ? { ...known, epoch: { ...known.epoch, began: 'reload' } } : known;
  }
  if (known.seen.sentAtMs <= boot.fromMs) {
    // No answer since: the next one is read with this in mind.
    return { ...known, marks: withMark(known.marks, restartMark(boot)) };
  }
  if (known.tally.last !== null && known.tally.last.atMs >= boot.fromMs) return known;
  if (!known.counted && !known.registered) return newEpoch(known, boot);
  const between = { fromMs: boot.fromMs, toMs: known.seen.receivedAtMs };
  return decidePending(
    place,
    {
      ...known,
      pending: { kind: 'perhaps_reload', between, drafts: [], evidence: [], allRestarted: true },
    },
    { cause: 'reload', evidence },
    events,
  );
}
