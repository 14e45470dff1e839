/** Reads secrets from environment variables, files, and programs that print them. */
import { resolve } from 'node:path';
import PQueue from 'p-queue';
import type { Clock } from '../kernel/clock.ts';
import { Secret } from '../kernel/secret.ts';
import { errorAt, type Problem, quoted, type SettingPath, warningAt } from './finding.ts';
import { isReadableByAll, type ReadFile, readText } from './read-file.ts';
import type { CommandLine, RunProgram } from './run-program.ts';
import { type OriginOptions, RenewableSecret, type SecretReading } from './secret-origin.ts';

/** Larger than any key. */
const MAX_SECRET_BYTES = 64 * 1024;

export interface SecretSource {
  /** The environment for `*_env` settings. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: ReadFile;
  readonly runProgram: RunProgram;
  readonly clock: Clock;
  /** Called when a secret cannot be read again while the agent runs; names its source, never the secret. */
  readonly report: (message: string) => void;
  /** Directory at which relative paths of a setting start. */
  readonly directoryOf: (path: SettingPath) => string;
  /** Name of a setting, with its file if there are several. */
  readonly nameOf: (path: SettingPath) => string;
}

/** A line that is sent to a device: IOS would take a second line for a command. */
export type SecretKind = 'line' | 'private key' | 'snmp password';

/** RFC 3414, section 11.2: shorter ones must not be used, and agents refuse them. */
const SHORTEST_SNMP_PASSWORD = 8;

/** Programs run at once; each may be a login to a vault. */
const MAX_PROGRAMS = 8;

/** Reads the secrets of one load, each file and each program once, and collects what is wrong with them. */
export class SecretReader {
  readonly #source: SecretSource;
  readonly #problems: Problem[] = [];
  readonly #files = new Map<string, Promise<FileSecret>>();
  readonly #warned = new Set<string>();
  readonly #programs = new PQueue({ concurrency: MAX_PROGRAMS });
  /** By command line and kind: settings that name the same program share what it printed. */
  readonly #printed = new Map<string, Promise<SecretReading & { readonly secret: Secret | null }>>();

  constructor(source: SecretSource) {
    this.#source = source;
  }

  /**
   * Problems of the secrets read so far. They do not belong to a section: a section that only lacks its secret is
   * right.
   */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Where it reads, for callers that read other files beside secrets. */
  get source(): SecretSource {
    return this.#source;
  }

  /** Null: not set, which the caller judges, or wrong, which is a problem already. */
  fromEnv(path: SettingPath, variable: string, kind: SecretKind): Secret | null {
    const reading = this.#readVariable(variable, kind);
    if (reading.kind === 'wrong') return this.#refuse(path, reading.message);
    return this.#renewable(reading.value, 'each login', async () => this.#readVariable(variable, kind));
  }

  /** Socket of the user's SSH agent. Null: there is none, which is a problem already. */
  agentSocket(path: SettingPath): string | null {
    const socket = this.#source.env['SSH_AUTH_SOCK'];
    if (socket !== undefined && socket !== '') return socket;
    this.#problems.push(errorAt(path, 'needs an SSH agent, but SSH_AUTH_SOCK is not set'));
    return null;
  }

