/**
 * Reads one line of a recorded timeline. The forms are those of the contract; `sent_at`, `poll`, `beside`, `restconf`,
 * `settings` and `gone` are additions that other readers can ignore.
 */
import type { EpochMs, ReadAt } from '../../gdoi/seen/instant.ts';
import type { Varbind } from '../../gdoi/seen/varbind.ts';
import { jsonExcess, MAX_JSON_DEPTH } from '../../kernel/json-depth.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import type { BesideTransport, RawDocument } from '../../model/poll-report.ts';
import { type RecordedSettings, settingsOf } from './recorded-settings.ts';
import { documentsOf, engineOf, instantOf, textsOf, varbindsOf } from './recorded-values.ts';

/** Longest line that is read: a KS with 8,000 members fits. */
export const MAX_LINE_CHARS = 32 * 1024 * 1024;
export const TOO_LONG = 'it is longer than 32 MiB';

/** Begin and end of the poll that a line belongs to. */
interface RecordedPoll {
  /** As it stands in the lines: the same for all lines of one poll. */
  readonly name: string;
  readonly startedAtMs: EpochMs;
  readonly finishedAtMs: EpochMs;
  /** The transport polled beside SSH, which decides; null: this poll decides itself. */
  readonly beside: BesideTransport | null;
}

/** What was seen of a device. */
export type RecordedReport = ReadAt & {
  readonly kind: 'report';
  readonly device: string;
  /** Null: the device sent it unasked, or the timeline does not tell polls apart. */
  readonly poll: RecordedPoll | null;
  /** The line says when the question was sent, so it is the answer to one. */
  readonly asked: boolean;
  readonly seen: Seen;
};

type Seen =
  | { readonly kind: 'output'; readonly command: string; readonly output: string }
  | { readonly kind: 'syslog'; readonly message: string }
  | {
      readonly kind: 'snmp';
      readonly varbinds: readonly Varbind[];
      readonly emptyColumns: readonly string[];
      readonly engine: { readonly boots: number; readonly timeSeconds: number } | null;
    }
  | { readonly kind: 'restconf'; readonly documents: readonly RawDocument[] }
  | { readonly kind: 'error'; readonly error: string };

/** Out of the configuration; or it is polled anew, as one that was never seen in its groups. */
export type GoneFor = 'removed' | 'changed';

/** A device is no longer polled. */
export interface RecordedGone {
  readonly kind: 'gone';
  readonly device: string;
  readonly atMs: EpochMs;
  readonly why: GoneFor;
}

export type RecordedLine = RecordedReport | RecordedGone | ({ readonly kind: 'settings' } & RecordedSettings);

/** The line, or what is wrong with it. */
export function readRecordedLine(text: string): RecordedLine | string {
  if (text.length > MAX_LINE_CHARS) return TOO_LONG;
  if (jsonExcess(text, { depth: MAX_JSON_DEPTH, values: Number.POSITIVE_INFINITY }) !== null)
    return `it is nested deeper than ${MAX_JSON_DEPTH} levels`;
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    return 'it is not JSON';
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return 'it is not a JSON object';
  const line: object = value;
  const device: unknown = Reflect.get(line, 'device');
  const settings: unknown = Reflect.get(line, 'settings');
  const gone: unknown = Reflect.get(line, 'gone');
  if (settings !== undefined && gone === undefined) {
    const read = settingsOf(device ?? null, settings);
    return typeof read === 'string' ? read : { kind: 'settings', ...read };
  }
  if (typeof device !== 'string' || device === '') return '"device" is missing';
  const receivedAtMs = instantOf(Reflect.get(line, 'at'));
  if (receivedAtMs === null) return '"at" is neither ISO 8601 nor epoch seconds of the years 1970 to 9999';
  if (gone !== undefined) {
    const isKnown = gone === 'removed' || gone === 'changed';
    return isKnown ? { kind: 'gone', device, atMs: receivedAtMs, why: gone } : '"gone" is not "removed" or "changed"';
  }
  const sentAtMs = instantOf(Reflect.get(line, 'sent_at'));
  const at = { sentAtMs: Math.min(sentAtMs ?? receivedAtMs, receivedAtMs), receivedAtMs };
  const seen = seenIn(line, at);
  if (typeof seen === 'string') return seen;
  return { kind: 'report', device, ...at, asked: sentAtMs !== null, poll: pollOf(line), seen };
}

/** What the line contains, or as text: that it contains nothing known. */
function seenIn(line: object, at: ReadAt): Seen | string {
  const field = (name: string): unknown => Reflect.get(line, name);
  const [command, output, syslog, error] = [field('command'), field('output'), field('syslog'), field('error')];
  if (typeof command === 'string' && typeof output === 'string') return { kind: 'output', command, output };
  if (typeof syslog === 'string') return { kind: 'syslog', message: syslog };
  if (typeof error === 'string') return { kind: 'error', error };
  const [snmp, restconf] = [field('snmp'), field('restconf')];
  if (typeof snmp === 'object' && snmp !== null) {
    const varbinds = varbindsOf(snmp);
    if (varbinds === null) return '"snmp" holds something that is no OID with a value';
    return { kind: 'snmp', varbinds, emptyColumns: textsOf(field('empty')), engine: engineOf(field('engine')) };
  }
  if (restconf !== undefined) {
    const documents = documentsOf(restconf, at);
    if (documents === null) return '"restconf" is no list of {"path", "body", "device_now"}';
    return { kind: 'restconf', documents };
  }
  return 'it has none of "command" with "output", "syslog", "snmp", "restconf", "error", "settings", "gone"';
}

/** `"poll": "<start>/<end>"`, an interval of ISO 8601. */
function pollOf(line: object): RecordedPoll | null {
  const name: unknown = Reflect.get(line, 'poll');
  if (typeof name !== 'string') return null;
  const [start, end] = name.split('/', 2).map(instantOf);
  if (start === undefined || start === null || end === undefined || end === null) return null;
  return { name, startedAtMs: start, finishedAtMs: end, beside: besideOf(Reflect.get(line, 'beside')) };
}

/** As the recorder writes it. */
function besideOf(recorded: unknown): BesideTransport | null {
  if (recorded === true) return 'snmp';
  return recorded === 'restconf' ? recorded : null;
}
