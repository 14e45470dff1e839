/**
 * The device side of snmp.ts, in a process of its own so that its CPU is not counted: the simulator's SNMP engine over
 * the objects of one GM as they stand. net-snmp's own agent would not do: it counts max-repetitions over all columns of
 * a GETBULK together, which no router does. Prints its port; answers each line on stdin with its counts as JSON; ends
 * with its stdin.
 */
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { answerRequest } from '../../src/simulator/snmp/snmp-answer.ts';
import { SnmpEngine } from '../../src/simulator/snmp/snmp-engine.ts';
import { BENCH_COMMUNITY, BENCH_USER } from './snmp-credentials.ts';

/** As IOS has it by default. */
const PACKET_OCTETS = 1_500;

const startMs = Date.parse('2026-01-01T00:00:00Z');
const fleet = createSimulatedFleet({ scenario: 'healthy', seed: 1, startMs });
const managed = fleet.managedObjects('gm4');
const counts = { requests: 0, octets: 0 };
const engine = new SnmpEngine(
  {
    engineId: fleet.engineId('gm4'),
    credentials: { communities: [BENCH_COMMUNITY], users: [BENCH_USER] },
    instant: () => ({ boots: 7, timeSeconds: Math.floor(performance.now() / 1000) }),
    answer: (request, octets) => answerRequest(request, managed, { octets }),
  },
  startMs,
);
const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
socket.on('message', (datagram, from) => {
  const answer = engine.receive(datagram, PACKET_OCTETS);
  counts.requests += 1;
  counts.octets += datagram.length + (answer?.length ?? 0);
  if (answer !== null) socket.send(answer, from.port, from.address);
});
socket.bind(0, '127.0.0.1', () => process.stdout.write(`${socket.address().port}\n`));
createInterface(process.stdin).on('line', () => process.stdout.write(`${JSON.stringify(counts)}\n`));
process.stdin.on('end', () => process.exit(0));
