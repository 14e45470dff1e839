/**
 * Removes the header of a syslog message: what remains begins with the device's time stamp or its `%`, as a terminal
 * would show it.
 *
 * There are three headers: IOS's own (a counter, a host or any `logging origin-id`, a sequence number, each optional
 * and followed by a colon), RFC 5424, and the `Nov 24 11:30:00 gm1 ` that each relay puts before either. If none is
 * recognised the message passes unchanged: the parser will find a tag inside. Without a priority it is not syslog.
 *
 * The sequence number of `service sequence-numbers` stays with the message, wherever a relay has put it: before or
 * after the host, or where RFC 5424 has the program. The counter that IOS puts first is not one.
 */

import { isHostBehindTime } from '../../../gdoi/seen/log-time.ts';

export interface SyslogMessage {
  readonly claimedHost: string | null;
  readonly text: string;
}

const MAX_PRIORITY = 191;

// <189>
const PRIORITY = /^<(\d{1,3})>/;
// 1 2019-10-04T14:05:50.112Z gm1 - - - (RFC 5424, up to the structured data)
const RFC5424 =
  /^1 (?:-|\d{4}-\d{2}-\d{2}T[\d:.]{8,16}(?:Z|[+-]\d{2}:\d{2})) (\S{1,255}) (\S{1,48}) \S{1,128} \S{1,32} /;
