/**
 * The audit of the events: each statement of each event is checked against the observations it was made from. It is
 * written independently of the code that words events; an unknown sentence is a finding, so that new wording needs a
 * check.
 */
import type { EventType, GdoiEvent } from '../../../src/gdoi/events/event.ts';
import type { EmittedEvent, RecordedObservation } from '../agent-model.ts';
import {
  CONTRADICTION_STATEMENTS,
  KEK_MISSING_STATEMENTS,
  OVERDUE_STATEMENTS,
  REACH_STATEMENTS,
  REKEY_STATEMENTS,
} from './alarm-statements.ts';
import { COUNTER_STATEMENTS, MOVED, REGISTERED_WITH, RESTART_STATEMENTS } from './counter-statements.ts';
import { FLEET_STATEMENTS, namesItsDevices } from './fleet-statements.ts';
import { auditBoot } from './boot-interval.ts';
import { type GmAnswer, Histories, type History, isTrying, type Seen } from './history.ts';
import { MESSAGE_STATEMENTS } from './message-statements.ts';
import { DISAGREEMENT_STATEMENTS, SNMP_STATEMENTS } from './snmp-statements.ts';
import type { Around, Audited, Statement } from './statement.ts';
import { auditSummary, multicastStep } from './summaries.ts';
import {
  EJECTION_STATEMENTS,
  FAILED_STATEMENTS,
  PACKET_STATEMENTS,
  STATED_STATEMENTS,
  TEK_STATEMENTS,
} from './stated-statements.ts';
import { WINDOW_STATEMENTS } from './window-statements.ts';

export interface Finding {
  readonly event: GdoiEvent;
  /** The wrong sentence, or the name of the wrong part of the event. */
  readonly said: string;
  readonly wrong: string;
}

/** Instants come from the observations to the millisecond. */
const EXACT_MS = 5;
/** If the clock was set, the tracker knows the step to about this. */
const STEPPED_MS = 2000;
const MAX_LINES = 12;
const MAX_CHARS = 240;

const REREGISTRATION = [
  MOVED,
  REGISTERED_WITH,
  ...RESTART_STATEMENTS,
  ...COUNTER_STATEMENTS,
  ...MESSAGE_STATEMENTS,
  ...WINDOW_STATEMENTS,
  ...SNMP_STATEMENTS,
  ...STATED_STATEMENTS,
];

const STATEMENTS: ReadonlyMap<EventType, readonly Statement[]> = new Map<EventType, readonly Statement[]>([
  ['reregistration', REREGISTRATION],
  ['counters_reset', [MOVED, ...RESTART_STATEMENTS, ...COUNTER_STATEMENTS, ...MESSAGE_STATEMENTS]],
  ['reload', COUNTER_STATEMENTS],
  ['kek_rekey', [...REKEY_STATEMENTS, ...SNMP_STATEMENTS, ...MESSAGE_STATEMENTS]],
  ['kek_rekey_overdue', [...OVERDUE_STATEMENTS, ...COUNTER_STATEMENTS, ...MESSAGE_STATEMENTS, ...STATED_STATEMENTS]],
  ['tek_rekey_overdue', [...TEK_STATEMENTS, ...MESSAGE_STATEMENTS]],
  ['tek_missing', [...TEK_STATEMENTS, ...MESSAGE_STATEMENTS]],
  ['replay_errors', [...PACKET_STATEMENTS, ...MESSAGE_STATEMENTS]],
  ['member_ejected', EJECTION_STATEMENTS],
  ['kek_missing', [...KEK_MISSING_STATEMENTS, ...MESSAGE_STATEMENTS]],
  ['registration_lost', [...COUNTER_STATEMENTS, ...MESSAGE_STATEMENTS, ...STATED_STATEMENTS]],
  ['registration_restored', [MOVED, ...COUNTER_STATEMENTS]],
  ['registration_failed', [...COUNTER_STATEMENTS, ...MESSAGE_STATEMENTS, ...FAILED_STATEMENTS]],
  ['unreachable', REACH_STATEMENTS],
  ['reachable', REACH_STATEMENTS],
  ['data_problem', [...CONTRADICTION_STATEMENTS, ...DISAGREEMENT_STATEMENTS, ...COUNTER_STATEMENTS]],
]);

