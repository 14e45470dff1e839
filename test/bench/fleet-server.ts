/**
 * The routers of fleet.ts, in a process of their own so that their CPU is not counted: for each group a port for its GMs
 * and one for its KS. They echo character by character, as IOS does, and answer as the simulated routers do, of which
 * there is one of each kind: a GM's address is its own. Prints the ports as JSON; ends with its stdin.
 */
import { createServer, type Server } from 'node:net';
import ssh2 from 'ssh2';
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { newEd25519KeyPair } from '../../src/simulator/ssh/ed25519-key.ts';

const [groups = 0, members = 0] = process.argv.slice(2).map(Number);
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

function serve(role: Role, number: number): ssh2.Server {
  const group = groupName(number);
  const prompt = `${role.toUpperCase()}-${group}#`;
  let connections = 0;
  return new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    connections += 1;
    const address = addressOf(number, connections);
    client.on('error', () => undefined);
    client.on('authentication', (context) =>
      context.method === 'password' ? context.accept() : context.reject(['password']),
    );
    client.on('session', (accept) => {
      const session = accept();
      session.on('pty', (acceptPty) => acceptPty?.());
      session.on('shell', (acceptShell) => {
        const answer = (command: string) => {
          const text = templateAnswer(role, command).replaceAll(/\bG1\b/g, group);
          if (role === 'gm') return text.replaceAll('10.16.3.2', address);
          return command.endsWith('ks members') ? membersAnswer(text, number) : text;
        };
        serveShell(acceptShell(), client, prompt, answer);
      });
    });
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

function serveShell(
  channel: ssh2.ServerChannel,
  client: ssh2.Connection,
  prompt: string,
  answer: (command: string) => string,
): void {
  let line = '';
  channel.write(`\r\n${prompt}`);
  channel.on('error', () => undefined);
  channel.on('data', (data: Buffer) => {
    for (const character of data.toString('latin1')) {
      if (character !== '\n') {
        line += character;
        channel.write(character);
        continue;
      }
      channel.write('\r\n');
      if (line === 'exit') {
        channel.end();
        client.end();
        return;
      }
      channel.write(line.startsWith('show') ? answer(line) + prompt : prompt);
      line = '';
    }
  });
}

async function listening(server: ssh2.Server): Promise<number> {
  const listener: Server = createServer((socket) => {
    socket.setNoDelay(true);
    server.injectSocket(socket);
  });
  await new Promise<void>((resolve) => {
    listener.listen(0, '127.0.0.1', 4096, resolve);
  });
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const ports: { group: string; gm: number; ks: number }[] = [];
for (let number = 1; number <= groups; number += 1) {
  const gm = await listening(serve('gm', number));
  ports.push({ group: groupName(number), gm, ks: await listening(serve('ks', number)) });
}
process.stdout.write(`${JSON.stringify(ports)}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
