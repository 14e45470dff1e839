/**
 * One name, several groups: KSs of one cell that have nothing in common but the name of their group, such as those of
 * two customers. What is concluded of them together is wrong: two primaries, GMs with other keys.
 *
 * KSs of one group list each other as COOP peers, hold one KEK, and list the GMs of the group; in a COOP split the
 * first still holds. Nothing is proven while one of them does not answer or has not shown all of it.
 */
import { nameList, naturalOrder } from '../events/name-list.ts';
import type { FleetKs, FleetState } from './fleet-state.ts';

/** Devices of the KSs of each group behind the name. */
export type KsParts = readonly (readonly string[])[];

type Members = Pick<FleetState, 'kss' | 'gms'>;

/** null: it is one group, or nothing proves now that it is not. */
export function separateKeyServers({ kss, gms }: Members): KsParts | null {
  const all = [...kss.values()];
  return all.length > 1 && all.every(tellsItsGroup) ? partsOf(all, gms, []) : null;
}

/**
 * What stands: where one of them does not answer, or has not shown all, the last proof, but for what disproves it.
 * `known`: what stood before; of a KS that is not in it nothing is proven, so it counts as one of its first part.
 */
export function standingParts({ kss, gms }: Members, known: KsParts = []): KsParts | null {
  const all = [...kss.values()];
  if (all.length < 2 || all.every(tellsItsGroup)) return separateKeyServers({ kss, gms });
  const proven = new Set(known.flat());
  const unproven = all.flatMap((ks) => (proven.has(ks.device) ? [] : [ks.device]));
  const [first = [], ...others] = known;
  return known.length < 2 ? null : partsOf(all, gms, [first, ...others], unproven);
}

/** `known`: of one part, whatever they show now. `unproven`: of the first of those, unless something links them. */
function partsOf(
  all: readonly FleetKs[],
  gms: FleetState['gms'],
  known: KsParts,
  unproven: readonly string[] = [],
): KsParts | null {
  const linked = new Links();
  for (const part of known) for (const name of part) linked.join(`device ${name}`, `device ${part[0] ?? name}`);
  for (const ks of all) for (const mark of marksOf(ks)) linked.join(mark, device(ks));
  // Most groups are one by what their KSs alone show; of members there may be thousands.
  if (partsBy(linked, all).length < 2) return null;
  for (const ks of all) for (const mark of membersOf(ks)) linked.join(mark, device(ks));
  // A GM may register with any KS of its group: those that it is configured with are of one.
  for (const { keyServers } of gms.values()) {
    for (const other of keyServers.slice(1)) linked.join(address(other), address(keyServers[0] ?? other));
  }
  const roots = new Set(known.flat().map((name) => linked.root(`device ${name}`)));
  for (const name of unproven) {
    if (!roots.has(linked.root(`device ${name}`))) linked.join(`device ${name}`, `device ${known[0]?.[0] ?? name}`);
  }
  const parts = partsBy(linked, all);
  return parts.length < 2 ? null : parts;
}

function partsBy(linked: Links, all: readonly FleetKs[]): KsParts {
  const parts = new Map<string, string[]>();
  for (const ks of all.toSorted((a, b) => naturalOrder(a.device, b.device))) {
    const root = linked.root(device(ks));
    parts.set(root, [...(parts.get(root) ?? []), ks.device]);
  }
  return [...parts.values()];
}

/** For people; names the first KS of each group. */
export function separateKeyServersText(parts: KsParts): string {
  const firsts = nameList(parts.map(([first = '']) => first));
  const count = parts.length === 2 ? 'two' : String(parts.length);
  return `KSs ${firsts} share no peer, no KEK and no member: ${count} groups of one name? Give their devices cells`;
}

/** A KS with a COOP role has peers: where it shows none they are not known. */
function tellsItsGroup({ reachable, kek, memberRows, peers, role }: FleetKs): boolean {
  return reachable && kek !== null && kek.spi !== null && memberRows !== null && (peers !== null || role === null);
}

/** One that gives no answer showed these last; an SPI has 128 bits, and peers are its configuration. */
function marksOf(ks: FleetKs): readonly string[] {
  const own = ks.address === null ? [] : [address(ks.address)];
  const peers = (ks.peers ?? []).map((peer) => address(peer.address));
  const spi = ks.kek?.spi ?? null;
  return [...own, ...peers, ...(spi === null ? [] : [`kek ${spi}`])];
}

/** A GM may have left one that gives no answer for another. */
function membersOf({ reachable, memberRows }: FleetKs): readonly string[] {
  return reachable ? (memberRows ?? []).map((member) => `member ${member.address}`) : [];
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
