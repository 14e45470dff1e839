/** The product started and stopped whole, with each of its parts made to fail in turn. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PART_MAKERS, type PartMakers, startProduct } from '../../src/product/product.ts';
import type { ResolvedConfig } from '../../src/config/resolved-config.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { UserError } from '../../src/kernel/user-error.ts';
import { busyTcp, busyUdp } from '../builders/ports.ts';
import { aConfig } from '../builders/config-builder.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { PATIENCE } from '../builders/patience.ts';
import { type PostgresServer, startPostgres } from '../store/postgres-server.ts';

const PARTS = Object.keys(PART_MAKERS) as (keyof PartMakers)[];
/** Only agents that share a store have them. */
const SHARED: readonly (keyof PartMakers)[] = ['others', 'cluster'];
/** Each part, and whether it stands on a store of its agent or one that agents share. */
const CASES = [
  ...PARTS.filter((part) => !SHARED.includes(part)).map((part) => [part, 'own store'] as const),
  ...(['store', 'http', ...SHARED] as const).map((part) => [part, 'shared store'] as const),
];

let directory = '';
let server: PostgresServer;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-start-'));
  server = await startPostgres();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function storeOf(kind: (typeof CASES)[number][1]): Promise<Partial<ResolvedConfig>> {
  if (kind === 'own store') return {};
  const others = { url: null, token: null, tls: null };
  const store = { kind: 'postgres', retentionMs: 86_400_000, postgres: await server.database() } as const;
  return { store: { ...store, leaseMs: 30_000, aloneMs: 1000, others } };
}

function syslogAt(protocol: 'tcp' | 'udp', port: number) {
  return { listens: [{ protocol, host: '127.0.0.1', port }], relays: [] };
}

function trapsAt(port: number): ResolvedConfig['traps'] {
  return { listen: { protocol: 'udp', host: '127.0.0.1', port }, credentials: new Map() };
}

/** Every kind of part there is, on free ports. */
function everything(name: string): ResolvedConfig {
  return aConfig({
    devices: [],
    ssh: { knownHostsPath: join(directory, 'known_hosts'), maxHandshakes: 8, loginsPerSecond: 50 },
    store: { kind: 'sqlite', path: join(directory, `${name}.db`), retentionMs: 86_400_000 },
    syslog: syslogAt('tcp', 0),
    traps: trapsAt(0),
    targets: {
      files: [join(directory, 'targets.json')],
      urls: [],
      refreshMs: 60_000,
      makeDevice: () => ({ device: null, problems: [] }),
    },
  });
}

/** Real parts that write down when they are made and closed; `change` makes one of them another. */
function watched(change: { readonly part: keyof PartMakers; readonly made?: Error; readonly closed?: Error }) {
  const made: string[] = [];
  const closed: string[] = [];
  const make = Object.fromEntries(
    PARTS.map((part) => [
      part,
      async (...given: unknown[]) => {
        if (part === change.part && change.made !== undefined) throw change.made;
        const real: AsyncDisposable = await Reflect.apply(PART_MAKERS[part], null, given);
        made.push(part);
        const close = real[Symbol.asyncDispose].bind(real);
        return Object.assign(real, {
          async [Symbol.asyncDispose]() {
            closed.push(part);
            await close();
            if (part === change.part && change.closed !== undefined) throw change.closed;
          },
        });
      },
    ]),
  ) as unknown as PartMakers;
  return { make, made, closed };
}

const start = (
  name: string,
  make: PartMakers,
  logger = new MemoryLogger(),
  changed: Partial<ResolvedConfig> = {},
  signal?: AbortSignal,
) => {
  const config = { ...everything(name), ...changed };
  const clock = createSystemClock();
  return startProduct(
    { config, clock, logger, reread: () => Promise.resolve(config), ...(signal === undefined ? {} : { signal }) },
    make,
  );
};

/** What keeps this process alive, by kind, and how often. */
function resources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const kinds = [...process.getActiveResourcesInfo(), ...Array.from(threads, () => 'Worker')];
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Threads that were started since and have not ended: Node.js does not list them among its resources. */
const threads = new Set<Worker>();
const onThread = (thread: Worker) => {
  threads.add(thread);
  thread.once('exit', () => threads.delete(thread));
};
beforeAll(() => void process.on('worker', onThread));
afterAll(() => void process.off('worker', onThread));

/** What the runner, files before this one and the PostgreSQL server hold. */
let held: ReadonlyMap<string, number>;
beforeAll(() => {
  held = resources();
});

/** Every kind counts: servers, sockets, pipes, timers, watchers, threads and processes. */
function left(): readonly string[] {
  return [...resources()].flatMap(([kind, count]) => {
    const more = count - (held.get(kind) ?? 0);
    return more > 0 ? [`${more} ${kind}`] : [];
  });
}

/**
 * What is left once nothing goes any more. The runner's own polling would hold a timer itself; this one holds nothing.
 */
async function leftAfterAWhile(patienceMs: number = PATIENCE.timeout): Promise<readonly string[]> {
  const endMs = performance.now() + patienceMs;
  while (left().length > 0 && performance.now() < endMs) await pause(PATIENCE.interval, null, { ref: false });
  return left();
}

