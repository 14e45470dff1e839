/**
 * Ids of events, from what happened and never from the order of observations: the same occurrence seen again after a
 * restart, in a replay or through another source gets the same id.
 */
import type { EventType } from './event.ts';

/**
 * `occurrence` names the occurrence among those of the same type on this device and group: an epoch of the counters and
 * a counter value, a KEK's anchor, an instant of the device.
 */
export function eventId(
  device: string,
  group: string | null,
  type: EventType,
  ...occurrence: readonly (string | number)[]
): string {
  return [device, group ?? '', type, ...occurrence].map(partOfId).join('/');
}

/** Also for ids of incidents. An URL cannot hold half of a surrogate pair, as a text has that was cut inside a character. */
export function partOfId(part: string | number): string {
  return encodeURIComponent(String(part).replaceAll(/[\ud800-\udfff]/gu, '\ufffd'));
}
