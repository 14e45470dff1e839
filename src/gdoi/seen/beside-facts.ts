/**
 * What is shown beside GETVPN's own commands, as far as it decides something: IKE between GM and KS, the SAs as IPsec
 * has them, where the clock comes from, how busy the router is. `null` is "not shown".
 */

/** From `show crypto isakmp sa` and `show crypto ikev2 sa`. */
export interface IkeSas {
  readonly role: 'ike';
  readonly version: 1 | 2;
  readonly sas: readonly IkeSa[];
}

export interface IkeSa {
  /** IKEv1: destination and source; IKEv2: remote and local address, without port. */
  readonly remote: string;
  readonly local: string;
  /** `GDOI_IDLE`, `MM_NO_STATE`, `READY`; `show crypto isakmp sa detail` prints none. */
  readonly state: string | null;
  /** null: the state is not shown, or no known word. */
  readonly established: boolean | null;
  /** `ACTIVE`, `ACTIVE (deleted)`; IKEv2 prints none. */
  readonly status: string | null;
}

/** From `show crypto ipsec sa`. */
export interface IpsecSas {
  readonly role: 'ipsec';
  readonly flows: readonly IpsecFlow[];
}

/** One pair of idents on one interface. */
export interface IpsecFlow {
  readonly interface: string | null;
  readonly group: string | null;
  readonly localIdent: string | null;
  readonly remoteIdent: string | null;
  readonly encrypted: number | null;
  readonly decrypted: number | null;
  readonly sendErrors: number | null;
  readonly receiveErrors: number | null;
  readonly sas: readonly IpsecSa[];
}

export interface IpsecSa {
  readonly direction: 'inbound' | 'outbound';
  /** `0xC41E6A87`. */
  readonly spi: string;
  readonly transform: string | null;
  readonly remainingSeconds: number | null;
}

/** From `show ntp status`. */
export interface NtpStatus {
  readonly role: 'ntp';
  readonly synchronised: boolean;
  readonly stratum: number | null;
  readonly reference: string | null;
}

/** Of the last minute: routing protocols and IKE lose their timers not far above. */
export const BUSY_CPU_PERCENT = 80;
/** Between the two nothing is concluded: a figure at the limit would change the pace at each poll. */
export const RESTING_CPU_PERCENT = 60;

/** Between two looks at the processor of a router that is at rest. */
export const CPU_EVERY_MS = 300_000;

/**
 * Milliseconds between two looks at a processor. A busy one is looked at with every poll, so that the end of the load
 * is seen. `percent` null: not known.
 */
export function cpuLookEveryMs(percent: number | null): number {
  return (percent ?? 0) >= BUSY_CPU_PERCENT ? 0 : CPU_EVERY_MS;
}

/** From the first line of `show processes cpu`: how busy the router's processor is, in percent. */
export interface CpuLoad {
  readonly role: 'cpu';
  readonly fiveSecondsPercent: number;
  /** Of the five seconds, what interrupts took: packets that are switched. */
  readonly interruptsPercent: number | null;
  readonly oneMinutePercent: number;
  readonly fiveMinutesPercent: number;
}

export type BesideFacts = IkeSas | IpsecSas | NtpStatus | CpuLoad;
