/**
 * A setting that is a secret: the name of its variable (`*_env`), of its file (`*_file`), or the program that prints it
 * (`*_command`), never the secret itself.
 */
import type { Secret } from '../kernel/secret.ts';
import { errorAt, type SettingPath, type WithProblems } from './finding.ts';
import type { Mapping } from './mapping.ts';
import type { CommandLine } from './run-program.ts';
import type { SecretKind, SecretReader } from './secret-source.ts';

export interface SecretSetting {
  readonly section: Mapping;
  /** Path of the section. */
  readonly at: SettingPath;
  /** Without `_env`, `_file` and `_command`. */
  readonly key: string;
  readonly kind: SecretKind;
}

/** Undefined: not set. Null: set and wrong, which is one of the problems, here or of the reader. */
export async function readSecret(
  { section, at, key, kind }: SecretSetting,
  secrets: SecretReader,
): Promise<WithProblems<Secret | null | undefined>> {
  const { [`${key}_env`]: variable, [`${key}_file`]: file, [`${key}_command`]: command } = section;
  const given = SUFFIXES.filter((suffix) => section[`${key}${suffix}`] !== undefined).map(
    (suffix) => `${key}${suffix}`,
  );
  if (given.length > 1) {
    const problem = errorAt(at, `either ${given.join(' or ')}, not ${given.length === 2 ? 'both' : 'all'}`);
    return { value: null, problems: [problem] };
  }
  const read = () => {
    if (typeof variable === 'string') return secrets.fromEnv([...at, `${key}_env`], variable, kind);
    if (isCommandLine(command)) return secrets.fromProgram([...at, `${key}_command`], command, kind);
    return typeof file === 'string' ? secrets.fromFile([...at, `${key}_file`], file, kind) : undefined;
  };
  return { value: await read(), problems: [] };
}

const SUFFIXES = ['_env', '_file', '_command'] as const;

function isCommandLine(value: unknown): value is CommandLine {
  return Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string');
}

/** The same for a secret that has to be set. */
export async function needSecret(setting: SecretSetting, secrets: SecretReader): Promise<WithProblems<Secret | null>> {
  const { value, problems } = await readSecret(setting, secrets);
  if (value !== undefined) return { value, problems };
  const { at, key } = setting;
  return { value: null, problems: [errorAt(at, `needs ${key}_env, ${key}_file or ${key}_command`)] };
}
