/**
 * The settings under which a recording was made, as lines of it: `{"at", "settings": {...}}` for all devices and groups,
 * and the same with `device` for one device. They apply from that line on, so that a replay concludes what the agent
 * concluded.
 */
import type { ResolvedConfig, ResolvedDevice } from '../../config/resolved-config.ts';
import type { FleetSettings } from '../../gdoi/fleet/fleet-settings.ts';
import { inCell } from '../../gdoi/seen/cell.ts';
import type { DeviceSettings, GroupSettings } from '../../model/fleet-step.ts';
import type { PlannedWork } from '../../model/planned-work.ts';
import { deviceSettings, fleetSettings, partLifetimeMs } from '../poll/poll-target.ts';
import { instantOf, recordedInstant } from './recorded-values.ts';

export type RecordedSettings =
  | {
      readonly device: null;
      readonly fleet: FleetSettings;
      /** null: the line is from before windows were recorded. */
      readonly maintenance: readonly PlannedWork[] | null;
    }
  | { readonly device: string; readonly settings: DeviceSettings };

/** The settings under which a timeline is read. */
export interface ReplaySettings extends GroupSettings {
  /** By name. */
  readonly devices: ReadonlyMap<string, DeviceSettings>;
}

/** The settings of live polling under this configuration. */
export function settingsOfConfig({
  devices,
  maintenance,
}: {
  readonly devices: readonly ResolvedDevice[];
  readonly maintenance: ResolvedConfig['maintenance'];
}): ReplaySettings {
  return {
    fleet: fleetSettings(devices),
    maintenance,
    devices: new Map(devices.map((device) => [device.name, deviceSettings(device)])),
  };
}

/** Those of a device of which a timeline has none: as if it were polled as slowly as any in the fleet. */
export function settingsOfUnknown(device: string, { pollIntervalMs, detailIntervalMs }: FleetSettings): DeviceSettings {
  return {
    host: device,
    configuredRole: 'auto',
    regularIntervalMs: null,
    partLifetimeMs: partLifetimeMs({ detailIntervalMs, regularIntervalMs: pollIntervalMs }),
    phaseAware: false,
  };
}

/** How each field stands in a line: a new field of the settings is decided upon here, or nothing compiles. */
type Written<Settings> = {
  readonly [Field in keyof Settings]-?: {
    readonly as: string;
    readonly write: (value: Settings[Field]) => unknown;
    /** null: that is no such value. */
    readonly read: (recorded: unknown) => Pick<Settings, Field> | null;
  };
};

const FLEET: Written<FleetSettings> = {
  pollIntervalMs: {
    as: 'poll_interval_seconds',
    write: seconds,
    read: (recorded) => given(milliseconds(recorded), (pollIntervalMs) => ({ pollIntervalMs })),
  },
  detailIntervalMs: {
    as: 'detail_interval_seconds',
    write: seconds,
    read: (recorded) => given(milliseconds(recorded), (detailIntervalMs) => ({ detailIntervalMs })),
  },
};

const ROLES = ['gm', 'ks', 'auto'] as const;

const DEVICE: Written<DeviceSettings> = {
  host: { as: 'host', write: same, read: (recorded) => given(text(recorded), (host) => ({ host })) },
  configuredRole: {
    as: 'role',
    write: same,
    read: (recorded) =>
      given(ROLES.find((role) => role === recorded) ?? null, (configuredRole) => ({ configuredRole })),
  },
  regularIntervalMs: {
    as: 'interval_seconds',
    write: (regularIntervalMs) => (regularIntervalMs === null ? null : seconds(regularIntervalMs)),
    read: (recorded) => ({ regularIntervalMs: milliseconds(recorded) }),
  },
  partLifetimeMs: {
    as: 'part_lifetime_seconds',
    write: seconds,
    read: (recorded) => given(milliseconds(recorded), (partLifetimeMs) => ({ partLifetimeMs })),
  },
  phaseAware: { as: 'phase_aware', write: same, read: (recorded) => ({ phaseAware: recorded === true }) },
  cell: { as: 'cell', write: same, read: (recorded) => inCell(text(recorded) || undefined) },
};

