/**
 * A directory for the whole run: its temporary files, and what is expensive to make and the same in every file; removed
 * at the end of the run. The first test that needs something puts it there.
 *
 * It is in memory where the machine has room for that. Tests make and remove databases of a thousand files each, and
 * none of them cuts the power: on a busy disk the tests of stores and clusters took a quarter more CPU.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Passes its name to the processes of the tests; unset outside of the suite. */
export const RUN_DIRECTORY = 'GDOIWATCH_TEST_RUN';

const MEMORY = '/dev/shm';
/** Ten times what a run had in its directory at most. */
const ENOUGH_BYTES = 4e9;

export default function setup(): () => void {
  const before = process.env['TMPDIR'];
  const directory = newDirectory(hasRoomInMemory() ? MEMORY : tmpdir());
  process.env[RUN_DIRECTORY] = directory;
  process.env['TMPDIR'] = directory;
  return () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(directory, { recursive: true, force: true });
  };
}

/** Named for the process whose it is. */
function newDirectory(parent: string): string {
  const directory = mkdtempSync(join(parent, `gdoiwatch-run-${process.pid}-`));
  // PostgreSQL works in it, as another user.
  chmodSync(directory, 0o755);
  return directory;
}

/** Containers often have little, and no program may be started from it. */
function hasRoomInMemory(): boolean {
  if (!existsSync(MEMORY)) return false;
  removeLeft();
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize >= ENOUGH_BYTES && startsPrograms(MEMORY);
}

/** What runs left that were killed. */
function removeLeft(): void {
  for (const name of readdirSync(MEMORY)) {
    const owner = /^gdoiwatch-run-(\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !existsSync(join('/proc', owner))) rmSync(join(MEMORY, name), { recursive: true });
  }
}

function startsPrograms(parent: string): boolean {
  let directory: string | null = null;
  try {
    directory = newDirectory(parent);
    const program = join(directory, 'program');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
    execFileSync(program);
    return true;
  } catch {
    return false;
  } finally {
    if (directory !== null) rmSync(directory, { recursive: true });
  }
}
