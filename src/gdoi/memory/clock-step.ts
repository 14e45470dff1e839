/**
 * The agent's clock was set by some milliseconds: every instant the tracker remembers moves with it, so that the next
 * comparison is made on one clock. Ids and what was told keep the old instants.
 */
import { type Interval, shifted } from '../seen/interval.ts';
import type { ReadAt } from '../seen/instant.ts';
import { mapNamed } from '../seen/named.ts';
import type { GroupState, SnmpPart, TrackerState } from './tracker-state.ts';

export function withClockStep(state: TrackerState, byMs: number): TrackerState {
  const { boot, toldBoot, failures, logClock, logTail } = state;
  return {
    ...state,
    answered: state.answered === null ? null : readShifted(state.answered, byMs),
    answeredBySnmp: state.answeredBySnmp === null ? null : readShifted(state.answeredBySnmp, byMs),
    latestSentMs: added(state.latestSentMs, byMs),
    factsSentMs: added(state.factsSentMs, byMs),
    clockSteps: state.clockSteps + 1,
    boot: boot === null ? null : { ...boot, at: shifted(boot.at, byMs), sentMs: boot.sentMs + byMs },
    toldBoot: maybe(toldBoot, byMs),
    failures: failures === null ? null : { ...failures, firstMs: failures.firstMs + byMs },
    logClock:
      logClock === null
        ? null
        : { ...logClock, offset: shifted(logClock.offset, byMs), learntMs: logClock.learntMs + byMs },
    logTail: logTail === null ? null : { ...logTail, readMs: logTail.readMs + byMs },
    groups: mapNamed(state.groups, (group) => groupShifted(group, byMs)),
  };
}

function groupShifted(group: GroupState, byMs: number): GroupState {
  const { view, forced, pending, snmp } = group;
  return {
    ...group,
    seen: readShifted(group.seen, byMs),
    unregistered: maybe(group.unregistered, byMs),
    epoch: { ...group.epoch, since: shifted(group.epoch.since, byMs) },
    view:
      view === null
        ? null
        : {
            ...view,
            sentMs: view.sentMs + byMs,
            receivedMs: view.receivedMs + byMs,
            kek: view.kek === null ? null : { ...view.kek, expiry: shifted(view.kek.expiry, byMs) },
            teks: view.teks.map((tek) => ({ ...tek, expiry: shifted(tek.expiry, byMs) })),
            timer: maybe(view.timer, byMs),
          },
    snmp: snmp === null ? null : snmpShifted(snmp, byMs),
    forced: forced === null ? null : { ...forced, atMs: forced.atMs + byMs },
    marks: group.marks.map((mark) => ({ ...mark, atMs: mark.atMs + byMs, fromMs: mark.fromMs + byMs })),
    pending:
      pending === null
        ? null
        : {
            ...pending,
            between: shifted(pending.between, byMs),
            drafts: pending.drafts.map((draft) => ({
              ...draft,
              between: shifted(draft.between, byMs),
              atMs: draft.atMs + byMs,
            })),
          },
  };
}

function snmpShifted({ look, sign, disagreeing }: SnmpPart, byMs: number): SnmpPart {
  return {
    look: {
      ...look,
      sentMs: look.sentMs + byMs,
      receivedMs: look.receivedMs + byMs,
      kek: look.kek === null ? null : { ...look.kek, expiry: shifted(look.kek.expiry, byMs) },
      teks: look.teks.map((tek) => ({ ...tek, expiry: shifted(tek.expiry, byMs) })),
    },
    sign: sign === null ? null : { ...sign, between: shifted(sign.between, byMs) },
    disagreeing,
  };
}

function readShifted(at: ReadAt, byMs: number): ReadAt {
  return { sentAtMs: at.sentAtMs + byMs, receivedAtMs: at.receivedAtMs + byMs };
}

function added(atMs: number | null, byMs: number): number | null {
  return atMs === null ? null : atMs + byMs;
}

function maybe(interval: Interval | null, byMs: number): Interval | null {
  return interval === null ? null : shifted(interval, byMs);
}
