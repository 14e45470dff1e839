/** Wires the running product: access, agent, exposition and HTTP. `run` and `demo` differ only in what they pass in. */
import { lookup } from 'node:dns/promises';
import { availableParallelism } from 'node:os';
import { startSyslogListener } from '../access/listeners/syslog/syslog-listener.ts';
import { startTrapListener } from '../access/listeners/traps/trap-listener.ts';
import type { Listener, PushedMessage } from '../access/pushed.ts';
import { DeviceTraffic } from '../access/device-traffic.ts';
import { createRestconfAccess } from '../access/restconf/restconf-access.ts';
import { createSnmpAccess } from '../access/snmp/snmp-access.ts';
import { createSshAccess } from '../access/ssh/ssh-access.ts';
import { Agent, type AgentOptions } from '../agent/agent.ts';
import { keptWindows } from '../agent/record/kept-windows.ts';
import type { MembershipStatus } from '../agent/cluster/membership.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { startTargets, type Targets } from '../config/service-discovery/targets.ts';
import { type AlertmanagerPush, createAlertmanagerPush } from '../export/alertmanager/alertmanager-push.ts';
import { pushMetrics } from '../export/alertmanager/push-metrics.ts';
import { clusterMetrics } from '../export/cluster-metrics.ts';
import { webhookMetrics } from '../export/webhooks/webhook-metrics.ts';
import { createWebhookPush, type WebhookPush } from '../export/webhooks/webhook-push.ts';
import { gatherGroups, groupMetrics, type Planned } from '../export/group-metrics.ts';
import { isPlanned } from '../gdoi/events/planned-event.ts';
import { PreparedLines } from '../export/prepared-lines.ts';
import { httpMetrics } from '../export/http-metrics.ts';
import { pushedMetrics } from '../export/pushed-metrics.ts';
import { targetMetrics } from '../export/target-metrics.ts';
import { createSelfMetrics } from '../export/self-metrics.ts';
import { type HttpServer, startHttpServer } from '../http/server.ts';
import { type Clock, createSystemClock } from '../kernel/clock.ts';
import { FollowingClock, type ToldTime } from '../kernel/following-clock.ts';
import { InternalErrors } from '../kernel/internal-errors.ts';
import { KnownSecrets } from '../kernel/known-secrets.ts';
import { listenFailure } from '../kernel/listen-failure.ts';
import type { Logger } from '../kernel/logger.ts';
import { Parts } from '../kernel/parts.ts';
import { UserError } from '../kernel/user-error.ts';
import { systemRandom } from '../kernel/random.ts';
import type { Secret } from '../kernel/secret.ts';
import { Maintenance } from '../model/maintenance.ts';
import type { OtherAgents } from '../model/other-agents.ts';
import type { EventStore } from '../store/event-store.ts';
import { type ReloadOutcome, Reloads } from './reloads.ts';
import { askOthers, type Asking, type Cluster, startCluster, withAgentsToken } from './cluster.ts';
import { configuredUrl, urlForOthers } from './own-url.ts';
import { acceptedKeys, keptRefusals } from './shared-notes.ts';
import { openStore, type SharedStore, type StoreOptions } from './stores.ts';
import type { Notes } from '../store/notes.ts';
import { shareOf } from '../agent/cluster/cluster-status.ts';
import { type SessionPlaces, sessionPlacesOf, warnOfFewFiles } from './session-places.ts';
import { packageVersion } from './version.ts';

export interface Product extends AsyncDisposable {
  readonly url: string;
  readonly agent: Agent;
  readonly errors: InternalErrors;
  /** Reads the configuration again; gives the line to print, or why it was refused. One reload after the other. */
  reload(): Promise<ReloadOutcome>;
}

