/**
 * An instant that a person or another program wrote in ISO 8601. `Date.parse` alone takes much more: it makes March of
 * the 30th of February, and December of 2001 of the text "12".
 */
const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?)?$/i;

/** In milliseconds; null: not ISO 8601, or no such day or time. Without a zone it is local time, and a day alone UTC. */
export function parseIsoInstant(text: string): number | null {
  const [, year, month, day] = ISO.exec(text) ?? [];
  if (day === undefined) return null;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
