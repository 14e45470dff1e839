import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeRecordDirectory } from '../../../src/agent/record/record-directory.ts';

test('the directory of a recording is made with those above it, once', async () => {
  const base = await mkdtemp(join(tmpdir(), 'gdoiwatch-record-'));
  try {
    await makeRecordDirectory(join(base, 'a', 'b'));
    await makeRecordDirectory(join(base, 'a', 'b'));
    expect(existsSync(join(base, 'a', 'b'))).toBe(true);
    await writeFile(join(base, 'file'), '');
    await expect(makeRecordDirectory(join(base, 'file'))).rejects.toMatchObject({
      code: 'record_inaccessible',
      message: `record: ${join(base, 'file')}: cannot be made: a file of that name is there`,
    });
    await expect(makeRecordDirectory(join(base, 'file', 'b'))).rejects.toMatchObject({ code: 'record_inaccessible' });
  } finally {
    await rm(base, { recursive: true });
  }
});

test.skipIf(!existsSync('/proc/self'))(
  'a file system that lets nobody make one is an error, and no endless try',
  async () => {
    await expect(makeRecordDirectory('/proc/rec/a')).rejects.toThrow(
      /^record: \/proc\/rec\/a: cannot be made: a directory of the path is not there, and none can be made/u,
    );
  },
);
