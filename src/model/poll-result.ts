/** How a poll can end: the closed set behind `gdoi_polls_total{result}`. */
import { DEVICE_ERROR_KINDS } from '../access/device-error.ts';
import type { RESULT_SIGNS } from '../gdoi/seen/result-signs.ts';

/**
 * `ok`; `command`: the device took none of the spellings of `show crypto gdoi`; `parse`: it answered something that
 * is no whole answer; `internal`: a fault of our own while handling it; the rest are `DeviceErrorKind`s. What each says
 * of the device is decided in the core: a new one does not compile before it is.
 */
export const POLL_RESULTS = [
  'ok',
  ...DEVICE_ERROR_KINDS,
  'command',
  'parse',
  'internal',
] as const satisfies readonly (keyof typeof RESULT_SIGNS)[];
export type PollResult = (typeof POLL_RESULTS)[number];

export function isPollResult(text: string): text is PollResult {
  return POLL_RESULTS.some((result) => result === text);
}
