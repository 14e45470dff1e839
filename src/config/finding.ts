/** What is wrong or doubtful in a configuration file: always one line, never with a secret in it. */

/** Keys and list indexes from the top of the file. */
export type SettingPath = readonly (string | number)[];

/** A finding without its place in the file. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly path: SettingPath;
  /** Whether the key or its value is wrong. */
  readonly on: 'key' | 'value';
  readonly message: string;
}

/**
 * The value of a part of the file, and what is wrong or doubtful about that part, in the order in which it was found.
 */
export interface WithProblems<Value> {
  readonly value: Value;
  readonly problems: readonly Problem[];
}

export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** Counted from 1, like `column`; null if there is no such place. */
  readonly line: number | null;
  readonly column: number | null;
  /** `devices[3].interval`; empty for the file as a whole. */
  readonly path: string;
  /** The value and what is allowed: `"soon" is not a duration (30s, 5m) or a cron expression`. */
  readonly message: string;
}

export function hasError(problems: readonly Pick<Problem, 'severity'>[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}

/** The problems of several parts, one part after the other. */
export function problemsOf(parts: readonly { readonly problems: readonly Problem[] }[]): readonly Problem[] {
  return parts.flatMap(({ problems }) => problems);
}

export function errorAt(path: SettingPath, message: string, on: Problem['on'] = 'value'): Problem {
  return { severity: 'error', path, on, message };
}

export function warningAt(path: SettingPath, message: string, on: Problem['on'] = 'value'): Problem {
  return { severity: 'warning', path, on, message };
}

/** The line for a person: `gdoiwatch.yml:12:15: devices[3].interval: "soon" is not a duration ...`. */
export function findingLine(finding: Finding): string {
  const place =
    finding.line === null || finding.column === null
      ? finding.file
      : `${finding.file}:${finding.line}:${finding.column}`;
  return `${place}: ${finding.path === '' ? '' : `${finding.path}: `}${finding.message}`;
}

/** `devices[3].labels["a b"]`. */
export function pathText(path: SettingPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]{0,127}$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${quoted(part)}]`;
  }
  return text;
}

const LONGEST_SHOWN = 80;

/** A file's text on one line: quoted, bounded, without characters that could control a terminal. */
export function quoted(text: string): string {
  const shown = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text;
  return JSON.stringify(shown).replaceAll(
    /[\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
