/**
 * The settings under which a recording was made, as lines of it: `{"at", "settings": {...}}` for the groups, and the
 * same with `device` for one device. They apply from that line on, so that a replay concludes what the agent concluded.
 */
import type { ResolvedDevice } from '../../config/resolved-config.ts';
import type { FleetSettings } from '../../gdoi/fleet/fleet-settings.ts';
import { inCell } from '../../gdoi/seen/cell.ts';
import type { DeviceSettings } from '../../model/fleet-step.ts';
import { deviceSettings, fleetSettings } from '../poll/poll-target.ts';

export type RecordedSettings =
  | { readonly device: null; readonly fleet: FleetSettings }
  | { readonly device: string; readonly settings: DeviceSettings };

/** The settings under which a timeline is read. */
export interface ReplaySettings {
  readonly fleet: FleetSettings;
  /** By name. */
  readonly devices: ReadonlyMap<string, DeviceSettings>;
}

/** The settings of live polling under this configuration. */
export function settingsOfDevices(devices: readonly ResolvedDevice[]): ReplaySettings {
  return {
    fleet: fleetSettings(devices),
    devices: new Map(devices.map((device) => [device.name, deviceSettings(device)])),
  };
}

const ROLES = ['gm', 'ks', 'auto'] as const;

export function fleetSettingsLine({ pollIntervalMs, detailIntervalMs }: FleetSettings): object {
  return {
    settings: { poll_interval_seconds: pollIntervalMs / 1000, detail_interval_seconds: detailIntervalMs / 1000 },
  };
}

export function deviceSettingsLine(device: string, settings: DeviceSettings): object {
  const { cell, host, configuredRole, regularIntervalMs, partLifetimeMs, phaseAware } = settings;
  return {
    device,
    settings: {
      host,
      role: configuredRole,
      interval_seconds: regularIntervalMs === null ? null : regularIntervalMs / 1000,
      part_lifetime_seconds: partLifetimeMs / 1000,
      phase_aware: phaseAware,
      ...inCell(cell),
    },
  };
}

/** The settings in a line, or what is wrong with them. */
export function settingsOf(device: unknown, value: unknown): RecordedSettings | string {
  if (value === null || typeof value !== 'object') return '"settings" is not an object';
  const field = (name: string): unknown => Reflect.get(value, name);
  if (device === null) {
    const pollIntervalMs = milliseconds(field('poll_interval_seconds'));
    const detailIntervalMs = milliseconds(field('detail_interval_seconds'));
    if (pollIntervalMs === null || detailIntervalMs === null) {
      return '"settings" needs "poll_interval_seconds" and "detail_interval_seconds"';
    }
    return { device, fleet: { pollIntervalMs, detailIntervalMs } };
  }
  if (typeof device !== 'string' || device === '') return '"device" is not a name';
  const [host, role, partLifetimeMs] = [field('host'), field('role'), milliseconds(field('part_lifetime_seconds'))];
  const configuredRole = ROLES.find((each) => each === role);
  if (typeof host !== 'string' || configuredRole === undefined || partLifetimeMs === null) {
    return '"settings" of a device needs "host", "role" (gm, ks, auto) and "part_lifetime_seconds"';
  }
  const regularIntervalMs = milliseconds(field('interval_seconds'));
  const phaseAware = field('phase_aware') === true;
  const named = field('cell');
  const cell = inCell(typeof named === 'string' && named !== '' ? named : undefined);
  return { device, settings: { ...cell, host, configuredRole, partLifetimeMs, regularIntervalMs, phaseAware } };
}

function milliseconds(seconds: unknown): number | null {
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}
