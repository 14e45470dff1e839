/** Results of polls in which the device is there and does not let the agent in. */
const REFUSALS: ReadonlySet<string> = new Set(['auth', 'host_key', 'quarantined']);

export function isRefusalResult(result: string): boolean {
  return REFUSALS.has(result);
}
