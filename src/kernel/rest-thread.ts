/**
 * Stops this thread for `ms`: nothing runs in it, and what comes meanwhile waits to be read together. For threads of
 * which nobody needs an answer at once.
 */
export function restThread(ms: number): void {
  Atomics.wait(NEVER_NOTIFIED, 0, 0, ms);
}

const NEVER_NOTIFIED = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
