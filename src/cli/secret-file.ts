/** Secrets that a command reads from a file or the environment, never from its arguments, which others can see. */
import { readFile } from 'node:fs/promises';
import { Option } from 'commander';
import { systemReason } from '../kernel/system-reason.ts';
import { Secret } from '../kernel/secret.ts';
import { UserError } from '../kernel/user-error.ts';

/** The file's text without its last line end. */
export async function secretInFile(file: string): Promise<Secret> {
  try {
    return new Secret((await readFile(file, 'utf8')).replace(/\r?\n$/, ''));
  } catch (error) {
    throw new UserError('file_unreadable', `${file} cannot be read: ${systemReason(error)}`);
  }
}

export function secretInVariable(variable: string): Secret {
  const value = process.env[variable];
  if (value === undefined || value === '') throw new UserError('secret_missing', `the variable ${variable} is not set`);
  return new Secret(value);
}

/** `--token-file FILE`, read by `readToken`. */
export function tokenFileFlag(): Option {
  return new Option('--token-file <file>', 'file with the token for the agent (or set GDOIWATCH_TOKEN)');
}

/** The token for an agent; null: none was given. */
export async function readToken(file: string | undefined): Promise<Secret | null> {
  if (file !== undefined) return secretInFile(file);
  const token = process.env['GDOIWATCH_TOKEN'];
  return token === undefined || token === '' ? null : new Secret(token);
}
