/**
 * The routers of fleet.ts, in a process of their own so that their CPU is not counted: for each of the groups from one
 * number to another a port for each few hundred of its GMs and one for its KS: sessions are spread over processes by
 * address and port. They echo character by character, as IOS does, and answer as the simulated routers do, of which
 * there is one of each kind: a GM's address is its own. Prints the ports as JSON; ends with its stdin.
 */
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { newEd25519KeyPair } from '../../src/simulator/ssh/ed25519-key.ts';
import { serveEchoingRouter } from './echoing-router.ts';

const [first = 0, last = 0, members = 0] = process.argv.slice(2).map(Number);
const fleet = createSimulatedFleet({ scenario: 'healthy', seed: 1, startMs: Date.now() });
const TEMPLATES = { gm: 'gm4', ks: 'ks1' } as const;
type Role = keyof typeof TEMPLATES;

const hostKey = newEd25519KeyPair().private;
/** What the template answers now; countdowns are of this second. */
const answers = new Map<string, { readonly second: number; readonly text: string }>();

function groupName(number: number): string {
  return `BENCH${number}`;
}

function templateAnswer(role: Role, command: string): string {
  const nowMs = Date.now();
  const second = Math.floor(nowMs / 1000);
  const key = `${role} ${command}`;
  const known = answers.get(key);
  if (known?.second === second) return known.text;
  const text = fleet.answer(TEMPLATES[role], command, nowMs).replaceAll('\n', '\r\n');
  answers.set(key, { second, text });
  return text;
}

/** Of the nth GM of a group. */
function addressOf(group: number, gm: number): string {
  return `10.${64 + (group & 127)}.${gm >> 8}.${gm & 255}`;
}

/** Behind one port. */
const GMS_OF_A_PORT = 250;

function serve(role: Role, number: number, firstGm = 0): Promise<number> {
  const group = groupName(number);
  let connections = firstGm;
  return serveEchoingRouter({
    prompt: `${role.toUpperCase()}-${group}#`,
    hostKey,
    answers: () => {
      connections += 1;
      const address = addressOf(number, connections);
      return (command) => {
        const text = templateAnswer(role, command).replaceAll(/\bG1\b/g, group);
        if (role === 'gm') return text.replaceAll('10.16.3.2', address);
        return command.endsWith('ks members') ? membersAnswer(text, number) : text;
      };
    },
  });
}

/** The first member's part, for each GM of the group. */
function membersAnswer(text: string, group: number): string {
  const parts = text.split(/(?=^Group Member ID)/m);
  const [head = '', part = ''] = parts;
  const own = Array.from({ length: members }, (_, gm) =>
    part.replace(/^(Group Member ID +: )\S+/, `$1${addressOf(group, gm + 1)}`),
  );
  return head + own.join('');
}

const ports: { group: string; gms: number[]; gmsOfAPort: number; ks: number }[] = [];
for (let number = first; number <= last; number += 1) {
  const gms: number[] = [];
  for (let gm = 0; gm < members; gm += GMS_OF_A_PORT) gms.push(await serve('gm', number, gm));
  ports.push({ group: groupName(number), gms, gmsOfAPort: GMS_OF_A_PORT, ks: await serve('ks', number) });
}
process.stdout.write(`${JSON.stringify(ports)}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
