import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findingLine } from '../../src/config/finding.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { ENV, errorsOf, type Given, load, loadOk, withDevices } from './given-config.ts';

/** As it stands in the contract, with the two `...` paths named. */
const CONTRACT = `listen: 127.0.0.1:9848            # 9848: GDOI's own port is 848/udp
web: { config_file: web.yml, tokens_file: tokens }   # web.yml: the Prometheus exporter-toolkit web-config format
store: { sqlite: gdoiwatch.db }   # or { postgres: postgres://... } for several agents
record: captures/                 # optional
defaults: { role: auto, transport: ssh, interval: 60s, timeout: 15s, credentials: main }
credentials:
  main: { username: monitor, password_env: GDOI_PASSWORD }          # *_env or *_file
  v2:   { snmp: { version: 2c, community_file: community } }          # or community_env
  v3:   { snmp: { version: 3, username: monitor, auth: { protocol: sha256, password_file: auth }, privacy: { protocol: aes128, password_file: priv } } }
ssh: { known_hosts: known_hosts, host_keys: strict, algorithms: modern, session: persistent, max_handshakes: 8 }
devices:
  - { name: gm1, host: 192.0.2.1, port: 22, role: gm, interval: 30s, labels: { site: taipei } }
  - { name: ks1, host: 192.0.2.9, role: ks, transport: snmp, credentials: v3 }
targets: { file_sd: ["targets/*.json"], http_sd: ["http://netbox.example/..."] }
syslog: { listen: udp://127.0.0.1:5514 }      # also tcp://
traps: { listen: udp://127.0.0.1:1162, credentials: [v2, v3] }
alertmanager: { urls: ["http://127.0.0.1:9093"] }
grafana_url: https://grafana.example.net/g/
`;
const CONTRACT_FILES = {
  community: 'c0mmunity\n',
  auth: 'auth-pass\n',
  priv: 'priv-pass\n',
  'web.yml': 'http_server_config: { headers: { X-Frame-Options: deny } }\n',
  tokens: 'noc operate 4Jm0nSk2vYw8QzR7tXc1\n',
};
const CONTRACT_ENV = { GDOI_PASSWORD: 'pw' };