const WORK: Written<PlannedWork> = {
  fromMs: {
    as: 'from',
    write: recordedInstant,
    read: (recorded) => given(instantOf(recorded), (fromMs) => ({ fromMs })),
  },
  untilMs: {
    as: 'until',
    write: recordedInstant,
    read: (recorded) => given(instantOf(recorded), (untilMs) => ({ untilMs })),
  },
  devices: { as: 'devices', write: same, read: (recorded) => given(texts(recorded), (devices) => ({ devices })) },
  groups: { as: 'groups', write: same, read: (recorded) => given(texts(recorded), (groups) => ({ groups })) },
  cells: { as: 'cells', write: same, read: (recorded) => given(texts(recorded), (cells) => ({ cells })) },
  reason: { as: 'reason', write: same, read: (recorded) => given(text(recorded), (reason) => ({ reason })) },
};

export function groupSettingsLine({ fleet, maintenance }: GroupSettings): object {
  const planned = maintenance.map((work) => written(WORK, work));
  return { settings: { ...written(FLEET, fleet), maintenance: planned } };
}

export function deviceSettingsLine(device: string, settings: DeviceSettings): object {
  return { device, settings: written(DEVICE, settings) };
}

/** The settings in a line, or what is wrong with them. */
export function settingsOf(device: unknown, value: unknown): RecordedSettings | string {
  if (value === null || typeof value !== 'object') return '"settings" is not an object';
  if (device === null) {
    const fleet = read(FLEET, value);
    if (fleet === null) return '"settings" needs "poll_interval_seconds" and "detail_interval_seconds"';
    const recorded: unknown = Reflect.get(value, 'maintenance');
    const maintenance = recorded === undefined ? null : worksOf(recorded);
    if (maintenance === undefined) {
      return '"maintenance" is no list of {"from", "until", "devices", "groups", "cells", "reason"}';
    }
    return { device, fleet, maintenance };
  }
  if (typeof device !== 'string' || device === '') return '"device" is not a name';
  const settings = read(DEVICE, value);
  return settings === null
    ? '"settings" of a device needs "host", "role" (gm, ks, auto) and "part_lifetime_seconds"'
    : { device, settings };
}

/** undefined: it is no list of windows. */
function worksOf(recorded: unknown): readonly PlannedWork[] | undefined {
  if (!Array.isArray(recorded)) return undefined;
  const works = recorded.map((each: unknown) => (typeof each === 'object' && each !== null ? read(WORK, each) : null));
  const whole = works.filter((work) => work !== null);
  return whole.length === works.length ? whole : undefined;
}

function written<Settings extends object>(fields: Written<Settings>, settings: Settings): object {
  const line: [string, unknown][] = [];
  for (const name in fields) line.push([fields[name].as, fields[name].write(settings[name])]);
  return Object.fromEntries(line);
}

/** null: a field is no value of its kind. */
function read<Settings extends object>(fields: Written<Settings>, recorded: object): Settings | null {
  let settings: object = {};
  for (const name in fields) {
    const { as, read: readField } = fields[name];
    const field = readField(Reflect.get(recorded, as));
    if (field === null) return null;
    settings = { ...settings, ...field };
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table has all its fields
  return settings as Settings;
}

function given<Value, Read>(value: Value | null, then: (value: Value) => Read): Read | null {
  return value === null ? null : then(value);
}

function same<Value>(value: Value): Value {
  return value;
}

function seconds(ms: number): number {
  return ms / 1000;
}

function milliseconds(recorded: unknown): number | null {
  return typeof recorded === 'number' && Number.isFinite(recorded) && recorded >= 0 ? recorded * 1000 : null;
}

function text(recorded: unknown): string | null {
  return typeof recorded === 'string' ? recorded : null;
}

function texts(recorded: unknown): readonly string[] | null {
  const list: readonly unknown[] = Array.isArray(recorded) ? recorded : [null];
  const found = list.filter((each) => typeof each === 'string');
  return found.length === list.length ? found : null;
}
