/**
 * The exec shell of a simulated router on one SSH channel: login in the shell, prompt, echo, `enable`, pager, faults.
 * It reads characters one by one, like IOS, and asks for the answer when the line is complete, so the answer is of that
 * instant. It knows no SSH: characters in, characters out, so an exec channel can use it as well.
 */
import type { Clock } from '../../kernel/clock.ts';
import type { Manners } from './manners.ts';

export interface ShellLink {
  /** False: the peer should wait for `drained`. */
  write(text: string): boolean;
  drained(): Promise<void>;
  /** Leave politely. */
  end(): void;
  /** Cut the connection. */
  drop(): void;
}

export interface ShellOptions {
  readonly link: ShellLink;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly hostname: string;
  readonly credentials: ShellCredentials;
  /** Asked at each command: manners may change while a session is open. */
  readonly manners: () => Manners;
  /** Null: the device is gone. */
  readonly answer: (command: string) => string | null;
  readonly logLine: () => string;
}

export interface ShellCredentials {
  readonly username: string;
  readonly password: string;
  readonly enablePassword?: string | undefined;
}

const DEFAULT_LENGTH = 24;
const MORE = ' --More-- ';
const ERASE_MORE = `${'\b'.repeat(MORE.length - 1)}${' '.repeat(MORE.length - 1)}${'\b'.repeat(MORE.length - 1)}`;
/** Type-ahead that a shell keeps; more is dropped, as by IOS. */
const MAX_TYPED_AHEAD = 16_384;
/** An SSH packet costs as much as many lines. */
const BABBLED_AT_ONCE = 20;
const MAX_LOGIN_ATTEMPTS = 3;

class ShellClosed extends Error {
  override readonly name = 'ShellClosed';
}

export class Shell {
  readonly #options: ShellOptions;
  #typed: string[] = [];
  #waiting: (() => void) | null = null;
  #closed = false;
  readonly #whenClosed: Promise<void>;
  #onClosed: () => void = () => undefined;
  #afterReturn = false;
  #length = DEFAULT_LENGTH;
  #privileged: boolean;
  #commands = 0;
  #shows = 0;

