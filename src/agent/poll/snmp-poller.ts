/**
 * One SNMP poll of one device: read what is needed, decode, report observations and the result. The report is the same
 * as that of an SSH poll, so nothing after it needs to know the transport.
 */
import type { SnmpAccess, SnmpTarget } from '../../access/device-snmp.ts';
import { decodeGdoi, type GdoiReading } from '../../mib/decode-gdoi.ts';
import { followUpRequest, gdoiRequest, type PolledRole } from '../../mib/gdoi-request.ts';
import type { GdoiReply } from '../../mib/gdoi-reply.ts';
import { withLaterSequence } from '../../mib/rekey-under-way.ts';
import { rememberReply, type SnmpMemory } from '../../mib/snmp-memory.ts';
import type { Clock } from '../../kernel/clock.ts';
import { observationsOfReading, readingResult } from './observations.ts';
import { startPoll } from './poll-times.ts';
import type { PollReport } from '../../model/poll-report.ts';

export interface SnmpReport extends PollReport {
  readonly memory: SnmpMemory;
}

type Outcome = Pick<SnmpReport, 'result' | 'error' | 'observations' | 'values' | 'memory' | 'cpuPercent'>;

function unusable({ kind, problems }: GdoiReading): string {
  if (kind !== 'no-mib') return `CISCO-GDOI-MIB: ${problems.join('; ')}`;
  return 'CISCO-GDOI-MIB: nothing of it answers; the image has none, or the SNMP view hides it';
}

export function createSnmpPoller(deps: { readonly access: SnmpAccess; readonly clock: Clock }) {
  const { access, clock } = deps;

  async function poll(
    target: SnmpTarget,
    role: PolledRole,
    memory: SnmpMemory,
    signal: AbortSignal,
  ): Promise<SnmpReport> {
    const underWay = startPoll(clock);
    const outcome = await ask(target, role, memory, signal);
    return {
      device: target.device,
      ...underWay.times(),
      collectors: new Map(),
      answers: [],
      ...outcome,
    };
  }

  async function ask(target: SnmpTarget, role: PolledRole, memory: SnmpMemory, signal: AbortSignal): Promise<Outcome> {
    const reply = await access.read(target, gdoiRequest(memory, role, clock.wallMs()), signal);
    if (reply.kind === 'failed') {
      const { kind, message } = reply.error;
      return { result: kind, error: message, observations: [], values: null, memory };
    }
    const { sentAtMs, receivedAtMs, engine } = reply;
    const taught = await followUp(target, rememberReply(memory, reply), signal);
    const { first, others } = withLaterSequence(reply.varbinds, taught.varbinds);
    const reading = decodeGdoi({ ...reply, varbinds: first }, taught.memory);
    const varbinds = [...first, ...others];
    const emptyColumns = [...reply.emptyColumns, ...taught.emptyColumns];
    const values = { sentAtMs, receivedAtMs, varbinds, emptyColumns, engine };
    const outcome = { values, memory: taught.memory, cpuPercent: taught.memory.cpu?.percent ?? null };
    const result = readingResult(reading);
    const observations = observationsOfReading(reading, { device: target.device, sentAtMs, receivedAtMs });
    return { ...outcome, result, error: result === 'ok' ? null : unusable(reading), observations };
  }

  /**
   * A new group or key gets its name at once, and a rekey that may have come meanwhile is looked for. If that fails,
   * the next poll asks again.
   */
  async function followUp(
    target: SnmpTarget,
    memory: SnmpMemory,
    signal: AbortSignal,
  ): Promise<Pick<GdoiReply, 'varbinds' | 'emptyColumns'> & { readonly memory: SnmpMemory }> {
    const request = followUpRequest(memory);
    const reply = request === null ? null : await access.read(target, request, signal);
    if (reply === null || reply.kind === 'failed') return { memory, varbinds: [], emptyColumns: [] };
    const { emptyColumns, varbinds } = reply;
    return { memory: rememberReply(memory, reply), varbinds, emptyColumns };
  }

  return poll;
}
