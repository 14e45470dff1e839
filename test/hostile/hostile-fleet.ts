/**
 * A fleet of hostile SSH servers as a process of its own, as their machines would be: what they burn is not the
 * agent's, and it gives way to everybody else. Prints their ports as JSON; answers each line of its input with what it
 * saw. Ends with its input. `node hostile-fleet.js COUNT`.
 */
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { HostileSsh, MANNERS } from './hostile-ssh.ts';

/**
 * What one hostile router saw of the agent: how it does harm, how often it was connected to, how often logged in to.
 */
export interface HostileRouter {
  readonly manner: string;
  readonly connections: number;
  readonly logins: number;
}

/** The least urgent process of the machine. */
const LAST = 19;

const count = Number(process.argv[2]);
setPriority(LAST);
const manners = Object.entries(MANNERS);
const routers = Array.from({ length: count }, (_, index) => {
  const [manner, harm] = manners[index % manners.length] ?? ['', {}];
  return { manner, server: new HostileSsh(harm) };
});
const ports = await Promise.all(routers.map(({ server }) => server.listen()));
process.stdout.write(`${JSON.stringify(ports)}\n`);

for await (const _ of createInterface(process.stdin)) {
  const seen: readonly HostileRouter[] = routers.map(({ manner, server }) => ({
    manner,
    connections: server.connections,
    logins: server.logins,
  }));
  process.stdout.write(`${JSON.stringify(seen)}\n`);
}
await Promise.all(routers.map(({ server }) => server[Symbol.asyncDispose]()));
