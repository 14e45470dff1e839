/**
 * A router's side of SSH for benchmarks: it lets everyone in, echoes character by character, as IOS does, and answers
 * what begins with `show`.
 */
import { createServer } from 'node:net';
import ssh2 from 'ssh2';
import { NO_KEEPALIVES } from '../../src/simulator/ssh/no-keepalives.ts';

export interface EchoingRouter {
  readonly prompt: string;
  readonly hostKey: string;
  /** Asked once a connection: what this one gives to a command. */
  readonly answers: () => (command: string) => string;
}

/** The port on loopback. */
export async function serveEchoingRouter({ prompt, hostKey, answers }: EchoingRouter): Promise<number> {
  const server = new ssh2.Server({ hostKeys: [hostKey], ...NO_KEEPALIVES }, (client) => {
    const answer = answers();
    client.on('error', () => undefined);
    client.on('authentication', (context) =>
      context.method === 'password' ? context.accept() : context.reject(['password']),
    );
    client.on('session', (accept) => {
      const session = accept();
      session.on('pty', (acceptPty) => acceptPty?.());
      session.on('shell', (acceptShell) => serveShell(acceptShell(), client, (line) => replyTo(line, prompt, answer)));
    });
  });
  const listener = createServer((socket) => {
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

function replyTo(line: string, prompt: string, answer: (command: string) => string): string {
  return line.startsWith('show') ? answer(line) + prompt : prompt;
}

function serveShell(channel: ssh2.ServerChannel, client: ssh2.Connection, reply: (line: string) => string): void {
  let line = '';
  channel.write(`\r\n${reply('')}`);
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
      channel.write(reply(line));
      line = '';
    }
  });
}
