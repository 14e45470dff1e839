/** Results of polls in which the device answers, and shows nothing that the agent can read of its groups. */
const MUTE: ReadonlySet<string> = new Set(['command', 'parse', 'internal']);

/** No MIB, no such command, or what cannot be read: it is there all the same. */
export function isMuteResult(result: string): boolean {
  return MUTE.has(result);
}
