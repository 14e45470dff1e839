/**
 * The configuration as Markdown tables, one for each section of the file, from the schema alone: keys and descriptions
 * as they stand there, what a key takes in the words of its own error.
 */
import { z } from 'zod';
import { configSchema } from '../../src/config/schema.ts';
import { code, table } from './generated-part.ts';

interface Key {
  readonly path: string;
  readonly takes: string;
  /** As in the file; empty: it has none. */
  readonly fallback: string;
  readonly description: string;
}

/** What a key is given that says nothing itself. */
interface Fallbacks {
  of(key: string): string;
}

const NO_FALLBACKS: Fallbacks = { of: () => '' };

export function configurationReference(): string {
  const { shape } = configSchema;
  const single: Key[] = [];
  const sections: string[] = [];
  for (const [name, schema] of Object.entries(shape)) {
    const keys = keysOf(name, schema, name === 'devices' ? OF_DEFAULTS : NO_FALLBACKS);
    const [first] = keys;
    if (first !== undefined && keys.length === 1 && first.path === name) single.push(first);
    else sections.push(`## ${name}\n\n${sentence(unwrapped(schema).description)}${tableOf(keys)}`);
  }
  return [`## Top level\n\n${tableOf(single)}`, ...sections].join('\n\n');
}

function tableOf(keys: readonly Key[]): string {
  return table(
    ['key', 'takes', 'default', 'meaning'],
    keys.map(({ path, takes, fallback, description }) => [code(path), takes, fallback, description]),
  );
}

function sentence(description: string): string {
  return description === '' ? '' : `${description}.\n\n`;
}

/** A device says what `defaults` or `ssh` say for all. */
const OF_DEFAULTS: Fallbacks = {
  of(key) {
    const defaults = unwrapped(configSchema.shape.defaults).schema;
    const ssh = unwrapped(configSchema.shape.ssh).schema;
    const has = (schema: z.ZodType) => schema instanceof z.ZodObject && key in schema.shape;
    return has(defaults) ? 'as in `defaults`' : has(ssh) ? 'as in `ssh`' : '';
  },
};

interface Unwrapped {
  readonly schema: z.ZodType;
  readonly description: string;
  readonly optional: boolean;
  readonly fallback: unknown;
}

/** Without what makes a schema optional, gives it a default or turns its value into another. */
function unwrapped(wrapped: z.ZodType): Unwrapped {
  let schema = wrapped;
  let description = '';
  let optional = false;
  let fallback: unknown;
  for (;;) {
    description ||= schema.description ?? '';
    if (schema instanceof z.ZodOptional) optional = true;
    else if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) fallback ??= schema.def.defaultValue;
    else if (!(schema instanceof z.ZodPipe)) return { schema, description, optional, fallback };
    const inner = schema instanceof z.ZodPipe ? schema.def.in : schema.def.innerType;
    schema = inner as z.ZodType;
  }
}

function keysOf(path: string, wrapped: z.ZodType, fallbacks: Fallbacks): readonly Key[] {
  const { schema, description, optional, fallback } = unwrapped(wrapped);
  if (schema instanceof z.ZodObject) return membersOf(path, schema, fallbacks);
  if (schema instanceof z.ZodRecord && isSection(schema.valueType)) {
    return keysOf(`${path}.NAME`, schema.valueType as z.ZodType, fallbacks);
  }
  if (schema instanceof z.ZodArray && isSection(schema.element)) {
    return keysOf(`${path}[]`, schema.element as z.ZodType, fallbacks);
  }
  if (schema instanceof z.ZodDiscriminatedUnion) {
    return (schema.options as readonly z.ZodType[]).flatMap((option) => variantKeys(path, option));
  }
  const own = fallbacks.of(path.replace(/^.*[.\]]/, ''));
  const told = fallback === undefined ? own || (optional ? '' : '**required**') : code(asInFile(fallback));
  return [{ path, takes: taken(schema), fallback: told, description }];
}

function membersOf(path: string, schema: z.ZodObject, fallbacks: Fallbacks): readonly Key[] {
  return Object.entries(schema.shape).flatMap(([key, member]) =>
    keysOf(`${path}.${key}`, member as z.ZodType, fallbacks),
  );
}

/** `snmp: { version: 2c, ... }`: keys of an alternative, with the version that has them. */
function variantKeys(path: string, option: z.ZodType): readonly Key[] {
  if (!(option instanceof z.ZodObject)) throw new Error(`${path}: an alternative that is no section`);
  const literals = Object.values(option.shape).flatMap((member) =>
    member instanceof z.ZodLiteral ? [member.value] : [],
  );
  return membersOf(path, option, NO_FALLBACKS).map((key) => ({
    ...key,
    description: [`With version ${literals.join()}.`, key.description].join(' ').trim(),
  }));
}

function isSection(schema: unknown): boolean {
  return schema instanceof z.ZodType && unwrapped(schema).schema instanceof z.ZodObject;
}

/** What the error for a wrong value says is allowed. */
function taken(schema: z.ZodType): string {
  if (schema instanceof z.ZodLiteral) return code(String(schema.value));
  const wrong = schema.safeParse(Symbol('of no type'));
  if (wrong.success) throw new Error('a key that takes everything');
  return wrong.error.issues[0]?.message ?? '';
}

function asInFile(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
