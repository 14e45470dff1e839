/**
 * When the device booted, from its uptime: a reload makes one event, and decides for every group whose counters
 * restarted.
 */
import { decidePending, type RestartVerdict, withRegistrationSinceBoot } from '../registrations/counter-restart.ts';
import type { GdoiEvent } from '../events/event.ts';
import { reloadEvent } from '../events/gdoi-events.ts';
import { type Interval, intersection, middleMs, overlaps, widened } from '../seen/interval.ts';
import { type DeviceFacts, SAME_BOOT_MS } from '../seen/device-facts.ts';
import { driftMs } from '../keys/kek-identity.ts';
import type { GmPlace } from '../memory/gm-answer.ts';
import { restartMark, withMark } from '../log/log-evidence.ts';
import type { Observation } from '../seen/observation.ts';
import type { EpochMs, ReadAt } from '../seen/instant.ts';
import { instant } from '../events/instant-text.ts';
import { andThen, type GroupTracked, ignoring, trackEach, type Tracked, unchanged } from '../memory/tracked.ts';
import type { Boot, GroupState, Pending, ProcessorSeen, TrackerState } from '../memory/tracker-state.ts';

/** Uptime is printed in whole minutes. */
const UPTIME_STEP_MS = 60_000;

const BOOT_TOLERANCE_MS = 2000;

/** No router is down and up again within this, nor registered so soon after its boot. */
export const SHORTEST_BOOT_MS = 5000;

/** What an uptime says beside the one before it. */
interface BootSeen {
  readonly before: Boot | null;
  readonly boot: Boot;
  /** Another boot than before. */
  readonly rebooted: boolean;
  readonly evidence: string;
  /** While it was up: another control processor may have taken over. */
  readonly takeover: Takeover | null;
}

/** One control processor went on for another: it keeps the uptime and begins counting anew. */
interface Takeover {
  readonly between: Interval;
  readonly evidence: string;
}

export function trackFacts(
  state: TrackerState,
  at: ReadAt,
  { facts }: Extract<Observation, { kind: 'facts' }>,
): Tracked {
  const { uptimeSeconds } = facts;
  if (state.factsSentMs !== null && at.sentAtMs <= state.factsSentMs) return ignoring(state);
  const known = { ...state, factsSentMs: at.sentAtMs };
  if (uptimeSeconds === null || !Number.isFinite(uptimeSeconds) || uptimeSeconds < 0) {
    return { state: known, events: [] };
  }
  const seen = bootSeen(state, at, { ...facts, uptimeSeconds });
  const { boot } = seen;
  const tracked = trackEach({ ...known, boot }, (each, place) => groupAfterBoot(place, each, seen));
  if (![...state.groups.values()].some((group) => isReload(group, seen)) && !seen.rebooted) return tracked;
  const { emittedBoot } = state;
  if (emittedBoot !== null && overlaps(widened(emittedBoot, UPTIME_STEP_MS), boot.at)) return tracked;
  return {
    state: { ...tracked.state, emittedBoot: boot.at },
    events: [reloadOf(state.device, seen, facts.reloadReason), ...tracked.events],
  };
}

type FactsWithUptime = DeviceFacts & { readonly uptimeSeconds: number };

function bootSeen(state: TrackerState, at: ReadAt, facts: FactsWithUptime): BootSeen {
  const before = state.boot;
  const { uptimeSeconds } = facts;
  const since = shownSince(at, uptimeSeconds);
  // It was up when it was asked.
  const shown: Interval = { ...since, toMs: Math.min(since.toMs, at.sentAtMs) };
  const rebooted = before !== null && isNewBoot(before, shown, uptimeSeconds, at);
  const narrowed =
    before === null || rebooted
      ? betweenAnswers(state, shown, at)
      : intersection(widened(before.at, driftMs(at.sentAtMs - before.sentMs)), shown);
  const processor = processorSeen(rebooted ? null : before, at, facts);
  const boot: Boot = { at: narrowed ?? shown, uptimeSeconds, sentMs: at.sentAtMs, ...processor };
  const evidence = `uptime ${uptimeSeconds} s at ${instant(at.sentAtMs)}: booted about ${instant(middleMs(boot.at))}`;
  return { before, boot, rebooted, evidence, takeover: rebooted ? null : takeoverSeen(before, boot.at, at, facts) };
}

function processorSeen(before: Boot | null, { sentAtMs: sentMs }: ReadAt, facts: DeviceFacts): Pick<Boot, 'processor'> {
  if (facts.processor !== undefined) {
    const { uptimeSeconds = null, afterSwitchover = false } = facts.processor;
    return { processor: { uptimeSeconds, afterSwitchover, sentMs } };
  }
  return before?.processor === undefined ? {} : { processor: before.processor };
}

