/**
 * `logging host`: the log messages of simulated devices as IOS sends them. RFC 3164 with a priority of local7, IOS's
 * message counter in place of the header's time and host, and the device's own time stamp.
 */
import { type Socket as UdpSocket, createSocket } from 'node:dgram';
import { type Socket as TcpSocket, connect } from 'node:net';
import type { SimulatedFleet, SimulatedLog } from '../fleet/fleet.ts';

export interface SyslogTarget {
  readonly host: string;
  readonly port: number;
  readonly protocol: 'udp' | 'tcp';
  /** `logging origin-id hostname`: the hostname precedes the message. Default: no such line in the configuration. */
  readonly originId?: 'hostname';
}

/** local7, which IOS uses by default. */
const LOCAL7 = 23;
/** Octets that wait for a receiver that does not read, per device; further ones are lost. */
const MAX_WAITING_OCTETS = 65_536;

/** `<188>48: GM1: 000063: *Mar  1 01:12:10.919: %GDOI-4-GM_RE_REGISTER: ...`. */
function syslogLine(log: SimulatedLog, originId?: 'hostname'): string {
  const origin = originId === 'hostname' ? `${log.hostname}: ` : '';
  return `<${LOCAL7 * 8 + log.severity}>${log.sequence}: ${origin}${log.line}`;
}

export interface PushCounters {
  sent: number;
  dropped: number;
}

export class SyslogSender implements AsyncDisposable {
  readonly counters: PushCounters = { sent: 0, dropped: 0 };
  readonly #target: SyslogTarget;
  readonly #addressOf: (device: string) => string;
  readonly #udp = new Map<string, UdpSocket>();
  readonly #tcp = new Map<string, TcpSocket>();
  readonly #end: () => void;

  constructor(fleet: SimulatedFleet, target: SyslogTarget, addressOf: (device: string) => string) {
    this.#target = target;
    this.#addressOf = addressOf;
    this.#end = fleet.onLog((log) => this.#send(log));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    for (const socket of this.#tcp.values()) socket.destroySoon();
    await Promise.all(
      [...this.#udp.values()].map(
        (socket) =>
          new Promise<void>((resolve) => {
            socket.close(() => resolve());
          }),
      ),
    );
  }

  #send(log: SimulatedLog): void {
    const line = syslogLine(log, this.#target.originId);
    if (this.#target.protocol === 'tcp') this.#sendTcp(log.device, `${line}\n`);
    else this.#sendUdp(log.device, line);
  }

  #sendUdp(device: string, line: string): void {
    const { host, port } = this.#target;
    const address = this.#addressOf(device);
    let socket = this.#udp.get(address);
    if (socket === undefined) {
      socket = createSocket('udp4');
      socket.on('error', () => undefined);
      // Messages sent meanwhile wait for it.
      socket.bind(0, address);
      socket.unref();
      this.#udp.set(address, socket);
    }
    socket.send(Buffer.from(line, 'latin1'), port, host, (error) => {
      if (error === null) this.counters.sent += 1;
      else this.counters.dropped += 1;
    });
  }

  /** One connection for each device; a broken one is opened again with the next message. */
  #sendTcp(device: string, line: string): void {
    const { host, port } = this.#target;
    let socket = this.#tcp.get(device);
    if (socket === undefined) {
      const opened = connect({ host, port, localAddress: this.#addressOf(device) });
      opened.on('error', () => undefined);
      opened.on('close', () => this.#tcp.delete(device));
      opened.unref();
      this.#tcp.set(device, opened);
      socket = opened;
    }
    if (socket.writableLength > MAX_WAITING_OCTETS) {
      this.counters.dropped += 1;
      return;
    }
    socket.write(line, 'latin1', (error) => {
      if (error === undefined || error === null) this.counters.sent += 1;
      else this.counters.dropped += 1;
    });
  }
}
