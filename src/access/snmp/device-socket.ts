/**
 * One UDP socket, connected to one device: the kernel lets nothing in from any other address and port, and reports if
 * the device's host says that nobody listens there (ICMP), which an unconnected socket never learns. The socket for a
 * device that answers from another address (`anySource`) is not connected, and has neither.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface SocketUser {
  datagram(datagram: Buffer): void;
  /** The operating system's error for something sent earlier, such as ECONNREFUSED. */
  failed(error: Error): void;
}

/** How packets leave, and from whom they are accepted. */
export interface SocketWays {
  readonly sourceAddress: string | null;
  readonly anySource: boolean;
}

export class DeviceSocket {
  readonly host: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #nobodys: () => void;
  /** Null: the socket is connected. */
  readonly #to: { readonly port: number; readonly address: string } | null;
  #user: SocketUser | null = null;
  #failed = false;

  private constructor(
    socket: Socket,
    {
      host,
      port,
      address,
      anySource,
    }: SocketWays & { readonly host: string; readonly port: number; readonly address: string },
    nobodys: () => void,
  ) {
    this.#socket = socket;
    this.host = host;
    this.port = port;
    this.#to = anySource ? { port, address } : null;
    this.#nobodys = nobodys;
    socket.on('message', (datagram) => this.#received(datagram));
    socket.on('error', (error) => this.#reportFailure(error));
  }

  /** `address` is literal; `nobodys` is called for each datagram that comes while nobody uses the socket. */
  static async open(
    where: SocketWays & {
      readonly host: string;
      readonly port: number;
      readonly address: string;
      readonly family: number;
    },
    nobodys: () => void,
  ): Promise<DeviceSocket> {
    const socket = createSocket(where.family === 6 ? 'udp6' : 'udp4');
    try {
      // A pending read keeps the process alive, not the socket.
      socket.unref();
      if (where.sourceAddress !== null || where.anySource) {
        socket.bind(0, where.sourceAddress ?? undefined);
        await once(socket, 'listening');
      }
      if (!where.anySource) {
        socket.connect(where.port, where.address);
        await once(socket, 'connect');
      }
      return new DeviceSocket(socket, where, nobodys);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  get usable(): boolean {
    return !this.#failed;
  }

  use(user: SocketUser | null): void {
    this.#user = user;
  }

  send(datagram: Buffer): void {
    if (this.#failed) return;
    const sent = (error: Error | null) => {
      if (error !== null) this.#reportFailure(error);
    };
    if (this.#to === null) this.#socket.send(datagram, sent);
    else this.#socket.send(datagram, this.#to.port, this.#to.address, sent);
  }

  close(): void {
    this.#user = null;
    if (this.#failed) return;
    this.#failed = true;
    this.#socket.close();
  }

  #received(datagram: Buffer): void {
    if (this.#user === null) this.#nobodys();
    else this.#user.datagram(datagram);
  }

  #reportFailure(error: Error): void {
    const user = this.#user;
    this.close();
    user?.failed(error);
  }
}
