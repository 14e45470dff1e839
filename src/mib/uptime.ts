/**
 * `sysUpTime.0` counts hundredths of a second and starts again at 0 after 497 days: a value that fell is a wrap if it
 * is where the wrap would have brought it, else the device was restarted.
 */
import type { EpochMs } from '../gdoi/seen/instant.ts';

export interface SysUpTime {
  readonly centiseconds: number;
  /** Wraps since the agent knows the device. */
  readonly wraps: number;
  readonly atMs: EpochMs;
}

/** TimeTicks are counted modulo 2^32 (RFC 2578, 7.1.8). */
const WRAP = 2 ** 32;
/** How far a wrapped value may lie beside the expected one: latency and, over a long silence, drift of the clocks. */
const TOLERANCE_CENTISECONDS = 6000;
const DRIFT = 200e-6;

export function nextSysUpTime(
  before: SysUpTime | null,
  centiseconds: number,
  atMs: EpochMs,
): { readonly value: SysUpTime; readonly restarted: boolean } {
  const fell = before !== null && centiseconds < before.centiseconds;
  const restarted = fell && !isWrap(before, centiseconds, atMs);
  const wraps = before === null || restarted ? 0 : before.wraps + Number(fell);
  return { value: { centiseconds, wraps, atMs }, restarted };
}

function isWrap(before: SysUpTime, centiseconds: number, atMs: EpochMs): boolean {
  const elapsed = (atMs - before.atMs) / 10;
  const beside = Math.abs(before.centiseconds + elapsed - WRAP - centiseconds);
  return beside <= TOLERANCE_CENTISECONDS + Math.abs(elapsed) * DRIFT;
}

export function uptimeSeconds(centiseconds: number, wraps: number): number {
  return Math.floor((wraps * WRAP + centiseconds) / 100);
}
