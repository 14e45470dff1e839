/**
 * What a command tells, and its exit status, without a process for each: to start one takes more than most commands do.
 * That the built command starts, tells the same and ends is tested in test/e2e.
 */
import { vi } from 'vitest';
import { runCommandLine } from '../../src/cli/command-line.ts';
import type { Finished } from '../e2e/gdoiwatch.ts';

/** One after the other only: what is printed meanwhile is taken to be the command's. */
export async function told(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  const printed = { stdout: '', stderr: '' };
  const before = process.exitCode;
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const writers = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      printed[name] += String(text);
      return true;
    }),
  );
  process.exitCode = 0;
  try {
    await runCommandLine(words);
    return { status: statusNow(), ...printed };
  } finally {
    process.exitCode = before;
    for (const writer of writers) writer.mockRestore();
    vi.unstubAllEnvs();
  }
}

/** The command has changed it meanwhile. */
const statusNow = () => Number(process.exitCode);
