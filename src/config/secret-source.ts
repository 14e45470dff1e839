/** Secrets from where the configuration says they are: environment variables and files. */
import { resolve } from 'node:path';
import { Secret } from '../kernel/secret.ts';
import { errorAt, type Problem, quoted, type SettingPath, warningAt } from './finding.ts';
import { type ReadFile, readText } from './read-file.ts';

/** Larger than any key. */
const MAX_SECRET_BYTES = 64 * 1024;
const READABLE_BY_ALL = 0o004;

export interface SecretSource {
  /** Where `*_env` settings are looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: ReadFile;
  /** What relative paths start from. */
  readonly directory: string;
}

/** A line that is sent to a device: IOS would take a second line for a command. */
export type SecretKind = 'line' | 'private key' | 'snmp password';

/** RFC 3414, section 11.2: shorter ones must not be used, and agents refuse them. */
const SHORTEST_SNMP_PASSWORD = 8;

/** Reads secrets of one load: each file once, findings into `problems`. */
export class SecretReader {
  readonly #source: SecretSource;
  readonly #problems: Problem[];
  readonly #files = new Map<string, Promise<FileSecret>>();
  readonly #warned = new Set<string>();

  constructor(source: SecretSource, problems: Problem[]) {
    this.#source = source;
    this.#problems = problems;
  }

  /** null: not set, which is for the caller to judge, or wrong, which is a problem already. */
  fromEnv(path: SettingPath, variable: string, kind: SecretKind): Secret | null {
    const { env } = this.#source;
    // `toString` is no variable, whatever the object of them inherits.
    const value = Object.hasOwn(env, variable) ? env[variable] : undefined;
    // A password written here by mistake is seldom all upper case; then it is not repeated.
    const shown = /^[A-Z][A-Z0-9_]*$/.test(variable) ? `environment variable ${variable}` : 'the environment variable';
    if (value === undefined) return this.#refuse(path, `${shown} is not set`);
    return this.#checked(path, shown, value, kind);
  }

  /** Where the user's SSH agent listens. null: nowhere, which is a problem already. */
  agentSocket(path: SettingPath): string | null {
    const socket = this.#source.env['SSH_AUTH_SOCK'];
    if (socket !== undefined && socket !== '') return socket;
    this.#problems.push(errorAt(path, 'an SSH agent is wanted, and SSH_AUTH_SOCK is not set'));
    return null;
  }

  async fromFile(path: SettingPath, file: string, kind: SecretKind): Promise<Secret | null> {
    const absolute = resolve(this.#source.directory, file);
    const shown = quoted(absolute);
    let reading = this.#files.get(absolute);
    if (reading === undefined) {
      reading = readSecretFile(this.#source.readFile, absolute);
      this.#files.set(absolute, reading);
    }
    const content = await reading;
    if (content.kind === 'failed') return this.#refuse(path, `${shown} cannot be read: ${content.reason}`);
    if ((content.mode & READABLE_BY_ALL) !== 0 && !this.#warned.has(absolute)) {
      this.#warned.add(absolute);
      const mode = (content.mode & 0o777).toString(8).padStart(4, '0');
      this.#problems.push(warningAt(path, `${shown} can be read by everyone (mode ${mode}); chmod 600 it`));
    }
    return this.#checked(path, shown, content.value.reveal(), kind);
  }

  #checked(path: SettingPath, shown: string, value: string, kind: SecretKind): Secret | null {
    const secret = kind === 'private key' ? value : value.replace(/[\r\n]+$/, '');
    if (secret.trim() === '') return this.#refuse(path, `${shown} is empty`);
    if (kind !== 'private key' && /[\r\n\0]/.test(secret))
      return this.#refuse(path, `${shown} holds more than one line`);
    if (kind === 'private key' && !/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(secret)) {
      return this.#refuse(path, `${shown} is not a private key in PEM or OpenSSH form`);
    }
    if (kind === 'snmp password' && Buffer.byteLength(secret) < SHORTEST_SNMP_PASSWORD) {
      return this.#refuse(path, `${shown} is shorter than the ${SHORTEST_SNMP_PASSWORD} octets that SNMPv3 asks for`);
    }
    return new Secret(secret);
  }

  #refuse(path: SettingPath, message: string): null {
    this.#problems.push(errorAt(path, message));
    return null;
  }
}

async function readSecretFile(readFile: ReadFile, path: string): Promise<FileSecret> {
  const file = await readText(readFile, path, MAX_SECRET_BYTES);
  return file.kind === 'failed' ? file : { kind: 'read', value: new Secret(file.text), mode: file.mode };
}

type FileSecret =
  | { readonly kind: 'read'; readonly value: Secret; readonly mode: number }
  | { readonly kind: 'failed'; readonly reason: string };
