/**
 * The device side of ssh-poll.ts, in a process of its own so that its CPU is not counted: an ssh2 server that echoes
 * character by character and answers every command with the same 1.6 KB. Prints its port; ends with its stdin.
 */
import { createServer } from 'node:net';
import ssh2 from 'ssh2';

const PROMPT = 'GM1#';
const ANSWER = `${Array.from({ length: 32 }, (_, line) => `    Some label of the group  : value ${String(line).padStart(10)}`).join('\r\n')}\r\n`;

const server = new ssh2.Server({ hostKeys: [ssh2.utils.generateKeyPairSync('ed25519').private] }, (client) => {
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
