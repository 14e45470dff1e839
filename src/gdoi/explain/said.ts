/** How explanations name devices, instants and numbers. */
import { everyOne, verb } from '../events/counted.ts';
import { ksNamed, nameList, naturalOrder } from '../events/name-list.ts';
import type { EpochMs } from '../seen/instant.ts';

export { ksNamed, nameList, naturalOrder, verb };

/** `03:00:20 UTC`: a sentence with an instant stays true as it is read later. */
export function clockTime(ms: EpochMs): string {
  const date = new Date(Math.round(ms));
  return Number.isNaN(date.getTime()) ? 'an unknown instant' : `${date.toISOString().slice(11, 19)} UTC`;
}

const MINUTE_MS = 60_000;

/**
 * `about 03:00 UTC`: a boot is known by an uptime in whole minutes, and the estimate moves by seconds with each answer.
 */
export function minuteTime(ms: EpochMs): string {
  return `about ${clockTime(Math.round(ms / MINUTE_MS) * MINUTE_MS).replace(/:\d\d UTC$/u, ' UTC')}`;
}

/**
 * `GM gm1`, `4 GMs (gm1, gm2, gm3, gm4)`, `both GMs (gm1, gm2)`; `of`: how many there are, said where it tells
 * something.
 */
export function gmsNamed(names: readonly string[], of: number | null = null): string {
  if (names.length === 1) return `GM ${names[0] ?? ''}`;
  const whom =
    of === names.length && of > 0
      ? everyOne(of, 'GM')
      : `${of === null || of === 0 ? names.length : `${names.length} of ${of}`} GMs`;
  return `${whom} (${nameList(names)})`;
}

/** `4 GMs`, `GM gm1`. */
export function gmCount(names: readonly string[]): string {
  return names.length === 1 ? `GM ${names[0] ?? ''}` : `${names.length} GMs`;
}
