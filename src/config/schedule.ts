/** Durations and schedules as a person writes them. */
import { validate as isCronExpression } from 'node-cron';
import type { Schedule } from './resolved-config.ts';

const UNIT_MS: ReadonlyMap<string, number> = new Map(
  Object.entries<number>({ ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }),
);
const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/;

/** Milliseconds of `500ms`, `30s`, `5m`, `1h`, `90d`; null for anything else. */
export function parseDuration(text: string): number | null {
  const match = DURATION.exec(text);
  const unitMs = UNIT_MS.get(match?.[2] ?? '');
  return match === null || unitMs === undefined ? null : Number(match[1]) * unitMs;
}

/** Longest cron expression that is checked: node-cron takes any length. */
const MAX_CRON_CHARS = 200;

/** A duration or a cron expression of five or six fields (minute first; second first); null for anything else. */
export function parseSchedule(text: string): Schedule | null {
  const ms = parseDuration(text);
  if (ms !== null) return { kind: 'every', ms };
  if (text.length > MAX_CRON_CHARS) return null;
  const fields = text.trim().split(/\s+/);
  if (fields.length < 5 || fields.length > 6) return null;
  const expression = fields.join(' ');
  return isCronExpression(expression) ? { kind: 'cron', expression } : null;
}
