/**
 * What a device says of itself over SNMP: system group and SNMP engine. The image line in `sysDescr.0` gives the
 * release; the hardware model is not in it, only the platform family that the image is for.
 */
import type { DeviceFacts } from '../gdoi/seen/device-facts.ts';
import { parseImageLine } from '../gdoi/seen/image-line.ts';
import type { SnmpValue, Varbind } from '../gdoi/seen/varbind.ts';
import type { GdoiReply } from './gdoi-reply.ts';

export const SYS_DESCR = '1.3.6.1.2.1.1.1.0';
export const SYS_UP_TIME = '1.3.6.1.2.1.1.3.0';
export const SYS_NAME = '1.3.6.1.2.1.1.5.0';
/** SNMP-FRAMEWORK-MIB: rises by one at each start of the SNMP engine. */
export const ENGINE_BOOTS = '1.3.6.1.6.3.10.2.1.2.0';
/** Seconds since then, without a wrap that matters (68 years). */
export const ENGINE_TIME = '1.3.6.1.6.3.10.2.1.3.0';

const MAX_TEXT = 512;

/** Values of scalar instances by OID; of an instance that came twice the first. */
export type Scalars = ReadonlyMap<string, SnmpValue>;

export function readScalars(varbinds: readonly Varbind[]): Scalars {
  const scalars = new Map<string, SnmpValue>();
  for (const { oid, value } of varbinds) {
    if (oid.endsWith('.0') && !scalars.has(oid)) scalars.set(oid, value);
  }
  return scalars;
}

/** The device's own words in one answer; null is "not asked" or "not shown". */
export interface SystemGroup {
  readonly sysDescr: string | null;
  readonly sysName: string | null;
  readonly upTimeCentiseconds: number | null;
  readonly engineBoots: number | null;
  readonly engineTimeSeconds: number | null;
}

export function readSystemGroup(scalars: Scalars, engine: GdoiReply['engine']): SystemGroup {
  return {
    sysDescr: textOf(scalars.get(SYS_DESCR)),
    sysName: textOf(scalars.get(SYS_NAME)),
    upTimeCentiseconds: numberOf(scalars.get(SYS_UP_TIME)),
    engineBoots: numberOf(scalars.get(ENGINE_BOOTS)) ?? engine?.boots ?? null,
    engineTimeSeconds: numberOf(scalars.get(ENGINE_TIME)) ?? engine?.timeSeconds ?? null,
  };
}

/** Null: not there, or no unsigned number. */
function numberOf(value: SnmpValue | undefined): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= 0xffffffff ? value : null;
}

/** ASCII with line ends, bounded; other octets become `?`. Null: not there, or no octets. */
function textOf(value: SnmpValue | undefined): string | null {
  if (!(value instanceof Uint8Array) || value.length === 0) return null;
  let text = '';
  for (const octet of value.subarray(0, MAX_TEXT)) {
    const kept = (octet >= 0x20 && octet < 0x7f) || octet === 0x0a || octet === 0x0d;
    text += kept ? String.fromCharCode(octet) : '?';
  }
  return text;
}

/** `sysName` is the host name with the domain behind it; `show version` prints the host name alone. */
export function deviceFacts(
  sysDescr: string | null,
  sysName: string | null,
  uptimeSeconds: number | null,
): DeviceFacts | null {
  if (sysDescr === null && uptimeSeconds === null) return null;
  const lines = (sysDescr ?? '').split(/[\r\n]+/);
  const image = lines.map((line) => parseImageLine(line.trim())).find((found) => found !== null) ?? null;
  return {
    role: 'device',
    hostname: sysName?.split('.')[0] ?? null,
    software: image?.software ?? null,
    version: image?.version ?? null,
    platform: image?.family ?? null,
    uptimeSeconds,
    reloadReason: null,
  };
}
