/** `gdoiwatch parse [FILE]`: captured CLI text to snapshots. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { Command } from 'commander';
import { toDocument } from '../gdoi/events/document.ts';
import { parseCapturedText } from '../ios/parse.ts';
import type { ParseResult } from '../ios/text/parse-result.ts';
import { UserError } from '../kernel/user-error.ts';
import { describeSnapshot } from './describe-snapshot.ts';

/** A `show tech-support` fits; more is no capture. */
const MAX_INPUT_BYTES = 64 * 1024 * 1024;

export function parseCommand(): Command {
  return new Command('parse')
    .description('parse captured CLI text: any supported command, prompts and log noise around it allowed')
    .argument('[file]', 'the captured text; - or nothing: standard input', '-')
    .option('--json', 'one JSON object a command: {"command", "snapshots", "unknown_lines"}')
    .action(async (file: string, options: { json?: boolean }) => {
      const text = await readText(file);
      const name = file === '-' ? 'standard input' : file;
      const results = parseCapturedText(text);
      const failures: string[] = [];
      for (const result of results) {
        if (result.kind === 'failed') failures.push(`${name}: ${failureLine(result)}`);
        else process.stdout.write(options.json ? `${json(result)}\n` : `${describe(result)}\n`);
      }
      if (failures.length > 0) throw new UserError('input_not_understood', failures.join('\ngdoiwatch: '));
      if (results.length === 0)
        throw new UserError('input_not_understood', `${name}: no output of a known show command in it`);
    });
}

function failureLine(result: Extract<ParseResult, { kind: 'failed' }>): string {
  return result.command === null ? result.message : `"${result.command}": ${result.message}`;
}

function json({ command, snapshots, unknownLines }: Extract<ParseResult, { kind: 'parsed' }>): string {
  return JSON.stringify(toDocument({ command, snapshots, unknownLines }));
}

function describe({ command, snapshots, unknownLines }: Extract<ParseResult, { kind: 'parsed' }>): string {
  const parts = [command, ...snapshots.map(describeSnapshot)];
  if (snapshots.length === 0) parts.push('  nothing configured');
  if (unknownLines.length > 0) {
    parts.push(`  ${unknownLines.length} lines not understood:`, ...unknownLines.map((line) => `    ${line}`));
  }
  return parts.join('\n');
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
          `${file}: more than ${MAX_INPUT_BYTES / 1024 / 1024} MiB, which is no capture`,
        );
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      'file_unreadable',
      `cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
  return Buffer.concat(chunks).toString('utf8');
}
