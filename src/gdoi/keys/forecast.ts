/**
 * What will make this GM re-register next, and how long there is to act.
 *
 * `Reregisters in` is a forecast of the GM itself, the earlier of the TEK and the KEK cause; where it falls against the
 * two expiries tells which one. Both countdowns come from one answer, so their difference is exact up to the truncation
 * to whole seconds, whatever the latency. When it fits no window, or more than one, the cause is null and
 * `forecastEvidence` says why: nothing is guessed.
 */
import {
  DEFAULT_TEK_LIFETIME_SECONDS,
  EXPIRY_WINDOW_SECONDS,
  MISSED_REKEY_WINDOW,
  tekWindowSecondsBeforeExpiry,
} from './kek-window.ts';
import type { KsLead } from './ks-lead.ts';
import { longestTekSeconds, shownSeconds } from '../seen/countdown.ts';
import { type EpochMs, expiryMs, type ReadAt } from '../seen/instant.ts';
import { endOfCountdown } from '../seen/interval.ts';
import type { GmSnapshot } from '../seen/snapshot.ts';

export const FORECAST_CAUSES = ['kek_missed_rekey', 'kek_expiry', 'tek_expiry'] as const;
type ForecastCause = (typeof FORECAST_CAUSES)[number];

type Between = readonly [from: EpochMs, to: EpochMs];

export interface Forecast {
  /** What drives `Reregisters in`; null: no countdown is shown, or it does not decide. */
  readonly cause: ForecastCause | null;
  /** Causes whose window the countdown falls into; more than one is ambiguous. */
  readonly possible: readonly ForecastCause[];
  /** Best estimate of the re-registration's instant; null when the GM shows no countdown. */
  readonly expectedAtMs: EpochMs | null;
  /** Certain interval of that instant, from the countdown alone. */
  readonly expectedBetweenMs: Between | null;
  /** The protocol's whole window of `cause`. */
  readonly windowMs: Between | null;
  /** Seconds left to act, as of the read; null when no re-registration is announced. Never negative. */
  readonly timeLeftSeconds: { readonly atLeast: number; readonly atMost: number } | null;
  /** The KEK has less life left than the KS's lead: it is still the old one. null: the GM shows no KEK lifetime. */
  readonly kekRekeyOverdue: boolean | null;
  readonly from: ForecastFrom;
}

/** What it is drawn from, in seconds as of the read; null: not shown. */
interface ForecastFrom {
  readonly countdown: number | null;
  readonly kek: number | null;
  /** To the end of the KEK shown, or of the one held last. */
  readonly kekLeft: number | null;
  readonly tek: number | null;
  readonly lead: KsLead;
}

export interface ForecastContext {
  readonly lead: KsLead;
  /** Expiry of the KEK last held: what a GM that shows none, because it deleted it, still counts down to. */
  readonly lastKekExpiryMs?: EpochMs | null;
  /** Lifetime of the group's TEKs as its KS shows it; null: not known. */
  readonly tekLifetimeSeconds?: number | null;
}

/**
 * Each countdown is truncated to whole seconds (1 s), and the lines of one answer are made within about a second.
 */
const COUNTDOWN_SLACK_SECONDS = 2;
/** An expiry remembered from another answer brings that answer's latency and the clocks' drift. */
const REMEMBERED_SLACK_SECONDS = 5;

