/**
 * The agent's clock was set by some milliseconds: every instant the tracker remembers moves with it, so that the next
 * comparison is made on one clock. Ids of events, and what names them, keep the old instants.
 *
 * One table for each shape, with a row for every field: a new field does not compile until it is said whether it moves.
 */
import { type Interval, shifted } from '../seen/interval.ts';
import type { EpochMs, ReadAt } from '../seen/instant.ts';
import { mapNamed } from '../seen/named.ts';
import type { HeldKek } from '../keys/kek-identity.ts';
import type { HeldTek } from '../keys/tek-identity.ts';
import type { LogTail } from '../log/log-buffer.ts';
import type { Behind, LogClock } from '../log/log-clock.ts';
import type { KsMark } from '../log/ks-marks.ts';
import type { LogMark } from '../log/log-evidence.ts';
import type { Elsewhere, SnmpLook } from './snmp-look.ts';
import type {
  AnsweredBeside,
  Boot,
  Draft,
  Epoch,
  ErrorCount,
  Failures,
  GroupState,
  HeldView,
  Pending,
  PrimaryKek,
  ProcessorSeen,
  SnmpPart,
  TrackerState,
  UncountedTek,
  Vanished,
} from './tracker-state.ts';

type Move<T> = (value: T, byMs: number) => T;
type Moves<T> = { readonly [Field in keyof T]-?: Move<T[Field]> };

/** Not an instant, or one that names something: it keeps its value. */
const stays = <T>(value: T): T => value;
const instant: Move<EpochMs> = (atMs, byMs) => atMs + byMs;
const interval: Move<Interval> = shifted;
const readAt: Move<ReadAt> = (at, byMs) => ({
  sentAtMs: at.sentAtMs + byMs,
  receivedAtMs: at.receivedAtMs + byMs,
});

function orNull<T>(move: Move<T>): Move<T | null> {
  return (value, byMs) => (value === null ? null : move(value, byMs));
}

function each<T>(move: Move<T>): Move<readonly T[]> {
  return (values, byMs) => values.map((value) => move(value, byMs));
}

function fields<T extends object>(moves: Moves<T>): Move<T> {
  return (value, byMs) => {
    const moved = { ...value };
    for (const field in moves) moved[field] = moves[field](value[field], byMs);
    return moved;
  };
}

const kek = fields<HeldKek>({ expiry: interval, anchor: stays, cookies: stays, spi: stays });
const tek = fields<HeldTek>({ spi: stays, expiry: interval });

const viewAlways = fields<Omit<HeldView, 'clockSet'>>({
  sentMs: instant,
  receivedMs: instant,
  keyServer: stays,
  kek: orNull(kek),
  kekShown: stays,
  teks: each(tek),
  interfaces: stays,
  keysCame: orNull(interval),
  timer: orNull(interval),
  timerAfterKek: stays,
  timerBeforeTek: stays,
  timerOf: stays,
});

const view: Move<HeldView> = (value, byMs) => ({ ...viewAlways(value, byMs), clockSet: true });

const mark = fields<LogMark>({
  proof: stays,
  mnemonic: stays,
  detail: stays,
  fromMs: instant,
  atMs: instant,
  key: stays,
  sources: stays,
});

const draftAlways = fields<Omit<Draft, 'statedBy' | 'configuredAgain'>>({
  number: stays,
  between: interval,
  atMs: instant,
  cause: stays,
  evidence: stays,
  stated: stays,
});

const draft: Move<Draft> = (value, byMs) => ({ ...value, ...draftAlways(value, byMs) });

const pendingAlways = fields<Omit<Pending, 'toldUntilMs' | 'configuredAgain'>>({
  kind: stays,
  between: interval,
  drafts: each(draft),
  evidence: stays,
  allRestarted: stays,
});

const pending: Move<Pending> = ({ toldUntilMs, configuredAgain, ...others }, byMs) => ({
  ...pendingAlways(others, byMs),
  ...(configuredAgain === undefined ? {} : { configuredAgain }),
  ...(toldUntilMs === undefined ? {} : { toldUntilMs: toldUntilMs + byMs }),
});

const lookAlways = fields<Omit<SnmpLook, 'elsewhere'>>({
  sentMs: instant,
  receivedMs: instant,
  keyServer: stays,
  sequence: stays,
  sequenceOfKek: stays,
  kek: orNull(kek),
  withoutKek: stays,
  kekLost: orNull(interval),
  teks: each(tek),
});

const elsewhere = fields<Elsewhere>({ from: stays, since: interval, wandering: stays });

const look: Move<SnmpLook> = ({ elsewhere: shown, ...others }, byMs) => ({
  ...lookAlways(others, byMs),
  ...(shown === undefined ? {} : { elsewhere: elsewhere(shown, byMs) }),
});

const snmp = fields<SnmpPart>({
  look,
  sign: orNull(fields<NonNullable<SnmpPart['sign']>>({ between: interval, evidence: stays })),
  disagreeing: stays,
});

const errorCount = fields<ErrorCount>({ at: readAt, count: stays, roseMs: orNull(instant) });

const group = fields<
  Omit<GroupState, 'multicast' | 'trying' | 'retrying' | 'failingFor' | 'countsTekRekeys' | 'uncountedTek' | 'vanished'>
