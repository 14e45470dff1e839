/**
 * FNV-1a with 32 bits, over UTF-16 units: the same number for the same text in every process. Fast, and evenly spread
 * over small ranges; no defence against someone who chooses texts that collide.
 */
const PRIME = 0x01000193;

export const FNV_BASIS = 0x811c9dc5;

/** The hash extended by one unit. */
export function fnv1aStep(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, PRIME);
}

/** From 0 to 2^32 - 1. Hashes of one text from different bases are unrelated. */
export function fnv1a(text: string, basis = FNV_BASIS): number {
  let hash = basis;
  for (let at = 0; at < text.length; at += 1) hash = fnv1aStep(hash, text.charCodeAt(at));
  return hash >>> 0;
}
