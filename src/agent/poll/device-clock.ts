/**
 * A device's clock may be set while it runs, but instants that it shows are not corrected: those from before the step
 * are then off by it. This puts them on the clock that the device has now, so that a reader of a document may compare
 * each of them with the document's own time.
 *
 * A step is a jump against our monotonic clock; a jump of our own wall clock is none. Instants that were shown before
 * the step move with it; an instant that is shown for the first time is on the present clock.
 */
import { instantFromOutside } from '../../gdoi/seen/instant.ts';
import type { NodeDocument } from '../../yang/decode-gdoi.ts';

export interface DeviceClockMemory {
  /** The device's clock minus our monotonic one, ms; null: not seen yet, or it shows no time. */
  readonly offsetMs: number | null;
  /** Instant as the device writes it -> how far its clock was set since it was first shown, ms. */
  readonly setBy: ReadonlyMap<string, number>;
}

export const CLOCK_NOT_SEEN: DeviceClockMemory = { offsetMs: null, setBy: new Map() };

/** Instants are in whole seconds and answers may be slow: a smaller difference is no step. */
const LEAST_STEP_MS = 5_000;
/** Remembered instants: a device shows a few for each group and key. */
const MAX_INSTANTS = 5_000;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** The leaf that is not an instant of the past. */
const NOW = 'current-time';

/** `wallAheadMs`: our wall clock minus our monotonic one, at the time of the answers. */
export function onPresentClock<Document extends NodeDocument>(
  memory: DeviceClockMemory,
  documents: readonly Document[],
  wallAheadMs: number,
): { readonly documents: readonly Document[]; readonly memory: DeviceClockMemory } {
  const shown = documents.find(({ deviceNowMs }) => deviceNowMs !== null);
  if (shown === undefined || shown.deviceNowMs === null) return { documents, memory };
  const middleMs = (shown.sentAtMs + shown.receivedAtMs) / 2;
  const offsetMs = shown.deviceNowMs - (middleMs - wallAheadMs);
  const jumpMs = memory.offsetMs === null ? 0 : offsetMs - memory.offsetMs;
  const stepMs = Math.abs(jumpMs) < LEAST_STEP_MS + (shown.receivedAtMs - shown.sentAtMs) ? 0 : jumpMs;
  const known =
    stepMs === 0 ? memory.setBy : new Map([...memory.setBy].map(([text, byMs]) => [text, byMs + stepMs] as const));
  const seen = new Map(
    documents.flatMap(({ body }) => instantsIn(body)).map((text) => [text, known.get(text) ?? 0] as const),
  );
  const translated = documents.map((document) => ({ ...document, body: withInstants(document.body, seen) }));
  return { documents: translated, memory: { offsetMs, setBy: newest(known, seen) } };
}

/** All that the body shows but its own time. */
function instantsIn(body: unknown): readonly string[] {
  if (typeof body === 'string') return INSTANT.test(body) ? [body] : [];
  if (typeof body !== 'object' || body === null) return [];
  return Object.entries(body).flatMap(([key, each]) => (key === NOW ? [] : instantsIn(each)));
}

/** The body with each instant on the present clock. `setBy`: of each that it shows. */
function withInstants(body: unknown, setBy: ReadonlyMap<string, number>): unknown {
  if (typeof body === 'string') {
    const byMs = setBy.get(body) ?? 0;
    return byMs === 0 ? body : shifted(body, byMs);
  }
  if (Array.isArray(body)) return body.map((each: unknown) => withInstants(each, setBy));
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(
    Object.entries(body).map(([key, each]) => [key, key === NOW ? each : withInstants(each, setBy)]),
  );
}

function shifted(text: string, byMs: number): string {
  const atMs = instantFromOutside(Date.parse(text));
  const presentMs = atMs === null ? null : instantFromOutside(atMs + byMs);
  return presentMs === null ? text : new Date(presentMs).toISOString();
}

/** Those just seen first, then others while there is room. */
function newest(known: ReadonlyMap<string, number>, seen: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const others = [...known].filter(([text]) => !seen.has(text)).slice(-Math.max(0, MAX_INSTANTS - seen.size));
  return new Map([...others, ...seen].slice(-MAX_INSTANTS));
}
