/**
 * The device side of ssh-poll.ts, in a process of its own so that its CPU is not counted: an ssh2 server that echoes
 * character by character and answers every command with the same `show crypto gdoi`. Prints its port; ends with its
 * stdin.
 */
import { createServer } from 'node:net';
import ssh2 from 'ssh2';
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { newEd25519KeyPair } from '../../src/simulator/ssh/ed25519-key.ts';

const PROMPT = 'GM1#';
const fleet = createSimulatedFleet({ scenario: 'healthy', seed: 1, startMs: Date.parse('2026-01-01T00:00:00Z') });
/** The layout of IOS 15.2: about 2 KB. */
const ANSWER = fleet.answer('gm4', 'show crypto gdoi', fleet.nowMs).replaceAll('\n', '\r\n');

const server = new ssh2.Server({ hostKeys: [newEd25519KeyPair().private] }, (client) => {
  client.on('error', () => undefined);
  client.on('authentication', (context) =>
    context.method === 'password' ? context.accept() : context.reject(['password']),
  );
  client.on('session', (accept) => {
    const session = accept();
    session.on('pty', (acceptPty) => acceptPty?.());
    session.on('shell', (acceptShell) => serveShell(acceptShell(), client));
  });
});

function serveShell(channel: ssh2.ServerChannel, client: ssh2.Connection): void {
  let line = '';
  channel.write(`\r\n${PROMPT}`);
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
      channel.write(line.startsWith('show') ? ANSWER + PROMPT : PROMPT);
      line = '';
    }
  });
}

const listener = createServer((socket) => {
  socket.setNoDelay(true);
  server.injectSocket(socket);
});
listener.listen(0, '127.0.0.1', () => {
  const address = listener.address();
  if (address !== null && typeof address !== 'string') process.stdout.write(`${address.port}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