export interface ProductOptions {
  readonly config: ResolvedConfig;
  /** The clock of polls and schedules; connections use the machine's own. */
  readonly clock: Clock;
  readonly logger: Logger;
  /** Number of failed writes of its log; absent: not counted. */
  readonly logErrors?: () => number;
  /** The present configuration; rejects with a `UserError` if it cannot be used. */
  readonly reread: () => Promise<ResolvedConfig>;
  /** Aborted: the start is given up and rejects with the signal's reason. Absent: never. */
  readonly signal?: AbortSignal;
}

/** How each part is made; tests replace some. */
export const PART_MAKERS = {
  targets: startTargets,
  store: openStore,
  alertmanager: createAlertmanagerPush,
  webhooks: createWebhookPush,
  ssh: createSshAccess,
  snmp: createSnmpAccess,
  restconf: createRestconfAccess,
  agent: (...options: Parameters<typeof Agent.open>) => Agent.open(...options),
  syslog: startSyslogListener,
  traps: startTrapListener,
  reloads: (options: ConstructorParameters<typeof Reloads>[0]): Reloads | Promise<Reloads> => new Reloads(options),
  http: startHttpServer,
  others: askOthers,
  cluster: startCluster,
};
export type PartMakers = typeof PART_MAKERS;

/** What every part gets. */
interface Common {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly errors: InternalErrors;
  /** One for all transports and listeners: what one router echoes may be another one's secret. */
  readonly secrets: KnownSecrets;
  /** One for all transports to a device. */
  readonly traffic: DeviceTraffic;
}

/** Resolves when everything runs. If a part cannot be started, those before it are closed and it rejects. */
export async function startProduct(given: ProductOptions, make: PartMakers = PART_MAKERS): Promise<Product> {
  const { logger, signal = new AbortController().signal } = given;
  // A single agent never hears of another time, so its clock stays the given one.
  const following = new FollowingClock(given.clock);
  const { clock } = following;
  const options = { ...given, clock, hearTime: (told: ToldTime) => hear(following, told, logger) };
  const networkClock = { ...createSystemClock(), wallMs: clock.wallMs };
  const parts = new Parts({ clock: networkClock, logger, signal });
  try {
    return await startParts(options, make, parts, networkClock);
  } catch (error) {
    // Parts that could not be closed are in the log; the user has to know why the start failed.
    await parts[Symbol.asyncDispose]().catch(() => undefined);
    throw error;
  }
}

/** Agents that share a store go by its clock, because what one stores is compared with what another sees. */
function hear(following: FollowingClock, told: ToldTime, logger: Logger): void {
  const setByMs = following.hear(told);
  if (setByMs === 0) return;
  const seconds = Math.round(setByMs / 1000);
  logger.warn({ seconds }, "the database's clock is ahead of this machine's; the database's time is used");
}

