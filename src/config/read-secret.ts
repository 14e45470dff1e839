/** A setting that is a secret: the name of its variable (`*_env`) or of its file (`*_file`), never the secret itself. */
import type { Secret } from '../kernel/secret.ts';
import { errorAt, type Problem, type SettingPath } from './finding.ts';
import type { SecretKind, SecretReader } from './secret-source.ts';

/** A mapping of the file, by its keys. */
export type Settings = Readonly<Record<string, unknown>>;

export interface SecretSetting {
  readonly section: Settings;
  /** The section's place. */
  readonly at: SettingPath;
  /** Without `_env` and `_file`. */
  readonly key: string;
  readonly kind: SecretKind;
}

/** undefined: not set. null: set, and wrong, which is in `problems`. */
export async function readSecret(
  { section, at, key, kind }: SecretSetting,
  secrets: SecretReader,
  problems: Problem[],
): Promise<Secret | null | undefined> {
  const { [`${key}_env`]: variable, [`${key}_file`]: file } = section;
  if (variable !== undefined && file !== undefined) {
    problems.push(errorAt(at, `either ${key}_env or ${key}_file, not both`));
    return null;
  }
  if (typeof variable === 'string') return secrets.fromEnv([...at, `${key}_env`], variable, kind);
  return typeof file === 'string' ? secrets.fromFile([...at, `${key}_file`], file, kind) : undefined;
}

/** The same, where it has to be set. */
export async function needSecret(
  setting: SecretSetting,
  secrets: SecretReader,
  problems: Problem[],
): Promise<Secret | null> {
  const secret = await readSecret(setting, secrets, problems);
  if (secret !== undefined) return secret;
  problems.push(errorAt(setting.at, `needs ${setting.key}_env or ${setting.key}_file`));
  return null;
}
