/**
 * Runs a program that prints a secret: no shell, empty standard input, limited time and output. At a limit, the program
 * and the processes it started are killed. Its standard error is not read: it may contain the secret.
 */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock } from '../kernel/clock.ts';

/** A program and its arguments. */
export type CommandLine = readonly [string, ...string[]];

interface ProgramSurroundings {
  readonly clock: Clock;
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

type ProgramAnswer =
  | { readonly kind: 'printed'; readonly bytes: Uint8Array }
  /** `reason`: the end of `"vault" ...`. */
  | { readonly kind: 'failed'; readonly reason: string };

export type RunProgram = (command: CommandLine, around: ProgramSurroundings) => Promise<ProgramAnswer>;

/** A person waits for the start, and a login for the answer. */
const PROGRAM_SECONDS = 10;
/** The same as for a secret's file. */
export const MAX_PROGRAM_BYTES = 64 * 1024;

export const runProgram: RunProgram = ([program, ...args], { clock, directory, env }) =>
  new Promise((resolve) => {
    const over = new AbortController();
    const finish = (answer: ProgramAnswer) => {
      over.abort();
      resolve(answer);
    };
    // In a process group of its own, so that what a script started ends with it.
    const child = spawn(program, args, {
      cwd: directory,
      env: { ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
      shell: false,
    });
    const kill = (reason: string) => {
      killGroup(child.pid);
      child.stdout.destroy();
      finish({ kind: 'failed', reason });
    };
    const chunks = collect(child.stdout, () => kill(`printed more than ${MAX_PROGRAM_BYTES} bytes`));
    clock.sleep(PROGRAM_SECONDS * 1000, over.signal).then(
      () => kill(`did not end within ${PROGRAM_SECONDS} s`),
      () => undefined,
    );
    child.once('error', (error: NodeJS.ErrnoException) => finish({ kind: 'failed', reason: startFailure(error) }));
    child.once('close', (status, signal) => {
      if (status === 0) finish({ kind: 'printed', bytes: Buffer.concat(chunks) });
      else {
        const how = signal === null ? `ended with status ${status ?? 'unknown'}` : `was killed by ${signal}`;
        finish({ kind: 'failed', reason: `${how}; run it by hand to see why` });
      }
    });
  });

function collect(stream: Readable, onTooMuch: () => void): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let size = 0;
  stream.on('data', (chunk: Uint8Array) => {
    size += chunk.length;
    if (size > MAX_PROGRAM_BYTES) onTooMuch();
    else chunks.push(chunk);
  });
  return chunks;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function startFailure({ code }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'cannot be run: no such program';
  if (code === 'EACCES') return 'cannot be run: permission denied';
  return `cannot be run: ${code ?? 'unknown reason'}`;
}
