/**
 * The recorded timeline (`record:`): JSON Lines that `replay` reads, one file a day.
 *
 * Recording must never cost a poll: lines wait in a bounded buffer. A failing disk (full, read-only) is reported once,
 * counted, and tried again a minute later; lines that do not fit are dropped and counted.
 */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_FLEET_SETTINGS } from '../../gdoi/fleet/fleet-settings.ts';
import type { EpochMs, ReadAt } from '../../gdoi/seen/instant.ts';
import type { Clock } from '../../kernel/clock.ts';
import { endsInsideLine } from '../../kernel/ends-inside-line.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { PushedMessage } from '../../access/pushed.ts';
import type { BesideTransport, PollReport } from '../../model/poll-report.ts';
import type { DeviceSettings, GroupSettings } from '../../model/fleet-step.ts';
import type { GoneFor } from './recorded-line.ts';
import { deviceSettingsLine, groupSettingsLine, type ReplaySettings, settingsOfUnknown } from './recorded-settings.ts';
import { makeRecordDirectory } from './record-directory.ts';
import { recordedInstant, recordedDocuments, recordedValues, TRAP_OID_INSTANCE } from './recorded-values.ts';

/** Characters that may wait for the disk. */
const MAX_WAITING = 16 * 1024 * 1024;
const RETRY_MS = 60_000;

export class Recorder implements AsyncDisposable {
  /** Exists: see `makeRecordDirectory`. */
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #waiting: string[] = [];
  #waitingSize = 0;
  #errors = 0;
  #dropped = 0;
  #failedAtMonoMs: number | null = null;
  #flushing: Promise<void> | null = null;
  /** Lines with the present settings, by device; those of the groups have no name. */
  readonly #settings = new Map<string, object>();
  #ofGroups: GroupSettings | null = null;
  /** The file that was written to last; null: none, or the write failed. */
  #file: string | null = null;

