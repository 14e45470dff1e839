/**
 * COOP roles of one group's key servers: which is primary, given which KSs hear each other.
 *
 * A KS that hears no primary elects the one with the highest priority (then address) among those it hears. Of two
 * primaries that hear each other the lower one steps down and takes the other's keys. Nobody preempts.
 */
import { COOP_WATCHDOG_MS, type KeyServer } from './key-server.ts';
import type { World } from './world.ts';

/** From a restored path or a boot to the exchange of announcements. */
const COOP_GREETING_MS = 5_000;

/** Settles the roles now. `quiet`: at the beginning of the world, without log lines. */
export function settleRoles(keyServers: readonly KeyServer[], options: { readonly quiet: boolean }): void {
  const alive = keyServers.filter((keyServer) => keyServer.device.up);
  for (const upper of alive) {
    for (const lower of alive) {
      if (upper.role !== 'primary' || lower.role !== 'primary' || upper === lower) continue;
      if (!upper.hears(lower) || !outranks(upper, lower)) continue;
      upper.absorb(lower);
      lower.becomeSecondary();
      upper.admit(lower);
    }
  }
  for (const keyServer of alive.toSorted((a, b) => (outranks(a, b) ? -1 : 1))) {
    if (keyServer.role === 'primary') continue;
    const primary = alive.find((other) => other.role === 'primary' && keyServer.hears(other));
    if (primary !== undefined) {
      if (keyServer.role === 'none') keyServer.becomeSecondary();
      primary.admit(keyServer);
      continue;
    }
    const better = alive.some(
      (other) =>
        other !== keyServer && keyServer.hears(other) && outranks(other, keyServer) && other.role !== 'primary',
    );
    if (better) continue;
    if (!options.quiet && keyServer.redundancy) logElection(keyServer);
    keyServer.becomePrimary();
  }
  for (const keyServer of alive) {
    if (keyServer.role === 'none') keyServer.becomeSecondary();
  }
}

/** Something changed (death, cut): peers notice when their watchdog ends. */
export function peersLost(world: World, keyServers: readonly KeyServer[]): void {
  world.after(COOP_WATCHDOG_MS, () => {
    for (const keyServer of keyServers) {
      if (!keyServer.device.up) continue;
      for (const peer of keyServer.peers) {
        if (keyServer.hears(peer)) continue;
        world.log(
          keyServer.device,
          'GDOI-3-COOP_KS_UNREACH',
          `Cooperative KS ${peer.address} Unreachable in group ${keyServer.config.name}.`,
        );
        const lost = { ...keyServer.place(), peer: peer.address };
        world.notify(keyServer.device, { kind: 'ks_peer_unreachable', ...lost });
      }
    }
    settleRoles(keyServers, { quiet: false });
  });
}

/** A KS came (back) or a path was restored. */
export function peersFound(world: World, keyServers: readonly KeyServer[], back: readonly KeyServer[]): void {
  world.after(COOP_GREETING_MS, () => {
    for (const keyServer of back) {
      if (!keyServer.device.up) continue;
      for (const peer of keyServer.peers) {
        if (!keyServer.hears(peer)) continue;
        world.log(
          peer.device,
          'GDOI-5-COOP_KS_REACH',
          `Reachability restored with Cooperative KS ${keyServer.address} in group ${keyServer.config.name}.`,
        );
        const found = { ...peer.place(), peer: keyServer.address };
        world.notify(peer.device, { kind: 'ks_peer_reachable', ...found });
      }
    }
    settleRoles(keyServers, { quiet: false });
  });
}

function outranks(a: KeyServer, b: KeyServer): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.address > b.address);
}

function logElection(keyServer: KeyServer): void {
  const group = keyServer.config.name;
  const previous = keyServer.peers.find((peer) => peer.role === 'primary' || !peer.device.up);
  const previousAddress = previous?.address ?? 'NONE';
  keyServer.world.log(
    keyServer.device,
    'GDOI-5-COOP_KS_ELECTION',
    `KS entering election mode in group ${group} (Previous Primary = ${previousAddress})`,
  );
  keyServer.world.log(
    keyServer.device,
    'GDOI-5-COOP_KS_TRANS_TO_PRI',
    `KS ${keyServer.address} in group ${group} transitioned to Primary (Previous Primary = ${previousAddress})`,
  );
}
