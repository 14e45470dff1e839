/**
 * What a device says of itself in `device-system-data` of `Cisco-IOS-XE-device-hardware-oper`: release, boot time,
 * clock. The names of its leaves are recalled from the published module and were not compared with it: what is missing
 * is null.
 */
import type { DeviceFacts } from '../gdoi/seen/device-facts.ts';
import { parseImageLine } from '../gdoi/seen/image-line.ts';
import { Problems } from '../gdoi/seen/problems.ts';
import { secondsUntil } from './device-time.ts';
import type { NodeShape } from './gdoi-nodes.ts';
import { Leaves, withoutModule } from './leaves.ts';

const SHAPE: NodeShape = {
  leaves: ['current-time', 'boot-time', 'software-version', 'rommon-version', 'last-reboot-reason'],
};
/** The text of `show version` has some lines. */
const MAX_VERSION_TEXT = 2048;

/** null: it says nothing of use. */
export function deviceFacts(body: unknown): DeviceFacts | null {
  const [, data] =
    body !== null && typeof body === 'object'
      ? (Object.entries(body).find(([name]) => withoutModule(name) === 'device-system-data') ?? [])
      : [];
  const leaves =
    data === undefined ? null : Leaves.read(data, 'device-system-data', { shape: SHAPE, problems: new Problems() });
  if (leaves === null) return null;
  const bootMs = leaves.instant('boot-time');
  const nowMs = leaves.instant('current-time');
  const image = imageOf(leaves.lines('software-version', MAX_VERSION_TEXT));
  if (image === null && (bootMs === null || nowMs === null)) return null;
  return {
    role: 'device',
    hostname: null,
    software: image?.software ?? null,
    version: image?.version ?? null,
    platform: image?.family ?? null,
    uptimeSeconds: bootMs === null || nowMs === null ? null : Math.max(0, secondsUntil(nowMs, bootMs)),
    reloadReason: leaves.text('last-reboot-reason'),
  };
}

function imageOf(lines: readonly string[]) {
  for (const line of lines) {
    const image = parseImageLine(line);
    if (image !== null) return image;
  }
  return null;
}

/** `one-minute` of `Cisco-IOS-XE-process-cpu-oper`, in percent; null: it is not shown, or no such figure. */
export function cpuPercent(body: unknown): number | null {
  const [, percent] =
    body !== null && typeof body === 'object'
      ? (Object.entries(body).find(([name]) => withoutModule(name) === 'one-minute') ?? [])
      : [];
  return typeof percent === 'number' && percent >= 0 && percent <= 100 ? percent : null;
}
