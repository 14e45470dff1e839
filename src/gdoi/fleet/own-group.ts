/**
 * Which members of one name are the group that is judged, where several groups have it: their identities prove that
 * (`other-identity.ts`), or KSs that have nothing in common (`separate-key-servers.ts`). The largest is judged; nothing
 * of it is compared with a member of another one.
 */
import type { OtherGroups, SeparateKs } from '../explain/group-facts.ts';
import type { FleetGm, FleetKs, FleetState } from './fleet-state.ts';
import { identityOf, isOfOtherIdentity, ofIdentity } from './other-identity.ts';
import { type Named, named } from '../seen/named.ts';
import { NameTree } from '../seen/name-tree.ts';
import { type KsParts, standingParts } from './separate-key-servers.ts';

export interface OwnGroup {
  /** Of the group, where members show several: those with another one are no part of it. null: they do not. */
  readonly identity: string | null;
  /** Its KSs first, then those of the other groups; null: nothing has proven that there are any. */
  readonly parts: KsParts | null;
  /** In which part is whoever names that address as its KS's, or holds that TEK. Empty: `parts` is null. */
  readonly partOf: ReadonlyMap<string, number>;
}

const NO_PARTS: ReadonlyMap<string, number> = new Map();

export function ownGroupOf(state: FleetState): OwnGroup {
  const identity = identityOf(state);
  const ofOne = ofIdentity(state, identity);
  // This runs at each judgement, and hardly any group shares its name.
  const parts = standingParts(ofOne, state.separateKss);
  if (parts === null) return { identity, parts, partOf: NO_PARTS };
  const largestFirst = bySize(ofOne, parts);
  return { identity, parts: largestFirst, partOf: marksOf(ofOne, largestFirst) };
}

/** Of the same KSs. */
export function isSameOwnGroup(before: OwnGroup, { identity, parts }: OwnGroup): boolean {
  return before.identity === identity && areSameParts(before.parts, parts);
}

/** The state with what stands now: the next judgement goes on from it. */
export function withParts(state: FleetState, { parts }: OwnGroup): FleetState {
  const { separateKss, ...others } = state;
  if (areSameParts(separateKss ?? null, parts)) return state;
  return parts === null ? others : { ...others, separateKss: parts };
}

/** For comparing: device names have no line breaks. */
export function partsText(parts: KsParts): readonly string[] {
  return parts.map((part) => part.join('\n'));
}

function areSameParts(a: KsParts | null, b: KsParts | null): boolean {
  return a === b || (a !== null && b !== null && partsText(a).join('\n\n') === partsText(b).join('\n\n'));
}

/** Most KSs first, then most GMs that are polled, then most that are listed, then by name. */
function bySize({ kss, gms }: FleetState, parts: KsParts): KsParts {
  if (parts.length < 2) return parts;
  const partOf = marksOf({ kss }, parts);
  const sizes = parts.map((part, index) => ({
    part,
    index,
    listed: part.reduce((sum, device) => sum + (kss.get(device)?.memberRows?.length ?? 0), 0),
    gms: 0,
  }));
  for (const gm of gms.values()) {
    const size = sizes[partOfGm(gm, partOf) ?? -1];
    if (size !== undefined) size.gms += 1;
  }
  return sizes
    .toSorted((a, b) => b.part.length - a.part.length || b.gms - a.gms || b.listed - a.listed || a.index - b.index)
    .map(({ part }) => part);
}

function marksOf({ kss }: Pick<FleetState, 'kss'>, parts: KsParts): ReadonlyMap<string, number> {
  const marks = new Map<string, number>();
  // What two parts show, such as SPIs of TEKs that happen to be the same, is of the first.
  for (const [index, part] of [...parts.entries()].toReversed()) {
    for (const device of part) {
      const ks = kss.get(device);
      for (const peer of ks?.peers ?? []) marks.set(peer.address, index);
      if (ks?.address != null) marks.set(ks.address, index);
      for (const spi of ks?.liveSpis ?? []) marks.set(spi, index);
    }
  }
  return marks;
}

/** By the KSs that it is configured with, else by the one it is registered with, else by its TEKs; null: none tells. */
function partOfGm({ keyServers, keyServer, teks }: FleetGm, partOf: ReadonlyMap<string, number>): number | null {
  for (const address of keyServers) {
    const part = partOf.get(address);
    if (part !== undefined) return part;
  }
  const registered = keyServer === null ? undefined : partOf.get(keyServer);
  if (registered !== undefined) return registered;
  for (const { spi } of teks ?? []) {
    const part = partOf.get(spi);
    if (part !== undefined) return part;
  }
  return null;
}

export function isGmOfOtherGroup({ identity, parts, partOf }: OwnGroup, gm: FleetGm): boolean {
  return isOfOtherIdentity(identity, gm) || (parts !== null && (partOfGm(gm, partOf) ?? 0) > 0);
}

function isKsOfOtherGroup({ identity, parts }: OwnGroup, ks: FleetKs): boolean {
  const isOfOtherPart = parts?.some((part, index) => index > 0 && part.includes(ks.device));
  return isOfOtherIdentity(identity, ks) || isOfOtherPart === true;
}

interface OwnKss {
  readonly own: OwnGroup;
  readonly kss: Named<FleetKs>;
}

/** Every poll of each GM of a shared name asks for them. */
const known = new WeakMap<Named<FleetKs>, OwnKss>();

/** The KSs without those of another group; the same object where there are none. */
export function ownKss({ kss }: Pick<FleetState, 'kss'>, own: OwnGroup): Named<FleetKs> {
  if (own.identity === null && own.parts === null) return kss;
  const before = known.get(kss);
  if (before?.own === own) return before.kss;
  const now = { own, kss: named([...kss].filter(([, ks]) => !isKsOfOtherGroup(own, ks))) };
  known.set(kss, now);
  return now.kss;
}

/** The group without members of another one; the same object where there are none. */
export function ofOwnGroup(state: FleetState, own: OwnGroup): FleetState {
  if (own.identity === null && own.parts === null) return state;
  const { kekGeneration } = state;
  const kss = ownKss(state, own);
  return {
    ...state,
    gms: NameTree.of([...state.gms].filter(([, gm]) => !isGmOfOtherGroup(own, gm))),
    kss,
    kekGeneration: kekGeneration !== null && kss.has(kekGeneration.ks) ? kekGeneration : null,
  };
}

/** null: all members are of one group, as far as is known. */
export function otherGroupsIn({ kss, gms }: FleetState, own: OwnGroup): OtherGroups | null {
  const { identity, parts } = own;
  if (identity === null && parts === null) return null;
  const found = new Map<string, string | null>();
  const add = (member: FleetGm | FleetKs) => {
    found.set(member.device, isOfOtherIdentity(identity, member) ? (member.identity ?? null) : null);
  };
  for (const gm of gms.list()) if (isGmOfOtherGroup(own, gm)) add(gm);
  for (const ks of kss.values()) if (isKsOfOtherGroup(own, ks)) add(ks);
  return {
    identity,
    members: Array.from(found, ([device, shown]) => ({ device, identity: shown })),
    kss: (parts ?? []).flatMap((part, ofGroup) =>
      part.flatMap((device) => {
        const ks = kss.get(device);
        return ks === undefined ? [] : [{ device, ofGroup, ...shownBy(ks) }];
      }),
    ),
  };
}

function shownBy({ kek, peers, memberRows }: FleetKs): Omit<SeparateKs, 'device' | 'ofGroup'> {
  return {
    kekSpi: kek?.spi ?? null,
    peers: (peers ?? []).map(({ address }) => address),
    members: memberRows?.length ?? null,
  };
}
