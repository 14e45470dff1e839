import type { ReadAt } from '../gdoi/seen/instant.ts';
import type { Varbind } from '../gdoi/seen/varbind.ts';

/** An answer, in the shape in which SNMP access gives it. */
export interface GdoiReply extends ReadAt {
  readonly varbinds: readonly Varbind[];
  /** OIDs of columns that were asked and gave no row. */
  readonly emptyColumns: readonly string[];
  /** Boots and time of the SNMP engine where v3 showed them. */
  readonly engine: { readonly boots: number; readonly timeSeconds: number } | null;
}
