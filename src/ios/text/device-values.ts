/**
 * The small values inside a device's lines: counts, durations, addresses, SPIs.
 *
 * Each function takes the value as printed and gives the value or null; null means "not of this form", and the caller
 * then counts the line as unknown. Nothing here guesses: a number with anything unexpected around it is no number.
 */

import { shownSeconds } from '../../gdoi/seen/countdown.ts';

const DIGIT_0 = 48;
const DIGIT_9 = 57;
/** Counters are at most 64 bits wide on the device; 15 digits are exact in a double. */
const MAX_DIGITS = 15;

/** `25` -> 25. */
export function parseCount(value: string): number | null {
  const length = value.length;
  if (length === 0 || length > MAX_DIGITS) return null;
  let total = 0;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (code < DIGIT_0 || code > DIGIT_9) return null;
    total = total * 10 + (code - DIGIT_0);
  }
  return total;
}

/** Zones whose offset their name tells; other zones have names that several offsets share. */
export function isUtc(zone: string): boolean {
  return zone === 'UTC' || zone === 'GMT';
}

/** `81 sec`, `84098 secs`, `10000 msec` (as the number printed), `787`; the unit is the caller's business. */
export function parseNumberWithUnit(value: string, units: ReadonlySet<string>): number | null {
  const blank = value.indexOf(' ');
  if (blank < 0) return parseCount(value);
  return units.has(
    value
      .slice(blank + 1)
      .trim()
      .toLowerCase(),
  )
    ? parseCount(value.slice(0, blank))
    : null;
}

/** A GM writes `sec`, a KS `secs`. */
const SECOND_UNITS: ReadonlySet<string> = new Set(['sec', 'secs', 'second', 'seconds', 'sec.', 's']);
export const MILLISECOND_UNITS: ReadonlySet<string> = new Set(['msec', 'msecs', 'ms']);

/** 4294967291 is what a countdown shows that went below 0: such a line is not understood. */
export function parseSeconds(value: string): number | null {
  return shownSeconds(parseNumberWithUnit(value, SECOND_UNITS));
}

// 00:01:30
const CLOCK_AGE = /^(\d{1,5}):([0-5]\d):([0-5]\d)$/;
// 1d02h, 2w3d, 1y15w: IOS prints the two largest units
const UNIT_AGE = /^(\d{1,4})([ywdhms])(?:(\d{1,4})([ywdhms]))?$/;
const AGE_UNIT_SECONDS: ReadonlyMap<string, number> = new Map(
  Object.entries<number>({
    y: 365 * 86400,
    w: 7 * 86400,
    d: 86400,
    h: 3600,
    m: 60,
    s: 1,
  }),
);

/** Age of the last rekey, `00:01:30` or `1d02h`, in seconds; `never` is not an age. */
export function parseAgeSeconds(value: string): number | null {
  const clock = CLOCK_AGE.exec(value);
  if (clock) return Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
  const units = UNIT_AGE.exec(value);
  if (!units) return null;
  const first = Number(units[1]) * (AGE_UNIT_SECONDS.get(units[2] ?? '') ?? 0);
  return units[3] === undefined ? first : first + Number(units[3]) * (AGE_UNIT_SECONDS.get(units[4] ?? '') ?? 0);
}

// 10.1.11.2
const IPV4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;
// 2001:DB8::1, ::FFFF:10.1.1.1
const IPV6 = /^[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,40}$/;

export function isAddress(value: string): boolean {
  return IPV4.test(value) || IPV6.test(value);
}

/** What devices print where there is no address yet; `UNKNOWN` is reported by genieparser for `Last rekey from`. */
const NO_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::', 'UNKNOWN', 'Unknown', 'unknown', 'None', 'none']);

/** The address, null for "none yet" (`0.0.0.0`, `UNKNOWN`), undefined when it is neither. */
export function parseAddressOrNone(value: string): string | null | undefined {
  if (NO_ADDRESS.has(value)) return null;
  return isAddress(value) ? value : undefined;
}

