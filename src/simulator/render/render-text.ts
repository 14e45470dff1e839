/** Small parts of all answers. */
import type { EpochMs } from '../../kernel/clock.ts';
import type { LogMessage, SimDevice } from '../world/world.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

/** `label` padded to `width`, then `: value`. */
export function field(indent: number, width: number, label: string, value: string | number): string {
  return `${' '.repeat(indent)}${label.padEnd(width)}: ${value}`;
}

/** Whole seconds left, as IOS counts: never negative, fractions dropped. */
export function secondsLeft(untilMs: EpochMs, nowMs: EpochMs): number {
  return Math.max(0, Math.floor((untilMs - nowMs) / 1000));
}

/** `00:03:27`. */
export function hhmmss(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

/** The time by the device's own clock. A clock that was never set starts at 1 March 1993 with each boot. */
function deviceTimeMs(device: SimDevice, atMs: EpochMs, clockOffsetMs = device.clockOffsetMs): EpochMs {
  const { clockState, bootMs } = device;
  return clockState === 'never-set' ? Date.UTC(1993, 2, 1) + Math.max(0, atMs - bootMs) : atMs + clockOffsetMs;
}

function clockMark(device: SimDevice): string {
  return device.clockState === 'never-set' ? '*' : device.clockState === 'lost' ? '.' : '';
}

function timeOfDay(date: Date, fraction: boolean): string {
  const text = date.toISOString();
  return fraction ? text.slice(11, 23) : text.slice(11, 19);
}

/** `*08:00:04.626 UTC Tue Nov 24 2026` of `show clock`. */
export function clockLine(device: SimDevice, nowMs: EpochMs): string {
  const date = new Date(deviceTimeMs(device, nowMs));
  return `${clockMark(device)}${timeOfDay(date, true)} UTC ${weekday(date)} ${month(date)} ${date.getUTCDate()} ${date.getUTCFullYear()}`;
}

/** `09:14:00 UTC Tue Sep 15 2020` of `show version`. */
export function longTime(device: SimDevice, atMs: EpochMs): string {
  const date = new Date(deviceTimeMs(device, atMs));
  return `${timeOfDay(date, false)} UTC ${weekday(date)} ${month(date)} ${date.getUTCDate()} ${date.getUTCFullYear()}`;
}

/** `09:44:06 UTC Jan 12 2026` in a certificate: the CA's time, not the device's. */
export function certificateTime(atMs: EpochMs): string {
  const date = new Date(atMs);
  return `${timeOfDay(date, false)} UTC ${month(date)} ${date.getUTCDate()} ${date.getUTCFullYear()}`;
}

/** `000063: *Mar  1 01:12:10.919: %GDOI-4-...: text`; XE prints the zone. */
export function logLine(device: SimDevice, message: LogMessage): string {
  const date = new Date(deviceTimeMs(device, message.atMs, message.clockOffsetMs));
  const sequence = device.sequenceNumbers ? `${String(message.sequence).padStart(6, '0')}: ` : '';
  const zone = device.release.dialect === 'xe' ? ' UTC' : '';
  const day = String(date.getUTCDate()).padStart(2, ' ');
  return `${sequence}${clockMark(device)}${month(date)} ${day} ${timeOfDay(date, true)}${zone}: %${message.mnemonic}: ${message.text}`;
}

function weekday(date: Date): string {
  return DAYS[date.getUTCDay()] ?? '';
}

function month(date: Date): string {
  return MONTHS[date.getUTCMonth()] ?? '';
}