// [meta sequenceId="48"]
const SEQUENCE_ID = /\[meta [^\]]{0,200}\bsequenceId="(\d{1,10})"/;
// Nov 24 11:30:00 gm1 / Nov 24 2026 11:30:00 gm1 / 2026-11-24T11:30:00.123456+00:00 gm1 / `Nov 24 11:30:00 gm1: ` where
// `isHostBehindTime`: `Nov 24 11:30:00 UTC: ` is a device's stamp
const RELAY =
  /^(?:[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?|\d{4}-\d{2}-\d{2}[T ][\d:.]{8,16}(?:Z|[+-]\d{2}:\d{2})?) (?:([^\s%]{0,254}[^\s%:])|([A-Za-z0-9][\w.-]{0,62}):) /;
// Original Address=192.0.2.1 (a relay that keeps it) / Nov 24 11:30:00 Message forwarded from gm1: (a Unix host)
const FORWARDED =
  /^(?:(?:[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?|\d{4}-\d{2}-\d{2}[T ][\d:.]{8,16}(?:Z|[+-]\d{2}:\d{2})?) )?(?:Original Address=([^\s%]{1,255}) |(?:Message )?[Ff]orwarded from ([^\s%]{0,254}[^\s%:]): )/;
const MAX_RELAYS = 3;
// 45: / 000045:
const NUMBER = /^\d{1,10}: {1,2}/;
// 000063: (IOS pads its sequence numbers to six digits, and its counter to none)
const SEQUENCE = /^0\d{5,9}: {1,2}|^\d{6,10}: {1,2}/;
const PADDED = /^0\d{5,9}:?$|^\d{6,10}:?$/;
// *Mar  1 00:01:02 / .Jun  5 2024 07:23:09.318 / 00:01:07 / 1d02h / %SYS-5-
const BODY =
  /^[*.]?(?:(?:\d{4} )?[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d{2}:|\d{1,3}:\d{2}:\d{2}[:.]|\d{1,4}[ywdh]\d{1,3}[wdhm]: )|^%[A-Z]/;
const MAX_ORIGIN_CHARS = 250;
const HOST = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,254}$/;

/** Line ends, terminal controls and other characters that would not stay on one line. */
// oxlint-disable-next-line no-control-regex -- these are the characters it is about
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** One message without its framing; null: it has no priority. Invalid UTF-8 becomes U+FFFD. */
export function readSyslogMessage(octets: Buffer): SyslogMessage | null {
  const line = octets.toString('utf8').replace(CONTROLS, ' ').trim();
  const priority = PRIORITY.exec(line);
  if (priority === null || Number(priority[1]) > MAX_PRIORITY) return null;
  const rest = line.slice(priority[0].length);
  return withoutRfc5424(rest) ?? withoutRelay(rest) ?? withoutOrigin(rest, true);
}

function withoutRfc5424(rest: string): SyslogMessage | null {
  const header = RFC5424.exec(rest);
  if (header === null) return null;
  const end = structuredDataEnd(rest, header[0].length);
  const own = withoutOrigin(withoutByteOrderMark(rest.slice(end).trimStart()), true);
  const inPlaceOfProgram = PADDED.test(header[2] ?? '') ? (header[2] ?? '').replace(':', '') : undefined;
  const sequence = SEQUENCE_ID.exec(rest.slice(0, end))?.[1] ?? inPlaceOfProgram;
  const text = sequence === undefined || NUMBER.test(own.text) ? own.text : `${sequence}: ${own.text}`;
  return { claimedHost: own.claimedHost ?? hostOrNull(header[1]), text };
}

/** `-`, or `[id name="value" ...]` one after the other, with `\"`, `\\` and `\]` inside values. */
function structuredDataEnd(line: string, from: number): number {
  if (line[from] === '-') return from + 1;
  let at = from;
  let quoted = false;
  let inside = false;
  for (; at < line.length; at += 1) {
    const char = line[at];
    if (quoted && char === '\\') at += 1;
    else if (char === '"' && inside) quoted = !quoted;
    else if (quoted) continue;
    else if (char === '[' && !inside) inside = true;
    else if (char === ']' && inside) inside = false;
    else if (!inside) return at;
  }
  // Never closed: better all of it than nothing.
  return inside ? from : line.length;
}

/** Some Catalyst releases write the three letters instead of the mark. */
function withoutByteOrderMark(text: string): string {
  if (text.startsWith('\uFEFF')) return text.slice(1);
  return text.startsWith('BOM%') ? text.slice('BOM'.length) : text;
}

/** `passed`: relays whose headers stood before this text. */
function withoutRelay(rest: string, passed = 0): SyslogMessage | null {
  const header = passed > MAX_RELAYS ? null : (FORWARDED.exec(rest) ?? relayHeader(rest));
  if (header === null) return null;
  const behind = rest.slice(header[0].length);
  const message = behind.replace(PRIORITY, '');
  // `tag: text` after a relay's host is a program's name; only what IOS puts first shows that an origin follows.
  const mayHaveOrigin = message !== behind || NUMBER.test(message);
  const own = withoutRelay(message, passed + 1) ?? withoutOrigin(message, mayHaveOrigin);
  return { claimedHost: own.claimedHost ?? hostOrNull(header[1] ?? header[2]), text: own.text };
}

function relayHeader(rest: string): RegExpExecArray | null {
  const header = RELAY.exec(rest);
  const mayBeZone = header?.[2];
  return mayBeZone === undefined || isHostBehindTime(mayBeZone) ? header : null;
}

/** `45: gm1: 000063: ` before the stamp or the tag. */
function withoutOrigin(rest: string, mayHaveOrigin: boolean): SyslogMessage {
  const counted = SEQUENCE.test(rest) ? rest : rest.replace(NUMBER, '');
  const numbered = counted.replace(NUMBER, '');
  if (BODY.test(counted) || BODY.test(numbered)) return { claimedHost: null, text: counted };
  // a sequence number before the host: `000063: gm1: *Mar  1 ...`
  const before = SEQUENCE.exec(counted)?.[0] ?? '';
  const named = counted.slice(before.length);
  const colon = mayHaveOrigin ? originEnd(named) : -1;
  if (colon === -1) return { claimedHost: null, text: rest };
  const text = named.slice(colon + 1).trimStart();
  return {
    claimedHost: hostOrNull(named.slice(0, colon)),
    text: NUMBER.test(text) || before === '' ? text : `${before}${text}`,
  };
}

/** Where an origin of any characters ends: at the first colon that a message body follows; -1: there is none. */
function originEnd(line: string): number {
  for (let colon = line.indexOf(': '); colon > 0 && colon <= MAX_ORIGIN_CHARS; colon = line.indexOf(': ', colon + 1)) {
    const after = line
      .slice(colon + 2, colon + 64)
      .trimStart()
      .replace(NUMBER, '');
    if (BODY.test(after)) return colon;
  }
  return -1;
}

function hostOrNull(word: string | undefined): string | null {
  // syslog-ng chains the hosts that a message passed: `relay/gm1`, `s_net@gm1`
  const last = word?.replace(/^\[(.{1,253})\]$/, '$1').replace(/^.*[/@]/, '');
  return last !== undefined && HOST.test(last) ? last : null;
}
