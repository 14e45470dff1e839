/**
 * The device side of restconf.ts, in a process of its own so that its CPU is not counted: a GM of IOS XE 17 whose
 * documents stand still. Prints its port and its certificate as one line of JSON; ends with its stdin.
 */
import { createSystemClock } from '../../src/kernel/clock.ts';
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { startSimulatedRestconf } from '../../src/simulator/restconf/restconf-server.ts';

const clock = createSystemClock();
const fleet = createSimulatedFleet({ scenario: 'healthy', seed: 1, startMs: clock.wallMs(), gms: 12, kss: 1 });
const gm = fleet.devices.find(({ role, yangGdoi }) => role === 'gm' && yangGdoi);
if (gm === undefined) throw new Error('no GM of this fleet answers RESTCONF');
const restconf = await startSimulatedRestconf({
  fleet,
  clock,
  devices: [gm.name],
  credentials: { username: 'monitor', password: 'pw' },
});
const { certificatePem } = restconf.certificate(gm.name);
process.stdout.write(`${JSON.stringify({ port: restconf.ports.get(gm.name), certificatePem })}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
