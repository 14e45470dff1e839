/** A PostgreSQL that speaks TLS, with a certificate of an authority of the test's own. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RUN_DIRECTORY } from '../builders/run-directory.ts';
import { directoryOfServer, type PostgresServer, startPostgres, unprivileged } from './postgres-server.ts';

/** In the server's certificate, and no name that it is reached by. */
export const NAME = 'db.example.net';

export interface SecuredPostgres {
  readonly server: PostgresServer;
  readonly caFile: string;
  /** Of an authority that signed nothing. */
  readonly strangerFile: string;
}

export async function startSecuredPostgres(settings: readonly string[] = []): Promise<SecuredPostgres> {
  // Goes with the directory of the run.
  const directory = directoryOfServer(process.env[RUN_DIRECTORY]);
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
  const secured = ['ssl=on', `ssl_cert_file=${file('server.crt')}`, `ssl_key_file=${file('server.key')}`];
  const server = await startPostgres([...secured, ...settings]);
  return { server, caFile: file('ca.crt'), strangerFile: file('stranger.crt') };
}
