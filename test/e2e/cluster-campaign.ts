/**
 * Agents as processes on a real PostgreSQL and a simulated fleet, with faults one after the other: the owner is killed,
 * paused for longer than its lease, stopped, or cut off from the database, or the database crashes. Counted are the
 * registrations that the GMs count themselves, against the events that were kept.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type CuttableWay, cuttableWayTo } from '../builders/cuttable-way.ts';
import { PASSWORD, type PostgresServer, startPostgres } from '../store/postgres-server.ts';
import { PATIENCE } from '../builders/patience.ts';
import { Gdoiwatch } from './gdoiwatch.ts';
import { connectionsOf } from './open-connections.ts';

export const FAULTS = ['kill', 'pause', 'stop', 'cut', 'crash of the database'] as const;
export type Fault = (typeof FAULTS)[number];

export interface CampaignFigures {
  readonly faults: readonly Fault[];
  /** Registrations after the first sight of each GM, by the GMs' own counters. */
  readonly registrations: number;
  readonly kept: number;
  /** Events beyond what the GM they are of has counted. */
  readonly doubled: number;
  /** Told to the log of an agent more than once. */
  readonly toldTwice: number;
  /** Looks at which two agents owned one cell. */
  readonly ownedTwice: number;
  /** Looks at the connections of all agents, and those at which two agents had one to the same device. */
  readonly looks: number;
  readonly heldTwice: number;
  /** Most connections to devices that were open at one look. */
  readonly heldMost: number;
  /** From the fault to the first scrape that shows another owner, by fault. */
  readonly takeoverMs: readonly (readonly [Fault, number])[];
}

const OWNED = 'gdoi_cell_owned{cell="default"} 1';
const LEASE_MS = 2000;
const AGENTS = 2;
const LOOK_EVERY_MS = 100;
/** Some polls: what one shows may be confirmed by the next, and is kept a moment later. */
const SETTLED_MS = 5000;

interface Member {
  readonly process: Gdoiwatch;
  readonly way: CuttableWay;
  readonly url: string;
}

/** What a GM had counted when the owner last polled it, and when that was. */
interface Counted {
  readonly count: number;
  readonly atMs: number;
}
type Counts = ReadonlyMap<string, Counted>;

export class ClusterCampaign implements AsyncDisposable {
  readonly #directory: string;
  readonly #server: PostgresServer;
  readonly #simulated: Gdoiwatch;
  readonly #command: { readonly main?: string };
  readonly #yaml: string;
  readonly #members: Member[] = [];
  /** Of agents that are gone. */
  readonly #logs: string[] = [];
  #started = 0;
  #first: Counts = new Map();
  #ownedTwice = 0;
  #looks = 0;
  #heldTwice = 0;
  #heldMost = 0;
  /** It cannot know that it was taken over from, until it has joined again. */
  #paused: Member | null = null;
  readonly #devices: ReadonlySet<string>;
  readonly #ended = new AbortController();
  #looking: Promise<void> = Promise.resolve();
  readonly #faults: Fault[] = [];
  readonly #takeoverMs: (readonly [Fault, number])[] = [];

  private constructor(
    directory: string,
    parts: {
      readonly server: PostgresServer;
      readonly simulated: Gdoiwatch;
      readonly command: { readonly main?: string };
    },
    yaml: string,
  ) {
    this.#directory = directory;
    this.#server = parts.server;
    this.#simulated = parts.simulated;
    this.#command = parts.command;
    this.#yaml = yaml;
    const config: { readonly devices: readonly { readonly host: string; readonly port: number }[] } = parse(yaml);
    this.#devices = new Set(config.devices.map(({ host, port }) => `${host}:${port}`));
  }

