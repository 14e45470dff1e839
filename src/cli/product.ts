/** The running product, wired: access, agent, exposition and HTTP. `run` and `demo` differ only in what they hand in. */
import { lookup } from 'node:dns/promises';
import { startSyslogListener } from '../access/listeners/syslog/syslog-listener.ts';
import { startTrapListener } from '../access/listeners/traps/trap-listener.ts';
import type { Listener, PushedMessage } from '../access/pushed.ts';
import { createSnmpAccess } from '../access/snmp/snmp-access.ts';
import { createSshAccess } from '../access/ssh/ssh-access.ts';
import PQueue from 'p-queue';
import { Agent, type ReloadSummary } from '../agent/agent.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { startTargets } from '../config/service-discovery/targets.ts';
import { createAlertmanagerPush } from '../export/alertmanager/alertmanager-push.ts';
import { pushMetrics } from '../export/alertmanager/push-metrics.ts';
import { groupMetrics } from '../export/group-metrics.ts';
import { PreparedLines } from '../export/prepared-lines.ts';
import { httpMetrics } from '../export/http-metrics.ts';
import { pushedMetrics } from '../export/pushed-metrics.ts';
import { targetMetrics } from '../export/target-metrics.ts';
import { createSelfMetrics } from '../export/self-metrics.ts';
import { type HttpServer, startHttpServer } from '../http/server.ts';
import { type Clock, createSystemClock } from '../kernel/clock.ts';
import { InternalErrors } from '../kernel/internal-errors.ts';
import { KnownSecrets } from '../kernel/known-secrets.ts';
import type { Logger } from '../kernel/logger.ts';
import { systemRandom } from '../kernel/random.ts';
import { listenFailure } from '../kernel/listen-failure.ts';
import { UserError } from '../kernel/user-error.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { packageVersion } from './version.ts';

export interface Product extends AsyncDisposable {
  readonly url: string;
  readonly agent: Agent;
  readonly errors: InternalErrors;
  /** Read the configuration again: the line to tell, or why it was refused. One reload after the other. */
  reload(): Promise<ReloadOutcome>;
}

export interface ReloadOutcome {
  readonly ok: boolean;
  readonly message: string;
}

