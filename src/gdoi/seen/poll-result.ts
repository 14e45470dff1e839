/** Results of polls in which the device answers, and shows nothing that the agent can read of its groups. */
const MUTE: ReadonlySet<string> = new Set(['command', 'parse', 'internal']);

/** No MIB, no such command, or an answer that cannot be read: the device is there all the same. */
export function isMuteResult(result: string): boolean {
  return MUTE.has(result);
}

/** Results in which the device is there and does not let the agent in. */
const REFUSALS: ReadonlySet<string> = new Set(['auth', 'host_key', 'quarantined']);

export function isRefusalResult(result: string): boolean {
  return REFUSALS.has(result);
}
