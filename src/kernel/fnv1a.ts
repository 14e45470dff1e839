/**
 * FNV-1a with 32 bits, over UTF-16 units: a number that is the same for the same text in every process. Quick and
 * evenly spread below small numbers; no defence against who chooses texts that meet.
 */
const PRIME = 0x01000193;

export const FNV_BASIS = 0x811c9dc5;

/** The hash with one unit more. */
export function fnv1aStep(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, PRIME);
}

/** From 0 to 2^32 - 1. Two hashes of one text from different bases do not hang together. */
export function fnv1a(text: string, basis = FNV_BASIS): number {
  let hash = basis;
  for (let at = 0; at < text.length; at += 1) hash = fnv1aStep(hash, text.charCodeAt(at));
  return hash >>> 0;
}