export async function startProduct(options: {
  readonly config: ResolvedConfig;
  /** The clock of polls and schedules; connections live on the machine's own. */
  readonly clock: Clock;
  readonly logger: Logger;
  /** The configuration as it is now; rejects with a `UserError` when it cannot be used. */
  readonly reread: () => Promise<ResolvedConfig>;
}): Promise<Product> {
  const { clock, logger } = options;
  const errors = new InternalErrors(logger);
  const networkClock = { ...createSystemClock(), wallMs: clock.wallMs };
  /** Closed in reverse. */
  const parts: AsyncDisposable[] = [];
  const stop = async () => {
    for (const part of parts.toReversed()) await part[Symbol.asyncDispose]();
  };
  try {
    const targets = await startTargets({
      config: options.config,
      clock: networkClock,
      logger,
      // The queue logs how it ended and keeps the order.
      onChange: () =>
        void reloads.add(async () => {
          await agent.reload(targets.config).catch((error: unknown) => errors.caught('reload', error));
        }),
    });
    const { config } = targets;
    const store = await openSqliteStore({
      path: config.store.sqlitePath,
      retentionMs: config.store.retentionMs,
      clock,
      logger,
    });
    parts.push(store);
    // One for all ways in: what one router echoes may be another one's secret.
    const secrets = new KnownSecrets();
    const access = createSshAccess({
      clock: networkClock,
      random: systemRandom,
      knownHostsPath: config.ssh.knownHostsPath,
      maxHandshakes: config.ssh.maxHandshakes,
      logger,
      secrets,
    });
    const snmp = createSnmpAccess({ clock: networkClock, random: systemRandom, logger, secrets });
    const agent = await Agent.open({
      config,
      clock,
      networkClock,
      access,
      snmp,
      store,
      logger,
      errors,
      lookup: addressesOf,
    });
    parts.push(agent);
    const listeners = await startListeners(config, {
      clock: networkClock,
      logger,
      secrets,
      onMessage: (message) => agent.pushed(message),
    });
    parts.push(...listeners);
    const lines = new PreparedLines();
    agent.readModel.onChange((device, view) => lines.update(device, view));
    const registry = createSelfMetrics(packageVersion(), () => agent.status(), agent.readModel);

    const reloads = new PQueue({ concurrency: 1 });
    const reload = () =>
      reloads.add(async (): Promise<ReloadOutcome> => {
        try {
          const summary = await agent.reload(await targets.reload(await options.reread()));
          server.renewCertificate();
          await push.configure(targets.config.alertmanager);
          return { ok: true, message: reloadedText(summary) };
        } catch (error) {
          agent.reloadRefused();
          if (!(error instanceof UserError)) {
            errors.caught('reload', error);
            return { ok: false, message: 'internal error: the log has it; the old configuration goes on' };
          }
          logger.error(
            { file: config.file, code: error.code, reason: error.message },
            'configuration refused, the old one goes on',
          );
          return { ok: false, message: error.message };
        }
      });
    const server: HttpServer = await startHttpServer({
      host: config.listen.host,
      port: config.listen.port,
      version: packageVersion(),
      clock,
      network: networkClock,
      logger,
      errors,
      fleet: agent.readModel,
      status: () => agent.status(),
      deviceMetrics: () => lines.chunks(),
      deviceLines: (device) => lines.of(device),
      events: store,
      incidents: store,
      pollNow: (device, signal) => agent.pollNow(device, signal),
      web: () => targets.config.web,
      selfMetrics: async () =>
        (await registry.metrics()) +
        groupMetrics(agent.readModel) +
        pushedMetrics(
          agent.status().pushed,
          listeners.map((listener) => ({ url: listener.url, ...listener.status() })),
        ) +
        targetMetrics(targets.status()) +
        httpMetrics(server.counters) +
        pushMetrics(push.status()),
      reload,
    }).catch((error: unknown) => {
      throw listenFailure(`listen: cannot listen on ${config.listen.host}:${config.listen.port}`, error) ?? error;
    });
    parts.push(server, targets);
    const push = createAlertmanagerPush({
      destinations: config.alertmanager,
      clock: networkClock,
      random: systemRandom,
      logger,
      generatorUrl: server.url,
    });
    // Closed last: it tells what the agent finds while it stops.
    parts.unshift(push);
    agent.readModel.onEvents((events) => push.push(events));
    agent.start({ inventoryComplete: targets.status().complete });
    return { url: server.url, agent, errors, reload, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function reloadedText({ added, removed, changed, kept, restartNeeded }: ReloadSummary): string {
  const restart = restartNeeded.length === 0 ? '' : `; needs a restart: ${restartNeeded.join(', ')}`;
  return `reloaded: ${added} added, ${removed} removed, ${changed} changed, ${kept} kept${restart}`;
}

async function startListeners(
  config: ResolvedConfig,
  common: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly secrets: KnownSecrets;
    readonly onMessage: (message: PushedMessage) => void;
  },
): Promise<readonly Listener[]> {
  const listeners: Listener[] = [];
  try {
    for (const listen of config.syslog?.listens ?? []) {
      listeners.push(await startSyslogListener({ listen, ...common }));
    }
    if (config.traps !== null) {
      const { listen, credentials } = config.traps;
      listeners.push(
        await startTrapListener({
          listen: { ...listen, protocol: 'udp' },
          credentials: [...credentials.values()],
          ...common,
        }),
      );
    }
    return listeners;
  } catch (error) {
    for (const listener of listeners) await listener[Symbol.asyncDispose]();
    throw error;
  }
}

async function addressesOf(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
