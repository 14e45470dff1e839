/**
 * Puts the lines of one poll together to the report that the poll was, so that what follows cannot differ from what
 * followed live.
 */
import { isCpuCommand, isMainCommand } from '../../access/show-command.ts';
import type { EpochMs } from '../../gdoi/seen/instant.ts';
import type { Observation } from '../../gdoi/seen/observation.ts';
import { decodeGdoi } from '../../mib/decode-gdoi.ts';
import { NOTHING_LEARNT_BY_SNMP, rememberReply, type SnmpMemory } from '../../mib/snmp-memory.ts';
import type { CollectorResult, PollReport, RawAnswer, RawDocument, RawValues } from '../../model/poll-report.ts';
import { isPollResult, type PollResult } from '../../model/poll-result.ts';
import { logObservations, observationsOfReading, readAnswer, readingResult } from '../poll/observations.ts';
import { readRestconf } from '../poll/restconf-observations.ts';
import type { RecordedReport } from './recorded-line.ts';

/** What has been read of a poll so far. */
export interface PollLines {
  readonly device: string;
  readonly lines: readonly RecordedReport[];
}

/** Whether the line belongs to this poll. `to` is its newest line. */
export function continues({ device, lines }: PollLines, line: RecordedReport): boolean {
  const last = lines.at(-1);
  if (last === undefined || device !== line.device) return false;
  if (last.poll !== null || line.poll !== null) return last.poll?.name === line.poll?.name;
  // A timeline that does not tell polls apart: each has one answer that decides.
  const deciding = lines.filter(isDeciding);
  return !isDeciding(line) || deciding.length === 0 || isSameWalk(deciding, line);
}

/** Tables of one walk may have a line each: none of them comes twice. */
function isSameWalk(deciding: readonly RecordedReport[], line: RecordedReport): boolean {
  const { seen } = line;
  const [first] = deciding;
  if (seen.kind !== 'snmp' || first === undefined) return false;
  if (Math.abs(line.receivedAtMs - first.receivedAtMs) > SAME_LOOK_MS) return false;
  const known = new Set<string>();
  for (const each of deciding) {
    if (each.seen.kind !== 'snmp') return false;
    for (const { oid } of each.seen.varbinds) known.add(oid);
  }
  return seen.varbinds.every(({ oid }) => !known.has(oid));
}

function isDeciding({ seen }: RecordedReport): boolean {
  switch (seen.kind) {
    case 'output':
      return isMainCommand(seen.command);
    case 'syslog':
      return false;
    case 'snmp':
    case 'restconf':
    case 'error':
      return true;
    default:
      return seen satisfies never;
  }
}

type Outcome = Pick<PollReport, 'result' | 'error'>;

/** `memory`: what earlier SNMP answers of the device taught. */
export function reportOf(
  { device, lines }: PollLines,
  memory: SnmpMemory = NOTHING_LEARNT_BY_SNMP,
): { readonly report: PollReport; readonly memory: SnmpMemory } {
  const bySnmp = readSnmp(device, lines, memory);
  const byCli = readCli(device, lines);
  const byRestconf = readDocuments(device, lines);
  const failure = lines.map(({ seen }) => seen).find(({ kind }) => kind === 'error');
  const outcome: Outcome =
    failure?.kind === 'error'
      ? failureOf(failure.error)
      : ([bySnmp, byRestconf].find(({ outcome: { result } }) => result !== 'ok') ?? byCli).outcome;
  const poll = lines.find((line) => line.poll !== null)?.poll ?? null;
  const startedAtMs = poll?.startedAtMs ?? earliest(lines);
  const finishedAtMs = poll?.finishedAtMs ?? latest(lines);
  return {
    memory: bySnmp.memory,
    report: {
      device,
      startedAtMs,
      finishedAtMs,
      durationMs: finishedAtMs - startedAtMs,
      ...outcome,
      observations: [...byCli.observations, ...bySnmp.observations, ...byRestconf.observations],
      collectors: byCli.collectors,
      answers: byCli.answers,
      values: bySnmp.values,
      ...(byRestconf.documents.length === 0 ? {} : { documents: byRestconf.documents }),
    },
  };
}

function earliest(lines: readonly RecordedReport[]): EpochMs {
  return lines.reduce((first, { sentAtMs }) => Math.min(first, sentAtMs), Number.POSITIVE_INFINITY);
}

function latest(lines: readonly RecordedReport[]): EpochMs {
  return lines.reduce((last, { receivedAtMs }) => Math.max(last, receivedAtMs), Number.NEGATIVE_INFINITY);
}

/** An unknown error word still says that there was no answer. */
function failureOf(error: string): Outcome {
  const result: PollResult = isPollResult(error) && error !== 'ok' ? error : 'unreachable';
  return { result, error };
}

