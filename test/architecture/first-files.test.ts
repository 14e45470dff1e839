import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { LONG, WAITING } from '../builders/first-files.ts';

test.each([...LONG, ...WAITING])('what begins first is there: test/%s', (name) => {
  expect(existsSync(fileURLToPath(new URL(`../${name}`, import.meta.url)))).toBe(true);
});
