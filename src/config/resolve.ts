/**
 * From the file's own shape to what the agent uses: defaults and overrides applied, references followed, secrets read.
 */
import { resolve } from 'node:path';
import { append } from '../kernel/append.ts';
import { isLoopback } from '../kernel/loopback.ts';
import { addressRanges } from './address-range.ts';
import { isPlainAndRemote } from './address.ts';
import { blockedPorts } from './blocked-ports.ts';
import { sharedPorts } from './shared-ports.ts';
import type { CheckedConfig } from './check.ts';
import { type Credentials, resolveCredentials, unknownCredential } from './credentials.ts';
import { createDeviceResolver, type DeviceResolver } from './device-resolver.ts';
import { readAuthorities } from './device-restconf.ts';
import { errorAt, type Problem, pathText, problemsOf, quoted, warningAt, type WithProblems } from './finding.ts';
import { checkJumpHosts } from './jump-hosts.ts';
import { checkMatchRules, createMatching } from './match-rules.ts';
import { nameDoubts } from './name-doubts.ts';
import { needSecret, readSecret } from './read-secret.ts';
import { resolveWebhooks } from './webhooks.ts';
import type { SnmpCredential } from '../access/device-snmp.ts';
import type { PlannedWork } from '../model/planned-work.ts';
import type {
  HostAndPort,
  ResolvedAlertmanager,
  ResolvedConfig,
  ResolvedDevice,
  ResolvedTargets,
  ResolvedTraps,
  TargetUrl,
} from './resolved-config.ts';
import { resolveStore } from './resolve-store.ts';
import { SecretReader, type SecretSource } from './secret-source.ts';
import { deviceMaker } from './device-maker.ts';

/** Prometheus's job in the example configuration. */
const DEFAULT_JOB = 'gdoiwatch';

/** The value is right only if the problems contain no error. */
export async function resolveConfig(
  config: CheckedConfig,
  file: string,
  source: SecretSource,
): Promise<WithProblems<Omit<ResolvedConfig, 'web'>>> {
  const secrets = new SecretReader(source);
  const credentials = await resolveCredentials(config.credentials, secrets);
  const authorities = await readAuthorities(config, source);
  const matching = createMatching(config);
  const resolver = createDeviceResolver(config, credentials.value, { authorities: authorities.value, matching });
  const devices = resolveDevices(config, resolver, source.nameOf);
  const store = await resolveStore(config, source, secrets);
  const targets = await resolveTargets(config, source.directoryOf(['targets']), {
    resolver,
    secrets,
    credentials: credentials.value,
  });
  const traps = resolveTraps(config.traps, credentials.value);
  const alertmanager = await resolveAlertmanager(config, secrets);
  const webhooks = await resolveWebhooks(config.webhooks, secrets);
  const maintenance = resolveMaintenance(config);
  const doubts = (there: Parameters<typeof nameDoubts>[2]) => nameDoubts(config, matching, there);
  return {
    value: {
      ...withoutReferences(config, file, source),
      store: store.value,
      devices: devices.value,
      targets: targets.value,
      traps: traps.value,
      alertmanager: alertmanager.value,
      webhooks: webhooks.value,
      maintenance: maintenance.value,
      doubts: (there) => doubts(there).map(({ path, message }) => `${source.nameOf(path)}: ${message}`),
    },
    problems: [
      ...openPage(config),
      ...blockedPorts(config),
      ...sharedPorts(config, source.nameOf),
      ...secrets.problems,
      ...credentials.problems,
      ...checkJumpHosts(config, credentials.value),
      ...authorities.problems,
      ...checkMatchRules(config.match),
      ...devices.problems,
      // With targets the agent checks this; without targets, here.
      ...(config.targets === undefined && devices.value.length > 0 ? doubts(devices.value) : []),
      ...problemsOf([store, targets, traps, alertmanager, webhooks, maintenance]),
    ],
  };
}

/** Sections that refer to no other and in which only their schema can find errors. */
function withoutReferences(config: CheckedConfig, file: string, { directoryOf }: SecretSource) {
  return {
    file,
    listen: config.listen,
    log: config.log,
    metrics: { labels: [...new Set(config.metrics.labels)], ksMembers: config.metrics.ks_members },
    limits: { concurrentPolls: config.limits.concurrent_polls },
    ssh: {
      knownHostsPath: resolve(directoryOf(['ssh']), config.ssh.known_hosts),
      maxHandshakes: config.ssh.max_handshakes,
      loginsPerSecond: config.ssh.logins_per_second,
    },
    restconf: { knownCertificatesPath: resolve(directoryOf(['restconf']), config.restconf.known_certificates) },
    grafanaUrl: config.grafana_url ?? null,
    record: config.record === undefined ? null : resolve(directoryOf(['record']), config.record),
    syslog: config.syslog === undefined ? null : { listens: config.syslog.listen, relays: config.syslog.relays },
  };
}

