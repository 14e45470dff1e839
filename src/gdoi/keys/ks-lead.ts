/**
 * How long before KEK expiry a KS sends the KEK rekey.
 *
 * A KS that is polled tells it itself; without one the certain floor of 200 s holds. The vendor prints the formula as a
 * picture only: what two real outputs fit is an estimate to display, and nothing is decided from it.
 */
import { LEAD_FLOOR_SECONDS } from './kek-window.ts';
import type { KsSnapshot } from '../seen/snapshot.ts';

export interface KsLead {
  /** Never below the floor: that is when the GM itself judges that the rekey did not come. */
  readonly seconds: number;
  /** `ks`: the KS's own figures; `floor`: the certain 200 s. */
  readonly source: 'ks' | 'floor';
  /**
   * What the KS's own figures say, also below the floor (a KS with the old behaviour: about 0); null when not shown.
   */
  readonly measuredSeconds: number | null;
  /**
   * INFERRED formula, only to be displayed as an estimate; null for multicast or when the KS does not show its parts.
   */
  readonly estimatedSeconds: number | null;
}

/** Without any KS. */
export const FLOOR_LEAD: KsLead = {
  seconds: LEAD_FLOOR_SECONDS,
  source: 'floor',
  measuredSeconds: null,
  estimatedSeconds: null,
};

/** The inferred formula gives each batch of this many GMs ... */
const BATCH_GMS = 50;
/** ... this long. */
const BATCH_SECONDS = 5;

/**
 * Lead of a KS from `remaining life` - `time to rekey` under KEK POLICY (`show crypto gdoi ks policy`; samples: 787 -
 * 552 = 235 s, 305 - 80 = 225 s). A smaller figure than the floor is a KS with the old behaviour; the lead is then the
 * floor.
 */
export function ksLead(ks: KsSnapshot | null): KsLead {
  if (ks === null) return FLOOR_LEAD;
  const remaining = ks.kek?.remainingSeconds ?? null;
  const toRekey = ks.kek?.timeToRekeySeconds ?? null;
  const measuredSeconds = remaining === null || toRekey === null || remaining < toRekey ? null : remaining - toRekey;
  const estimatedSeconds = estimatedLeadSeconds(ks);
  if (measuredSeconds === null || measuredSeconds < LEAD_FLOOR_SECONDS) {
    return { ...FLOOR_LEAD, measuredSeconds, estimatedSeconds };
  }
  return { seconds: measuredSeconds, source: 'ks', measuredSeconds, estimatedSeconds };
}

/** Lead of a group from those of its KSs, the primary's first: it sends the rekeys. Without any, the floor. */
export function groupLead(leads: readonly KsLead[]): KsLead {
  return leads.find((lead) => lead.source === 'ks') ?? leads[0] ?? FLOOR_LEAD;
}

/**
 * 200 + period x attempts + 5 s per batch of 50 GMs: fits 225 s and 235 s of real outputs, and is no more than that.
 */
function estimatedLeadSeconds(ks: KsSnapshot): number | null {
  const { periodSeconds, attempts } = ks.retransmit;
  if (ks.transport === 'multicast' || periodSeconds === null || attempts === null) return null;
  const batches = Math.max(1, Math.ceil((ks.members ?? 0) / BATCH_GMS));
  return LEAD_FLOOR_SECONDS + periodSeconds * attempts + BATCH_SECONDS * batches;
}

/** Retransmission of a rekey, where a KS does not show its own (command reference). */
const DEFAULT_RETRANSMIT = { periodSeconds: 10, attempts: 2 } as const;

/** How long one rekey of this KS can take, retransmission and batches included. */
export function rekeySeconds({ retransmit, members }: Pick<KsSnapshot, 'retransmit' | 'members'>): number {
  const period = retransmit.periodSeconds ?? DEFAULT_RETRANSMIT.periodSeconds;
  const attempts = retransmit.attempts ?? DEFAULT_RETRANSMIT.attempts;
  return period * (attempts + 1) + BATCH_SECONDS * Math.ceil((members ?? 0) / BATCH_GMS);
}

/** The same of a KS that is not polled. */
export const DEFAULT_REKEY_SECONDS = rekeySeconds({ retransmit: DEFAULT_RETRANSMIT, members: null });
