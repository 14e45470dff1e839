/** The `store` section: where events and state are kept. */
import { resolve } from 'node:path';
import { Secret } from '../kernel/secret.ts';
import { isLoopback } from './address.ts';
import type { CheckedConfig } from './check.ts';
import { errorAt, type Problem, warningAt } from './finding.ts';
import { readUncheckedPem } from './pem-file.ts';
import { readSecret } from './read-secret.ts';
import type { ResolvedOtherAgents, ResolvedPostgres, ResolvedPostgresTls, ResolvedStore } from './resolved-config.ts';
import type { SecretReader, SecretSource } from './secret-source.ts';

const DEFAULT_STORE = 'gdoiwatch.db';
const AT = ['store'] as const;

export async function resolveStore(
  { store, cluster, web }: Pick<CheckedConfig, 'store' | 'cluster' | 'web'>,
  source: SecretSource,
  secrets: SecretReader,
  problems: Problem[],
): Promise<ResolvedStore> {
  const retentionMs = store.retention;
  if (store.postgres === undefined) {
    for (const key of ['password_env', 'password_file', 'tls'] as const) {
      if (store[key] !== undefined) problems.push(errorAt([...AT, key], 'of no effect without postgres', 'key'));
    }
    for (const key of ['url', 'token_env', 'token_file', 'tls'] as const) {
      if (cluster[key] === undefined) continue;
      problems.push(errorAt(['cluster', key], 'of no effect without store.postgres', 'key'));
    }
    return { kind: 'sqlite', path: resolve(source.directoryOf(['store']), store.sqlite ?? DEFAULT_STORE), retentionMs };
  }
  const { hosts, user, password, database } = store.postgres;
  const named =
    (await readSecret({ section: store, at: [...AT], key: 'password', kind: 'line' }, secrets, problems)) ?? null;
  if (named !== null && password !== null) {
    problems.push(errorAt([...AT, 'postgres'], 'either a password in the URL or password_env, password_file'));
  } else if (password !== null) {
    problems.push(
      warningAt([...AT, 'postgres'], 'the password stands in this file: name it by password_file or password_env'),
    );
  }
  const tls = store.tls === undefined ? null : await tlsOf(store.tls, AT, source, problems);
  if (tls === null && !hosts.every(({ host, port }) => host.startsWith('/') || isLoopback({ host, port }))) {
    problems.push(
      warningAt([...AT, 'postgres'], 'not encrypted: anyone on the path reads and changes it; see store.tls'),
    );
  }
  const postgres: ResolvedPostgres = {
    hosts,
    user,
    password: named ?? (password === null ? null : new Secret(password)),
    database,
    tls,
  };
  const others = await resolveOthers({ cluster, web }, source, secrets, problems);
  return { kind: 'postgres', postgres, leaseMs: cluster.lease, aloneMs: cluster.alone, others, retentionMs };
}

/** As for any token of the API. */
const MIN_TOKEN_CHARS = 16;

/** How agents ask each other for what each of them polls. */
async function resolveOthers(
  { cluster, web }: Pick<CheckedConfig, 'cluster' | 'web'>,
  source: SecretSource,
  secrets: SecretReader,
  problems: Problem[],
): Promise<ResolvedOtherAgents> {
  const at = ['cluster'];
  const token = await readSecret({ section: cluster, at, key: 'token', kind: 'line' }, secrets, problems);
  if (token && token.reveal().length < MIN_TOKEN_CHARS) {
    problems.push(
      errorAt(
        [...at, cluster.token_env === undefined ? 'token_file' : 'token_env'],
        `shorter than ${MIN_TOKEN_CHARS} characters`,
      ),
    );
  }
  if (token === undefined && (web.config_file ?? web.tokens_file) !== undefined) {
    problems.push(
      warningAt(
        at,
        'without token_file agents cannot ask each other where web names users or tokens: each shows what others poll as it is kept',
      ),
    );
  }
  return {
    url: cluster.url ?? null,
    token: token ?? null,
    tls: cluster.tls === undefined ? null : await tlsOf(cluster.tls, at, source, problems),
  };
}

async function tlsOf(
  { ca_file: ca, cert_file: cert, key_file: key, server_name: serverName }: NonNullable<CheckedConfig['store']['tls']>,
  section: readonly string[],
  source: SecretSource,
  problems: Problem[],
): Promise<ResolvedPostgresTls> {
  const at = [...section, 'tls'];
  if ((cert === undefined) !== (key === undefined)) {
    problems.push(errorAt(at, 'cert_file and key_file go together'));
  }
  const read = async (name: string, file: string | undefined) => {
    if (file === undefined) return null;
    const content = await readUncheckedPem(source, file, section);
    if (content.kind === 'read') return content.pem;
    problems.push(errorAt([...at, name], content.reason));
    return null;
  };
  const keyText = await read('key_file', key);
  return {
    ca: await read('ca_file', ca),
    cert: await read('cert_file', cert),
    key: keyText === null ? null : new Secret(keyText),
    serverName: serverName ?? null,
  };
}
