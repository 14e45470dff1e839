/**
 * The directory of `record:`, created before the agent starts. Created one component after the other: the recursive
 * `mkdir` of Node.js 20 never returns if a file system says "no such file" about a parent that exists, as /proc does.
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../../kernel/user-error.ts';

export async function makeRecordDirectory(directory: string): Promise<void> {
  try {
    await made(directory);
    if (!(await stat(directory)).isDirectory()) throw new Error('a file of that name is there');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError('record_inaccessible', `record: ${directory}: cannot be made: ${reason}`, { cause: error });
  }
}

async function made(directory: string): Promise<void> {
  const first = await tried(directory);
  if (first === null) return;
  const parent = dirname(directory);
  if (codeOf(first) !== 'ENOENT' || parent === directory) throw first;
  await made(parent);
  const again = await tried(directory);
  if (again !== null) throw again;
}

/** Null: it exists now. */
async function tried(directory: string): Promise<unknown> {
  try {
    await mkdir(directory, { mode: 0o750 });
    return null;
  } catch (error) {
    return codeOf(error) === 'EEXIST' ? null : error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}
