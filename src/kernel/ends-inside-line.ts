/** Is the last line of a file of lines cut short? What is appended there needs a line break first. */
import { promises as disk } from 'node:fs';
import { codeOf } from './error-code.ts';

const LINE_FEED = 10;

/** false: it is not, or there is no such file. */
export async function endsInsideLine(path: string): Promise<boolean> {
  let file: Awaited<ReturnType<typeof disk.open>>;
  try {
    file = await disk.open(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  try {
    const { size } = await file.stat();
    if (size === 0) return false;
    const last = Buffer.alloc(1);
    await file.read(last, 0, 1, size - 1);
    return last[0] !== LINE_FEED;
  } finally {
    await file.close();
  }
}
