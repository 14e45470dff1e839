/**
 * A directory for the whole run, for what is expensive to make and the same in every file; removed at the end of the
 * run. The first test that needs something puts it there.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Passes its name to the processes of the tests; unset outside of the suite. */
export const RUN_DIRECTORY = 'GDOIWATCH_TEST_RUN';

export default function setup(): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-run-'));
  // PostgreSQL works in it, as another user.
  chmodSync(directory, 0o755);
  process.env[RUN_DIRECTORY] = directory;
  return () => rmSync(directory, { recursive: true, force: true });
}
