import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { findingLine } from '../../src/config/finding.ts';
import { type Given, load } from './given-config.ts';

const HASH = '$2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze';

/** Made by openssl for this run: nothing to leak from the repository. */
let pem: { readonly cert: string; readonly key: string; readonly otherKey: string; readonly lockedKey: string };

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-tls-'));
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...ec, '-keyout', 'key', '-out', 'cert', '-days', '2', '-subj', '/CN=localhost');
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', 'other');
  openssl('pkey', '-in', 'key', '-aes256', '-passout', 'pass:secret', '-out', 'locked');
  const [cert, key, otherKey, lockedKey] = await Promise.all(
    ['cert', 'key', 'other', 'locked'].map((name) => readFile(join(directory, name), 'utf8')),
  );
  pem = { cert: cert!, key: key!, otherKey: otherKey!, lockedKey: lockedKey! };
  await rm(directory, { recursive: true });
});

const files = (rest: NonNullable<Given['files']>): NonNullable<Given['files']> => ({
  'server.crt': pem.cert,
  'server.key': pem.key,
  'other.key': pem.otherKey,
  'locked.key': pem.lockedKey,
  'ca.crt': pem.cert,
  ...rest,
});

const loadWeb = (web: string, tokens?: string) =>
  load({
    text: `web: { config_file: tls/web.yml${tokens === undefined ? '' : ', tokens_file: tokens'} }\ndevices: []\n`,
    files: files(tokens === undefined ? { 'web.yml': web } : { 'web.yml': web, tokens }),
  });

async function webOk(web: string, tokens?: string) {
  const loaded = await loadWeb(web, tokens);
  if (loaded.kind !== 'ok') throw new Error(loaded.findings.map(findingLine).join('\n'));
  return { web: loaded.config.web, warnings: loaded.warnings.map(findingLine) };
}

async function findingsOf(web: string, tokens?: string): Promise<readonly string[]> {
  const loaded = await loadWeb(web, tokens);
  const findings = loaded.kind === 'ok' ? [] : loaded.findings;
  return findings.map((finding) => findingLine(finding).replace('/etc/gdoiwatch/', ''));
}

const TLS = 'cert_file: server.crt, key_file: server.key';
const tls = (settings: string) => `tls_server_config: { ${settings} }\n`;

