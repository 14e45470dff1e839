/**
 * What a device's health is judged from: values that the agent's view of a device has under the same names.
 */
import type { BesideFacts } from '../seen/beside-facts.ts';
import type { DeviceCertificates } from '../seen/certificate.ts';
import type { DeviceFacts } from '../seen/device-facts.ts';
import type { Forecast } from '../keys/forecast.ts';
import type { EpochMs, ReadAt } from '../seen/instant.ts';
import type { GmSnapshot, KsSnapshot } from '../seen/snapshot.ts';
import type { SaidOfPackets, Tally } from '../memory/tracker-state.ts';

export interface HealthInput {
  readonly device: string;
  readonly configuredRole: 'gm' | 'ks' | 'auto';
  /** `ok`, or how the last poll failed; null before the first. */
  readonly result: string | null;
  readonly error: string | null;
  /** How it failed when it was tried last: one that waits after failures is not tried. Absent or null: as `result` says. */
  readonly failure?: string | null;
  /** SNMP beside SSH, and RESTCONF; absent or null: it is not polled beside SSH. */
  readonly snmp?: PolledBeside | null;
  readonly restconf?: PolledBeside | null;
  readonly lastSuccessAtMs: EpochMs | null;
  /** Longest time between two regular polls; absent or null: `DEFAULT_INTERVAL_MS`. */
  readonly regularIntervalMs?: number | null;
  readonly facts: { readonly value: DeviceFacts; readonly at: ReadAt } | null;
  /** Absent or null: not collected. */
  readonly certificates?: { readonly value: DeviceCertificates } | null;
  /** What a capture shows beside GETVPN's commands; absent: nothing. */
  readonly beside?: readonly BesideFacts[];
  /** null: no answer yet. */
  readonly unparsedLines: number | null;
  /** Follow-up command -> how it ended last. */
  readonly collectors: ReadonlyMap<string, string>;
  readonly groups: ReadonlyMap<string, HealthGroup>;
  /** Groups whose GMs name it, while it has shown none; absent: there is none. */
  readonly namedIn?: readonly string[];
  readonly tracking: ReadonlyMap<string, HealthTracking>;
}

interface PolledBeside {
  readonly result: string | null;
  readonly error: string | null;
}

export interface HealthGroup {
  readonly group: string;
  readonly gm: { readonly snapshot: GmSnapshot; readonly at: ReadAt } | null;
  readonly ks: { readonly snapshot: KsSnapshot; readonly at: ReadAt } | null;
}

export interface HealthTracking {
  readonly reregistrations: Tally | null;
  readonly forecast: Forecast | null;
  readonly kekRekeyOverdue: boolean;
  /** The TEK rekey is due, and the TEK is still the same. */
  readonly tekRekeyOverdue?: boolean;
  /** Attempts to register that failed since it last registered; absent or null: not known. */
  readonly failedAttempts?: number | null;
  /** These go on, though a countdown runs as for the next attempt; absent: they do not. */
  readonly retrying?: true;
  /** Anti-replay or the data plane drops packets now; absent or null: nothing tells. */
  readonly packetsDropped?: boolean | null;
  /** Messages alone tell of it, and which; absent or null: counters or anti-replay do. */
  readonly saidOfPackets?: SaidOfPackets | null;
  /** What the device contradicts itself in, as the tracker found; absent: not tracked. */
  readonly dataProblems?: readonly string[];
  /** Since when its answers show no such group any more; absent: they do. */
  readonly vanishedSinceMs?: EpochMs;
  /**
   * The CLI and SNMP or RESTCONF beside it differ for longer than a rekey explains; absent or null: none is beside it.
   */
  readonly sourcesDisagree?: boolean | null;
}

/** Regular interval of a device that tells none. */
export const DEFAULT_INTERVAL_MS = 60_000;
