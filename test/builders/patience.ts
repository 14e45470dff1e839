/**
 * How long a test waits for what must come. Only a failing test waits so long: what a machine needs on a bad day, with
 * other work beside it, has to fit in. No test judges by how long something took on the machine that runs it.
 */
export const PATIENCE = { timeout: 120_000, interval: 20 } as const;

/** The same for what another process is asked: each look costs both of them work. */
export const PATIENCE_WITH_PROCESSES = { ...PATIENCE, interval: 200 } as const;

/** Longer than any single wait, so that what did not come is named by the wait and not by the runner. */
export const TEST_TIMEOUT_MS = 300_000;
