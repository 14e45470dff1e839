/** The thread that computes bcrypt: one comparison at a time, so that it takes at most one core. */
import { parentPort } from 'node:worker_threads';
import { compareSync } from 'bcryptjs';
import type { Comparison, ComparisonResult } from './bcrypt-thread.ts';

parentPort?.on('message', ({ id, password, hash }: Comparison) => {
  const result: ComparisonResult = { id, same: compareSync(password, hash) };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
  parentPort?.postMessage(result);
});
