/**
 * What a device says by itself, pushed or found in its log: which of its groups each message is about, when it was
 * written, and what it proves there. It makes no event: the next answer does, in its light.
 */
import type { GdoiTrap } from '../seen/gdoi-trap.ts';
import { freshLines } from '../log/log-buffer.ts';
import { clockFromShowClock, pushedAt } from '../log/log-clock.ts';
import { isSameLink } from '../log/link-name.ts';
import { withKsMark } from '../log/ks-marks.ts';
import {
  groupsMeant,
  intervalOfMark,
  isAttempt,
  type LogMark,
  type LogProof,
  logMarks,
  type NamedMark,
  quotedMark,
  registeredMark,
  trapMark,
  withMark,
} from '../log/log-evidence.ts';
import { cutTekSeconds, DEFAULT_TEK_LIFETIME_SECONDS } from '../keys/kek-window.ts';
import { mapNamed } from '../seen/named.ts';
import type { Observation } from '../seen/observation.ts';
import type { ReadAt } from '../seen/instant.ts';
import { AFTER_CUT_MS } from '../memory/key-changes.ts';
import type { Tracked } from '../memory/tracked.ts';
import type { GroupState, TrackerState } from '../memory/tracker-state.ts';

type Of<Kind extends Observation['kind']> = Extract<Observation, { kind: Kind }>;

export function trackLog(state: TrackerState, at: ReadAt, { messages, pushed }: Of<'log'>): Tracked {
  if (messages.length === 0) return { state, events: [] };
  return pushed ? { state: withPushed(state, at, messages), events: [] } : withBuffer(state, at, messages);
}

function withPushed(before: TrackerState, at: ReadAt, messages: Of<'log'>['messages']): TrackerState {
  let state = before;
  for (const message of messages) {
    const { clock: logClock, written } = pushedAt(state.logClock, message, at.receivedAtMs);
    if (logClock !== state.logClock) state = { ...state, logClock };
    for (const found of logMarks(message, written, 'log')) state = withMarkOf(state, found);
  }
  return state;
}

function withBuffer(before: TrackerState, at: ReadAt, messages: Of<'log'>['messages']): Tracked {
  const { tail, lines } = freshLines(before.logTail, messages, at, before.logClock);
  let state: TrackerState = { ...before, logTail: tail };
  for (const { message, written } of lines) {
    for (const found of logMarks(message, written, 'buffer')) state = withMarkOf(state, found);
  }
  return { state, events: [], freshLines: lines };
}

export function trackClock(state: TrackerState, at: ReadAt, { clock }: Of<'clock'>): Tracked {
  const logClock = clockFromShowClock(state.logClock, at, clock);
  return { state: logClock === state.logClock ? state : { ...state, logClock }, events: [] };
}

export function trackTrap(state: TrackerState, at: ReadAt, { trap }: Of<'trap'>): Tracked {
  const mark = trapMark(trap, at.receivedAtMs);
  const group = mark === null ? null : groupOfTrap(state, trap);
  const next = mark === null || group === null ? state : withMarkIn(state, mark, (name) => name === group);
  return { state: next, events: [] };
}

/** An instant that the device shows beside its counters: it says when what they count took place. */
export function trackRegistered(state: TrackerState, { group, between, deviceMs }: Of<'registered'>): Tracked {
  return { state: withMarkIn(state, registeredMark(between, deviceMs), (name) => name === group), events: [] };
}

/** A trap names its group by number: the one known under it, or the only one of the device. */
function groupOfTrap({ groups }: TrackerState, { groupIdentity, groupName }: GdoiTrap): string | null {
  if (groupName !== null) return groups.has(groupName) ? groupName : null;
  for (const [name, { identity }] of groups) if (identity !== null && identity === groupIdentity) return name;
  const [only] = groups;
  if (only === undefined || groups.size > 1) return null;
  const [name, { identity }] = only;
  return groupIdentity !== null && (identity ?? groupIdentity) !== groupIdentity ? null : name;
}

function withMarkOf(before: TrackerState, found: NamedMark): TrackerState {
  if (found.by === 'ks') return { ...before, ksMarks: withKsMark(before.ksMarks, found) };
  const state = found.mark.proof === 'restart' ? withRestart(before, found.mark) : before;
  const known = Array.from(state.groups, ([name, { identity }]) => [name, identity] as const);
  // The message is about one group and does not name it: with several groups it may be any of them.
  if (found.groups.length === 0 && known.length > 1 && OF_ONE_GROUP.has(found.mark.proof)) return state;
  const meant = groupsMeant(found.groups, known);
  return withMarkIn(state, found.mark, (name) => meant === null || meant.has(name));
}

/** Proofs whose message is about one group and names it, unless its text was cut. */
const OF_ONE_GROUP: ReadonlySet<LogProof> = new Set<LogProof>([
  'start',
  'complete',
  'kek_deleted',
  'forced',
  'left',
  'rekey',
]);

/** A router logs its restart before it answers anybody: whatever it answered until then was of the boot before. */
function withRestart(state: TrackerState, { fromMs }: LogMark): TrackerState {
  const { answered } = state;
  if (answered === null || answered.receivedAtMs >= fromMs) return state;
  return { ...state, oldBootAnsweredMs: answered.sentAtMs };
}

function withMarkIn(state: TrackerState, mark: LogMark, isMeant: (name: string) => boolean): TrackerState {
  const groups = mapNamed(state.groups, (known, name) => (isMeant(name) ? withGroupMark(known, mark) : known));
  const isChanged = [...groups].some(([name, each]) => each !== state.groups.get(name));
  return isChanged ? { ...state, groups } : state;
}

function withGroupMark(group: GroupState, mark: LogMark): GroupState {
  if (mark.proof === 'start' && isUnderWay(group, mark)) return group;
  const isLink = mark.proof === 'interface_down' || mark.proof === 'interface_up';
  if (isLink && !carriesKeys(group, mark.detail)) return group;
  const marks = withMark(group.marks, mark);
  if (marks === group.marks || intervalOfMark(mark).toMs < group.seen.sentAtMs) {
    return marks === group.marks ? group : { ...group, marks };
  }
  if (mark.proof !== 'forced') return { ...group, marks };
  return { ...group, marks, forced: forcedBy(group, mark) };
}

function forcedBy({ tekLifetimeSeconds }: GroupState, mark: LogMark): GroupState['forced'] {
  const cutSeconds = cutTekSeconds(tekLifetimeSeconds ?? DEFAULT_TEK_LIFETIME_SECONDS);
  return { atMs: mark.atMs, untilMs: mark.atMs + cutSeconds * 1000 + AFTER_CUT_MS, evidence: quotedMark(mark) };
}

/** Only links that carry the TEKs of the group matter: a router has many. */
function carriesKeys({ view }: GroupState, link: string): boolean {
  return (view?.interfaces ?? []).some((name) => isSameLink(name, link));
}

/** A registration began and is not complete: what follows are its further attempts, or the same from another source. */
function isUnderWay({ marks, view }: GroupState, start: LogMark): boolean {
  const last = marks.findLast(
    ({ proof, fromMs }) => (proof === 'start' || proof === 'complete') && fromMs <= start.atMs,
  );
  // The message that only a beginning sends says more than that of an attempt, which may have come first.
  const saysMore = last !== undefined && isAttempt(last) && !isAttempt(start);
  return last?.proof === 'start' && !saysMore && last.atMs >= (view?.sentMs ?? 0);
}
