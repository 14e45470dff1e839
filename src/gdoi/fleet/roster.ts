/** Which addresses the GMs of a group have, and which KSs they name, against what the KSs list. */
import type { FleetGm } from './fleet-state.ts';
import type { ListedMembers } from './listed-members.ts';

export interface Roster {
  /** Address, its own or the one at which it is polled -> device. */
  readonly polled: ReadonlyMap<string, string>;
  /** Addresses of `polled` at which a GM is asked that has shown nothing. */
  readonly unread: ReadonlySet<string>;
  /** Addresses of KSs that GMs name, as the ones they have or are registered with. */
  readonly serversNamed: ReadonlySet<string>;
  /** GMs that a KS lists under an address that no polled device is known to have. */
  readonly notPolled: number;
  /** GMs of `notPolled` whose KS has every acknowledgement. */
  readonly acknowledging: number;
}

export function rosterOf(gms: readonly FleetGm[], { listed, acknowledging }: ListedMembers): Roster {
  const polled = new Map<string, string>();
  const unread = new Set<string>();
  const serversNamed = new Set<string>();
  let polledAndListed = 0;
  let polledAndAcknowledging = 0;
  for (const { device, address, host, keyServer, keyServers, unread: isUnread = false } of gms) {
    if (isUnread && address !== null) unread.add(address);
    if (keyServer !== null) serversNamed.add(keyServer);
    for (const server of keyServers) serversNamed.add(server);
    for (const own of [address, host]) {
      if (own == null) continue;
      const acksMissed = polled.has(own) ? undefined : listed.get(own);
      if (acksMissed !== undefined) polledAndListed += 1;
      if (acksMissed === 0) polledAndAcknowledging += 1;
      polled.set(own, device);
    }
  }
  return {
    polled,
    unread,
    serversNamed,
    notPolled: listed.size - polledAndListed,
    acknowledging: acknowledging - polledAndAcknowledging,
  };
}

/** Replacing the one record by the other changes nothing in the roster. */
export function isSameInRoster(before: FleetGm, now: FleetGm): boolean {
  return (
    before.address === now.address &&
    before.unread === now.unread &&
    before.identity === now.identity &&
    before.host === now.host &&
    before.keyServer === now.keyServer &&
    before.keyServers.length === now.keyServers.length &&
    before.keyServers.every((server, index) => server === now.keyServers[index])
  );
}
