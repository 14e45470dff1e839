/**
 * How busy the router's processor is (CISCO-PROCESS-MIB, cpmCPUTotalTable): one column more in a request that goes out
 * anyway, seldom while the router is at rest.
 */
import { cpuLookEveryMs } from '../gdoi/seen/beside-facts.ts';
import type { EpochMs } from '../gdoi/seen/instant.ts';
import type { GdoiReply } from './gdoi-reply.ts';

/** `cpmCPUTotal1minRev`, Gauge32 of 0 to 100: one row for each processor. */
export const CPU_ONE_MINUTE = '1.3.6.1.4.1.9.9.109.1.1.1.1.7';

/** A view that hides the table, or an image without it, is asked again after a day. */
const HIDDEN_FOR_MS = 24 * 3_600_000;
/** A stack of switches has fewer. */
const MAX_PROCESSORS = 64;

export interface CpuLook {
  readonly atMs: EpochMs;
  /** Of the busiest processor in the last minute; null: the device does not show it. */
  readonly percent: number | null;
}

export function cpuIsDue({ cpu }: { readonly cpu: CpuLook | null }, atMs: EpochMs): boolean {
  if (cpu === null) return true;
  return Math.abs(atMs - cpu.atMs) >= (cpu.percent === null ? HIDDEN_FOR_MS : cpuLookEveryMs(cpu.percent));
}

/** The CPU load in an answer; null: it was not asked for. */
export function cpuLook({ varbinds, emptyColumns, receivedAtMs }: GdoiReply): CpuLook | null {
  const figures = varbinds.filter(({ oid }) => oid.startsWith(`${CPU_ONE_MINUTE}.`)).map(({ value }) => value);
  if (figures.length === 0 && !emptyColumns.includes(CPU_ONE_MINUTE)) return null;
  const percents = figures.filter((value): value is number => typeof value === 'number' && value >= 0 && value <= 100);
  return { atMs: receivedAtMs, percent: percents.length === 0 ? null : Math.max(...percents.slice(0, MAX_PROCESSORS)) };
}
