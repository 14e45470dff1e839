/**
 * The group's TEKs: its primary's. Without one that shows SPIs, and in a split with two primaries, the newest that at
 * least half of the GMs hold: a GM that is ahead of a rekey is not divergent, one that stays behind is. Of two halves
 * that share no TEK it is always the same one, whichever was rekeyed last.
 */
import type { GroupKeys, TekReference } from './fleet-keys.ts';
import type { FleetGm, FleetTek } from './fleet-state.ts';

/** Without any TEK it holds no other ones than the group: that has a reason, an event and an alert of its own. */
export function hasNone({ teks }: Pick<FleetGm, 'teks'>): boolean {
  return teks?.length === 0;
}

/** The group's TEKs as its KSs show them; null: none shows SPIs, or two primaries do. */
export function teksOfKss({ kss, teks }: Pick<GroupKeys, 'kss' | 'teks'>): TekReference | null {
  if (kss.filter((ks) => ks.role === 'primary').length > 1) return null;
  return teks.values().next().value ?? null;
}

interface TekHolders {
  readonly tek: FleetTek;
  readonly count: number;
  readonly readMs: number;
  /** Of its holders the first by name. */
  readonly firstHolder: string;
}

/** Where no KS tells: what most GMs hold; null: no two GMs show SPIs. */
export function majorityTeks(gms: readonly FleetGm[]): TekReference | null {
  const { holding, teks } = holdersOfTeks(gms);
  if (holding < 2) return null;
  const common = [...teks.values()]
    .filter(({ count }) => count * 2 >= holding)
    .toSorted((a, b) => (b.tek.expiryMs ?? 0) - (a.tek.expiryMs ?? 0) || (a.tek.spi < b.tek.spi ? -1 : 1));
  const [newest] = common;
  if (newest === undefined) return null;
  const withNewest = heldWith(gms, newest);
  const ofOtherHalf = common.find(({ tek }) => !withNewest.has(tek.spi));
  const isOther = ofOtherHalf !== undefined && ofOtherHalf.firstHolder < newest.firstHolder;
  const { tek, readMs, count } = isOther ? ofOtherHalf : newest;
  return {
    source: count * 2 === holding ? 'half of the GMs' : 'most GMs',
    current: [tek],
    liveSpis: [...(isOther ? heldWith(gms, ofOtherHalf) : withNewest)],
    readMs,
    address: null,
    lifetimeSeconds: null,
  };
}

function holdersOfTeks(gms: readonly FleetGm[]): {
  readonly holding: number;
  readonly teks: ReadonlyMap<string, TekHolders>;
} {
  const teks = new Map<string, TekHolders>();
  let holding = 0;
  for (const gm of gms) {
    if (!gm.reachable || gm.registered === false || gm.teks === null || gm.teks.length === 0) continue;
    holding += 1;
    for (const tek of gm.teks) {
      const known = teks.get(tek.spi);
      teks.set(tek.spi, {
        tek: { ...tek, sinceMs: Math.min(tek.sinceMs, known?.tek.sinceMs ?? tek.sinceMs) },
        count: (known?.count ?? 0) + 1,
        readMs: Math.max(gm.sentAtMs, known?.readMs ?? gm.sentAtMs),
        firstHolder: known === undefined || gm.device < known.firstHolder ? gm.device : known.firstHolder,
      });
    }
  }
  return { holding, teks };
}

/** All that the holders of a TEK hold is theirs too: old keys that run out. */
function heldWith(gms: readonly FleetGm[], { tek }: TekHolders): ReadonlySet<string> {
  const spis = new Set<string>();
  for (const { teks } of gms) {
    if (teks?.some(({ spi }) => spi === tek.spi) === true) for (const { spi } of teks) spis.add(spi);
  }
  return spis;
}
