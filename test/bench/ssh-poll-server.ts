/**
 * The device side of ssh-poll.ts, in a process of its own so that its CPU is not counted: a router that answers every
 * command with the same `show crypto gdoi`. Prints its port; ends with its
 * stdin.
 */
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { newEd25519KeyPair } from '../../src/simulator/ssh/ed25519-key.ts';
import { serveEchoingRouter } from './echoing-router.ts';

const fleet = createSimulatedFleet({ scenario: 'healthy', seed: 1, startMs: Date.parse('2026-01-01T00:00:00Z') });
/** The layout of IOS 15.2: about 2 KB. */
const ANSWER = fleet.answer('gm4', 'show crypto gdoi', fleet.nowMs).replaceAll('\n', '\r\n');

const hostKey = newEd25519KeyPair().private;
const port = await serveEchoingRouter({ prompt: 'GM1#', hostKey, answers: () => () => ANSWER });
process.stdout.write(`${port}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
