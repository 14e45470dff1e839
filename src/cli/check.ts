/**
 * `gdoiwatch check`: is this router healthy, and if not, why? Asks a running agent if there is one, otherwise polls the
 * device itself.
 */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { pollCosts } from '../agent/poll/poll-costs.ts';
import { isHost } from '../config/address.ts';
import { didYouMean } from '../config/did-you-mean.ts';
import { HOST } from '../config/schema-terms.ts';
import type { ResolvedConfig, ResolvedDevice } from '../config/resolved-config.ts';
import type { HealthDocument } from '../gdoi/health/health-document.ts';
import { type Clock, createSystemClock } from '../kernel/clock.ts';
import type { Secret } from '../kernel/secret.ts';
import { UserError } from '../kernel/user-error.ts';
import { type AgentClient, agentUrl, createAgentClient } from './agent-client.ts';
import { askPassword } from './ask-password.ts';
import { errorLine } from './error-line.ts';
import { explainText } from './explain.ts';
import { groupText, type GroupHealthDocument, isGroupHealth } from './text/group-text.ts';
import { healthText, pluginLine } from './text/health-text.ts';
import type { Checked } from './own-look.ts';
import { PLUGIN_STATUS } from './text/plugin-status.ts';
import { configFile, readConfig } from './read-config.ts';
import { readToken, secretInFile, secretInVariable, tokenFileFlag } from './secret-file.ts';
import { takeSignals } from './signals.ts';
import { lookAtTargetFiles } from './target-files.ts';

/** What an agent knows already. A monitoring plugin has ten seconds or more before it is ended without a word. */
const KNOWN_TIMEOUT_MS = 8_000;
/** The agent gives a poll 30 s, and another agent that it asks for it a little more. */
const POLL_TIMEOUT_MS = 40_000;

interface CheckFlags {
  readonly config: string;
  readonly agent?: string;
  readonly group?: string;
  readonly tokenFile?: string;
  readonly host?: string;
  readonly port: number;
  readonly username?: string;
  readonly passwordEnv?: string;
  readonly passwordFile?: string;
  readonly privateKeyFile?: string;
  readonly knownHosts: string;
  readonly hostKeys: 'strict' | 'accept-new';
  readonly algorithms: 'modern' | 'legacy';
  readonly timeout: number;
  readonly json?: boolean;
  readonly perfdata?: boolean;
  readonly watch?: number | true;
  readonly explain?: boolean;
}

interface LookFlags extends CheckFlags {
  /** By the flag or the variable: then it is an error if it cannot be read. */
  readonly isConfigNamed: boolean;
}

export function checkCommand(): Command {
  return new Command('check')
    .description('check a device, polled now, or a group; exit status 0 ok, 1 warning, 2 critical, 3 unknown')
    .argument('[device]', 'name of a device in the configuration')
    .addOption(configFile('the configuration that has the device'))
    .option('--group <name>', 'check a group instead, as a running agent sees it')
    .option('--agent <url>', 'ask this agent (default: that of the configuration, if it is running)')
    .addOption(tokenFileFlag())
    .option('--host <host>', 'check a device that is in no configuration')
    .option('--port <port>', 'its SSH port', whole(65_535), 22)
    .option('--username <name>', 'its user; asks for the password unless one of the next three flags is given')
    .option('--password-env <variable>', 'environment variable with the password')
    .option('--password-file <file>', 'file with the password')
    .option('--private-key-file <file>', 'SSH private key, used instead of a password')
    .option('--known-hosts <file>', 'file of host keys, for --host', join(homedir(), '.ssh', 'known_hosts'))
    .addOption(
      new Option('--host-keys <policy>', 'accept-new: trust a host that is not in --known-hosts, and remember its key')
        .choices(['strict', 'accept-new'])
        .default('strict'),
    )
    .addOption(
      new Option('--algorithms <set>', 'legacy: also offer what old IOS needs')
        .choices(['modern', 'legacy'])
        .default('modern'),
    )
    .option('--timeout <seconds>', 'limit for connect, login and each command, with --host', whole(600), 15)
    .option('--json', 'print the health document as JSON')
    .option('--perfdata', 'print one line with performance data, for Nagios and similar')
    .option('--watch [seconds]', 'check again every so many seconds (default 5), until Ctrl-C', whole(86_400))
    .option('--explain', 'show what polling costs the device: each command, why and when; sends nothing')
    .action(async (device: string | undefined, flags: CheckFlags, command: Command) => {
      refuseFlagsApart(flags, command);
      if (flags.explain === true) {
        const costs = pollCosts(await deviceToExplain(device, flags));
        process.stdout.write(flags.json ? `${JSON.stringify(costs)}\n` : explainText(costs));
        return;
      }
      const clock = createSystemClock();
      const isConfigNamed = command.getOptionValueSource('config') !== 'default';
      await using checked = await lookAt(device, { ...flags, isConfigNamed }, clock);
      process.exitCode =
        flags.watch === undefined ? await show(checked.look, flags, clock) : await watch(checked.look, flags, clock);
    });
}

