/**
 * What an SNMP poll of a GM costs above net-snmp itself: CPU, round trips and octets of reading uptime, engine and the
 * columns of the GM, KEK and TEK tables, against net-snmp doing it in the plain way (`get` and `table`), and column by
 * column (`tableColumns`), and sending the very requests that we make. The agent runs in a process of its own; all
 * sides in turns; medians.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import * as snmp from 'net-snmp';
import type { SnmpAccess, SnmpCredential, SnmpRequest, SnmpTarget } from '../../src/access/device-snmp.ts';
import { type BulkRequest, ColumnWalk, NOTHING_WALKED } from '../../src/access/snmp/column-walk.ts';
import { createSnmpAccess } from '../../src/access/snmp/snmp-access.ts';
import type { Varbind } from '../../src/gdoi/seen/varbind.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { type BenchRow, median } from './bench-row.ts';
import { BENCH_COMMUNITY, BENCH_USER } from './snmp-credentials.ts';

const ROUNDS = 9;
const POLLS_A_ROUND = 400;
const WARM_UP_POLLS = 1_200;
/** Polls under way at once, each of another device. */
const DEVICES = 8;

const M = '1.3.6.1.4.1.9.9.759';
const SCALARS = ['1.3.6.1.2.1.1.3.0', '1.3.6.1.6.3.10.2.1.2.0', '1.3.6.1.6.3.10.2.1.3.0'];
/** Table, and which of its columns a poll is for. */
const TABLES: ReadonlyArray<readonly [string, readonly number[]]> = [
  [`${M}.1.2.2`, [6, 7, 8]],
  [`${M}.1.3.2`, [2, 19, 20, 21]],
  [`${M}.1.3.6`, [2, 10]],
];
const REQUEST: SnmpRequest = {
  scalars: SCALARS,
  columns: TABLES.flatMap(([table, columns]) => columns.map((column) => `${table}.1.${column}`)),
};

const CREDENTIALS: Readonly<Record<'v2c' | 'v3 authPriv', SnmpCredential>> = {
  v2c: { version: '2c', community: new Secret(BENCH_COMMUNITY) },
  'v3 authPriv': {
    version: 3,
    username: BENCH_USER.name,
    auth: { protocol: BENCH_USER.auth.protocol, password: new Secret(BENCH_USER.auth.password) },
    privacy: { protocol: BENCH_USER.privacy.protocol, password: new Secret(BENCH_USER.privacy.password) },
  },
};

type Poll = (device: number) => Promise<unknown>;

class Agent {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;

  constructor() {
    this.#process = spawn(process.execPath, [fileURLToPath(new URL('./snmp-agent.js', import.meta.url))], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface(this.#process.stdout);
  }

  async line(): Promise<string> {
    const [line]: unknown[] = await once(this.#lines, 'line');
    return String(line);
  }

  async counts(): Promise<{ readonly requests: number; readonly octets: number }> {
    this.#process.stdin.write('\n');
    const { requests, octets }: { requests: number; octets: number } = JSON.parse(await this.line());
    return { requests, octets };
  }

  stop(): void {
    this.#process.kill();
  }
}

function bareSession(credential: SnmpCredential, port: number): snmp.Session {
  const options = { port, retries: 1, backwardsGetNexts: false };
  if (credential.version === '2c') {
    return snmp.createSession('127.0.0.1', BENCH_COMMUNITY, { ...options, version: snmp.Version2c });
  }
  const user: snmp.User = {
    name: BENCH_USER.name,
    level: snmp.SecurityLevel.authPriv,
    authProtocol: snmp.AuthProtocols.sha256,
    authKey: BENCH_USER.auth.password,
    privProtocol: snmp.PrivProtocols.aes,
    privKey: BENCH_USER.privacy.password,
  };
  return snmp.createV3Session('127.0.0.1', user, options);
}

type Done = (error: Error | null, value?: unknown) => void;

const called = (start: (done: Done) => void): Promise<unknown> =>
  new Promise((resolve, reject) => start((error, value) => (error === null ? resolve(value) : reject(error))));

/** `get` and `table`, as the library's manual has it. */
function byTables(sessions: readonly snmp.Session[]): Poll {
  return async (device) => {
    const session = sessions[device]!;
    await called((done) => session.get(SCALARS, done));
    for (const [table] of TABLES) await called((done) => session.table(table, 20, done));
  };
}

/** `get` and `tableColumns`: only the columns wanted, one walk each. */
function byColumns(sessions: readonly snmp.Session[]): Poll {
  return async (device) => {
    const session = sessions[device]!;
    await called((done) => session.get(SCALARS, done));
    for (const [table, columns] of TABLES) {
      await called((done) => session.tableColumns(table, columns.map(String), 20, done));
    }
  };
}

/** The requests that the access makes, by the library alone. */
function byRequests(sessions: readonly snmp.Session[], requests: readonly BulkRequest[]): Poll {
  return async (device) => {
    const session = sessions[device]!;
    for (const { oids, nonRepeaters, maxRepetitions } of requests) {
      await called((done) => session.getBulk(oids, nonRepeaters, maxRepetitions, done));
    }
  };
}

/** What a second read of the device asks for. */
async function requestsOf(session: snmp.Session): Promise<BulkRequest[]> {
  let memory = NOTHING_WALKED;
  let asked: BulkRequest[] = [];
  for (let read = 0; read < 2; read += 1) {
    const walk = new ColumnWalk(REQUEST, memory);
    asked = [];
    for (let next = walk.next(); next !== null; next = walk.next()) {
      const { oids, nonRepeaters, maxRepetitions } = next;
      asked.push(next);
      // Values are of no interest here: only where the rows end.
      const found = (await called((done) => session.getBulk(oids, nonRepeaters, maxRepetitions, done))) as unknown[];
      const single = found.slice(0, nonRepeaters) as Varbind[];
      const repeated = found.slice(nonRepeaters) as Varbind[][];
      if (walk.take({ single, repeated }, 1_000) !== null) throw new Error('the walk does not work');
    }
    memory = walk.memory;
  }
  return asked;
}

function byAccess(access: SnmpAccess, credential: SnmpCredential, port: number): Poll {
  const never = new AbortController().signal;
  const targets = Array.from(
    { length: DEVICES },
    (_, index): SnmpTarget => ({
      device: `gm${index}`,
      host: '127.0.0.1',
      port,
      credentialName: 'bench',
      credential,
      timeoutMs: 15_000,
    }),
  );
  return async (device) => {
    const reply = await access.read(targets[device]!, REQUEST, never);
    if (reply.kind === 'failed') throw new Error(reply.error.message);
    return reply;
  };
}

async function polls(count: number, poll: Poll): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: DEVICES }, async (_, device) => {
      while (left > 0) {
        left -= 1;
        await poll(device);
      }
    }),
  );
}

