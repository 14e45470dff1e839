/**
 * Agents as processes, whose clocks differ by minutes, on a real PostgreSQL with a synchronous standby and a simulated
 * fleet, with faults one after the other: the owner is killed, paused for longer than its lease, stopped, or cut off
 * from the database; the database crashes, or is lost and its standby promoted. The registrations that the GMs count
 * themselves are compared with the events that were stored.
 */
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { stateOfText } from '../../src/store/state-text.ts';
import { type CuttableWay, cuttableWayTo } from '../builders/cuttable-way.ts';
import { PASSWORD, type PostgresServer, startPostgres } from '../store/postgres-server.ts';
import { PATIENCE } from '../builders/patience.ts';
import { Gdoiwatch, MAIN } from './gdoiwatch.ts';
import { connectionsNow, connectionsOf, KnownSockets, ProcessorWaits } from './open-connections.ts';

export const FAULTS = ['kill', 'pause', 'stop', 'cut', 'crash of the database', 'promoted standby'] as const;
export type Fault = (typeof FAULTS)[number];

export interface CampaignFigures {
  readonly faults: readonly Fault[];
  /** Registrations after the first sight of each GM, by the GMs' own counters. */
  readonly registrations: number;
  readonly kept: number;
  /** Events beyond the count of their GM. */
  readonly doubled: number;
  /** GMs with lost or doubled events, and what was stored of them. */
  readonly astray: readonly string[];
  /** How far beyond now a poll was dated at most, although agents' clocks are off by minutes. */
  readonly aheadMs: number;
  /** Events in the log of an agent more than once. */
  readonly toldTwice: number;
  /** Looks at which two agents owned the same cell. */
  readonly ownedTwice: number;
  /** Versions of the schema, each from and to, as the agents brought it up to date. */
  readonly schemaSteps: readonly (readonly [from: number, to: number])[];
  /** Looks at the connections of all agents. */
  readonly looks: number;
  /** Looks at which two agents had a connection to the same device, although both had had CPU time since. */
  readonly heldTwice: readonly HeldTwice[];
  /** The same if one of them had been waiting for a processor: it was in effect paused. */
  readonly heldByStarved: readonly HeldTwice[];
  /** Most connections to devices that were open at one look. */
  readonly heldMost: number;
  /** From the fault to the first scrape that shows another owner, by fault. */
  readonly takeoverMs: readonly (readonly [Fault, number])[];
}

/** What no fault may cause: all 0 and empty; otherwise the test's message shows it. */
export function wrongIn(figures: CampaignFigures) {
  const { registrations, kept, doubled, toldTwice, ownedTwice, heldTwice, astray } = figures;
  return { lost: registrations - kept, doubled, toldTwice, ownedTwice, heldTwice, astray };
}
export const NOTHING_WRONG: ReturnType<typeof wrongIn> = {
  lost: 0,
  doubled: 0,
  toldTwice: 0,
  ownedTwice: 0,
  heldTwice: [],
  astray: [],
};

/** Facts about two connections to one device. */
export interface HeldTwice {
  readonly device: string;
  /** The last one, and how long before. */
  readonly fault: string;
  readonly sinceMs: number;
  /** How long the threads of each agent, and of the routers, waited for a processor during its last lease. */
  readonly waitedMs: readonly number[];
  /** How long it took to see one agent's connection, the other's, and the first one's again. */
  readonly lookedMs: number;
}

const OWNED = 'gdoi_cell_owned{cell="default"} 1';
const LEASE_MS = 2000;
const AGENTS = 2;
const LOOK_EVERY_MS = 100;
/** Of an agent's log, where a test waits in vain. */
const SHOWN_LINES = 15;
/** An agent shows all its metrics each time, and one lease is asked about ten times. */
const ASK_EVERY_MS = 200;
/**
 * From an agent's own end of its lease to the end for the others: a running agent needs no longer to release its cells.
 * Within this time no device changes its owner twice, so that who had it before and after had it in between.
 */
