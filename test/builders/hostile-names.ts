/** Names that a router, a file or a client may send, and that are properties of every plain object. */
import fc from 'fast-check';

export const INHERITED_NAMES: readonly string[] = [
  ...Object.getOwnPropertyNames(Object.prototype),
  ...Object.getOwnPropertyNames(Array.prototype),
  ...Object.getOwnPropertyNames(Function.prototype),
  'prototype',
  'then',
  'toJSON',
];

/** Half of them are names that every object, array or function has. */
export const anyName: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...INHERITED_NAMES),
  fc.string({ minLength: 1, maxLength: 40 }),
);
