/** `gdoiwatch store`: `copy`, the contents of one store into another, such as from SQLite to PostgreSQL and back. */
import { statSync } from 'node:fs';
import { Command } from 'commander';
import { parsePostgresUrl } from '../config/postgres-url.ts';
import { type Clock, createSystemClock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import { Secret } from '../kernel/secret.ts';
import { UserError } from '../kernel/user-error.ts';
import { copyStore } from '../store/copy-store.ts';
import type { EventStore } from '../store/event-store.ts';
import type { PostgresTls } from '../store/postgres/connections.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { createLogger } from './logger.ts';
import { secretInFile } from './secret-file.ts';
import { backupCommand } from './store-backup.ts';

interface CopyFlags {
  readonly from: string;
  readonly to: string;
  readonly passwordFile?: string;
  readonly tls?: true;
  readonly tlsCaFile?: string;
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
  readonly tlsServerName?: string;
}

const URLS = 'sqlite:FILE or postgres://USER@HOST[:PORT]/DATABASE';
/** Nothing in a copy is too old. */
const KEEP_ALL_MS = Number.MAX_SAFE_INTEGER;

export function storeCommand(): Command {
  const store = new Command('store').description("work with an agent's store: its history and states");
  store
    .command('copy')
    .description('copy history and states into another store; may be repeated. Stop the agents of both stores first')
    .requiredOption('--from <url>', URLS)
    .requiredOption('--to <url>', URLS)
    .option('--password-file <file>', 'file with the password of the PostgreSQL user')
    .option('--tls', 'connect to PostgreSQL over TLS; each of the following flags implies it')
    .option('--tls-ca-file <file>', "CA of the server's certificate (default: the CAs that the system trusts)")
    .option('--tls-cert-file <file>', 'certificate of this client, if the server asks for one')
    .option('--tls-key-file <file>', 'its private key')
    .option('--tls-server-name <name>', "name that the server's certificate must have (default: the host of the URL)")
    .action(async (flags: CopyFlags) => {
      const { from, to, passwordFile } = flags;
      if (from === to) throw new UserError('usage_invalid', '--from and --to are the same store');
      const around = {
        clock: createSystemClock(),
        logger: createLogger('warn', process.stderr.isTTY ? 'pretty' : 'json'),
        password: passwordFile === undefined ? null : await secretOf('--password-file', passwordFile),
        tls: await tlsOf(flags),
      };
      await using source = await open(from, '--from', around);
      await using target = await open(to, '--to', around);
      const { events, incidents, devices } = await copyStore(source, target);
      const left = source.damaged === 0 ? '' : `; left out as damaged: ${source.damaged} (see the log above)`;
      process.stdout.write(
        `${events.copied} of ${events.of} events copied, ${incidents} incidents, states of ${devices.copied} of ${devices.of} devices; the rest was already there${left}\n`,
      );
    });
  return store.addCommand(backupCommand());
}

interface Around {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly password: Secret | null;
  readonly tls: PostgresTls | null;
}

async function open(url: string, flag: '--from' | '--to', { password, tls, ...around }: Around): Promise<EventStore> {
  const file = /^sqlite:(?:\/\/)?(.+)$/.exec(url)?.[1];
  if (file !== undefined) {
    const there = statSync(file, { throwIfNoEntry: false });
    if (there === undefined ? flag === '--from' : !there.isFile()) {
      throw new UserError('store_inaccessible', `${flag}: store ${file}: no such file`);
    }
    if (flag === '--from' && there?.size === 0) {
      throw new UserError('store_inaccessible', `--from: store ${file}: nothing is stored in it`);
    }
    // The user decides what becomes of a damaged one.
    return openSqliteStore({ path: file, retentionMs: KEEP_ALL_MS, whenDamaged: 'refuse', ...around });
  }
  const address = parsePostgresUrl(url);
  if (address === null) {
    throw new UserError('usage_invalid', `${flag}: the value (not shown) is not the URL of a store (${URLS})`);
  }
  const inUrl = address.password === null ? null : new Secret(address.password);
  const { openPostgresStore } = await import('../store/postgres/postgres-store.ts');
  const store = await openPostgresStore({
    address: { ...address, password: password ?? inUrl, tls },
    retentionMs: KEEP_ALL_MS,
    writer: 'unfenced',
    ...around,
  });
  const live = (await store.leases.view()).agents.filter(({ leftMs }) => leftMs > 0);
  if (live.length === 0) return store;
  await store[Symbol.asyncDispose]();
  const names = live.map(({ name }) => name).join(', ');
  throw new UserError('store_locked', `${flag}: agents use the store (${names}): stop them first`);
}

/** Null: not encrypted. */
async function tlsOf(flags: CopyFlags): Promise<PostgresTls | null> {
  const { tlsCaFile: ca, tlsCertFile: cert, tlsKeyFile: key, tlsServerName: serverName } = flags;
  if ((cert === undefined) !== (key === undefined)) {
    throw new UserError('usage_invalid', '--tls-cert-file and --tls-key-file go together');
  }
  if (flags.tls === undefined && (ca ?? cert ?? serverName) === undefined) return null;
  const textOf = async (flag: string, file: string) => (await secretOf(flag, file)).reveal();
  return {
    ca: ca === undefined ? null : await textOf('--tls-ca-file', ca),
    cert: cert === undefined ? null : await textOf('--tls-cert-file', cert),
    key: key === undefined ? null : await secretOf('--tls-key-file', key),
    serverName: serverName ?? null,
  };
}

async function secretOf(flag: string, file: string): Promise<Secret> {
  try {
    return await secretInFile(file);
  } catch (error) {
    if (error instanceof UserError) throw new UserError(error.code, `${flag}: ${error.message}`);
    throw error;
  }
}
