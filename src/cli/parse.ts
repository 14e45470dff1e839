/** `gdoiwatch parse [FILE]`: captured CLI text to snapshots. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { Command } from 'commander';
import { systemReason } from '../kernel/system-reason.ts';
import { toDocument } from '../gdoi/events/document.ts';
import type { HealthDocument } from '../gdoi/health/health-document.ts';
import { parseCapturedText } from '../ios/captured-text.ts';
import { decodeBytes } from '../ios/paste/decode-bytes.ts';
import type { CapturedResult, Nothing, Parsed } from '../ios/text/parse-result.ts';
import { UserError } from '../kernel/user-error.ts';
import { type Clock, createSystemClock } from '../kernel/clock.ts';
import { describeSnapshot } from './text/describe-snapshot.ts';
import { healthText } from './text/health-text.ts';
import { verdictsOf } from './text/parse-verdict.ts';

/** A `show tech-support` fits; more is no capture. */
const MAX_INPUT_BYTES = 64 * 1024 * 1024;

type Captured<Kind> = Extract<CapturedResult, Kind>;
type ParsedAnswer = Captured<{ kind: 'parsed' }>;
type FailedAnswer = Captured<{ kind: 'failed' }>;

export function parseCommand(): Command {
  return new Command('parse')
    .description('parse captured CLI text: any supported command; prompts and log lines around it are allowed')
    .argument('[file]', 'file with the captured text; - or none: standard input', '-')
    .option(
      '--json',
      'print one JSON object per command: {"command", "snapshots", "unknown_lines", "device", "line", ...}',
    )
    .action(async (file: string, options: { json?: boolean }) => {
      const results = parseCapturedText(await readText(file));
      report(
        results,
        { name: file === '-' ? 'standard input' : file, asJson: options.json === true },
        createSystemClock(),
      );
    });
}

function report(
  results: readonly CapturedResult[],
  { name, asJson }: { readonly name: string; readonly asJson: boolean },
  clock: Clock,
): void {
  const answers = results.filter((result) => result.kind === 'parsed');
  const failed = results.filter((result) => result.kind === 'failed');
  const verdicts = verdictsOf(answers, clock.wallMs());
  for (const answer of answers) {
    // a router's last answer carries the verdict over all its answers
    const health = verdicts.get(answer) ?? null;
    process.stdout.write(asJson ? `${json(answer, health)}\n` : `${describe(answer)}\n`);
  }
  if (asJson) return failing(failed, answers.length > 0, name);
  for (const health of verdicts.values()) {
    // countdowns run from when the text was captured
    const atMs = health.observed_at === null ? clock.wallMs() : Date.parse(health.observed_at);
    process.stdout.write(`\n${healthText(health, atMs, { unobserved: 'when the text does not say' })}`);
  }
  failing(failed, answers.length > 0, name);
}

function failing(failed: readonly FailedAnswer[], anyAnswer: boolean, name: string): void {
  const around = anyAnswer ? failed.filter(isAround) : [];
  for (const part of around) process.stderr.write(`gdoiwatch: ${failureLine(name, part)}\n`);
  const failures = failed.filter((result) => !around.includes(result));
  if (failures.length > 0) {
    throw new UserError(
      'input_not_understood',
      failures.map((failure) => failureLine(name, failure)).join('\ngdoiwatch: '),
    );
  }
}

/** Text between the answers, and output of other commands: mentioned, but not a fault. */
function isAround({ command, reason }: FailedAnswer): boolean {
  return reason === 'not-ours' || (command === null && reason !== 'rejected');
}

function failureLine(name: string, { command, message, line }: FailedAnswer): string {
  return `${name}, line ${line}: ${command === null ? '' : `"${command}": `}${message}`;
}

function json(answer: ParsedAnswer, health: HealthDocument | null): string {
  const { command, snapshots, unnamed, unknownLines, device, line, partial, nothing, lines } = answer;
  const all = [...snapshots, ...unnamed];
  const document = toDocument({ command, snapshots: all, unknownLines, device, line, partial, nothing, lines });
  if (health === null) return JSON.stringify(document);
  return JSON.stringify({ ...document, health: health.observed_at === null ? withoutInstants(health) : health });
}

/** An instant counted from an unknown time is none. */
function withoutInstants(health: HealthDocument): HealthDocument {
  return { ...health, next: null, groups: health.groups.map((group) => ({ ...group, next: null })) };
}

const NOTHING: Readonly<Record<Nothing, string>> = {
  'nothing-configured': 'nothing configured',
  'no-snapshot': 'a known command, but no snapshot is made of it',
  'filtered-away': 'filtered output: nothing in it goes into a snapshot',
  'nothing-shown': 'nothing in it goes into a snapshot',
};

function describe(answer: ParsedAnswer): string {
  const { snapshots, unnamed, nothing, unknownLines } = answer;
  const parts = [titleOf(answer), ...[...snapshots, ...unnamed].map(describeSnapshot)];
  if (nothing !== null) parts.push(`  ${NOTHING[nothing]}`);
  if (unknownLines.length > 0) {
    const count = `${unknownLines.length} ${unknownLines.length === 1 ? 'line' : 'lines'}`;
    parts.push(`  ${count} not understood:`, ...unknownLines.map((line) => `    ${line}`));
  }
  return parts.join('\n');
}

/** `show crypto gdoi (GM1, line 3)`, `show crypto gdoi (line 1), in part: include Registration`. */
function titleOf({ command, device, line, partial }: Parsed & { device: string | null; line: number }): string {
  const place = device === null ? `line ${line}` : `${device}, line ${line}`;
  return `${command} (${place})${partial === null ? '' : `, in part: ${partial}`}`;
}

async function readText(file: string): Promise<string> {
  const input: Readable = file === '-' ? process.stdin : createReadStream(file);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const bytes of input.iterator() as AsyncIterable<Buffer>) {
      size += bytes.length;
      if (size > MAX_INPUT_BYTES)
        throw new UserError(
          'input_too_large',
          `${file}: more than ${MAX_INPUT_BYTES / 1024 / 1024} MiB, which is too large for a capture`,
        );
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError('file_unreadable', `cannot read ${file}: ${systemReason(error)}`, {
      cause: error,
    });
  }
  const decoded = decodeBytes(Buffer.concat(chunks));
  if (decoded.kind === 'refused') throw new UserError('input_not_understood', `${file}: ${decoded.message}`);
  return decoded.text;
}
