/**
 * Values in a recorded timeline. Those of SNMP (`{"snmp": {"<oid>": value}}`): numbers as they are, octets as `0x` and
 * hex digits, object identifiers as `.1.3.6...` (the leading dot tells them from text), 64-bit numbers as `{"u64":
 * "..."}`. Any other text is what its column makes of it (written-values.ts), or else octets, so
 * that a hand-written timeline may contain names and addresses. Where the dot tells
 * nothing, in a key and in a trap's own OID, it may be there or not.
 */
import { type EpochMs, instantFromOutside, type ReadAt } from '../../gdoi/seen/instant.ts';
import type { SnmpValue, Varbind } from '../../gdoi/seen/varbind.ts';
import type { RawDocument } from '../../model/poll-report.ts';
import { parseIsoInstant } from '../../kernel/iso-instant.ts';
import { writtenValue } from './written-values.ts';

/** snmpTrapOID.0: a line that contains it is a notification. */
export const TRAP_OID_INSTANCE = '1.3.6.1.6.3.1.1.4.1.0';

const MAX_VARBINDS = 100_000;
const OID = /^\d{1,10}(?:\.\d{1,10}){1,127}$/;
const DOTTED = /^\.\d{1,10}(?:\.\d{1,10}){1,127}$/;
const HEX = /^0x(?:[0-9A-Fa-f]{2})*$/;
const U64 = /^\d{1,20}$/;

/** To the millisecond, as all instants of a recording. */
export function recordedInstant(ms: EpochMs): string {
  return new Date(ms).toISOString();
}

export function recordedValues(varbinds: readonly Varbind[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(varbinds.map(({ oid, value }) => [oid, recordedValue(value)]));
}

function recordedValue(value: SnmpValue): unknown {
  if (typeof value === 'bigint') return { u64: value.toString() };
  if (typeof value === 'string') return `.${value}`;
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`;
  return value;
}

/** The varbinds of a line in its order; null if it is not an object of values. */
export function varbindsOf(recorded: object): readonly Varbind[] | null {
  const entries = Object.entries(recorded);
  if (entries.length > MAX_VARBINDS) return null;
  const varbinds: Varbind[] = [];
  for (const [key, recordedAs] of entries) {
    const oid = key.startsWith('.') ? key.slice(1) : key;
    const value = oid === TRAP_OID_INSTANCE ? trapOidOf(recordedAs) : valueOf(oid, recordedAs);
    if (!OID.test(oid) || value === undefined) return null;
    varbinds.push({ oid, value });
  }
  return varbinds;
}

/** Anything else would make the line a poll that shows nothing of GDOI. */
function trapOidOf(written: unknown): string | undefined {
  if (typeof written !== 'string') return undefined;
  const recorded = written.replace(/^OID: ?/, '');
  const oid = DOTTED.test(recorded) ? recorded.slice(1) : recorded;
  return OID.test(oid) ? oid : undefined;
}

function valueOf(oid: string, recorded: unknown): SnmpValue | undefined {
  if (recorded === null || typeof recorded === 'number') return recorded;
  if (typeof recorded === 'string') {
    if (DOTTED.test(recorded)) return recorded.slice(1);
    if (HEX.test(recorded)) return Buffer.from(recorded.slice(2), 'hex');
    return writtenValue(oid, recorded) ?? Buffer.from(recorded);
  }
  const u64: unknown = typeof recorded === 'object' ? Reflect.get(recorded, 'u64') : undefined;
  return typeof u64 === 'string' && U64.test(u64) ? BigInt(u64) : undefined;
}

/** Texts of a list; empty for anything else. */
export function textsOf(recorded: unknown): readonly string[] {
  return Array.isArray(recorded) ? recorded.filter((each) => typeof each === 'string') : [];
}

/** `{"boots", "time_seconds"}` of an SNMP engine; null: it showed none. */
export function engineOf(recorded: unknown): { readonly boots: number; readonly timeSeconds: number } | null {
  if (typeof recorded !== 'object' || recorded === null) return null;
  const boots: unknown = Reflect.get(recorded, 'boots');
  const timeSeconds: unknown = Reflect.get(recorded, 'time_seconds');
  return typeof boots === 'number' && typeof timeSeconds === 'number' ? { boots, timeSeconds } : null;
}

const MAX_DOCUMENTS = 64;

export function recordedDocuments(documents: readonly RawDocument[]): readonly object[] {
  return documents.map(({ path, body, deviceNowMs, sentAtMs, receivedAtMs }) => ({
    path,
    at: new Date(receivedAtMs).toISOString(),
    sent_at: new Date(sentAtMs).toISOString(),
    device_now: deviceNowMs === null ? null : new Date(deviceNowMs).toISOString(),
    body,
  }));
}

/** The documents of a line, each with its own instant or else `at`; null if it is not a list of documents. */
export function documentsOf(recorded: unknown, at: ReadAt): readonly RawDocument[] | null {
  if (!Array.isArray(recorded) || recorded.length > MAX_DOCUMENTS) return null;
  const documents: RawDocument[] = [];
  for (const each of recorded) {
    const document = documentOf(each, at);
    if (document === null) return null;
    documents.push(document);
  }
  return documents;
}

function documentOf(recorded: unknown, at: ReadAt): RawDocument | null {
  if (typeof recorded !== 'object' || recorded === null) return null;
  const field = (name: string): unknown => Reflect.get(recorded, name);
  const path = field('path');
  if (typeof path !== 'string') return null;
  const receivedAtMs = instantOf(field('at')) ?? at.receivedAtMs;
  const sentAtMs = Math.min(instantOf(field('sent_at')) ?? at.sentAtMs, receivedAtMs);
  return {
    path,
    body: field('body') ?? null,
    deviceNowMs: instantOf(field('device_now')),
    sentAtMs,
    receivedAtMs,
  };
}

/** An instant in ISO 8601 or epoch seconds, of the years 1970 to 9999; null: it is none. */
export function instantOf(recorded: unknown): EpochMs | null {
  if (typeof recorded === 'number') return instantFromOutside(recorded * 1000);
  const ms = typeof recorded === 'string' ? parseIsoInstant(recorded) : null;
  return ms === null ? null : instantFromOutside(ms);
}
