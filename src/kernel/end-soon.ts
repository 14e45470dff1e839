/** The end of a command: its work is done and its result is out. */

/** For what is left to be written. */
const GRACE_MS = 3000;

/** Ends the process even if something is still open. With nothing open it ends by itself, at once. */
export function endSoon(): void {
  setTimeout(() => process.exit(), GRACE_MS).unref();
}