describe("the contract's own example", () => {
  const WITH_POSTGRES = CONTRACT.replace('sqlite: gdoiwatch.db', 'postgres: "postgres://me:hunter2@db/x"');

  it('loads completely', async () => {
    const { config, warnings } = await loadOk({ text: CONTRACT, files: CONTRACT_FILES, env: CONTRACT_ENV });
    expect(warnings).toEqual([expect.stringContaining('targets.http_sd[0]: plain HTTP')]);
    const common = {
      timeoutMs: 15_000,
      detailIntervalMs: 60_000,
      collect: [],
      phaseAware: true,
      sourceAddresses: [],
    };
    const secret = expect.any(Secret);
    const v3 = {
      version: 3,
      username: 'monitor',
      auth: { protocol: 'sha256', password: secret },
      privacy: { protocol: 'aes128', password: secret },
    };
    expect(config).toEqual({
      file: '/etc/gdoiwatch/gdoiwatch.yml',
      listen: { host: '127.0.0.1', port: 9848 },
      web: {
        tls: null,
        basicAuthUsers: new Map(),
        headers: { 'X-Frame-Options': 'deny' },
        tokens: [{ name: 'noc', scope: 'operate', sha256: secret }],
      },
      log: { level: 'info' },
      metrics: { labels: [], ksMembers: true },
      limits: { concurrentPolls: 512 },
      ssh: { knownHostsPath: '/etc/gdoiwatch/known_hosts', maxHandshakes: 8, loginsPerSecond: 50 },
      restconf: { knownCertificatesPath: '/etc/gdoiwatch/known_certificates' },
      record: '/etc/gdoiwatch/captures',
      store: { kind: 'sqlite', path: '/etc/gdoiwatch/gdoiwatch.db', retentionMs: 90 * 86_400_000 },
      devices: [
        {
          ...common,
          name: 'gm1',
          host: '192.0.2.1',
          port: 22,
          role: 'gm',
          transport: 'ssh',
          schedule: { kind: 'every', ms: 30_000 },
          labels: { site: 'taipei' },
          ssh: {
            credentialName: 'main',
            username: 'monitor',
            password: secret,
            privateKey: null,
            passphrase: null,
            enablePassword: null,
            hostKeys: 'strict',
            algorithms: 'modern',
            session: 'persistent',
          },
          snmp: null,
          restconf: null,
        },
        {
          ...common,
          name: 'ks1',
          host: '192.0.2.9',
          port: 161,
          role: 'ks',
          transport: 'snmp',
          schedule: { kind: 'every', ms: 60_000 },
          labels: {},
          ssh: null,
          snmp: { credentialName: 'v3', credential: v3, port: 161, schedule: { kind: 'every', ms: 60_000 } },
          restconf: null,
        },
      ],
      targets: {
        files: ['/etc/gdoiwatch/targets/*.json'],
        urls: [{ url: 'http://netbox.example/...', authorization: null }],
        refreshMs: 60_000,
        makeDevice: expect.any(Function),
      },
      syslog: { listens: [{ protocol: 'udp', host: '127.0.0.1', port: 5514 }], relays: [] },
      traps: {
        listen: { protocol: 'udp', host: '127.0.0.1', port: 1162 },
        credentials: new Map<string, unknown>([
          ['v2', { version: '2c', community: secret }],
          ['v3', v3],
        ]),
      },
      webhooks: [],
      grafanaUrl: 'https://grafana.example.net/g',
      maintenance: [],
      doubts: expect.any(Function),
      alertmanager: {
        apiUrls: ['http://127.0.0.1:9093/api/v2'],
        basicAuth: null,
        labels: { job: 'gdoiwatch', instance: '127.0.0.1:9848' },
      },
    });
    expect(config.devices[0]?.ssh?.password?.reveal()).toBe('pw');
    const credential = config.devices[1]?.snmp?.credential;
    expect(credential?.version === 3 && credential.privacy?.password.reveal()).toBe('priv-pass');
  });

  it('takes PostgreSQL as the store, and doubts a password in the file and a connection that is not encrypted', async () => {
    const { config, warnings } = await loadOk({ text: WITH_POSTGRES, files: CONTRACT_FILES, env: CONTRACT_ENV });
    expect(config.store).toEqual({
      kind: 'postgres',
      leaseMs: 20_000,
      aloneMs: 60_000,
      others: { url: null, token: null, tls: null },
      retentionMs: 90 * 86_400_000,
      postgres: {
        hosts: [{ host: 'db', port: 5432 }],
        user: 'me',
        password: expect.any(Secret),
        database: 'x',
        tls: null,
      },
    });
    expect(warnings.slice(0, 3)).toEqual([
      expect.stringMatching(/cluster: web names users or tokens, so without token_file agents cannot ask each other/),
      expect.stringMatching(/store\.postgres: the password is in this file/),
      expect.stringMatching(/store\.postgres: not encrypted/),
    ]);
    expect(JSON.stringify([config, warnings])).not.toContain('hunter2');
  });

  it('takes how agents ask each other', async () => {
    const cluster =
      'cluster: { url: "https://agent1.example:9848", token_env: CLUSTER_TOKEN, tls: { server_name: agents.example } }\n';
    const env = { ...CONTRACT_ENV, CLUSTER_TOKEN: 'what-agents-show-each-other' };
    const { config } = await loadOk({ text: WITH_POSTGRES + cluster, files: CONTRACT_FILES, env });
    expect(config.store).toMatchObject({
      others: {
        url: 'https://agent1.example:9848',
        token: expect.any(Secret),
        tls: { ca: null, cert: null, key: null, serverName: 'agents.example' },
      },
    });
    expect(JSON.stringify(config)).not.toContain('what-agents-show');
  });

  it.each([
    ['url: "http://a.example/path"', 'cluster.url: "http://a.example/path" is not http:// or https:// with a host'],
    ['url: "ftp://a.example"', 'cluster.url'],
    ['token_env: SHORT', 'cluster.token_env: shorter than 16 characters'],
    ['tls: { cert_file: a.pem }', 'cluster.tls: cert_file and key_file go together'],
  ])('refuses cluster: { %s }', async (setting, error) => {
    const text = `${WITH_POSTGRES}cluster: { ${setting} }\n`;
    const problems = await errorsOf({ text, files: CONTRACT_FILES, env: { ...CONTRACT_ENV, SHORT: 'short' } });
    expect(problems.join('\n')).toContain(error);
  });

  it('refuses settings for requests between agents if they do not share a store', async () => {
    const text = `${CONTRACT}cluster: { url: "https://agent1.example:9848" }\n`;
    const problems = await errorsOf({ text, files: CONTRACT_FILES, env: CONTRACT_ENV });
    expect(problems.join('\n')).toContain('has no effect without store.postgres');
  });
});

