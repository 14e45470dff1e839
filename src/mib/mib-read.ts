import type { Problems } from '../gdoi/seen/problems.ts';
import type { GdoiRows } from './gdoi-rows.ts';
import type { SnmpMemory } from './snmp-memory.ts';

/** One read of the MIB: its rows, what earlier reads taught, and where what does not fit is noted. */
export interface MibRead {
  readonly rows: GdoiRows;
  readonly memory: SnmpMemory;
  readonly problems: Problems;
}
