/** TLS to PostgreSQL: a server with a certificate of an authority of the test's own, verified in full. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserError } from '../../src/kernel/user-error.ts';
import type { PostgresAddress } from '../../src/store/postgres/connections.ts';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { directoryOfServer, type PostgresServer, startPostgres, unprivileged } from './postgres-server.ts';

const NAME = 'db.example.net';

let server: PostgresServer;
let ca = '';
let stranger = '';
beforeAll(async () => {
  const directory = directoryOfServer();
  const file = (name: string) => join(directory, name);
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const issue = ['x509', '-req', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const authority = (name: string) =>
    openssl('req', '-x509', ...key, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.crt`);
  authority('ca');
  authority('stranger');
  openssl('req', ...key, '-subj', '/CN=server', '-keyout', 'server.key', '-out', 'server.csr');
  writeFileSync(file('names'), `subjectAltName=DNS:${NAME}\n`);
  openssl(...issue, '-in', 'server.csr', '-out', 'server.crt');
  const { uid, gid } = unprivileged();
  for (const name of ['server.key', 'server.crt']) {
    chmodSync(file(name), 0o600);
    if (uid !== undefined && gid !== undefined) chownSync(file(name), uid, gid);
  }
  ca = readFileSync(file('ca.crt'), 'utf8');
  stranger = readFileSync(file('stranger.crt'), 'utf8');
  server = await startPostgres(['ssl=on', `ssl_cert_file=${file('server.crt')}`, `ssl_key_file=${file('server.key')}`]);
});
afterAll(() => server[Symbol.asyncDispose]());

/** `host` is where it is reached, and not the name in the certificate. */
function over(host: string, tls: { readonly ca: string | null; readonly serverName: string | null }): PostgresAddress {
  const hosts = [{ host, port: server.port }];
  return { ...server.address(), hosts, tls: { cert: null, key: null, ...tls } };
}

function open(address: PostgresAddress) {
  return openPostgresStore({
    address,
    clock: new FakeClock(),
    logger: new MemoryLogger(),
    writer: 'unfenced',
    times: { connectMs: 10_000, statementMs: 10_000 },
  });
}

const refusalOf = async (address: PostgresAddress): Promise<unknown> => {
  const failure = await open(address).then(
    async (store) => store[Symbol.asyncDispose](),
    (error: unknown) => error,
  );
  return failure instanceof UserError ? failure.message : failure;
};

const PLACE = (host: string) => `store postgres://gdoi@${host}:${server.port}/postgres: `;
const ADVICE = ': see store.tls.ca_file and store.tls.server_name';

test.each(['127.0.0.1', 'localhost'])('%s is taken for the name that server_name gives', async (host) => {
  await using store = await open(over(host, { ca, serverName: NAME }));
  expect(await store.counts()).toEqual([]);
  const sessions = await server.sql('SELECT bool_or(ssl) AS ssl FROM pg_stat_ssl WHERE pid <> pg_backend_pid()');
  expect(sessions).toEqual([{ ssl: true }]);
});

test.each(['127.0.0.1', 'localhost'])('%s is refused where the certificate is for another name', async (host) => {
  expect(await refusalOf(over(host, { ca, serverName: null }))).toBe(
    `${PLACE(host)}the server's certificate is not accepted (${mismatch(host)})${ADVICE}`,
  );
  const other = 'other.example.net';
  expect(await refusalOf(over(host, { ca, serverName: other }))).toBe(
    `${PLACE(host)}the server's certificate is not accepted (${mismatch(other)})${ADVICE}`,
  );
});

test('a certificate of an authority that is not named is refused', async () => {
  for (const other of [stranger, null]) {
    expect(await refusalOf(over('127.0.0.1', { ca: other, serverName: NAME }))).toBe(
      `${PLACE('127.0.0.1')}the server's certificate is not accepted (unable to verify the first certificate)${ADVICE}`,
    );
  }
});

/** As Node.js says it. */
function mismatch(name: string): string {
  const why = /^\d/.test(name)
    ? `IP: ${name} is not in the cert's list:`
    : `Host: ${name}. is not in the cert's altnames: DNS:${NAME}`;
  return `Hostname/IP does not match certificate's altnames: ${why}`;
}
