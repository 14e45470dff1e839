/**
 * Checks the file's values against the schema. If some are wrong, the others go on, so that one run reports everything:
 * an unknown credential in one device is found although another one has a bad interval.
 */
import type { Problem, SettingPath, WithProblems } from './finding.ts';
import { problemsOfIssue } from './issue-text.ts';
import { isMapping, mappingOf } from './mapping.ts';
import { type Config, configSchema, type DeviceEntry, deviceSchema } from './schema.ts';

export interface CheckedConfig extends Omit<Config, 'devices'> {
  /** Null: too wrong to be checked further. Undefined: not in the file. */
  readonly devices?: readonly (DeviceEntry | null)[] | undefined;
}

export function checkConfig(raw: unknown): WithProblems<CheckedConfig> {
  const value = raw ?? {};
  const whole = configSchema.safeParse(value);
  if (whole.success) return { value: whole.data, problems: [] };
  const problems = whole.error.issues.flatMap((issue) => problemsOfIssue(issue, value));
  return { value: rightParts(value, problems), problems };
}

/** What is left without everything that has a problem; a section that cannot be kept becomes its default. */
function rightParts(raw: unknown, problems: readonly Problem[]): CheckedConfig {
  const wrong = new Set(problems.map((problem) => JSON.stringify(problem.path)));
  const { devices, credentials, ...sections } = mappingOf(prune(raw, [], wrong));
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
          wrong.has(JSON.stringify(['devices', index, 'transport']))
            ? null
            : (deviceSchema.safeParse(entry).data ?? null),
        )
      : undefined,
  };
}

/** A copy without what has a problem; list entries become null, so that indexes stay. */
function prune(value: unknown, path: SettingPath, wrong: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) =>
      wrong.has(JSON.stringify([...path, index])) ? null : prune(item, [...path, index], wrong),
    );
  }
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !wrong.has(JSON.stringify([...path, key])))
      .map(([key, item]) => [key, prune(item, [...path, key], wrong)]),
  );
}