function resolveMaintenance({ maintenance }: CheckedConfig): WithProblems<readonly PlannedWork[]> {
  const problems: Problem[] = [];
  const windows = maintenance.map(({ from, until, devices, groups, cells, reason }, index) => {
    const path = ['maintenance', index];
    if (until <= from) problems.push(errorAt([...path, 'until'], 'is not after from'));
    if (devices.length + groups.length + cells.length === 0) {
      problems.push(errorAt(path, 'names neither devices, groups nor cells'));
    }
    return { fromMs: from, untilMs: until, devices, groups, cells, reason };
  });
  return { value: windows, problems };
}

/** Everybody who reaches the page sees the fleet, and may have devices polled. */
function openPage({ listen, web }: CheckedConfig): readonly Problem[] {
  if (isLoopback(listen.host) || web.config_file !== undefined || web.tokens_file !== undefined) return [];
  return [
    warningAt(['listen'], 'open to anyone who can reach it: set web.config_file or web.tokens_file, or use loopback'),
  ];
}

function resolveDevices(
  config: CheckedConfig,
  resolver: DeviceResolver,
  nameOf: SecretSource['nameOf'],
): WithProblems<readonly ResolvedDevice[]> {
  const problems: Problem[] = [];
  if (config.devices === undefined && config.targets === undefined) {
    problems.push(errorAt(['devices'], 'missing; needs a list of devices'));
  }
  const reported = new Set<string>();
  const likeness = sameRouters(nameOf);
  const firstOfName = new Map<string, number>();
  const devices: ResolvedDevice[] = [];
  config.devices?.forEach((entry, index) => {
    if (entry === null) return;
    const path = ['devices', index];
    const first = firstOfName.get(entry.name);
    if (first === undefined) firstOfName.set(entry.name, index);
    else
      problems.push(
        errorAt([...path, 'name'], `${quoted(entry.name)} is already the name of ${nameOf(['devices', first])}`),
      );
    const resolved = resolver(entry, path);
    if (resolved.value !== null) {
      devices.push(resolved.value);
      if (first === undefined) append(problems, likeness(resolved.value, index));
    }
    for (const problem of resolved.problems) {
      // A wrong default is wrong for every device that uses it.
      const key = `${pathText(problem.path)} ${problem.message}`;
      if (!reported.has(key)) problems.push(problem);
      reported.add(key);
    }
  });
  return { value: devices, problems };
}

/**
 * Two devices that look like one: a router that is polled twice has two sessions and counts twice, and two names that
 * differ only in case are one to a reader. Behind other jump hosts, or from another address of this machine, it is
 * another router.
 */
function sameRouters(nameOf: SecretSource['nameOf']): (device: ResolvedDevice, index: number) => readonly Problem[] {
  const firstOf = new Map<string, number>();
  const before = (key: string, index: number): string | null => {
    const first = firstOf.get(key);
    if (first === undefined) firstOf.set(key, index);
    return first === undefined ? null : nameOf(['devices', first]);
  };
  return ({ name, host, port, transport, ssh }, index) => {
    const way = [ssh?.jumps?.map((jump) => jump.name), ssh?.sourceAddress];
    const polledAs = before(JSON.stringify([host.toLowerCase(), port, transport === 'snmp', way]), index);
    const namedAs = before(name.toLowerCase(), index);
    const problems: Problem[] = [];
    if (polledAs !== null) {
      const what = `${quoted(host)}, port ${port}, is already polled as ${polledAs}`;
      problems.push(warningAt(['devices', index, 'host'], what));
    }
    if (namedAs !== null) {
      const what = `${quoted(name)} differs from the name of ${namedAs} only in case`;
      problems.push(warningAt(['devices', index, 'name'], what));
    }
    return problems;
  };
}

