/**
 * A state as stored text: a checksum, a blank, and its JSON. A flipped bit seldom makes JSON unreadable, and a readable
 * wrong state would mislead for as long as the device lives.
 */
import { crc32 } from 'node:zlib';

/** States parsed before other work gets its turn. */
export const LOAD_STEP_STATES = 500;

/** Throws for what JSON cannot express (undefined, a function): that is no state, and must not be stored. */
export function stateText(state: unknown): string {
  const json: string | undefined = JSON.stringify(state);
  if (json === undefined) throw new TypeError(`a state must be a JSON value, not ${typeof state}`);
  return `${sumOf(json)} ${json}`;
}

export type StoredState = { readonly kind: 'whole'; readonly state: unknown } | { readonly kind: 'damaged' };

/** Reads what `stateText` wrote, or an older store's plain JSON. */
export function stateOfText(text: string): StoredState {
  const [sum, json] = /^([0-9a-f]{8}) /.test(text) ? [text.slice(0, 8), text.slice(9)] : ['', text];
  if (sum !== '' && sum !== sumOf(json)) return { kind: 'damaged' };
  try {
    return { kind: 'whole', state: JSON.parse(json) };
  } catch {
    return { kind: 'damaged' };
  }
}

function sumOf(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}