  constructor(options: { readonly directory: string; readonly clock: Clock; readonly logger: Logger }) {
    this.#directory = options.directory;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** Failed writes so far. */
  get errors(): number {
    return this.#errors;
  }

  /** Lines that never reached the disk. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Nothing is being written right now. */
  get idle(): boolean {
    return this.#flushing === null;
  }

  /**
   * The settings from here on. Each file begins with them, so that it can be replayed alone; a change stands where it
   * happened.
   */
  settings({ devices, ...ofGroups }: ReplaySettings): void {
    this.settingsOfGroups(ofGroups);
    for (const [device, each] of devices) this.settingsOf(device, each);
  }

  settingsOfGroups(settings: GroupSettings): void {
    this.#ofGroups = settings;
    this.#changed('', groupSettingsLine(settings));
  }

  /** The settings of one device from here on. */
  settingsOf(device: string, settings: DeviceSettings): void {
    this.#changed(device, deviceSettingsLine(device, settings));
  }

  /** The maintenance windows from here on; call it before each line that they may concern. */
  planned(maintenance: GroupSettings['maintenance']): void {
    if (this.#ofGroups === null || this.#ofGroups.maintenance === maintenance) return;
    this.settingsOfGroups({ ...this.#ofGroups, maintenance });
  }

  /** The device is no longer polled, and groups are judged without it. */
  gone(device: string, why: GoneFor, atMs: EpochMs): void {
    const fleet = this.#ofGroups?.fleet ?? DEFAULT_FLEET_SETTINGS;
    const line = this.#settings.get(device) ?? deviceSettingsLine(device, settingsOfUnknown(device, fleet));
    this.#settings.delete(device);
    // With its settings, so that a reader from before there were such lines reads those.
    this.#add({ at: recordedInstant(atMs), ...line, gone: why });
    this.#kick();
  }

  /** Another agent polls the device. */
  left(device: string): void {
    this.#settings.delete(device);
  }

  #changed(name: string, line: object): void {
    if (JSON.stringify(this.#settings.get(name)) === JSON.stringify(line)) return;
    this.#settings.set(name, line);
    if (this.#file === null) return;
    this.#add(this.#dated(line));
    this.#kick();
  }

  #dated(line: object): object {
    return { at: recordedInstant(this.#clock.wallMs()), ...line };
  }

  /** `beside`: the transport polled beside SSH, which decides; null: this poll decides itself. */
  record(report: PollReport, beside: BesideTransport | null = null): void {
    const { device, startedAtMs, finishedAtMs } = report;
    // Which lines are one poll, and when it began and ended: like the live agent, a replay concludes from the whole
    // poll.
    const poll = { poll: `${recordedInstant(startedAtMs)}/${recordedInstant(finishedAtMs)}`, ...besideMark(beside) };
    for (const answer of report.answers) {
      // `sent_at` beside the contract's `at`: a countdown was read somewhere between the two.
      const when = { ...readAt(answer), device, ...poll };
      for (const syslog of answer.logLines) this.#add({ ...when, syslog });
      this.#add({ ...when, command: answer.command, output: answer.text });
    }
    if (report.values !== null) {
      const { varbinds, emptyColumns, engine } = report.values;
      this.#add({
        ...readAt(report.values),
        device,
        ...poll,
        snmp: recordedValues(varbinds),
        ...(emptyColumns.length === 0 ? {} : { empty: emptyColumns }),
        ...(engine === null ? {} : { engine: { boots: engine.boots, time_seconds: engine.timeSeconds } }),
      });
    }
    for (const documents of report.documents ?? []) {
      if (documents.length === 0) continue;
      const sentAtMs = Math.min(...documents.map((document) => document.sentAtMs));
      const receivedAtMs = Math.max(...documents.map((document) => document.receivedAtMs));
      this.#add({ ...readAt({ sentAtMs, receivedAtMs }), device, ...poll, restconf: recordedDocuments(documents) });
    }
    // An answer that does not parse will say so itself when it is replayed.
    if (report.result !== 'ok' && report.result !== 'parse') {
      const when = readAt({ sentAtMs: startedAtMs, receivedAtMs: finishedAtMs });
      this.#add({ ...when, device, ...poll, error: report.result });
    }
    this.#kick();
  }

  /** A notification is a line of SNMP values with its snmpTrapOID. */
  recordPushed(device: string, messages: readonly PushedMessage[]): void {
    for (const message of messages) {
      const when = { at: recordedInstant(message.receivedAtMs), device };
      if (message.kind === 'syslog') this.#add({ ...when, syslog: message.text });
      else {
        const varbinds = [{ oid: TRAP_OID_INSTANCE, value: message.trapOid }, ...message.varbinds];
        this.#add({ ...when, snmp: recordedValues(varbinds) });
      }
    }
    this.#kick();
  }

  #kick(): void {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
    });
  }

  #add(line: object): void {
    const text = `${JSON.stringify(line)}\n`;
    if (this.#waitingSize + text.length > MAX_WAITING) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(text);
    this.#waitingSize += text.length;
  }

  async #flush(force = false): Promise<void> {
    const failedAt = this.#failedAtMonoMs;
    if (!force && failedAt !== null && this.#clock.monoMs() - failedAt < RETRY_MS) return;
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      this.#waitingSize = 0;
      const file = join(this.#directory, `${recordedInstant(this.#clock.wallMs()).slice(0, 10)}.jsonl`);
      try {
        const isBegun = file === this.#file;
        const settings = isBegun ? [] : this.#settingsLines();
        // What changes from here on, also while the file is being begun, is a line of its own.
        this.#file = file;
        const head = isBegun ? [] : await this.#headOf(file, settings);
        await appendFile(file, [...head, ...lines].join(''), { mode: 0o640 });
        if (this.#failedAtMonoMs !== null) this.#logger.info({ file }, 'recording goes on');
        this.#failedAtMonoMs = null;
      } catch (error) {
        this.#failed(file, lines.length, error);
        return;
      }
    }
  }

  #settingsLines(): readonly string[] {
    return Array.from(this.#settings.values(), (line) => `${JSON.stringify(this.#dated(line))}\n`);
  }

  async #headOf(file: string, settings: readonly string[]): Promise<readonly string[]> {
    // Somebody may have taken the directory away.
    await makeRecordDirectory(this.#directory);
    // A process that was killed, or a full disk, may have cut the last line short: that one alone is lost.
    return (await endsInsideLine(file)) ? ['\n', ...settings] : settings;
  }

  /** A half-written batch cannot be told from a whole one, so it is dropped rather than written twice. */
  #failed(file: string, lines: number, error: unknown): void {
    this.#errors += 1;
    this.#dropped += lines;
    this.#file = null;
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#failedAtMonoMs === null) {
      this.#logger.error({ file, reason }, 'cannot write the recording; polling goes on, next try in a minute');
    }
    this.#failedAtMonoMs = this.#clock.monoMs();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flushing;
    await this.#flush(true);
  }
}

/** SNMP used to be the only one, and is written as `true`. */
function besideMark(beside: BesideTransport | null): { readonly beside?: true | 'restconf' } {
  return beside === null ? {} : { beside: beside === 'snmp' ? true : beside };
}

function readAt({ sentAtMs, receivedAtMs }: ReadAt): { readonly at: string; readonly sent_at: string } {
  return { at: recordedInstant(receivedAtMs), sent_at: recordedInstant(sentAtMs) };
}
