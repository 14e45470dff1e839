/** Builders for tests of SSH access: a target that names only what matters, an access with a log one can read. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { DeviceAccess, Reply, SshTarget } from '../../src/access/device-session.ts';
import type { ShowCommand } from '../../src/access/show-command.ts';
import type { ShellLogin } from '../../src/access/ssh/shell-transport.ts';
import { createSshAccess, type SshAccessOptions } from '../../src/access/ssh/ssh-access.ts';
import { packageFile } from '../../src/kernel/package-file.ts';
import { type Clock, createSystemClock } from '../../src/kernel/clock.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { Secret } from '../../src/kernel/secret.ts';

export const WORKER_URL = packageFile('dist/workers/session-worker.js');

export const never = new AbortController().signal;

interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface AccessUnderTest extends AsyncDisposable {
  readonly access: DeviceAccess;
  readonly log: LogEntry[];
  readonly knownHostsPath: string;
  readonly clock: ShiftedClock;
  /** Everything logged, as text. */
  logText(): string;
}

/** The machine's clock, plus what a test adds to it: long waits pass at once. */
export interface ShiftedClock extends Clock {
  advance(ms: number): void;
}

export function shiftedClock(): ShiftedClock {
  const real = createSystemClock();
  let shiftMs = 0;
  return {
    ...real,
    wallMs: () => real.wallMs() + shiftMs,
    monoMs: () => real.monoMs() + shiftMs,
    advance(ms) {
      shiftMs += ms;
    },
  };
}

export function accessUnderTest(options: Partial<SshAccessOptions> = {}): AccessUnderTest {
  const directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-access-'));
  const knownHostsPath = join(directory, 'known_hosts');
  const log: LogEntry[] = [];
  const entry = (level: LogEntry['level']) => (fields: LogEntry['fields'], message: string) => {
    log.push({ level, fields, message });
  };
  const clock = shiftedClock();
  const access = createSshAccess({
    clock,
    random: seededRandom(1),
    maxHandshakes: 4,
    workerUrl: WORKER_URL,
    logger: { debug: () => undefined, info: entry('info'), warn: entry('warn'), error: entry('error') },
    knownHostsPath,
    ...options,
  });
  return {
    access,
    log,
    knownHostsPath,
    clock,
    logText: () => inspect(log, { depth: 10 }),
    async [Symbol.asyncDispose]() {
      await access[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function target(port: number, differing: Partial<SshTarget> = {}): SshTarget {
  return {
    device: 'gm1',
    host: '127.0.0.1',
    port,
    credentialName: 'main',
    username: 'monitor',
    password: new Secret('pw'),
    privateKey: null,
    passphrase: null,
    enablePassword: null,
    hostKeys: 'accept-new',
    algorithms: 'modern',
    session: 'persistent',
    timeoutMs: 60_000,
    ...differing,
  };
}

/** The same below deadlines, limits and host keys. */
export function shellLogin(port: number, differing: Partial<ShellLogin> = {}): ShellLogin {
  return {
    host: '127.0.0.1',
    port,
    username: 'monitor',
    password: 'pw',
    privateKey: null,
    passphrase: null,
    algorithms: 'modern',
    knownKeyTypes: [],
    agent: null,
    jumps: [],
    sourceAddress: null,
    ...differing,
  };
}

/** One poll: the commands one after the other; the replies, or the error when there was no session. */
export async function poll(
  access: DeviceAccess,
  to: SshTarget,
  ...commands: ShowCommand[]
): Promise<{
  readonly replies: Reply[];
  readonly failure: string | null;
  readonly message: string;
  readonly hostname: string;
}> {
  const outcome = await access.withSession(to, never, async (session) => {
    const replies: Reply[] = [];
    for (const command of commands) {
      const reply = await session.run(command, never);
      replies.push(reply);
      if (reply.kind === 'failed') break;
    }
    return { replies, hostname: session.hostname };
  });
  if (outcome.kind === 'failed') {
    return { replies: [], failure: outcome.error.kind, message: outcome.error.message, hostname: '' };
  }
  const failed = outcome.value.replies.find((reply) => reply.kind === 'failed');
  return {
    replies: outcome.value.replies,
    failure: failed?.kind === 'failed' ? failed.error.kind : null,
    message: failed?.kind === 'failed' ? failed.error.message : '',
    hostname: outcome.value.hostname,
  };
}

/** The text of a poll's only reply. */
export async function textOf(access: DeviceAccess, to: SshTarget, command: ShowCommand): Promise<string> {
  const { replies, failure, message } = await poll(access, to, command);
  const reply = replies[0];
  if (reply?.kind !== 'output') throw new Error(`no output but ${failure ?? JSON.stringify(reply)}: ${message}`);
  return reply.text;
}
