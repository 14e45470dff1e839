/** Values of YAML and JSON that are mappings: neither lists nor null. */

export type Mapping = Readonly<Record<string, unknown>>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Empty if it is not one. */
export function mappingOf(value: unknown): Mapping {
  return isMapping(value) ? value : {};
}
