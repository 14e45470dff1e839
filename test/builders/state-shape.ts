/**
 * Which fields a stored state has, and what each holds: written down once more beside the type, in a form that the
 * compiler compares with it. A field that is new, gone, renamed, or of another kind does not compile until it is
 * written here too, and then a test compares the lines with those of the state's format.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Named } from '../../src/gdoi/seen/named.ts';

/** An optional field has `?` behind its name; what may be null stands in `[null, ...]`. */
export type Shape<T> = [T] extends [string | number | boolean | null]
  ? KindOf<T>
  : null extends T
    ? readonly [null, Shape<Exclude<T, null>>]
    : T extends Named<infer Value>
      ? { readonly named: Shape<Value> }
      : T extends readonly (infer Each)[]
        ? { readonly list: Shape<Each> }
        : { readonly [Field in keyof T as NameOf<T, Field>]-?: Shape<Exclude<T[Field], undefined>> };

type NameOf<T, Field extends keyof T> = Field extends string
  ? Partial<Pick<T, Field>> extends Pick<T, Field>
    ? `${Field}?`
    : Field
  : never;

type KindOf<T> = null extends T ? `${OneKind<Exclude<T, null>>} | null` : OneKind<T>;

type OneKind<T> = [T] extends [string]
  ? 'string'
  : [T] extends [number]
    ? 'number'
    : [T] extends [boolean]
      ? 'boolean'
      : [T] extends [string | number]
        ? 'string | number'
        : never;

/** The shape of `T`, when it has each field and no other one: a constant that is used in it may not have more either. */
export function shapeOf<T>(): <const Given extends Shape<T>>(
  shape: Given & (Shape<T> extends Given ? unknown : never),
) => Shape<T> {
  return (shape) => shape;
}

type AnyShape = string | readonly [null, AnyShape] | { readonly [field: string]: AnyShape };

/** One line for each field, as `groups.*.view.kek.spi: string | null`. */
export function linesOf(shape: object): readonly string[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a `Shape` holds nothing else
  return below('', shape as AnyShape).toSorted();
}

function below(path: string, shape: AnyShape): readonly string[] {
  if (typeof shape === 'string') return [`${path}: ${shape}`];
  if (isNullable(shape)) return [`${path}: null or`, ...below(path, shape[1])];
  return Object.entries(shape).flatMap(([field, of]) => {
    if (field === 'named') return below(`${path}.*`, of);
    if (field === 'list') return below(`${path}[]`, of);
    return below(path === '' ? field : `${path}.${field}`, of);
  });
}

function isNullable(shape: AnyShape): shape is readonly [null, AnyShape] {
  return Array.isArray(shape);
}

/** A state that has every field, as JSON would make it. */
export function wholeOf(shape: object): unknown {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  return valueOf(shape as AnyShape);
}

function valueOf(shape: AnyShape): unknown {
  if (typeof shape === 'string') return { string: 'a word', number: 7, boolean: true }[shape.split(' ')[0] ?? ''];
  if (isNullable(shape)) return valueOf(shape[1]);
  if (shape['named'] !== undefined) return { gm1: valueOf(shape['named']) };
  if (shape['list'] !== undefined) return [valueOf(shape['list'])];
  return Object.fromEntries(Object.entries(shape).map(([name, of]) => [name.replace('?', ''), valueOf(of)]));
}

/**
 * The lines by which states of one number would be misread: those that came or went, unless it was with an optional
 * field of which the other side knows nothing at all. That one finds it absent, or passes it over.
 */
export function misread(before: readonly string[], now: readonly string[]): readonly string[] {
  return [...notKnownTo(before, now), ...notKnownTo(now, before)];
}

function notKnownTo(known: readonly string[], lines: readonly string[]): readonly string[] {
  const optional = new Set(known.flatMap(optionalPartsOf));
  return lines.filter((line) => !known.includes(line) && optionalPartsOf(line).every((part) => optional.has(part)));
}

/** `a.b?.c?: string`: `a.b?` and `a.b?.c?`. */
function optionalPartsOf(line: string): readonly string[] {
  return Array.from(line.matchAll(/\?/gu), ({ index }) => line.slice(0, index + 1));
}

/**
 * The shape against the lines that `file` keeps of its format: what would be misread, and which optional fields are not
 * written there yet. UPDATE_GOLDENS=1 begins the file of a new format and adds optional fields; it changes no line and
 * takes none away, so that none comes back as something else.
 */
export function againstFormat(
  shape: object,
  file: URL,
): { readonly misread: readonly string[]; readonly missing: readonly string[] } {
  const now = linesOf(shape);
  const known = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  const differing = known.length === 0 ? [] : misread(known, now);
  const missing = now.filter((line) => !known.includes(line) && !differing.includes(line));
  if (process.env['UPDATE_GOLDENS'] !== '1' || differing.length > 0) return { misread: differing, missing };
  writeFileSync(file, `${[...known, ...missing].toSorted().join('\n')}\n`);
  return { misread: [], missing: [] };
}

/** A reason that a router stated, wherever a state holds one. */
export const STATED = { reason: 'string', firstStep: 'string | null', 'by?': 'string' } as const;

/** A message that proves something, wherever a state holds one. */
export const LOG_MARK = {
  proof: 'string',
  mnemonic: 'string',
  detail: 'string',
  fromMs: 'number',
  atMs: 'number',
  key: 'string',
  sources: { list: 'string' },
} as const;
