/**
 * One poll of one device: ask, parse, report observations and the result.
 *
 * The main command decides the result. A follow-up command that is refused, unreadable or lost costs only itself: what
 * was seen already is kept, and `collectors` says which part is missing.
 */
import type { DeviceAccess, DeviceSession, Reply, SshTarget } from '../../access/device-session.ts';
import type { AnswerReading } from '../../access/answer-reading.ts';
import type { DeviceError } from '../../access/device-error.ts';
import { mainCommand, SHOW_CPU, type ShowCommand } from '../../access/show-command.ts';
import type { Collector } from '../../config/resolved-config.ts';
import type { Observation } from '../../gdoi/seen/observation.ts';
import type { GroupSnapshot } from '../../gdoi/seen/snapshot.ts';
import type { Clock } from '../../kernel/clock.ts';
import {
  cpuIsDue,
  followUpCommands,
  leadingCommands,
  type PollMemory,
  rememberAnswer,
  rememberShown,
  rememberRefusal,
} from './poll-memory.ts';
import { groupsOf, readAnswer } from './observations.ts';
import type { CollectorResult, PollReport, RawAnswer } from '../../model/poll-report.ts';
import type { PollResult } from '../../model/poll-result.ts';
import { type PollTimes, startPoll } from './poll-times.ts';

/** The part of a device's configuration that the poller needs. */
export interface PollTarget {
  readonly ssh: SshTarget;
  readonly collect: readonly Collector[];
  readonly detailIntervalMs: number;
  /** Something indicates a registration that the counters may not show: only the uptime tells why. */
  readonly uptimeWanted?: boolean;
}

export interface SshReport extends PollReport {
  readonly memory: PollMemory;
}