describe('what is left behind is seen:', () => {
  /** Each opens something; what it returns closes that. */
  const leaks: ReadonlyArray<readonly [what: string, kind: RegExp, leak: () => Promise<() => unknown>]> = [
    [
      'a thread',
      /Worker/,
      async () => {
        const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
        await once(worker, 'online');
        return () => worker.terminate();
      },
    ],
    [
      'a process and its pipes',
      /ProcessWrap.*PipeWrap|PipeWrap.*ProcessWrap/,
      async () => {
        const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
        await once(child, 'spawn');
        return () => child.stdin.end();
      },
    ],
    [
      'a socket',
      /TCPSocketWrap/,
      async () => {
        const server = createServer((socket) => void socket.resume()).listen(0, '127.0.0.1');
        await once(server, 'listening');
        const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
        await once(socket, 'connect');
        return () => server.close(() => undefined) && socket.destroy();
      },
    ],
    [
      'a timer',
      /Timeout/,
      async () => {
        const timer = setInterval(() => undefined, 1000);
        return () => clearInterval(timer);
      },
    ],
  ];

  test.each(leaks)('%s', async (_, kind, leak) => {
    const close = await leak();
    const seen = await leftAfterAWhile(0);
    await close();
    expect(seen.join()).toMatch(kind);
    expect(await leftAfterAWhile()).toEqual([]);
  });
});

describe.each(CASES)('%s, on the %s', (part, kind) => {
  const begin = async (name: string, make: PartMakers, logger = new MemoryLogger(), signal?: AbortSignal) =>
    start(`${name}-${part}-${kind}`, make, logger, await storeOf(kind), signal);

  test('fails at the start: those before it are closed in reverse, and the reason is one line', async () => {
    const logger = new MemoryLogger();
    const { make, made, closed } = watched({ part, made: new Error('no luck\nwith more lines') });
    const failure: unknown = await begin('start', make, logger).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect(failure).toMatchObject({ code: 'start_failed', exitCode: 1, message: expect.stringMatching(/: no luck$/) });
    expect(closed).toEqual(made.toReversed());
    expect(logger.messages('error')).toContain('a part could not be started');
    expect(await leftAfterAWhile()).toEqual([]);
  });

  test('fails at the start with an error that the user can fix: the user reads that one', async () => {
    const { make, made, closed } = watched({ part, made: new UserError('port_in_use', 'listen: the port is in use') });
    await expect(begin('mend', make)).rejects.toMatchObject({ code: 'port_in_use' });
    expect(closed).toEqual(made.toReversed());
    expect(await leftAfterAWhile()).toEqual([]);
  });

  test('fails at the stop: the others are closed all the same, and the failure is reported', async () => {
    const { make, made, closed } = watched({ part, closed: new Error('stuck') });
    const product = await begin('stop', make);
    await expect(product[Symbol.asyncDispose]()).rejects.toMatchObject({
      code: 'stop_failed',
      exitCode: 1,
      message: expect.stringMatching(/^not closed in order: .*: stuck$/),
    });
    expect(closed).toEqual(made.toReversed());
    expect(await leftAfterAWhile()).toEqual([]);
  });

  test('is the last one made before the start is given up: everything is closed', async () => {
    const stop = new AbortController();
    const { make, made, closed } = watched({ part });
    const giveUpAfter = {
      ...make,
      [part]: async (...given: unknown[]) => {
        const real: unknown = await Reflect.apply(make[part], null, given);
        stop.abort(new Error('given up'));
        return real;
      },
    };
    const started = begin('given-up', giveUpAfter, new MemoryLogger(), stop.signal);
    const ended = await started.then(
      async (product) => {
        await product[Symbol.asyncDispose]();
        return 'started';
      },
      (error: unknown) => String(error),
    );
    const last = kind === 'own store' ? 'http' : 'cluster';
    // After the last part there is nothing left to give up.
    expect(ended).toBe(part === last ? 'started' : 'Error: given up');
    expect(made).toContain(part);
    expect(closed).toEqual(made.toReversed());
    expect(await leftAfterAWhile()).toEqual([]);
  });
});

test('announced maintenance that cannot be read ends the start: those before it are closed in reverse', async () => {
  const { make, made, closed } = watched({ part: 'store' });
  const store: PartMakers['store'] = async (...given) => {
    const real = await make.store(...given);
    real.events.notes.all = () => Promise.reject(new Error('no luck'));
    return real;
  };
  await expect(start('maintenance', { ...make, store })).rejects.toMatchObject({
    code: 'start_failed',
    message: 'cannot start: maintenance: no luck',
  });
  expect(made).toContain('store');
  expect(closed).toEqual(made.toReversed());
  expect(await leftAfterAWhile()).toEqual([]);
});

describe('a port that another process has is told to the user, and nothing stays open', () => {
  test.each([
    ['listen', busyTcp, (port: number) => ({ listen: { host: '127.0.0.1', port } })],
    ['syslog over TCP', busyTcp, (port: number) => ({ syslog: syslogAt('tcp', port) })],
    ['syslog over UDP', busyUdp, (port: number) => ({ syslog: syslogAt('udp', port) })],
    ['traps', busyUdp, (port: number) => ({ traps: trapsAt(port) })],
  ] as const)('%s', async (name, makeBusy, changed) => {
    {
      await using busy = await makeBusy();
      const { make, made, closed } = watched({ part: 'http' });
      await expect(start(`busy-${name}`, make, new MemoryLogger(), changed(busy.port))).rejects.toMatchObject({
        code: 'port_in_use',
        exitCode: 1,
        message: expect.stringMatching(new RegExp(`^[^\n]*127\\.0\\.0\\.1:${busy.port}[^\n]*$`)),
      });
      expect(closed).toEqual(made.toReversed());
    }
    expect(await leftAfterAWhile()).toEqual([]);
  });
});

test('one agent for each store: a second one is refused, and may start when the first has stopped', async () => {
  const { make } = watched({ part: 'http' });
  const first = await start('shared', make);
  await expect(start('shared', make)).rejects.toMatchObject({ code: 'store_locked' });
  await first[Symbol.asyncDispose]();
  await (await start('shared', make))[Symbol.asyncDispose]();
  expect(await leftAfterAWhile()).toEqual([]);
});
