/** The product as a user starts it: the built command as a child process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { INHERITED } from '../builders/inherited.ts';

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Gdoiwatch implements AsyncDisposable {
  readonly #child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly finished: Promise<Finished>;

  constructor(
    args: readonly string[],
    options: {
      readonly input?: string;
      readonly env?: NodeJS.ProcessEnv;
      readonly cwd?: string;
      /** The command's file, if it is not the one that was built here. */
      readonly main?: string;
      /** Most files it may open; default: as this process. */
      readonly openFiles?: number;
      /** Where its stderr goes: a descriptor; absent: here. */
      readonly stderrTo?: number;
    } = {},
  ) {
    const { main = MAIN, openFiles } = options;
    const [command = '', ...rest] = [
      ...(openFiles === undefined ? [] : ['prlimit', `--nofile=${openFiles}`]),
      process.execPath,
      main,
      ...args,
    ];
    this.#child = spawn(command, rest, {
      env: { ...INHERITED, ...options.env },
      stdio: ['pipe', 'pipe', options.stderrTo ?? 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stdin?.end(options.input ?? '');
    this.finished = new Promise((resolve) => {
      this.#child.on('close', (status) => resolve({ status, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** The first match in what was printed so far or will be; fails with all the output if the process ends first. */
  async printed(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this[stream]);
      if (match !== null) return match;
      const ended = await Promise.race([
        this.finished.then(() => true),
        new Promise<false>((resolve) => this.#child[stream]?.once('data', () => resolve(false))),
      ]);
      const last = pattern.exec(this[stream]);
      if (last !== null) return last;
      if (ended) throw new Error(`ended without printing ${pattern}:\n${this.stdout}\n${this.stderr}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    await this.finished;
  }
}

/** Runs a command to its end. */
export function gdoiwatch(args: readonly string[], input?: string): Promise<Finished> {
  return new Gdoiwatch(args, input === undefined ? {} : { input }).finished;
}
