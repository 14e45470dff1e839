/**
 * Limits the polls of a device beside its schedule: those planned around a KEK's expiry, and those triggered by
 * messages, traps or another transport. A KEK of a day takes some ten; a storm of messages would take a thousand an
 * hour. So they are paid for from an allowance: 120 at once, and then as many as the schedule itself has, or one a
 * minute if that is more often. A poll that is not paid for is left out: the next scheduled one sees what there is.
 *
 * Polls that a person or a program asks for (`check`, `/probe`, the page) are not counted.
 */
import type { Schedule } from '../../config/resolved-config.ts';
import type { Rate } from '../../kernel/token-bucket.ts';

/** At once: a change of keys in a lab, where a KEK lives for minutes, takes about fifty an hour. */
export const ALLOWED_AT_ONCE = 120;
const ALLOWED_EVERY_MS = 60_000;

/** The shortest time between two of them in the long run; with a cron expression a minute. */
export function allowedEveryMs(schedule: Schedule): number {
  return schedule.kind === 'every' ? Math.min(ALLOWED_EVERY_MS, schedule.ms) : ALLOWED_EVERY_MS;
}

export function allowedRate(schedule: Schedule): Rate {
  return { perSecond: 1000 / allowedEveryMs(schedule), burst: ALLOWED_AT_ONCE };
}
