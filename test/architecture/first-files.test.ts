import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { LAST, LONG, WAITING } from '../builders/first-files.ts';

test.each([...LONG, ...WAITING, ...LAST])('what begins first or last is there: test/%s', (name) => {
  expect(existsSync(fileURLToPath(new URL(`../${name}`, import.meta.url)))).toBe(true);
});
