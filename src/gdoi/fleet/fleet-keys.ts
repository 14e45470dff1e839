/**
 * Does a GM hold the group's current keys? true, false, or null: a rekey may be under way, or nothing tells.
 *
 * GM and KS are never read at the same instant, so a difference alone says nothing. A GM lacks a key only when it was
 * asked after the key had been there for as long as a rekey takes (retransmission and batches), and when the difference
 * is not explained by the KS having rekeyed since its own last answer: the GM's newest key is older than the missing
 * one, or the KS was asked after the GM had its newest and does not know it.
 */
import {
  type FleetGm,
  type FleetKs,
  type FleetState,
  type FleetTek,
  type KekGeneration,
  type KsKek,
  type RekeyCounters,
  SAME_EXPIRY_MS,
} from './fleet-state.ts';
import { countersBeforeKek, isRenewedSince, kekChangedBetweenMs } from './kek-generation.ts';
import { ksOrder } from './kss-together.ts';
import { driftMs } from '../keys/kek-identity.ts';
import { DEFAULT_REKEY_SECONDS } from '../keys/ks-lead.ts';
import type { EpochMs } from '../seen/instant.ts';

/** TEKs a GM is compared with: those of a KS, or those most GMs hold. */
export interface TekReference {
  /** For people: `ks1`, `most GMs`, `half of the GMs`. */
  readonly source: string;
  readonly current: readonly FleetTek[];
  readonly liveSpis: readonly string[];
  readonly readMs: EpochMs;
  /** Of the KS; null: they are those of GMs, or it does not show it. */
  readonly address: string | null;
  readonly lifetimeSeconds: number | null;
}

/** An older key's expiry is at least a rekey lead before the newer one's; less is reading error. */
export const OLDER_BY_MS = 10_000;

/** The age of a rekey is printed in whole seconds, and its instant is the age taken from that of the answer. */
const AGE_READ_MS = 2000;

/**
 * Two KEKs of a group are hardly ever made within a minute, beside what the clocks of GM and KS have drifted apart. One
 * that was read before and after the agent's clock was set shows such a difference, until each of the two devices has
 * been read again.
 */
const CLOCK_SET_MS = 65_000;

/** What every GM of the group is compared with, worked out once for all of them. */
export interface GroupKeys {
  /** KSs that answer, the primary first. */
  readonly kss: readonly FleetKs[];
  /** The TEKs of those that show any, by device. */
  readonly teks: ReadonlyMap<string, TekReference>;
  /** How long a rekey of the group may be under way. */
  readonly rekeyTakesMs: number;
  readonly kekGeneration: KekGeneration | null;
}

export function groupKeys(state: FleetState): GroupKeys {
  const kss = ksOrder(state);
  const teks = kss.flatMap((ks) => {
    const reference = tekReferenceOf(ks);
    return reference === null ? [] : [[ks.device, reference] as const];
  });
  return {
    kss,
    teks: new Map(teks),
    rekeyTakesMs: Math.max(DEFAULT_REKEY_SECONDS, ...kss.map((ks) => ks.rekeySeconds)) * 1000,
    kekGeneration: state.kekGeneration,
  };
}

/** The KS a GM is registered with where it is polled and shows keys, else the primary, else any. */
function ksOfGm(keys: GroupKeys, gm: FleetGm, shows: (ks: FleetKs) => boolean): FleetKs | null {
  let first: FleetKs | null = null;
  for (const ks of keys.kss) {
    if (!shows(ks)) continue;
    if (ks.address !== null && ks.address === gm.keyServer) return ks;
    first ??= ks;
  }
  return first;
}

function tekReferenceOf(ks: FleetKs): TekReference | null {
  if (ks.currentTeks.length === 0) return null;
  const { device: source, currentTeks: current, liveSpis, sentAtMs: readMs, address, tekLifetimeSeconds } = ks;
  return { source, current, liveSpis, readMs, address, lifetimeSeconds: tekLifetimeSeconds };
}

/** The TEKs of the GM's own KS. */
export function ownTeks(keys: GroupKeys, gm: FleetGm): TekReference | null {
  const ks = ksOfGm(keys, gm, showsTeks);
  return ks === null ? null : (keys.teks.get(ks.device) ?? null);
}

/** The KS whose KEK the GM should hold. */
export function ksWithKek(keys: GroupKeys, gm: FleetGm): FleetKs | null {
  return ksOfGm(keys, gm, showsKek);
}

function showsTeks({ currentTeks }: FleetKs): boolean {
  return currentTeks.length > 0;
}

function showsKek({ kek }: FleetKs): boolean {
  return kek !== null;
}

export function holdsTeks({ rekeyTakesMs }: GroupKeys, gm: FleetGm, reference: TekReference | null): boolean | null {
  if (reference === null || !gm.reachable || gm.registered === false || gm.teks === null) return null;
  const held = gm.teks;
  const missing = reference.current.filter(
    (tek) => !holds(held, tek.spi) && (tek.expiryMs === null || tek.expiryMs > gm.receivedAtMs),
  );
  if (missing.length === 0) return reference.current.some((tek) => holds(held, tek.spi)) ? true : null;
  const newest = held[0];
  const settled = missing.filter((tek) => gm.sentAtMs >= tek.sinceMs + rekeyTakesMs);
  // Where a lifetime was shortened, a newer TEK ends first.
  const canBeNewer = newest !== undefined && isRenewedSince(gm, newest.sinceMs, reference.readMs);
  const lacksNewer =
    !canBeNewer &&
    settled.some(
      (tek) => newest === undefined || (tek.expiryMs ?? Infinity) > (newest.expiryMs ?? Infinity) + OLDER_BY_MS,
    );
  const unknownToReference =
    settled.length > 0 &&
    newest !== undefined &&
    reference.readMs >= newest.sinceMs + rekeyTakesMs &&
    !reference.liveSpis.includes(newest.spi);
  // A later look beside the CLI has shown another TEK: what the GM holds now, the next answer will show.
  if (lacksNewer || unknownToReference) return gm.newerTeks === undefined ? false : null;
  return reference.liveSpis.some((spi) => holds(held, spi)) ? true : null;
}

