/**
 * One poll of one device: ask, parse, and report observations and how it ended.
 *
 * The main command decides the result. A follow-up that is refused, unreadable or lost costs only itself: what was
 * already seen is kept, and `collectors` says which part is missing.
 */
import type { DeviceAccess, DeviceSession, Reply, SshTarget } from '../../access/device-session.ts';
import type { DeviceError } from '../../access/device-error.ts';
import { mainCommand, type ShowCommand } from '../../access/show-command.ts';
import type { Collector } from '../../config/resolved-config.ts';
import type { Observation } from '../../gdoi/seen/observation.ts';
import type { GroupSnapshot } from '../../gdoi/seen/snapshot.ts';
import type { ParseResult } from '../../ios/text/parse-result.ts';
import { parseLogMessage } from '../../ios/log/log-message.ts';
import { parseCommandOutput } from '../../ios/parse.ts';
import type { Clock } from '../../kernel/clock.ts';
import {
  followUpCommands,
  leadingCommands,
  type PollMemory,
  rememberAnswer,
  rememberCounters,
  rememberRefusal,
} from './poll-memory.ts';
import { groupsOf, observationsOf } from './observations.ts';
import type { CollectorResult, PollReport, RawAnswer } from '../../model/poll-report.ts';
import type { PollResult } from '../../model/poll-result.ts';

/** What of a device the poller needs; part of the configuration. */
export interface PollTarget {
  readonly ssh: SshTarget;
  readonly collect: readonly Collector[];
  readonly detailIntervalMs: number;
}

export interface SshReport extends PollReport {
  readonly memory: PollMemory;
}

interface Progress {
  result: PollResult;
  error: string | null;
  memory: PollMemory;
  readonly observations: Observation[];
  readonly collectors: Map<ShowCommand, CollectorResult>;
  readonly answers: RawAnswer[];
}

export function createDevicePoller(deps: { readonly access: DeviceAccess; readonly clock: Clock }) {
  const { access, clock } = deps;
  /** The session each device was last polled on: another one means that the device may have reloaded. */
  const lastSessions = new Map<string, WeakRef<DeviceSession>>();

  async function poll(target: PollTarget, memory: PollMemory, signal: AbortSignal): Promise<SshReport> {
    const device = target.ssh.device;
    const startedAtMs = clock.wallMs();
    const startedMonoMs = clock.monoMs();
    const progress: Progress = {
      result: 'ok',
      error: null,
      memory,
      observations: [],
      collectors: new Map(),
      answers: [],
    };
    const outcome = await access.withSession(target.ssh, signal, async (session) => {
      const newSession = lastSessions.get(device)?.deref() !== session;
      await pollOn(session, newSession, target, progress, signal);
      if (progress.result === 'ok') lastSessions.set(device, new WeakRef(session));
    });
    if (outcome.kind === 'failed') fail(progress, outcome.error);
    return {
      device,
      startedAtMs,
      finishedAtMs: clock.wallMs(),
      durationMs: clock.monoMs() - startedMonoMs,
      values: null,
      ...progress,
    };
  }

  async function pollOn(
    session: DeviceSession,
    newSession: boolean,
    target: PollTarget,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<void> {
    const { collect, detailIntervalMs } = target;
    const leading = leadingCommands({
      memory: progress.memory,
      collect,
      detailIntervalMs,
      nowMonoMs: clock.monoMs(),
    });
    const lost = await askEach(session, leading, target.ssh.device, progress, signal);
    if (lost !== null) {
      fail(progress, lost);
      return;
    }
    const snapshots = await askMain(session, target.ssh.device, progress, signal);
    if (snapshots === null) return;
    const commands = followUpCommands({
      memory: progress.memory,
      snapshots,
      newSession,
      collect,
      detailIntervalMs,
      nowMonoMs: clock.monoMs(),
    });
    progress.memory = rememberCounters(progress.memory, snapshots);
    await askEach(session, commands, target.ssh.device, progress, signal);
  }

  /** Commands beside the main one, in order; the error that ended the session, else null. */
  async function askEach(
    session: DeviceSession,
    commands: readonly ShowCommand[],
    device: string,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<DeviceError | null> {
    for (const command of commands) {
      const reply = await session.run(command, signal);
      progress.collectors.set(command, followUp(reply, device, progress));
      if (reply.kind === 'failed') return reply.error;
    }
    return null;
  }

  /** The groups of the main answer, in whichever spelling the device takes; null when there is none. */
  async function askMain(
    session: DeviceSession,
    device: string,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<readonly GroupSnapshot[] | null> {
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
      const parsed = parseAnswer(reply, device, progress);
      if (parsed.kind === 'failed') {
        progress.result = 'parse';
        progress.error = `"${command}": ${parsed.message}`;
        return null;
      }
      progress.result = 'ok';
      progress.error = null;
      progress.memory = { ...progress.memory, spelling };
      progress.observations.push(...observationsOf(parsed, { ...reply, device }));
      return groupsOf(parsed);
    }
    return null;
  }

  function followUp(reply: Reply, device: string, progress: Progress): CollectorResult {
    if (reply.kind === 'failed') return 'failed';
    if (reply.kind === 'rejected') {
      progress.memory = rememberRefusal(progress.memory, reply.command, clock.monoMs());
      return 'rejected';
    }
    const parsed = parseAnswer(reply, device, progress);
    if (parsed.kind === 'failed') return 'parse';
    progress.memory = rememberAnswer(progress.memory, reply.command, clock.monoMs());
    progress.observations.push(...observationsOf(parsed, { ...reply, device }));
    return 'ok';
  }

  return { poll, forget: (device: string) => lastSessions.delete(device) };
}

function fail(progress: Progress, error: DeviceError): void {
  progress.result = error.kind;
  progress.error = error.message;
}

type Output = Extract<Reply, { kind: 'output' }>;

function parseAnswer(reply: Output, device: string, progress: Progress): ParseResult {
  const { command, text, logLines, sentAtMs, receivedAtMs } = reply;
  const messages = logLines.flatMap((line) => parseLogMessage(line) ?? []);
  if (messages.length > 0) {
    // They came in while the answer did.
    progress.observations.push({ kind: 'log', device, sentAtMs, receivedAtMs, messages, pushed: true });
  }
  progress.answers.push({ command, text, logLines, sentAtMs, receivedAtMs });
  // The session has seen the prompt after it: the answer is whole.
  return parseCommandOutput(command, text, 'prompt');
}