async function startParts(
  options: ProductOptions & Pick<StoreOptions, 'hearTime'>,
  make: PartMakers,
  parts: Parts,
  networkClock: Clock,
): Promise<Product> {
  const { clock, logger } = options;
  const common = commonOf(networkClock, logger);

  const later = new LaterParts();
  const onChange = () => later.targetsChanged();
  const targets = await parts.start('service discovery', () =>
    make.targets({ config: options.config, clock: networkClock, logger, onChange }),
  );
  const { config } = targets;
  let cluster: Cluster | null = null;
  const writer = () => cluster?.membership.writer ?? null;
  const { events: store, shared } = await parts.start('store', () =>
    make.store({ store: config.store, clock, logger, writer, hearTime: options.hearTime }),
  );
  // Closed after the agent, because it reports what the agent finds while it stops.
  const { push, webhooks } = await startWaysOut({ config, make, parts }, common, () => later.url(config));
  const membership = () => cluster?.membership.status ?? null;
  const met = shared && metByAgents(shared.store.notes, common, membership);
  const { places, ...ways } = await startWays({ config, make, parts }, common, met);
  const maintenance = await parts.prepare('maintenance', () => announced(config, store, logger));
  const agent = await openAgent({ config, make, parts }, common, {
    clock,
    maintenance,
    ...ways,
    store,
    ...sharing(met, () => cluster),
    // Planned events wake nobody; webhooks get all events, with the mark.
    onEvents: (events) => {
      push.push(events.filter((event) => !isPlanned(event)));
      webhooks.push(events);
    },
  });
  const listeners = await startListeners({ config, make, parts }, common, (message) => agent.pushed(message));
  // Closed before what a reload changes.
  const reloads = await parts.start('reloads', () => make.reloads(common));
  later.haveReloads(reloads);
  const asking = shared && (await startAsking({ make, parts }, common, { agent, membership, shared }));
  const server = await parts.start('HTTP', () =>
    serve({ config, clock, make }, common, {
      agent,
      logErrors: options.logErrors,
      store,
      targets,
      push,
      webhooks,
      listeners,
      reloads,
      maintenance,
      owning: () => shared === null || writer() !== null,
      outcast: () => cluster?.outcast() ?? false,
      clusterMetrics: () => (cluster && asking ? clusterMetrics(cluster.status(), asking.others.counts) : ''),
      others: asking?.others,
      agentsToken: shared?.others.token ?? null,
    }),
  );
  later.haveServer(server);
  agent.start({ inventoryComplete: targets.status().complete });
  beginReloads(options, { agent, targets, maintenance, push, webhooks, reloads, server, places });
  if (shared !== null) {
    const url = shared.others.url ?? (await urlForOthers(server.url, shared.hosts));
    const member = { ...shared, agent, maintenance, url, version: packageVersion(), ...common };
    cluster = await parts.start('cluster', () => make.cluster(member));
  }
  return running(parts, common, { agent, server, reloads });
}

function running(
  parts: Parts,
  { errors }: Common,
  { agent, server, reloads }: Pick<Served, 'agent' | 'reloads'> & { readonly server: HttpServer },
): Product {
  return {
    url: server.url,
    agent,
    errors,
    reload: () => reloads.request(),
    [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose](),
  };
}

/** What earlier parts ask of later ones. */
class LaterParts {
  #reloads: Reloads | null = null;
  #server: HttpServer | null = null;
  /** Service discovery found other devices before there were reloads. */
  #changed = false;

