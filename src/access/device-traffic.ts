/**
 * What devices were asked since the agent started, counted where it is sent: login attempts, commands and requests,
 * bytes. One count over all transports, so that what the agent costs a device is one figure.
 */
export interface Traffic {
  /** SSH login attempts, refused ones included. */
  readonly logins: number;
  /** CLI lines, including the two that turn paging off, and requests over SNMP and RESTCONF. */
  readonly commands: number;
  /** On the network, including what SSH adds; behind a jump host without what its own connection adds. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

const NO_TRAFFIC: Traffic = { logins: 0, commands: 0, receivedBytes: 0, sentBytes: 0 };

/** The counts of one device, changed in place because every packet is counted. */
interface Counts {
  logins: number;
  commands: number;
  receivedBytes: number;
  sentBytes: number;
}

export class DeviceTraffic {
  readonly #counts = new Map<string, Counts>();

  /** A copy of the counts as of now. */
  of(device: string): Traffic {
    const counts = this.#counts.get(device);
    return counts === undefined ? NO_TRAFFIC : { ...counts };
  }

  login(device: string): void {
    this.#countsOf(device).logins += 1;
  }

  command(device: string): void {
    this.#countsOf(device).commands += 1;
  }

  bytes(device: string, received: number, sent: number): void {
    const counts = this.#countsOf(device);
    counts.receivedBytes += received;
    counts.sentBytes += sent;
  }

  /** Adds what was asked and went over the network since the last call. */
  count(device: string, more: Omit<Traffic, 'logins'>): void {
    const counts = this.#countsOf(device);
    counts.commands += more.commands;
    counts.receivedBytes += more.receivedBytes;
    counts.sentBytes += more.sentBytes;
  }

  forget(device: string): void {
    this.#counts.delete(device);
  }

  #countsOf(device: string): Counts {
    let counts = this.#counts.get(device);
    if (counts === undefined) {
      counts = { ...NO_TRAFFIC };
      this.#counts.set(device, counts);
    }
    return counts;
  }
}
