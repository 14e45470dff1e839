/**
 * The keys of a group's members over a span of time, as lanes: how long each KEK and TEK was or will be held, when a member
 * re-registered, and which incidents lay over it. From the API's documents; what they do not tell is left out, not drawn.
 */
import type { EventDocument } from '../http/schemas/event-schema.ts';
import type { GroupDocument } from '../http/schemas/group-schema.ts';
import type { IncidentDocument } from '../http/schemas/incident-schema.ts';

/** Hours to choose from. */
export const HISTORY_HOURS = [1, 6, 24, 168] as const;
export type HistoryHours = (typeof HISTORY_HOURS)[number];

/** Drawn at most; those with something to see come first. */
const MAX_LANES = 60;
/** Room for what is ahead, as a share of the span. */
const AHEAD = 0.2;
const HOUR_MS = 3_600_000;

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Bounds extends Span {
  readonly nowMs: number;
}

interface Mark {
  readonly atMs: number;
  readonly kind: 'rekey' | 'expected' | 'unexpected';
  readonly text: string;
}

export interface Lane {
  readonly device: string;
  readonly role: 'GM' | 'KS';
  readonly keks: readonly Span[];
  readonly tek: Span | null;
  readonly marks: readonly Mark[];
}

export interface KeyHistory extends Span {
  readonly nowMs: number;
  readonly lanes: readonly Lane[];
  /** Members that are not drawn. */
  readonly leftOut: number;
  readonly incidents: readonly (Span & { readonly severity: IncidentDocument['severity']; readonly summary: string })[];
}

export function keyHistory(
  group: GroupDocument,
  seen: { readonly events: readonly EventDocument[]; readonly incidents: readonly IncidentDocument[] },
  hours: HistoryHours,
  nowMs: number,
): KeyHistory {
  const fromMs = nowMs - hours * HOUR_MS;
  const toMs = nowMs + hours * HOUR_MS * AHEAD;
  const bounds = { fromMs, toMs, nowMs };
  const byDevice = marksOf(seen.events, fromMs);
  const lanes = [
    ...group.kss.map(({ device, membership }): Lane => {
      const held = lifeOf(membership?.kek?.expires_at ?? null, group.kek_lifetime_seconds, bounds);
      return {
        device,
        role: 'KS',
        keks: held === null ? [] : [held],
        tek: tekOf(membership, group, bounds),
        marks: [],
      };
    }),
    ...group.gms.map(({ device, membership }): Lane => {
      const marks = byDevice.get(device) ?? [];
      const ends = membership?.kek?.expires_at ?? null;
      return {
        device,
        role: 'GM',
        keks: keksOf(marks, ends, group.kek_lifetime_seconds, bounds),
        tek: tekOf(membership, group, bounds),
        marks,
      };
    }),
  ];
  const shown = lanes
    .map((lane, index) => ({ lane, index, weight: weightOf(lane) }))
    .toSorted((a, b) => b.weight - a.weight || a.index - b.index)
    .slice(0, MAX_LANES)
    .toSorted((a, b) => a.index - b.index);
  return {
    fromMs,
    toMs,
    nowMs,
    lanes: shown.map(({ lane }) => lane),
    leftOut: lanes.length - shown.length,
    incidents: seen.incidents
      .map(({ began_at: began, ended_at: ended, severity, summary }) => ({
        fromMs: Math.max(fromMs, Date.parse(began)),
        toMs: ended === null ? nowMs : Date.parse(ended),
        severity,
        summary,
      }))
      .filter((incident) => incident.toMs >= fromMs),
  };
}

function weightOf({ role, marks }: Lane): number {
  if (role === 'KS') return 3;
  if (marks.some(({ kind }) => kind === 'unexpected')) return 2;
  return marks.some(({ kind }) => kind === 'expected') ? 1 : 0;
}

function marksOf(events: readonly EventDocument[], fromMs: number): ReadonlyMap<string, readonly Mark[]> {
  const marks = new Map<string, Mark[]>();
  for (const { device, type, at, cause, unexpected } of events) {
    const atMs = Date.parse(at);
    if (device === null || atMs < fromMs || (type !== 'kek_rekey' && type !== 'reregistration')) continue;
    const mark: Mark =
      type === 'kek_rekey'
        ? { atMs, kind: 'rekey', text: 'KEK rekey' }
        : { atMs, kind: unexpected === true ? 'unexpected' : 'expected', text: `re-registered: ${cause ?? 'unknown'}` };
    const known = marks.get(device);
    if (known === undefined) marks.set(device, [mark]);
    else known.push(mark);
  }
  for (const of of marks.values()) of.sort((a, b) => a.atMs - b.atMs);
  return marks;
}

/** A KEK is held from one rekey or registration to the next; the last one to its expiry. What was before is not told. */
function keksOf(
  marks: readonly Mark[],
  expiresAt: string | null,
  lifetimeSeconds: number | null,
  span: Bounds,
): readonly Span[] {
  const begins = marks.map(({ atMs }) => atMs);
  if (begins.length === 0) {
    const held = lifeOf(expiresAt, lifetimeSeconds, span);
    return held === null ? [] : [held];
  }
  const endMs = expiresAt === null ? null : Date.parse(expiresAt);
  return begins.flatMap((beginMs, index) => {
    const nextMs = begins[index + 1] ?? endMs;
    return nextMs === null || nextMs <= beginMs ? [] : [{ fromMs: beginMs, toMs: Math.min(nextMs, span.toMs) }];
  });
}

function tekOf(
  membership: GroupDocument['gms'][number]['membership'],
  { tek_lifetime_seconds: lifetime }: GroupDocument,
  span: Bounds,
): Span | null {
  return lifeOf(membership?.tek_expires_at ?? null, lifetime, span);
}

/** `lifetimeSeconds` null: when it began is not known, and only what is left of it is drawn. */
function lifeOf(
  expiresAt: string | null,
  lifetimeSeconds: number | null,
  { fromMs, toMs, nowMs }: Bounds,
): Span | null {
  if (expiresAt === null) return null;
  const endMs = Date.parse(expiresAt);
  if (endMs <= fromMs) return null;
  const beginMs = lifetimeSeconds === null ? Math.min(nowMs, endMs) : endMs - lifetimeSeconds * 1000;
  return { fromMs: Math.max(fromMs, beginMs), toMs: Math.min(toMs, endMs) };
}
