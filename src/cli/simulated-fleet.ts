/** A simulated fleet behind real SSH servers on loopback, and the flags that shape it. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Clock } from '../ports/clock.ts';
import { createSimulatedFleet, type SimulatedFleet } from '../simulator/fleet.ts';
import { driveFleet } from '../simulator/fleet-driver.ts';
import { SCENARIOS, type ScenarioName } from '../simulator/scenario.ts';
import { type SimulatedSsh, startSimulatedSsh } from '../simulator/ssh-server.ts';
import { SIMULATED_USER } from './simulated-config.ts';

/** More listeners than this exhaust the file descriptors of a small machine. */
const MAX_DEVICES = 5000;
const MAX_SPEED = 10_000;
/** Real time between two steps of a fleet that nobody asks. */
const ADVANCE_EVERY_MS = 250;

export interface FleetFlags {
  readonly scenario: ScenarioName;
  readonly speed: number;
  readonly seed: number;
  readonly gms?: number;
  readonly kss?: number;
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
      throw new InvalidArgumentError(`it is a whole number from 1 to ${max}.`);
    }
    return value;
  };
}

export interface StartedFleet extends AsyncDisposable {
  readonly fleet: SimulatedFleet;
  readonly ssh: SimulatedSsh;
}

export async function startFleet(flags: FleetFlags, clock: Clock, password: string): Promise<StartedFleet> {
  const { gms, kss } = flags;
  const fleet = createSimulatedFleet({
    scenario: flags.scenario,
    seed: flags.seed,
    startMs: clock.wallMs(),
    ...(gms === undefined ? {} : { gms }),
    ...(kss === undefined ? {} : { kss }),
  });
  const ssh = await startSimulatedSsh({
    fleet,
    clock,
    host: '127.0.0.1',
    credentials: { username: SIMULATED_USER, password },
  });
  const driver = driveFleet(fleet, clock, ADVANCE_EVERY_MS * flags.speed);
  return {
    fleet,
    ssh,
    async [Symbol.asyncDispose]() {
      await driver[Symbol.asyncDispose]();
      await ssh[Symbol.asyncDispose]();
    },
  };
}