/** A poll under way. */
interface Poll {
  readonly session: DeviceSession;
  readonly target: PollTarget;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

interface Progress {
  result: PollResult;
  error: string | null;
  memory: PollMemory;
  readonly observations: Observation[];
  readonly collectors: Map<ShowCommand, CollectorResult>;
  readonly answers: RawAnswer[];
}

function newProgress(memory: PollMemory): Progress {
  return { result: 'ok', error: null, memory, observations: [], collectors: new Map(), answers: [] };
}

export function createDevicePoller(deps: { readonly access: DeviceAccess; readonly clock: Clock }) {
  const { access, clock } = deps;
  /** The session on which each device was polled last: on another one the device may have reloaded. */
  const lastSessions = new Map<string, WeakRef<DeviceSession>>();

  async function poll(target: PollTarget, memory: PollMemory, signal: AbortSignal): Promise<SshReport> {
    const device = target.ssh.device;
    const underWay = startPoll(clock);
    const progress = newProgress(memory);
    const outcome = await access.withSession(target.ssh, signal, async (session) => {
      const newSession = lastSessions.get(device)?.deref() !== session;
      await pollOn({ session, target, signal, progress }, newSession);
      if (progress.result === 'ok') lastSessions.set(device, new WeakRef(session));
    });
    if (outcome.kind === 'failed') fail(progress, outcome.error);
    return reportOf(device, progress, underWay.times());
  }

  async function pollOn(poll: Poll, newSession: boolean): Promise<void> {
    const { progress, target } = poll;
    const { collect, detailIntervalMs } = target;
    const interest = { collect, detailIntervalMs };
    const leading = leadingCommands({ memory: progress.memory, nowMonoMs: clock.monoMs(), ...interest });
    const lost = leading.length === 0 ? null : await askEach(poll, leading);
    if (lost !== null) {
      fail(progress, lost);
      return;
    }
    const snapshots = await askMain(poll);
    if (snapshots === null) return;
    const commands = followUpCommands({
      memory: progress.memory,
      snapshots,
      newSession: newSession || target.uptimeWanted === true,
      nowMonoMs: clock.monoMs(),
      ...interest,
    });
    progress.memory = rememberShown(progress.memory, snapshots);
    if (commands.length > 0 && (await askEach(poll, commands)) !== null) return;
    if (cpuIsDue(progress.memory, target.ssh.device, clock.monoMs())) await askCpu(poll, clock);
  }

  /** Sends the commands beside the main one, in order. Returns the error that ended the session, or null. */
  async function askEach(poll: Poll, commands: readonly ShowCommand[]): Promise<DeviceError | null> {
    for (const command of commands) {
      const reply = await poll.session.run(command, poll.signal);
      poll.progress.collectors.set(command, followUp(poll, reply));
      if (reply.kind === 'failed') return reply.error;
    }
    return null;
  }

  function followUp({ progress, target }: Poll, reply: Reply): CollectorResult {
    if (reply.kind === 'failed') return 'failed';
    if (reply.kind === 'rejected') {
      progress.memory = rememberRefusal(progress.memory, reply.command, clock.monoMs());
      return 'rejected';
    }
    if (take(progress, target.ssh.device, reply).kind === 'unreadable') return 'parse';
    progress.memory = rememberAnswer(progress.memory, reply.command, clock.monoMs());
    return 'ok';
  }

  return { poll, forget: (device: string) => lastSessions.delete(device) };
}

function reportOf(device: string, progress: Progress, times: PollTimes): SshReport {
  const { result, error, memory, observations, collectors, answers } = progress;
  const { startedAtMs, finishedAtMs, durationMs } = times;
  return {
    device,
    startedAtMs,
    finishedAtMs,
    durationMs,
    result,
    error,
    observations,
    collectors,
    answers,
    values: null,
    memory,
    cpuPercent: memory.cpuPercent,
  };
}

/** The groups in the main answer, in whichever spelling the device accepts; null if there is no answer. */
async function askMain({ progress, session, signal, target }: Poll): Promise<readonly GroupSnapshot[] | null> {
  const first = progress.memory.spelling;
  for (const spelling of [first, first === 'gdoi' ? 'gkm' : 'gdoi'] as const) {
    const command = mainCommand(spelling);
    const reply = await session.run(command, signal);
    if (reply.kind === 'failed') {
      fail(progress, reply.error);
      return null;
    }
    if (reply.kind === 'rejected') {
      progress.result = 'command';
      progress.error = `"${command}" refused: ${reply.line}`;
      if (reply.reason === 'invalid') continue;
      return null;
    }
    const reading = take(progress, target.ssh.device, reply);
    if (reading.kind === 'unreadable') {
      progress.result = 'parse';
      progress.error = `"${command}": ${reading.message}`;
      return null;
    }
    progress.result = 'ok';
    progress.error = null;
    if (spelling !== progress.memory.spelling) progress.memory = { ...progress.memory, spelling };
    return groupsOf(reading);
  }
  return null;
}

/**
 * Used only to slow down polls of a busy router: that it is refused, or says nothing, leaves no gap in what is known of
 * the groups.
 */
async function askCpu({ session, signal, target, progress }: Poll, clock: Clock): Promise<void> {
  const reply = await session.run(SHOW_CPU, signal);
  if (reply.kind === 'failed') return;
  const reading = reply.kind === 'output' ? take(progress, target.ssh.device, reply) : null;
  const load = reading?.kind === 'read' ? reading.snapshots.find(({ role }) => role === 'cpu') : undefined;
  const nowMonoMs = clock.monoMs();
  progress.memory =
    load?.role === 'cpu'
      ? { ...rememberAnswer(progress.memory, SHOW_CPU, nowMonoMs), cpuPercent: load.oneMinutePercent }
      : { ...rememberRefusal(progress.memory, SHOW_CPU, nowMonoMs), cpuPercent: null };
}

function fail(progress: Progress, error: DeviceError): void {
  progress.result = error.kind;
  progress.error = error.message;
}

function take(progress: Progress, device: string, reply: Extract<Reply, { kind: 'output' }>): AnswerReading {
  const { command, text, logLines, sentAtMs, receivedAtMs } = reply;
  const answer: RawAnswer = { command, text, logLines, sentAtMs, receivedAtMs };
  const { reading, observations } = readAnswer(answer, device, reply.reading);
  progress.answers.push(answer);
  progress.observations.push(...observations);
  return reading;
}