export function forecast(gm: GmSnapshot, at: ReadAt, context: ForecastContext): Forecast {
  const { lead } = context;
  const countdown = shownSeconds(gm.reregistersInSeconds);
  const kek = shownSeconds(gm.kek?.remainingSeconds);
  const kekLeft = kek !== null && kek > 0 ? kek : rememberedKekSeconds(context.lastKekExpiryMs ?? null, at);
  const kekSlack = kekLeft === kek ? COUNTDOWN_SLACK_SECONDS : REMEMBERED_SLACK_SECONDS;
  // The GM's TEK timer follows its longest-lived TEK.
  const tek = longestTekSeconds(gm.teks);
  const tekWindow = tekWindowSecondsBeforeExpiry(
    context.tekLifetimeSeconds ?? Math.max(DEFAULT_TEK_LIFETIME_SECONDS, tek ?? 0),
  );
  const kekRekeyOverdue = kek === null ? null : kek > 0 && kek + 1 <= lead.seconds;

  const possible = countdown === null ? [] : possibleCauses({ countdown, kekLeft, kekSlack, tek, tekWindow });
  const cause = possible.length === 1 ? (possible[0] ?? null) : null;
  return {
    cause,
    possible,
    expectedAtMs: countdown === null ? null : expiryMs(at, countdown),
    expectedBetweenMs: countdown === null ? null : endBetween(at, countdown),
    windowMs: windowOf(cause, at, { kekLeft, tek, tekWindow }),
    timeLeftSeconds: timeLeft({ countdown, kek, cause, kekRekeyOverdue: kekRekeyOverdue === true, at }),
    kekRekeyOverdue,
    from: { countdown, kek, kekLeft, tek, lead },
  };
}

/** Lines for whoever looks at one GM: a forecast is made at each poll and kept of every device, and needs none of them. */
export function forecastEvidence({ from, possible, kekRekeyOverdue }: Forecast): readonly string[] {
  return [
    ...countdownEvidence(from),
    ...verdictEvidence(possible, from.countdown),
    ...(kekRekeyOverdue === true ? [overdueEvidence(from.kek ?? 0, from.lead)] : []),
  ];
}

/** Seconds to the expiry of the KEK last held, negative once it is past; null: not known. */
function rememberedKekSeconds(expiry: EpochMs | null, at: ReadAt): number | null {
  if (expiry === null || !Number.isFinite(expiry)) return null;
  return Math.round((expiry - (at.sentAtMs + at.receivedAtMs) / 2) / 1000);
}

interface Countdowns {
  readonly countdown: number;
  readonly kekLeft: number | null;
  readonly kekSlack: number;
  readonly tek: number | null;
  readonly tekWindow: { readonly from: number; readonly to: number };
}

function possibleCauses({ countdown, kekLeft, kekSlack, tek, tekWindow }: Countdowns): ForecastCause[] {
  const causes: ForecastCause[] = [];
  if (kekLeft !== null) {
    const afterExpiry = countdown - kekLeft;
    const { fromSecondsBeforeExpiry, toSecondsBeforeExpiry } = MISSED_REKEY_WINDOW;
    if (fallsIn(afterExpiry, -fromSecondsBeforeExpiry, -toSecondsBeforeExpiry, kekSlack))
      causes.push('kek_missed_rekey');
    if (fallsIn(afterExpiry, 0, EXPIRY_WINDOW_SECONDS, kekSlack)) causes.push('kek_expiry');
  }
  if (tek !== null && fallsIn(tek - countdown, tekWindow.to, tekWindow.from, COUNTDOWN_SLACK_SECONDS))
    causes.push('tek_expiry');
  return causes;
}

function fallsIn(seconds: number, from: number, to: number, slack: number): boolean {
  return seconds >= from - slack && seconds <= to + slack;
}

function endBetween(at: ReadAt, seconds: number): Between {
  const { fromMs, toMs } = endOfCountdown(at, seconds);
  return [fromMs, toMs];
}

function windowOf(
  cause: ForecastCause | null,
  at: ReadAt,
  { kekLeft, tek, tekWindow }: Omit<Countdowns, 'countdown' | 'kekSlack'>,
): Between | null {
  const around = (seconds: number | null, from: number, to: number): Between | null => {
    if (seconds === null) return null;
    const [earliest, latest] = endBetween(at, seconds);
    return [earliest + from * 1000, latest + to * 1000];
  };
  switch (cause) {
    case 'kek_missed_rekey':
      return around(kekLeft, -MISSED_REKEY_WINDOW.fromSecondsBeforeExpiry, -MISSED_REKEY_WINDOW.toSecondsBeforeExpiry);
    case 'kek_expiry':
      return around(kekLeft, 0, EXPIRY_WINDOW_SECONDS);
    case 'tek_expiry':
      return around(tek, -tekWindow.from, -tekWindow.to);
    case null:
      return null;
    default:
      return cause satisfies never;
  }
}

