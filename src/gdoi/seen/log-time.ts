/**
 * How a time stands before a log message: the one grammar of the date stamp of IOS, for what cuts it off a line
 * (`ios/log`) and for what places it (`gdoi/log`), and what behind a time is a host and no zone.
 */

export interface DateStamp {
  /** `*` never set, `.` lost synchronisation; not of `text`. */
  readonly mark: string;
  /** As printed, without the mark. */
  readonly text: string;
  readonly year: string | null;
  /** `Mar`, or three letters that are no month. */
  readonly month: string;
  readonly day: string;
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
  /** Digits behind the point; null: none printed. */
  readonly fraction: string | null;
  readonly zone: string | null;
}

// *Mar  1 01:12:10.919 / Aug 14 15:26:31.204 / Jun  5 2024 07:23:09.318 EST / 2026 Jun 19 06:17:42 / 20:49:19KST / UTC+1 /
// EST5EDT / +0100, at the end of what precedes the tag; `gm1` is no zone
const DATE_STAMP =
  /([*.]?)((?:(\d{4}) )?([A-Z][a-z]{2})[ ]{1,2}(\d{1,2}) (?:(\d{4}) )?(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?(?: ?([A-Za-z]{1,10}(?:[+-]\d{1,4}(?:[A-Za-z]{3,5})?)?|[A-Z]{3,4}\d{1,2}[A-Z]{3,4}|[+-]\d{2}:?\d{2}))?)$/;

/** The date stamp that ends a text; null: none does. */
export function dateStampAtEnd(before: string): DateStamp | null {
  const match = DATE_STAMP.exec(before);
  if (match === null) return null;
  const [, mark = '', text = '', yearFirst, month = '', day = '', yearBehind, ...time] = match;
  const [hour = '', minute = '', second = '', fraction = null, zone = null] = time;
  return { mark, text, year: yearFirst ?? yearBehind ?? null, month, day, hour, minute, second, fraction, zone };
}

const HOST = /^[A-Za-z0-9][\w.-]{0,62}$/;
// UTC+1 / EST5EDT
const ZONE = /^(?:[A-Za-z]{0,10}[+-]\d|[A-Z]{3,4}\d{1,2}[A-Z]{3,4}$)/;

/**
 * Of `Nov 24 11:30:00 gm1: `: a word behind a time that a colon follows is a host if a digit or a dot is in it, and
 * otherwise the zone of a router's own stamp, `Nov 24 11:30:00 CET: `. `UTC+1` and `EST5EDT` are zones too.
 */
export function isHostBehindTime(word: string): boolean {
  return HOST.test(word) && /[\d.]/.test(word) && !ZONE.test(word);
}