/** All false statements in the events. */
export function audit(
  emitted: readonly EmittedEvent[],
  observations: readonly RecordedObservation[],
): readonly Finding[] {
  const histories = new Histories(observations);
  const earlier = new Map<string, GdoiEvent[]>();
  return emitted.flatMap(({ event, known }) => {
    const key = `${event.device} ${event.group}`;
    const before = earlier.get(key) ?? [];
    const history = histories.of(event, known);
    earlier.set(key, [...before, event]);
    const fewest = fewestWrong(aroundsOf(event, history), (around) =>
      auditEvent({ event, history, earlier: before, around }),
    );
    return fewest.map(({ said, wrong }) => ({ event, said, wrong }));
  });
}

/** Checks one pair of answers after the other up to one without faults: there can be hundreds of pairs. */
function fewestWrong(arounds: readonly Around[], wrongOf: (around: Around) => readonly Wrong[]): readonly Wrong[] {
  let fewest: readonly Wrong[] | null = null;
  for (const around of arounds) {
    const wrong = wrongOf(around);
    if (wrong.length === 0) return wrong;
    if (fewest === null || wrong.length < fewest.length) fewest = wrong;
  }
  return fewest ?? [];
}

type Wrong = Omit<Finding, 'event'>;

function auditEvent(audited: Audited): readonly Wrong[] {
  const { event } = audited;
  const wrong = (said: string, what: string | null): readonly Wrong[] => (what === null ? [] : [{ said, wrong: what }]);
  return [
    ...wrong('shape', auditShape(event)),
    ...wrong('between', auditBetween(audited)),
    ...wrong(event.summary, namesItsDevices(audited) ?? auditSummary(audited)),
    ...wrong(event.action, multicastStep(audited)),
    ...event.evidence.flatMap((line) => wrong(line, auditLine(audited, line))),
  ];
}

function auditShape({ atMs, betweenMs: [from, to], evidence, summary, action }: GdoiEvent): string | null {
  if (!(from <= atMs && atMs <= to)) return '`at` lies outside `between`';
  if (evidence.length > MAX_LINES || evidence.some((line) => line.length > MAX_CHARS)) return 'too much evidence';
  if (evidence.length === 0) return 'no evidence';
  if (summary === '' || action === '') return 'no summary or no first step';
  return new Set(evidence).size === evidence.length ? null : 'a line stands there twice';
}

function auditLine(audited: Audited, line: string): string | null {
  const statements = STATEMENTS.get(audited.event.type) ?? FLEET_STATEMENTS.get(audited.event.type) ?? [];
  let found: string | null = 'unknown sentence';
  for (const { form, check } of statements) {
    const quoted = form.exec(line);
    if (quoted === null) continue;
    found = check(audited, ...quoted.slice(1));
    if (found === null) return null;
  }
  return found;
}

/** The interval must not include what an answer excludes. */
function auditBetween({ event, history, around }: Audited): string | null {
  const within = (seen: Seen) => isInside(seen, event, around);
  switch (event.type) {
    case 'reregistration': {
      const inside = history.answers.find((answer) => answer.gm.registrations.succeeded !== null && within(answer));
      if (inside !== undefined) return `the answer of ${iso(inside.sentMs)} excludes a part of it`;
      return around.before === null && around.after === null ? 'no answer is near it' : null;
    }
    case 'reload':
      return auditBoot(event, history, within);
    case 'kek_rekey': {
      const inside = history.answers.find(
        (answer) => answer.origin === around.after?.origin && answer.gm.kek !== null && within(answer),
      );
      return inside === undefined ? null : `the answer of ${iso(inside.sentMs)} excludes a part of it`;
    }
    default:
      return null;
  }
}

