/**
 * What really happened in the simulated fleet: tests and the accuracy benchmark compare a monitor with it. Cause names
 * are those of docs/getvpn.md, written here independently.
 */
import type { EpochMs } from '../../kernel/clock.ts';

export type TruthCause =
  | 'initial'
  | 'reload'
  | 'operator_clear'
  | 'kek_missed_rekey'
  | 'legacy_ks'
  | 'kek_expired'
  | 'tek_expired'
  | 'ks_failover'
  | 'interface'
  | 'ks_forced';

export type CoopRole = 'primary' | 'secondary' | 'none';

/** Keys and timers of a GM when a registration started: they tell which causes its instant allows. */
export interface HeldBefore {
  /** Expiry of the KEK held, or held last; null: none since the boot. */
  readonly kekExpiryMs: EpochMs | null;
  /** Expiry of the longest-lived TEK. */
  readonly tekExpiryMs: EpochMs | null;
  readonly tekLifetimeMs: number | null;
  /** Since when `Reregisters in` counted down to this start; null: no timer of the GM started it. */
  readonly countdownSinceMs: EpochMs | null;
  /** Its counters before a reload or a clear that started it. */
  readonly succeeded: number;
  readonly rekeysReceived: number;
}

export type TruthEvent =
  | {
      readonly kind: 'registration';
      /** When it completed: the counter of succeeded registrations rose. */
      readonly atMs: EpochMs;
      /** When a timer, a boot or an operator started it. */
      readonly startedAtMs: EpochMs;
      readonly device: string;
      readonly group: string;
      /** What made the GM register: the timer or act that started it. */
      readonly cause: TruthCause;
      /** Other causes whose evidence is also true of it, for example `ks_failover` if another KS answered. */
      readonly alsoTrue: readonly TruthCause[];
      readonly keyServer: string;
      readonly attempts: number;
      /** The KEK it brought is the one held (or last held) before. */
      readonly sameKek: boolean;
      /** When the KEK that it brought ends. */
      readonly kekExpiryMs: EpochMs;
      /** What the GM held when it started. */
      readonly before: HeldBefore;
      /** Its release has a KEK timer. */
      readonly kekTimer: boolean;
    }
  /** `atMs` is when the device went down; it is up again at `upAtMs`. */
  | { readonly kind: 'reload'; readonly atMs: EpochMs; readonly upAtMs: EpochMs; readonly device: string }
  /** The KS told members to leave and register again. */
  | { readonly kind: 'order'; readonly atMs: EpochMs; readonly device: string; readonly group: string }
  /** The interface with the crypto map went down, and came back at `upAtMs`. */
  | { readonly kind: 'flap'; readonly atMs: EpochMs; readonly upAtMs: EpochMs; readonly device: string }
  | { readonly kind: 'clear'; readonly atMs: EpochMs; readonly device: string; readonly group: string }
  | {
      readonly kind: 'ejection';
      readonly atMs: EpochMs;
      readonly device: string;
      readonly group: string;
      readonly keyServer: string;
    }
  | {
      readonly kind: 'role';
      readonly atMs: EpochMs;
      readonly device: string;
      readonly group: string;
      readonly role: CoopRole;
    }
  | { readonly kind: 'ks_down' | 'ks_up'; readonly atMs: EpochMs; readonly device: string }
  | {
      readonly kind: 'rekey';
      readonly atMs: EpochMs;
      /** The KS that sent it. */
      readonly device: string;
      readonly group: string;
      readonly kek: boolean;
      readonly tek: boolean;
    };