describe('defaults and overrides', () => {
  it('every key has a default but devices and credentials', async () => {
    const { config, warnings } = await loadOk({ text: withDevices('{ name: gm1, host: gm1.example }'), env: ENV });
    expect(warnings).toEqual([]);
    expect(config.devices[0]).toMatchObject({ port: 22, role: 'auto', schedule: { kind: 'every', ms: 60_000 } });
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 9848 });
  });

  it('a device overrides what defaults and ssh say', async () => {
    const text = `${withDevices(
      '{ name: a, host: a }',
      '{ name: b, host: b, interval: 0 */5 * * * *, timeout: 500ms, detail_interval: 1h, collect: [replay], role: ks, ssh: { algorithms: legacy, session: per_poll } }',
      '{ name: c, host: c, host_keys: strict, algorithms: modern, session: persistent }',
    )}defaults: { interval: 5m, timeout: 1m, detail_interval: 2m, collect: [logging, dataplane], role: gm }
ssh: { known_hosts: /var/lib/known, host_keys: accept-new, algorithms: legacy, session: per_poll }
`;
    const { config } = await loadOk({ text, env: ENV });
    const [a, b, c] = config.devices;
    expect(a).toMatchObject({
      role: 'gm',
      schedule: { kind: 'every', ms: 300_000 },
      timeoutMs: 60_000,
      detailIntervalMs: 120_000,
      collect: ['logging', 'dataplane'],
      ssh: { hostKeys: 'accept-new', algorithms: 'legacy', session: 'per_poll' },
    });
    expect(b).toMatchObject({
      role: 'ks',
      schedule: { kind: 'cron', expression: '0 */5 * * * *' },
      timeoutMs: 500,
      detailIntervalMs: 3_600_000,
      collect: ['replay'],
      ssh: { hostKeys: 'accept-new', algorithms: 'legacy', session: 'per_poll' },
    });
    expect(c?.ssh).toMatchObject({ hostKeys: 'strict', algorithms: 'modern', session: 'persistent' });
    expect(config.ssh.knownHostsPath).toBe('/var/lib/known');
  });

  it('a cell is what the device says, else the value of the label that names it, else the default one', async () => {
    const text = `${withDevices(
      '{ name: a, host: a, cell: north, labels: { customer: acme } }',
      '{ name: b, host: b, labels: { customer: Müller AG } }',
      '{ name: c, host: c, labels: { customer: "" } }',
      '{ name: d, host: d }',
      '{ name: e, host: e, cell: default }',
    )}cluster: { cell_label: customer }
`;
    const { config } = await loadOk({ text, env: ENV });
    expect(config.devices.map(({ cell }) => cell)).toEqual(['north', 'Müller AG', undefined, undefined, undefined]);
  });

  it.each([
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['":9848"', { host: '0.0.0.0', port: 9848 }],
    ['"[::1]:80"', { host: '::1', port: 80 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
  ])('listen: %s', async (listen, expected) => {
    const { config } = await loadOk({
      text: `listen: ${listen}\ndevices: []\n`,
    });
    expect(config.listen).toEqual(expected);
  });

  it('one alias may serve a whole fleet', async () => {
    const devices = Array.from(
      { length: 500 },
      (_, i) => `{ name: gm${i}, host: h, labels: ${i === 0 ? '&l { site: x }' : '*l'} }`,
    );
    const { config } = await loadOk({ text: withDevices(...devices), env: ENV });
    expect(config.devices[499]?.labels).toEqual({ site: 'x' });
  });
});

const device = (rest: string) => withDevices(`{ name: gm1, host: 192.0.2.1, ${rest} }`);

