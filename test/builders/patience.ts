/**
 * How long a test waits for what must come. Only a failing test waits so long: it has to be enough for a slow machine
 * with other work. No test judges how long something took.
 */
export const PATIENCE = { timeout: 120_000, interval: 20 } as const;

/** The same for waiting on another process: each look costs both of them work. */
export const PATIENCE_WITH_PROCESSES = { ...PATIENCE, interval: 400 } as const;

/** Longer than any single wait, so that the wait and not the runner names what did not come. */
export const TEST_TIMEOUT_MS = 300_000;

/** Looks again and again until it holds; for helpers that run outside the test runner too. */
export async function waitUntil(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const lastMs = performance.now() + PATIENCE.timeout;
  while (!(await holds())) {
    if (performance.now() > lastMs) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PATIENCE.interval));
  }
}
