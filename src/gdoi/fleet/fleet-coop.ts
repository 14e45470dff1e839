/**
 * The KSs of a group among themselves: two primaries at once, and peers that are lost.
 *
 * A split is seen only by asking each KS: during a failover the old primary's last answer and the new one's first do
 * not overlap in time, in a split they do. `Dead` is a KS's verdict on a peer; `Unknown` is normal between two
 * secondaries.
 */
import { LOOK_TAKES_MS } from '../explain/group-facts.ts';
import type { FleetKs, FleetState } from './fleet-state.ts';
import type { EpochMs } from '../seen/instant.ts';

export interface CoopSplit {
  readonly primaries: readonly [FleetKs, FleetKs];
  readonly sinceMs: EpochMs;
  /** Both were read as primary over this time. */
  readonly forMs: number;
}

/** The pair of primaries that coincided longest; null: none did, as far as the answers reach. */
export function coopSplitOf(state: Pick<FleetState, 'kss'>): CoopSplit | null {
  const primaries = [...state.kss.values()].filter((ks) => ks.role === 'primary');
  let longest: CoopSplit | null = null;
  for (const [index, a] of primaries.entries()) {
    for (const b of primaries.slice(index + 1)) {
      const sinceMs = Math.max(a.roleSinceMs, b.roleSinceMs);
      const forMs = Math.min(a.roleLastReadMs, b.roleLastReadMs) - sinceMs;
      // Each answers and calls the other dead: neither took over from the other.
      const apart = forMs >= -LOOK_TAKES_MS && callsDead(a, b) && callsDead(b, a);
      if ((forMs >= 0 || apart) && (longest === null || forMs > longest.forMs)) {
        longest = { primaries: [a, b], sinceMs, forMs: Math.max(0, forMs) };
      }
    }
  }
  return longest;
}

function callsDead(ks: FleetKs, other: FleetKs): boolean {
  return (
    ks.reachable &&
    (ks.peers ?? []).some(({ address, status }) => address === other.address && status?.trim().toLowerCase() === 'dead')
  );
}

export interface PeerSight {
  readonly address: string;
  /** Configured name, where this peer is polled as well. */
  readonly device: string | null;
  /** true: a KS says it is dead; false: none does and one says it is alive, or none lists it; null: nothing decides. */
  readonly lost: boolean | null;
  readonly deadFor: readonly FleetKs[];
  readonly aliveFor: readonly FleetKs[];
  /** How IKE with it stands for each of those; null: not shown. */
  readonly ike: readonly (string | null)[];
  /** When the last of those answered whose word counts; of nobody's: who lists it. */
  readonly readMs: EpochMs;
}

/**
 * Each peer that a KS lists, in order of address; a KS that does not answer says nothing of it any more, and what one
 * said before the peer itself came up is of the time before.
 */
export function coopPeers(state: Pick<FleetState, 'kss'>): readonly PeerSight[] {
  const kss = [...state.kss.values()];
  const peers = new Map<string, { dead: FleetKs[]; alive: FleetKs[]; listing: FleetKs[] }>();
  for (const ks of kss) {
    for (const { address, status } of ks.peers ?? []) {
      const sight = peers.get(address) ?? { dead: [], alive: [], listing: [] };
      const word = ks.reachable ? status?.trim().toLowerCase() : undefined;
      const cameUpMs = kss.find((other) => other.address === address)?.context.bootMs ?? Number.NEGATIVE_INFINITY;
      if (word === 'dead' && ks.receivedAtMs >= cameUpMs) sight.dead.push(ks);
      if (word === 'alive') sight.alive.push(ks);
      sight.listing.push(ks);
      peers.set(address, sight);
    }
  }
  return [...peers]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([address, { dead, alive, listing }]) => {
      const deciding = dead.length > 0 ? dead : alive.length > 0 ? alive : listing;
      return {
        address,
        device: kss.find((ks) => ks.address === address)?.device ?? null,
        lost: dead.length > 0 ? true : alive.length > 0 ? false : null,
        deadFor: dead,
        aliveFor: alive,
        ike: dead.map((ks) => ks.peers?.find((peer) => peer.address === address)?.ike ?? null),
        readMs: Math.max(...deciding.map(({ receivedAtMs }) => receivedAtMs)),
      };
    });
}
