/**
 * Makes a device from settings outside the configuration file, checked by the same schema and completed by the same
 * defaults.
 */
import type { DeviceResolver } from './device-resolver.ts';
import { hasError, type Problem, pathText } from './finding.ts';
import { refusals } from './issue-text.ts';
import type { MakeDevice } from './resolved-config.ts';
import { deviceEntrySchema } from './schema.ts';
import { outOfBounds, type TargetBounds, tightened } from './target-bounds.ts';

export function deviceMaker(resolver: DeviceResolver, bounds: TargetBounds): MakeDevice {
  return (given) => {
    const checked = deviceEntrySchema.safeParse(given);
    if (!checked.success) {
      return { device: null, problems: refusals(deviceEntrySchema, given, checked.error).map(problemLine) };
    }
    const { settings, leftOut } = tightened(checked.data, bounds);
    const { value: device, problems } = resolver(settings, []);
    if (device === null || hasError(problems)) {
      return { device: null, problems: problems.map(problemLine) };
    }
    const refusal = outOfBounds(device, bounds);
    return refusal === null ? { device, problems: leftOut } : { device: null, problems: [refusal] };
  };
}

function problemLine({ path, message }: Problem): string {
  return path.length === 0 ? message : `${pathText(path)}: ${message}`;
}