  async fromFile(path: SettingPath, file: string, kind: SecretKind): Promise<Secret | null> {
    const absolute = resolve(this.#source.directoryOf(path), file);
    const shown = quoted(absolute);
    let reading = this.#files.get(absolute);
    if (reading === undefined) {
      reading = readSecretFile(this.#source.readFile, absolute);
      this.#files.set(absolute, reading);
    }
    const content = await reading;
    if (content.kind === 'failed') return this.#refuse(path, `${shown} cannot be read: ${content.reason}`);
    if (isReadableByAll(content) && !this.#warned.has(absolute)) {
      this.#warned.add(absolute);
      const mode = (content.mode & 0o777).toString(8).padStart(4, '0');
      this.#problems.push(warningAt(path, `${shown} can be read by everyone (mode ${mode}); chmod 600 it`));
    }
    const secret = checked(shown, content.value.reveal(), kind);
    if (secret.kind === 'wrong') return this.#refuse(path, secret.message);
    const readAgain = async (): Promise<SecretReading> => {
      const now = await readSecretFile(this.#source.readFile, absolute);
      if (now.kind === 'failed') return { kind: 'wrong', message: `${shown} cannot be read: ${now.reason}` };
      return checked(shown, now.value.reveal(), kind);
    };
    return this.#renewable(secret.value, 'each login', readAgain);
  }

  /** What a program prints: run once now, and again after a refusal. */
  async fromProgram(path: SettingPath, command: CommandLine, kind: SecretKind): Promise<Secret | null> {
    const directory = this.#source.directoryOf(path);
    const key = JSON.stringify([kind, command, directory]);
    let printed = this.#printed.get(key);
    if (printed === undefined) {
      const ask = () => this.#programs.add(() => this.#runForSecret(command, directory, kind));
      printed = ask().then((reading) => ({
        ...reading,
        secret: reading.kind === 'wrong' ? null : this.#renewable(reading.value, 'after a refusal', ask),
      }));
      this.#printed.set(key, printed);
    }
    const reading = await printed;
    return reading.kind === 'wrong' ? this.#refuse(path, reading.message) : reading.secret;
  }

  #readVariable(variable: string, kind: SecretKind): SecretReading {
    const { env } = this.#source;
    // `toString` is not a variable, whatever the object inherits.
    const value = Object.hasOwn(env, variable) ? env[variable] : undefined;
    // A password written here by mistake is seldom all upper case; then it is not repeated.
    const shown = /^[A-Z][A-Z0-9_]*$/.test(variable) ? `environment variable ${variable}` : 'the environment variable';
    return value === undefined ? { kind: 'wrong', message: `${shown} is not set` } : checked(shown, value, kind);
  }

  async #runForSecret([program, ...args]: CommandLine, directory: string, kind: SecretKind): Promise<SecretReading> {
    const { clock, env, runProgram } = this.#source;
    // A bare name is looked up in PATH; anything else is a path from the configuration's directory.
    const found = program.includes('/') ? resolve(directory, program) : program;
    const answer = await runProgram([found, ...args], { clock, directory, env });
    const shown = quoted(program);
    if (answer.kind === 'failed') return { kind: 'wrong', message: `${shown} ${answer.reason}` };
    const text = asText(answer.bytes);
    return text === null
      ? { kind: 'wrong', message: `what ${shown} prints is not UTF-8 text` }
      : checked(`what ${shown} prints`, text, kind);
  }

  #renewable(value: string, renewal: OriginOptions['renewal'], read: OriginOptions['read']): Secret {
    const { clock, report } = this.#source;
    return new RenewableSecret(value, { read, renewal, clock, report }).latest;
  }

  #refuse(path: SettingPath, message: string): null {
    this.#problems.push(errorAt(path, message));
    return null;
  }
}

function checked(shown: string, value: string, kind: SecretKind): SecretReading {
  const secret = kind === 'private key' ? value : value.replace(/(?<![\r\n])[\r\n]+$/, '');
  const message = wrongWith(secret, kind);
  return message === null ? { kind: 'right', value: secret } : { kind: 'wrong', message: `${shown} ${message}` };
}

/** The end of `FILE ...`; null: nothing is wrong. */
function wrongWith(secret: string, kind: SecretKind): string | null {
  if (secret.trim() === '') return 'is empty';
  if (kind !== 'private key' && /[\r\n\0]/.test(secret)) return 'has more than one line';
  if (kind === 'private key') return wrongWithKey(secret);
  if (kind === 'snmp password' && Buffer.byteLength(secret) < SHORTEST_SNMP_PASSWORD) {
    return `is shorter than the ${SHORTEST_SNMP_PASSWORD} octets that SNMPv3 requires`;
  }
  return null;
}

function wrongWithKey(secret: string): string | null {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(secret)) return null;
  if (/^\s*(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w-]{1,40}-cert-v01@openssh\.com /.test(secret)) {
    return 'is an OpenSSH certificate, which this SSH client cannot log in with: name the private key, and have the device know that key itself';
  }
  return 'is not a private key in PEM or OpenSSH form';
}

function asText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
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
