/**
 * Threads that SSH sessions live in, beside the main one. What they take off it is ssh2 and reading, half of what a poll
 * costs (`npm run bench -- fleet`), so more than a few have nothing to do. Each takes some 60 MB however few its devices.
 */
import { existsSync } from 'node:fs';
import { packageFile } from '../kernel/package-file.ts';

/** What such a thread runs. Sources that were not built have it not: sessions then live in the main thread. */
const SESSION_WORKER = packageFile('dist/workers/ssh-session-worker.js');

const MOST_THREADS = 4;
const DEVICES_FOR_ANOTHER = 1_000;

/** With one core there is nobody to share with: 0, and sessions live in the main thread. */
export function sessionThreads({ cores, devices }: { readonly cores: number; readonly devices: number }): number {
  return Math.max(0, Math.min(MOST_THREADS, cores - 1, Math.ceil(devices / DEVICES_FOR_ANOTHER) || 1));
}

/** The two as access to devices takes them. */
export function sessionPlaces(around: Parameters<typeof sessionThreads>[0]): {
  readonly workers: number;
  readonly workerUrl: URL;
} {
  return { workers: existsSync(SESSION_WORKER) ? sessionThreads(around) : 0, workerUrl: SESSION_WORKER };
}