const MARGIN_MS = LEASE_MS / 4;
/** How far the clock of each agent is off, one after the other. */
const CLOCKS_OFF_MS = [0, 240_000, -180_000, 60_000, -300_000];
const REPLICATED = [
  'wal_level=replica',
  'max_wal_senders=8',
  'wal_keep_size=64MB',
  'wal_retrieve_retry_interval=100ms',
];

/** What is read of a device's state in the store. */
interface KeptState {
  readonly groups?: Readonly<
    Record<string, { readonly counted: boolean; readonly counters: { readonly succeeded: number } }>
  >;
}

interface ConfiguredDevice {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly role: string;
}

interface Member {
  readonly process: Gdoiwatch;
  /** To either server. */
  readonly ways: readonly CuttableWay[];
  readonly url: string;
  readonly waits: ProcessorWaits;
}

/** What a GM had counted when the owner last polled it, and when that was by the owner's clock. */
interface Counted {
  readonly count: number;
  readonly atMs: number;
}
type Counts = ReadonlyMap<string, Counted>;

/** A GM of which not as many registrations were kept as it counted. */
interface Astray {
  readonly gm: string;
  readonly before: number;
  readonly now: number;
}

export class ClusterCampaign implements AsyncDisposable {
  readonly #directory: string;
  /** In the order in which agents ask them. */
  readonly #servers: [PostgresServer, PostgresServer];
  #primary: 0 | 1 = 0;
  readonly #simulated: Gdoiwatch;
  readonly #command: { readonly main?: string };
  readonly #yaml: string;
  readonly #members: Member[] = [];
  /** They were told to end, and are looked at until they have. */
  readonly #leaving = new Set<Member>();
  /** Of agents that are gone. */
  readonly #logs: string[] = [];
  #started = 0;
  /**
   * What each GM had counted by what was kept at the beginning. An event is of a later registration if its number is
   * above that.
   */
  #before: ReadonlyMap<string, number> = new Map();
  #ownedTwice = 0;
  #aheadMs = -Infinity;
  readonly #sockets = new KnownSockets();
  readonly #routersWait: ProcessorWaits;
  #looks = 0;
  readonly #heldTwice: HeldTwice[] = [];
  readonly #heldByStarved: HeldTwice[] = [];
  #heldMost = 0;
  /** It cannot know that another agent took over until it has joined again. */
  #paused: Member | null = null;
  readonly #devices: ReadonlySet<string>;
  readonly #gms: readonly string[];
  readonly #ended = new AbortController();
  #looking: Promise<void> = Promise.resolve();
  readonly #faults: Fault[] = [];
  #faultMs = performance.now();
  readonly #takeoverMs: (readonly [Fault, number])[] = [];

  private constructor(
    directory: string,
    parts: {
      readonly servers: [PostgresServer, PostgresServer];
      readonly simulated: Gdoiwatch;
      readonly command: { readonly main?: string };
    },
    yaml: string,
  ) {
    this.#directory = directory;
    this.#servers = parts.servers;
    this.#simulated = parts.simulated;
    this.#routersWait = new ProcessorWaits(parts.simulated.pid);
    this.#command = parts.command;
    this.#yaml = yaml;
    const { devices }: { readonly devices: readonly ConfiguredDevice[] } = parse(yaml);
    this.#devices = new Set(devices.map(({ host, port }) => `${host}:${port}`));
    this.#gms = devices.filter(({ role }) => role === 'gm').map(({ name }) => name);
  }

