/**
 * The building blocks of the configuration schemas. Each error text is only *what is allowed*, as a noun phrase:
 * `issue-text.ts` puts the value in front, and alone decides whether it may be shown. What it needs beyond the phrase is
 * registered for the schema (`wanted.ts`): nothing is decided by the phrase.
 */
import { z } from 'zod';
import { isHost } from './address.ts';
import { quoted } from './finding.ts';
import { parseDuration } from './schedule.ts';
import { wanting } from './wanted.ts';

/** An object that refuses unknown keys and says which ones it knows. */
export function section<S extends z.ZodRawShape>(shape: S) {
  const keys = Object.keys(shape);
  const schema = z.strictObject(shape, { error: `a mapping of ${keys.join(', ')}` });
  return wanting(schema, { kind: 'section', keys });
}

/** Text that `accepts`; `allowed` is the noun phrase of its error, and what `advice` says of a wrong one follows it. */
export function text(allowed: string, accepts: (value: string) => boolean, advice?: (value: string) => string) {
  const schema = z.string({ error: () => allowed }).refine(accepts, { error: allowed, abort: true });
  return wanting(schema, { kind: 'text', accepts, ...(advice !== undefined && { advice }) });
}

/** Text that `parse` turns into a value; null refuses it. */
export function parsed<T>(allowed: string, parse: (value: string) => T | null) {
  return z.string({ error: () => allowed }).transform((value, context): T => {
    const result = parse(value);
    if (result !== null) return result;
    context.issues.push({ code: 'custom', message: allowed, input: value });
    return z.NEVER;
  });
}

export function wholeNumber(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function oneOf<const V extends readonly string[]>(values: V) {
  return z.enum(values, { error: `one of ${values.join(', ')}` });
}

export function duration(min: string, max: string) {
  const minMs = parseDuration(min) ?? 0;
  const maxMs = parseDuration(max) ?? 0;
  const schema = parsed(`a duration (30s, 5m) from ${min} to ${max}`, (value) => {
    const ms = parseDuration(value);
    return ms === null || ms < minMs || ms > maxMs ? null : ms;
  });
  return wanting(schema, { kind: 'duration' });
}

// oxlint-disable-next-line no-control-regex -- control characters are what is refused
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
export const printable = (max: number) => (value: string) =>
  value.length > 0 && value.length <= max && !CONTROL.test(value);

export const isFilePath = printable(4096);
export const path = text('a file path', isFilePath);
export const envName = text('the name of an environment variable', (value) =>
  /^[A-Za-z_][A-Za-z0-9_]{0,255}$/.test(value),
);
export const HOST = 'a host name or IP address';
export const host = text(HOST, isHost, hostAdvice);

/** ssh://192.0.2.1, 192.0.2.1:22, [2001:db8::1]: the host, and what is not part of it. */
function hostAdvice(value: string): string {
  const bare = value
    .replace(/^[a-z]{1,16}:\/\//i, '')
    .replace(/\/$/, '')
    .replace(/:\d{1,5}$/, '')
    .replace(/^\[([^\]]{1,64})\]$/, '$1');
  return isHost(bare) && bare !== value ? `: write only ${quoted(bare)}; the port has its own key` : '';
}

/** Names appear in label values and URL paths. */
export const name = text(
  'a name (letters, digits and . _ - : after a first letter, digit or _, at most 128)',
  (value) => /^[A-Za-z0-9_][A-Za-z0-9._:-]{0,127}$/.test(value),
);
export const userName = text('a user name', printable(128));

/** A program that prints a secret, and its arguments: no shell reads them. */
const MAX_WORDS = 64;
const COMMAND = { error: `a list of a program and its arguments ([program, args...]), at most ${MAX_WORDS}` };
export const command = z
  .tuple(
    [text(COMMAND.error, printable(4096))],
    text(COMMAND.error, (value) => value.length <= 4096),
    COMMAND,
  )
  .refine((words) => words.length <= MAX_WORDS, COMMAND);
export const printing = (what: string) =>
  command.describe(`Program that prints ${what}, as in password_command`).optional();
