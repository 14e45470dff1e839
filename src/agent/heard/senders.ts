/**
 * Which configured device sent a message: by the address it came from, otherwise by the name in its header.
 *
 * An address of exactly one device decides, unless that address is itself listed as a relay (not just inside a listed
 * prefix, where routers may share a hostname). Several devices behind one address are told apart by the name in the
 * message's header (`logging origin-id hostname`): the device's configured name, the hostname that it showed, or one of
 * its addresses, which is all that a relay knows of a router that does not name itself. From an unknown address the
 * name counts only if the address is a configured relay, because anybody can write a name into a message. All of this
 * can be forged, so the result is only a hint.
 */
import { BlockList, isIP } from 'node:net';
import { plainAddress } from '../../kernel/plain-address.ts';

/** Devices that may share one address. */
const MAX_SHARING = 64;

export interface SenderAddresses {
  /** Address or name by which the device is polled. */
  readonly host: string;
  /** Other addresses it sends from. */
  readonly others: readonly string[];
}

export class Senders {
  #relays = new BlockList();
  /** Those of them that are listed without a prefix. */
  #relaysByAddress = new Set<string>();
  readonly #addressesOf = new Map<string, Set<string>>();
  readonly #byAddress = new Map<string, Set<string>>();
  /** Configured names and hostnames, in lower case. */
  readonly #byName = new Map<string, string>();
  /** The hostname that a device showed last, in lower case, unless another device has it. */
  readonly #hostnameOf = new Map<string, string>();
  readonly #hostOf = new Map<string, string>();
  /** Addresses of host names, as they were looked up. */
  readonly #lookedUp = new Map<string, ReadonlySet<string>>();
  /** Host names without an address yet, or whose address may change. */
  readonly #hostNames = new Map<string, string>();

  /** What was looked up of the same host, and the hostname that it showed, stay. */
  set(device: string, { host, others }: SenderAddresses): void {
    const isSameHost = this.#hostOf.get(device) === host;
    const lookedUp = (isSameHost && this.#lookedUp.get(device)) || [];
    const hostname = isSameHost ? this.#hostnameOf.get(device) : undefined;
    this.remove(device);
    this.#hostOf.set(device, host);
    this.#byName.set(device.toLowerCase(), device);
    this.#addressesOf.set(device, new Set());
    for (const address of [host, ...others]) this.#add(device, address);
    if (isIP(host) === 0) this.#hostNames.set(device, host);
    this.resolved(device, [...lookedUp]);
    if (hostname !== undefined) this.learnHostname(device, hostname);
  }

  remove(device: string): void {
    for (const address of this.#addressesOf.get(device) ?? []) {
      const sharing = this.#byAddress.get(address);
      sharing?.delete(device);
      if (sharing?.size === 0) this.#byAddress.delete(address);
    }
    this.#addressesOf.delete(device);
    this.#hostNames.delete(device);
    this.#hostOf.delete(device);
    this.#lookedUp.delete(device);
    this.#forgetHostname(device);
    this.#forgetName(device.toLowerCase(), device);
  }

  /**
   * The device's own hostname as its prompt, `show version` or sysName shows it now; it replaces the previous one. A
   * configured name is never taken over.
   */
  learnHostname(device: string, hostname: string): void {
    const name = hostname.toLowerCase();
    if (!this.#addressesOf.has(device)) return;
    this.#forgetHostname(device);
    if (this.#byName.has(name)) return;
    this.#byName.set(name, device);
    this.#hostnameOf.set(device, name);
  }

  #forgetHostname(device: string): void {
    const name = this.#hostnameOf.get(device);
    if (name === undefined) return;
    this.#hostnameOf.delete(device);
    this.#forgetName(name, device);
  }

  #forgetName(name: string, device: string): void {
    if (this.#byName.get(name) === device) this.#byName.delete(name);
  }

  /** Addresses and prefixes (`192.0.2.0/24`) that forward the messages of others. */
  setRelays(relays: readonly string[]): void {
    this.#relays = new BlockList();
    this.#relaysByAddress = new Set(relays.filter((relay) => isIP(relay) !== 0).map(canonicalAddress));
    for (const relay of relays) {
      const [address = '', length] = relay.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      this.#relays.addSubnet(address, Number(length ?? (family === 'ipv6' ? 128 : 32)), family);
    }
  }

  /** Device -> host name, for devices whose address has to be looked up. */
  hostNames(): ReadonlyMap<string, string> {
    return this.#hostNames;
  }

  /** The result of a look-up. Addresses are added to earlier ones, since DNS may rotate its answers. */
  resolved(device: string, addresses: readonly string[]): void {
    if (!this.#hostNames.has(device)) return;
    for (const address of addresses) this.#add(device, address);
    this.#lookedUp.set(device, new Set([...(this.#lookedUp.get(device) ?? []), ...addresses]));
  }

  deviceOf(address: string, claimedHost: string | null): string | null {
    const sharing = this.#byAddress.get(canonicalAddress(address));
    const claimed = claimedHost === null ? undefined : this.#byClaim(claimedHost);
    if (claimed !== undefined && this.#relaysByAddress.has(canonicalAddress(address))) return claimed;
    if (sharing === undefined) return claimed !== undefined && this.#isRelay(address) ? claimed : null;
    if (sharing.size > 1) return claimed !== undefined && sharing.has(claimed) ? claimed : null;
    return [...sharing][0] ?? null;
  }

  #isRelay(address: string): boolean {
    const canonical = canonicalAddress(address);
    return this.#relays.check(canonical, isIP(canonical) === 6 ? 'ipv6' : 'ipv4');
  }

  /** `gm1.example.net` is `gm1` if nothing has the longer name; an address is the device that has it. */
  #byClaim(claimedHost: string): string | undefined {
    const name = claimedHost.toLowerCase();
    const named = this.#byName.get(name);
    if (named !== undefined) return named;
    if (isIP(name) === 0) return this.#byName.get(name.split('.', 1)[0] ?? name);
    const [device, ...others] = this.#byAddress.get(canonicalAddress(name)) ?? [];
    return others.length === 0 ? device : undefined;
  }

  #add(device: string, text: string): void {
    if (isIP(text) === 0) return;
    const address = canonicalAddress(text);
    const sharing = this.#byAddress.get(address) ?? new Set();
    if (sharing.size >= MAX_SHARING) return;
    sharing.add(device);
    this.#byAddress.set(address, sharing);
    this.#addressesOf.get(device)?.add(address);
  }
}

/** One spelling per address: `::FFFF:192.0.2.1` is `192.0.2.1`, `2001:DB8::0:1` is `2001:db8::1`. */
function canonicalAddress(address: string): string {
  const bare = plainAddress(address.replace(/%.*/, ''));
  return isIP(bare) === 6 ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : bare;
}
