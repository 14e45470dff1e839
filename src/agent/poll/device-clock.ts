/**
 * A device's clock may be set while it runs, and what it shows of the past is not: an instant of before the step is
 * then off by it. Here such instants are put on the clock that the device has now, so that whoever reads a document may
 * compare each of them with the document's own time.
 *
 * A step is a jump against our monotonic clock, so that one of our own wall clock is none. What was on display before
 * it moves with it; what is shown for the first time is of the present clock.
 */
import { instantFromOutside } from '../../gdoi/seen/instant.ts';
import type { NodeDocument } from '../../yang/decode-gdoi.ts';

export interface DeviceClockMemory {
  /** The device's clock less our monotonic one, ms; null: it was not seen yet, or shows no time. */
  readonly offsetMs: number | null;
  /** Instant as the device writes it -> by how much its clock was set since it was first shown, ms. */
  readonly setBy: ReadonlyMap<string, number>;
}

export const CLOCK_NOT_SEEN: DeviceClockMemory = { offsetMs: null, setBy: new Map() };

/** Whole seconds, and a slow answer: less is no step. */
const LEAST_STEP_MS = 5_000;
/** Instants remembered: a device shows a few for each group and key. */
const MAX_INSTANTS = 5_000;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** The leaf that is no instant of the past. */
const NOW = 'current-time';

/** `wallAheadMs`: our wall clock less our monotonic one, as of the answers. */
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
  const seen = new Map<string, number>();
  const translated = documents.map((document) => ({ ...document, body: withInstants(document.body, known, seen) }));
  return { documents: translated, memory: { offsetMs, setBy: newest(known, seen) } };
}

/** The body with each instant as of the present clock; `seen` gets those that it shows. */
function withInstants(body: unknown, known: ReadonlyMap<string, number>, seen: Map<string, number>): unknown {
  if (typeof body === 'string') {
    if (!INSTANT.test(body)) return body;
    const byMs = known.get(body) ?? 0;
    seen.set(body, byMs);
    return byMs === 0 ? body : shifted(body, byMs);
  }
  if (Array.isArray(body)) return body.map((each: unknown) => withInstants(each, known, seen));
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(
    Object.entries(body).map(([key, each]) => [key, key === NOW ? each : withInstants(each, known, seen)]),
  );
}

function shifted(text: string, byMs: number): string {
  const atMs = instantFromOutside(Date.parse(text));
  const presentMs = atMs === null ? null : instantFromOutside(atMs + byMs);
  return presentMs === null ? text : new Date(presentMs).toISOString();
}

/** Those just seen, then the others as far as there is room. */
function newest(known: ReadonlyMap<string, number>, seen: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const others = [...known].filter(([text]) => !seen.has(text)).slice(-Math.max(0, MAX_INSTANTS - seen.size));
  return new Map([...others, ...seen].slice(-MAX_INSTANTS));
}
