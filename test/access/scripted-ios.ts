/**
 * A small SSH server with the manners of IOS, for tests of `access/ssh`: each test sets the manners it is about. It
 * records what clients send, and shares no code with what it tests.
 */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import { newEd25519KeyPair } from '../../src/simulator/ssh/ed25519-key.ts';
import { NO_KEEPALIVES } from '../../src/simulator/ssh/no-keepalives.ts';

export interface Manners {
  readonly hostname?: string;
  readonly username?: string;
  readonly password?: string;
  /** Methods offered; default `password`. */
  readonly methods?: ReadonlyArray<'password' | 'keyboard-interactive' | 'publickey'>;
  readonly publicKey?: string;
  /** Keyboard-interactive prompts, asked one round each. */
  readonly keyboardPrompts?: readonly string[];
  readonly banner?: string;
  /** Printed in pieces before the first prompt, one piece a turn. */
  readonly motdPieces?: readonly string[];
  readonly userExec?: boolean;
  readonly enablePassword?: string;
  /** What `enable` asks; default `Password: `. */
  readonly enableQuestion?: string;
  /** Ask in the shell after SSH login. */
  readonly shellLogin?: { readonly username: string; readonly password: string };
  readonly pressKey?: boolean;
  readonly refuseTerminal?: boolean;
  readonly noPrompt?: boolean;
  /** Close right after TCP accept. */
  readonly closeAtOnce?: boolean;
  readonly closeAtShell?: boolean;
  readonly algorithms?: ssh2.Algorithms;
  readonly hostKey?: string;
  readonly echo?: 'characters' | 'line';
  /** Answers by command; default: `answer to <command>`. A function gets the terminal to do as it likes. */
  readonly answers?: Readonly<Record<string, string | ((terminal: Terminal) => void | Promise<void>)>>;
  /** Delay before each authentication answer, ms. */
  readonly authDelayMs?: number;
  readonly countKeepalives?: boolean;
}

export interface Terminal {
  readonly server: ScriptedIos;
  hostname: string;
  privileged: boolean;
  write(text: string): void;
  prompt(): void;
  drop(): void;
  /** Exchange keys anew (`ip ssh rekey`). */
  exchangeKeys(): Promise<void>;
  /** The next bytes the client sends, instead of the line reader. */
  nextInput(): Promise<string>;
}

/** Long enough that what comes before and after it travels apart. */
const aMoment = () => new Promise<void>((resolve) => setTimeout(resolve, 15));

let ed25519: string | null = null;
let rsa: string | null = null;

/** Host keys made once a process, each when it is needed first: `ed25519` for modern peers, `rsa` for old ones. */
const HOST_KEYS = {
  get ed25519(): string {
    return (ed25519 ??= freshHostKey());
  },
  /** A fifth of a second of CPU. */
  get rsa(): string {
    return (rsa ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
      .privateKey.export({ type: 'pkcs1', format: 'pem' })
      .toString());
  },
};

export function hostKeys(): { readonly ed25519: string; readonly rsa: string } {
  return HOST_KEYS;
}

export function freshHostKey(): string {
  return newEd25519KeyPair().private;
}

export class ScriptedIos {
  readonly #server: ssh2.Server;
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();
  manners: Manners;
  /** What happened, in order of time. */
  readonly attempts: string[] = [];
  readonly commands: string[] = [];
  /** What clients answered to keyboard-interactive questions. */
  readonly keyboardAnswers: string[] = [];
  /** Every byte the clients typed. */
  typed = '';
  /** Keepalives that clients sent, where they are counted. */
  keepalives = 0;
  connections = 0;
  openNow = 0;
  /** Connections not yet logged in, now and at most. */
  loggingIn = 0;
  mostLoggingIn = 0;
  terminals: Terminal[] = [];
  ended = 0;

