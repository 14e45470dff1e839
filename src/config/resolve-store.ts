/** The `store` section: where events and state are kept. */
import { resolve } from 'node:path';
import { append } from '../kernel/append.ts';
import { isLoopback } from '../kernel/loopback.ts';
import { Secret } from '../kernel/secret.ts';
import type { CheckedConfig } from './check.ts';
import { errorAt, type Problem, problemsOf, warningAt, type WithProblems } from './finding.ts';
import { readUncheckedPem } from './pem-file.ts';
import type { PostgresUrl } from './postgres-url.ts';
import { readSecret } from './read-secret.ts';
import type { ResolvedOtherAgents, ResolvedPostgres, ResolvedPostgresTls, ResolvedStore } from './resolved-config.ts';
import type { SecretReader, SecretSource } from './secret-source.ts';

const DEFAULT_STORE = 'gdoiwatch.db';
const AT = ['store'] as const;

type Sections = Pick<CheckedConfig, 'store' | 'cluster' | 'web'>;

export async function resolveStore(
  sections: Sections,
  source: SecretSource,
  secrets: SecretReader,
): Promise<WithProblems<ResolvedStore>> {
  const { store, cluster } = sections;
  const retentionMs = store.retention;
  if (store.postgres === undefined) {
    const path = resolve(source.directoryOf(['store']), store.sqlite ?? DEFAULT_STORE);
    return { value: { kind: 'sqlite', path, retentionMs }, problems: onlyOfPostgres(sections) };
  }
  const postgres = await resolvePostgres(store, store.postgres, { source, secrets });
  const others = await resolveOthers(sections, source, secrets);
  return {
    value: {
      kind: 'postgres',
      postgres: postgres.value,
      leaseMs: cluster.lease,
      aloneMs: cluster.alone,
      others: others.value,
      retentionMs,
    },
    problems: problemsOf([postgres, others]),
  };
}

/** Settings that have no effect without PostgreSQL. */
function onlyOfPostgres({ store, cluster }: Sections): readonly Problem[] {
  const ofStore = (['password_env', 'password_file', 'tls'] as const).filter((key) => store[key] !== undefined);
  const ofCluster = (['url', 'token_env', 'token_file', 'tls'] as const).filter((key) => cluster[key] !== undefined);
  return [
    ...ofStore.map((key) => errorAt([...AT, key], 'has no effect without postgres', 'key')),
    ...ofCluster.map((key) => errorAt(['cluster', key], 'has no effect without store.postgres', 'key')),
  ];
}

async function resolvePostgres(
  store: CheckedConfig['store'],
  { hosts, user, password, database }: PostgresUrl,
  { source, secrets }: { readonly source: SecretSource; readonly secrets: SecretReader },
): Promise<WithProblems<ResolvedPostgres>> {
  const named = await readSecret({ section: store, at: [...AT], key: 'password', kind: 'line' }, secrets);
  const tls = await tlsOf(store.tls, AT, source);
  const problems = [...named.problems];
  if (named.value && password !== null) {
    problems.push(errorAt([...AT, 'postgres'], 'has a password; remove it, or password_env and password_file'));
  } else if (password !== null) {
    problems.push(
      warningAt([...AT, 'postgres'], 'the password is in this file: use password_file or password_env instead'),
    );
  }
  append(problems, tls.problems);
  if (tls.value === null && !hosts.every(({ host }) => host.startsWith('/') || isLoopback(host))) {
    problems.push(
      warningAt([...AT, 'postgres'], 'not encrypted: anyone on the path can read and change the data; see store.tls'),
    );
  }
  const inUrl = password === null ? null : new Secret(password);
  return { value: { hosts, user, password: named.value ?? inUrl, database, tls: tls.value }, problems };
}

/** As for any token of the API. */
const MIN_TOKEN_CHARS = 16;

/** How agents ask each other about what they poll. */
async function resolveOthers(
  { cluster, web }: Pick<Sections, 'cluster' | 'web'>,
  source: SecretSource,
  secrets: SecretReader,
): Promise<WithProblems<ResolvedOtherAgents>> {
  const at = ['cluster'];
  const token = await readSecret({ section: cluster, at, key: 'token', kind: 'line' }, secrets);
  const tls = await tlsOf(cluster.tls, at, source);
  const problems = [...token.problems];
  if (token.value && token.value.reveal().length < MIN_TOKEN_CHARS) {
    problems.push(
      errorAt(
        [...at, cluster.token_env === undefined ? 'token_file' : 'token_env'],
        `shorter than ${MIN_TOKEN_CHARS} characters`,
      ),
    );
  }
  if (token.value === undefined && (web.config_file ?? web.tokens_file) !== undefined) {
    problems.push(
      warningAt(
        at,
        'web names users or tokens, so without token_file agents cannot ask each other: each shows what others poll only as it is stored',
      ),
    );
  }
  append(problems, tls.problems);
  return { value: { url: cluster.url ?? null, token: token.value ?? null, tls: tls.value }, problems };
}

/** Null: none is set. */
async function tlsOf(
  tls: CheckedConfig['store']['tls'],
  section: readonly string[],
  source: SecretSource,
): Promise<WithProblems<ResolvedPostgresTls | null>> {
  if (tls === undefined) return { value: null, problems: [] };
  const at = [...section, 'tls'];
  const read = async (name: 'ca_file' | 'cert_file' | 'key_file'): Promise<WithProblems<string | null>> => {
    const file = tls[name];
    if (file === undefined) return { value: null, problems: [] };
    const content = await readUncheckedPem(source, file, section);
    return content.kind === 'read'
      ? { value: content.pem, problems: [] }
      : { value: null, problems: [errorAt([...at, name], content.reason)] };
  };
  const key = await read('key_file');
  const ca = await read('ca_file');
  const cert = await read('cert_file');
  const apart = (tls.cert_file === undefined) !== (tls.key_file === undefined);
  return {
    value: {
      ca: ca.value,
      cert: cert.value,
      key: key.value === null ? null : new Secret(key.value),
      serverName: tls.server_name ?? null,
    },
    problems: [...(apart ? [errorAt(at, 'cert_file and key_file go together')] : []), ...problemsOf([key, ca, cert])],
  };
}
