/** Which fields of a record tell of something that happened, and which only move with each look. */

/** Whether another value is material: always, never, or as the function says. */
type FieldChange<Value> = 'always' | 'never' | ((before: Value, now: Value) => boolean);

/** Of every field of a record: a new field is decided upon here, or nothing compiles. */
export type FieldChanges<Facts> = { readonly [Field in keyof Facts]-?: FieldChange<Facts[Field]> };

type Change<Facts> = (before: Facts, now: Facts) => boolean;

/** Whether any field is materially another one. */
export function changesBy<Facts extends object>(fields: FieldChanges<Facts>): Change<Facts> {
  const changes: Change<Facts>[] = [];
  for (const name in fields) changes.push(...changeOf<Facts, typeof name>(name, fields[name]));
  return (before, now) => before !== now && changes.some((change) => change(before, now));
}

function changeOf<Facts, Field extends keyof Facts>(
  name: Field,
  change: FieldChange<Facts[Field]>,
): readonly Change<Facts>[] {
  if (change === 'never') return [];
  if (change === 'always') return [(before, now) => before[name] !== now[name]];
  return [(before, now) => before[name] !== now[name] && change(before[name], now[name])];
}

/** Of a record that may be missing: that it comes or goes is material. */
export function changesOfOptional<Facts extends object, None extends null | undefined>(
  fields: FieldChanges<Facts>,
): Change<Facts | None> {
  const changed = changesBy(fields);
  return (before, now) => (isNone(before) || isNone(now) ? isNone(before) !== isNone(now) : changed(before, now));
}

function isNone(facts: unknown): facts is null | undefined {
  return (facts ?? null) === null;
}

/** Whether an instant is another one, beyond what reading it takes. */
export function movedBeyond(withinMs: number): Change<number | null> {
  return (before, now) => (before === null || now === null ? before !== now : Math.abs(before - now) > withinMs);
}

/** Whether the texts are others, or in another order. */
export function differentTexts(before: readonly string[], now: readonly string[]): boolean {
  return before.length !== now.length || before.some((text, index) => text !== now[index]);
}
