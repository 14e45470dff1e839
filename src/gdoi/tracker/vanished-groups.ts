/**
 * Groups that a GM was registered in and that its answers show no more: the crypto map or the group was removed, or the
 * router came back without them. No line of an answer says so, and its traffic is in clear or dropped.
 */
import { decidePending } from '../registrations/counter-restart.ts';
import type { GdoiEvent } from '../events/event.ts';
import { groupVanishedEvent } from '../events/gdoi-events.ts';
import { instant } from '../events/instant-text.ts';
import { nameList } from '../events/name-list.ts';
import { MAX_GROUP_CHARS, MAX_TEXT } from '../memory/gm-answer.ts';
import { andThen, emitting, type GroupTracked, placeOf, unchanged } from '../memory/tracked.ts';
import { type Boot, type GroupState, NO_EPISODES, type TrackerState } from '../memory/tracker-state.ts';
import { middleMs } from '../seen/interval.ts';
import type { ReadAt } from '../seen/instant.ts';
import { type Named, namedCopy } from '../seen/named.ts';
import type { Observation } from '../seen/observation.ts';
import type { GroupSnapshot } from '../seen/snapshot.ts';

/** One answer may fall into a change of the configuration. */
const SURE_ANSWERS = 2;
/** A router that has booted may show its groups some minutes later. */
const BOOT_SETTLES_MS = 300_000;
/** After a week without it the GM is taken to have left the group. */
export const VANISHED_KEPT_MS = 7 * 86_400_000;

/** The only command whose answer lists the groups there are. */
const LISTS_GROUPS = /^show crypto g(?:doi|km)$/u;

/** Where an answer may lack groups. */
interface Listed {
  readonly at: ReadAt;
  readonly snapshots: readonly GroupSnapshot[];
  readonly before: TrackerState;
}

interface GroupsTracked {
  readonly groups: Named<GroupState>;
  readonly events: readonly GdoiEvent[];
}

/** Does this answer show by its silence that a group is gone? A line that was not understood may have named it. */
export function listsGroups({ origin, command, unknownLines, beside }: ObservedGroups): boolean {
  return origin === 'cli' && beside !== true && unknownLines === 0 && LISTS_GROUPS.test(command);
}

type ObservedGroups = Extract<Observation, { kind: 'groups' }>;

/** `groups`: as this answer left those that it shows. Those that it lacks are judged; mostly it lacks none. */
export function trackVanished(groups: Named<GroupState>, listed: Listed, asGm: boolean): GroupsTracked {
  const shown = new Set(listed.snapshots.map(({ group }) => group.slice(0, MAX_GROUP_CHARS)));
  const lacking = [...groups].filter(([group, known]) => !shown.has(group) && known.everRegistered && known.counted);
  if (lacking.length === 0) return { groups, events: [] };
  const { device } = listed.before;
  const left = namedCopy(groups);
  const events: GdoiEvent[] = [];
  for (const [group, known] of lacking) {
    if (!asGm || isRenamed(group, known, listed) || isGivenUp(known, listed.at)) {
      events.push(...decidePending(placeOf(device, group, known), known, null).events);
      left.delete(group);
      continue;
    }
    const tracked = notShown(group, known, listed);
    left.set(group, tracked.state);
    events.push(...tracked.events);
  }
  return { groups: left, events };
}

/** It is shown again: what was not sure yet is forgotten. */
export function shownAgain(known: GroupState | undefined): GroupState | undefined {
  if (known?.vanished === undefined || known.vanished.knownMs !== null) return known;
  const { vanished: _, ...rest } = known;
  return rest;
}

/** Under another name since this answer: another spelling, or the same group number. */
function isRenamed(group: string, { identity }: GroupState, { before, snapshots }: Listed): boolean {
  return snapshots.some(
    (now) =>
      now.role === 'gm' &&
      !before.groups.has(now.group.slice(0, MAX_GROUP_CHARS)) &&
      (spelling(now.group) === spelling(group) || (identity !== null && now.identity === identity)),
  );
}

function spelling(group: string): string {
  return group.trim().toLowerCase();
}

function isGivenUp({ vanished }: GroupState, at: ReadAt): boolean {
  return vanished != null && vanished.knownMs !== null && at.sentAtMs - vanished.knownMs > VANISHED_KEPT_MS;
}

function notShown(group: string, before: GroupState, listed: Listed): GroupTracked {
  const { at } = listed;
  const { device, boot } = listed.before;
  const place = placeOf(device, group, before);
  return andThen(decidePending(place, before, null), (known) => {
    const { between, answers, knownMs } = known.vanished ?? {
      between: { fromMs: known.seen.sentAtMs, toMs: at.receivedAtMs },
      answers: 0,
      knownMs: null,
    };
    if (knownMs !== null) return unchanged(known);
    const counted = isBooting(boot, at) || isShownBySnmp(known, between.toMs) ? 0 : answers + 1;
    const sure =
      counted >= SURE_ANSWERS &&
      (boot !== null || at.sentAtMs - between.toMs >= BOOT_SETTLES_MS) &&
      (listed.snapshots.length > 0 || answersElse(listed.before, between.toMs));
    const vanished = { between, answers: Math.min(counted, SURE_ANSWERS), knownMs: sure ? at.receivedAtMs : null };
    if (!sure) return unchanged({ ...known, vanished });
    const { trying: _tried, retrying: _retried, failingFor: _why, ...rest } = known;
    const gone: GroupState = {
      ...rest,
      vanished,
      registered: false,
      unregistered: known.unregistered ?? between,
      withoutTek: null,
      episodes: { ...NO_EPISODES, registrationLost: true },
    };
    return known.episodes.registrationLost ? unchanged(gone) : emitting(gone, eventOf(group, known, vanished, listed));
  });
}

/** An answer without a word says that nothing is configured only if the device answers other commands. */
function answersElse({ factsSentMs }: TrackerState, sinceMs: number): boolean {
  return factsSentMs !== null && factsSentMs >= sinceMs;
}

function isBooting(boot: Boot | null, { sentAtMs }: ReadAt): boolean {
  return boot !== null && sentAtMs - boot.at.toMs < BOOT_SETTLES_MS;
}

/** The two contradict each other: nothing is sure. */
function isShownBySnmp({ snmp }: GroupState, sinceMs: number): boolean {
  return snmp !== null && snmp.look.sentMs > sinceMs && snmp.look.teks.length > 0;
}

function eventOf(
  group: string,
  known: GroupState,
  { between }: NonNullable<GroupState['vanished']>,
  { at, before, snapshots }: Listed,
): GdoiEvent {
  const { view, epoch, counters, registered, seen } = known;
  const others = [...new Set(snapshots.map((each) => each.group.slice(0, MAX_TEXT)))];
  const held = view === null ? null : view.keyServer === null ? '' : `, with ${view.keyServer},`;
  return groupVanishedEvent(placeOf(before.device, group, known), {
    occurrence: [epoch.id, counters.succeeded],
    between,
    evidence: [
      `show crypto gdoi at ${instant(between.toMs)} shows no group ${group.slice(0, MAX_TEXT)} any more, nor does that at ${instant(at.receivedAtMs)}`,
      view === null || held === null
        ? `it had registered in it, and was in it at ${instant(seen.receivedAtMs)}`
        : `it was registered in it${held} at ${instant(registered ? seen.receivedAtMs : view.receivedMs)}`,
      others.length === 0 ? 'it shows no group at all' : `it shows ${nameList(others)}`,
      ...(before.boot === null ? [] : [`up since ${instant(middleMs(before.boot.at))}, by its uptime`]),
    ],
  });
}
