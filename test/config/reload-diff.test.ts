import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asItRuns, diffConfig, restartNeeded } from '../../src/config/reload-diff.ts';
import type { SnmpCredential } from '../../src/access/device-snmp.ts';
import type {
  ResolvedConfig,
  ResolvedDevice,
  ResolvedSnmp,
  ResolvedSsh,
  ResolvedStore,
} from '../../src/config/resolved-config.ts';
import type { ResolvedTls } from '../../src/config/resolved-web.ts';
import { RenewableSecret } from '../../src/config/secret-origin.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { ENV, loadOk, withDevices } from './given-config.ts';

const ssh = (changes: Partial<ResolvedSsh> = {}): ResolvedSsh => ({
  credentialName: 'main',
  username: 'monitor',
  password: new Secret('pw'),
  privateKey: null,
  passphrase: null,
  enablePassword: null,
  hostKeys: 'strict',
  algorithms: 'modern',
  session: 'persistent',
  ...changes,
});

const v3 = (changes: Partial<Extract<SnmpCredential, { version: 3 }>> = {}): SnmpCredential => ({
  version: 3,
  username: 'monitor',
  auth: { protocol: 'sha256', password: new Secret('auth-pass') },
  privacy: { protocol: 'aes128', password: new Secret('priv-pass') },
  ...changes,
});

const v2 = (community: string): SnmpCredential => ({ version: '2c', community: new Secret(community) });

const snmp = (changes: Partial<ResolvedSnmp> = {}): ResolvedSnmp => ({
  credentialName: 'v3',
  credential: v3(),
  port: 161,
  schedule: { kind: 'every', ms: 30_000 },
  ...changes,
});

const device = (changes: Partial<ResolvedDevice> = {}): ResolvedDevice => ({
  name: 'gm1',
  host: '192.0.2.1',
  sourceAddresses: [],
  port: 22,
  role: 'gm',
  transport: 'ssh',
  schedule: { kind: 'every', ms: 60_000 },
  timeoutMs: 15_000,
  detailIntervalMs: 60_000,
  collect: [],
  phaseAware: true,
  labels: { site: 'taipei' },
  ssh: ssh(),
  snmp: null,
  restconf: null,
  ...changes,
});

const config = (devices: readonly ResolvedDevice[], changes: Partial<ResolvedConfig> = {}): ResolvedConfig => ({
  file: 'gdoiwatch.yml',
  listen: { host: '127.0.0.1', port: 9848 },
  log: { level: 'info' },
  metrics: { labels: [], ksMembers: true },
  limits: { concurrentPolls: 64 },
  ssh: { knownHostsPath: '/etc/known_hosts', maxHandshakes: 8, loginsPerSecond: 50 },
  restconf: { knownCertificatesPath: '/etc/known_certificates' },
  record: null,
  store: { kind: 'sqlite', path: '/var/lib/gdoiwatch.db', retentionMs: 90 * 86_400_000 },
  devices,
  web: { tls: null, basicAuthUsers: new Map(), tokens: [], headers: {} },
  grafanaUrl: null,
  targets: null,
  syslog: null,
  traps: null,
  alertmanager: null,
  webhooks: [],
  maintenance: [],
  doubts: () => [],
  ...changes,
});

const TLS: ResolvedTls = {
  cert: 'certificate',
  key: new Secret('key'),
  clientCa: null,
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: null,
  honorCipherOrder: true,
  ecdhCurve: null,
};

const traps = (credential: SnmpCredential): ResolvedConfig['traps'] => ({
  listen: { protocol: 'udp', host: '127.0.0.1', port: 1162 },
  credentials: new Map([['v2', credential]]),
});

const names = (devices: readonly ResolvedDevice[]) => devices.map(({ name }) => name);

type SharedStore = Extract<ResolvedStore, { kind: 'postgres' }>;

function shared(over: Partial<SharedStore> = {}): SharedStore {
  return {
    kind: 'postgres',
    retentionMs: 1,
    postgres: { hosts: [], user: 'gdoiwatch', password: new Secret('before'), database: 'gdoiwatch', tls: null },
    leaseMs: 20_000,
    aloneMs: 60_000,
    others: { url: null, token: new Secret('a token of the agents'), tls: null },
    ...over,
  };
}

