/**
 * What a pushed message costs, from datagram to `onMessage`, above a bare socket that only counts: CPU at 5,000 a
 * second, latency at that rate, how many a second are handed on when nothing is held back, and what a flood from many
 * addresses does to memory and to everything else in the event loop. The sender runs in a process of its own.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import snmp from 'net-snmp';
import type { SnmpCredential } from '../../src/access/device-snmp.ts';
import type { RateBounds } from '../../src/access/listeners/rate-limit.ts';
import { startSyslogListener } from '../../src/access/listeners/syslog/syslog-listener.ts';
import { startTrapListener } from '../../src/access/listeners/traps/trap-listener.ts';
import type { Listener, PushedMessage } from '../../src/access/pushed.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { type BenchRow, median } from './bench-row.ts';
import { INSTANT, type SendJob } from './listeners-sender.ts';

const PER_SECOND = 5000;
const ROUNDS = 3;
const SECONDS = 1;
const FLOOD_SECONDS = 3;
const FLOOD_SOURCES = 500;
const UNLIMITED: RateBounds = {
  source: { perSecond: 1e9, burst: 1e9 },
  overall: { perSecond: 1e9, burst: 1e9 },
  sources: 20_000,
};

const SYSLOG = Buffer.from(
  `<189>45: gm1: *Mar  1 00:01:02.345 UTC: %GDOI-4-GM_RE_REGISTER: The IPSec SA created for group G1 may have expired ${INSTANT}`,
);
const RE_REGISTER = '1.3.6.1.4.1.9.9.759.0.7';
const KEY_SERVER = '1.3.6.1.4.1.9.9.759.1.2.2.1.6.11.4.0.0.13.5.1.4.10.1.13.2';
const COMMUNITY = 'bench-community';
const PASSWORD = 'bench-password';
const credentials: readonly SnmpCredential[] = [
  { version: '2c', community: new Secret(COMMUNITY) },
  {
    version: 3,
    username: 'monitor',
    auth: { protocol: 'sha256', password: new Secret(PASSWORD) },
    privacy: { protocol: 'aes128', password: new Secret(PASSWORD) },
  },
];

/** A receiver and how many messages it has handed on. */
interface Receiver extends AsyncDisposable {
  readonly port: number;
  readonly count: () => number;
}

type OnOctets = (octets: Buffer) => void;

async function bareUdp(onOctets: OnOctets = () => undefined): Promise<Receiver> {
  let count = 0;
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  socket.on('message', (octets) => {
    count += 1;
    onOctets(octets);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    count: () => count,
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(resolve)),
  };
}

/** Counts line feeds. */
async function bareTcp(): Promise<Receiver> {
  let count = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) count += 1;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    count: () => count,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

const silent = () => undefined;
const edge = { clock: createSystemClock(), logger: { debug: silent, info: silent, warn: silent, error: silent } };

