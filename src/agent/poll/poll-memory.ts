/**
 * What polls taught about a device, so that each poll asks only what is needed.
 *
 * `show crypto gdoi` is asked at every poll. `show version` is asked only on a new session (a reload ends every
 * session) and when a counter moves in a way that only the uptime explains. KS details and optional collectors have
 * their own intervals. A command that the device refuses is not asked again for an hour: an upgrade may bring it.
 */
import { SHOW_CERTIFICATES, SHOW_CPU, SHOW_LOG, type ShowCommand, type Spelling } from '../../access/show-command.ts';
import type { Collector } from '../../config/resolved-config.ts';
import { cpuLookEveryMs } from '../../gdoi/seen/beside-facts.ts';
import type { GmSnapshot, GroupSnapshot } from '../../gdoi/seen/snapshot.ts';
import { nameFraction } from '../../model/name-hash.ts';
import { type AskedWhen, isAnswerOld, isTaken, withAnswered, withRefused } from './asked-when.ts';

/** Detail intervals between two looks at the certificates: hourly by default, though they change once a year. */
export const CERTIFICATES_PACE = 60;

export interface PollMemory extends AskedWhen<ShowCommand> {
  readonly spelling: Spelling;
  /** The groups in the last main answer, whose counters a reload or a registration changes. */
  readonly shown: readonly GroupSnapshot[];
  /** CPU of the last minute at the last look, in percent; null: not seen yet. */
  readonly cpuPercent: number | null;
}

export const NOTHING_LEARNT: PollMemory = {
  spelling: 'gdoi',
  answeredAtMs: new Map(),
  refusedUntilMs: new Map(),
  shown: [],
  cpuPercent: null,
};

/** The commands to send after the main answer, in order. */
export function followUpCommands(options: {
  readonly memory: PollMemory;
  readonly snapshots: readonly GroupSnapshot[];
  readonly newSession: boolean;
  readonly collect: readonly Collector[];
  readonly detailIntervalMs: number;
  readonly nowMonoMs: number;
}): readonly ShowCommand[] {
  const { memory, snapshots, nowMonoMs } = options;
  const isGm = snapshots.some((snapshot) => snapshot.role === 'gm');
  const isKs = snapshots.some((snapshot) => snapshot.role === 'ks');
  const wanted: ShowCommand[] = [];
  if (options.newSession || hintAtReload(memory.shown, snapshots)) wanted.push('show version');
  const detail = (command: ShowCommand) => {
    if (isAnswerOld(memory, command, options.detailIntervalMs, nowMonoMs)) wanted.push(command);
  };
  const spelt = (rest: Spelt) => detail(`show crypto ${memory.spelling} ${rest}`);
  if (isKs) {
    spelt('ks policy');
    spelt('ks members');
    spelt('ks coop');
  }
  if (isGm) {
    if (options.collect.includes('replay')) spelt('gm replay');
    if (options.collect.includes('dataplane')) spelt('gm dataplane counters');
  }
  const certificatesDue = isAnswerOld(
    memory,
    SHOW_CERTIFICATES,
    CERTIFICATES_PACE * options.detailIntervalMs,
    nowMonoMs,
  );
  if (options.collect.includes('certificates') && certificatesDue) wanted.push(SHOW_CERTIFICATES);
  return wanted.filter((command) => isTaken(memory, command, nowMonoMs));
}

/**
 * The commands to send before the main answer: the log, and the clock that its time stamps are read by. After it they
 * would come too late to explain why the counters moved.
 */
export function leadingCommands(options: {
  readonly memory: PollMemory;
  readonly collect: readonly Collector[];
  readonly detailIntervalMs: number;
  readonly nowMonoMs: number;
}): readonly ShowCommand[] {
  const { memory, collect, detailIntervalMs, nowMonoMs } = options;
  if (!collect.includes('logging')) return [];
  return (['show clock', SHOW_LOG] as const).filter(
    (command) => isAnswerOld(memory, command, detailIntervalMs, nowMonoMs) && isTaken(memory, command, nowMonoMs),
  );
}

/**
 * At the first poll, then at the first poll after each point of a grid that is the device's own. Otherwise a fleet that
 * logged in together would ask all its routers again five minutes later, and use twice the CPU for as long as a sweep
 * takes.
 */
export function showCpuIsDue(memory: PollMemory, device: string, nowMonoMs: number): boolean {
  if (!isTaken(memory, SHOW_CPU, nowMonoMs)) return false;
  const answeredAtMs = memory.answeredAtMs.get(SHOW_CPU);
  const everyMs = cpuLookEveryMs(memory.cpuPercent);
  if (answeredAtMs === undefined || everyMs === 0) return true;
  const lineBefore = (monoMs: number) => Math.floor(monoMs / everyMs - nameFraction(device, 'processor'));
  return lineBefore(answeredAtMs) < lineBefore(nowMonoMs);
}

type Spelt = 'ks policy' | 'ks members' | 'ks coop' | 'gm replay' | 'gm dataplane counters';

/**
 * A registration counter that moved, or any counter that fell or came back: only the uptime tells a reload from a
 * clear.
 */
function hintAtReload(before: readonly GroupSnapshot[], now: readonly GroupSnapshot[]): boolean {
  // A device that booted without the configuration of a group shows it no more.
  const isGone = before.some(({ role, group }) => role === 'gm' && !now.some((shown) => shown.group === group));
  if (isGone) return true;
  return now.some((snapshot) => {
    if (snapshot.role !== 'gm') return false;
    const known = before.find(({ role, group }) => role === 'gm' && group === snapshot.group);
    return known?.role === 'gm' && hintsAtReload(known, snapshot);
  });
}

function hintsAtReload(before: GmSnapshot, now: GmSnapshot): boolean {
  return (
    before.registrations.succeeded !== now.registrations.succeeded ||
    hasFallen(before.registrations.attempted, now.registrations.attempted) ||
    hasFallen(before.rekeys.received, now.rekeys.received) ||
    mayHaveComeBack(before, now)
  );
}

function hasFallen(before: number | null, now: number | null): boolean {
  return before !== null && now !== null && now < before;
}

/**
 * A rekey that was not counted, or keys that came without one: the counters restarted and have reached their old
 * values.
 */
function mayHaveComeBack(before: GmSnapshot, now: GmSnapshot): boolean {
  if (before.rekeys.received !== now.rekeys.received) return false;
  const [was, is] = [before.rekeys.lastAgeSeconds, now.rekeys.lastAgeSeconds];
  if (was !== null && is !== null && is < was) return true;
  return (now.teks ?? []).some(({ spi }) => spi !== null && !(before.teks ?? []).some((tek) => tek.spi === spi));
}

export function rememberAnswer(memory: PollMemory, command: ShowCommand, nowMonoMs: number): PollMemory {
  return withAnswered(memory, [command], nowMonoMs);
}

export function rememberRefusal(memory: PollMemory, command: ShowCommand, nowMonoMs: number): PollMemory {
  return withRefused(memory, [command], nowMonoMs);
}

/** The answer's own objects: they are held as long by the device's view, and 430 bytes a device are not. */
export function rememberShown(memory: PollMemory, shown: readonly GroupSnapshot[]): PollMemory {
  return { ...memory, shown };
}