describe('a reload', () => {
  it('adds, removes and keeps devices by name, in any order of the file', () => {
    const [a, b, c] = [device({ name: 'a' }), device({ name: 'b' }), device({ name: 'c' })];
    const diff = diffConfig(config([a, b]), config([c, b]));
    expect(names(diff.added)).toEqual(['c']);
    expect(names(diff.removed)).toEqual(['a']);
    expect(names(diff.unchanged)).toEqual(['b']);
    expect(diff.restartNeeded).toEqual([]);
  });

  const newSession: readonly (readonly [string, Partial<ResolvedDevice>])[] = [
    ['another host', { host: '192.0.2.2' }],
    ['another port', { port: 2222 }],
    ['another transport', { transport: 'ssh+snmp' }],
    ['no ssh any more', { ssh: null }],
    ['another credential', { ssh: ssh({ credentialName: 'other' }) }],
    ['another user', { ssh: ssh({ username: 'other' }) }],
    ['a rotated password', { ssh: ssh({ password: new Secret('pw2') }) }],
    ['a key beside the password', { ssh: ssh({ privateKey: new Secret('key') }) }],
    ['an enable password', { ssh: ssh({ enablePassword: new Secret('en') }) }],
    ['a passphrase', { ssh: ssh({ passphrase: new Secret('ph') }) }],
    ['other host key rules', { ssh: ssh({ hostKeys: 'accept-new' }) }],
    ['other algorithms', { ssh: ssh({ algorithms: 'legacy' }) }],
    ['sessions per poll', { ssh: ssh({ session: 'per_poll' }) }],
    ['snmp beside ssh', { snmp: snmp() }],
    ['another host and another pace', { host: 'x', schedule: { kind: 'every', ms: 1000 } }],
  ];
  it.each(newSession)('%s needs a new session', (_, changes) => {
    const diff = diffConfig(config([device()]), config([device(changes)]));
    expect(diff.changed).toEqual([device(changes)]);
    expect([...diff.rescheduled, ...diff.unchanged, ...diff.added, ...diff.removed]).toEqual([]);
  });

  const sameSession: readonly (readonly [string, Partial<ResolvedDevice>])[] = [
    ['another pace', { schedule: { kind: 'every', ms: 30_000 } }],
    ['a cron expression', { schedule: { kind: 'cron', expression: '* * * * *' } }],
    ['another role', { role: 'ks' }],
    ['another timeout', { timeoutMs: 1000 }],
    ['another pace of detail', { detailIntervalMs: 1000 }],
    ['no polls at the instants that decide', { phaseAware: false }],
    ['its cell shown, which it was in already', { cell: 'default' }],
    ['another label', { labels: { site: 'kaohsiung' } }],
    ['another collector', { collect: ['replay'] }],
    ['another source address', { sourceAddresses: ['192.0.2.77'] }],
  ];
  it.each(sameSession)('%s keeps the session', (_, changes) => {
    const diff = diffConfig(config([device()]), config([device(changes)]));
    expect(diff.rescheduled).toEqual([device(changes)]);
    expect([...diff.changed, ...diff.unchanged, ...diff.added, ...diff.removed]).toEqual([]);
  });

  const newSnmp: readonly (readonly [string, ResolvedSnmp | null])[] = [
    ['no snmp any more', null],
    ['another snmp port', snmp({ port: 1161 })],
    ['another snmp credential', snmp({ credentialName: 'other' })],
    ['a community for a user', snmp({ credential: v2('c0mmunity') })],
    ['another snmp user', snmp({ credential: v3({ username: 'other' }) })],
    ['no privacy', snmp({ credential: v3({ privacy: null }) })],
    ['another protocol', snmp({ credential: v3({ auth: { protocol: 'sha', password: new Secret('auth-pass') } }) })],
    [
      'a rotated snmp password',
      snmp({ credential: v3({ privacy: { protocol: 'aes128', password: new Secret('priv-pass2') } }) }),
    ],
  ];
  it.each(newSnmp)('%s counts as another device to poll', (_, after) => {
    const diff = diffConfig(config([device({ snmp: snmp() })]), config([device({ snmp: after })]));
    expect(names(diff.changed)).toEqual(['gm1']);
  });

  it('the same snmp settings, read again, are no change; another pace of theirs is one of the schedule', () => {
    const before = config([device({ snmp: snmp() })]);
    expect(names(diffConfig(before, config([device({ snmp: snmp() })])).unchanged)).toEqual(['gm1']);
    const slower = device({ snmp: snmp({ schedule: { kind: 'every', ms: 60_000 } }) });
    expect(names(diffConfig(before, config([slower])).rescheduled)).toEqual(['gm1']);
  });

  it('the order of collectors and labels means nothing, nor does a secret read again', () => {
    const before = device({ collect: ['replay', 'logging'], labels: { a: '1', b: '2' } });
    const after = device({ collect: ['logging', 'replay'], labels: { b: '2', a: '1' }, ssh: ssh() });
    expect(diffConfig(config([before]), config([after])).unchanged).toHaveLength(1);
  });

  it('says which settings wait for a restart', () => {
    const after = config([], {
      listen: { host: '::', port: 9848 },
      metrics: { labels: [], ksMembers: true },
      log: { level: 'debug' },
      limits: { concurrentPolls: 1 },
      ssh: { knownHostsPath: '/x', maxHandshakes: 1, loginsPerSecond: 1 },
      record: '/captures',
      web: { ...config([]).web, tls: TLS },
      syslog: { listens: [{ protocol: 'udp', host: '127.0.0.1', port: 5514 }], relays: [] },
      traps: traps(v2('c0mmunity')),
    });
    expect(diffConfig(config([]), after).restartNeeded).toEqual([
      'listen',
      'web: TLS',
      'log.level',
      'limits.concurrent_polls',
      'ssh.known_hosts',
      'ssh.max_handshakes',
      'ssh.logins_per_second',
      'record',
      'syslog.listen',
      'traps',
    ]);
  });

  it('what a trap receiver lets in is part of it', () => {
    const before = config([], { traps: traps(v2('c0mmunity')) });
    expect(diffConfig(before, config([], { traps: traps(v2('c0mmunity')) })).restartNeeded).toEqual([]);
    expect(diffConfig(before, config([], { traps: traps(v2('other')) })).restartNeeded).toEqual(['traps']);
    expect(diffConfig(before, config([], { traps: null })).restartNeeded).toEqual(['traps']);
  });

  it('names the section of what waits for a restart: the store, or what the agents that share it have', () => {
    const needed = (changed: Partial<SharedStore>) =>
      diffConfig(config([], { store: shared() }), config([], { store: shared(changed) })).restartNeeded;
    const { postgres, others } = shared();
    expect(needed({})).toEqual([]);
    expect(needed({ postgres: { ...postgres, database: 'other' } })).toEqual(['store']);
    expect(needed({ retentionMs: 7 })).toEqual(['store']);
    expect(needed({ leaseMs: 30_000 })).toEqual(['cluster']);
    expect(needed({ others: { ...others, token: new Secret('another one') } })).toEqual(['cluster']);
    expect(diffConfig(config([]), config([], { store: shared() })).restartNeeded).toEqual(['store']);
  });

  it('needs no restart for a password of the database that was changed where it is kept', async () => {
    const kept = { value: 'before' };
    const { latest: password } = new RenewableSecret(kept.value, {
      read: async () => ({ kind: 'right', value: kept.value }),
      renewal: 'each login',
      clock: new FakeClock(),
      report: () => undefined,
    });
    const withPassword = (secret: Secret) =>
      config([], { store: shared({ postgres: { ...shared().postgres, password: secret } }) });
    const started = withPassword(password);
    kept.value = 'after';
    expect(restartNeeded(await asItRuns(started), withPassword(new Secret('after')))).toEqual([]);
    expect(restartNeeded(await asItRuns(started), withPassword(new Secret('of another file')))).toEqual(['store']);
  });

  it('users, tokens, certificates, targets and receivers of events need no restart', () => {
    const before = config([], { web: { ...config([]).web, tls: TLS } });
    const after = config([], {
      web: {
        tls: { ...TLS, cert: 'renewed' },
        basicAuthUsers: new Map([['alice', new Secret('$2y$10$...')]]),
        tokens: [{ name: 'noc', scope: 'read', sha256: new Secret('00') }],
        headers: { 'X-Frame-Options': 'deny' },
      },
      targets: { files: ['/x.json'], urls: [], refreshMs: 1000, makeDevice: () => ({ device: null, problems: [] }) },
      alertmanager: { apiUrls: ['http://h/api/v2'], basicAuth: null, labels: {} },
      grafanaUrl: 'https://grafana.example.net',
    });
    expect(diffConfig(before, after).restartNeeded).toEqual([]);
  });
});

