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
  showCpuIsDue,
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

export function createDevicePoller({ access, clock }: { readonly access: DeviceAccess; readonly clock: Clock }) {
  /** The session on which each device was polled last: on another one the device may have reloaded. */
  const lastSessions = new Map<string, WeakRef<DeviceSession>>();

  async function poll(target: PollTarget, memory: PollMemory, signal: AbortSignal): Promise<SshReport> {
    const { device } = target.ssh;
    const underWay = startPoll(clock);
    const asked = new SshPoll({ target, signal, clock }, memory);
    const outcome = await access.withSession(target.ssh, signal, async (session) => {
      const newSession = lastSessions.get(device)?.deref() !== session;
      await asked.runOn(session, newSession);
      if (asked.result === 'ok') lastSessions.set(device, new WeakRef(session));
    });
    if (outcome.kind === 'failed') asked.fail(outcome.error);
    return asked.report(underWay.times());
  }

  return { poll, forget: (device: string) => lastSessions.delete(device) };
}

interface PollParts {
  readonly target: PollTarget;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** A poll under way, and what it has seen so far. */
class SshPoll {
  readonly #parts: PollParts;
  #result: PollResult = 'ok';
  #error: string | null = null;
  #memory: PollMemory;
  readonly #observations: Observation[] = [];
  readonly #collectors = new Map<ShowCommand, CollectorResult>();
  readonly #answers: RawAnswer[] = [];

  constructor(parts: PollParts, memory: PollMemory) {
    this.#parts = parts;
    this.#memory = memory;
  }

  get result(): PollResult {
    return this.#result;
  }

  async runOn(session: DeviceSession, newSession: boolean): Promise<void> {
    const { target, clock } = this.#parts;
    const { collect, detailIntervalMs } = target;
    const interest = { collect, detailIntervalMs };
    const leading = leadingCommands({ memory: this.#memory, nowMonoMs: clock.monoMs(), ...interest });
    const lost = leading.length === 0 ? null : await this.#askEach(session, leading);
    if (lost !== null) {
      this.fail(lost);
      return;
    }
    const snapshots = await this.#askMain(session);
    if (snapshots === null) return;
    const commands = followUpCommands({
      memory: this.#memory,
      snapshots,
      newSession: newSession || target.uptimeWanted === true,
      nowMonoMs: clock.monoMs(),
      ...interest,
    });
    this.#memory = rememberShown(this.#memory, snapshots);
    if (commands.length > 0 && (await this.#askEach(session, commands)) !== null) return;
    if (showCpuIsDue(this.#memory, target.ssh.device, clock.monoMs())) await this.#askCpu(session);
  }

  fail(error: DeviceError): void {
    this.#result = error.kind;
    this.#error = error.message;
  }

  report({ startedAtMs, finishedAtMs, durationMs }: PollTimes): SshReport {
    const memory = this.#memory;
    return {
      device: this.#parts.target.ssh.device,
      startedAtMs,
      finishedAtMs,
      durationMs,
      result: this.#result,
      error: this.#error,
      observations: this.#observations,
      collectors: this.#collectors,
      answers: this.#answers,
      values: null,
      memory,
      cpuPercent: memory.cpuPercent,
    };
  }

  /** Sends the commands beside the main one, in order. Returns the error that ended the session, or null. */
  async #askEach(session: DeviceSession, commands: readonly ShowCommand[]): Promise<DeviceError | null> {
    for (const command of commands) {
      const reply = await session.run(command, this.#parts.signal);
      this.#collectors.set(command, this.#followUp(reply));
      if (reply.kind === 'failed') return reply.error;
    }
    return null;
  }

  #followUp(reply: Reply): CollectorResult {
    const { clock } = this.#parts;
    if (reply.kind === 'failed') return 'failed';
    if (reply.kind === 'rejected') {
      this.#memory = rememberRefusal(this.#memory, reply.command, clock.monoMs());
      return 'rejected';
    }
    if (this.#take(reply).kind === 'unreadable') return 'parse';
    this.#memory = rememberAnswer(this.#memory, reply.command, clock.monoMs());
    return 'ok';
  }

  /** The groups in the main answer, in whichever spelling the device accepts; null if there is no answer. */
  async #askMain(session: DeviceSession): Promise<readonly GroupSnapshot[] | null> {
    const first = this.#memory.spelling;
    for (const spelling of [first, first === 'gdoi' ? 'gkm' : 'gdoi'] as const) {
      const command = mainCommand(spelling);
      const reply = await session.run(command, this.#parts.signal);
      if (reply.kind === 'failed') {
        this.fail(reply.error);
        return null;
      }
      if (reply.kind === 'rejected') {
        this.#result = 'command';
        this.#error = `"${command}" refused: ${reply.line}`;
        if (reply.reason === 'invalid') continue;
        return null;
      }
      const reading = this.#take(reply);
      if (reading.kind === 'unreadable') {
        this.#result = 'parse';
        this.#error = `"${command}": ${reading.message}`;
        return null;
      }
      this.#result = 'ok';
      this.#error = null;
      if (spelling !== this.#memory.spelling) this.#memory = { ...this.#memory, spelling };
      return groupsOf(reading);
    }
    return null;
  }

  /**
   * Used only to slow down polls of a busy router: that it is refused, or says nothing, leaves no gap in what is known
   * of the groups.
   */
  async #askCpu(session: DeviceSession): Promise<void> {
    const reply = await session.run(SHOW_CPU, this.#parts.signal);
    if (reply.kind === 'failed') return;
    const reading = reply.kind === 'output' ? this.#take(reply) : null;
    const load = reading?.kind === 'read' ? reading.snapshots.find(({ role }) => role === 'cpu') : undefined;
    const nowMonoMs = this.#parts.clock.monoMs();
    this.#memory =
      load?.role === 'cpu'
        ? { ...rememberAnswer(this.#memory, SHOW_CPU, nowMonoMs), cpuPercent: load.oneMinutePercent }
        : { ...rememberRefusal(this.#memory, SHOW_CPU, nowMonoMs), cpuPercent: null };
  }

  #take(reply: Extract<Reply, { kind: 'output' }>): AnswerReading {
    const { command, text, logLines, sentAtMs, receivedAtMs } = reply;
    const answer: RawAnswer = { command, text, logLines, sentAtMs, receivedAtMs };
    const { reading, observations } = readAnswer(answer, this.#parts.target.ssh.device, reply.reading);
    this.#answers.push(answer);
    this.#observations.push(...observations);
    return reading;
  }
}