  /** `main`: the command's file, where it is not the one that was built beside. */
  static async start(main?: string): Promise<ClusterCampaign> {
    const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-cluster-'));
    const server = await startPostgres();
    const command = main === undefined ? {} : { main };
    const fleet = ['simulate', '--scenario', 'legacy-ks', '--speed', '40', '--output', directory];
    const simulated = new Gdoiwatch(fleet, command);
    const [, path = ''] = await simulated.printed(/^(.*gdoiwatch\.yml)\n/m);
    const campaign = new ClusterCampaign(directory, { server, simulated, command }, await readFile(path, 'utf8'));
    campaign.#looking = campaign.#lookAtConnections();
    for (let index = 0; index < AGENTS; index += 1) await campaign.#startAgent();
    const owner = await campaign.#owner();
    const gms = campaign.#yaml.match(/role: gm/g)?.length ?? 0;
    await campaign.#until(async () => {
      campaign.#first = await countersOf(owner);
      return campaign.#first.size === gms && (await campaign.#states()) >= gms;
    });
    return campaign;
  }

  async #startAgent(): Promise<void> {
    this.#started += 1;
    const directory = join(this.#directory, `agent-${this.#started}`);
    await mkdir(directory);
    const way = await cuttableWayTo(this.#server.port);
    await writeFile(join(directory, 'password'), `${PASSWORD}\n`, { mode: 0o600 });
    const yaml = this.#yaml
      .replace(/^listen: .*$/m, 'listen: 127.0.0.1:0')
      .replace(/^(store|syslog|traps|alertmanager):(?: .*)?\n(?: .*\n)*/gm, '')
      .replace('interval: 30s', 'interval: 1s')
      .replaceAll(/(\w+_file: )(?!\/)/g, `$1${this.#directory}/`);
    const store = `store: { postgres: "postgres://gdoi@127.0.0.1:${way.port}/postgres", password_file: password }`;
    const path = join(directory, 'gdoiwatch.yml');
    await writeFile(path, `${yaml}\n${store}\ncluster: { lease: ${LEASE_MS / 1000}s }\n`);
    const agent = new Gdoiwatch(['run', '--config', path, '--log-format', 'json'], this.#command);
    const [, url = ''] = await agent.printed(/"url":"([^"]+)"/, 'stderr');
    this.#members.push({ process: agent, way, url });
  }

  /** Every agent has heard of every other one: none of them counts on being alone. */
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
      if (other === owner || !(await scrape(other)).includes(OWNED)) continue;
      if ((await scrape(owner)).includes(OWNED)) this.#ownedTwice += 1;
    }
  }

  /** All the time: no two agents hold a connection to one device, but for what a paused one cannot know. */
  async #lookAtConnections(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      const first = new Map<string, Member>();
      let twice = false;
      for (const member of this.#members.filter((each) => each !== this.#paused)) {
        for (const address of this.#heldBy(member)) {
          const other = first.get(address);
          if (other === undefined) first.set(address, member);
          // It still has it, so at the look in between both had it.
          else if (other !== this.#paused && this.#heldBy(other).has(address)) twice = true;
        }
      }
      this.#looks += 1;
      if (twice) this.#heldTwice += 1;
      this.#heldMost = Math.max(this.#heldMost, first.size);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  /** The one that was paused has taken note of it: it holds nothing, and is looked at again. */
  async #letGo(): Promise<void> {
    const paused = this.#paused;
    if (paused === null) return;
    await this.#until(async () => this.#heldBy(paused).size === 0);
    await this.#known();
    this.#paused = null;
  }

  #heldBy({ process: { pid } }: Member): ReadonlySet<string> {
    return new Set((pid === undefined ? [] : connectionsOf(pid)).filter((address) => this.#devices.has(address)));
  }

  async fault(fault: Fault): Promise<void> {
    this.#faults.push(fault);
    await this.#known();
    await this.#letGo();
    const owner = await this.#owner();
    const begun = performance.now();
    switch (fault) {
      case 'kill':
      case 'stop':
        this.#members.splice(this.#members.indexOf(owner), 1);
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
        owner.way.cut();
        await this.#owner(owner);
        this.#tookOver(fault, begun);
        owner.way.heal();
        return;
      case 'crash of the database':
        await this.#server.stop('immediate');
        await this.#server.start();
        await this.#owner();
        this.#tookOver(fault, begun);
        return;
      default:
        fault satisfies never;
    }
  }

  #tookOver(fault: Fault, begun: number): void {
    this.#takeoverMs.push([fault, performance.now() - begun]);
  }

  async #gone({ process, way }: Member): Promise<void> {
    await process.finished;
    this.#logs.push(process.stderr);
    await way[Symbol.asyncDispose]();
  }

  /**
   * Of the time up to one poll of each GM: registrations go on, and so does the finding of them. What was found only
   * grows, so all GMs are polled again before it is looked at for doubles.
   */
  async figures(): Promise<CampaignFigures> {
    let last: Counts = new Map();
    await this.#until(async () => (last = await countersOf(await this.#owner())).size === this.#first.size);
    // What is never found is told as it is.
    const lastMs = performance.now() + PATIENCE.timeout;
    let [registrations, kept, doubled] = [0, 0, 0];
    await this.#until(async () => {
      const now = await countersOf(await this.#owner());
      [registrations, kept, doubled] = [0, 0, 0];
      for (const [gm, first] of this.#first) {
        const until = last.get(gm) ?? first;
        const counted = until.count - first.count;
        const found = await this.#keptOf(gm, first.atMs, until.atMs);
        registrations += counted;
        kept += found;
        doubled += Math.max(0, found - counted);
      }
      const polledAgain = [...last].every(([gm, { atMs }]) => (now.get(gm)?.atMs ?? 0) > atMs + SETTLED_MS);
      return polledAgain && (kept >= registrations || performance.now() > lastMs);
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
      toldTwice: told.length - new Set(told).size,
      ownedTwice: this.#ownedTwice,
      looks: this.#looks,
      heldTwice: this.#heldTwice,
      heldMost: this.#heldMost,
      takeoverMs: this.#takeoverMs,
    };
  }

  /** Re-registrations of the GM that were found of the time after one poll of it, up to another. */
  async #keptOf(gm: string, afterMs: number, untilMs: number): Promise<number> {
    const [row] = await this.#server.sql(`
      SELECT count(*)::int AS kept FROM events
      WHERE type = 'reregistration' AND cause <> 'initial' AND device = '${gm}' AND to_ms > ${afterMs} AND to_ms <= ${untilMs}`);
    return Number(row?.['kept']);
  }

  async #states(): Promise<number> {
    const [row] = await this.#server.sql('SELECT count(*)::int AS states FROM group_member_states');
    return Number(row?.['states']);
  }

  async #until(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 100));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#looking;
    for (const { process } of this.#members) process.signal('SIGKILL');
    for (const { way } of this.#members) await way[Symbol.asyncDispose]();
    await this.#simulated[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
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