  targetsChanged(): void {
    if (this.#reloads === null) this.#changed = true;
    else this.#reloads.targetsChanged();
  }

  haveReloads(reloads: Reloads): void {
    this.#reloads = reloads;
    if (this.#changed) reloads.targetsChanged();
  }

  haveServer(server: HttpServer): void {
    this.#server = server;
  }

  url(config: ResolvedConfig): string {
    return this.#server?.url ?? configuredUrl(config);
  }
}

/** What the agent asks where others poll the same devices; `met` null: nobody does. */
function sharing(
  met: ReturnType<typeof metByAgents> | null,
  cluster: () => Cluster | null,
): Pick<AgentOptions, 'mayPoll' | 'isBehind' | 'recall'> {
  if (met === null) return {};
  return {
    mayPoll: () => (cluster()?.membership.writer ?? null) !== null,
    isBehind: (cell) => cluster()?.isBehind(cell) ?? false,
    recall: () => met.refusals.load(),
  };
}

/** Maintenance windows, including those announced before this start. */
async function announced(config: ResolvedConfig, { notes }: EventStore, logger: Logger): Promise<Maintenance> {
  const maintenance = new Maintenance(keptWindows(notes, logger), `${process.pid}-`);
  maintenance.configure(config.maintenance);
  await maintenance.refresh();
  return maintenance;
}

function commonOf(clock: Clock, logger: Logger): Common {
  return {
    clock,
    logger,
    errors: new InternalErrors(logger),
    secrets: new KnownSecrets(),
    traffic: new DeviceTraffic(),
  };
}

function openAgent(
  { config, make, parts }: Making,
  { clock: networkClock, logger, errors, traffic }: Common,
  own: Omit<AgentOptions, 'config' | 'networkClock' | 'logger' | 'errors' | 'traffic' | 'lookup'>,
): Promise<Agent> {
  const around = { config, networkClock, logger, errors, traffic, lookup: addressesOf };
  return parts.start('agent', () => make.agent({ ...around, ...own }));
}

function startAsking(
  { make, parts }: Pick<Making, 'make' | 'parts'>,
  { clock, logger }: Common,
  member: { readonly agent: Agent; readonly membership: () => MembershipStatus | null; readonly shared: SharedStore },
): Promise<Asking> {
  return parts.start('questions to other agents', () => make.others({ ...member, clock, logger }));
}

interface Making {
  readonly config: ResolvedConfig;
  readonly make: PartMakers;
  readonly parts: Parts;
}

/** Where events are sent. */
async function startWaysOut({ config, make, parts }: Making, common: Common, url: () => string) {
  const around = { ...common, random: systemRandom };
  const push = await parts.start('alertmanager', () =>
    make.alertmanager({ ...around, destinations: config.alertmanager, generatorUrl: url }),
  );
  const webhooks = await parts.start('webhooks', () =>
    make.webhooks({ ...around, destinations: config.webhooks, source: url }),
  );
  return { push, webhooks };
}

/** What agents that share devices tell each other about them. */
function metByAgents(notes: Notes, { clock, logger }: Common, membership: () => MembershipStatus | null) {
  return {
    refusals: keptRefusals(notes, clock, logger),
    acceptedHostKeys: acceptedKeys(notes, 'host_key'),
    acceptedCertificates: acceptedKeys(notes, 'certificate'),
    share: () => {
      const status = membership();
      return status === null ? 1 : shareOf(status);
    },
  };
}

/** The transports to devices. `met` null: no other agent polls the same devices. */
async function startWays({ config, make, parts }: Making, common: Common, met: ReturnType<typeof metByAgents> | null) {
  const around = { ...common, random: systemRandom, ...met };
  const places = sessionPlacesOf(config, availableParallelism());
  warnOfFewFiles(config, places, common.logger);
  const access = await parts.start('SSH', () => make.ssh({ ...around, ...config.ssh, ...places }));
  const snmp = await parts.start('SNMP', () => make.snmp(around));
  const restconf = await parts.start('RESTCONF', () => make.restconf({ ...around, ...config.restconf }));
  return { access, snmp, restconf, places };
}

function beginReloads(
  { config, logger, reread }: ProductOptions,
  parts: Pick<Served, 'agent' | 'targets' | 'maintenance' | 'push' | 'webhooks' | 'reloads'> & {
    readonly server: HttpServer;
    readonly places: SessionPlaces;
  },
): void {
  const { agent, targets, maintenance, push, webhooks, reloads, server, places } = parts;
  let configured = config;
  reloads.begin({
    async reread(meant) {
      const fresh = await reread();
      const summary = await agent.reload(await targets.reload(fresh), meant).catch(async (error: unknown) => {
        await targets.reload(configured);
        throw error;
      });
      configured = fresh;
      targets.accepted();
      maintenance.configure(targets.config.maintenance);
      server.renewCertificate();
      await push.configure(targets.config.alertmanager);
      await webhooks.configure(targets.config.webhooks);
      warnOfFewFiles(targets.config, places, logger);
      return summary;
    },
    async takeTargets() {
      try {
        const { config: found } = targets;
        const summary = await agent.reload(found);
        targets.accepted(found);
        return summary;
      } catch (error) {
        if (error instanceof UserError) targets.refused(error.message);
        throw error;
      }
    },
    refused: () => agent.reloadRefused(),
  });
}

interface Served {
  readonly agent: Agent;
  /** undefined: not counted. */
  readonly logErrors: (() => number) | undefined;
  readonly store: EventStore;
  readonly targets: Targets;
  readonly push: AlertmanagerPush;
  readonly webhooks: WebhookPush;
  readonly listeners: readonly Listener[];
  readonly reloads: Reloads;
  /** False: this agent may poll no device now, so another agent exports all of them. */
  readonly owning: () => boolean;
  /** It has had no part in the cluster for a long time. */
  readonly outcast: () => boolean;
  /** Empty: the store is this agent's alone. */
  readonly clusterMetrics: () => string;
  /** Undefined: there are none. */
  readonly others: OtherAgents | undefined;
  /** Null: agents show each other no token. */
  readonly agentsToken: Secret | null;
  readonly maintenance: Maintenance;
}

/** Starts the HTTP side over what the other parts show. */
async function serve(
  { config, clock, make }: { readonly config: ResolvedConfig; readonly clock: Clock; readonly make: PartMakers },
  { clock: network, logger, errors }: Common,
  served: Served,
): Promise<HttpServer> {
  const { agent, store, targets, push, webhooks, listeners, reloads, maintenance, others } = served;
  const lines = new PreparedLines(
    (group, cell) => agent.readModel.group(group, cell),
    config.metrics,
    (device, work) => errors.guard('listener', { device }, work, undefined),
  );
  agent.readModel.onChange((device, view) => lines.update(device, view));
  // One status of the agent for all metrics of a scrape, because it counts sessions one by one.
  const statusNow = () => ({ ...agent.status(), logErrors: served.logErrors?.() ?? 0 });
  let status = statusNow();
  const registry = createSelfMetrics(packageVersion(), () => status, agent.readModel);
  const { host, port } = config.listen;
  try {
    const server = await make.http({
      host,
      port,
      version: packageVersion(),
      clock,
      network,
      logger,
      errors,
      fleet: agent.readModel,
      status: statusNow,
      outcast: served.outcast,
      deviceMetrics: () => (served.owning() ? lines.chunks() : []),
      deviceLines: (device) => lines.of(device),
      events: store,
      incidents: store,
      maintenance,
      pollNow: (device, signal) => agent.pollNow(device, signal),
      others,
      doubts: () => [...targets.doubts(), ...agent.doubts()],
      grafanaUrl: () => targets.config.grafanaUrl,
      web: () => withAgentsToken(targets.config.web, served.agentsToken),
      selfMetrics: async () => {
        status = statusNow();
        await gatherGroups(agent.readModel, network);
        return [
          await registry.metrics(),
          served.owning() ? groupMetrics(agent.readModel, plannedNow(maintenance, clock)) : '',
          served.clusterMetrics(),
          pushedMetrics(
            status.pushed,
            listeners.map((listener) => ({ url: listener.url, ...listener.status() })),
          ),
          targetMetrics(targets.status()),
          httpMetrics(server.counters),
          pushMetrics(push.status()),
          webhookMetrics(webhooks.status()),
        ].join('');
      },
      reload: (meant) => reloads.request(meant),
    });
    return server;
  } catch (error) {
    throw listenFailure(`listen: cannot listen on ${host}:${port}`, error) ?? error;
  }
}

function plannedNow(maintenance: Maintenance, clock: Clock): Planned {
  const nowMs = clock.wallMs();
  return {
    device: (device, groups, cell) => maintenance.of({ device, groups, cell }, nowMs) !== null,
    group: (group, cell) => maintenance.of({ device: null, groups: [group], cell }, nowMs) !== null,
  };
}

async function startListeners(
  { config, make, parts }: { readonly config: ResolvedConfig; readonly make: PartMakers; readonly parts: Parts },
  { clock, logger, secrets }: Common,
  onMessage: (message: PushedMessage) => void,
): Promise<readonly Listener[]> {
  const around = { clock, logger, secrets, onMessage };
  const listeners: Listener[] = [];
  for (const listen of config.syslog?.listens ?? []) {
    listeners.push(await parts.start('syslog', () => make.syslog({ listen, ...around })));
  }
  if (config.traps !== null) {
    const listen = { ...config.traps.listen, protocol: 'udp' as const };
    const credentials = [...config.traps.credentials.values()];
    listeners.push(await parts.start('traps', () => make.traps({ listen, credentials, ...around })));
  }
  return listeners;
}

async function addressesOf(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
