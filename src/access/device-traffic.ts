/**
 * What devices were asked since the agent started, counted where it is sent: log-ins tried, commands and requests, bytes.
 * One count for all ways to a device, so that what the agent costs it is one figure.
 */
export interface Traffic {
  /** Logins tried over SSH, refused ones included. */
  readonly logins: number;
  /** Lines of the CLI, the two that turn paging off included, and requests of SNMP and RESTCONF. */
  readonly commands: number;
  /** On the network, with what SSH adds; behind a jump host without what its own connection adds. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

const NO_TRAFFIC: Traffic = { logins: 0, commands: 0, receivedBytes: 0, sentBytes: 0 };

export class DeviceTraffic {
  readonly #counts = new Map<string, Traffic>();

  of(device: string): Traffic {
    return this.#counts.get(device) ?? NO_TRAFFIC;
  }

  login(device: string): void {
    const counts = this.of(device);
    this.#counts.set(device, { ...counts, logins: counts.logins + 1 });
  }

  command(device: string): void {
    const counts = this.of(device);
    this.#counts.set(device, { ...counts, commands: counts.commands + 1 });
  }

  bytes(device: string, received: number, sent: number): void {
    const counts = this.of(device);
    this.#counts.set(device, {
      ...counts,
      receivedBytes: counts.receivedBytes + received,
      sentBytes: counts.sentBytes + sent,
    });
  }

  forget(device: string): void {
    this.#counts.delete(device);
  }
}