/** CPU of this process for one poll, in microseconds. */
async function cpuOf(poll: Poll): Promise<number> {
  const before = process.cpuUsage();
  await polls(POLLS_A_ROUND, poll);
  const used = process.cpuUsage(before);
  return (used.user + used.system) / POLLS_A_ROUND;
}

async function trafficOf(agent: Agent, poll: Poll): Promise<{ readonly requests: number; readonly octets: number }> {
  const before = await agent.counts();
  await poll(0);
  const after = await agent.counts();
  return { requests: after.requests - before.requests, octets: after.octets - before.octets };
}

async function benchVersion(agent: Agent, port: number, version: keyof typeof CREDENTIALS): Promise<BenchRow[]> {
  const credential = CREDENTIALS[version];
  const silent = () => undefined;
  await using access = createSnmpAccess({
    clock: createSystemClock(),
    random: seededRandom(1),
    logger: { debug: silent, info: silent, warn: silent, error: silent },
  });
  const sessions = Array.from({ length: DEVICES }, () => bareSession(credential, port));
  const ways: Readonly<Record<'ours' | 'tables' | 'columns' | 'requests', Poll>> = {
    ours: byAccess(access, credential, port),
    tables: byTables(sessions),
    columns: byColumns(sessions),
    requests: byRequests(sessions, await requestsOf(sessions[0]!)),
  };
  const names = ['ours', 'tables', 'columns', 'requests'] as const;
  for (const name of names) await polls(WARM_UP_POLLS, ways[name]);
  const cpu = { ours: [] as number[], tables: [] as number[], columns: [] as number[], requests: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) for (const name of names) cpu[name].push(await cpuOf(ways[name]));
  const [ours, tables] = [await trafficOf(agent, ways.ours), await trafficOf(agent, ways.tables)];
  for (const session of sessions) session.close();
  const row = (name: string, unit: string, measured: number, bare: number, budget: number | null): BenchRow => ({
    name: `SNMP ${version} poll of a GM, ${name}`,
    unit,
    measured,
    bare,
    ratio: measured / bare,
    budget,
  });
  const measured = median(cpu.ours);
  return [
    row('CPU, against table()', 'us', measured, median(cpu.tables), 1.3),
    row('CPU, against tableColumns()', 'us', measured, median(cpu.columns), 1.3),
    // Not the same work: nothing is joined, checked or given back there.
    row('CPU, against bare getBulk()s of the same requests', 'us', measured, median(cpu.requests), null),
    row('round trips, against table()', '', ours.requests, tables.requests, 1),
    row('octets both ways, against table()', 'B', ours.octets, tables.octets, 1),
  ];
}

export async function benchSnmp(): Promise<BenchRow[]> {
  const agent = new Agent();
  try {
    const port = Number(await agent.line());
    return [...(await benchVersion(agent, port, 'v2c')), ...(await benchVersion(agent, port, 'v3 authPriv'))];
  } finally {
    agent.stop();
  }
}