describe('the web configuration file of the exporter-toolkit', () => {
  it('nothing in it is nothing asked', async () => {
    expect(await webOk('')).toEqual({
      web: { tls: null, basicAuthUsers: new Map(), headers: {}, tokens: [] },
      warnings: [],
    });
  });

  it('gives TLS, users and headers', async () => {
    const { web, warnings } = await webOk(`${tls(TLS)}
http_server_config:
  http2: true
  headers: { X-Frame-Options: sameorigin, Strict-Transport-Security: max-age=60, Content-Security-Policy: "" }
basic_auth_users: { alice: ${HASH} }
`);
    expect(warnings).toEqual([]);
    expect(web.tls).toEqual({
      cert: pem.cert,
      key: expect.anything(),
      clientCa: null,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: null,
      honorCipherOrder: true,
      ecdhCurve: null,
    });
    expect(web.tls?.key.reveal()).toBe(pem.key);
    expect(web.basicAuthUsers.get('alice')?.reveal()).toBe(HASH);
    expect(web.headers).toEqual({ 'X-Frame-Options': 'sameorigin', 'Strict-Transport-Security': 'max-age=60' });
  });

  it('the values are what a TLS server of Node takes', async () => {
    const { web } = await webOk(
      tls(
        `${TLS}, max_version: TLS12, cipher_suites: [TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256], curve_preferences: [CurveP256]`,
      ),
    );
    const { key, cert, ciphers, ecdhCurve, ...versions } = web.tls!;
    const options = { key: key.reveal(), cert, ciphers: ciphers!, ecdhCurve: ecdhCurve!, ...versions };
    const server = createServer(options, (_, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const cipher = await new Promise((resolve, reject) => {
        get(
          { host: '127.0.0.1', port, ca: cert, servername: 'localhost', checkServerIdentity: () => undefined },
          (response) => {
            resolve((response.socket as import('node:tls').TLSSocket).getCipher().standardName);
            response.resume();
          },
        ).on('error', reject);
      });
      expect(cipher).toBe('TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256');
    } finally {
      server.close();
    }
  });

  it('a key that everyone can read is a doubt, and TLS stays on', async () => {
    const loaded = await load({
      text: 'web: { config_file: web.yml }\ndevices: []\n',
      files: { ...files({ 'web.yml': tls(TLS) }), 'server.key': { content: pem.key, mode: 0o100644 } },
    });
    if (loaded.kind !== 'ok') throw new Error(loaded.findings.map(findingLine).join('\n'));
    expect(loaded.warnings.map(findingLine)).toEqual([
      '/etc/gdoiwatch/web.yml:1:55: tls_server_config.key_file: "/etc/gdoiwatch/server.key" can be read by everyone (mode 0644); chmod 600 it',
    ]);
    expect(loaded.config.web.tls?.cert).toBe(pem.cert);
  });

  it('may contain certificates itself, and ask clients for theirs', async () => {
    const indented = (text: string) => text.trimEnd().replaceAll('\n', '\n    ');
    const { web } = await webOk(`tls_server_config:
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  min_version: TLS13
  prefer_server_cipher_suites: false
  cert: |
    ${indented(pem.cert)}
  key: |
    ${indented(pem.key)}
`);
    expect(web.tls).toMatchObject({ clientCa: pem.cert, minVersion: 'TLSv1.3', honorCipherOrder: false });
    expect(web.tls?.key.reveal()).toBe(pem.key);
  });

  it('a rate limit and a costly hash are doubts', async () => {
    const { warnings } = await webOk(
      `rate_limit: { interval: 1s, burst: 20 }\nbasic_auth_users: { alice: ${HASH.replace('$10$', '$14$')} }\n`,
    );
    expect(warnings).toEqual([
      '/etc/gdoiwatch/tls/web.yml:1:1: rate_limit: has no effect: gdoiwatch limits requests by itself',
      '/etc/gdoiwatch/tls/web.yml:2:28: basic_auth_users.alice: a bcrypt cost of 14 keeps the agent busy at each login; 10 is usual',
    ]);
  });
});

describe('an address that others reach', () => {
  const warningsAt = async (listen: string, more = '') => {
    const loaded = await load({
      text: `listen: ${listen}\ndevices: []\n${more}`,
      files: files({ tokens: 'prometheus read 4Jm0nSk2vYw8QzR7tXc1\n' }),
    });
    return loaded.kind === 'ok' ? loaded.warnings.map(findingLine) : [];
  };

  it.each(['192.0.2.100:9848', '":9848"', '"[2001:db8::1]:9848"'])(
    '%s without users and tokens is a doubt',
    async (listen) => {
      expect(await warningsAt(listen)).toEqual([expect.stringContaining('listen: open to anyone who can reach it')]);
    },
  );

  it('with either, or on loopback, is no warning', async () => {
    expect(await warningsAt('192.0.2.100:9848', 'web: { tokens_file: tokens }\n')).toEqual([]);
    for (const listen of ['127.0.0.1:9848', '"[::1]:9848"', 'localhost:9848']) {
      expect([listen, await warningsAt(listen)]).toEqual([listen, []]);
    }
  });
});

describe('what is wrong with it is one line with its place in that file', () => {
  const known = 'tls_server_config, http_server_config, basic_auth_users, rate_limit';
  const cases: readonly (readonly [title: string, web: string, ...lines: string[]])[] = [
    ['no YAML', 'tls_server_config: {', 'tls/web.yml:1:21: not YAML: the indentation does not fit'],
    ['an unknown key', 'zzz: {}', `tls/web.yml:1:1: zzz: unknown key; allowed are ${known}`],
    [
      'a mistyped key',
      tls('certfile: x'),
      'tls/web.yml:1:22: tls_server_config.certfile: unknown key; did you mean cert_file?',
    ],
    ['no key', tls('cert_file: server.crt'), 'tls/web.yml:1:20: tls_server_config: needs key_file (or key) for TLS'],
    [
      'a file that is not there',
      tls('cert_file: none.crt, key_file: server.key'),
      'tls/web.yml:1:33: tls_server_config.cert_file: "/etc/gdoiwatch/tls/none.crt" cannot be read: no such file',
    ],
    [
      'a key for a certificate',
      tls('cert_file: server.key, key_file: server.key'),
      'tls/web.yml:1:33: tls_server_config.cert_file: "/etc/gdoiwatch/tls/server.key" is not a certificate in PEM form',
    ],
    [
      'the key of another certificate',
      tls('cert_file: server.crt, key_file: other.key'),
      'tls/web.yml:1:55: tls_server_config.key_file: is not the key of the certificate',
    ],
    [
      'a key with a passphrase',
      tls('cert_file: server.crt, key_file: locked.key'),
      'tls/web.yml:1:55: tls_server_config.key_file: is not a private key without a passphrase',
    ],
    [
      'client certificates that are not verified',
      tls(`${TLS}, client_auth_type: RequireAnyClientCert`),
      'tls/web.yml:1:85: tls_server_config.client_auth_type: "RequireAnyClientCert" is not NoClientCert or RequireAndVerifyClientCert: the others let in clients that are not verified',
    ],
    [
      'client certificates without a CA',
      tls(`${TLS}, client_auth_type: RequireAndVerifyClientCert`),
      'tls/web.yml:1:20: tls_server_config: needs client_ca_file (or client_ca) for client_auth_type RequireAndVerifyClientCert',
    ],
    [
      'a CA that would not be asked',
      tls(`${TLS}, client_ca_file: ca.crt`),
      'tls/web.yml:1:20: tls_server_config: a client CA is only for client_auth_type: RequireAndVerifyClientCert',
    ],
    [
      'names of clients, which would not be looked at',
      tls(`${TLS}, client_allowed_sans: [a]`),
      'tls/web.yml:1:88: tls_server_config.client_allowed_sans: needs no names: gdoiwatch does not look into client certificates; let client_ca_file decide',
    ],
    [
      'a version that was retired',
      tls(`${TLS}, min_version: TLS10`),
      'tls/web.yml:1:80: tls_server_config.min_version: "TLS10" is not one of TLS12, TLS13',
    ],
    [
      'no version left',
      tls(`${TLS}, min_version: TLS13, max_version: TLS12`),
      'tls/web.yml:1:100: tls_server_config.max_version: is below min_version',
    ],
    [
      'a password without a hash, not repeated',
      'basic_auth_users: { alice: hunter2 }',
      'tls/web.yml:1:28: basic_auth_users.alice: the value (not shown) is not a bcrypt hash (htpasswd -nBC 10 USER)',
    ],
    [
      'a key inline that is none, not repeated',
      tls('cert_file: server.crt, key: hunter2'),
      'tls/web.yml:1:50: tls_server_config.key: the value (not shown) is not text in PEM form',
    ],
    [
      'a header of another value',
      'http_server_config: { headers: { X-Frame-Options: allow } }',
      'tls/web.yml:1:51: http_server_config.headers.X-Frame-Options: "allow" is not one of deny, sameorigin',
    ],
    [
      'a header that would split the response',
      'http_server_config: { headers: { X-XSS-Protection: "0\\r\\nSet-Cookie: a" } }',
      'tls/web.yml:1:52: http_server_config.headers.X-XSS-Protection: "0\\r\\nSet-Cookie: a" is not a header value',
    ],
  ];
  it.each(cases)('%s', async (_, web, ...lines) => {
    const found = await findingsOf(web);
    expect(found).toHaveLength(lines.length);
    found.forEach((line, index) => expect(line).toContain(lines[index]));
  });

  it('a file that is not there is a finding in the configuration', async () => {
    const loaded = await load({ text: 'web: { config_file: web.yml, tokens_file: t }\ndevices: []\n' });
    expect(loaded.kind === 'invalid' && loaded.findings.map(findingLine)).toEqual([
      '/etc/gdoiwatch/gdoiwatch.yml:1:21: web.config_file: "/etc/gdoiwatch/web.yml" cannot be read: no such file',
      '/etc/gdoiwatch/gdoiwatch.yml:1:43: web.tokens_file: "/etc/gdoiwatch/t" cannot be read: no such file',
    ]);
  });
});

describe('the file of tokens', () => {
  const TOKEN = '4Jm0nSk2vYw8QzR7tXc1';
  const digest = createHash('sha256').update(TOKEN).digest('hex');

  it('has tokens or their digests; only digests are kept', async () => {
    const { web } = await webOk(
      '',
      `# who may\n\nnoc operate ${TOKEN}\r\n  grafana\tread  sha256:${digest.toUpperCase()}\n`,
    );
    expect(web.tokens.map(({ name, scope, sha256 }) => [name, scope, sha256.reveal()])).toEqual([
      ['noc', 'operate', digest],
      ['grafana', 'read', digest],
    ]);
    expect(inspect(web, { depth: 10, showHidden: true })).not.toMatch(new RegExp(`${TOKEN}|${digest}`));
  });

  it.each([
    [TOKEN, 'is not NAME SCOPE TOKEN'],
    [`noc ${TOKEN}`, 'is not NAME SCOPE TOKEN'],
    [`noc operate ${TOKEN} x`, 'is not NAME SCOPE TOKEN'],
    [`noc admin ${TOKEN}`, 'the scope is not one of read, operate'],
    [`n/c read ${TOKEN}`, 'the name is not one of letters, digits and . _ - (at most 64)'],
    ['noc read short', 'the token is not 16 or more printable ASCII characters'],
    ['noc read sha256:abc', 'the digest is not 64 hex digits'],
    [`noc read ${TOKEN}\nnoc read ${TOKEN}`, 'a second token with the name noc', 2],
  ])('%s is refused, without showing it', async (text, message, line = 1) => {
    expect(await findingsOf('', text)).toEqual([`tokens:${line}:1: ${message}`]);
  });

  it('one without tokens would leave the API open, and is refused', async () => {
    expect(await findingsOf('', '# nobody yet\n')).toEqual(['tokens: has no token']);
  });

  it('more tokens than a thousand are refused, with one line', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => `t${i} read ${TOKEN}`).join('\n');
    expect(await findingsOf('', many)).toEqual(['tokens:1001:1: more than 1000 tokens']);
  });

  it('one that everyone can read is a doubt', async () => {
    const loaded = await load({
      text: 'web: { tokens_file: tokens }\ndevices: []\n',
      files: { tokens: { content: `noc read ${TOKEN}\n`, mode: 0o100644 } },
    });
    expect(loaded.kind === 'ok' && loaded.warnings.map(({ message }) => message)).toEqual([
      '"/etc/gdoiwatch/tokens" can be read by everyone; chmod 600 it',
    ]);
  });
});