async function ours(
  kind: 'udp' | 'tcp' | 'traps',
  rate: RateBounds | null,
  onMessage: (message: PushedMessage) => void = silent,
): Promise<Receiver & { readonly listener: Listener }> {
  let count = 0;
  const counting = (message: PushedMessage) => {
    count += 1;
    onMessage(message);
  };
  const at = { host: '127.0.0.1', port: 0 };
  const listener =
    kind === 'traps'
      ? await startTrapListener({
          ...edge,
          listen: { ...at, protocol: 'udp' },
          credentials,
          onMessage: counting,
          ...(rate === null ? {} : { rate }),
        })
      : await startSyslogListener({
          ...edge,
          listen: { ...at, protocol: kind },
          onMessage: counting,
          ...(rate === null ? {} : { bounds: { rate } }),
        });
  return {
    listener,
    port: Number(new URL(listener.url).port),
    count: () => count,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

class Sender {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;

  constructor() {
    const script = fileURLToPath(new URL('./listeners-sender.js', import.meta.url));
    this.#process = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stderr.pipe(process.stderr);
    this.#lines = createInterface(this.#process.stdout);
  }

  /** Sends all of it; how many that were. */
  async send(job: Omit<SendJob, 'hex' | 'sources'> & { octets: Buffer; sources?: number }): Promise<number> {
    const { octets, sources = 1, ...rest } = job;
    const answered = once(this.#lines, 'line');
    this.#process.stdin.write(`${JSON.stringify({ ...rest, sources, hex: octets.toString('hex') })}\n`);
    const [line]: unknown[] = await answered;
    return Number(line);
  }

  end(): void {
    this.#process.stdin.end();
    this.#lines.close();
  }
}

/** A trap as net-snmp sends it. */
async function capturedTrap(version: '2c' | '3'): Promise<Buffer> {
  let capture: OnOctets = silent;
  const captured = new Promise<Buffer>((resolve) => {
    capture = (octets) => resolve(Buffer.from(octets));
  });
  await using socket = await bareUdp((octets) => capture(octets));
  const options = { trapPort: socket.port };
  const user = {
    name: 'monitor',
    level: snmp.SecurityLevel.authPriv,
    authProtocol: snmp.AuthProtocols.sha256,
    authKey: PASSWORD,
    privProtocol: snmp.PrivProtocols.aes,
    privKey: PASSWORD,
  };
  const session =
    version === '3'
      ? snmp.createV3Session('127.0.0.1', user, { ...options, engineID: '8000000903000c29000001' })
      : snmp.createSession('127.0.0.1', COMMUNITY, { ...options, version: snmp.Version2c });
  const varbinds = [{ oid: KEY_SERVER, type: snmp.ObjectType.OctetString, value: Buffer.from([10, 1, 11, 2]) }];
  session.trap(RE_REGISTER, varbinds, silent);
  const octets = await captured;
  session.close();
  return octets;
}

const settled = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What waits in the kernel is read, also on a busy machine. */
async function untilRead({ count }: Receiver): Promise<void> {
  for (let before = -1; before !== count(); ) {
    before = count();
    await settled(50);
  }
}

async function cpuOfMessage(
  sender: Sender,
  receiver: Receiver,
  octets: Buffer,
  protocol: 'udp' | 'tcp',
): Promise<number> {
  const countBefore = receiver.count();
  const before = process.cpuUsage();
  const sent = await sender.send({ protocol, port: receiver.port, octets, perSecond: PER_SECOND, seconds: SECONDS });
  await untilRead(receiver);
  const used = process.cpuUsage(before);
  const got = receiver.count() - countBefore;
  if (got < sent / 2) throw new Error(`only ${got} of ${sent} messages arrived`);
  return (used.user + used.system) / got;
}

async function benchCpu(
  sender: Sender,
  what: { name: string; kind: 'udp' | 'tcp' | 'traps'; octets: Buffer; budget: number },
): Promise<BenchRow> {
  const protocol = what.kind === 'tcp' ? 'tcp' : 'udp';
  await using bare = protocol === 'tcp' ? await bareTcp() : await bareUdp();
  await using listener = await ours(what.kind, UNLIMITED);
  const figures: { bare: number[]; ours: number[] } = { bare: [], ours: [] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const bareCpu = await cpuOfMessage(sender, bare, what.octets, protocol);
    const oursCpu = await cpuOfMessage(sender, listener, what.octets, protocol);
    // The first round compiles the code.
    if (round === 0) continue;
    figures.bare.push(bareCpu);
    figures.ours.push(oursCpu);
  }
  const [measured, reference] = [median(figures.ours), median(figures.bare)];
  const { name, budget } = what;
  return { name: `${name}, CPU`, unit: 'us', measured, bare: reference, ratio: measured / reference, budget };
}

/** Sorted milliseconds from `send` to here. */
async function latencies(
  sender: Sender,
  open: (heard: (text: string) => void) => Promise<Receiver>,
): Promise<number[]> {
  const ms: number[] = [];
  await using receiver = await open((text) => {
    ms.push(Number(process.hrtime.bigint() - BigInt(text.slice(-INSTANT.length))) / 1e6);
  });
  const { port } = receiver;
  await sender.send({ protocol: 'udp', port, octets: SYSLOG, perSecond: PER_SECOND, seconds: 3 });
  await settled(100);
  return ms.toSorted((a, b) => a - b);
}

async function benchLatency(sender: Sender): Promise<BenchRow[]> {
  const bare = await latencies(sender, (heard) => bareUdp((octets) => heard(octets.toString())));
  const measured = await latencies(sender, (heard) =>
    ours('udp', UNLIMITED, (message) => heard(message.kind === 'syslog' ? message.text : '')),
  );
  const at = (sorted: readonly number[], share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
  return (
    [
      ['p50', 0.5],
      ['p99', 0.99],
      ['max', 1],
    ] as const
  ).map(([name, share]) => ({
    name: `syslog, ${PER_SECOND} a second, datagram to onMessage, ${name}`,
    unit: 'ms',
    measured: at(measured, share),
    bare: at(bare, share),
    ratio: at(measured, share) / at(bare, share),
    budget: null,
  }));
}

/** Messages a second that are handed on when as many are sent as go. */
async function throughput(sender: Sender, receiver: Receiver, octets: Buffer): Promise<number> {
  const before = receiver.count();
  const from = performance.now();
  await sender.send({ protocol: 'udp', port: receiver.port, octets, perSecond: null, seconds: 2 });
  return ((receiver.count() - before) / (performance.now() - from)) * 1000;
}

async function benchThroughput(sender: Sender): Promise<BenchRow> {
  await using bare = await bareUdp();
  await using listener = await ours('udp', UNLIMITED);
  const reference = await throughput(sender, bare, SYSLOG);
  const measured = await throughput(sender, listener, SYSLOG);
  const name = 'syslog over UDP, messages a second, as many as go (bare / ours)';
  return { name, unit: '/s', measured, bare: reference, ratio: reference / measured, budget: null };
}

function memoryBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') for (let turns = 0; turns < 3; turns += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function benchFlood(sender: Sender): Promise<BenchRow[]> {
  await using listener = await ours('udp', null);
  const before = memoryBytes();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let most = 0;
  const watching = setInterval(() => {
    const { heapUsed, external } = process.memoryUsage();
    most = Math.max(most, heapUsed + external);
  }, 20);
  await sender.send({
    protocol: 'udp',
    port: listener.port,
    octets: SYSLOG,
    perSecond: null,
    seconds: FLOOD_SECONDS,
    sources: FLOOD_SOURCES,
  });
  clearInterval(watching);
  delay.disable();
  await settled(100);
  const grown = Math.max(0, memoryBytes() - before);
  const { received, dropped } = listener.listener.status();
  const refused = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  const row = { bare: null, ratio: null, budget: null };
  const flood = `flood from ${FLOOD_SOURCES} addresses`;
  return [
    { ...row, name: `${flood}: messages that came, a second`, unit: '/s', measured: received / FLOOD_SECONDS },
    { ...row, name: `${flood}: of these dropped by rate`, unit: '%', measured: (refused / received) * 100 },
    { ...row, name: `${flood}: memory at its highest, garbage included`, unit: 'MB', measured: (most - before) / 1e6 },
    { ...row, name: `${flood}: memory kept after it`, unit: 'MB', measured: grown / 1e6 },
    { ...row, name: `${flood}: delay of the event loop, p99`, unit: 'ms', measured: delay.percentile(99) / 1e6 },
  ];
}

export async function benchListeners(): Promise<BenchRow[]> {
  const sender = new Sender();
  try {
    const line = Buffer.concat([SYSLOG, Buffer.from('\n')]);
    return [
      await benchCpu(sender, { name: 'syslog over UDP', kind: 'udp', octets: SYSLOG, budget: 2 }),
      await benchCpu(sender, { name: 'syslog over TCP', kind: 'tcp', octets: line, budget: 2 }),
      await benchCpu(sender, { name: 'trap, v2c', kind: 'traps', octets: await capturedTrap('2c'), budget: 2 }),
      await benchCpu(sender, {
        name: 'trap, v3 SHA-256 and AES',
        kind: 'traps',
        octets: await capturedTrap('3'),
        budget: 4,
      }),
      ...(await benchLatency(sender)),
      await benchThroughput(sender),
      ...(await benchFlood(sender)),
    ];
  } finally {
    sender.end();
  }
}
