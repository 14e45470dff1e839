/** `gdoiwatch check`: is this router healthy, and why not? Through a running agent where there is one, else by itself. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { pollCosts } from '../agent/poll/poll-costs.ts';
import type { ResolvedConfig, ResolvedDevice } from '../config/resolved-config.ts';
import type { HealthDocument } from '../gdoi/health/health-document.ts';
import { type Clock, createSystemClock } from '../kernel/clock.ts';
import type { Secret } from '../kernel/secret.ts';
import { UserError } from '../kernel/user-error.ts';
import { agentUrl, createAgentClient } from './agent-client.ts';
import { askPassword } from './ask-password.ts';
import { explainText } from './explain.ts';
import { healthText, pluginLine } from './health-text.ts';
import type { Checked, Look } from './own-look.ts';
import { PLUGIN_STATUS } from './plugin-status.ts';
import { configFile, readConfig } from './read-config.ts';
import { readToken, secretInFile, secretInVariable } from './secret-file.ts';
import { takeSignals } from './signals.ts';

/** The agent polls for us: connect, login and a few commands. */
const AGENT_TIMEOUT_MS = 90_000;

interface CheckFlags {
  readonly config: string;
  readonly agent?: string;
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

export function checkCommand(): Command {
  return new Command('check')
    .description('health of a device, polled now; exit status 0 ok, 1 warning, 2 critical, 3 unknown')
    .argument('[device]', 'name of a device in the configuration')
    .addOption(configFile('the configuration that knows the device'))
    .option('--agent <url>', 'ask this agent (default: the one of the configuration, where it runs)')
    .option('--token-file <file>', 'token for the agent (or the variable GDOIWATCH_TOKEN)')
    .option('--host <host>', 'a device that is in no configuration')
    .option('--port <port>', 'its SSH port', whole(65_535), 22)
    .option('--username <name>', 'user on that device; the password is asked for')
    .option('--password-env <variable>', 'environment variable that holds the password')
    .option('--password-file <file>', 'file that holds the password')
    .option('--private-key-file <file>', 'SSH private key instead of a password')
    .option('--known-hosts <file>', 'host keys for --host', join(homedir(), '.ssh', 'known_hosts'))
    .addOption(
      new Option('--host-keys <policy>', 'accept-new trusts a host that is not in --known-hosts and remembers it')
        .choices(['strict', 'accept-new'])
        .default('strict'),
    )
    .addOption(new Option('--algorithms <set>', 'legacy for old IOS').choices(['modern', 'legacy']).default('modern'))
    .option('--timeout <seconds>', 'bound for connect, login and each command, with --host', whole(600), 15)
    .option('--json', 'the health document')
    .option('--perfdata', 'one line with performance data, for Nagios and its likes')
    .option('--watch [seconds]', 'look again every so many seconds (default 5) until Ctrl-C', whole(86_400))
    .option('--explain', 'what polling the device costs it: each command, why and when; nothing is sent')
    .action(async (device: string | undefined, flags: CheckFlags) => {
      if (flags.explain === true) {
        const costs = pollCosts(await deviceToExplain(device, flags));
        process.stdout.write(flags.json ? `${JSON.stringify(costs)}\n` : explainText(costs));
        return;
      }
      const clock = createSystemClock();
      await using checked = await lookAt(device, flags, clock);
      process.exitCode =
        flags.watch === undefined ? await show(checked.look, flags, clock) : await watch(checked.look, flags, clock);
    });
}

function whole(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > max) {
      throw new InvalidArgumentError(`it is a whole number from 1 to ${max}.`);
    }
    return value;
  };
}

async function show(look: Look, flags: CheckFlags, clock: Clock): Promise<number> {
  const health = await look();
  const text = flags.json
    ? `${JSON.stringify(health)}\n`
    : flags.perfdata
      ? pluginLine(health)
      : healthText(health, clock.wallMs());
  process.stdout.write(text);
  return PLUGIN_STATUS[health.status];
}

const CLEAR_SCREEN = '\u001B[H\u001B[2J\u001B[3J';

async function watch(look: Look, flags: CheckFlags, clock: Clock): Promise<number> {
  const everyMs = (flags.watch === true || flags.watch === undefined ? 5 : flags.watch) * 1000;
  using signals = takeSignals();
  let status: number = PLUGIN_STATUS.unknown;
  while (!signals.stop.aborted) {
    if (process.stdout.isTTY && !flags.json) process.stdout.write(CLEAR_SCREEN);
    status = await show(look, flags, clock);
    await clock.sleep(everyMs, signals.stop).catch(() => undefined);
  }
  return status;
}

async function lookAt(name: string | undefined, flags: CheckFlags, clock: Clock): Promise<Checked> {
  if ((name === undefined) === (flags.host === undefined)) {
    throw new UserError('usage_invalid', 'either the name of a configured device or --host says what to check');
  }
  if (flags.host !== undefined) {
    const device = await unconfiguredDevice(flags.host, flags);
    const { lookByItself } = await import('./own-look.ts');
    const ssh = { knownHostsPath: flags.knownHosts, maxHandshakes: 1, loginsPerSecond: 1 };
    // Only SSH is asked of it.
    return lookByItself(device, [device], { ssh, restconf: { knownCertificatesPath: '' } }, clock);
  }
  const device = name ?? '';
  const token = await readToken(flags.tokenFile);
  if (flags.agent !== undefined) {
    const look = lookThroughAgent(flags.agent, token, device);
    return {
      look: async () => (await look()) ?? unknownDevice(device, `the agent at ${flags.agent}`),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const { config } = await readConfig(flags.config);
  return lookAtConfigured(device, config, token, clock);
}

async function deviceToExplain(name: string | undefined, flags: CheckFlags): Promise<ResolvedDevice> {
  if (flags.host !== undefined) return unconfiguredDevice(flags.host, flags);
  if (name === undefined)
    throw new UserError('usage_invalid', '--explain needs the name of a configured device, or --host');
  const { config } = await readConfig(flags.config);
  return config.devices.find((device) => device.name === name) ?? unknownDevice(name, config.file);
}

/** Through the agent while it knows the device; else, from then on, by itself. */
function lookAtConfigured(name: string, config: ResolvedConfig, token: Secret | null, clock: Clock): Checked {
  const ask = lookThroughAgent(agentUrl(config), token, name);
  let own: Checked | null = null;
  return {
    async look() {
      const health = own === null ? await ask() : null;
      if (health !== null) return health;
      const device = config.devices.find((each) => each.name === name);
      if (device === undefined) return unknownDevice(name, config.file);
      own ??= (await import('./own-look.ts')).lookByItself(device, config.devices, config, clock);
      return own.look();
    },
    async [Symbol.asyncDispose]() {
      await own?.[Symbol.asyncDispose]();
    },
  };
}

function unknownDevice(name: string, place: string): never {
  throw new UserError('device_unknown', `${place} knows no device "${name}"`);
}

/** null: no agent there, or it does not know the device. */
function lookThroughAgent(url: string, token: Secret | null, device: string): () => Promise<HealthDocument | null> {
  const client = createAgentClient(url, token);
  return async () => {
    const path = `/api/v1/devices/${encodeURIComponent(device)}/health?live=true`;
    const answer = await client.get(path, AGENT_TIMEOUT_MS);
    if (answer.kind !== 'document') return null;
    if (isHealthDocument(answer.document)) return answer.document;
    throw new UserError('agent_unsuitable', `what listens at ${client.url} is not gdoiwatch of this version`);
  };
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
