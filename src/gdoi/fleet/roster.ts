/** Which addresses the GMs of a group have, and which KSs they name, against what the KSs list. */
import type { FleetGm } from './fleet-state.ts';
import type { ListedMembers } from './listed-members.ts';

export interface Roster {
  /** Address, its own or the one at which it is polled -> device. */
  readonly polled: ReadonlyMap<string, string>;
  /** Addresses of KSs that GMs name, as the ones they have or are registered with. */
  readonly serversNamed: ReadonlySet<string>;
  /** GMs that a KS lists and that are not polled. */
  readonly notPolled: number;
  /** GMs of `notPolled` whose KS has every acknowledgement. */
  readonly acknowledging: number;
}

export function rosterOf(gms: readonly FleetGm[], { listed, acknowledging }: ListedMembers): Roster {
  const polled = new Map<string, string>();
  const serversNamed = new Set<string>();
  let polledAndListed = 0;
  let polledAndAcknowledging = 0;
  for (const { device, address, host, keyServer, keyServers } of gms) {
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
    serversNamed,
    notPolled: listed.size - polledAndListed,
    acknowledging: acknowledging - polledAndAcknowledging,
  };
}

/** Replacing the one record by the other changes nothing in the roster. */
export function isSameInRoster(before: FleetGm, now: FleetGm): boolean {
  return (
    before.address === now.address &&
    before.identity === now.identity &&
    before.host === now.host &&
    before.keyServer === now.keyServer &&
    before.keyServers.length === now.keyServers.length &&
    before.keyServers.every((server, index) => server === now.keyServers[index])
  );
}
