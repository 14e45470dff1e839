/**
 * One name, several groups: KSs of one cell that have nothing in common but the name of their group, such as those of
 * two customers. What is concluded of them together is wrong: two primaries, GMs with other keys.
 *
 * KSs of one group list each other as COOP peers, hold one KEK, and list the GMs of the group; in a COOP split the
 * first still holds. Nothing is said while one of them does not answer or has not shown all of it.
 */
import { nameList, naturalOrder } from '../events/name-list.ts';
import type { FleetKs, FleetState } from './fleet-state.ts';

/** The KSs of each group behind the name; null: it is one group, or nothing proves that it is not. */
export function separateKeyServers({
  kss,
  gms,
}: Pick<FleetState, 'kss' | 'gms'>): readonly (readonly string[])[] | null {
  const all = [...kss.values()];
  if (all.length < 2 || !all.every(tellsItsGroup)) return null;
  const linked = new Links();
  for (const ks of all) {
    for (const mark of marksOf(ks)) linked.join(mark, device(ks));
  }
  // A GM may register with any KS of its group: those that it is configured with are of one.
  for (const { keyServers } of gms.values()) {
    for (const other of keyServers.slice(1)) linked.join(address(other), address(keyServers[0] ?? other));
  }
  const parts = new Map<string, string[]>();
  for (const ks of all.toSorted((a, b) => naturalOrder(a.device, b.device))) {
    const root = linked.root(device(ks));
    parts.set(root, [...(parts.get(root) ?? []), ks.device]);
  }
  return parts.size < 2 ? null : [...parts.values()];
}

/** For people; names the first KS of each group. */
export function separateKeyServersText(parts: readonly (readonly string[])[]): string {
  const firsts = nameList(parts.map(([first = '']) => first));
  const count = parts.length === 2 ? 'two' : String(parts.length);
  return `KSs ${firsts} share no peer, no KEK and no member: ${count} groups of one name? Give their devices cells`;
}

/** A KS with a COOP role has peers: where it shows none they are not known. */
function tellsItsGroup({ reachable, kek, memberRows, peers, role }: FleetKs): boolean {
  return reachable && kek !== null && kek.spi !== null && memberRows !== null && (peers !== null || role === null);
}

function marksOf(ks: FleetKs): readonly string[] {
  const own = ks.address === null ? [] : [address(ks.address)];
  const peers = (ks.peers ?? []).map((peer) => address(peer.address));
  const members = (ks.memberRows ?? []).map((member) => `member ${member.address}`);
  return [...own, ...peers, ...members, `kek ${ks.kek?.spi}`];
}

const device = (ks: FleetKs) => `device ${ks.device}`;
const address = (of: string) => `address ${of}`;

/** Marks that belong together: those that lead to one root. */
class Links {
  readonly #towards = new Map<string, string>();

  root(mark: string): string {
    let root = mark;
    for (let next = this.#towards.get(root); next !== undefined; next = this.#towards.get(root)) root = next;
    return root;
  }

  join(a: string, b: string): void {
    const [from, to] = [this.root(a), this.root(b)];
    if (from !== to) this.#towards.set(from, to);
  }
}
