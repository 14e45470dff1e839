/** From the file's own shape to what the agent uses: defaults, overrides and references followed, secrets read. */
import { resolve } from 'node:path';
import { DEFAULT_CELL } from '../gdoi/seen/cell.ts';
import { append } from '../kernel/append.ts';
import { addressRanges } from './address-range.ts';
import { isLoopback, isPlainAndRemote } from './address.ts';
import type { CheckedConfig } from './check.ts';
import { type Credentials, resolveCredentials, unknownCredential } from './credentials.ts';
import { createDeviceResolver, type DeviceResolver } from './device-resolver.ts';
import { readAuthorities } from './device-restconf.ts';
import { errorAt, type Problem, pathText, quoted, warningAt, type WithProblems } from './finding.ts';
import { checkJumpHosts } from './jump-hosts.ts';
import { checkMatchRules, createMatching } from './match-rules.ts';
import { needSecret, readSecret } from './read-secret.ts';
import { resolveWebhooks } from './webhooks.ts';
import type {
  ListenAddress,
  ResolvedAlertmanager,
  ResolvedConfig,
  ResolvedDevice,
  ResolvedMaintenance,
  ResolvedTargets,
  ResolvedTraps,
  SnmpCredential,
  TargetUrl,
} from './resolved-config.ts';
import { resolveStore } from './resolve-store.ts';
import { SecretReader, type SecretSource } from './secret-source.ts';
import { deviceMaker } from './service-discovery/device-maker.ts';

/** Prometheus's job in the example configuration. */
const DEFAULT_JOB = 'gdoiwatch';

/** `config` is right only where `problems` holds no error. */
export async function resolveConfig(
  config: CheckedConfig,
  file: string,
  source: SecretSource,
): Promise<{ readonly config: Omit<ResolvedConfig, 'web'>; readonly problems: readonly Problem[] }> {
  const problems: Problem[] = [...openPage(config)];
  const secrets = new SecretReader(source, problems);
  const credentials = await resolveCredentials(config.credentials, secrets, problems);
  append(problems, checkJumpHosts(config, credentials));
  const authorities = await readAuthorities(config, source, problems);
  append(problems, checkMatchRules(config.match));
  const matching = createMatching(config);
  const resolver = createDeviceResolver(config, credentials, { authorities, matching });
  const devices = resolveDevices(config, resolver, source.nameOf);
  append(problems, devices.problems);
  append(problems, matching.unused());
  return {
    config: {
      file,
      listen: config.listen,
      log: config.log,
      metrics: { labels: [...new Set(config.metrics.labels)], ksMembers: config.metrics.ks_members },
      limits: { concurrentPolls: config.limits.concurrent_polls },
      ssh: {
        knownHostsPath: resolve(source.directoryOf(['ssh']), config.ssh.known_hosts),
        maxHandshakes: config.ssh.max_handshakes,
        loginsPerSecond: config.ssh.logins_per_second,
      },
      restconf: {
        knownCertificatesPath: resolve(source.directoryOf(['restconf']), config.restconf.known_certificates),
      },
      grafanaUrl: config.grafana_url ?? null,
      record: config.record === undefined ? null : resolve(source.directoryOf(['record']), config.record),
      store: await resolveStore(config, source, secrets, problems),
      devices: devices.value,
      targets: await resolveTargets(
        config,
        source.directoryOf(['targets']),
        { resolver, secrets, credentials },
        problems,
      ),
      syslog: config.syslog === undefined ? null : { listens: config.syslog.listen, relays: config.syslog.relays },
      traps: resolveTraps(config.traps, credentials, problems),
      alertmanager: await resolveAlertmanager(config, secrets, problems),
      webhooks: await resolveWebhooks(config.webhooks, secrets, problems),
      maintenance: resolveMaintenance(config, devices.value, problems),
    },
    problems,
  };
}

/** A name that nothing bears is a doubt: an agent that stops at an old window would watch nothing. */
function resolveMaintenance(
  config: CheckedConfig,
  devices: readonly ResolvedDevice[],
  problems: Problem[],
): readonly ResolvedMaintenance[] {
  // With targets, devices and their cells may come at any time.
  const isClosed = config.targets === undefined;
  const known = new Set(config.devices?.flatMap((entry) => (entry === null ? [] : [entry.name])));
  const knownCells = new Set(devices.map(({ cell }) => cell ?? DEFAULT_CELL));
  return config.maintenance.map((entry, index) => {
    const path = ['maintenance', index];
    const { from, until, groups, cells, reason } = entry;
    if (until <= from) problems.push(errorAt([...path, 'until'], 'is not after from'));
    if (entry.devices.length + groups.length + cells.length === 0) {
      problems.push(errorAt(path, 'names neither devices, groups nor cells'));
    }
    const doubt = (list: string, position: number, what: string) =>
      problems.push(warningAt([...path, list, position], what));
    entry.devices.forEach((name, position) => {
      if (isClosed && !known.has(name)) doubt('devices', position, `${quoted(name)} is no configured device`);
    });
    cells.forEach((name, position) => {
      if (isClosed && !knownCells.has(name))
        doubt('cells', position, `no configured device is in the cell ${quoted(name)}`);
    });
    return { fromMs: from, untilMs: until, devices: entry.devices, groups, cells, reason };
  });
}

