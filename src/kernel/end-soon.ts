/** The end of a command: its work is done and its result is out. */

/** For what is left to be written. */
const GRACE_MS = 3000;

/** Nothing that is still open may keep a command that is over: without anything open the process ends at once. */
export function endSoon(): void {
  setTimeout(() => process.exit(), GRACE_MS).unref();
}