async function resolveTargets(
  { targets, defaults, ssh }: CheckedConfig,
  directory: string,
  {
    resolver,
    secrets,
    credentials,
  }: { readonly resolver: DeviceResolver; readonly secrets: SecretReader; readonly credentials: Credentials },
): Promise<WithProblems<ResolvedTargets | null>> {
  if (targets === undefined) return { value: null, problems: [] };
  const problems: Problem[] = [];
  targets.credentials?.forEach((name, index) => {
    if (!credentials.has(name))
      problems.push(errorAt(['targets', 'credentials', index], unknownCredential(name, credentials)));
  });
  const urls = new Map<string, TargetUrl>();
  for (const [index, entry] of targets.http_sd.entries()) {
    const at = ['targets', 'http_sd', index];
    const setting = { section: entry, at, key: 'authorization', kind: 'line' } as const;
    const authorization = await readSecret(setting, secrets);
    append(problems, authorization.problems);
    if (urls.has(entry.url)) problems.push(errorAt(at, 'is already in the list'));
    if (isPlainAndRemote(entry.url)) {
      problems.push(
        warningAt(at, 'plain HTTP: anyone on the path can change the list, and with it whom the agent logs in to'),
      );
    }
    urls.set(entry.url, { url: entry.url, authorization: authorization.value ?? null });
  }
  const resolved = {
    files: [...new Set(targets.file_sd.map((pattern) => resolve(directory, pattern)))],
    urls: [...urls.values()],
    refreshMs: targets.refresh,
    makeDevice: deviceMaker(resolver, {
      credentials: new Set(targets.credentials ?? credentialNames(defaults.credentials)),
      addresses: targets.addresses === undefined ? null : addressRanges(targets.addresses),
      tls: defaults.tls,
      ssh,
    }),
  };
  return { value: resolved, problems };
}

function credentialNames(ref: CheckedConfig['defaults']['credentials']): readonly string[] {
  return typeof ref === 'string' ? [ref] : Object.values(ref).flatMap((name) => name ?? []);
}

function resolveTraps(traps: CheckedConfig['traps'], credentials: Credentials): WithProblems<ResolvedTraps | null> {
  if (traps === undefined) return { value: null, problems: [] };
  const problems: Problem[] = [];
  const named = new Map<string, SnmpCredential>();
  for (const [index, name] of traps.credentials.entries()) {
    const path = ['traps', 'credentials', index];
    const credential = credentials.get(name);
    if (credential === undefined) problems.push(errorAt(path, unknownCredential(name, credentials)));
    else if (credential.kind === 'ssh' || credential.kind === 'restconf')
      problems.push(errorAt(path, `${quoted(name)} is not an SNMP credential`));
    else if (credential.kind === 'snmp') named.set(name, credential.snmp);
  }
  if (traps.credentials.length === 0) {
    problems.push(warningAt(['traps'], 'no credentials, so every trap is dropped: name those that the devices use'));
  } else if (!isLoopback(traps.listen.host) && ![...named.values()].some(isAuthenticated)) {
    problems.push(
      warningAt(
        ['traps', 'listen'],
        'anyone who can reach it can forge a trap: only SNMPv3 with auth proves who sent it',
      ),
    );
  }
  return { value: { listen: traps.listen, credentials: named }, problems };
}

function isAuthenticated(credential: SnmpCredential): boolean {
  return credential.version === 3 && credential.auth !== null;
}

async function resolveAlertmanager(
  { alertmanager, listen }: Pick<CheckedConfig, 'alertmanager' | 'listen'>,
  secrets: SecretReader,
): Promise<WithProblems<ResolvedAlertmanager | null>> {
  if (alertmanager === undefined || alertmanager.urls.length === 0) return { value: null, problems: [] };
  const at = ['alertmanager'];
  const { username } = alertmanager;
  const setting = { section: alertmanager, at, key: 'password', kind: 'line' } as const;
  const password = await (username === undefined ? readSecret(setting, secrets) : needSecret(setting, secrets));
  const lacksUser = username === undefined && password.value !== undefined;
  return {
    value: {
      apiUrls: [...new Set(alertmanager.urls.map(apiUrl))],
      basicAuth: username !== undefined && password.value ? { username, password: password.value } : null,
      labels: { job: DEFAULT_JOB, instance: targetOf(listen), ...alertmanager.labels },
    },
    problems: [...password.problems, ...(lacksUser ? [errorAt(at, 'a password needs a username')] : [])],
  };
}

/** As Prometheus names a target at this address. */
function targetOf({ host, port }: HostAndPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** With the prefix of a reverse proxy: `https://example.net/alerts/` has its API below that. */
function apiUrl(text: string): string {
  const { origin, pathname } = new URL(text);
  return `${origin}${pathname.replace(/(?<!\/)\/+$/, '').replace(/\/api\/v2$/, '')}/api/v2`;
}
