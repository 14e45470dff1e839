import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TlsSettings } from '../../src/http/base/options.ts';
import { OPEN_ACCESS } from './open-access.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { serve, type Served } from './served.ts';

const run = promisify(execFile);
let folder: string;
let ca: string;
let server: { cert: string; key: string };
let renewed: { cert: string; key: string };
let client: { cert: string; key: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gdoiwatch-tls-'));
  await openssl(
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=ca -keyout ca.key -out ca.crt',
  );
  ca = await readFile(join(folder, 'ca.crt'), 'utf8');
  [server, renewed, client] = await Promise.all([certificate('server'), certificate('renewed'), certificate('client')]);
});
afterAll(() => rm(folder, { recursive: true }));

async function openssl(command: string): Promise<void> {
  await run('openssl', command.split(' '), { cwd: folder });
}

async function certificate(name: string): Promise<{ cert: string; key: string }> {
  await openssl(
    `req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=${name} -addext subjectAltName=IP:127.0.0.1 -keyout ${name}.key -out ${name}.csr`,
  );
  await openssl(
    `x509 -req -in ${name}.csr -CA ca.crt -CAkey ca.key -set_serial 0x${Buffer.from(name).toString('hex')} -days 1 -copy_extensions copy -out ${name}.crt`,
  );
  const [cert, key] = await Promise.all([
    readFile(join(folder, `${name}.crt`), 'utf8'),
    readFile(join(folder, `${name}.key`), 'utf8'),
  ]);
  return { cert, key };
}

function settings(over: Partial<TlsSettings> = {}): TlsSettings {
  return {
    cert: server.cert,
    key: new Secret(server.key),
    clientCa: null,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: null,
    honorCipherOrder: true,
    ecdhCurve: null,
    ...over,
  };
}

const serveTls = (tls: TlsSettings) => serve({ web: () => ({ ...OPEN_ACCESS, tls }) });

interface Answer {
  readonly status: number;
  readonly protocol: string | null;
  readonly subject: string;
}

function ask(served: Served, options: RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(`${served.url}/-/healthy`, { ca, agent: false, ...options }, (response) => {
      const socket = response.socket as TLSSocket;
      const answer = {
        status: response.statusCode ?? 0,
        protocol: socket.getProtocol(),
        subject: String(socket.getPeerCertificate().subject.CN),
      };
      response.resume().on('end', () => resolve(answer));
    })
      .on('error', reject)
      .end();
  });
}

test('serves HTTPS with the configured certificate, in the newest version both know', async () => {
  await using served = await serveTls(settings());
  expect(served.url).toMatch(/^https:/);
  expect(await ask(served)).toEqual({ status: 200, protocol: 'TLSv1.3', subject: 'server' });
  expect(await ask(served, { maxVersion: 'TLSv1.2' })).toMatchObject({ protocol: 'TLSv1.2' });
});

test('refuses a client below the minimum version', async () => {
  await using served = await serveTls(settings({ minVersion: 'TLSv1.3' }));
  await expect(ask(served, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/alert protocol version/);
});

test('with a CA for clients, lets in only who has a certificate of it', async () => {
  await using served = await serveTls(settings({ clientCa: ca }));
  await expect(ask(served)).rejects.toThrow(/certificate required|ECONNRESET|socket hang up/);
  expect(await ask(served, client)).toMatchObject({ status: 200 });
});

test('a renewed certificate is served without a restart', async () => {
  await using served = await serveTls(settings());
  served.now.web = { ...OPEN_ACCESS, tls: settings({ cert: renewed.cert, key: new Secret(renewed.key) }) };
  served.server.renewCertificate();
  expect(await ask(served)).toMatchObject({ status: 200, subject: 'renewed' });
});

test('plain HTTP on the TLS port gets nothing, and the server goes on', async () => {
  await using served = await serveTls(settings());
  await expect(fetch(served.url.replace('https', 'http'))).rejects.toThrow('fetch failed');
  expect(await ask(served)).toMatchObject({ status: 200 });
});
