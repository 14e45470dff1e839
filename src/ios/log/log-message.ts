/**
 * One syslog line of IOS or IOS XE, as a terminal, `show logging` or a syslog packet has it.
 *
 * The one certain thing in such a line is `%FACILITY-SEVERITY-MNEMONIC:`; what stands before it differs by
 * configuration (sequence numbers, time marks, zones, fractions, nothing at all). `%SNMP agent not enabled` and `%
 * Invalid input` are answers, not messages. What a message means is decided in gdoi, not here.
 */
import type { LogMessage } from '../../gdoi/seen/device-facts.ts';
import { type DateStamp, dateStampAtEnd } from '../../gdoi/seen/log-time.ts';

/** Longer lines are none of ours; syslog packets end at 1024 octets, terminals rarely wrap later. */
const MAX_LINE_CHARS = 8192;
const MAX_TAG_CHARS = 128;
/** A `%` may stand in the text of a line that is no message; this many are tried. */
const MAX_CANDIDATES = 4;

// GM_REGSTER, 5, CRYPTO: the parts of `%CRYPTO-5-GM_REGSTER:`
const MNEMONIC = /^[A-Z0-9][A-Z0-9_]{0,79}$/;
const SEVERITY = /^[0-7]$/;
const FACILITY = /^[A-Z][A-Z0-9_-]{0,79}$/;

// gm1.example / R0/0: kmd: what some put between the stamp and the tag
const BEHIND_STAMP =
  /(?<=\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?: [A-Za-z]{1,10})?:) (?:[RFC]P?\d\/\d: )?[A-Za-z][\w.-]{0,62}:?$/;
// 00:01:07 / 1d02h / 2w3d: service timestamps log uptime
const UPTIME_STAMP = /(?:^|[ >])([*.]?)(\d{1,3}:\d{2}:\d{2}(?:\.\d{1,6})?|\d{1,4}[ywdh]\d{1,3}[wdhm])$/;
// 031402: Jun 19 06:17:42 / <189>48: gm1:
const SEQUENCE = /^(?:<\d{1,3}>)?(\d{1,10}):(?: |$)/;
// what may stand before a stamp: `<189>`, what a relay or a log file puts first (`Mar  1 10:11:12 gm1 `, `gm1 local7.notice
// `), `031402: `, a host name and a colon
const HEADER =
  /^(?:<\d{1,3}>)?(?:\d{1,2} )?(?:(?:[A-Z][a-z]{2} {1,2}\d{1,2} (?:\d{4} )?\d{2}:\d{2}:\d{2}|\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2})\S{0,20} )?(?:\[?(?:[A-Za-z0-9][\w.-]{0,62}|[0-9A-Fa-f:]{3,45})\]?(?:: {0,2}| {1,2})){0,3}(?:\d{1,10}: ?)?(?:[A-Za-z0-9][\w.-]{0,62}: ?)?(?:\d{1,10}: ?)?[*.]?$/;
// <189>1 2019-10-04T14:05:50.112Z gm1 - - - [meta sequenceId="48"] (RFC 5424, as a log file has it)
const RFC5424 =
  /^(?:<\d{1,3}>)?1 (?:-|\d{4}-\d{2}-\d{2}T[\d:.]{8,16}(?:Z|[+-]\d{2}:\d{2})) \S{1,255} \S{1,48} \S{1,128} \S{1,32} (?:-|(?:\[[^\]]{0,500}\]){1,8})(?: |$)/;
/** What the forwarding engine of IOS XE logs stands inside a message of the platform. */
const PLATFORM_FACILITY = /^IOSXE/;
// Chassis 2 R0/0: wncd: (IOS XE puts the process before the text)
const XE_PROCESS = /^(?:(?:Chassis|Switch) \d{1,2} )?[RFC]P?\d\/\d: (?:[\w.-]{1,32}: )?/;

/** The message in this line, or null when it holds none. A prefix that is not understood leaves `timestamp` null. */
export function parseLogMessage(line: string): LogMessage | null {
  return findLogMessage(line)?.message ?? null;
}

/** The message with the part of the line before it that belongs to no syslog header (a message landed in a line). */
export function findLogMessage(line: string): { readonly message: LogMessage; readonly before: string } | null {
  if (line.length > MAX_LINE_CHARS) return null;
  let percent = line.indexOf('%');
  for (let tried = 0; percent >= 0 && tried < MAX_CANDIDATES; tried++) {
    const tag = readTag(line, percent);
    if (tag !== null) return withHeader(line, percent, insideOf(line, tag) ?? tag);
    percent = line.indexOf('%', percent + 1);
  }
  return null;
}

interface Tag {
  readonly facility: string;
  readonly severity: number;
  readonly mnemonic: string;
  readonly end: number;
}

function readTag(line: string, percent: number): Tag | null {
  const colon = line.indexOf(':', percent);
  if (colon < 0 || colon - percent > MAX_TAG_CHARS) return null;
  const tag = line.slice(percent + 1, colon);
  const lastDash = tag.lastIndexOf('-');
  const severityDash = tag.lastIndexOf('-', lastDash - 1);
  if (severityDash < 1) return null;
  const facility = tag.slice(0, severityDash);
  const severity = tag.slice(severityDash + 1, lastDash);
  const mnemonic = tag.slice(lastDash + 1);
  if (!SEVERITY.test(severity) || !MNEMONIC.test(mnemonic) || !FACILITY.test(facility)) return null;
  return { facility, severity: Number(severity), mnemonic, end: colon + 1 };
}

/** The message inside that of the platform; null: it is a message by itself. */
function insideOf(line: string, { facility, mnemonic, end }: Tag): Tag | null {
  if (mnemonic !== 'PLATFORM' || !PLATFORM_FACILITY.test(facility)) return null;
  const percent = line.indexOf(' %', end);
  return percent < 0 ? null : readTag(line, percent + 1);
}

function withHeader(line: string, percent: number, tag: Tag): { message: LogMessage; before: string } {
  const header = line.slice(0, percent).trim();
  const behind = BEHIND_STAMP.exec(header);
  const own = behind === null ? header : header.slice(0, behind.index);
  const stamped = own.endsWith(':') ? own.slice(0, -1).trimEnd() : own;
  const stamp = dateStampAtEnd(stamped) ?? uptimeStampAtEnd(stamped);
  const front = stamp === null ? header : stamped.slice(0, stamped.length - stamp.mark.length - stamp.text.length);
  const sequence = SEQUENCE.exec(header)?.[1];
  return {
    message: {
      facility: tag.facility,
      severity: tag.severity,
      mnemonic: tag.mnemonic,
      text: line.slice(tag.end).trim().replace(XE_PROCESS, ''),
      timestamp: stamp?.text ?? null,
      sequence: sequence === undefined ? null : Number(sequence),
    },
    before: HEADER.test(front.trim().replace(RFC5424, '')) ? '' : front.trim(),
  };
}

function uptimeStampAtEnd(before: string): Pick<DateStamp, 'mark' | 'text'> | null {
  const [, mark = '', text] = UPTIME_STAMP.exec(before) ?? [];
  return text === undefined ? null : { mark, text };
}
