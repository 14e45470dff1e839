/**
 * What the setting at a path wants, beyond the words of its error: an issue of zod carries nothing but words, so it is
 * looked up in the schema itself, along the path, and never in the words.
 */
import { z } from 'zod';
import { isMapping } from './mapping.ts';
import type { SettingPath } from './finding.ts';
import { valueAt } from './yaml-text.ts';

export type Wanted =
  | { readonly kind: 'section'; readonly keys: readonly string[] }
  | { readonly kind: 'duration' }
  | {
      readonly kind: 'text';
      readonly accepts: (value: string) => boolean;
      /** Follows the error of a text that is not accepted; empty: there is nothing to advise. */
      readonly advice?: (value: string) => string;
    };

/** A schema that is made from another one (`describe`, `refine`) wants what that one wants. */
const WANTED = z.registry<Wanted>();

export function wanting<S extends z.core.$ZodType>(schema: S, wanted: Wanted): S {
  WANTED.add(schema, wanted);
  return schema;
}

/** Null: nothing is known beyond the words. `raw`: the whole value, which decides between alternatives. */
export function wantedAt(root: z.core.$ZodType, path: SettingPath, raw: unknown): Wanted | null {
  return wantedOf(
    path.reduce<z.core.$ZodType | null>((at, key, index) => {
      return at === null ? null : below(at, key, valueAt(raw, path.slice(0, index)));
    }, root),
    valueAt(raw, path),
  );
}

/** The nearest that is registered, from the schema to what it wraps. */
function wantedOf(schema: z.core.$ZodType | null, value: unknown): Wanted | null {
  if (schema === null) return null;
  return WANTED.get(schema) ?? wantedOf(inside(schema, value), value);
}

/** The schema of a key or an entry; null: it has none. */
function below(schema: z.core.$ZodType, key: SettingPath[number], value: unknown): z.core.$ZodType | null {
  if (schema instanceof z.ZodObject) return Object.hasOwn(schema.shape, key) ? schema.shape[key] : null;
  if (schema instanceof z.ZodRecord) return schema.def.valueType;
  if (schema instanceof z.ZodArray) return schema.def.element;
  if (schema instanceof z.ZodTuple) return schema.def.items[Number(key)] ?? schema.def.rest;
  if (schema instanceof z.ZodUnion) return firstBelow(chosen(schema, value), key, value);
  const inner = inside(schema, value);
  return inner === null ? null : below(inner, key, value);
}

function firstBelow(options: readonly z.core.$ZodType[], key: SettingPath[number], value: unknown) {
  for (const option of options) {
    const found = below(option, key, value);
    if (found !== null) return found;
  }
  return null;
}

/** What a schema is around: a default, a transformation, or the only alternative for a mapping. */
function inside(schema: z.core.$ZodType, value: unknown): z.core.$ZodType | null {
  if (schema instanceof z.ZodPipe) return schema.def.in;
  if (schema instanceof z.ZodOptional) return schema.def.innerType;
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return schema.def.innerType;
  if (!(schema instanceof z.ZodUnion) || !isMapping(value)) return null;
  // Alternatives that are no mapping have words of their own for all of them.
  const [option, another] = chosen(schema, value);
  return another === undefined ? (option ?? null) : null;
}

/** Alternatives for this value: by its discriminator, or because it is a mapping as they are; otherwise all. */
function chosen(union: z.ZodUnion, value: unknown): readonly z.core.$ZodType[] {
  const { options } = union.def;
  if (!isMapping(value)) return options;
  if (!(union instanceof z.ZodDiscriminatedUnion)) {
    return options.filter((option) => wantedOf(option, value)?.kind === 'section');
  }
  const { discriminator } = union.def;
  return options.filter((option) => {
    const known: ReadonlySet<unknown> | undefined = option._zod.propValues?.[discriminator];
    return known?.has(value[discriminator]) === true;
  });
}
