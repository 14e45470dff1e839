/**
 * Schema issues as problems that a person can fix: the value (unless it may be a secret), what is allowed, and what was
 * perhaps meant.
 */
import type { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import { errorAt, type Problem, quoted, type SettingPath } from './finding.ts';
import { type Wanted, wantedAt } from './wanted.ts';
import { valueAt } from './yaml-text.ts';

type Issue = z.core.$ZodIssue;

/** Settings of a credential whose value may be shown. */
const SHOWN_IN_CREDENTIALS: ReadonlySet<string> = new Set(['version', 'protocol']);

/** All problems of a value that a schema refused: `raw` is that value, as a whole. */
export function refusals(schema: z.core.$ZodType, raw: unknown, error: z.core.$ZodError): readonly Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(schema, raw, issue));
}

function problemsOfIssue(schema: z.core.$ZodType, raw: unknown, issue: Issue): readonly Problem[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  const wanted = wantedAt(schema, path, raw);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        return unknownKey([...path, key], { known: wanted?.kind === 'section' ? wanted.keys : [], raw });
      });
    case 'invalid_key': {
      const key = path.at(-1);
      return [errorAt(path, `${quoted(String(key))} is not ${issue.issues[0]?.message ?? 'a name'}`, 'key')];
    }
    default:
      return [errorAt(path, valueProblem(path, valueAt(raw, path), { issue, wanted }))];
  }
}

/** Of YAML 1.1; others' files have it. */
const MERGE_KEY = '<<';
const NO_MERGE =
  'YAML merge keys are not part of YAML 1.2: put what devices share into defaults or match; an anchor may stand for a whole value';

function unknownKey(
  path: SettingPath,
  { known, raw }: { readonly known: readonly string[]; readonly raw: unknown },
): Problem {
  const key = String(path.at(-1));
  if (known.includes(`${key}_file`)) {
    const instead = oneOfThem([`${key}_env`, `${key}_file`, `${key}_command`].filter((name) => known.includes(name)));
    return errorAt(path, `a secret does not belong in the configuration: use ${instead}`, 'key');
  }
  if (key === MERGE_KEY) return errorAt(path, NO_MERGE, 'key');
  const near = didYouMean(key, known);
  if (!mayBeShown(path, { known, near, hasValue: valueAt(raw, path) != null })) {
    return errorAt(path.slice(0, -1), `has an unknown key (not shown); allowed are ${known.join(', ')}`);
  }
  const hint = near === null ? `allowed are ${known.join(', ')}` : `did you mean ${near}?`;
  return errorAt(path, `unknown key; ${hint}`, 'key');
}

/**
 * A malformed line may have a secret as its key, in any section. A key that looks like the name of a setting is shown,
 * and one that is nearly such a name, unless a secret is expected there: `{password:, word}` makes the words of the
 * secret keys without a value.
 */
function mayBeShown(
  path: SettingPath,
  {
    known,
    near,
    hasValue,
  }: { readonly known: readonly string[]; readonly near: string | null; readonly hasValue: boolean },
): boolean {
  const key = String(path.at(-1));
  const asksForSecrets = path[0] === 'credentials' || known.some((name) => /_(?:env|file)$/.test(name));
  if (/^[a-z_]{1,40}$/.test(key)) return hasValue || near !== null || !asksForSecrets;
  return near !== null && !asksForSecrets && /^[\w-]{1,40}$/.test(key);
}

function oneOfThem(names: readonly string[]): string {
  return names.length < 3 ? names.join(' or ') : `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
}

function valueProblem(
  path: SettingPath,
  value: unknown,
  { issue, wanted }: { readonly issue: Issue; readonly wanted: Wanted | null },
): string {
  const allowed = issue.message;
  if (value === undefined) return `missing; needs ${allowed}`;
  // It is a mapping or list, but of the wrong size or content.
  const rightKind = typeof value === 'object' && (issue.code === 'custom' || issue.code === 'too_big');
  if (rightKind && value !== null) return `needs ${allowed}`;
  if (value === null) return `empty; needs ${allowed}`;
  return `${shownValue(path, value)} is not ${allowed}${advice(value, wanted)}`;
}

/** A number or yes/no where text is expected, and which would be right as text. */
function advice(value: unknown, wanted: Wanted | null): string {
  if (typeof value === 'string') return wanted?.kind === 'text' ? (wanted.advice?.(value) ?? '') : '';
  if (typeof value !== 'number' && typeof value !== 'boolean') return '';
  if (wanted?.kind === 'duration' && typeof value === 'number') return `: a number needs a unit, such as ${value}s`;
  return wanted?.kind === 'text' && wanted.accepts(String(value)) ? ': put it in quotes' : '';
}

function shownValue(path: SettingPath, value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const last = path.at(-1);
  if (path[0] === 'credentials' && !(typeof last === 'string' && SHOWN_IN_CREDENTIALS.has(last))) return 'the value';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return 'the value';
  // Somebody may have written the secret in place of the program that prints it.
  if (path.some((part) => typeof part === 'string' && part.endsWith('_command'))) return 'the value (not shown)';
  // In a web configuration file.
  if (path[0] === 'basic_auth_users' || last === 'key') return 'the value (not shown)';
  // postgres://user:password@host, even when mistyped
  if (path[0] === 'store' || value.includes('@')) return 'the value (not shown)';
  return quoted(value);
}
