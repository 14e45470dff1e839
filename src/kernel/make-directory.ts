/**
 * Directories that a user names and that need not be there yet. Made one component after the other: the recursive `mkdir`
 * of Node.js 20 never returns if a file system says "no such file" about a parent that exists, as /proc does.
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from './error-code.ts';
import { systemReason } from './system-reason.ts';

/** `mode`: of those that are made. Rejects with an error that `directoryReason` explains. */
export async function makeDirectory(directory: string, mode: number): Promise<void> {
  await made(directory, mode);
  if (!(await stat(directory)).isDirectory()) throw new Error('a file of that name is there');
}

/** Why a directory could not be made, or nothing could be written into it. */
export function directoryReason(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOTDIR':
      return 'a part of the path is a file';
    case 'ENOENT':
      return 'a directory of the path is not there, and none can be made';
    default:
      return systemReason(error);
  }
}

async function made(directory: string, mode: number): Promise<void> {
  const first = await tried(directory, mode);
  if (first === null) return;
  const parent = dirname(directory);
  if (codeOf(first) !== 'ENOENT' || parent === directory) throw first;
  await made(parent, mode);
  const again = await tried(directory, mode);
  if (again !== null) throw again;
}

/** Null: it exists now. */
async function tried(directory: string, mode: number): Promise<unknown> {
  try {
    await mkdir(directory, { mode });
    return null;
  } catch (error) {
    return codeOf(error) === 'EEXIST' ? null : error;
  }
}