/** A flag that would have no effect is refused. */
function refuseFlagsApart(flags: CheckFlags, command: Command): void {
  if (flags.json === true && flags.perfdata === true) {
    throw new UserError('usage_invalid', '--json and --perfdata do not go together');
  }
  if (flags.host !== undefined) {
    if (isHost(flags.host)) return;
    throw new UserError(
      'usage_invalid',
      `--host: ${JSON.stringify(flags.host)} is not ${HOST}; give the port with --port`,
    );
  }
  const given = OF_HOST.find((name) => command.getOptionValueSource(name) === 'cli');
  const flag = command.options.find((option) => option.attributeName() === given)?.long;
  if (flag != null) {
    throw new UserError(
      'usage_invalid',
      `${flag} goes with --host; for a configured device it is set in the configuration`,
    );
  }
}

const OF_HOST = [
  'port',
  'username',
  'passwordEnv',
  'passwordFile',
  'privateKeyFile',
  'knownHosts',
  'hostKeys',
  'algorithms',
  'timeout',
] as const satisfies readonly (keyof CheckFlags)[];

/** The result of a look and where it comes from: `gm1 (192.0.2.1), polled now`. */
interface Verdict {
  readonly health: HealthDocument | GroupHealthDocument;
  readonly from: string;
  /** When, by the clock of the agent that answered; null: now, by this machine's clock. */
  readonly atMs: number | null;
}

type ShownLook = () => Promise<Verdict>;

interface Looked extends AsyncDisposable {
  readonly look: ShownLook;
}

function whole(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > max) {
      throw new InvalidArgumentError(`it must be a whole number from 1 to ${max}.`);
    }
    return value;
  };
}

async function show(look: ShownLook, flags: CheckFlags, clock: Clock): Promise<number> {
  const { health, from, atMs } = await look();
  // An agent's times are relative to its own clock, which may differ from this machine's.
  const nowMs = atMs ?? clock.wallMs();
  const text = flags.json
    ? `${JSON.stringify(health)}\n`
    : flags.perfdata
      ? pluginLine(health)
      : 'device' in health
        ? healthText(health, nowMs, { from })
        : groupText(health, nowMs, from);
  process.stdout.write(text);
  return PLUGIN_STATUS[health.status];
}

const CLEAR_SCREEN = '\u001B[H\u001B[2J\u001B[3J';

async function watch(look: ShownLook, flags: CheckFlags, clock: Clock): Promise<number> {
  const everyMs = (flags.watch === true || flags.watch === undefined ? 5 : flags.watch) * 1000;
  using signals = takeSignals();
  let [status, hasLooked]: [number, boolean] = [PLUGIN_STATUS.unknown, false];
  while (!signals.stop.aborted) {
    if (process.stdout.isTTY && !flags.json) process.stdout.write(CLEAR_SCREEN);
    try {
      status = await show(look, flags, clock);
      hasLooked = true;
    } catch (error) {
      // What could be asked once can be asked again: an agent restarts, a way to it is mended.
      if (!hasLooked || !(error instanceof UserError)) throw error;
      status = PLUGIN_STATUS.unknown;
      process.stderr.write(errorLine(error));
    }
    await clock.sleep(everyMs, signals.stop).catch(() => undefined);
  }
  return status;
}

interface How {
  readonly clock: Clock;
  readonly repeats: boolean;
}

