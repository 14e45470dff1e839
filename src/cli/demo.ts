/** `gdoiwatch demo`: the whole product on a simulated fleet, without a configuration. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseListenAddress } from '../config/address.ts';
import { type Clock, createSystemClock } from '../kernel/clock.ts';
import { UserError } from '../kernel/user-error.ts';
import { createLogger } from './logger.ts';
import type { Product } from '../product/product.ts';
import { readConfig } from './read-config.ts';
import { adjustedSizes, type FleetFlags, startFleet, withFleetFlags } from './simulated/simulated-fleet.ts';
import { freePushPorts } from './simulated/free-ports.ts';
import { outputFailure, type SimulatedPlaces, writeSimulatedConfig } from './simulated/simulated-config.ts';
import { SCENARIOS } from '../simulator/scenarios/scenario.ts';
import { takeSignals } from './signals.ts';

const DEFAULT_LISTEN = '127.0.0.1:9848';
/** The first sweep of a demo takes a second or two; after this time the instructions are printed anyway. */
const FIRST_SWEEP_WAIT_MS = 20_000;

export function demoCommand(): Command {
  return withFleetFlags(
    new Command('demo')
      .description(
        'run the whole product on a simulated fleet: agent, web page and metrics, with SSH, SNMP, syslog and traps on loopback',
      )
      .option(
        '--output <directory>',
        'keep the configuration, the event store and a recording for replay in this directory',
      )
      .addOption(
        new Option(
          '--listen <address>',
          `address of the web page and metrics (default: ${DEFAULT_LISTEN}, or a free port)`,
        ).argParser(listenAddress),
      ),
    'demo',
  ).action(async (flags: FleetFlags & { listen?: string; output?: string }) => {
    using signals = takeSignals();
    const say = (line: string) => process.stderr.write(`${line}\n`);
    const clock = createSystemClock(flags.speed);
    say(`Starting the simulated fleet (scenario ${flags.scenario}) ...`);
    await using started = await startFleet(flags, clock, {
      snmp: true,
      pushPorts: await freePushPorts(),
    });
    const { fleet, places } = started;
    const gms = fleet.devices.filter((device) => device.role === 'gm').length;
    for (const line of adjustedSizes(flags, fleet.devices)) say(`  ${line}`);
    const ways = places.restconf === undefined ? 'SSH and SNMP' : 'SSH, SNMP and RESTCONF';
    say(`  ${gms} group members and ${fleet.devices.length - gms} key servers answer ${ways} on loopback`);

    const directory = flags.output ?? (await temporaryDirectory());
    try {
      const start = (listen: string) =>
        startOn({ listen, directory, record: flags.output !== undefined, places, clock, signal: signals.stop });
      await using product = await start(flags.listen ?? DEFAULT_LISTEN).catch((error: unknown) => {
        // The usual port is in use: a demo takes another one, unless the user chose it.
        if (flags.listen === undefined && isInUse(error)) return start('127.0.0.1:0');
        throw error;
      });
      await firstSweep(product, say, signals.stop);
      process.stdout.write(whatToLookAt(product.url, flags));
      await signals.stopped;
      say('Stopping ...');
    } finally {
      if (flags.output === undefined) await rm(directory, { recursive: true, force: true });
    }
  });
}

function listenAddress(text: string): string {
  if (parseListenAddress(text) !== null) return text;
  throw new InvalidArgumentError('it must be an address to listen on (127.0.0.1:9848, [::1]:9848, :9848).');
}

async function temporaryDirectory(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'gdoiwatch-demo-'));
  } catch (error) {
    throw outputFailure(tmpdir(), error);
  }
}

async function startOn(options: {
  readonly listen: string;
  readonly directory: string;
  readonly record: boolean;
  readonly places: SimulatedPlaces;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<Product> {
  const { clock, directory, listen, places, record, signal } = options;
  const file = await writeSimulatedConfig({
    ...places,
    directory,
    listen,
    interval: '10s',
    snmpInterval: '5s',
    record,
  });
  const { config } = await readConfig(file);
  const logger = createLogger('warn', 'pretty');
  const { startProduct } = await import('../product/product.ts');
  return startProduct({
    config,
    clock,
    logger,
    signal,
    reread: () => Promise.resolve(config),
  });
}

function isInUse(error: unknown): boolean {
  return error instanceof UserError && error.code === 'port_in_use';
}

async function firstSweep(product: Product, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const clock = createSystemClock();
  const startedMs = clock.monoMs();
  let told = -1;
  while (!signal.aborted && clock.monoMs() - startedMs < FIRST_SWEEP_WAIT_MS) {
    const views = [...product.agent.readModel.devices()];
    const polled = views.filter((view) => view.result !== null).length;
    if (polled !== told) say(`  polled ${polled} of ${views.length} devices`);
    told = polled;
    if (product.agent.status().firstSweepDone) return;
    await clock.sleep(250);
  }
}

function whatToLookAt(url: string, flags: FleetFlags): string {
  const scenario = SCENARIOS[flags.scenario];
  const pace = flags.speed === 1 ? '' : `\n  The clock of the fleet and the agent runs ${flags.speed} times as fast.`;
  return `
gdoiwatch demo is running: ${url}/

  ${scenario.description}
  What to expect: ${scenario.expect}${pace}

  ${url}/            the fleet, trouble first; groups with their KEK timelines, devices, events
  ${url}/metrics     for Prometheus; rules and dashboards are in dashboards/
  ${url}/api/v1/devices and ${url}/api/openapi.json

  gdoiwatch events --agent ${url}     what happened, and why

  Ctrl-C ends it. Other scenarios: gdoiwatch demo --help
`;
}