/** `boot`: since when the device is up. */
function takeoverSeen(before: Boot | null, boot: Interval, at: ReadAt, { processor }: DeviceFacts): Takeover | null {
  if (processor === undefined) return null;
  const { uptimeSeconds: now, activeSeconds, afterSwitchover } = processor;
  const was = before?.processor;
  const between = { fromMs: was?.sentMs ?? boot.fromMs, toMs: at.receivedAtMs };
  if (activeSeconds !== undefined) {
    const active = intersection(between, shownSince(at, activeSeconds));
    const evidence = `its control processor took over ${activeSeconds} s before ${instant(at.sentAtMs)}`;
    return active === null ? null : { between: active, evidence };
  }
  if (was !== undefined && hasAnotherUptime(was, now, at)) {
    const uptimes = [`${was.uptimeSeconds} s at ${instant(was.sentMs)}`, `${now} s at ${instant(at.sentAtMs)}`];
    return { between, evidence: `another control processor took over: uptime ${uptimes.join(', ')}` };
  }
  if (afterSwitchover !== true || was?.afterSwitchover === true) return null;
  const notBefore = was === undefined ? '' : `, and had not at ${instant(was.sentMs)}`;
  return { between, evidence: `it had returned to ROM by a switchover at ${instant(at.sentAtMs)}${notBefore}` };
}

function hasAnotherUptime(was: ProcessorSeen, now: number | undefined, { sentAtMs }: ReadAt): boolean {
  if (was.uptimeSeconds === null || now === undefined) return false;
  const elapsedMs = sentAtMs - was.sentMs;
  const differenceMs = Math.abs((now - was.uptimeSeconds) * 1000 - elapsedMs);
  return differenceMs > SAME_BOOT_MS + driftMs(elapsedMs);
}

/** When something began that lasts for so long, printed in whole minutes. */
function shownSince(at: ReadAt, seconds: number): Interval {
  return { fromMs: at.sentAtMs - seconds * 1000 - UPTIME_STEP_MS, toMs: at.receivedAtMs - seconds * 1000 };
}

/**
 * A boot that is new lies after all that is certainly of the old one, and where counters restarted. Uptime comes in
 * whole minutes: without this the boot could be placed before an answer that excludes it.
 */
function betweenAnswers(state: TrackerState, shown: Interval, at: ReadAt): Interval | null {
  const { boot, answered, answeredBySnmp, answeredBefore = null, answeringSinceMs, answeredBeforeSinceMs } = state;
  const states = [...state.groups.values()];
  // Of the same poll: the device was up already, since it cannot have gone down and come back since.
  const latencyMs = at.receivedAtMs - at.sentAtMs;
  const up = [answered, answeredBySnmp]
    .filter((answer) => answer !== null)
    .map(({ receivedAtMs }) => receivedAtMs)
    .filter((upMs) => upMs <= at.receivedAtMs && at.receivedAtMs - upMs < SHORTEST_BOOT_MS + latencyMs);
  // So soon after the earliest instant of the boot no device answers: that answer was the old boot's, and so were those
  // that followed it without a pause. For a KS this is all the evidence there is.
  const tooSoon = [
    oldBootAnswer(shown, answered, answeringSinceMs),
    oldBootAnswer(shown, answeredBySnmp),
    oldBootAnswer(shown, answeredBefore, answeredBeforeSinceMs),
  ];
  const old = [
    boot?.sentMs ?? null,
    state.oldBootAnsweredMs ?? null,
    ...tooSoon,
    ...states.map(({ sameBootMs }) => sameBootMs),
    ...states.map(({ registered, seen }) =>
      registered && shown.fromMs > seen.sentAtMs - SHORTEST_BOOT_MS ? seen.sentAtMs : null,
    ),
  ].filter((ms) => ms !== null);
  const after =
    intersection(shown, {
      fromMs: Math.max(-Infinity, ...old),
      toMs: Math.min(Infinity, ...up),
    }) ?? shown;
  const restarts = states.flatMap(({ pending }) => (pending?.kind === 'restart' ? [beforeRegistering(pending)] : []));
  return restarts.reduce((narrowed, restart) => intersection(narrowed, restart) ?? narrowed, after);
}

/** `sinceMs`: when the first answer of the run without a pause was asked for, of which this is the last. */
function oldBootAnswer(shown: Interval, answer: ReadAt | null, sinceMs = answer?.sentAtMs ?? Infinity): EpochMs | null {
  if (answer === null || answer.sentAtMs <= shown.fromMs) return null;
  return sinceMs < shown.fromMs + SHORTEST_BOOT_MS ? answer.sentAtMs : null;
}

/** Counters restart with the boot, and the first registration comes after it. */
function beforeRegistering({ between, drafts }: Pending): Interval {
  const registeredMs = Math.min(...drafts.map((draft) => draft.between.toMs));
  return { fromMs: between.fromMs, toMs: Math.min(between.toMs, registeredMs - SHORTEST_BOOT_MS) };
}