describe('each mistake is one line that says where, what and what is allowed', () => {
  const allowedKeys =
    'include, listen, grafana_url, log, limits, metrics, web, store, cluster, record, defaults, credentials, ssh, restconf, jump_hosts, devices, match, targets, syslog, traps, webhooks, maintenance, alertmanager';
  const cases: readonly (readonly [title: string, text: string, ...errors: string[]])[] = [
    [
      'a bad interval',
      device('interval: soon'),
      '3:45: devices[0].interval: "soon" is not a duration (30s, 5m) or a cron expression',
    ],
    [
      'a number for an interval',
      device('interval: 60'),
      '3:45: devices[0].interval: 60 is not a duration (30s, 5m) or a cron expression: a number needs a unit, such as 60s',
    ],
    [
      'a cron expression of four fields',
      device('interval: "* * * *"'),
      '3:45: devices[0].interval: "* * * *" is not a duration (30s, 5m) or a cron expression',
    ],
    [
      'a cron expression for 31 February',
      device('interval: 0 0 31 2 *'),
      '3:45: devices[0].interval: "0 0 31 2 *" is not a duration (30s, 5m) or a cron expression',
    ],
    [
      'an interval too short',
      device('interval: 500ms'),
      '3:45: devices[0].interval: "500ms" is not an interval from 1s to 168h',
    ],
    [
      'a timeout too long',
      device('timeout: 1h'),
      '3:44: devices[0].timeout: "1h" is not a duration (30s, 5m) from 100ms to 10m',
    ],
    ['an unknown role', device('role: router'), '3:41: devices[0].role: "router" is not one of gm, ks, auto'],
    [
      'an unknown transport, without a word on its credential',
      device('transport: telnet, credentials: none'),
      '3:46: devices[0].transport: "telnet" is not one of ssh, snmp, ssh+snmp, restconf, ssh+restconf',
    ],
    [
      'a port out of range',
      device('port: 65536'),
      '3:41: devices[0].port: 65536 is not a whole number from 1 to 65535',
    ],
    ['a port as text', device('port: "22"'), '3:41: devices[0].port: "22" is not a whole number from 1 to 65535'],
    [
      'a mistyped address',
      withDevices('{ name: gm1, host: 300.1.1.1 }'),
      '3:24: devices[0].host: "300.1.1.1" is not a host name or IP address',
    ],
    ['no host', withDevices('{ name: gm1 }'), '3:5: devices[0].host: missing; needs a host name or IP address'],
    [
      'an empty host',
      withDevices('{ name: gm1, host: }'),
      '3:18: devices[0].host: empty; needs a host name or IP address',
    ],
    [
      'a number for a program, which no quotes make a list',
      'credentials: { c: { password_command: 5 } }\ndevices: []\n',
      '1:39: credentials.c.password_command: the value is not a list of a program and its arguments ([program, args...]), at most 64',
    ],
    [
      'a number as an argument of a program',
      'credentials: { c: { password_command: [vault, 5] } }\ndevices: []\n',
      '1:47: credentials.c.password_command[1]: the value is not a list of a program and its arguments ([program, args...]), at most 64: put it in quotes',
    ],
    [
      'a number for a name',
      withDevices('{ name: 12, host: h }'),
      '3:13: devices[0].name: 12 is not a name (letters, digits and . _ - : after a first letter, digit or _, at most 128): put it in quotes',
    ],
    [
      'a name that is no label or path',
      withDevices('{ name: ../x, host: h }'),
      '3:13: devices[0].name: "../x" is not a name (letters, digits and . _ - : after a first letter, digit or _, at most 128)',
    ],
    [
      'a name twice',
      withDevices('{ name: a, host: h }', '{ name: b, host: h }', '{ name: a, host: h }'),
      '5:13: devices[2].name: "a" is already the name of devices[0]',
    ],
    [
      'a collector that is none',
      device('collect: [replay, cpu]'),
      '3:53: devices[0].collect[1]: "cpu" is not one of replay, dataplane, logging, certificates',
    ],
    [
      'a label of ours',
      device('labels: { host: x }'),
      '3:45: devices[0].labels.host: "host" is not free as a label name: gdoiwatch or Prometheus sets device, cell, group, host, role, platform, version, kek_behavior, instance, job, le, quantile',
    ],
    [
      'a label of Prometheus',
      device('labels: { __address__: x }'),
      '3:45: devices[0].labels.__address__: "__address__" is not a label name (letters, digits and _, not starting with a digit or __)',
    ],
    [
      'a number for a label',
      device('labels: { rack: 1.10 }'),
      '3:51: devices[0].labels.rack: 1.1 is not text of at most 256 characters: put it in quotes',
    ],
    ['a mistyped key', device('intervall: 30s'), '3:35: devices[0].intervall: unknown key; did you mean interval?'],
    [
      'a mistyped key with a dash',
      device('detail-interval: 30s'),
      '3:35: devices[0].detail-interval: unknown key; did you mean detail_interval?',
    ],
    [
      'a key that is like none',
      `zzz: 1\n${withDevices('{ name: a, host: h }')}`,
      `1:1: zzz: unknown key; allowed are ${allowedKeys}`,
    ],
    ['a key twice', device('host: 192.0.2.2'), '3:35: devices[0].host: is here a second time'],
    [
      'a key of JavaScript',
      `__proto__: { x: 1 }\n${withDevices('{ name: a, host: h }')}`,
      '1:1: __proto__: is not a setting',
    ],
    [
      'an override of known_hosts',
      device('ssh: { known_hosts: x }'),
      '3:42: devices[0].ssh.known_hosts: unknown key; allowed are host_keys, algorithms, session, jump, max_handshakes',
    ],
    [
      'an override in both places',
      device('session: per_poll, ssh: { session: per_poll }'),
      '3:35: devices[0].session: is also set in ssh.session; set it once',
    ],
    [
      'an unknown credential',
      device('credentials: mian'),
      '3:48: devices[0].credentials: "mian" is not one of the credentials; did you mean main?',
    ],
    [
      'an unknown default credential, once for all devices',
      `defaults: { credentials: other }\n${withDevices('{ name: a, host: h }', '{ name: b, host: h }')}`,
      '1:26: defaults.credentials: "other" is not one of the credentials (main)',
    ],
    [
      'no credentials at all',
      'devices: [{ name: a, host: h }]\n',
      '1:1: defaults.credentials: "main" is not one of the credentials: none are configured',
    ],
    [
      'ssh+snmp with one credential',
      device('transport: ssh+snmp, credentials: main'),
      '3:69: devices[0].credentials: transport ssh+snmp needs { ssh: NAME, snmp: NAME }',
    ],
    [
      'ssh with a credential for snmp only',
      device('credentials: { snmp: main }'),
      '3:48: devices[0].credentials.ssh: missing; transport ssh needs the name of a credential',
    ],
    [
      'an address without a port',
      `listen: 127.0.0.1\n${withDevices('{ name: a, host: h }')}`,
      '1:9: listen: "127.0.0.1" is not an address to listen on (127.0.0.1:9848, [::1]:9848, :9848)',
    ],
    [
      'a tcp trap listener',
      'traps: { listen: tcp://127.0.0.1:1162 }\ndevices: []\n',
      '1:18: traps.listen: "tcp://127.0.0.1:1162" is not an address to listen on (udp://127.0.0.1:1162)',
    ],
    [
      'two stores',
      'store: { sqlite: a, postgres: "postgres://h/d" }\ndevices: []\n',
      '1:8: store: needs either sqlite or postgres',
    ],
    [
      'a URL with a password, not repeated',
      'alertmanager: { urls: ["htp://me:hunter2@h"] }\ndevices: []\n',
      '1:24: alertmanager.urls[0]: the value (not shown) is not a URL (http://... or https://...)',
    ],
    [
      'a Grafana that is no web address',
      'grafana_url: javascript:alert(1)\ndevices: []\n',
      '1:14: grafana_url: "javascript:alert(1)" is not a URL (http://... or https://...)',
    ],
    [
      'a dashboard instead of a Grafana',
      'grafana_url: "https://g.example/d/x?var-group=G1"\ndevices: []\n',
      '1:14: grafana_url: "https://g.example/d/x?var-group=G1" is not http:// or https:// with a host and perhaps a path, and no ? or # after it',
    ],
    ['no devices', 'listen: 127.0.0.1:1\n', '1:1: devices: missing; needs a list of devices'],
    ['devices without a list', 'devices:\n', '1:1: devices: empty; needs a list of devices'],
    ['a list for the file', '- a\n', `1:1: a list is not a mapping of ${allowedKeys}`],
    [
      'a second document',
      'devices: []\n---\ndevices: []\n',
      '2:1: not YAML: one document only; a second one starts here',
    ],
    ['a tab', 'ssh:\n\tsession: per_poll\n', '2:1: not YAML: a tab; YAML is indented with spaces'],
    [
      'an open quote',
      'record: "x\n',
      '2:1: not YAML: a character is missing here (a closing quote or bracket, a comma, a colon or a space)',
    ],
    [
      'a password that starts with *, not repeated',
      'record: *hunter2\ndevices: []\n',
      '1:9: record: an alias (*name) without its anchor (&name) before it; text that starts with * or & needs quotes',
    ],
    [
      'a password that starts with !, not repeated',
      'record: !hunter2 x\n',
      '1:9: not YAML: an unknown tag; text that starts with ! needs quotes',
    ],
    ['an alias of itself', 'devices: &d [*d]\n', '1:14: devices[0]: an alias inside the value that it stands for'],
    [
      'several mistakes, all at once and in the order of the file',
      `listenn: x\n${withDevices('{ name: a, host: h, role: x }', '{ name: b, host: h, credentials: nobody }', '{ name: a, host: h }')}limits: { concurrent_polls: 0 }\n`,
      '1:1: listenn: unknown key; did you mean listen?',
      '4:31: devices[0].role: "x" is not one of gm, ks, auto',
      '5:38: devices[1].credentials: "nobody" is not one of the credentials (main)',
      '6:13: devices[2].name: "a" is already the name of devices[0]',
      '7:29: limits.concurrent_polls: 0 is not a whole number from 1 to 4096',
    ],
  ];

  it.each(cases)('%s', async (_, text, ...errors) => {
    expect(await errorsOf({ text, env: ENV })).toEqual(errors.map((line) => `gdoiwatch.yml:${line}`));
  });

  it('a file that is not there', async () => {
    const loaded = await loadConfig('/nowhere/gdoiwatch.yml', { env: {} });
    expect(loaded.kind === 'invalid' && loaded.findings.map(findingLine)).toEqual([
      '/nowhere/gdoiwatch.yml: cannot be read: no such file',
    ]);
  });

  it('a file over the bound', async () => {
    expect(await errorsOf({ text: '#'.repeat(33 * 1024 * 1024) })).toEqual([
      'gdoiwatch.yml: cannot be read: larger than 33554432 bytes',
    ]);
  });

  it('an alias bomb', async () => {
    const bomb = Array.from({ length: 9 }, (_, i) =>
      i === 0 ? 'x0: &x0 [a, a, a, a, a, a, a, a, a, a]' : `x${i}: &x${i} [${`*x${i - 1}, `.repeat(10)}]`,
    ).join('\n');
    const errors = await errorsOf({ text: `${bomb}\ndevices: *x8\n` });
    expect(errors.filter((line) => line.includes('aliases expanded'))).toHaveLength(1);
  });
});

