/**
 * The keys of a group's members over a span of time, as lanes: how long each KEK and TEK was or will be held, when a
 * member re-registered or had no registration or keys, and which incidents there were. It is made from the API's
 * documents; what they do not show is left out.
 */
import type { EventDocument } from '../gdoi/events/event-document.ts';
import type { GroupDocument } from '../http/schemas/group-schema.ts';
import type { IncidentDocument } from '../gdoi/incidents/incident-document.ts';

/** Hours to choose from. */
export const HISTORY_HOURS = [1, 6, 24, 168] as const;
export type HistoryHours = (typeof HISTORY_HOURS)[number];

/**
 * For keys that last an hour or less, and for those that no KS shows any more, the last hour shows more than the last
 * six.
 */
export function hoursOf({ kek_lifetime_seconds: lifetime }: Pick<GroupDocument, 'kek_lifetime_seconds'>): HistoryHours {
  return lifetime === null || lifetime <= 3600 ? 1 : 6;
}

/** Most that are drawn; those with something to see come first. */
const MAX_LANES = 60;
/** Room for the future, as a share of the span. */
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

/** From when a member showed no registration, KEK or TEK until it showed that it had registered or got keys. */
export interface Gap extends Span {
  readonly text: string;
  /** It goes on. */
  readonly isOpen: boolean;
}

export interface Lane {
  readonly device: string;
  readonly role: 'GM' | 'KS';
  readonly keks: readonly Span[];
  readonly tek: Span | null;
  readonly marks: readonly Mark[];
  readonly gaps: readonly Gap[];
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
  const gapsByDevice = gapsOf(seen.events, bounds);
  const lanes = [
    ...group.kss.map(({ device, membership }): Lane => {
      const held = lifeOf(membership?.kek?.expires_at ?? null, group.kek_lifetime_seconds, bounds);
      return {
        device,
        role: 'KS',
        keks: held === null ? [] : [held],
        tek: tekOf(membership, group, bounds),
        marks: [],
        gaps: [],
      };
    }),
    ...group.gms.map(({ device, membership }): Lane => {
      const marks = byDevice.get(device) ?? [];
      const gaps = (gapsByDevice.get(device) ?? []).filter((gap) => !gap.isOpen || goesOn(gap, membership));
      const ends = membership?.kek?.expires_at ?? null;
      return {
        device,
        role: 'GM',
        keks: keksOf({ marks, gaps }, ends, group.kek_lifetime_seconds, bounds),
        tek: tekOf(membership, group, bounds),
        marks,
        gaps,
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

function weightOf({ role, marks, gaps }: Lane): number {
  if (role === 'KS') return 3;
  if (gaps.length > 0 || marks.some(({ kind }) => kind === 'unexpected')) return 2;
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
  for (const ofKey of marks.values()) ofKey.sort((a, b) => a.atMs - b.atMs);
  return marks;
}

const GAP_BEGINS: Readonly<Partial<Record<EventDocument['type'], string>>> = {
  registration_lost: 'not registered',
  kek_missing: 'without a KEK',
  tek_missing: 'without a TEK',
};
const GAP_ENDS: ReadonlySet<EventDocument['type']> = new Set(['reregistration', 'registration_restored', 'kek_rekey']);

/** If the beginning is before the span, it is unknown; the end is the first registration or rekey after it. */
function gapsOf(events: readonly EventDocument[], { fromMs, nowMs }: Bounds): ReadonlyMap<string, readonly Gap[]> {
  const inOrder = events
    .map(({ device, type, at }) => ({ device, type, atMs: Date.parse(at) }))
    .filter(({ atMs }) => atMs >= fromMs)
    .toSorted((a, b) => a.atMs - b.atMs);
  const gaps = new Map<string, Gap[]>();
  for (const { device, type, atMs } of inOrder) {
    if (device === null) continue;
    const known = gaps.get(device) ?? [];
    const last = known.at(-1);
    const begins = GAP_BEGINS[type];
    if (begins !== undefined && last?.isOpen !== true) {
      known.push({ fromMs: atMs, toMs: nowMs, text: begins, isOpen: true });
    }
    if (last?.isOpen === true && GAP_ENDS.has(type)) known[known.length - 1] = { ...last, toMs: atMs, isOpen: false };
    gaps.set(device, known);
  }
  return gaps;
}

/** A TEK rekey that restored its keys is no event: when the gap ended is unknown, only that it has. */
function goesOn({ text }: Gap, membership: GroupDocument['gms'][number]['membership']): boolean {
  if (membership === null) return true;
  if (text === GAP_BEGINS.tek_missing) return membership.tek_expires_at === null;
  if (text === GAP_BEGINS.kek_missing) return membership.kek === null;
  return membership.registered !== true;
}

/** A KEK is held from one rekey or registration to the next; the last one to its expiry. What was before is unknown. */
function keksOf(
  { marks, gaps }: Pick<Lane, 'marks' | 'gaps'>,
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
    const gap = gaps.find(({ fromMs }) => fromMs > beginMs);
    const followingMs = begins[index + 1] ?? endMs;
    const nextMs = gap === undefined || gap.fromMs > (followingMs ?? Infinity) ? followingMs : gap.fromMs;
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

/** `lifetimeSeconds` null: its beginning is unknown, and only what is left of it is drawn. */
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