  /**
   * `main`: the command's file, if it is not the one that was built. `first`: that of the first agent; all later agents
   * use `main`.
   */
  static async start({
    main,
    first,
  }: {
    readonly main?: string;
    readonly first?: string;
  } = {}): Promise<ClusterCampaign> {
    const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-cluster-'));
    const server = await startPostgres(REPLICATED);
    const standby = await startPostgres(REPLICATED, server);
    const command = main === undefined ? {} : { main };
    // Few, that register again often.
    const size = ['--gms', '3', '--speed', '80'];
    const fleet = ['simulate', '--scenario', 'legacy-ks', ...size, '--output', directory];
    const simulated = new Gdoiwatch(fleet, command);
    const [, path = ''] = await simulated.printed(/^(.*gdoiwatch\.yml)\n/m);
    const campaign = new ClusterCampaign(
      directory,
      { servers: [server, standby], simulated, command },
      await readFile(path, 'utf8'),
    );
    await campaign.#replicate();
    campaign.#looking = campaign.#lookAtConnections();
    await campaign.#startAgent(first);
    for (let index = 1; index < AGENTS; index += 1) await campaign.#startAgent();
    await campaign.#until(async () => {
      await campaign.#owner();
      campaign.#before = await campaign.#countsKept();
      return campaign.#gms.every((gm) => campaign.#before.has(gm));
    });
    return campaign;
  }

  async #startAgent(main = this.#command.main): Promise<void> {
    const offMs = CLOCKS_OFF_MS[this.#started % CLOCKS_OFF_MS.length] ?? 0;
    this.#started += 1;
    const directory = join(this.#directory, `agent-${this.#started}`);
    await mkdir(directory);
    const ways = await Promise.all(this.#servers.map((_, at) => cuttableWayTo(() => this.#servers[at]?.port ?? 0)));
    await writeFile(join(directory, 'password'), `${PASSWORD}\n`, { mode: 0o600 });
    const yaml = this.#yaml
      .replace(/^listen: .*$/m, 'listen: 127.0.0.1:0')
      .replace(/^(store|syslog|traps|alertmanager):(?: .*)?\n(?: .*\n)*/gm, '')
      .replace('interval: 30s', 'interval: 1s')
      .replaceAll(/(\w+_file: )(?!\/)/g, `$1${this.#directory}/`);
    const hosts = ways.map(({ port }) => `127.0.0.1:${port}`).join(',');
    const store = `store: { postgres: "postgres://gdoi@${hosts}/postgres", password_file: password }`;
    const path = join(directory, 'gdoiwatch.yml');
    await writeFile(path, `${yaml}\n${store}\ncluster: { lease: ${LEASE_MS / 1000}s }\n`);
    const env = { NODE_OPTIONS: `--require=${await clockThatIsOff(directory, offMs)}` };
    const agent = new Gdoiwatch(['run', '--config', path, '--log-format', 'json'], {
      ...(main === undefined ? {} : { main }),
      env,
    });
    const [, url = ''] = await agent.printed(/"url":"([^"]+)"/, 'stderr');
    this.#members.push({ process: agent, ways, url, waits: new ProcessorWaits(agent.pid) });
  }

  /** Every agent knows every other one: none believes that it is alone. */
  #known(): Promise<void> {
    return this.#until(async () => {
      const texts = await Promise.all(this.#members.map(scrape));
      return texts.every((text) => text.includes(`gdoi_cluster_agents ${this.#members.length}\n`));
    });
  }

  /** The agent that polls, once it has polled. */
  async #owner(not: Member | null = null): Promise<Member> {
    let found: Member | null = null;
    await this.#until(async () => {
      for (const member of this.#members) {
        if (member === not) continue;
        const text = await scrape(member);
        if (!text.includes(OWNED)) continue;
        await this.#lookForAnother(member);
        if (/^gdoi_device_up\{.*\} 1$/m.test(text)) found = member;
      }
      return found !== null;
    });
    if (found === null) throw new Error('nobody polls');
    return found;
  }

  /** Another agent says that it owns the cell, and this one says so before and after it. */
  async #lookForAnother(owner: Member): Promise<void> {
    for (const other of this.#members) {
      if (other === owner || other === this.#paused || !(await scrape(other)).includes(OWNED)) continue;
      if ((await scrape(owner)).includes(OWNED)) this.#ownedTwice += 1;
    }
  }

  /** At all times: no two agents have a connection to the same device, except for what a paused one cannot know. */
  async #lookAtConnections(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      this.#lookOnce();
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  #lookOnce(): void {
    const reached = new Map<string, readonly Member[]>();
    this.#routersWait.look();
    for (const member of [...this.#members, ...this.#leaving]) {
      member.waits.look();
      if (member === this.#paused) continue;
      for (const address of this.#reachedBy(member)) {
        const others = reached.get(address) ?? [];
        reached.set(address, [...others, member]);
        for (const other of others) {
          // It had it before and after, so at the look in between both had it.
          const begun = performance.now();
          const isHeldTwice = [other, member, other].every((each) => this.#heldBy(each).has(address));
          if (isHeldTwice) this.#held(address, [other, member], performance.now() - begun);
        }
      }
    }
    this.#looks += 1;
    this.#heldMost = Math.max(this.#heldMost, reached.size);
  }

  /** A router that got no processor keeps the connection of an agent that says goodbye. */
  #held(device: string, members: readonly Member[], lookedMs: number): void {
    const waitedMs = [...members.map(({ waits }) => waits), this.#routersWait].map((waits) => {
      waits.look();
      return Math.round(waits.lastMs(LEASE_MS));
    });
    const fault = this.#faults.at(-1) ?? 'none yet';
    const sinceMs = Math.round(performance.now() - this.#faultMs);
    const held = { device, fault, sinceMs, waitedMs, lookedMs: Math.round(lookedMs) };
    (Math.max(lookedMs, ...waitedMs) >= MARGIN_MS ? this.#heldByStarved : this.#heldTwice).push(held);
  }

  /** The paused agent has noticed: it owns nothing, and is looked at again. */
  async #letGo(): Promise<void> {
    const paused = this.#paused;
    if (paused === null) return;
    await this.#until(async () => this.#heldBy(paused).size === 0);
    await this.#known();
    this.#paused = null;
  }

  /** Devices to which it has a socket, in whatever state. */
  #reachedBy({ process: { pid } }: Member): ReadonlySet<string> {
    const remotes = pid === undefined ? [] : this.#sockets.remotesOf(pid);
    return new Set(remotes.filter((address) => this.#devices.has(address)));
  }

  #heldBy({ process: { pid } }: Member): ReadonlySet<string> {
    const held = pid === undefined ? [] : connectionsOf(pid, connectionsNow());
    return new Set(held.filter((address) => this.#devices.has(address)));
  }

  async fault(fault: Fault): Promise<void> {
    this.#faults.push(fault);
    await this.#known();
    await this.#letGo();
    const owner = await this.#owner();
    const begun = performance.now();
    this.#faultMs = begun;
    switch (fault) {
      case 'kill':
      case 'stop':
        this.#members.splice(this.#members.indexOf(owner), 1);
        this.#leaving.add(owner);
        owner.process.signal(fault === 'kill' ? 'SIGKILL' : 'SIGTERM');
        await this.#owner();
        this.#tookOver(fault, begun);
        await this.#gone(owner);
        await this.#startAgent();
        return;
      case 'pause':
        this.#paused = owner;
        owner.process.signal('SIGSTOP');
        await this.#owner(owner);
        this.#tookOver(fault, begun);
        owner.process.signal('SIGCONT');
        return;
      case 'cut':
        for (const way of owner.ways) way.cut();
        await this.#owner(owner);
        this.#tookOver(fault, begun);
        for (const way of owner.ways) way.heal();
        return;
      case 'crash of the database':
        await this.#server.stop('immediate');
        await this.#server.start();
        await this.#owner();
        this.#tookOver(fault, begun);
        return;
      case 'promoted standby':
        await this.#promote();
        await this.#owner();
        this.#tookOver(fault, begun);
        await this.#anotherStandby();
        return;
      default:
        fault satisfies never;
    }
  }

  get #server(): PostgresServer {
    return this.#servers[this.#primary];
  }

  /** The primary is lost for good. */
  async #promote(): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    this.#primary = this.#primary === 0 ? 1 : 0;
    await this.#server.sql('SELECT pg_promote()');
  }

  async #anotherStandby(): Promise<void> {
    this.#servers[this.#primary === 0 ? 1 : 0] = await startPostgres(REPLICATED, this.#server);
    await this.#replicate();
  }

  /** From here on nothing is committed that the standby does not have. */
  async #replicate(): Promise<void> {
    await this.#until(async () => (await this.#server.sql('SELECT FROM pg_stat_replication')).length > 0);
    await this.#server.sql(`ALTER SYSTEM SET synchronous_standby_names = '*'`);
    await this.#server.sql('SELECT pg_reload_conf()');
  }

  #tookOver(fault: Fault, begun: number): void {
    this.#takeoverMs.push([fault, performance.now() - begun]);
  }

  async #gone(member: Member): Promise<void> {
    await member.process.finished;
    this.#leaving.delete(member);
    this.#logs.push(member.process.stderr);
    for (const way of member.ways) await way[Symbol.asyncDispose]();
  }

  /**
   * Waits for a moment at which the GMs have registered and their counts are those that were stored; otherwise reports
   * the difference.
   */
  async figures(): Promise<CampaignFigures> {
    const lastMs = performance.now() + PATIENCE.timeout;
    let [registrations, kept, doubled] = [0, 0, 0];
    let astray: Astray[] = [];
    await this.#until(async () => {
      const found = await this.#countedAndKept();
      if (found?.size !== this.#before.size) return false;
      [registrations, kept, doubled] = [0, 0, 0];
      astray = [];
      for (const [gm, now] of found) {
        const before = this.#before.get(gm) ?? 0;
        const counted = now.count - before;
        const numbers = now.kept.filter((number) => number > before);
        registrations += counted;
        kept += new Set(numbers.filter((number) => number <= now.count)).size;
        doubled += Math.max(0, numbers.length - counted);
        if (numbers.length !== counted) astray.push({ gm, before, now: now.count });
      }
      return (kept === registrations && registrations > 0) || performance.now() > lastMs;
    });
    const logs = [...this.#logs, ...this.#members.map(({ process }) => process.stderr)];
    const told = logs.flatMap((log) =>
      [...log.matchAll(/^\{.*"id":"([^"]+)".*"msg":"event"\}$/gm)].map(([, id]) => id),
    );
    return {
      faults: this.#faults,
      registrations,
      kept,
      doubled,
      astray: await Promise.all(astray.map((each) => this.#historyOf(each))),
      aheadMs: this.#aheadMs,
      toldTwice: told.length - new Set(told).size,
      ownedTwice: this.#ownedTwice,
      schemaSteps: logs
        .flatMap((log) => [...log.matchAll(/"from":(\d+),"to":(\d+),"msg":"store schema/g)])
        .map(([, from, to]) => [Number(from), Number(to)] as const)
        .toSorted(([a], [b]) => a - b),
      looks: this.#looks,
      heldTwice: this.#heldTwice,
      heldByStarved: this.#heldByStarved,
      heldMost: this.#heldMost,
      takeoverMs: this.#takeoverMs,
    };
  }

  /**
   * For each GM: its count, and the number of each stored re-registration. Null: it counted in between, or its owner
   * changed.
   */
  async #countedAndKept(): Promise<ReadonlyMap<string, Counted & { readonly kept: readonly number[] }> | null> {
    const owner = await this.#owner();
    const before = await countersOf(owner);
    for (const { atMs } of before.values()) this.#aheadMs = Math.max(this.#aheadMs, atMs - Date.now());
    // The last part of the id is the GM's count once it had registered.
    const rows = await this.#server.sql(
      `SELECT device, id FROM events WHERE type = 'reregistration' AND cause <> 'initial'`,
    );
    let after: Counts = new Map();
    await this.#until(async () => {
      after = await countersOf(owner);
      return [...after].every(([gm, { atMs }]) => atMs !== before.get(gm)?.atMs);
    });
    const same = after.size === before.size && [...after].every(([gm, { count }]) => count === before.get(gm)?.count);
    if (!same) return null;
    const numbersOf = (gm: string) =>
      rows.filter(({ device }) => device === gm).map(({ id }) => Number(String(id).split('/').at(-1)));
    return new Map(Array.from(after, ([gm, counted]) => [gm, { ...counted, kept: numbersOf(gm) }]));
  }

  async #historyOf({ gm, before, now }: Astray): Promise<string> {
    const rows = await this.#server.sql(
      `SELECT id, from_ms, to_ms, cause FROM events WHERE device = '${gm}' ORDER BY tx, seq`,
    );
    return [`${gm}: counted ${before} at the beginning, ${now} now`, ...rows.map((row) => JSON.stringify(row))].join(
      '\n  ',
    );
  }

  /**
   * The state from which an agent that takes over continues. The owner may show a newer one: if a GM's counter was not
   * stored yet, for example because only SNMP has seen it, another agent begins at its own first sight.
   */
  async #countsKept(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#server.sql('SELECT name, state FROM device_states');
    return new Map(
      rows.flatMap(({ name, state }) => {
        const kept = stateOfText(String(state));
        const { groups = {} }: KeptState = kept.kind === 'whole' ? Object(Object(kept.state).state) : {};
        const [group] = Object.values(groups);
        return group?.counted === true ? [[String(name), group.counters.succeeded] as const] : [];
      }),
    );
  }

  /** What does not come within the patience of a test fails it, with the last words of all agents. */
  async #until(holds: () => Promise<boolean>): Promise<void> {
    const lastMs = performance.now() + PATIENCE.timeout;
    while (!(await holds())) {
      if (performance.now() > lastMs)
        throw new Error(`waited in vain after ${this.#faults.join(', ')}${this.#lastWords()}`);
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  }

  #lastWords(): string {
    const words = this.#members.map((member) => {
      const paused = member === this.#paused ? ' (paused)' : '';
      return `\n== ${member.url}${paused}\n${member.process.stderr.split('\n').slice(-SHOWN_LINES).join('\n')}`;
    });
    return words.join('');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#looking;
    for (const { process } of this.#members) process.signal('SIGKILL');
    for (const way of this.#members.flatMap(({ ways }) => ways)) await way[Symbol.asyncDispose]();
    await this.#simulated[Symbol.asyncDispose]();
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Empty: it does not answer. */
async function scrape({ url }: Member): Promise<string> {
  try {
    return await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(3000) })).text();
  } catch {
    return '';
  }
}