>({
  seen: readAt,
  sameBootMs: orNull(instant),
  identity: stays,
  registered: stays,
  unregistered: orNull(interval),
  counters: stays,
  epoch: fields<Epoch>({ id: stays, began: stays, since: interval }),
  emitted: stays,
  everRegistered: stays,
  countsRekeys: stays,
  view: orNull(view),
  tekLifetimeSeconds: stays,
  legacyKek: stays,
  forced: orNull(fields<NonNullable<GroupState['forced']>>({ atMs: instant, untilMs: instant, evidence: stays })),
  marks: each(mark),
  pending: orNull(pending),
  episodes: stays,
  withoutTek: orNull(interval),
  replayErrors: orNull(errorCount),
  dataplaneErrors: orNull(errorCount),
  failedBefore: stays,
  problems: stays,
  // When events were: what was emitted stays as it was emitted.
  tally: stays,
  counted: stays,
  snmp: orNull(snmp),
});

/** A message that came since the last answer came on the old clock or on the new one: it lies on either. */
function onEitherClock(marks: readonly LogMark[], sinceMs: EpochMs, byMs: number): readonly LogMark[] {
  return marks.map((each) =>
    each.atMs <= sinceMs
      ? mark(each, byMs)
      : { ...each, fromMs: each.fromMs + Math.min(0, byMs), atMs: each.atMs + Math.max(0, byMs) },
  );
}

const uncounted = fields<UncountedTek>({ between: interval, uptime: stays });
const gone = fields<Vanished>({ between: interval, answers: stays, knownMs: orNull(instant) });

const stepped: Move<GroupState> = (
  { multicast, trying, retrying, failingFor, countsTekRekeys, uncountedTek, vanished, ...known },
  byMs,
) => ({
  ...group(known, byMs),
  ...(multicast === undefined ? {} : { multicast }),
  ...(trying === undefined ? {} : { trying: shifted(trying, byMs) }),
  ...(retrying === undefined ? {} : { retrying: { ...retrying, ...shifted(retrying, byMs) } }),
  ...(failingFor === undefined ? {} : { failingFor }),
  ...(countsTekRekeys === undefined ? {} : { countsTekRekeys }),
  ...(uncountedTek === undefined ? {} : { uncountedTek: uncounted(uncountedTek, byMs) }),
  ...(vanished === undefined ? {} : { vanished: gone(vanished, byMs) }),
  marks: onEitherClock(known.marks, known.seen.receivedAtMs, byMs),
});

/** What only some devices have. */
type Sometimes = 'answeredBefore' | 'primaryKeks' | SometimesInstant;

const SOMETIMES_INSTANTS = ['answeringSinceMs', 'answeredBeforeSinceMs', 'oldBootAnsweredMs'] as const;
type SometimesInstant = (typeof SOMETIMES_INSTANTS)[number];

const failuresAlways = fields<Omit<Failures, 'answeredBeside'>>({
  inARow: stays,
  firstMs: instant,
  unreachable: stays,
  result: stays,
});
const answeredBeside = fields<AnsweredBeside>({ by: stays, failuresSince: stays, failedMs: orNull(instant) });

const failures: Move<Failures> = ({ answeredBeside: look, ...others }, byMs) => ({
  ...failuresAlways(others, byMs),
  ...(look === undefined ? {} : { answeredBeside: answeredBeside(look, byMs) }),
});

const logClockAlways = fields<Omit<LogClock, 'behind'>>({ offset: interval, zone: stays, learntMs: instant });
const behindIt = fields<Behind>({ offset: interval, receivedMs: instant });

const logClock: Move<LogClock> = ({ behind, ...others }, byMs) => ({
  ...logClockAlways(others, byMs),
  ...(behind === undefined ? {} : { behind: behindIt(behind, byMs) }),
});

const keksOfPrimary = each(fields<PrimaryKek>({ group: stays, expiry: interval, readMs: instant }));

const bootAlways = fields<Omit<Boot, 'processor'>>({ at: interval, uptimeSeconds: stays, sentMs: instant });
const processorSeen = fields<ProcessorSeen>({ uptimeSeconds: stays, afterSwitchover: stays, sentMs: instant });

const boot: Move<Boot> = ({ processor, ...others }, byMs) => ({
  ...bootAlways(others, byMs),
  ...(processor === undefined ? {} : { processor: processorSeen(processor, byMs) }),
});

const always = fields<Omit<TrackerState, Sometimes>>({
  device: stays,
  answered: orNull(readAt),
  answeredBySnmp: orNull(readAt),
  latestSentMs: orNull(instant),
  factsSentMs: orNull(instant),
  // It counts answers on the new clock.
  backInTime: stays,
  clockSteps: (steps) => steps + 1,
  boot: orNull(boot),
  emittedBoot: orNull(interval),
  failures: orNull(failures),
  isKs: stays,
  logClock: orNull(logClock),
  logTail: orNull(fields<LogTail>({ readMs: instant, hashes: stays })),
  ksMarks: each(fields<KsMark>({ mark, groups: stays })),
  groups: (groups, byMs) => mapNamed(groups, (known) => stepped(known, byMs)),
});

export function withClockStep(state: TrackerState, byMs: number): TrackerState {
  const { answeredBefore, answeringSinceMs, answeredBeforeSinceMs, oldBootAnsweredMs, primaryKeks, ...others } = state;
  const instants = { answeringSinceMs, answeredBeforeSinceMs, oldBootAnsweredMs };
  const moved = SOMETIMES_INSTANTS.flatMap((name) => {
    const ms = instants[name];
    return ms === undefined ? [] : [[name, instant(ms, byMs)] as const];
  });
  return {
    ...always(others, byMs),
    ...(answeredBefore === undefined ? {} : { answeredBefore: readAt(answeredBefore, byMs) }),
    ...(primaryKeks === undefined ? {} : { primaryKeks: keksOfPrimary(primaryKeks, byMs) }),
    ...Object.fromEntries(moved),
  };
}
