/**
 * The stream to a PostgreSQL server as the library reads and writes it: over TCP or a local socket, inside TLS if that
 * is configured. Only whole messages of the right shape are passed on from the server, inside TLS too. A server that
 * sends anything else loses the connection, and nothing more happens. The library throws at unexpected contents of such
 * messages, where nobody could catch it: that ends the connection too.
 */
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { ServerFrames } from './server-frames.ts';

/** Length, and the code that asks for TLS (protocol-message-formats: SSLRequest). */
const TLS_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const TLS_ACCEPTED = 'S';

export class ServerStream extends Duplex {
  readonly #tls: ConnectionOptions | null;
  readonly #frames = new ServerFrames();
  #socket: Socket | null = null;
  /** The socket, or TLS over it, once messages pass. */
  #way: Socket | null = null;

  /** `tls` null: not encrypted. */
  constructor(tls: ConnectionOptions | null) {
    super({ allowHalfOpen: false });
    this.#tls = tls;
  }

  /** A port of the host, or the path of a socket. */
  connect(port: number | string, host?: string): this {
    const socket = typeof port === 'string' ? connect(port) : connect(port, host);
    socket.setNoDelay(true);
    this.#socket = socket;
    this.#follow(socket);
    socket.once('connect', () => {
      if (this.#tls === null) this.#open(socket);
      else this.#secure(socket, this.#tls);
    });
    return this;
  }

  #follow(socket: Socket): void {
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** Only the one letter may come before TLS: anything more would be taken for data sent inside it. */
  #secure(socket: Socket, options: ConnectionOptions): void {
    socket.once('data', (answer) => {
      socket.pause();
      if (answer.toString('latin1') !== TLS_ACCEPTED) {
        const refused = answer.toString('latin1') === 'N';
        this.destroy(new Error(refused ? 'the server takes no TLS' : 'the server does not talk like PostgreSQL'));
        return;
      }
      const secured = connectTls({ ...options, socket });
      this.#follow(secured);
      secured.once('secureConnect', () => this.#open(secured));
    });
    socket.write(TLS_REQUEST);
  }

  #open(way: Socket): void {
    this.#way = way;
    way.on('data', (bytes) => this.#take(bytes));
    way.on('end', () => this.push(null));
    this.emit('connect');
  }

  #take(bytes: Buffer): void {
    if (this.destroyed) return;
    const fed = this.#frames.feed(bytes);
    if (fed.kind === 'refused') this.destroy(new Error(fed.why));
    else if (fed.messages !== null && !this.push(fed.messages)) this.#way?.pause();
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event !== 'data') return super.emit(event, ...values);
    try {
      return super.emit(event, ...values);
    } catch (error) {
      this.destroy(new Error('the server does not talk like PostgreSQL', { cause: error }));
      return true;
    }
  }

  override _read(): void {
    this.#way?.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#way === null) done(new Error('written before the server was reached'));
    else this.#way.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#way === null) this.#socket?.destroy();
    else this.#way.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#way?.destroy();
    this.#socket?.destroy();
    done(error);
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(enable: boolean, afterMs?: number): this {
    this.#socket?.setKeepAlive(enable, afterMs);
    return this;
  }

  ref(): this {
    this.#socket?.ref();
    return this;
  }

  unref(): this {
    this.#socket?.unref();
    return this;
  }
}