  constructor(options: ShellOptions) {
    this.#options = options;
    this.#privileged = options.manners().privileged;
    this.#whenClosed = new Promise((resolve) => {
      this.#onClosed = resolve;
    });
  }

  /** Characters from the peer. */
  feed(text: string): void {
    if (this.#typed.length < MAX_TYPED_AHEAD) for (const char of text) this.#typed.push(char);
    this.#wake();
  }

  /** The peer is gone. */
  close(): void {
    this.#closed = true;
    this.#onClosed();
    this.#wake();
  }

  /** Serve until the peer leaves. */
  async run(): Promise<void> {
    try {
      const manners = this.#options.manners();
      if (manners.motd !== null) this.#write(crlf(manners.motd));
      if (manners.asksAgainInShell && !(await this.#login())) return;
      for (;;) {
        this.#write(`\r\n${this.#prompt()}`);
        const line = await this.#readLine('echo');
        if (!(await this.#execute(line))) return;
      }
    } catch (error) {
      if (!(error instanceof ShellClosed) && !this.#options.signal.aborted) throw error;
    }
  }

  /** One command without prompt, echo and pager: an exec channel. */
  async runOnce(command: string): Promise<void> {
    this.#length = 0;
    try {
      await this.#show(command);
    } catch (error) {
      if (!(error instanceof ShellClosed) && !this.#options.signal.aborted) throw error;
    }
  }

  #hostname(): string {
    const { rename } = this.#options.manners();
    return rename !== null && this.#commands >= rename.afterCommands ? rename.hostname : this.#options.hostname;
  }

  #prompt(): string {
    return `${this.#hostname()}${this.#privileged ? '#' : '>'}`;
  }

  async #login(): Promise<boolean> {
    const { username, password } = this.#options.credentials;
    this.#write('\r\nUser Access Verification\r\n');
    for (let attempt = 0; attempt < MAX_LOGIN_ATTEMPTS; attempt += 1) {
      this.#write('\r\nUsername: ');
      const name = await this.#readLine('echo');
      this.#write('Password: ');
      const secret = await this.#readLine('hide');
      if (name === username && secret === password) return true;
      this.#write('% Authentication failed\r\n');
    }
    this.#options.link.end();
    return false;
  }

  /** False: the session is over. */
  async #execute(line: string): Promise<boolean> {
    const { link, manners } = this.#options;
    const command = line.trim().replace(/\s+/gu, ' ');
    if (command === '') return true;
    this.#commands += 1;
    if (command === 'exit' || command === 'quit' || command === 'logout') {
      link.end();
      return false;
    }
    if (command === 'enable') {
      await this.#enable();
      return true;
    }
    if (command === 'disable') {
      this.#privileged = false;
      return true;
    }
    const { unauthorizedCommands, refusesTerminalLength } = manners();
    const refused =
      unauthorizedCommands.some((prefix) => command.startsWith(prefix)) ||
      (refusesTerminalLength && command.startsWith('terminal length'));
    if (refused) {
      this.#write('Command authorization failed.\r\n');
      return true;
    }
    const length = /^terminal length (\d{1,3})$/u.exec(command)?.[1];
    if (length !== undefined) {
      this.#length = Number(length);
      return true;
    }
    if (!this.#privileged && command.startsWith('show crypto')) {
      const column = this.#prompt().length + line.indexOf('crypto');
      this.#write(`${' '.repeat(column)}^\r\n% Invalid input detected at '^' marker.\r\n\r\n`);
      return true;
    }
    return this.#show(line);
  }

  async #enable(): Promise<void> {
    const { credentials } = this.#options;
    if (this.#privileged) return;
    for (let attempt = 0; attempt < MAX_LOGIN_ATTEMPTS; attempt += 1) {
      this.#write('Password: ');
      const secret = await this.#readLine('hide');
      if (secret === (credentials.enablePassword ?? credentials.password)) {
        this.#privileged = true;
        return;
      }
      if (attempt + 1 < MAX_LOGIN_ATTEMPTS) this.#write('% Access denied\r\n');
    }
    this.#write('% Bad secrets\r\n');
  }

  async #show(command: string): Promise<boolean> {
    const { clock, signal, link, answer } = this.#options;
    const manners = this.#options.manners();
    if (manners.answerDelayMs > 0) await clock.sleep(manners.answerDelayMs, signal);
    const text = answer(command);
    if (text === null) {
      link.drop();
      return false;
    }
    const faulty = manners.fault !== 'none' && command.trim().startsWith('show') && this.#shows >= manners.faultAfter;
    this.#shows += 1;
    if (!faulty) {
      await this.#print(text, manners);
      return true;
    }
    return this.#misbehave(text, manners);
  }

  async #misbehave(text: string, manners: Manners): Promise<boolean> {
    const { link } = this.#options;
    const half = text.slice(0, Math.floor(text.length / 2));
    switch (manners.fault) {
      case 'none':
        return true;
      case 'hang':
        await this.#forever();
        return false;
      case 'hang-mid-answer':
        this.#write(crlf(half));
        await this.#forever();
        return false;
      case 'drop':
        link.drop();
        return false;
      case 'drop-mid-answer':
        this.#write(crlf(half));
        link.drop();
        return false;
      case 'garbage':
        for (let index = 0; index < 64; index += 1) {
          this.#write(String.fromCodePoint(...Array.from({ length: 32 }, (_, i) => (index * 37 + i * 11) % 256)));
        }
        return true;
      case 'babble':
        return this.#babble(crlf(text));
      default:
        return manners.fault satisfies never;
    }
  }

  async #babble(text: string): Promise<never> {
    for (let line = 0; ; line += BABBLED_AT_ONCE) {
      const lines = Array.from({ length: BABBLED_AT_ONCE }, (_, more) => `${text}% babble ${line + more}\r\n`);
      if (!this.#write(lines.join(''))) await this.#drained();
    }
  }

  async #print(text: string, manners: Manners): Promise<void> {
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    const logAt = manners.logInOutput === 'none' ? -1 : Math.floor(lines.length / 2);
    let onPage = 0;
    let parts: string[] = [];
    const flush = async () => {
      const out = parts.join('');
      parts = [];
      await this.#paced(out, manners.dripBytesPerSecond);
    };
    for (const [index, line] of lines.entries()) {
      if (this.#length > 0 && onPage >= this.#length - 1) {
        await flush();
        const key = await this.#more();
        if (key === 'quit') return;
        onPage = key === 'line' ? this.#length - 2 : 0;
      }
      if (index !== logAt) {
        parts.push(line, '\r\n');
      } else if (manners.logInOutput === 'inside-line') {
        const cut = Math.floor(line.length / 2);
        parts.push(line.slice(0, cut), '\r\n', this.#options.logLine(), '\r\n', line.slice(cut), '\r\n');
      } else {
        parts.push(this.#options.logLine(), '\r\n', line, '\r\n');
      }
      onPage += 1;
    }
    await flush();
  }

  /** ` --More-- `, one key, and the erasure of both. */
  async #more(): Promise<'page' | 'line' | 'quit'> {
    this.#write(MORE);
    const key = await this.#nextChar();
    this.#write(ERASE_MORE);
    if (key === ' ') return 'page';
    return key === '\r' || key === '\n' ? 'line' : 'quit';
  }

  async #paced(text: string, bytesPerSecond: number | null): Promise<void> {
    if (bytesPerSecond === null) {
      this.#write(text);
      return;
    }
    const piece = Math.max(1, Math.round(bytesPerSecond / 20));
    for (let index = 0; index < text.length; index += piece) {
      this.#write(text.slice(index, index + piece));
      await this.#options.clock.sleep((1000 * piece) / bytesPerSecond, this.#options.signal);
    }
  }

  #write(text: string): boolean {
    if (this.#closed) throw new ShellClosed();
    return this.#options.link.write(text);
  }

  async #drained(): Promise<void> {
    await Promise.race([this.#options.link.drained(), this.#whenClosed]);
    await this.#options.clock.yieldToIo();
    if (this.#closed) throw new ShellClosed();
  }

  async #forever(): Promise<never> {
    await this.#whenClosed;
    throw new ShellClosed();
  }

  #input(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.();
  }

  async #nextChar(): Promise<string> {
    for (;;) {
      if (this.#closed) throw new ShellClosed();
      const char = this.#typed.shift();
      if (char !== undefined) {
        const second = this.#afterReturn && char === '\n';
        this.#afterReturn = char === '\r';
        if (!second) return char;
      } else {
        await this.#input();
      }
    }
  }

  async #readLine(mode: 'echo' | 'hide'): Promise<string> {
    let line = '';
    let echoed = '';
    const style = mode === 'hide' ? 'none' : this.#options.manners().echo;
    const echo = (text: string) => {
      if (style === 'char') this.#write(text);
      else if (style === 'line') echoed += text;
    };
    for (;;) {
      if (this.#typed.length === 0 && echoed !== '') {
        this.#write(echoed);
        echoed = '';
      }
      const char = await this.#nextChar();
      if (char === '\r' || char === '\n') {
        this.#write(`${echoed}\r\n`);
        return line;
      }
      if (char === '\b' || char === '\u007f') {
        if (line !== '') echo('\b \b');
        line = line.slice(0, -1);
      } else if (char === '\u0015') {
        echo('\b \b'.repeat(line.length));
        line = '';
      } else if (char >= ' ') {
        line += char;
        echo(char);
      }
    }
  }
}

function crlf(text: string): string {
  return text.replace(/\r?\n/gu, '\r\n');
}
