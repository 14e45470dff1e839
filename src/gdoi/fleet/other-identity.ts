/**
 * One name, several groups, as their identities prove: a GM and a KS name a group as their own configuration does, and
 * the number or address in it is what they agree on. Members with another identity than the group's are no part of it,
 * and nothing of it is compared with them. What proves the same where none shows an identity:
 * `separate-key-servers.ts`; whom either leaves: `own-group.ts`.
 */
import type { FleetState } from './fleet-state.ts';
import { named } from '../seen/named.ts';
import { NameTree } from '../seen/name-tree.ts';

interface Identified {
  /** As it shows; null or absent: it does not. */
  readonly identity?: string | null;
}

/** Where one shows none, or one a number and the other an address, nothing is known. */
export function isOfOtherIdentity(identity: string | null, { identity: other }: Identified): boolean {
  return identity !== null && other != null && other !== identity && isNumber(other) === isNumber(identity);
}

/**
 * The identity of the group: what most of its KSs show, else most of its GMs; null: all show one, or none shows any.
 */
export function identityOf({ kss, gms }: Pick<FleetState, 'kss' | 'gms'>): string | null {
  // This runs at each judgement of a group of thousands, and hardly any group has two.
  if (showOne([...kss.values(), ...gms.list()])) return null;
  const [ofKss, ofGms] = [counts(kss.values()), counts(gms.list())];
  const all = [...new Set([...ofKss.keys(), ...ofGms.keys()])];
  const [first] = all.toSorted(
    (a, b) =>
      (ofKss.get(b) ?? 0) - (ofKss.get(a) ?? 0) || (ofGms.get(b) ?? 0) - (ofGms.get(a) ?? 0) || (a < b ? -1 : 1),
  );
  return first !== undefined && all.some((identity) => isOfOtherIdentity(first, { identity })) ? first : null;
}

function showOne(members: readonly Identified[]): boolean {
  const first = members.find(({ identity }) => identity != null)?.identity;
  return members.every(({ identity }) => identity == null || identity === first);
}

function counts(members: Iterable<Identified>): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { identity } of members) {
    if (identity != null) found.set(identity, (found.get(identity) ?? 0) + 1);
  }
  return found;
}

function isNumber(identity: string): boolean {
  return /^\d+$/u.test(identity);
}

/** The group without members of another identity; the same object where there are none. */
export function ofIdentity(state: FleetState, identity: string | null): FleetState {
  if (identity === null) return state;
  const isOwn = ([, member]: readonly [string, Identified]) => !isOfOtherIdentity(identity, member);
  const { kekGeneration } = state;
  const kss = named([...state.kss].filter(isOwn));
  return {
    ...state,
    gms: NameTree.of([...state.gms].filter(isOwn)),
    kss,
    kekGeneration: kekGeneration !== null && kss.has(kekGeneration.ks) ? kekGeneration : null,
  };
}