  constructor(manners: Manners = {}) {
    this.manners = manners;
    this.#server = new ssh2.Server(
      {
        hostKeys: [manners.hostKey ?? hostKeys().ed25519],
        ...NO_KEEPALIVES,
        ...(manners.banner === undefined ? {} : { banner: manners.banner }),
        ...(manners.algorithms === undefined ? {} : { algorithms: manners.algorithms }),
        // ssh2 answers them itself, and tells nobody else.
        ...(manners.countKeepalives === true ? { debug: (line: string) => this.#countKeepalive(line) } : {}),
      },
      (client) => this.#onClient(client),
    );
    this.#listener = createServer((socket: Socket) => {
      this.connections += 1;
      this.openNow += 1;
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => {
        this.openNow -= 1;
        this.#sockets.delete(socket);
      });
      socket.on('error', () => undefined);
      if (this.manners.closeAtOnce) socket.destroy();
      else this.#server.injectSocket(socket);
    });
  }

  async listen(): Promise<number> {
    this.#listener.listen(0, '127.0.0.1');
    await once(this.#listener, 'listening');
    const address = this.#listener.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP address');
    return address.port;
  }

  /** Cut every connection. */
  dropAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#listener.close(() => resolve());
    });
    this.dropAll();
    await closed;
  }

  #onClient(client: ssh2.Connection): void {
    this.loggingIn += 1;
    this.mostLoggingIn = Math.max(this.mostLoggingIn, this.loggingIn);
    let counted = true;
    const settled = () => {
      if (counted) this.loggingIn -= 1;
      counted = false;
    };
    client.on('error', () => undefined);
    client.on('close', settled);
    client.on('authentication', (context) => {
      setTimeout(() => this.#authenticate(context), this.manners.authDelayMs ?? 0);
    });
    client.on('ready', () => {
      settled();
      client.on('session', (accept) => {
        const session = accept();
        session.on('pty', (acceptPty) => acceptPty?.());
        session.on('shell', (acceptShell) => {
          const channel = acceptShell();
          if (this.manners.closeAtShell) {
            client.end();
            return;
          }
          void this.#serveShell(channel, client);
        });
      });
    });
  }

  #countKeepalive(line: string): void {
    if (line.includes('Inbound: GLOBAL_REQUEST (keepalive@openssh.com)')) this.keepalives += 1;
  }

  #authenticate(context: ssh2.AuthContext): void {
    const { username = 'monitor', password = 'pw', methods = ['password'] } = this.manners;
    const offered = [...methods];
    if (context.method !== 'none') this.attempts.push(context.method);
    if (context.method === 'password' && methods.includes('password')) {
      if (context.username === username && context.password === password) context.accept();
      else context.reject(offered);
      return;
    }
    if (context.method === 'publickey' && methods.includes('publickey')) {
      const parsed = ssh2.utils.parseKey(this.manners.publicKey ?? '');
      const key = Array.isArray(parsed) ? parsed[0] : parsed;
      const fits = key !== undefined && !(key instanceof Error) && key.getPublicSSH().equals(context.key.data);
      if (!fits) context.reject(offered);
      else if (context.signature === undefined || context.blob === undefined) {
        this.attempts.pop();
        context.accept();
      } else if (key.verify(context.blob, context.signature, context.hashAlgo) === true) context.accept();
      else context.reject(offered);
      return;
    }
    if (context.method === 'keyboard-interactive' && methods.includes('keyboard-interactive')) {
      const prompts = [...(this.manners.keyboardPrompts ?? ['Password: '])];
      const ask = (): void => {
        const prompt = prompts.shift();
        if (prompt === undefined) {
          context.accept();
          return;
        }
        context.prompt([{ prompt, echo: false }], (answers) => {
          this.keyboardAnswers.push(...answers);
          if (answers[0] === password) ask();
          else context.reject(offered);
        });
      };
      ask();
      return;
    }
    context.reject(offered);
  }

  async #serveShell(channel: ssh2.ServerChannel, client: ssh2.Connection): Promise<void> {
    const { manners } = this;
    const pending: string[] = [];
    let waiting: ((text: string) => void) | null = null;
    channel.on('data', (data: Buffer) => {
      const text = data.toString('latin1');
      this.typed += text;
      if (waiting === null) pending.push(text);
      else {
        const give = waiting;
        waiting = null;
        give(text);
      }
    });
    channel.on('error', () => undefined);
    const nextInput = () =>
      new Promise<string>((resolve) => {
        const ready = pending.shift();
        if (ready === undefined) waiting = resolve;
        else resolve(ready);
      });
    let ended = false;
    channel.on('close', () => {
      ended = true;
    });
    const terminal: Terminal = {
      server: this,
      hostname: manners.hostname ?? 'GM1',
      privileged: !manners.userExec,
      write: (text) => {
        if (!ended) channel.write(text);
      },
      prompt: () => terminal.write(`${terminal.hostname}${terminal.privileged ? '#' : '>'}`),
      drop: () => client.end(),
      exchangeKeys: () =>
        new Promise((resolve) => {
          client.rekey(resolve);
        }),
      nextInput,
    };
    this.terminals.push(terminal);

    let unread = '';
    /** One line as typed, echoed unless it is a secret. */
    const readLine = async (echo: boolean): Promise<string> => {
      let line = '';
      for (;;) {
        if (unread === '') unread = await nextInput();
        const character = unread[0] ?? '';
        unread = unread.slice(1);
        if (character === '\n' || character === '\r') {
          terminal.write('\r\n');
          return line;
        }
        line += character;
        if (echo && manners.echo !== 'line') terminal.write(character);
        if (echo && manners.echo === 'line') {
          const end = unread.search(/[\r\n]/);
          const rest = end === -1 ? unread : unread.slice(0, end);
          line += rest;
          unread = unread.slice(rest.length);
          terminal.write(character + rest);
        }
      }
    };

    if (manners.pressKey) {
      terminal.write('\r\n\r\nPress RETURN to get started!\r\n\r\n');
      await readLine(false);
    }
    for (const piece of manners.motdPieces ?? []) {
      terminal.write(piece);
      await aMoment();
    }
    if (manners.shellLogin !== undefined) {
      for (let left = 3; ; left -= 1) {
        terminal.write('\r\nUsername: ');
        const username = await readLine(true);
        terminal.write('Password: ');
        const password = await readLine(false);
        if (username === manners.shellLogin.username && password === manners.shellLogin.password) break;
        terminal.write('% Login invalid\r\n');
        if (left === 1) {
          client.end();
          return;
        }
      }
    }
    if (manners.noPrompt) return;
    terminal.write('\r\n');
    terminal.prompt();
    for (;;) {
      const line = (await readLine(true)).trim();
      if (ended) return;
      if (line === '') {
        terminal.prompt();
        continue;
      }
      this.commands.push(line);
      if (line === 'exit') {
        this.ended += 1;
        channel.exit(0);
        channel.end();
        client.end();
        return;
      }
      if (line === 'enable' && !terminal.privileged) {
        let tries = 3;
        for (; tries > 0; tries -= 1) {
          terminal.write(manners.enableQuestion ?? 'Password: ');
          if ((await readLine(false)) === (manners.enablePassword ?? 'en')) break;
        }
        if (tries > 0) terminal.privileged = true;
        else terminal.write('% Bad secrets\r\n\r\n');
        terminal.prompt();
        continue;
      }
      if (line.startsWith('terminal ')) {
        if (manners.refuseTerminal) terminal.write('Command authorization failed.\r\n\r\n');
        terminal.prompt();
        continue;
      }
      const answer = manners.answers?.[line] ?? `answer to ${line}\r\n`;
      if (typeof answer === 'string') {
        terminal.write(answer);
        terminal.prompt();
      } else {
        await answer(terminal);
      }
    }
  }
}
