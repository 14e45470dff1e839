import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asItRuns, type ConfigDiff, devicesDiffer, diffConfig, restartNeeded } from '../../src/config/reload-diff.ts';
import type { JumpTarget } from '../../src/access/device-session.ts';
import type { SnmpCredential } from '../../src/access/device-snmp.ts';
import type {
  ResolvedConfig,
  ResolvedDevice,
  ResolvedRestconf,
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

const RESTCONF_CREDENTIAL = { username: 'monitor', password: new Secret('pw'), client: null };

const restconf = (changes: Partial<ResolvedRestconf> = {}): ResolvedRestconf => ({
  credentialName: 'rc',
  credential: RESTCONF_CREDENTIAL,
  port: 443,
  schedule: { kind: 'every', ms: 60_000 },
  trust: { authorities: null, serverName: null, fingerprint: null, certificates: 'strict' },
  ...changes,
});

const jump = (password = new Secret('jump')): JumpTarget => ({
  name: 'bastion',
  host: '192.0.2.200',
  port: 22,
  username: 'jump',
  password,
  privateKey: null,
  passphrase: null,
  hostKeys: 'strict',
  algorithms: 'modern',
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

  const ofLists = ({ restartNeeded: _settings, ...lists }: ConfigDiff) =>
    Object.entries(lists).flatMap(([list, devices]) => devices.map(() => list));

  const anotherRouter: readonly (readonly [
    what: string,
    after: Partial<ResolvedDevice>,
    before: Partial<ResolvedDevice>,
  ])[] = [
    ['another host', { host: '192.0.2.2' }, {}],
    ['an address for its name', { host: '192.0.2.1' }, { host: 'gm1.example.net' }],
    ['another port', { port: 2222 }, {}],
    ['another cell', { cell: 'south' }, {}],
    ['snmp alone for ssh', { transport: 'snmp', ssh: null, snmp: snmp() }, {}],
    ['ssh beside what was snmp alone', { transport: 'ssh+snmp' }, { transport: 'snmp', ssh: null, snmp: snmp() }],
    ['restconf alone for ssh', { transport: 'restconf', ssh: null, restconf: restconf() }, {}],
    ['another snmp port', { snmp: snmp({ port: 1161 }) }, { snmp: snmp() }],
    ['another snmp context', { snmp: snmp({ context: 'vrf-a' }) }, { snmp: snmp() }],
    ['another restconf port', { restconf: restconf({ port: 8443 }) }, { restconf: restconf() }],
    ['another host and another pace', { host: 'x', schedule: { kind: 'every', ms: 1000 } }, {}],
    ['another host and another password', { host: 'x', ssh: ssh({ password: new Secret('pw2') }) }, {}],
  ];
  it.each(anotherRouter)('%s may be another router, which starts anew', (_, changes, before) => {
    const diff = diffConfig(config([device(before)]), config([device({ ...before, ...changes })]));
    expect(diff.changed).toEqual([device({ ...before, ...changes })]);
    expect(ofLists(diff)).toEqual(['changed']);
  });

  const newSession: readonly (readonly [string, Partial<ResolvedDevice>])[] = [
    ['another credential', { ssh: ssh({ credentialName: 'other' }) }],
    ['another user', { ssh: ssh({ username: 'other' }) }],
    ['a rotated password', { ssh: ssh({ password: new Secret('pw2') }) }],
    ['a key beside the password', { ssh: ssh({ privateKey: new Secret('key') }) }],
    ['an enable password', { ssh: ssh({ enablePassword: new Secret('en') }) }],
    ['a passphrase', { ssh: ssh({ passphrase: new Secret('ph') }) }],
    ['other host key rules', { ssh: ssh({ hostKeys: 'accept-new' }) }],
    ['other algorithms', { ssh: ssh({ algorithms: 'legacy' }) }],
    ['sessions per poll', { ssh: ssh({ session: 'per_poll' }) }],
    ['an SSH agent', { ssh: ssh({ agent: '/run/agent.sock' }) }],
    ['a source address', { ssh: ssh({ sourceAddress: '192.0.2.9' }) }],
    ['a jump host', { ssh: ssh({ jumps: [jump()] }) }],
    ['a rotated password and another pace', { ssh: ssh({ password: new Secret('pw2') }), timeoutMs: 1000 }],
  ];
  it.each(newSession)('%s needs a new session with the same router', (_, changes) => {
    const diff = diffConfig(config([device()]), config([device(changes)]));
    expect(diff.renewed).toEqual([{ device: device(changes), ways: ['ssh'] }]);
    expect(ofLists(diff)).toEqual(['renewed']);
  });

  it('another password of its jump host is a new session, too', () => {
    const [before, after] = ['a', 'b'].map((pw) => device({ ssh: ssh({ jumps: [jump(new Secret(pw))] }) }));
    expect(diffConfig(config([before!]), config([after!])).renewed).toEqual([{ device: after, ways: ['ssh'] }]);
  });

  it('what is asked beside ssh comes, goes or is replaced at the same router', () => {
    const [alone, withSnmp, withRestconf] = [
      device(),
      device({ transport: 'ssh+snmp', snmp: snmp() }),
      device({ transport: 'ssh+restconf', restconf: restconf() }),
    ];
    const ways = (before: ResolvedDevice, after: ResolvedDevice) => {
      const diff = diffConfig(config([before]), config([after]));
      expect(ofLists(diff)).toEqual(['renewed']);
      return diff.renewed[0]?.ways;
    };
    expect([ways(alone, withSnmp), ways(withSnmp, alone)]).toEqual([['snmp'], ['snmp']]);
    expect([ways(alone, withRestconf), ways(withRestconf, alone)]).toEqual([['restconf'], ['restconf']]);
    expect(ways(withSnmp, withRestconf)).toEqual(['snmp', 'restconf']);
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
    ['a source address of snmp', snmp({ sourceAddress: '192.0.2.9' })],
    ['answers from any source', snmp({ anySource: true })],
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
  it.each(newSnmp)('%s leaves ssh alone', (_, after) => {
    const diff = diffConfig(config([device({ snmp: snmp() })]), config([device({ snmp: after })]));
    expect(diff.renewed).toEqual([{ device: device({ snmp: after }), ways: ['snmp'] }]);
    expect(ofLists(diff)).toEqual(['renewed']);
  });

  const newRestconf: readonly (readonly [string, Partial<ResolvedRestconf>])[] = [
    ['another credential', { credentialName: 'other' }],
    ['another user', { credential: { ...RESTCONF_CREDENTIAL, username: 'other' } }],
    ['a rotated password', { credential: { ...RESTCONF_CREDENTIAL, password: new Secret('pw2') } }],
    ['a source address', { sourceAddress: '192.0.2.9' }],
    ['other trust', { trust: { authorities: null, serverName: null, fingerprint: 'ab', certificates: 'strict' } }],
  ];
  it.each(newRestconf)('%s of restconf is a new session with the same router', (_, changes) => {
    const alone = { transport: 'restconf', ssh: null, restconf: restconf() } as const;
    const after = device({ ...alone, restconf: restconf(changes) });
    const diff = diffConfig(config([device(alone)]), config([after]));
    expect(diff.renewed).toEqual([{ device: after, ways: ['restconf'] }]);
    expect(ofLists(diff)).toEqual(['renewed']);
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
        const { added, removed, changed, renewed, rescheduled, unchanged } = diffConfig(a, b);
        const stay = [...changed, ...renewed.map(({ device: of }) => of), ...rescheduled, ...unchanged];
        expect(names([...added, ...stay]).toSorted()).toEqual(names(b.devices).toSorted());
        expect(names([...removed, ...stay]).toSorted()).toEqual(names(a.devices).toSorted());
        expect(devicesDiffer(a, b)).toBe(unchanged.length < a.devices.length || unchanged.length < b.devices.length);
      }),
    );
  });
});

it('loading the same file twice gives no difference', async () => {
  const given = { text: withDevices('{ name: a, host: a }', '{ name: b, host: b, algorithms: legacy }'), env: ENV };
  const diff = diffConfig((await loadOk(given)).config, (await loadOk(given)).config);
  expect(names(diff.unchanged)).toEqual(['a', 'b']);
  const rotated = (await loadOk({ ...given, env: { P: 'new' } })).config;
  const { renewed } = diffConfig((await loadOk(given)).config, rotated);
  expect(renewed.map(({ device: { name }, ways }) => [name, ways])).toEqual([
    ['a', ['ssh']],
    ['b', ['ssh']],
  ]);
});