async function lookAt(name: string | undefined, flags: LookFlags, clock: Clock): Promise<Looked> {
  const how: How = { clock, repeats: flags.watch !== undefined };
  const targets = [name, flags.host, flags.group].filter((target) => target !== undefined);
  if (targets.length !== 1) {
    throw new UserError('usage_invalid', 'name one thing to check: a configured device, --group or --host');
  }
  if (flags.host !== undefined) {
    const device = await unconfiguredDevice(flags.host, flags);
    const { lookByItself } = await import('./own-look.ts');
    const ssh = { knownHostsPath: flags.knownHosts, maxHandshakes: 1, loginsPerSecond: 1 };
    // It is asked over SSH only.
    const around = { ssh, restconf: { knownCertificatesPath: '' } };
    return shownAs(await lookByItself(device, [device], around, how), `${flags.host}, polled now`);
  }
  const token = await readToken(flags.tokenFile);
  if (flags.group !== undefined) return lookAtGroup(flags.group, await agentOf(flags, token));
  const device = name ?? '';
  if (flags.agent !== undefined) {
    const client = createAgentClient(flags.agent, token);
    if (flags.isConfigNamed || (await isReadable(flags.config)))
      await sameRouter(client, device, (await readConfig(flags.config)).config);
    return { look: () => askAgent(client, device), [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const { config } = await readConfig(flags.config);
  return lookAtConfigured(device, config, token, how);
}

async function deviceToExplain(name: string | undefined, flags: CheckFlags): Promise<ResolvedDevice> {
  if (flags.host !== undefined) return unconfiguredDevice(flags.host, flags);
  if (name === undefined)
    throw new UserError('usage_invalid', '--explain needs the name of a configured device, or --host');
  const { config } = await readConfig(flags.config);
  const { devices } = await lookAtTargetFiles(config);
  return devices.find((device) => device.name === name) ?? unknownDevice(name, config.file, devices);
}

/** The configuration in this folder was not named by anybody: it may be missing or belong to somebody else. */
function isReadable(file: string): Promise<boolean> {
  return access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
}

async function agentOf({ agent, config: file }: CheckFlags, token: Secret | null): Promise<AgentClient> {
  return createAgentClient(agent ?? agentUrl((await readConfig(file)).config), token);
}

function shownAs(checked: Checked, from: string): Looked {
  return {
    look: async () => ({ health: await checked.look(), from, atMs: null }),
    [Symbol.asyncDispose]: () => checked[Symbol.asyncDispose](),
  };
}

function lookAtGroup(group: string, client: AgentClient): Looked {
  return {
    async look() {
      const answer = await client.get(`/api/v1/groups/${encodeURIComponent(group)}`, KNOWN_TIMEOUT_MS);
      if (answer.kind === 'no_agent') {
        throw new UserError('agent_unreachable', `nothing listens at ${client.url}: --group asks a running agent`);
      }
      if (answer.kind === 'not_found') {
        throw new UserError('device_unknown', `the agent at ${client.url} has seen no group "${group}"`);
      }
      if (!isGroupHealth(answer.document)) throw client.unsuitable(answer);
      return { health: answer.document, from: `group ${group}, via agent ${client.url}`, atMs: answer.atMs };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Asks the agent while it watches this very device; otherwise, and from then on, polls it itself. */
function lookAtConfigured(name: string, config: ResolvedConfig, token: Secret | null, how: How): Looked {
  const client = createAgentClient(agentUrl(config), token);
  const configured = config.devices.find((each) => each.name === name);
  let own: Looked | null = null;
  return {
    async look() {
      const known = own === null ? await knownHost(client, name) : null;
      // Another agent may listen there, and know another router by this name.
      const same = known !== null && (configured === undefined ? config.targets !== null : known === configured.host);
      if (same) return askAgent(client, name);
      if (own !== null) return own.look();
      const devices = configured === undefined ? (await lookAtTargetFiles(config)).devices : config.devices;
      const device = configured ?? devices.find((each) => each.name === name);
      if (device === undefined) return unknownDevice(name, config.file, devices, urlsOf(config, client));
      const { lookByItself } = await import('./own-look.ts');
      const other = known === null ? '' : `; the agent at ${client.url} knows ${name} as ${known}`;
      own = shownAs(await lookByItself(device, devices, config, how), `${name} (${device.host}), polled now${other}`);
      return own.look();
    },
    async [Symbol.asyncDispose]() {
      await own?.[Symbol.asyncDispose]();
    },
  };
}

/** The agent's answer must be about the router that the configuration means. */
async function sameRouter(client: AgentClient, name: string, { devices, file }: ResolvedConfig): Promise<void> {
  const meant = devices.find((each) => each.name === name)?.host ?? null;
  const known = meant === null ? null : await knownHost(client, name);
  if (known === null || known === meant) return;
  throw new UserError(
    'device_unknown',
    `the agent at ${client.url} knows ${name} as ${known}; in ${file} it is ${meant ?? ''}: another router`,
  );
}

function unknownDevice(
  name: string,
  place: string,
  devices: readonly Pick<ResolvedDevice, 'name'>[] = [],
  beside = '',
): never {
  const near = didYouMean(
    name,
    devices.map((device) => device.name),
  );
  const hint = near === null ? '' : `; did you mean ${JSON.stringify(near)}?`;
  throw new UserError('device_unknown', `${place} knows no device "${name}"${hint}${beside}`);
}

/** Where the devices come from that only an agent knows. */
function urlsOf({ targets }: ResolvedConfig, { url }: AgentClient): string {
  return (targets?.urls.length ?? 0) === 0 ? '' : `; only an agent reads http_sd, and none at ${url} knows it`;
}

/** The host of the agent's device of this name; null: no agent answers, or it knows no such device. */
async function knownHost(client: AgentClient, device: string): Promise<string | null> {
  const answer = await client.get(`/api/v1/devices/${encodeURIComponent(device)}`, KNOWN_TIMEOUT_MS);
  if (answer.kind !== 'document') return null;
  const { document } = answer;
  const host: unknown = document !== null && typeof document === 'object' ? Reflect.get(document, 'host') : null;
  if (typeof host !== 'string') throw client.unsuitable(answer);
  return host;
}

async function askAgent(client: AgentClient, device: string): Promise<Verdict> {
  const host = await knownHost(client, device);
  const path = `/api/v1/devices/${encodeURIComponent(device)}/health?live=true`;
  const answer = await client.get(path, POLL_TIMEOUT_MS);
  if (answer.kind === 'not_found') return unknownDevice(device, `the agent at ${client.url}`);
  if (answer.kind === 'document' && isHealthDocument(answer.document)) {
    const from = `${device} (${host ?? 'host not known'}), via agent ${client.url}`;
    return { health: answer.document, from, atMs: answer.atMs };
  }
  throw client.unsuitable(answer);
}

function isHealthDocument(document: unknown): document is HealthDocument {
  if (document === null || typeof document !== 'object') return false;
  const { status, checks, groups, explanations } = Object.fromEntries(Object.entries(document));
  return (
    typeof status === 'string' &&
    Object.hasOwn(PLUGIN_STATUS, status) &&
    Array.isArray(checks) &&
    Array.isArray(groups) &&
    Array.isArray(explanations)
  );
}

async function unconfiguredDevice(host: string, flags: CheckFlags): Promise<ResolvedDevice> {
  if (flags.username === undefined) throw new UserError('usage_invalid', '--host needs --username');
  const privateKey = flags.privateKeyFile === undefined ? null : await secretInFile(flags.privateKeyFile);
  return {
    name: host,
    host,
    sourceAddresses: [],
    port: flags.port,
    role: 'auto',
    transport: 'ssh',
    schedule: { kind: 'every', ms: 60_000 },
    timeoutMs: flags.timeout * 1000,
    detailIntervalMs: 0,
    collect: [],
    phaseAware: false,
    labels: {},
    ssh: {
      credentialName: flags.username,
      username: flags.username,
      password: privateKey === null ? await passwordOf(flags, host) : null,
      privateKey,
      passphrase: null,
      enablePassword: null,
      hostKeys: flags.hostKeys,
      algorithms: flags.algorithms,
      session: 'persistent',
    },
    snmp: null,
    restconf: null,
  };
}

function passwordOf({ passwordEnv, passwordFile, username }: CheckFlags, host: string): Promise<Secret> | Secret {
  if (passwordFile !== undefined) return secretInFile(passwordFile);
  return passwordEnv === undefined ? askPassword(`Password of ${username}@${host}: `) : secretInVariable(passwordEnv);
}
