/**
 * Values as documents of the contract: the same shape with snake_case names, for `parse --json`, the API and
 * recordings. Only names change; a value of `null` stays `null`.
 */

type Snake<T extends string> = T extends `${infer Head}${infer Rest}`
  ? `${Head extends Uppercase<Head> ? (Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`) : Head}${Snake<Rest>}`
  : T;

export type Document<T> = T extends readonly (infer Item)[]
  ? Document<Item>[]
  : T extends object
    ? { [Key in keyof T as Key extends string ? Snake<Key> : never]: Document<T[Key]> }
    : T;

/** `{remainingSeconds: 56}` as `{remaining_seconds: 56}`, all the way down. */
export function toDocument<T>(value: T): Document<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the mapped type says what this loop does
  return convert(value) as Document<T>;
}

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [snake(name), convert(inner)]));
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
