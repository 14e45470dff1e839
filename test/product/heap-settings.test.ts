import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { HEAP_OPTIONS } from '../../src/product/heap-settings.ts';
import { PATIENCE } from '../builders/patience.ts';

/** Set while it runs, an option that V8 does not know is a line on stderr and nothing else. */
test.each(HEAP_OPTIONS)('V8 knows %s', (option) => {
  const { status, stderr } = spawnSync(process.execPath, [option, '--eval', ''], {
    encoding: 'utf8',
    timeout: PATIENCE.timeout,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