async function countersOf(member: Member): Promise<Counts> {
  const text = await scrape(member);
  const polled = new Map(
    Array.from(
      text.matchAll(/^gdoi_device_last_success_timestamp_seconds\{device="([^"]+)".*\} ([\d.e+]+)$/gm),
      ([, device = '', seconds]) => [device, Number(seconds) * 1000] as const,
    ),
  );
  const counts = text.matchAll(/^gdoi_gm_registrations_succeeded_total\{device="([^"]+)".*\} (\d+)$/gm);
  return new Map(
    [...counts].map(([, device = '', count]) => [device, { count: Number(count), atMs: polled.get(device) ?? 0 }]),
  );
}

/** A module that sets the clock of a process off by this much. */
async function clockThatIsOff(directory: string, offMs: number): Promise<string> {
  const path = join(directory, 'clock.cjs');
  const lines = [
    'const RealDate = Date;',
    `const now = () => RealDate.now() + ${offMs};`,
    'globalThis.Date = class Date extends RealDate {',
    '  constructor(...parts) { if (parts.length === 0) super(now()); else super(...parts); }',
    '  static now() { return now(); }',
    '};',
  ];
  await writeFile(path, `${lines.join('\n')}\n`);
  return path;
}

/** The built command with one more step of the schema, as a later version may have; beside `node_modules`. */
export async function buildOfSchemaAfter(): Promise<{ readonly script: string; readonly remove: () => Promise<void> }> {
  const step = 'CREATE TABLE of_the_version_after (at timestamptz); ALTER TABLE cells ADD COLUMN after text';
  const built = join(MAIN, '../..');
  const after = join(built, `../node_modules/.cache/gdoiwatch-after-${process.pid}`);
  await cp(built, after, { recursive: true });
  const parts = await readdir(join(after, 'parts'));
  const [store, ...others] = parts.filter((name) => name.startsWith('postgres-store-'));
  if (store === undefined || others.length > 0) throw new Error('not one part is the store on PostgreSQL');
  await appendFile(join(after, 'parts', store), `\nMIGRATIONS.push('${step}');\n`);
  return { script: join(after, 'cli/main.js'), remove: () => rm(after, { recursive: true }) };
}