const anyDevice = fc.record({
  name: fc.string({ minLength: 1, maxLength: 3 }),
  host: fc.constantFrom('h1', 'h2'),
  interval: fc.constantFrom(1000, 2000),
  password: fc.constantFrom('p1', 'p2'),
});
const anyConfig = fc
  .uniqueArray(anyDevice, { selector: ({ name }) => name, maxLength: 8 })
  .map((devices) =>
    config(
      devices.map(({ name, host, interval, password }) =>
        device({ name, host, schedule: { kind: 'every', ms: interval }, ssh: ssh({ password: new Secret(password) }) }),
      ),
    ),
  );

describe('for any two configurations', () => {
  it('a configuration does not differ from itself', () => {
    fc.assert(
      fc.property(anyConfig, (a) => {
        const { unchanged, ...rest } = diffConfig(a, a);
        expect(Object.values(rest).flat()).toEqual([]);
        expect(unchanged).toEqual(a.devices);
      }),
    );
  });

  it('each device is in exactly one of the lists', () => {
    fc.assert(
      fc.property(anyConfig, anyConfig, (a, b) => {
        const { added, removed, changed, rescheduled, unchanged } = diffConfig(a, b);
        expect(names([...added, ...changed, ...rescheduled, ...unchanged]).toSorted()).toEqual(
          names(b.devices).toSorted(),
        );
        expect(names([...removed, ...changed, ...rescheduled, ...unchanged]).toSorted()).toEqual(
          names(a.devices).toSorted(),
        );
      }),
    );
  });
});

it('loading the same file twice gives no difference', async () => {
  const given = { text: withDevices('{ name: a, host: a }', '{ name: b, host: b, algorithms: legacy }'), env: ENV };
  const diff = diffConfig((await loadOk(given)).config, (await loadOk(given)).config);
  expect(names(diff.unchanged)).toEqual(['a', 'b']);
  const rotated = (await loadOk({ ...given, env: { P: 'new' } })).config;
  expect(names(diffConfig((await loadOk(given)).config, rotated).changed)).toEqual(['a', 'b']);
});
