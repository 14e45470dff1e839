/**
 * Comparing field by field: a table names every field of its type, so a new field does not compile until it is decided
 * what its change means.
 */
import type { Secret } from './secret.ts';

export type Same<Value> = (a: Value, b: Value) => boolean;

/** One comparison for each field. */
export type Fields<Whole> = { readonly [Field in keyof Whole]-?: Same<Whole[Field]> };

export const identical: Same<unknown> = (a, b) => a === b;
/** Any change is ignored. */
export const ignored: Same<unknown> = () => true;
export const absentIsNull: Same<unknown> = (a, b) => (a ?? null) === (b ?? null);
export const sameSecret: Same<Secret | null> = (a, b) => (a === null || b === null ? a === b : a.equals(b));

export function sameIn<Whole extends object>(fields: Fields<Whole>): Same<Whole> {
  return (a, b) => {
    if (a === b) return true;
    for (const name in fields) if (!fields[name](a[name], b[name])) return false;
    return true;
  };
}

export function orNull<Value>(same: Same<Value>): Same<Value | null> {
  return (a, b) => (a === null || b === null ? a === b : same(a, b));
}

/** Of two lists, item by item; an absent list is empty. */
export function sameEach<Value>(same: Same<Value>): Same<readonly Value[] | undefined> {
  return (a = [], b = []) =>
    a.length === b.length &&
    a.every((value, index) => {
      const other = b[index];
      return other !== undefined && same(value, other);
    });
}