function holds(teks: readonly FleetTek[], spi: string): boolean {
  return teks.some((tek) => tek.spi === spi);
}

export function holdsCurrentKek(keys: GroupKeys, gm: FleetGm): boolean | null {
  if (!gm.reachable || gm.registered === false) return null;
  if (gm.behavior === 'timer' || gm.kekExpiryMs !== null) return timerGmHoldsKek(keys, gm);
  return legacyGmHoldsKek(keys, gm);
}

/** By the expiry instant: it is the same on both ends while the key is. */
function timerGmHoldsKek(keys: GroupKeys, gm: FleetGm): boolean | null {
  const ks = ksWithKek(keys, gm);
  if (ks?.kek == null || ks.kek.expiryMs <= gm.sentAtMs) return null;
  if (gm.kekExpiryMs === null) return gm.kek === 'absent' ? false : null;
  const newerByMs = gm.kekExpiryMs - ks.kek.expiryMs;
  const driftedMs = isFromBefore(keys, gm, ks) ? 0 : driftMs(kekAgeMs(ks, ks.kek));
  if (Math.abs(newerByMs) <= SAME_EXPIRY_MS + driftedMs) return true;
  if (Math.abs(newerByMs) <= CLOCK_SET_MS + driftedMs || isOfTheClock(newerByMs, gm, ks)) return null;
  // This holds for a key that ends later as well: a KS whose lifetime was shortened has made a newer key that ends
  // before it.
  if (gm.sentAtMs < ks.kek.sinceMs + keys.rekeyTakesMs) return null;
  // One that ends first is as new where a lifetime was shortened, and the KS was not read since.
  // Over SNMP a KS shows the old KEK in use while it sends the new one.
  const isKnown =
    newerByMs < 0 ? !isRenewedSince(gm, gm.kekSinceMs, ks.sentAtMs) : ks.sentAtMs > gm.kekSinceMs + keys.rekeyTakesMs;
  return isKnown ? false : null;
}

/** For so long each of the two has counted its KEK's lifetime by its own clock. */
function kekAgeMs({ kekLifetimeSeconds, sentAtMs }: FleetKs, { remainingSeconds, sinceMs }: KsKek): number {
  return Math.max(0, ((kekLifetimeSeconds ?? 0) - remainingSeconds) * 1000, sentAtMs - sinceMs);
}

/**
 * The GM showed its KEK long before the KS, which still had another one, replaced that: no drift makes them the same.
 * A secondary KS, or one over SNMP, may show the old one while a rekey is under way.
 */
function isFromBefore(
  { kekGeneration, rekeyTakesMs }: GroupKeys,
  { kekSinceMs }: FleetGm,
  { device }: FleetKs,
): boolean {
  const changed = kekChangedBetweenMs(kekGeneration);
  return kekGeneration?.ks === device && changed !== null && kekSinceMs + rekeyTakesMs < changed[0];
}

/**
 * The TEKs that both hold end as much earlier or later as the KEK does: then the agent's clock was set between the two
 * reads, by any amount, and whether it is the same KEK shows when both have been read again.
 */
function isOfTheClock(newerByMs: number, { teks }: FleetGm, { currentTeks }: FleetKs): boolean {
  const differences = currentTeks.flatMap(({ spi, expiryMs }) => {
    const held = teks?.find((tek) => tek.spi === spi)?.expiryMs ?? null;
    return held === null || expiryMs === null ? [] : [held - expiryMs];
  });
  return differences.length > 0 && differences.every((byMs) => Math.abs(newerByMs - byMs) <= SAME_EXPIRY_MS);
}

/**
 * A GM without a KEK timer shows no lifetime: it got the new KEK when, since the KS changed it, a rekey or a
 * registration moved its counters. A rekey under the new KEK cannot reach a GM that has the old one, so counters that
 * stand still after it prove the old KEK.
 */
function legacyGmHoldsKek(keys: GroupKeys, gm: FleetGm): boolean | null {
  const changed = kekChangedBetweenMs(keys.kekGeneration);
  const before = countersBeforeKek(gm, keys.kekGeneration);
  if (changed === null || before === null) return null;
  const [fromMs, toMs] = changed;
  const registered = gm.counters.succeeded !== before.succeeded;
  // A rekey just before the KS's last answer with the old KEK was a TEK's.
  const rekeyed =
    gm.lastRekeyMs === null ? moved(gm.counters.received, before.received) : gm.lastRekeyMs >= fromMs - AGE_READ_MS;
  if (registered || rekeyed) return true;
  // Counted since, and yet of before: that is so, or the agent's clock was set and the KS not read again.
  const isReadBefore = gm.receivedAtMs < (keys.kekGeneration?.lastSentAtMs ?? 0);
  if (isReadBefore && moved(gm.counters.received, before.received)) return null;
  return gm.sentAtMs >= toMs + keys.rekeyTakesMs && comparable(gm.counters, before) ? false : null;
}

function moved(now: number | null, before: number | null): boolean {
  return now !== null && before !== null && now !== before;
}

function comparable(now: RekeyCounters, before: RekeyCounters): boolean {
  return now.received !== null && before.received !== null;
}