function isInside({ sentMs, receivedMs, shiftsMs }: Seen, event: GdoiEvent, { slackMs }: Around): boolean {
  const [fromMs, toMs] = event.betweenMs;
  return shiftsMs.every((shift) => sentMs + shift > fromMs + slackMs && receivedMs + shift < toMs - slackMs);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** The answers around an event; more than one pair is possible if the agent's clock was set meanwhile. */
function aroundsOf(event: GdoiEvent, history: History): readonly Around[] {
  const byCli = history.answers.some(({ origin }) => origin === 'cli');
  const answers = byCli ? history.answers.filter(({ gm }) => gm.registrations.succeeded !== null) : history.answers;
  const shifts = new Set(answers.flatMap(({ shiftsMs }) => shiftsMs));
  if (shifts.size <= 1) {
    const exact = { shiftMs: 0, nearMs: EXACT_MS, slackMs: EXACT_MS };
    // An event during the reading of an answer may or may not be in that answer.
    const around = aroundOf(event, answers, exact);
    return cameMeanwhile(event, answers, { shiftMs: 0, nearMs: EXACT_MS })
      ? [around, aroundOf(event, answers, { ...exact, sentFromMs: -Infinity })]
      : [around];
  }
  // If the clock was set back, answers from before may have the instants of the event: those since are tried as well.
  const lengths = new Set(answers.map(({ shiftsMs }) => shiftsMs.length));
  return [...lengths].flatMap((length) => {
    const since = answers.filter(({ shiftsMs }) => shiftsMs.length <= length);
    return [...new Set(since.flatMap(({ shiftsMs }) => shiftsMs))].flatMap((shiftMs) =>
      steppedArounds(event, since, shiftMs),
    );
  });
}

/** Tries both an exact and a coarse match: an interval that comes from messages is not moved by the step. */
function steppedArounds(event: GdoiEvent, answers: readonly GmAnswer[], shiftMs: number): readonly Around[] {
  return [EXACT_MS, STEPPED_MS].flatMap((nearMs) => {
    const near = { shiftMs, nearMs, slackMs: STEPPED_MS };
    const around = aroundOf(event, answers, near);
    return [
      around,
      ...(cameMeanwhile(event, answers, near) ? [aroundOf(event, answers, { ...near, sentFromMs: -Infinity })] : []),
      // The clock may have been set back within the interval.
      ...(shiftMs < 0 ? [aroundOf(event, answers, { ...near, afterIsUnmoved: true })] : []),
    ];
  });
}

/** Whether the event lies within the reading of an answer. */
function cameMeanwhile(
  { betweenMs: [fromMs, toMs] }: GdoiEvent,
  answers: readonly GmAnswer[],
  { shiftMs, nearMs }: { readonly shiftMs: number; readonly nearMs: number },
): boolean {
  return answers.some(({ sentMs, receivedMs }) => sentMs + shiftMs <= fromMs + nearMs && receivedMs + shiftMs > toMs);
}

function aroundOf(
  { betweenMs: [fromMs, toMs] }: GdoiEvent,
  answers: readonly GmAnswer[],
  {
    shiftMs,
    nearMs,
    slackMs,
    sentFromMs = fromMs,
    afterIsUnmoved = false,
  }: {
    readonly shiftMs: number;
    readonly nearMs: number;
    readonly slackMs: number;
    /** The answer that shows the event was requested after this. */
    readonly sentFromMs?: number;
    /** The answer that shows the event was read on the clock after the step, the ones before it were not. */
    readonly afterIsUnmoved?: boolean;
  },
): Around {
  const afterShiftMs = afterIsUnmoved ? 0 : shiftMs;
  const shifted = answers.filter(({ shiftsMs }) => shiftMs === 0 || shiftsMs.includes(shiftMs) !== afterIsUnmoved);
  // An interval from messages may begin at the request of an answer that was still being read when the interval ended.
  const first = answers.find(
    ({ sentMs, receivedMs }) =>
      Math.abs(sentMs + shiftMs - fromMs) <= nearMs && (sentFromMs === fromMs || receivedMs + shiftMs <= toMs),
  );
  const after =
    shifted.find(
      ({ index, sentMs, receivedMs }) =>
        receivedMs + afterShiftMs >= toMs - nearMs &&
        sentMs + afterShiftMs > sentFromMs - nearMs &&
        (first === undefined || index > first.index),
    ) ?? null;
  const before =
    answers.findLast(
      ({ index, sentMs }) => sentMs + shiftMs <= fromMs + nearMs && (after === null || index < after.index),
    ) ?? null;
  const held =
    before === null
      ? null
      : (answers.findLast(
          (answer, place) =>
            answer.index <= before.index && (isRegistered(answer.gm) || hasRegistered(answer.gm, answers[place - 1])),
        ) ?? null);
  return { before, held, after, slackMs };
}

/** Unregistered in this answer, but registered since the one before: it holds what that registration brought. */
function hasRegistered({ registrations }: GmAnswer['gm'], before: GmAnswer | undefined): boolean {
  const was = before?.gm.registrations.succeeded ?? null;
  return registrations.succeeded !== null && was !== null && registrations.succeeded > was;
}

/** A GM whose countdown is over has begun to register, whatever its status says. */
function isRegistered(gm: GmAnswer['gm']): boolean {
  if (isTrying(gm)) return false;
  return gm.registered ?? ((gm.kek?.remainingSeconds ?? 0) > 0 || (gm.teks ?? []).length > 0);
}
