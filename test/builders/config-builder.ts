/** Resolved configurations for tests: name only what matters. */
import type { ResolvedConfig, ResolvedDevice } from '../../src/config/resolved-config.ts';
import { Secret } from '../../src/kernel/secret.ts';

export function aConfig(over: Partial<ResolvedConfig> & Pick<ResolvedConfig, 'devices'>): ResolvedConfig {
  return {
    file: 'test.yml',
    listen: { host: '127.0.0.1', port: 0 },
    web: { tls: null, basicAuthUsers: new Map(), tokens: [], headers: {} },
    grafanaUrl: null,
    log: { level: 'info' },
    metrics: { labels: [], ksMembers: true },
    limits: { concurrentPolls: 64 },
    ssh: { knownHostsPath: 'known_hosts', maxHandshakes: 8, loginsPerSecond: 50 },
    restconf: { knownCertificatesPath: 'known_certificates' },
    record: null,
    store: { kind: 'sqlite', path: '', retentionMs: 86_400_000 },
    targets: null,
    syslog: null,
    traps: null,
    alertmanager: null,
    webhooks: [],
    maintenance: [],
    doubts: () => [],
    ...over,
  };
}

/** Polled over SSH on loopback once a second, unless the test says otherwise. */
export function aConfiguredDevice(over: Partial<ResolvedDevice> & Pick<ResolvedDevice, 'name'>): ResolvedDevice {
  return {
    host: '127.0.0.1',
    sourceAddresses: [],
    port: 22,
    role: 'auto',
    transport: 'ssh',
    schedule: { kind: 'every', ms: 1000 },
    timeoutMs: 1500,
    detailIntervalMs: 60_000,
    collect: [],
    phaseAware: true,
    labels: {},
    ssh: sshAs('monitor', 'password'),
    snmp: null,
    restconf: null,
    ...over,
  };
}

export function sshAs(username: string, password: string): NonNullable<ResolvedDevice['ssh']> {
  return {
    credentialName: 'main',
    username,
    password: new Secret(password),
    privateKey: null,
    passphrase: null,
    enablePassword: null,
    hostKeys: 'accept-new',
    algorithms: 'modern',
    session: 'persistent',
  };
}
