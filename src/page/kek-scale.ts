/**
 * Where a member is in the life of the KEK it holds, on a scale shared by all members of a group: seconds to the expiry
 * of its own KEK. Time moves a member to the right, a new KEK puts it back to the left; so a member to the right of the
 * KS's lead is late, whichever KEK the others hold.
 *
 * The minutes around expiry take most of the width; the hours before are compressed at the left.
 */
import type { DeviceDocument } from '../http/schemas/device-schema.ts';
import { EXPIRY_WINDOW_SECONDS, MISSED_REKEY_WINDOW } from '../gdoi/keys/kek-window.ts';

/** The part of the width for everything before the minutes around expiry. */
const LONG_BEFORE_PERCENT = 16;
/** Margin left of the KS's lead and right of the last window. */
const MARGIN_SECONDS = 60;

export interface KekScale {
  /** How long before expiry the KS sends the new KEK. */
  readonly leadSeconds: number;
  /** Null: unknown; then the compressed part shows a day. */
  readonly lifetimeSeconds: number | null;
}

/** Position of a time, in percent of the width. `toExpirySeconds` is negative before expiry. */
export function placePercent(toExpirySeconds: number, { leadSeconds, lifetimeSeconds }: KekScale): number {
  const from = -leadSeconds - MARGIN_SECONDS;
  const to = EXPIRY_WINDOW_SECONDS + MARGIN_SECONDS;
  if (toExpirySeconds < from) {
    const longest = Math.max(lifetimeSeconds ?? 86_400, -from + 1);
    const share = (toExpirySeconds + longest) / (longest + from);
    return LONG_BEFORE_PERCENT * Math.max(0, share);
  }
  const share = (toExpirySeconds - from) / (to - from);
  return LONG_BEFORE_PERCENT + (100 - LONG_BEFORE_PERCENT) * Math.min(1, share);
}

/** In the order in which a KEK passes through them. */
export const KEK_STAGES = ['valid', 'rekey_due', 'missed_window', 'window_over', 'expiry_window', 'expired'] as const;
export type KekStage = (typeof KEK_STAGES)[number];

/** The same closed windows as the agent's: a boundary belongs to the window that it begins. */
export function stageOf(toExpirySeconds: number, leadSeconds: number): KekStage {
  if (toExpirySeconds < -leadSeconds) return 'valid';
  if (toExpirySeconds < -MISSED_REKEY_WINDOW.fromSecondsBeforeExpiry) return 'rekey_due';
  if (toExpirySeconds <= -MISSED_REKEY_WINDOW.toSecondsBeforeExpiry) return 'missed_window';
  if (toExpirySeconds < 0) return 'window_over';
  return toExpirySeconds <= EXPIRY_WINDOW_SECONDS ? 'expiry_window' : 'expired';
}

export function gmStageText(stage: KekStage): string {
  switch (stage) {
    case 'valid':
      return 'rekey not due yet';
    case 'rekey_due':
      return 'rekey due, not seen yet';
    case 'missed_window':
      return 'no rekey: re-registers in this window';
    case 'window_over':
      return 'no rekey, window over: KEK about to expire';
    case 'expiry_window':
      return 're-registers in this window';
    case 'expired':
      return 'as last read';
    default:
      return stage satisfies never;
  }
}

export interface KsSending {
  /** Whether the KS sends the new KEK ahead (`timer`) or at expiry (`legacy`). */
  readonly sends: DeviceDocument['kek_behavior'];
  /** Whether the KS answers: of one that does not it is unknown whether it sends anything. */
  readonly answers: boolean;
}

export function ksStageText(stage: KekStage, { sends, answers }: KsSending): string {
  if (!answers) return 'as last read';
  switch (stage) {
    case 'valid':
      return 'rekey not due yet';
    case 'rekey_due':
    case 'missed_window':
    case 'window_over':
      return KS_SENDS[sends];
    case 'expiry_window':
    case 'expired':
      return 'as last read';
    default:
      return stage satisfies never;
  }
}

const KS_SENDS: Readonly<Record<DeviceDocument['kek_behavior'], string>> = {
  timer: 'sends its rekey about now',
  legacy: 'sends no rekey ahead: the new KEK comes at expiry',
  unknown: 'sends its rekey about now, or at expiry (old release)',
};