const OK: Outcome = { result: 'ok', error: null };

/** Within this time of the answer that decides, clock, log and the other tables of a walk belong to the same look. */
const SAME_LOOK_MS = 10_000;

interface ReadLine {
  readonly line: RecordedReport;
  readonly observations: readonly Observation[];
}

/** The answer is read in the light of the log, as it is live, in whichever order they were recorded. */
function logFirst(read: readonly ReadLine[]): readonly Observation[] {
  const place = read.findIndex(({ line }) => isDeciding(line));
  const untilMs = (read[place]?.line.receivedAtMs ?? -Infinity) + SAME_LOOK_MS;
  const isOfLog = ({ line, observations }: ReadLine, index: number) =>
    index > place &&
    line.receivedAtMs <= untilMs &&
    observations.length > 0 &&
    observations.every(({ kind }) => kind === 'log' || kind === 'clock');
  const before = read.slice(0, Math.max(0, place));
  const rest = read.slice(Math.max(0, place));
  const ofLog = rest.filter((each, index) => isOfLog(each, index + before.length));
  const others = rest.filter((each) => !ofLog.includes(each));
  return [...before, ...ofLog, ...others].flatMap(({ observations }) => observations);
}

function readCli(device: string, lines: readonly RecordedReport[]) {
  const observed: ReadLine[] = [];
  const answers: RawAnswer[] = [];
  const collectors = new Map<string, CollectorResult>();
  let outcome: Outcome = OK;
  let logLines: readonly string[] = [];
  for (const line of lines) {
    const { seen, sentAtMs, receivedAtMs } = line;
    if (seen.kind === 'syslog') logLines = [...logLines, seen.message];
    if (seen.kind !== 'output') continue;
    const { command, output } = seen;
    const answer: RawAnswer = { command, text: output, logLines, sentAtMs, receivedAtMs };
    logLines = [];
    const read = readAnswer(answer, device);
    answers.push(answer);
    observed.push({ line, observations: read.observations });
    const failed = read.reading.kind === 'unreadable';
    // A detail that does not parse costs only itself, as it does live.
    if (isCpuCommand(command)) continue;
    if (!isMainCommand(command)) collectors.set(command, failed ? 'parse' : 'ok');
    else outcome = failed ? { result: 'parse', error: `"${command}" does not parse` } : OK;
  }
  const last = lines.at(-1);
  const observations = [
    ...logFirst(observed),
    ...(last === undefined ? [] : logObservations({ ...last, logLines }, device)),
  ];
  return { observations, answers, collectors, outcome };
}

function readSnmp(
  device: string,
  lines: readonly RecordedReport[],
  known: SnmpMemory,
): {
  readonly memory: SnmpMemory;
  readonly outcome: Outcome;
  readonly observations: readonly Observation[];
  readonly values: RawValues | null;
} {
  const walk = lines.flatMap(({ seen, ...line }) => (seen.kind === 'snmp' ? [{ ...seen, ...line }] : []));
  if (walk.length === 0) return { memory: known, outcome: OK, observations: [], values: null };
  const sentAtMs = Math.min(...walk.map((line) => line.sentAtMs));
  const receivedAtMs = Math.max(...walk.map((line) => line.receivedAtMs));
  const values: RawValues = {
    sentAtMs,
    receivedAtMs,
    varbinds: walk.flatMap(({ varbinds }) => varbinds),
    emptyColumns: walk.flatMap(({ emptyColumns }) => emptyColumns),
    engine: walk.find(({ engine }) => engine !== null)?.engine ?? null,
  };
  const memory = rememberReply(known, values);
  const reading = decodeGdoi(values, memory);
  const result = readingResult(reading);
  const observations = observationsOfReading(reading, { device, sentAtMs, receivedAtMs });
  const outcome = result === 'ok' ? OK : { result, error: `CISCO-GDOI-MIB: ${reading.kind}` };
  return { memory, outcome, observations, values };
}

/** The first answer lists the groups, the others add to it. */
function readDocuments(
  device: string,
  lines: readonly RecordedReport[],
): {
  readonly outcome: Outcome;
  readonly observations: readonly Observation[];
  readonly documents: readonly (readonly RawDocument[])[];
} {
  const documents = lines.flatMap(({ seen }) => (seen.kind === 'restconf' ? [seen.documents] : []));
  const readings = documents.map((answer, index) =>
    index === 0
      ? readRestconf(answer, 'main', device)
      : readRestconf(documents.slice(0, index + 1).flat(), 'details', device),
  );
  const problem = readings[0]?.problem ?? null;
  const outcome: Outcome = problem === null ? OK : { result: 'parse', error: problem };
  return { outcome, observations: readings.flatMap(({ observations }) => observations), documents };
}