const credential = (text: string, rest: Omit<Given, 'text'> = {}) =>
  errorsOf({ text: `credentials: { c: { ${text} } }\ndevices: []\n`, ...rest });

describe('credentials', () => {
  const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n';
  const cases: readonly (readonly [title: string, text: string, rest: Omit<Given, 'text'>, error?: string])[] = [
    [
      'a password in the file',
      'username: u, password: hunter2',
      {},
      '1:34: credentials.c.password: a secret does not belong in the configuration: use password_env, password_file or password_command',
    ],
    [
      'a key in the file',
      'username: u, private_key: hunter2',
      {},
      '1:34: credentials.c.private_key: a secret does not belong in the configuration: use private_key_file or private_key_command',
    ],
    [
      'a community in the file',
      'snmp: { version: 2c, community: hunter2 }',
      {},
      '1:42: credentials.c.snmp.community: a secret does not belong in the configuration: use community_env, community_file or community_command',
    ],
    [
      'a password as a key, not repeated',
      'username: u, password_env: P, Hunter2: ',
      { env: ENV },
      '1:19: credentials.c: has an unknown key (not shown); allowed are username, password_env, password_file, password_command, private_key_file, private_key_command, agent, passphrase_env, passphrase_file, passphrase_command, enable_password_env, enable_password_file, enable_password_command, snmp, restconf',
    ],
    [
      'a password of small letters for a key, not repeated',
      'username: u, password_env: P, correcthorse',
      { env: ENV },
      '1:19: credentials.c: has an unknown key (not shown); allowed are username, password_env, password_file, password_command, private_key_file, private_key_command, agent, passphrase_env, passphrase_file, passphrase_command, enable_password_env, enable_password_file, enable_password_command, snmp, restconf',
    ],
    [
      'a setting that it does not know',
      'username: u, password_env: P, privilege: 15',
      { env: ENV },
      '1:51: credentials.c.privilege: unknown key; allowed are username, password_env, password_file, password_command, private_key_file, private_key_command, agent, passphrase_env, passphrase_file, passphrase_command, enable_password_env, enable_password_file, enable_password_command, snmp, restconf',
    ],
    [
      'a variable that is not set',
      'username: u, password_env: GDOI_PASSWORD',
      {},
      '1:48: credentials.c.password_env: environment variable GDOI_PASSWORD is not set',
    ],
    [
      'a password for the name of a variable, not repeated',
      'username: u, password_env: hunter2',
      {},
      '1:48: credentials.c.password_env: the environment variable is not set',
    ],
    [
      'a password that can be no variable, not repeated',
      'username: u, password_env: hunter-2',
      {},
      '1:48: credentials.c.password_env: the value is not the name of an environment variable',
    ],
    [
      'an empty variable',
      'username: u, password_env: P',
      { env: { P: '' } },
      '1:48: credentials.c.password_env: environment variable P is empty',
    ],
    [
      'a file that is not there',
      'username: u, password_file: secrets/pw',
      {},
      '1:49: credentials.c.password_file: "/etc/gdoiwatch/secrets/pw" cannot be read: no such file',
    ],
    [
      'an empty file',
      'username: u, password_file: /run/pw',
      { files: { pw: '\n' } },
      '1:49: credentials.c.password_file: "/run/pw" is empty',
    ],
    [
      'a password of two lines, which IOS would take for a command',
      'username: u, enable_password_file: pw, password_env: P',
      { env: ENV, files: { pw: 'a\nreload\n' } },
      '1:56: credentials.c.enable_password_file: "/etc/gdoiwatch/pw" has more than one line',
    ],
    [
      'an OpenSSH certificate',
      'username: u, private_key_file: id-cert.pub',
      { files: { 'id-cert.pub': 'ssh-ed25519-cert-v01@openssh.com AAAA' } },
      '1:52: credentials.c.private_key_file: "/etc/gdoiwatch/id-cert.pub" is an OpenSSH certificate, which this SSH client cannot log in with: name the private key, and have the device know that key itself',
    ],
    [
      'a secret over the bound',
      'username: u, password_file: pw',
      { files: { pw: 'x'.repeat(70_000) } },
      '1:49: credentials.c.password_file: "/etc/gdoiwatch/pw" cannot be read: larger than 65536 bytes',
    ],
    [
      'a public key',
      'username: u, private_key_file: id.pub',
      { files: { 'id.pub': 'ssh-rsa AAAA' } },
      '1:52: credentials.c.private_key_file: "/etc/gdoiwatch/id.pub" is not a private key in PEM or OpenSSH form',
    ],
    [
      'two sources',
      'username: u, password_env: P, password_file: pw',
      { env: ENV },
      '1:19: credentials.c: either password_env or password_file, not both',
    ],
    [
      'no secret',
      'username: u',
      {},
      '1:19: credentials.c: needs password_env, password_file, password_command, private_key_file or agent: true (SSH), snmp or restconf',
    ],
    ['no user', 'password_env: P', { env: ENV }, '1:19: credentials.c: needs a username (SSH), snmp or restconf'],
    [
      'a passphrase without a key',
      'username: u, password_env: P, passphrase_env: P',
      { env: ENV },
      '1:19: credentials.c: a passphrase is only for a private key',
    ],
    [
      'SSH and SNMP in one',
      'username: u, password_env: P, snmp: { version: 2c, community_env: P }',
      { env: ENV },
      '1:19: credentials.c: is for SSH or for SNMP, not both: make it two',
    ],
    [
      'SNMPv1',
      'snmp: { version: 1, community_env: P }',
      { env: ENV },
      '1:38: credentials.c.snmp.version: 1 is not 2c or 3 (a number, without quotes)',
    ],
    [
      'SNMPv2c without a community',
      'snmp: { version: 2c }',
      {},
      '1:27: credentials.c.snmp: needs community_env, community_file or community_command',
    ],
    [
      'privacy without auth',
      'snmp: { version: 3, username: u, privacy: { protocol: aes128, password_env: P } }',
      { env: ENV },
      '1:27: credentials.c.snmp: SNMPv3 has privacy only with auth',
    ],
    ...(
      [
        ['des', ' (single DES is broken and not in the OpenSSL of this Node.js)'],
        ['3des', ' (3DES is not in the SNMP library)'],
        ['AES-192', ''],
      ] as const
    ).map(
      ([protocol, reason]) =>
        [
          `privacy ${protocol}`,
          `snmp: { version: 3, username: u, auth: { protocol: sha, password_env: P }, privacy: { protocol: ${protocol}, password_env: P } }`,
          { env: ENV },
          `1:117: credentials.c.snmp.privacy.protocol: "${protocol}" is not one of aes128, aes192, aes256${reason}`,
        ] as const,
    ),
    [
      'a key with its passphrase',
      'username: u, private_key_file: id, passphrase_env: P',
      { env: ENV, files: { id: KEY } },
    ],
  ];

  it.each(cases.map(([title, text, rest, error]) => ({ title, text, rest, error })))(
    '$title',
    async ({ text, rest, error }) => {
      expect(await credential(text, rest)).toEqual(error === undefined ? [] : [`gdoiwatch.yml:${error}`]);
    },
  );

  it('a wrong credential is reported once, not again by what refers to it', async () => {
    for (const wrong of ['password: x', 'password_env: Q', 'X9: y', 'snmp: 3']) {
      const text = `credentials: { main: { username: u, ${wrong} } }\ndevices: [{ name: a, host: h }]\n`;
      expect(await errorsOf({ text })).toHaveLength(1);
    }
  });

  it('an SNMP credential does not work for SSH, nor an SSH credential for traps', async () => {
    const text = `credentials:
  main: { username: u, password_env: P }
  v2: { snmp: { version: 2c, community_env: P } }
devices: [{ name: a, host: h, credentials: v2 }]
traps: { listen: udp://:162, credentials: [v2, main, v4] }
`;
    expect(await errorsOf({ text, env: ENV })).toEqual([
      'gdoiwatch.yml:4:44: devices[0].credentials: "v2" is an SNMP credential; transport ssh needs one with a username and a password or key',
      'gdoiwatch.yml:5:48: traps.credentials[1]: "main" is not an SNMP credential',
      'gdoiwatch.yml:5:54: traps.credentials[2]: "v4" is not one of the credentials; did you mean v2?',
    ]);
  });

  it('a secret keeps its spaces and loses the line end of its file', async () => {
    const text = `credentials: { main: { username: u, password_file: pw } }\ndevices: [{ name: a, host: h }]\n`;
    for (const content of [' s p ', ' s p \n', ' s p \r\n']) {
      const { config } = await loadOk({ text, files: { pw: content } });
      expect(config.devices[0]?.ssh?.password?.reveal()).toBe(' s p ');
    }
  });

  it('a secret file that everyone can read is a warning, one for each file', async () => {
    const text = `credentials:
  main: { username: u, password_file: pw, enable_password_file: pw }
devices: [{ name: a, host: h }]
`;
    const { warnings } = await loadOk({ text, files: { pw: { content: 'x', mode: 0o100644 } } });
    expect(warnings).toEqual([
      'gdoiwatch.yml:2:39: credentials.main.password_file: "/etc/gdoiwatch/pw" can be read by everyone (mode 0644); chmod 600 it',
    ]);
  });
});

