/**
 * What no observer could tell, by rule and with the reason: from the truth and the instants of the looks, never from
 * what the tracker said.
 */
import type { EpochMs } from '../../src/gdoi/seen/instant.ts';
import type { TruthCause, TruthEvent } from '../../src/simulator/world/ground-truth.ts';
import { invisibleOverSnmp, isSeenOverSnmpAlone, undecidableOverSnmp } from './invisible-over-snmp.ts';
import type { Watched } from './watch-fleet.ts';

export type TrueRegistration = Extract<TruthEvent, { kind: 'registration' }>;

/** For the rounding of lifetimes to whole seconds, in the KS and in the GM, and of the countdown itself. */
const EDGE_MS = 4_000;
const MINUTE_MS = 60_000;

interface Looks {
  /** The last answer before the registration began, and the first one after it was complete; in true time. */
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

function looksAround(event: TrueRegistration, watched: Watched): Looks {
  const answersMs = watched.answers.get(event.device) ?? [];
  return {
    fromMs: answersMs.findLast((atMs) => atMs < event.startedAtMs) ?? -Infinity,
    toMs: answersMs.find((atMs) => atMs > event.atMs) ?? Infinity,
  };
}

function ofGroup(event: TrueRegistration, watched: Watched): readonly TrueRegistration[] {
  return watched.truth.filter(
    (other): other is TrueRegistration =>
      other.kind === 'registration' && other.device === event.device && other.group === event.group,
  );
}

/** Why no answer shows the registration; null: the counters show it. */
export function invisible(event: TrueRegistration, watched: Watched): string | null {
  if (isSeenOverSnmpAlone(event.device, watched)) return invisibleOverSnmp(event, watched);
  const looks = looksAround(event, watched);
  const registrations = ofGroup(event, watched);
  const restarts = registrations.filter(({ cause }) => isRestart(cause));
  // Only the looks around its completion count here.
  const fromMs = (watched.answers.get(event.device) ?? []).findLast((atMs) => atMs < event.atMs) ?? -Infinity;
  const inInterval = restarts.filter(({ atMs }) => atMs > fromMs && atMs < looks.toMs);
  if (
    restarts.some(({ startedAtMs, atMs }) => startedAtMs >= event.atMs && atMs < looks.toMs) ||
    isWiped(event, watched, looks.toMs)
  ) {
    return 'the counters restarted after it, before the next answer';
  }
  if (inInterval.length > 1) return 'the counters restarted twice between two answers';
  const { succeeded, rekeysReceived } = event.before;
  // The uptime shows a reload. A clear keeps the keys, and a GM that had counted nothing yet counts the same again.
  if (event.cause === 'operator_clear' && succeeded <= 1 && rekeysReceived === 0)
    return 'the counters restarted and came back to what they were';
  return null;
}

/** A reload or a clear that is not over at the next answer resets the counters as well. */
function isWiped(event: TrueRegistration, watched: Watched, untilMs: EpochMs): boolean {
  return watched.truth.some(
    (other) =>
      (other.kind === 'reload' || (other.kind === 'clear' && other.group === event.group)) &&
      other.device === event.device &&
      other.atMs >= event.atMs &&
      other.atMs < untilMs,
  );
}

export function isRestart(cause: TruthCause): boolean {
  return cause === 'operator_clear' || cause === 'reload' || cause === 'initial';
}

/** Why the cause cannot be told; null: what could be seen decides it. */
export function undecidable(event: TrueRegistration, watched: Watched): string | null {
  const bySnmp = isSeenOverSnmpAlone(event.device, watched) ? undecidableOverSnmp(event, watched) : null;
  if (bySnmp !== null) return bySnmp;
  if (isRestart(event.cause)) return undecidableRestart(event, watched);
  const looks = looksAround(event, watched);
  if (looks.toMs === Infinity) return 'no answer came after it';
  const others = ofGroup(event, watched).filter(
    (other) => other !== event && other.atMs > looks.fromMs && other.startedAtMs < looks.toMs,
  );
  const isPair = others.length === 1 && event.cause === 'legacy_ks' && others[0]?.cause === 'legacy_ks';
  if (others.length > 0 && !isPair)
    return 'several registrations between two answers: the keys between them were not seen';
  if (event.cause === 'interface' && !heardTheInterface(event, watched)) return 'the interface tells only by messages';
  if (endsWithTheOldOne(event)) return 'a KEK of another KS that ends with the old one: no command names a KEK';
  const causes = possibleCauses(event, watched, looks);
  return causes.size > 1 ? `between two answers ${[...causes].toSorted().join(' and ')} were due` : null;
}

/**
 * The uptime has whole minutes: a boot and a clear within one minute of each other cannot be told apart.
 */
function undecidableRestart(event: TrueRegistration, watched: Watched): string | null {
  const { fromMs, toMs } = looksAround(event, watched);
  const acts = watched.truth.filter(
    (other) =>
      ((other.kind === 'reload' && event.cause === 'operator_clear') ||
        (other.kind === 'clear' && other.group === event.group && event.cause === 'reload')) &&
      other.device === event.device &&
      other.atMs > fromMs - MINUTE_MS &&
      other.atMs < toMs,
  );
  if (acts.length > 0) return 'a reload and a clear between two answers';
  // Only the uptime and messages show a boot.
  const isHidden = event.cause === 'reload' && watched.watch.logs === null && isWiped(event, watched, toMs);
  return isHidden ? 'another reload came before any answer of that boot' : null;
}

/** After a split each KS has its own KEK; if both make them at the same times, they expire together. */
function endsWithTheOldOne({ sameKek, kekExpiryMs, before }: TrueRegistration): boolean {
  return !sameKek && before.kekExpiryMs !== null && Math.abs(kekExpiryMs - before.kekExpiryMs) < EDGE_MS;
}

/** The causes that are possible at the instant, which is as narrow as the last answer's countdown makes it. */
function possibleCauses(event: TrueRegistration, watched: Watched, looks: Looks): ReadonlySet<string> {
  const { before, startedAtMs } = event;
  const bySnmp = isSeenOverSnmpAlone(event.device, watched);
  const counted = !bySnmp && before.countdownSinceMs !== null && before.countdownSinceMs <= looks.fromMs;
  const start = counted
    ? { fromMs: startedAtMs - EDGE_MS, toMs: startedAtMs + EDGE_MS }
    : (startByMessage(event, watched) ?? looks);
  const causes = new Set<string>();
  const { kekExpiryMs, tekExpiryMs, tekLifetimeMs } = before;
  if (kekExpiryMs !== null && hasKekTimer(event)) {
    if (meet(start, kekExpiryMs - 190_000, kekExpiryMs - 40_000)) causes.add('a missed KEK rekey');
    if (meet(start, kekExpiryMs, kekExpiryMs + 80_000)) causes.add('an expired KEK');
  }
  if (tekExpiryMs !== null && tekLifetimeMs !== null) {
    const earliestMs = 1.2 * Math.max(0.05 * tekLifetimeMs, 60_000);
    if (meet(start, tekExpiryMs - earliestMs, tekExpiryMs - 60_000)) causes.add('a TEK timer');
  }
  if (isTruly(event, 'kek_missed_rekey', 'legacy_ks', 'kek_expired') && counted) causes.delete('a TEK timer');
  const isOrder = event.cause === 'ks_forced' || wasOrdered(event, watched, looks);
  // Without a countdown an order would show only as a new KEK out of turn.
  if (isOrder || (bySnmp && broughtOddKek(event, start))) causes.add('an order of the KS');
  return causes;
}

/** The longest lead observed in a KS, with a margin. */
const LONGEST_LEAD_MS = 300_000;

/** It got another KEK although the one it held had time left when it began, if both expiries are known. */
function broughtOddKek({ sameKek, before, kekExpiryMs }: TrueRegistration, { toMs }: Looks): boolean {
  if (sameKek || before.kekExpiryMs === null) return false;
  return toMs < before.kekExpiryMs - LONGEST_LEAD_MS && kekExpiryMs !== before.kekExpiryMs;
}

/** One of these causes is true of it, whichever timer fired. */
function isTruly(event: TrueRegistration, ...causes: readonly TruthCause[]): boolean {
  return causes.some((cause) => event.cause === cause || event.alsoTrue.includes(cause));
}

/** An old release keeps an expired KEK: it has no timer that ends a cycle. */
function hasKekTimer(event: TrueRegistration): boolean {
  return event.kekTimer;
}

function wasOrdered(event: TrueRegistration, watched: Watched, looks: Looks): boolean {
  return watched.truth.some(
    (other) =>
      other.kind === 'order' && other.group === event.group && other.atMs > looks.fromMs && other.atMs < looks.toMs,
  );
}

/** Messages of the interface arrived, or would have arrived: polls do not show a flap. */
function heardTheInterface(event: TrueRegistration, { watch, truth, observations }: Watched): boolean {
  const flap = truth.findLast(
    (other) => other.kind === 'flap' && other.device === event.device && other.atMs <= event.startedAtMs,
  );
  const sent = watch.logs !== null && watch.logs.lost === 0 && watch.logs.mostSeverity >= LINK_SEVERITY;
  if (sent || flap === undefined) return sent;
  return observations.some(
    ({ observation, clockOffsetMs }) =>
      observation.kind === 'log' &&
      observation.device === event.device &&
      observation.receivedAtMs - clockOffsetMs >= flap.atMs &&
      observation.receivedAtMs - clockOffsetMs <= event.atMs + 600_000 &&
      observation.messages.some(({ mnemonic }) => mnemonic === 'UPDOWN'),
  );
}

/** `LINK-3-UPDOWN`. */
const LINK_SEVERITY = 3;

/** When it began, to the second, if a pushed message of its start arrived. */
function startByMessage(event: TrueRegistration, watched: Watched): Looks | null {
  const heard = watched.observations.some(({ observation, clockOffsetMs }) => {
    if (observation.device !== event.device || observation.kind !== 'log' || !observation.pushed) return false;
    const atMs = observation.receivedAtMs - clockOffsetMs;
    if (Math.abs(atMs - event.startedAtMs) > 2_000) return false;
    return observation.messages.some(({ mnemonic }) => mnemonic === 'GM_RE_REGISTER');
  });
  return heard ? { fromMs: event.startedAtMs - EDGE_MS, toMs: event.startedAtMs + EDGE_MS } : null;
}

function meet({ fromMs, toMs }: Looks, windowFromMs: EpochMs, windowToMs: EpochMs): boolean {
  return fromMs <= windowToMs + EDGE_MS && toMs >= windowFromMs - EDGE_MS;
}