/** Whoever reaches the page sees the fleet, and may have devices polled. */
function openPage({ listen, web }: CheckedConfig): readonly Problem[] {
  if (isLoopback(listen) || web.config_file !== undefined || web.tokens_file !== undefined) return [];
  return [
    warningAt(['listen'], 'open to anyone who reaches it: name web.config_file or web.tokens_file, or use loopback'),
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
  const firstOfName = new Map<string, number>();
  const devices: ResolvedDevice[] = [];
  config.devices?.forEach((entry, index) => {
    if (entry === null) return;
    const path = ['devices', index];
    const first = firstOfName.get(entry.name);
    if (first === undefined) firstOfName.set(entry.name, index);
    else
      problems.push(
        errorAt([...path, 'name'], `${quoted(entry.name)} is the name of ${nameOf(['devices', first])} already`),
      );
    const resolved = resolver(entry, path);
    if (resolved.value !== null) devices.push(resolved.value);
    for (const problem of resolved.problems) {
      // What is wrong with a default is wrong for every device that uses it.
      const key = `${pathText(problem.path)} ${problem.message}`;
      if (!reported.has(key)) problems.push(problem);
      reported.add(key);
    }
  });
  return { value: devices, problems };
}

async function resolveTargets(
  { targets, defaults, ssh }: CheckedConfig,
  directory: string,
  {
    resolver,
    secrets,
    credentials,
  }: { readonly resolver: DeviceResolver; readonly secrets: SecretReader; readonly credentials: Credentials },
  problems: Problem[],
): Promise<ResolvedTargets | null> {
  if (targets === undefined) return null;
  targets.credentials?.forEach((name, index) => {
    if (!credentials.has(name))
      problems.push(errorAt(['targets', 'credentials', index], unknownCredential(name, credentials)));
  });
  const urls = new Map<string, TargetUrl>();
  for (const [index, entry] of targets.http_sd.entries()) {
    const at = ['targets', 'http_sd', index];
    const setting = { section: entry, at, key: 'authorization', kind: 'line' } as const;
    const authorization = (await readSecret(setting, secrets, problems)) ?? null;
    if (urls.has(entry.url)) problems.push(errorAt(at, 'is asked already'));
    if (isPlainAndRemote(entry.url)) {
      problems.push(
        warningAt(at, 'plain HTTP: anyone on the path can change the list, and with it whom the agent logs in to'),
      );
    }
    urls.set(entry.url, { url: entry.url, authorization });
  }
  return {
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
}

function credentialNames(ref: CheckedConfig['defaults']['credentials']): readonly string[] {
  return typeof ref === 'string' ? [ref] : Object.values(ref).flatMap((name) => name ?? []);
}

function resolveTraps(
  traps: CheckedConfig['traps'],
  credentials: Credentials,
  problems: Problem[],
): ResolvedTraps | null {
  if (traps === undefined) return null;
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
    problems.push(warningAt(['traps'], 'no credentials, so every trap is dropped: name those that devices send with'));
  } else if (!isLoopback(traps.listen) && ![...named.values()].some(isAuthenticated)) {
    problems.push(
      warningAt(['traps', 'listen'], 'anyone who reaches it can forge a trap: only SNMPv3 with auth proves its sender'),
    );
  }
  return { listen: traps.listen, credentials: named };
}

function isAuthenticated(credential: SnmpCredential): boolean {
  return credential.version === 3 && credential.auth !== null;
}

async function resolveAlertmanager(
  { alertmanager, listen }: Pick<CheckedConfig, 'alertmanager' | 'listen'>,
  secrets: SecretReader,
  problems: Problem[],
): Promise<ResolvedAlertmanager | null> {
  if (alertmanager === undefined || alertmanager.urls.length === 0) return null;
  const at = ['alertmanager'];
  const { username } = alertmanager;
  const setting = { section: alertmanager, at, key: 'password', kind: 'line' } as const;
  const password =
    username === undefined
      ? await readSecret(setting, secrets, problems)
      : await needSecret(setting, secrets, problems);
  if (username === undefined && password !== undefined) problems.push(errorAt(at, 'a password needs a username'));
  return {
    apiUrls: [...new Set(alertmanager.urls.map(apiUrl))],
    basicAuth: username === undefined || password === undefined || password === null ? null : { username, password },
    labels: { job: DEFAULT_JOB, instance: targetOf(listen), ...alertmanager.labels },
  };
}

/** As Prometheus calls a target of this address. */
function targetOf({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** With the prefix of a reverse proxy, where there is one: `https://example.net/alerts/` has its API below that. */
function apiUrl(text: string): string {
  const { origin, pathname } = new URL(text);
  return `${origin}${pathname.replace(/(?<!\/)\/+$/, '').replace(/\/api\/v2$/, '')}/api/v2`;
}
