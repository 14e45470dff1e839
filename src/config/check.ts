/**
 * Checks the file's values against the schema. If some are wrong, the others go on, so that one run reports everything:
 * an unknown credential in one device is found although another one has a bad interval.
 */
import type { Problem, SettingPath, WithProblems } from './finding.ts';
import { refusals } from './issue-text.ts';
import { isMapping, mappingOf } from './mapping.ts';
import { type Config, configSchema, type DeviceEntry, deviceEntrySchema } from './schema.ts';

export interface CheckedConfig extends Omit<Config, 'devices'> {
  /** Null: too wrong to be checked further. Undefined: not in the file. */
  readonly devices?: readonly (DeviceEntry | null)[] | undefined;
}

export function checkConfig(raw: unknown): WithProblems<CheckedConfig> {
  const value = raw ?? {};
  const whole = configSchema.safeParse(value);
  if (whole.success) return { value: whole.data, problems: [] };
  const problems = refusals(configSchema, value, whole.error);
  return { value: rightParts(value, problems), problems };
}

/** What is left without everything that has a problem; a section that cannot be kept becomes its default. */
function rightParts(raw: unknown, problems: readonly Problem[]): CheckedConfig {
  const wrong = marked(problems);
  const { devices, credentials, ...sections } = mappingOf(prune(mappingOf(raw), wrong));
  const credentialsSchema = configSchema.shape.credentials;
  const kept = Object.entries(configSchema.shape).flatMap(([key, schema]) =>
    schema.safeParse(sections[key]).success ? [[key, sections[key]]] : [],
  );
  // Wrong targets are kept as none: that is no lack of devices.
  if ('targets' in mappingOf(raw) && !kept.some(([key]) => key === 'targets')) kept.push(['targets', {}]);
  // A wrong credential stays as an empty one: what refers to it is not wrong.
  const named = Object.keys(mappingOf(mappingOf(raw)['credentials'])).flatMap((name) => {
    const entry = mappingOf(credentials)[name];
    if (credentialsSchema.safeParse({ [name]: entry }).success) return [[name, entry]];
    return credentialsSchema.safeParse({ [name]: {} }).success ? [[name, {}]] : [];
  });
  const config: unknown = { ...Object.fromEntries(kept), credentials: Object.fromEntries(named) };
  return {
    ...configSchema.parse(config),
    devices: Array.isArray(devices)
      ? devices.map((entry, index) =>
          // Which credential fits depends on the transport.
          wrong.below.get('devices')?.below.get(index)?.below.get('transport')?.itself === true
            ? null
            : (deviceEntrySchema.safeParse(entry).data ?? null),
        )
      : undefined,
  };
}

/** A setting that has a problem, or has settings below it that have one. */
interface Marked {
  itself: boolean;
  readonly below: Map<SettingPath[number], Marked>;
}

function marked(problems: readonly Problem[]): Marked {
  const root: Marked = { itself: false, below: new Map() };
  for (const { path } of problems) {
    let at = root;
    for (const key of path) {
      const next = at.below.get(key) ?? { itself: false, below: new Map() };
      at.below.set(key, next);
      at = next;
    }
    at.itself = true;
  }
  return root;
}

/** What has a problem is left out; list entries become null, so that indexes stay. */
function prune(value: unknown, { below }: Marked): unknown {
  if (below.size === 0) return value;
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => {
      const mark = below.get(index);
      if (mark === undefined) return item;
      return mark.itself ? null : prune(item, mark);
    });
  }
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const mark = below.get(key);
      if (mark === undefined) return [[key, item]];
      return mark.itself ? [] : [[key, prune(item, mark)]];
    }),
  );
}
