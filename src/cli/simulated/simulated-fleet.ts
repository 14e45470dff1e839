/** A simulated fleet behind real SSH servers and SNMP agents on loopback, and the flags that shape it. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Clock } from '../../kernel/clock.ts';
import { createSimulatedFleet, type SimulatedFleet } from '../../simulator/fleet/fleet.ts';
import { driveFleet } from '../../simulator/fleet/fleet-driver.ts';
import { SHARED_ADDRESS, loopbackAddresses } from '../../simulator/push/loopback-addresses.ts';
import { SCENARIOS, type ScenarioName } from '../../simulator/scenarios/scenario.ts';
import { startSimulatedRestconf } from '../../simulator/restconf/restconf-server.ts';
import { startSimulatedSenders } from '../../simulator/push/senders.ts';
import { startSimulatedSnmp } from '../../simulator/snmp/snmp-server.ts';
import { startSimulatedSsh } from '../../simulator/ssh/ssh-server.ts';
import { type PushPorts, SIMULATED_USER, type SimulatedPlaces, freshSecret } from './simulated-config.ts';

/** More listeners than this exhaust the file descriptors of a small machine. */
const MAX_DEVICES = 5000;
const MAX_SPEED = 10_000;
/** Real time between two steps of a fleet that nobody asks. */
const ADVANCE_EVERY_MS = 250;

/**
 * A router echoes each character in a packet of its own, and this fleet shares its machine with whoever polls it: a
 * line is enough.
 */
const QUICK_TO_ECHO = { echo: 'line' } as const;

export interface FleetFlags {
  readonly scenario: ScenarioName;
  readonly speed: number;
  readonly seed: number;
  readonly gms?: number;
  readonly kss?: number;
  readonly restconf?: boolean;
}

const SCENARIO_LIST = Object.entries(SCENARIOS);

export function withFleetFlags(command: Command, defaultScenario: ScenarioName): Command {
  return command
    .addOption(
      new Option('--scenario <name>', 'what happens in the fleet; see the list below')
        .choices(SCENARIO_LIST.map(([name]) => name))
        .default(defaultScenario),
    )
    .addOption(new Option('--gms <n>', 'group members (default: the scenario decides)').argParser(count(MAX_DEVICES)))
    .addOption(new Option('--kss <n>', 'key servers (default: the scenario decides)').argParser(count(100)))
    .option(
      '--restconf',
      'devices of IOS XE 17.5 and later answer RESTCONF too: GMs are polled over it alone, KSs over SSH as well',
    )
    .addOption(new Option('--speed <n>', 'run the clock N times as fast').argParser(count(MAX_SPEED)).default(1))
    .addOption(
      new Option('--seed <n>', 'the same seed gives the same fleet').argParser(count(0xff_ff_ff_ff)).default(1),
    )
    .addHelpText(
      'after',
      `\nScenarios:\n${SCENARIO_LIST.map(([name, { description }]) => `  ${name.padEnd(20)} ${description}`).join('\n')}`,
    );
}

function count(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > max) {
      throw new InvalidArgumentError(`it must be a whole number from 1 to ${max}.`);
    }
    return value;
  };
}

/** What the user asked for but does not get because the scenario needs more, one line each. */
export function adjustedSizes(
  { gms, kss, scenario }: FleetFlags,
  devices: ReadonlyArray<{ readonly role: string }>,
): readonly string[] {
  const adjusted = (flag: string, asked: number | undefined, role: string) => {
    const there = devices.filter((device) => device.role === role).length;
    if (asked === undefined || asked === there) return [];
    return [`--${flag} ${asked} became ${there}: that is what the scenario ${scenario} needs`];
  };
  return [...adjusted('gms', gms, 'gm'), ...adjusted('kss', kss, 'ks')];
}

export interface StartedFleet extends AsyncDisposable {
  readonly fleet: SimulatedFleet;
  readonly places: SimulatedPlaces;
}

export interface FleetOutlets {
  /**
   * SNMP agents, traps and log messages, each device on a loopback address of its own if the machine can bind it.
   * Without it there is only SSH, all on one address.
   */
  readonly snmp: boolean;
  /** Where traps and log messages are sent, with `snmp`. */
  readonly pushPorts: PushPorts;
}

export async function startFleet(flags: FleetFlags, clock: Clock, outlets: FleetOutlets): Promise<StartedFleet> {
  const { gms, kss } = flags;
  const fleet = createSimulatedFleet({
    scenario: flags.scenario,
    seed: flags.seed,
    startMs: clock.wallMs(),
    ...(gms === undefined ? {} : { gms }),
    ...(kss === undefined ? {} : { kss }),
  });
  const addresses = await loopbackAddresses(fleet.devices, outlets.snmp ? 'per_device' : 'shared');
  const around = { fleet, clock, hostFor: (device: string) => addresses.get(device) ?? SHARED_ADDRESS };
  const parts: AsyncDisposable[] = [];
  const close = async () => {
    for (const part of parts.toReversed()) await part[Symbol.asyncDispose]();
  };
  try {
    const password = freshSecret();
    const credentials = { username: SIMULATED_USER, password };
    const ssh = await startSimulatedSsh({ ...around, credentials, mannersFor: () => QUICK_TO_ECHO });
    parts.push(ssh);
    const snmp = outlets.snmp ? await startSnmp(around, outlets.pushPorts, parts) : undefined;
    const restconf = flags.restconf === true ? await startRestconf(around, parts) : undefined;
    parts.push(driveFleet(fleet, clock, ADVANCE_EVERY_MS * flags.speed));
    const places: SimulatedPlaces = {
      devices: fleet.devices,
      addresses,
      ports: ssh.ports,
      password,
      ...(snmp === undefined ? {} : { snmp }),
      ...(restconf === undefined ? {} : { restconf }),
    };
    return { fleet, places, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Around {
  readonly fleet: SimulatedFleet;
  readonly clock: Clock;
  readonly hostFor: (device: string) => string;
}

/** A TLS port for each device that shows GDOI over RESTCONF, added to `parts`. */
async function startRestconf(
  around: Around,
  parts: AsyncDisposable[],
): Promise<NonNullable<SimulatedPlaces['restconf']>> {
  const password = freshSecret();
  const devices = around.fleet.devices.filter(({ yangGdoi }) => yangGdoi).map(({ name }) => name);
  const credentials = { username: SIMULATED_USER, password };
  const restconf = await startSimulatedRestconf({ ...around, devices, credentials });
  parts.push(restconf);
  return { ports: restconf.ports, password };
}

/** SNMP agents and senders, added to `parts`. */
async function startSnmp(
  around: Around,
  pushPorts: PushPorts,
  parts: AsyncDisposable[],
): Promise<NonNullable<SimulatedPlaces['snmp']>> {
  const { fleet, clock, hostFor } = around;
  const [community, authPassword, privacyPassword] = [freshSecret(), freshSecret(), freshSecret()];
  const user = {
    name: SIMULATED_USER,
    auth: { protocol: 'sha256', password: authPassword },
    privacy: { protocol: 'aes128', password: privacyPassword },
  } as const;
  const agents = await startSimulatedSnmp({ ...around, credentials: { communities: [community], users: [user] } });
  const senders = startSimulatedSenders({
    fleet,
    clock,
    addressFor: hostFor,
    syslog: { host: SHARED_ADDRESS, port: pushPorts.syslog, protocol: 'udp', originId: 'hostname' },
    traps: { host: SHARED_ADDRESS, port: pushPorts.traps, credential: { user } },
  });
  parts.push(agents, senders);
  return { ports: agents.ports, community, authPassword, privacyPassword, pushPorts };
}
