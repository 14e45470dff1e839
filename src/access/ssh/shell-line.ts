/**
 * The line to one shell: input goes to the present listener, one at a time; without a listener it is counted and
 * dropped, within a limit. Ends in one of the ways of `LineEnd`, and then stays ended.
 */
import type { Clock } from '../../kernel/clock.ts';
import { EXIT } from '../show-command.ts';
import type { LineEnd } from './conversation.ts';
import type { Shell } from './shell-transport.ts';

/** Unsolicited bytes between two commands beyond which the device is considered broken. */
const MAX_IDLE_BYTES = 1024 * 1024;

/** How long a closing connection may linger before it is cut. */
const LINGER_MS = 500;

/** A listener's verdict on what it has heard so far; `undefined`: go on. */
export interface LineListener<T> {
  /** Takes a chunk; true: `settled` may have a value once the line has been quiet for a turn. */
  feed(chunk: string): boolean;
  settled(): T | undefined;
}

export class LineEnded extends Error {
  override readonly name = 'LineEnded';
  readonly end: LineEnd;

  constructor(end: LineEnd) {
    super(end.reason);
    this.end = end;
  }
}

interface Attention {
  feed(chunk: string): void;
  fail(end: LineEnd): void;
}

export class ShellLine {
  readonly #clock: Clock;
  readonly #closed: Promise<void>;
  #hasClosed: () => void = () => undefined;
  #shell: Shell | null = null;
  #attention: Attention | null = null;
  #end: LineEnd | null = null;
  #idleBytes = 0;
  #unheard = '';
  #everListened = false;
  /** Called once when either side has ended the line. */
  onEnd: (end: LineEnd) => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#closed = new Promise((resolve) => {
      this.#hasClosed = resolve;
    });
  }

  attach(shell: Shell): void {
    this.#shell = shell;
    if (this.#end !== null) shell.destroy();
  }

  get ended(): LineEnd | null {
    return this.#end;
  }

  /** Resolves when the peer has closed, or the line was cut. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  write(text: string): void {
    this.#shell?.write(text);
  }

  /** Called by the transport. */
  readonly onData = (chunk: string): void => {
    if (this.#end !== null) return;
    if (this.#attention !== null) {
      this.#attention.feed(chunk);
      return;
    }
    this.#idleBytes += chunk.length;
    // Until the login dialogue listens (and only then) input is kept: the banner may end with the prompt.
    if (!this.#everListened && this.#unheard.length < MAX_IDLE_BYTES) this.#unheard += chunk;
    if (this.#idleBytes > MAX_IDLE_BYTES)
      this.cut({ kind: 'too_large', reason: 'the device sends without end while nothing was asked' });
  };

  /** Called by the transport. */
  readonly onClose = (reason: string, flooded = false): void => {
    this.#finish({ kind: flooded ? 'too_large' : 'closed', reason });
    this.#hasClosed();
  };

  /**
   * Listens until `settled` gives a value with the line quiet for a turn. Rejects with `LineEnded` when the line ends.
   */
  listen<T>(listener: LineListener<T>): Promise<T> {
    return this.listenOr(listener, null);
  }

  /** The same, but `instead` may resolve first and ends the listening. */
  listenOr<T>(listener: LineListener<T>, instead: Promise<T> | null): Promise<T> {
    if (this.#end !== null) return Promise.reject(new LineEnded(this.#end));
    if (this.#attention !== null) throw new Error('two conversations on one shell');
    this.#idleBytes = 0;
    this.#everListened = true;
    return new Promise<T>((resolve, reject) => {
      let checking = false;
      let fedSinceCheck = false;
      const settle = (): void => {
        checking = false;
        if (this.#attention !== attention) return;
        if (fedSinceCheck) {
          // More came in the same turn: what looked like the end may be inside.
          check();
          return;
        }
        const value = listener.settled();
        if (value === undefined) return;
        this.#attention = null;
        resolve(value);
      };
      const check = (): void => {
        fedSinceCheck = false;
        checking = true;
        this.#clock.yieldToIo().then(settle, reject);
      };
      const attention: Attention = {
        feed: (chunk) => {
          fedSinceCheck = true;
          if (listener.feed(chunk) && !checking) check();
        },
        fail: (end) => {
          this.#attention = null;
          reject(new LineEnded(end));
        },
      };
      this.#attention = attention;
      const giveUpListening = async (waited: Promise<T>): Promise<void> => {
        const value = await waited;
        if (this.#attention !== attention) return;
        this.#attention = null;
        resolve(value);
      };
      if (instead !== null) giveUpListening(instead).catch(reject);
      if (this.#unheard !== '') {
        const early = this.#unheard;
        this.#unheard = '';
        attention.feed(early);
      }
    });
  }

  /** Ends the line now, for the reason `end`; the connection is closed. */
  cut(end: LineEnd): void {
    const shell = this.#shell;
    const first = this.#end === null;
    this.#finish(end);
    if (shell === null || !first) return;
    shell.end();
    shell.destroy();
    this.#hasClosed();
  }

  /** Says `exit`, waits `politeMs` for the device to hang up, then closes. */
  async hangUp(politeMs: number): Promise<void> {
    const shell = this.#shell;
    if (this.#end !== null || shell === null) {
      this.cut({ kind: 'closed', reason: 'closed by the agent' });
      return;
    }
    if (this.#attention === null) {
      shell.write(`${EXIT}\n`);
      await this.#orAfter(politeMs);
    }
    this.#finish({ kind: 'closed', reason: 'closed by the agent' });
    shell.end();
    await this.#orAfter(LINGER_MS);
    shell.destroy();
    this.#hasClosed();
  }

  async #orAfter(ms: number): Promise<void> {
    const done = new AbortController();
    const late = this.#clock.sleep(ms, done.signal).catch(() => undefined);
    await Promise.race([this.closed, late]);
    done.abort();
  }

  #finish(end: LineEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#attention?.fail(end);
    this.onEnd(end);
  }
}
