import type { ReadAt } from '../gdoi/observation.ts';
import type { Varbind } from '../gdoi/varbind.ts';

/** An answer, in the shape in which SNMP access gives it. */
export interface GdoiReply extends ReadAt {
  readonly varbinds: readonly Varbind[];
  /** OIDs of columns that were asked and gave no row. */
  readonly emptyColumns: readonly string[];
  /** Boots and time of the SNMP engine where v3 showed them. */
  readonly engine: { readonly boots: number; readonly timeSeconds: number } | null;
}
