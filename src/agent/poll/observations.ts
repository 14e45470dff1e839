/** A parsed answer or SNMP reply as observations, the same for live polls and for a recorded timeline. */
import type { AnswerReading, ReadAnswer } from '../../access/answer-reading.ts';
import { SHOW_CERTIFICATES } from '../../access/show-command.ts';
import type { Observation } from '../../gdoi/seen/observation.ts';
import type { ReadAt } from '../../gdoi/seen/instant.ts';
import { MOST_LOG_MESSAGES } from '../../gdoi/seen/row-bounds.ts';
import type { GroupSnapshot } from '../../gdoi/seen/snapshot.ts';
import { parseLogMessage } from '../../ios/log/log-message.ts';
import { parseCommandOutput } from '../../ios/parse.ts';
import type { Parsed, ParseResult } from '../../ios/text/parse-result.ts';
import type { GdoiReading } from '../../mib/decode-gdoi.ts';
import type { RawAnswer } from '../../model/poll-report.ts';

/** Reads the text of a whole answer to a show command. */
export function readAnswerText(command: string, text: string): AnswerReading {
  // The session has seen the prompt after it, so the answer is whole.
  return readingOf(parseCommandOutput(command, text, 'prompt'));
}

function readingOf(parsed: ParseResult): AnswerReading {
  return parsed.kind === 'parsed' ? readOf(parsed) : { kind: 'unreadable', message: parsed.message };
}

/** Of a log the newest messages go on, often into another thread: a buffer may hold half a million. */
function readOf({ command, snapshots, unknownLines, logMessages }: Parsed): ReadAnswer {
  return {
    kind: 'read',
    command,
    snapshots: snapshots.map((snapshot) =>
      snapshot.role === 'log' ? { ...snapshot, messages: snapshot.messages.slice(-MOST_LOG_MESSAGES) } : snapshot,
    ),
    unknownLines: unknownLines.length,
    logMessages: logMessages.slice(-MOST_LOG_MESSAGES),
  };
}

export function groupsOf({ snapshots }: Pick<ReadAnswer, 'snapshots'>): readonly GroupSnapshot[] {
  // Nearly always all of them; what `filter` makes has room for sixteen more.
  return snapshots.every(isOfGroup) ? snapshots : snapshots.filter(isOfGroup);
}

function isOfGroup(snapshot: ReadAnswer['snapshots'][number]): snapshot is GroupSnapshot {
  return snapshot.role === 'gm' || snapshot.role === 'ks';
}

export function observationsOf(parsed: Parsed, source: ReadAt & { readonly device: string }): readonly Observation[] {
  return observationsOfRead(readOf(parsed), source);
}

function observationsOfRead(read: ReadAnswer, source: ReadAt & { readonly device: string }): readonly Observation[] {
  const { device, sentAtMs, receivedAtMs } = source;
  const base = { device, sentAtMs, receivedAtMs };
  const observations: Observation[] = [];
  const others = read.snapshots.filter((snapshot) => !isOfGroup(snapshot));
  const { unknownLines } = read;
  const unknown = unknownLines === 0 ? {} : { unknownLines };
  // An empty answer is an observation too: there is no group.
  if (read.command === SHOW_CERTIFICATES && others.length === 0) {
    observations.push({
      kind: 'certificates',
      certificates: { role: 'certificates', certificates: [] },
      unknownLines,
      ...base,
    });
  } else if (others.length === 0) {
    observations.push({
      kind: 'groups',
      origin: 'cli',
      command: read.command,
      snapshots: groupsOf(read),
      unknownLines,
      ...base,
    });
  }
  for (const snapshot of others) {
    if (snapshot.role === 'certificates')
      observations.push({ kind: 'certificates', certificates: snapshot, unknownLines, ...base });
    else if (snapshot.role === 'device') observations.push({ kind: 'facts', facts: snapshot, ...unknown, ...base });
    else if (snapshot.role === 'clock') observations.push({ kind: 'clock', clock: snapshot, ...unknown, ...base });
    else if (snapshot.role === 'log')
      observations.push({ kind: 'log', messages: snapshot.messages, pushed: false, ...unknown, ...base });
  }
  if (read.logMessages.length > 0) {
    observations.push({ kind: 'log', messages: read.logMessages, pushed: false, ...base });
  }
  return observations;
}

/** Messages that arrived together with an answer; empty if there were none. */
export function logObservations(
  { logLines, sentAtMs, receivedAtMs }: ReadAt & { readonly logLines: readonly string[] },
  device: string,
): readonly Observation[] {
  const messages = logLines.flatMap((line) => parseLogMessage(line) ?? []);
  return messages.length === 0 ? [] : [{ kind: 'log', device, sentAtMs, receivedAtMs, messages, pushed: true }];
}

/**
 * Reads a whole answer to a show command; from an unreadable one only the messages inside it remain. `known`: the
 * reading, if it was made before.
 */
export function readAnswer(
  answer: RawAnswer,
  device: string,
  known: AnswerReading | null = null,
): { readonly reading: AnswerReading; readonly observations: readonly Observation[] } {
  const reading = known ?? readAnswerText(answer.command, answer.text);
  const log = logObservations(answer, device);
  const { sentAtMs, receivedAtMs } = answer;
  if (reading.kind === 'unreadable') return { reading, observations: log };
  return { reading, observations: [...log, ...observationsOfRead(reading, { device, sentAtMs, receivedAtMs })] };
}

/** Result of an SNMP poll with this reading; `command`: the device does not have the MIB, or its view hides it. */
export function readingResult({ kind }: GdoiReading): 'ok' | 'command' | 'parse' {
  return kind === 'no-mib' ? 'command' : kind === 'unreadable' ? 'parse' : 'ok';
}

/** What a device showed over SNMP about itself and its groups. */
export function observationsOfReading(
  reading: GdoiReading,
  source: ReadAt & { readonly device: string },
): readonly Observation[] {
  const { device, sentAtMs, receivedAtMs } = source;
  const base = { device, sentAtMs, receivedAtMs };
  const { facts, snapshots, unknown } = reading;
  const ofDevice = facts === null ? [] : [{ kind: 'facts' as const, facts, ...base }];
  if (readingResult(reading) !== 'ok') return ofDevice;
  return [
    ...ofDevice,
    { kind: 'groups', origin: 'snmp', command: 'CISCO-GDOI-MIB', snapshots, unknownLines: unknown, ...base },
  ];
}