describe('from the disk', () => {
  it('secrets are found beside the configuration, whatever the working directory', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-config-'));
    try {
      const file = join(directory, 'gdoiwatch.yml');
      await writeFile(
        file,
        'credentials: { main: { username: u, password_file: pw } }\ndevices: [{ name: a, host: h }]\n',
      );
      await writeFile(join(directory, 'pw'), 'from-the-disk\n');
      await chmod(join(directory, 'pw'), 0o604);
      const loaded = await loadConfig(file, { env: {} });
      expect(loaded.kind === 'ok' && loaded.config.devices[0]?.ssh?.password?.reveal()).toBe('from-the-disk');
      expect(loaded.kind === 'ok' && loaded.warnings.map(({ message }) => message)).toEqual([
        `"${join(directory, 'pw')}" can be read by everyone (mode 0604); chmod 600 it`,
      ]);
      const notAFile = await loadConfig(directory, { env: {} });
      expect(notAFile.kind === 'invalid' && notAFile.findings.map(({ message }) => message)).toEqual([
        'cannot be read: it is a directory',
      ]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('text that is not UTF-8 is refused', async () => {
    const bytes = Buffer.from([0x61, 0xff, 0xfe]);
    const loaded = await loadConfig('x.yml', { env: {}, readFile: async () => ({ bytes, mode: 0o100600 }) });
    expect(loaded.kind === 'invalid' && loaded.findings.map(findingLine)).toEqual([
      'x.yml: cannot be read: not UTF-8 text',
    ]);
  });
});

it('a bug of the file reader does not count as a user error', async () => {
  const bug = new Error('bug');
  await expect(loadConfig('x.yml', { env: {}, readFile: () => Promise.reject(bug) })).rejects.toBe(bug);
  expect((await load({ text: 'devices: []' })).kind).toBe('ok');
});
