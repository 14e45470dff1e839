/** `gdoiwatch simulate`: only the simulated fleet, and a configuration that `run` takes. */
import { Command } from 'commander';
import { createSystemClock } from '../ports/clock.ts';
import { type FleetFlags, startFleet, withFleetFlags } from './simulated-fleet.ts';
import { freshPassword, writeSimulatedConfig } from './simulated-config.ts';
import { stopRequested } from './signals.ts';

export function simulateCommand(): Command {
  return withFleetFlags(
    new Command('simulate')
      .description('run a simulated fleet with real SSH servers on loopback, and write a configuration for it')
      .option('--output <directory>', 'where the configuration and its password file are written', 'simulated'),
    'demo',
  ).action(async (flags: FleetFlags & { output: string }) => {
    const clock = createSystemClock(flags.speed);
    const password = freshPassword();
    await using started = await startFleet(flags, clock, password);
    const { fleet, ssh } = started;
    const file = await writeSimulatedConfig({
      directory: flags.output,
      devices: fleet.devices,
      ports: ssh.ports,
      password,
      listen: '127.0.0.1:9848',
      interval: '30s',
    });
    process.stderr.write(
      `${fleet.devices.length} devices of scenario ${fleet.scenario} answer on 127.0.0.1; Ctrl-C ends them\n`,
    );
    process.stdout.write(`${file}\n`);
    await stopRequested(() => undefined);
  });
}
