/**
 * Values by a name that came from outside: groups, devices, members, labels. Devices are not trusted, and a group may
 * be called `__proto__` or `constructor`; a plain object answers to such names with what every object inherits, a map
 * does not. As JSON it is an object with one property for each name, so that states read as they always did.
 */

/** Never changed in place. A plain `Map` is none: `JSON.stringify` would write it as `{}` and lose it. */
export interface Named<T> extends ReadonlyMap<string, T> {
  toJSON(): object;
}

class NamedMap<T> extends Map<string, T> implements Named<T> {
  toJSON(): object {
    const json: object = Object.create(null);
    // A property of its own whatever its name, with no setter in the way.
    for (const [name, value] of this) Object.defineProperty(json, name, { value, enumerable: true });
    return json;
  }
}

/** Later entries of a name replace earlier ones. */
export function named<T>(entries: Iterable<readonly [name: string, value: T]> = []): Named<T> {
  return new NamedMap(entries);
}

/** A copy to be filled: as `Named` it is changed no more. */
export function namedCopy<T>(values: Named<T>): Map<string, T> & Named<T> {
  return new NamedMap(values);
}

/** Each value changed, its name and place kept. */
export function mapNamed<T, U>(values: Named<T>, change: (value: T, name: string) => U): Named<U> {
  return named(Array.from(values, ([name, value]) => [name, change(value, name)]));
}

/** What `toJSON` wrote, parsed again: its own properties and nothing inherited. No object: nothing. */
export function namedOfJson(json: unknown): Named<unknown> {
  return named(typeof json === 'object' && json !== null && !Array.isArray(json) ? Object.entries(json) : []);
}
