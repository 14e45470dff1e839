/**
 * A directory of the whole run, for what is dear to make and the same in every file; removed when the run is over.
 * Nothing is made here: whoever needs something first puts it there.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names it to the processes of the tests; outside of the suite there is none. */
export const RUN_DIRECTORY = 'GDOIWATCH_TEST_RUN';

export default function setup(): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-run-'));
  // PostgreSQL works in it, as another user.
  chmodSync(directory, 0o755);
  process.env[RUN_DIRECTORY] = directory;
  return () => rmSync(directory, { recursive: true, force: true });
}