/** Without an earlier uptime the boot itself must lie where the counters restarted. */
function isReload({ pending }: GroupState, { before, boot, rebooted }: BootSeen): boolean {
  if (pending === null) return rebooted;
  return (rebooted || (before === null && pending.kind === 'restart')) && canHoldBoot(pending, boot.at);
}

/** Where it was; registrations that were complete before the boot are none that it made. */
function canHoldBoot({ between, drafts }: Pending, boot: Interval): boolean {
  const last = drafts.at(-1);
  return overlaps(widened(between, 1000), boot) && (last === undefined || last.between.toMs >= boot.fromMs);
}

/** No reload, and no takeover: what may have restarted the counters unseen was neither. */
function withUptime(known: GroupState, seen: BootSeen): GroupState {
  const { uncountedTek } = known;
  if (uncountedTek === undefined || isTakeover(uncountedTek.between, seen)) return known;
  return { ...known, uncountedTek: { ...uncountedTek, uptime: seen.evidence } };
}

/** Another control processor may have taken over then. */
function isTakeover(between: Interval, { takeover }: BootSeen): boolean {
  return takeover !== null && overlaps(widened(between, 1000), takeover.between);
}

/** The reload brought that TEK. */
function explained(known: GroupState): GroupState {
  const { uncountedTek: _, ...others } = known;
  return others;
}

/** The uptime went on where the counters restarted: it was cleared, unless another control processor took over there. */
function withoutReload(between: Interval, seen: BootSeen): RestartVerdict {
  const { evidence, takeover } = seen;
  if (takeover === null || !isTakeover(between, seen)) return { cause: 'operator_clear', evidence: [evidence] };
  return { cause: 'unknown', evidence: [evidence, takeover.evidence] };
}

function groupAfterBoot(place: GmPlace, asked: GroupState, seen: BootSeen): GroupTracked {
  const { before, boot, rebooted, evidence } = seen;
  const known = rebooted ? withRegistrationSinceBoot(asked, boot.at) : asked;
  const { pending } = known;
  if (pending === null)
    return rebooted ? hiddenReload(place, explained(known), seen) : unchanged(withUptime(known, seen));
  const reloaded = (rebooted || before === null) && canHoldBoot(pending, boot.at);
  const verdict = reloaded
    ? ({ cause: 'reload', evidence: [evidence] } as const)
    : withoutReload(pending.between, seen);
  const decided = decidePending(place, known, verdict);
  // The registrations that waited came before the boot; what the boot brought is for the next answer to show.
  return rebooted && !reloaded ? andThen(decided, (state) => hiddenReload(place, state, seen)) : decided;
}

function reloadOf(device: string, { before, boot, evidence }: BootSeen, reason: string | null): GdoiEvent {
  return reloadEvent(
    { device, group: null },
    {
      occurrence: [Math.round(middleMs(boot.at) / UPTIME_STEP_MS)],
      between: boot.at,
      evidence: [
        ...(before === null ? [] : [`uptime ${before.uptimeSeconds} s at ${instant(before.sentMs)}`]),
        evidence,
        ...(reason === null ? [] : [`reload reason: ${reason}`]),
      ],
    },
  );
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
  return { ...known, epoch: { id, began: 'reload', since: boot }, emitted: 0, legacyKek: null };
}

/** Only the uptime shows the reload: the counters came back to what they were. */
function hiddenReload(place: GmPlace, known: GroupState, { boot, evidence }: BootSeen): GroupTracked {
  const { fromMs } = boot.at;
  const { epoch } = known;
  // At first sight its counters went on; what follows a restart may be of this boot.
  const begunMs = epoch.began === 'first_sight' ? epoch.since.fromMs - 1 : epoch.since.toMs;
  if (begunMs >= fromMs) {
    return unchanged(epoch.began === 'unknown' ? { ...known, epoch: { ...epoch, began: 'reload' } } : known);
  }
  if (known.seen.sentAtMs <= fromMs || known.seen.receivedAtMs < boot.at.toMs) {
    // Without counters the next answer shows only keys: they come by the reload's registration.
    if (!known.counted) return unchanged(newEpoch(known, boot.at));
    // No answer since: the next one is read with this in mind.
    return unchanged({ ...known, marks: withMark(known.marks, restartMark(boot.at)) });
  }
  if (known.tally.last !== null && known.tally.last.atMs >= fromMs) return unchanged(known);
  if (!known.counted && !known.registered) return unchanged(newEpoch(known, boot.at));
  const between = { fromMs, toMs: known.seen.receivedAtMs };
  const waiting: GroupState = {
    ...known,
    pending: { kind: 'perhaps_reload', between, drafts: [], evidence: [], allRestarted: true },
  };
  return decidePending(place, waiting, { cause: 'reload', evidence: [evidence] });
}