// HMAC_AUTH_SHA, AES, 3DES, 1.0.26, 8127
const WORD = /^\w\S{0,63}$/;
/** What devices print where there is no such value. */
const NO_WORD = /^(?:-{1,4}|\?|n\/a|none|unknown|\(null\))$/i;

/** The word, null for "none" (`N/A`, `--`), undefined when it is neither. */
export function parseWordOrNone(value: string): string | null | undefined {
  if (NO_WORD.test(value)) return null;
  return WORD.test(value) ? value : undefined;
}

// 0x4B21C09E(1260503198), 0xDB40735C
const TEK_SPI = /^0x([0-9A-Fa-f]{1,8})(?:\(\d{1,10}\))?$/;
// 0xD3A94C6017E5B28F41C07A96D85E13B4
const KEK_SPI = /^0x([0-9A-Fa-f]{1,32})$/;

/** `0x4B21C09E(1260503198)` -> `0x4B21C09E`: 0x and eight upper-case hex digits. */
export function parseTekSpi(value: string): string | null {
  const hex = TEK_SPI.exec(value)?.[1];
  return hex === undefined ? null : `0x${hex.toUpperCase().padStart(8, '0')}`;
}

/** 0x and 32 upper-case hex digits: the KEK's SPI is the pair of rekey SA cookies. */
export function parseKekSpi(value: string): string | null {
  const hex = KEK_SPI.exec(value)?.[1];
  return hex === undefined ? null : `0x${hex.toUpperCase().padStart(32, '0')}`;
}

/** Inner runs of blanks become one blank. */
export function collapseBlanks(value: string): string {
  return value.includes('  ') ? value.replace(/ {2,4096}/g, ' ') : value;
}

/** Words of a table row: columns are separated by blanks only. */
export function columns(line: string): string[] {
  return line.split(/ +/);
}

/**
 * The ACE of an `access-list` line (`isAccessList`) without that word and, on a KS, without the list's name:
 * `access-list acl1  deny ospf any any` -> `deny ospf any any`. Null when the line names a list only, or goes on with
 * what is in no ACE (the rest of another line).
 */
export function parseAce(line: string): string | null {
  const first = skipBlanks(line, ACCESS_LIST.length);
  const unnamed = mayBeAction(line, first) ? aceOf(line.slice(first)) : null;
  if (unnamed !== null) return unnamed;
  const firstEnd = line.indexOf(' ', first);
  if (firstEnd < 0) return null;
  const second = skipBlanks(line, firstEnd);
  return mayBeAction(line, second) ? aceOf(line.slice(second)) : null;
}

/** The usual ACE has no blanks to take out. */
function aceOf(shown: string): string | null {
  if (ACE.test(shown)) return shown;
  const ace = collapseBlanks(shown);
  return ace !== shown && ACE.test(ace) ? ace : null;
}

// deny udp any port = 848 any port = 848 / permit ip 10.0.0.0 0.255.255.255 any / permit ipv6 2001:DB8:100::/40 any log
const ACE =
  /^(?:permit|deny)(?: (?:\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?|\d{1,10}|(?!access-list\b)[A-Za-z][\w.+-]{0,63}|[\dA-Fa-f:.]{2,45}(?:\/\d{1,3})?|[=<>!]{1,2})){1,24}$/;

const ACCESS_LIST = 'access-list';
const CODE_BLANK = 32;

/** `access-list   deny ospf any any`, `access-list acl1`: the line is of that kind. */
export function isAccessList(line: string): boolean {
  return line.slice(0, ACCESS_LIST.length) === ACCESS_LIST;
}

const CODE_LOWER_D = 100;
const CODE_LOWER_P = 112;

/** `deny` or `permit`, by its first letter. */
function mayBeAction(line: string, at: number): boolean {
  const code = line.charCodeAt(at);
  return code === CODE_LOWER_D || code === CODE_LOWER_P;
}

/** The first index from `at` on that is no blank. */
export function skipBlanks(line: string, at: number): number {
  const { length } = line;
  let index = at;
  while (index < length && line.charCodeAt(index) === CODE_BLANK) index += 1;
  return index;
}
