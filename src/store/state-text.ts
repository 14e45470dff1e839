/** A state as the JSON text that is stored. */

/** Throws on what JSON cannot hold (undefined, a function): that is no state, and nothing may be stored for it. */
export function stateText(state: unknown): string {
  const text: string | undefined = JSON.stringify(state);
  if (text === undefined) throw new TypeError(`a state must be a JSON value, not ${typeof state}`);
  return text;
}
