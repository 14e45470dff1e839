/** `gdoiwatch simulate`: only the simulated fleet, and a configuration that `run` takes. */
import { counted } from '../gdoi/events/counted.ts';
import { Command } from 'commander';
import { createSystemClock } from '../kernel/clock.ts';
import { adjustedSizes, type FleetFlags, startFleet, withFleetFlags } from './simulated/simulated-fleet.ts';
import { freePushPorts, usualOrFreeListen } from './simulated/free-ports.ts';
import { writeSimulatedConfig } from './simulated/simulated-config.ts';
import { takeSignals } from './signals.ts';

export function simulateCommand(): Command {
  return withFleetFlags(
    new Command('simulate')
      .description('run a simulated fleet on loopback (SSH, SNMP, syslog, traps), and write a configuration for it')
      .option('--output <directory>', 'directory for the configuration and the files with its secrets', 'simulated'),
    'demo',
  ).action(async (flags: FleetFlags & { output: string }) => {
    using signals = takeSignals();
    const clock = createSystemClock(flags.speed);
    await using started = await startFleet(flags, clock, { snmp: true, pushPorts: await freePushPorts() });
    const { fleet, places } = started;
    for (const line of adjustedSizes(flags, fleet.devices)) process.stderr.write(`${line}\n`);
    const file = await writeSimulatedConfig({
      directory: flags.output,
      ...places,
      listen: await usualOrFreeListen(),
      interval: '30s',
      snmpInterval: '10s',
    });
    process.stderr.write(
      `${counted(fleet.devices.length, 'device')} of scenario ${fleet.scenario} ${fleet.devices.length === 1 ? 'answers on loopback; Ctrl-C ends it' : 'answer on loopback; Ctrl-C ends them'}\n`,
    );
    if (places.snmp !== undefined) {
      const { syslog, traps } = places.snmp.pushPorts;
      process.stderr.write(`log messages are sent to udp port ${syslog}, traps to ${traps}, of 127.0.0.1\n`);
    }
    process.stdout.write(`${file}\n`);
    await signals.stopped;
  });
}