/**
 * A countdown that a KEK drives is exact. Otherwise an overdue KEK rekey adds its own window: [expiry - 190 s, expiry -
 * 40 s] (at the floor of 200 s: at least 10, at most 160 s), and once that is past, [expiry, expiry + 80 s].
 */
function timeLeft(known: {
  readonly countdown: number | null;
  readonly kek: number | null;
  readonly cause: ForecastCause | null;
  readonly kekRekeyOverdue: boolean;
  readonly at: ReadAt;
}): Forecast['timeLeftSeconds'] {
  const { countdown, kek } = known;
  const latencySeconds = Math.max(0, known.at.receivedAtMs - known.at.sentAtMs) / 1000;
  const left = (from: number, to: number) => ({
    atLeast: Math.max(0, from - latencySeconds),
    atMost: Math.max(0, to + 1),
  });
  const announced = countdown === null ? null : left(countdown, countdown);
  const kekDriven = known.cause === 'kek_missed_rekey' || known.cause === 'kek_expiry';
  if (kek === null || !known.kekRekeyOverdue || (announced !== null && kekDriven)) return announced;
  const byKek =
    kek > MISSED_REKEY_WINDOW.toSecondsBeforeExpiry
      ? left(kek - MISSED_REKEY_WINDOW.fromSecondsBeforeExpiry, kek - MISSED_REKEY_WINDOW.toSecondsBeforeExpiry)
      : left(kek, kek + EXPIRY_WINDOW_SECONDS);
  if (announced === null) return byKek;
  return {
    atLeast: Math.min(announced.atLeast, byKek.atLeast),
    atMost: Math.min(announced.atMost, byKek.atMost),
  };
}

function countdownEvidence({ countdown, kek, kekLeft, tek }: ForecastFrom): string[] {
  const lines: string[] = [];
  if (countdown === null) lines.push('the GM shows no Reregisters in');
  else {
    lines.push(`Reregisters in: ${countdown} s`);
    if (kekLeft !== null) {
      const shown = kekLeft === kek ? `KEK lifetime: ${kek} s` : `no KEK shown, the last one ends in ${kekLeft} s`;
      lines.push(`${shown}, so that is ${againstExpiry(countdown - kekLeft)} KEK expiry`);
    }
    if (tek !== null)
      lines.push(`longest-lived TEK: ${tek} s, so that is ${againstExpiry(countdown - tek)} TEK expiry`);
  }
  return lines;
}

function againstExpiry(secondsAfter: number): string {
  return `${Math.abs(secondsAfter)} s ${secondsAfter < 0 ? 'before' : 'after'}`;
}

function verdictEvidence(possible: readonly ForecastCause[], countdown: number | null): string[] {
  if (countdown === null) return [];
  const [only, ...others] = possible;
  if (only === undefined) return ['in none of the windows around the KEK’s and the TEK’s expiry'];
  if (others.length > 0) return [`in the windows of ${possible.join(' and ')}: the countdown does not decide`];
  switch (only) {
    case 'kek_missed_rekey':
      return ['in the window of a GM that got no KEK rekey'];
    case 'kek_expiry':
      return ['the timer points past KEK expiry: the KS did not rekey ahead of it'];
    case 'tek_expiry':
      return ['in the window of a GM that got no TEK rekey'];
    default:
      return only satisfies never;
  }
}

function overdueEvidence(kek: number, lead: KsLead): string {
  const source = lead.source === 'ks' ? 'the KS’s own figures' : 'the floor of every KS with the new behaviour';
  return `KEK rekey overdue: ${kek} s of the old KEK left, the KS sends the new one ${lead.seconds} s before expiry (${source})`;
}
