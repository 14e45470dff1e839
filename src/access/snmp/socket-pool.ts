/**
 * The sockets of the fleet, each connected to one device and kept for its next poll while there is room, so that the
 * number of file descriptors is bounded by the reads under way and not by the devices (1,024 is a common limit).
 */
import { lookup } from 'node:dns/promises';
import { DeviceSocket, type SocketWays } from './device-socket.ts';

export class SocketPool {
  readonly #maxIdle: number;
  readonly #nobodys: () => void;
  /** By device; the least recently used first. */
  readonly #idle = new Map<string, DeviceSocket>();
  readonly #lent = new Set<DeviceSocket>();

  constructor(maxIdle: number, nobodys: () => void) {
    this.#maxIdle = maxIdle;
    this.#nobodys = nobodys;
  }

  /** Null: none is open to this device; `connect` makes one. */
  idle(device: string, host: string, port: number): DeviceSocket | null {
    const socket = this.#idle.get(device);
    if (socket === undefined) return null;
    this.#idle.delete(device);
    if (!socket.usable || socket.host !== host || socket.port !== port) {
      socket.close();
      return null;
    }
    this.#lent.add(socket);
    return socket;
  }

  /**
   * Rejects with the operating system's error. A name is looked up each time, because the socket remembers the address.
   */
  async connect(host: string, port: number, ways: SocketWays): Promise<DeviceSocket> {
    const { address, family } = await lookup(host);
    const socket = await DeviceSocket.open({ host, port, address, family, ...ways }, this.#nobodys);
    this.#lent.add(socket);
    return socket;
  }

  /** Keeps it for the device's next read. */
  keep(device: string, socket: DeviceSocket): void {
    this.#lent.delete(socket);
    socket.use(null);
    if (!socket.usable) return;
    this.#idle.get(device)?.close();
    this.#idle.set(device, socket);
    for (const [oldest, unused] of this.#idle) {
      if (this.#idle.size <= this.#maxIdle) break;
      this.#idle.delete(oldest);
      unused.close();
    }
  }

  close(socket: DeviceSocket): void {
    this.#lent.delete(socket);
    socket.close();
  }

  forget(device: string): void {
    this.#idle.get(device)?.close();
    this.#idle.delete(device);
  }

  closeAll(): void {
    for (const socket of [...this.#idle.values(), ...this.#lent]) socket.close();
    this.#idle.clear();
    this.#lent.clear();
  }
}
