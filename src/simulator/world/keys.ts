/** KEK and TEK as the KS makes them, and the instants at which it renews them. */
import type { EpochMs } from '../../kernel/clock.ts';
import type { Random } from '../../kernel/random.ts';
import type { KekBehavior } from './release.ts';

export interface Kek {
  /** 32 upper-case hex digits. */
  readonly spi: string;
  readonly createdAtMs: EpochMs;
  readonly lifetimeMs: number;
  readonly expiryMs: EpochMs;
}

export interface Tek {
  /** Unsigned 32 bits. */
  readonly spi: number;
  readonly createdAtMs: EpochMs;
  readonly lifetimeMs: number;
  readonly expiryMs: EpochMs;
}

/** Group policy as one KS holds it; keys are immutable, so a copy is a snapshot. `teks` newest first. */
export interface KeyPolicy {
  readonly kek: Kek;
  /** 1 for the first KEK of the group, one more for each new one. */
  readonly kekNumber: number;
  readonly teks: readonly Tek[];
  /** Sequence number of the last rekey under this KEK. */
  readonly sequence: number;
}

/** What determines the instants of rekeys. */
export interface RekeyTimers {
  readonly kekLifetimeMs: number;
  readonly tekLifetimeMs: number;
  readonly transport: 'unicast' | 'multicast';
  readonly retransmitPeriodMs: number;
  readonly retransmitAttempts: number;
}

/** Floor of the KEK lead (Cisco, KEK rekey behaviour change, 15.2(1)T). */
const KEK_LEAD_FLOOR_MS = 200_000;
/**
 * GMs per batch of a unicast rekey and the time a batch takes: fits real outputs (225 s, 235 s leads); an inference.
 */
export const UNICAST_BATCH_GMS = 50;
export const UNICAST_BATCH_MS = 5_000;

/** Time a unicast rekey with all its retransmits takes; 0 for multicast. */
export function transmissionMs(timers: RekeyTimers, gms: number): number {
  if (timers.transport === 'multicast') return 0;
  const batches = Math.max(1, Math.ceil(gms / UNICAST_BATCH_GMS));
  return timers.retransmitPeriodMs * timers.retransmitAttempts + UNICAST_BATCH_MS * batches;
}

/** How long before expiry the KEK is renewed; an old KS waits for the expiry. */
export function kekLeadMs(timers: RekeyTimers, behavior: KekBehavior, gms: number): number {
  return behavior === 'legacy' ? 0 : KEK_LEAD_FLOOR_MS + transmissionMs(timers, gms);
}

/** How long before expiry the TEK is renewed: max(90 s, min(5 % of its lifetime, 3600 s)) plus the unicast part. */
export function tekLeadMs(timers: RekeyTimers, gms: number): number {
  return Math.max(90_000, Math.min(0.05 * timers.tekLifetimeMs, 3_600_000)) + transmissionMs(timers, gms);
}

export interface RekeyPlan {
  readonly atMs: EpochMs;
  readonly kek: boolean;
  readonly tek: boolean;
}

/**
 * The next rekey of a group. A KEK rekey that would come while the TEK rekey just before it is still being
 * retransmitted goes out together with it (real outputs: KEK 1200 s and TEK 600 s of the same age, though their own
 * rekeys would be 17 s apart). An old KS never renews a KEK before its expiry.
 */
export function nextRekey(
  policy: Pick<KeyPolicy, 'kek' | 'teks'>,
  timers: RekeyTimers,
  behavior: KekBehavior,
  gms: number,
): RekeyPlan {
  const kekAtMs = policy.kek.expiryMs - kekLeadMs(timers, behavior, gms);
  const tek = policy.teks[0];
  const tekAtMs = tek === undefined ? kekAtMs : tek.expiryMs - tekLeadMs(timers, gms);
  if (kekAtMs < tekAtMs) return { atMs: kekAtMs, kek: true, tek: false };
  const together = kekAtMs === tekAtMs || (behavior === 'timer' && kekAtMs - tekAtMs <= transmissionMs(timers, gms));
  return { atMs: tekAtMs, kek: together, tek: true };
}

/** When a KS that made its first keys at 0 makes the last of `cycles` KEK rekeys. */
export function kekCreationAfter(cycles: number, timers: RekeyTimers, behavior: KekBehavior, gms: number): number {
  let kek = kekAt(0, timers.kekLifetimeMs);
  let tek = tekAt(0, timers.tekLifetimeMs);
  let done = 0;
  while (done < cycles) {
    const plan = nextRekey({ kek, teks: [tek] }, timers, behavior, gms);
    if (plan.kek) {
      kek = kekAt(plan.atMs, timers.kekLifetimeMs);
      done += 1;
    }
    if (plan.tek) tek = tekAt(plan.atMs, timers.tekLifetimeMs);
  }
  return kek.createdAtMs;
}

export function makeKek(random: Random, atMs: EpochMs, lifetimeMs: number): Kek {
  const word = () => hex32(randomWord(random));
  return { ...kekAt(atMs, lifetimeMs), spi: word() + word() + word() + word() };
}

export function makeTek(random: Random, atMs: EpochMs, lifetimeMs: number): Tek {
  return { ...tekAt(atMs, lifetimeMs), spi: randomWord(random) };
}

function kekAt(atMs: EpochMs, lifetimeMs: number): Kek {
  return { spi: '', createdAtMs: atMs, lifetimeMs, expiryMs: atMs + lifetimeMs };
}

function tekAt(atMs: EpochMs, lifetimeMs: number): Tek {
  return { spi: 0, createdAtMs: atMs, lifetimeMs, expiryMs: atMs + lifetimeMs };
}

function randomWord(random: Random): number {
  return Math.floor(random() * 4_294_967_296) >>> 0;
}

/** Eight upper-case hex digits. */
export function hex32(word: number): string {
  return word.toString(16).toUpperCase().padStart(8, '0');
}
