/** TLS to PostgreSQL: a server with a certificate of an authority of the test's own, verified in full. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserError } from '../../src/kernel/user-error.ts';
import type { PostgresAddress } from '../../src/store/postgres/connections.ts';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import type { PostgresServer } from './postgres-server.ts';
import { NAME, startSecuredPostgres } from './secured-postgres.ts';

let server: PostgresServer;
let ca = '';
let stranger = '';
beforeAll(async () => {
  const secured = await startSecuredPostgres();
  server = secured.server;
  ca = readFileSync(secured.caFile, 'utf8');
  stranger = readFileSync(secured.strangerFile, 'utf8');
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
